// Keys pressed while Streamlit still loads lecture_keys.js, a second or two after the first step shows: kept for it.
if (!document.lectureKeys) {
  document.lectureEarly = [];
  document.lectureKeys = (event) => document.lectureEarly.push(event);
  document.addEventListener('keydown', document.lectureKeys, true);
}
