// Counts the seconds of the notes' clock on from those that were gone when it was drawn. It counts here, not in a
// Streamlit fragment: one that runs every second can take the words beside it away while the page turns.
document.lectureClock ??= setInterval(() => {
  for (const clock of document.querySelectorAll('[data-gone]')) {
    clock.from ??= performance.now() - Number(clock.dataset.gone) * 1000;
    const gone = Math.floor((performance.now() - clock.from) / 1000);
    clock.textContent = `${Math.floor(gone / 60)}:${String(gone % 60).padStart(2, '0')}`;
  }
}, 250);
