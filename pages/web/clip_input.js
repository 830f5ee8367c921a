// A drop zone. The template is static; what changes is set here, by textContent, never as HTML: names are strangers'.
const one = (selector) => element.querySelector(selector);
const zone = element.closest('.block.sd-drop'); // the whole card: what lies between place and examples belongs to it
const input = one('.sd-file');
const RECORD_SECONDS = 3;
const COUNTDOWN_SECONDS = 3;
let stream = null;
let turn = 0; // counts clips: what an older upload brings is not wanted once a newer one has begun
let asked = 0; // counts looks for a camera: one that comes when it is not wanted any more is let go
let own = null; // the path of what was uploaded here

one('.sd-title').textContent = props.title;
input.setAttribute('aria-label', `${props.title}: file`);
if (props.photographs) one('.sd-hint span').textContent += '; or a photograph';
one('.sd-choose').setAttribute('aria-label', `${props.title}: choose a file`);
one('.sd-camera').setAttribute('aria-label', `${props.title}: use the camera`);
one('.sd-change').setAttribute('aria-label', `${props.title}: change`);
one('.sd-remove').setAttribute('aria-label', `${props.title}: remove`);
one('.sd-thumbs').setAttribute('aria-label', `Examples for: ${props.title}`);
if (!navigator.mediaDevices || !window.MediaRecorder) one('.sd-camera').hidden = true;

function show(state, name) {
  zone.dataset.state = state;
  one('.sd-area').hidden = state !== 'empty';
  one('.sd-live').hidden = state !== 'camera';
  one('.sd-chosen').hidden = state !== 'sending' && state !== 'chosen';
  one('.sd-name').textContent = state === 'sending' ? `Sending ${name} …` : name || '';
  if (state !== 'camera' && stream) {
    stream.getTracks().forEach((track) => track.stop());
    stream = null;
  }
  for (const button of element.querySelectorAll('.sd-thumb'))
    button.setAttribute('aria-pressed', String(state === 'chosen' && button.dataset.name === zone.dataset.example));
  const held = document.activeElement; // a button that is hidden now would take the keyboard's place with it
  if (element.contains(held) && held.offsetParent === null)
    one(one('.sd-chosen').hidden ? '.sd-choose' : '.sd-change').focus();
}

function complain(sentence) {
  const place = one('.sd-trouble');
  place.replaceChildren();
  if (!sentence) return;
  const box = document.createElement('div');
  box.className = 'sd-problem';
  box.setAttribute('role', 'alert');
  const text = document.createElement('p');
  text.textContent = sentence;
  box.append(text);
  place.append(box);
}

function forget() {
  turn += 1;
  asked += 1;
  zone.dataset.example = '';
  complain('');
  own = null;
  props.value = null;
}

function discard() {
  forget();
  trigger('clear');
}

async function take(file) {
  const replaces = ['sending', 'chosen'].includes(zone.dataset.state);
  forget();
  if (replaces) trigger('clear'); // not else: a server that is busy may answer it after the clip that comes now
  const mine = turn;
  if (file.size > props.most_megabytes * 1024 * 1024) {
    show('empty');
    complain(`${file.name} is larger than ${props.most_megabytes} MB. Cut it to a few seconds or save it at a smaller size.`);
    return;
  }
  show('sending', file.name);
  try {
    const { path, url } = await upload(file);
    if (mine !== turn) return;
    show('chosen', file.name);
    own = path;
    props.value = { path, url, orig_name: file.name, size: file.size, meta: { _type: 'gradio.FileData' } };
    trigger('upload');
  } catch (error) {
    if (mine !== turn) return;
    show('empty');
    const said = /HTTP (?:413|507): (.+)/.exec(error.message); // the server's own sentence
    complain(said ? said[1] : `${file.name} could not be sent. Check the connection and that it is a file, not a folder, then try again.`);
  }
}

one('.sd-choose').addEventListener('click', () => input.click());
one('.sd-change').addEventListener('click', () => input.click());
one('.sd-remove').addEventListener('click', () => {
  discard();
  show('empty');
  one('.sd-choose').focus();
});
input.addEventListener('change', () => {
  if (input.files.length) take(input.files[0]);
  input.value = ''; // so that the same file can be chosen again
});

// Dropping, anywhere on the card. Without preventDefault the browser would leave the page to play the file.
let inside = 0;
zone.addEventListener('dragenter', (event) => {
  event.preventDefault();
  inside += 1;
  zone.classList.add('sd-over');
});
zone.addEventListener('dragover', (event) => event.preventDefault());
zone.addEventListener('dragleave', () => {
  inside = Math.max(0, inside - 1);
  if (!inside) zone.classList.remove('sd-over');
});
zone.addEventListener('drop', (event) => {
  event.preventDefault();
  inside = 0;
  zone.classList.remove('sd-over');
  const file = event.dataTransfer.files[0];
  if (file) take(file);
  else if (event.dataTransfer.types.length) complain(props.not_a_file);
});

