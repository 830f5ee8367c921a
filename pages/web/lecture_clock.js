// Writes the notes' clock: the seconds that were gone when it was drawn, and those since. It counts here, not in a
// Streamlit fragment: one that runs every second can take the words beside it away while the page turns. At every
// frame, so that a clock drawn anew is never seen empty.
document.lectureClock ??= requestAnimationFrame(function count() {
  for (const clock of document.querySelectorAll('[data-gone]')) {
    clock.from ??= performance.now() - Number(clock.dataset.gone) * 1000;
    const gone = Math.floor((performance.now() - clock.from) / 1000);
    const words = `${Math.floor(gone / 60)}:${String(gone % 60).padStart(2, '0')}`;
    if (clock.textContent !== words) clock.textContent = words;
  }
  requestAnimationFrame(count);
});
