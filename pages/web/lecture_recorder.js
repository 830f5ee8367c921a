// Three seconds from the camera, after a countdown, as base64 to the server that draws the lecture.
const SECONDS = 3;
const streams = new WeakMap();
const sent = new WeakSet(); // buttons whose clip the server works on

export default function ({ parentElement, setTriggerValue }) {
  const one = (selector) => parentElement.querySelector(selector);
  const [video, count, button, said] = ['video', '.count', 'button', '.said'].map(one);
  const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
  const before = said.textContent;
  const busy = (words) => { button.setAttribute('aria-disabled', 'true'); button.textContent = words; };

  const free = (words) => { button.removeAttribute('aria-disabled'); button.textContent = words; };
  const failed = () => {
    said.textContent = 'The camera could not be used. Allow it for this page in the browser, or choose a video below.';
    count.textContent = '';
    video.hidden = true;
    streams.get(button)?.getTracks().forEach((track) => track.stop());
    streams.delete(button);
    free('Use the camera');
  };

  const look = async () => {
    busy('Opening the camera …');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user' }, audio: false });
      if (!button.isConnected) return void stream.getTracks().forEach((track) => track.stop()); // turned meanwhile
      streams.set(button, stream);
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      said.textContent = before;
      free(`Record ${SECONDS} seconds`);
    } catch (error) {
      failed();
    }
  };

  const record = async (stream) => {
    for (let left = SECONDS; left; left -= 1) { busy('Ready …'); count.textContent = left; await wait(1); }
    count.textContent = '';
    busy('Recording …');
    const kind = ['video/mp4', 'video/webm'].find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, kind ? { mimeType: kind } : {});
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      stream.getTracks().forEach((track) => track.stop());
      if (!button.isConnected) return; // turned meanwhile
      video.hidden = true;
      streams.delete(button);
      const type = recorder.mimeType.split(';')[0];
      const reader = new FileReader();
      reader.onload = () => {
        sent.add(button);
        setTriggerValue('clip', { data: reader.result.split(',')[1], suffix: type === 'video/mp4' ? '.mp4' : '.webm' });
      };
      busy('Taking it apart …');
      reader.readAsDataURL(new Blob(parts, { type }));
    };
    try {
      recorder.start();
      await wait(SECONDS);
      recorder.stop();
    } catch (error) { // the camera went meanwhile
      failed();
    }
  };

  if (sent.delete(button)) free('Use the camera again'); // called anew: what became of the clip is drawn
  if (!button.hidden && (!navigator.mediaDevices || !window.MediaRecorder)) {
    button.hidden = true;
    said.textContent = `${before} The camera is lent only to pages by https, or of this machine: choose a video below.`;
  }
  button.onclick = () => {
    if (button.getAttribute('aria-disabled')) return;
    const stream = streams.get(button);
    if (stream) record(stream); else look();
  };
  return () => streams.get(button)?.getTracks().forEach((track) => track.stop());
}