// The camera: look, then record a few seconds, which end by themselves.
one('.sd-camera').addEventListener('click', async () => {
  complain('');
  asked += 1;
  const mine = asked;
  try {
    const found = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user' }, audio: false });
    if (mine !== asked) return found.getTracks().forEach((track) => track.stop());
    stream = found;
  } catch (error) {
    if (mine === asked) complain('The camera could not be used. Allow it for this page in the browser, or choose a file instead.');
    return;
  }
  show('camera');
  const video = one('.sd-live video');
  video.srcObject = stream;
  video.play();
  one('.sd-record').focus();
});
one('.sd-stop').addEventListener('click', () => show('empty'));
one('.sd-record').textContent = `Record ${RECORD_SECONDS} seconds`;
one('.sd-record').addEventListener('click', () => {
  const live = stream; // of this look at the camera: cancelled, there is another or none
  const [button, count, told] = ['.sd-record', '.sd-count', '.sd-told'].map(one);
  if (button.getAttribute('aria-disabled')) return; // counting already
  const done = () => {
    button.removeAttribute('aria-disabled');
    button.textContent = `Record ${RECORD_SECONDS} seconds`;
    count.textContent = told.textContent = '';
  };
  const tick = (left, what, then) => {
    if (stream !== live) return done();
    if (!left) return then();
    button.textContent = `${what} ${left}`;
    count.textContent = what === 'Ready …' ? left : '';
    setTimeout(() => tick(left - 1, what, then), 1000);
  };
  button.setAttribute('aria-disabled', 'true');
  told.textContent = `Recording starts in ${COUNTDOWN_SECONDS} seconds`;
  tick(COUNTDOWN_SECONDS, 'Ready …', () => {
    count.textContent = '';
    told.textContent = 'Recording';
    const kind = ['video/mp4', 'video/webm'].find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(live, kind ? { mimeType: kind } : {});
    const parts = [];
    recorder.addEventListener('dataavailable', (event) => parts.push(event.data));
    recorder.addEventListener('stop', () => {
      done();
      if (stream !== live) return; // cancelled meanwhile
      const type = recorder.mimeType.split(';')[0];
      take(new File(parts, type === 'video/mp4' ? 'camera.mp4' : 'camera.webm', { type }));
    });
    try {
      recorder.start();
    } catch (error) { // the camera went while it counted
      done();
      show('empty');
      complain('The camera stopped. Allow it for this page in the browser, or choose a file instead.');
      return;
    }
    tick(RECORD_SECONDS, 'Recording:', () => recorder.state !== 'inactive' && recorder.stop());
  });
});

// Examples: one click takes one; pointing at it plays it.
for (const example of props.examples || []) {
  const button = document.createElement('button');
  const video = document.createElement('video');
  const label = document.createElement('span');
  button.type = 'button';
  button.className = 'sd-thumb';
  button.dataset.name = example.name;
  button.setAttribute('aria-label', `${props.title}: take the example of ${example.person}, ${example.expression}`);
  button.setAttribute('aria-pressed', 'false');
  Object.assign(video, { src: `${example.file.url}#t=0.28`, muted: true, loop: true, playsInline: true, preload: 'metadata' });
  video.setAttribute('aria-hidden', 'true');
  video.tabIndex = -1;
  label.textContent = example.expression;
  button.append(video, label);
  const play = () => video.play().catch(() => {});
  const rest = () => { video.pause(); video.currentTime = 0.28; };
  button.addEventListener('mouseenter', play);
  button.addEventListener('focus', play);
  button.addEventListener('mouseleave', rest);
  button.addEventListener('blur', rest);
  button.addEventListener('click', () => {
    forget(); // not discard: reading the example takes the other's place; `clear` could come after it, and end it
    zone.dataset.example = example.name;
    show('chosen', `Example: ${example.expression}`);
    trigger('example', { name: example.name });
  });
  one('.sd-thumbs').append(button);
}
// A clip that stands here without having been chosen here: kept from before, or sent from another page.
watch('value', () => {
  if (!props.value || props.value.path === own) return;
  own = props.value.path;
  turn += 1;
  asked += 1;
  zone.dataset.example = '';
  complain('');
  show('chosen', props.value.orig_name);
});
one('.sd-examples').hidden = !(props.examples || []).length;
show('empty');
