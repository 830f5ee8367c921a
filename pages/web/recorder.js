// Camera or microphone: open it, then after a countdown record a few seconds, which end by themselves.
const RECORD_SECONDS = 3;
const COUNTDOWN_SECONDS = 3;
const canRecord = Boolean(navigator.mediaDevices && window.MediaRecorder); // not on pages that came by plain http

function openCamera() {
  const video = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user' };
  return navigator.mediaDevices.getUserMedia({ video, audio: false });
}

function openMicrophone() {
  return navigator.mediaDevices.getUserMedia({ audio: true });
}

// Gives the clip as a File, or null once it is not wanted any more; throws where the device went away meanwhile.
// tell(state, left): 'ready' and then 'recording', with so many seconds left.
async function record(stream, wanted, tell) {
  const count = async (state, seconds) => {
    for (let left = seconds; left && wanted(); left -= 1) {
      tell(state, left);
      await new Promise((done) => setTimeout(done, 1000));
    }
    return wanted();
  };
  if (!(await count('ready', COUNTDOWN_SECONDS))) return null;
  const what = stream.getVideoTracks().length ? 'video' : 'audio';
  const kind = [`${what}/mp4`, `${what}/webm`].find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, kind ? { mimeType: kind } : {});
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const ended = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  await count('recording', RECORD_SECONDS);
  if (recorder.state !== 'inactive') recorder.stop();
  await ended;
  const type = recorder.mimeType.split(';')[0];
  const name = what === 'video' ? 'camera' : 'microphone';
  return wanted() ? new File(parts, `${name}.${type.endsWith('mp4') ? 'mp4' : 'webm'}`, { type }) : null;
}
