// A clip from the camera, as base64 to the server that draws the lecture.
const streams = new WeakMap();
const sent = new WeakSet(); // buttons whose clip the server works on

export default function ({ parentElement, setTriggerValue }) {
  const one = (selector) => parentElement.querySelector(selector);
  const [video, count, button, said] = ['video', '.count', 'button', '.said'].map(one);
  const before = said.textContent;
  const busy = (words) => { button.setAttribute('aria-disabled', 'true'); button.textContent = words; };
  const free = (words) => { button.removeAttribute('aria-disabled'); button.textContent = words; };
  const leave = () => {
    streams.get(button)?.getTracks().forEach((track) => track.stop());
    streams.delete(button);
    video.hidden = true;
    count.textContent = '';
  };
  const failed = () => {
    said.textContent = 'The camera could not be used. Allow it for this page in the browser, or choose a video below.';
    leave();
    free('Use the camera');
  };

  const look = async () => {
    busy('Opening the camera …');
    const stream = await openCamera();
    if (!button.isConnected) return void stream.getTracks().forEach((track) => track.stop()); // turned meanwhile
    streams.set(button, stream);
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    said.textContent = before;
    free(`Record ${RECORD_SECONDS} seconds`);
  };

  const take = async (stream) => {
    const clip = await record(stream, () => button.isConnected, (state, left) => {
      busy(state === 'ready' ? 'Ready …' : 'Recording …');
      count.textContent = state === 'ready' ? left : '';
    });
    leave();
    if (!clip) return; // turned meanwhile
    busy('Taking it apart …');
    const reader = new FileReader();
    reader.onload = () => {
      sent.add(button);
      setTriggerValue('clip', { data: reader.result.split(',')[1], suffix: clip.name.slice(clip.name.lastIndexOf('.')) });
    };
    reader.readAsDataURL(clip);
  };

  if (sent.delete(button)) free('Use the camera again'); // called anew: what became of the clip is drawn
  if (!button.hidden && !canRecord) {
    button.hidden = true;
    said.textContent = `${before} The camera is lent only to pages by https, or of this machine: choose a video below.`;
  }
  button.onclick = () => {
    if (button.getAttribute('aria-disabled')) return;
    const stream = streams.get(button);
    (stream ? take(stream) : look()).catch(failed);
  };
  return () => streams.get(button)?.getTracks().forEach((track) => track.stop());
}
