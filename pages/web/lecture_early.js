// The one listener for keys. Each press goes with the step on screen; those that come while Streamlit still loads
// lecture_keys.js, a second or two after the first step shows, are kept for it.
if (!document.lecture) {
  const lecture = (document.lecture = { waiting: [], press: null });
  document.addEventListener('keydown', (event) => {
    const seen = document.querySelector('h1[data-number]')?.dataset.number;
    if (lecture.press) lecture.press(event, seen);
    else lecture.waiting.push([event, seen]);
  }, true); // before a slider takes the page keys for itself
}
