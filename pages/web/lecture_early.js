// The one listener for keys. Each press goes with the step on screen; those that come while Streamlit still loads
// lecture_keys.js, a second or two after the first step shows, are kept for it. Either of the two may come first.
document.lecture ??= { waiting: [], press: null };
if (!document.lecture.heard) {
  document.lecture.heard = true;
  document.addEventListener('keydown', (event) => {
    const { press, waiting } = document.lecture;
    const seen = document.querySelector('h1[data-number]')?.dataset.number;
    if (press) press(event, seen);
    else waiting.push([event, seen]);
  }, true); // before a slider takes the page keys for itself
  // Who has dragged a slider goes on with the talk: its arrow keys are for those who came to it by Tab.
  document.addEventListener('pointerdown', (event) => {
    document.lecture.dragged = Boolean(event.target.closest?.('[data-testid=stSlider]'));
  }, true);
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Tab') document.lecture.dragged = false;
  }, true);
}
