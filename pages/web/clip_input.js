// A drop zone. The template is static; what changes is set here, by textContent, never as HTML: names are strangers'.
const one = (selector) => element.querySelector(selector);
const zone = element.closest('.block.sd-drop'); // the whole card: what lies between place and examples belongs to it
const input = one('.sd-file');
let stream = null;
let turn = 0; // counts clips: what an older upload brings is not wanted once a newer one has begun
let asked = 0; // counts looks for a camera: one that comes when it is not wanted any more is let go
let own = null; // the path of what was uploaded here
let sending = null; // the request of an upload that is on its way
let local = null; // the address of the chosen file in this browser

one('.sd-title').textContent = props.title;
input.setAttribute('aria-label', `${props.title}: file`);
input.accept = props.accept;
one('.sd-hint strong').textContent = props.asks;
one('.sd-hint span').textContent = props.hint + (props.photographs ? '; or a photograph' : '');
one('.sd-use-live').textContent = `Use the ${props.live}`;
one('.sd-choose').setAttribute('aria-label', `${props.title}: choose a file`);
one('.sd-use-live').setAttribute('aria-label', `${props.title}: use the ${props.live}`);
one('.sd-change').setAttribute('aria-label', `${props.title}: change`);
one('.sd-remove').setAttribute('aria-label', `${props.title}: remove`);
one('.sd-thumbs').setAttribute('aria-label', `Examples for: ${props.title}`);
one('.sd-use-live').hidden = !props.live || !canRecord;
one('.sd-look').classList.toggle('sd-heard', props.live === 'microphone');

function show(state, name) {
  zone.dataset.state = state;
  one('.sd-area').hidden = state !== 'empty';
  one('.sd-live').hidden = state !== 'live';
  one('.sd-chosen').hidden = state !== 'sending' && state !== 'chosen';
  one('.sd-name').textContent = state === 'sending' ? `Sending ${name} …` : name || '';
  one('.sd-upload').hidden = state !== 'sending';
  if (state !== 'chosen') one('.sd-trim').hidden = true;
  if (state !== 'live' && stream) {
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
  const box = make('div', 'sd-problem');
  box.setAttribute('role', 'alert');
  box.append(make('p', '', sentence));
  place.append(box);
}

function forget() {
  turn += 1;
  asked += 1;
  zone.dataset.example = '';
  complain('');
  own = null;
  sending?.abort();
  if (local) URL.revokeObjectURL(local);
  local = null;
  props.value = null;
}

// Sends a file and says how far it is; gives its path on the server, or throws the server's own sentence.
function send(file) {
  const bar = one('.sd-upload');
  const say = (share) => {
    bar.setAttribute('aria-valuenow', Math.round(100 * share));
    bar.firstChild.style.width = `${100 * share}%`;
  };
  say(0);
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append('files', file);
    request.open('POST', `${window.gradio_config.root}/gradio_api/upload`);
    request.upload.onprogress = ({ loaded, total }) => say(loaded / total);
    request.onload = () => (request.status === 200 ? done(JSON.parse(request.responseText)[0])
      : failed(new Error([413, 507].includes(request.status) ? sentence(request.responseText) : '')));
    request.onerror = request.onabort = () => failed(new Error(''));
    sending = request;
    request.send(form);
  });
}

function sentence(answer) {
  try {
    return JSON.parse(answer).detail ?? answer;
  } catch (error) {
    return answer;
  }
}

// Two handles on the film's time, of which so many seconds at most are used: what lies between them.
const span = { there: false };

function offer(file) {
  const film = one('.sd-trim video');
  span.there = false;
  if (props.live !== 'camera' || !file.size || file.type.startsWith('image/')) return;
  local = URL.createObjectURL(file);
  film.onloadedmetadata = () => {
    if (!(film.duration > 1.5) || film.duration > 36000) return;
    for (const handle of ['.sd-from', '.sd-to'].map(one)) handle.max = film.duration.toFixed(1);
    one('.sd-from').value = 0;
    one('.sd-to').value = Math.min(film.duration, props.most_seconds);
    one('.sd-trim').hidden = zone.dataset.state !== 'chosen';
    span.there = true;
    mark();
  };
  film.src = local;
}

function mark() {
  const [from, to] = ['.sd-from', '.sd-to'].map((name) => Number(one(name).value));
  const film = one('.sd-trim video');
  const ends = one('.sd-ends').style;
  ends.setProperty('--from', `${(100 * from) / film.duration}%`);
  ends.setProperty('--to', `${(100 * to) / film.duration}%`);
  one('.sd-span').textContent = `${from.toFixed(1)} to ${to.toFixed(1)} s of ${film.duration.toFixed(1)} s`
    + (film.duration >= props.most_seconds + 0.05 ? `, at most ${props.most_seconds} s` : '');
  one('.sd-from').setAttribute('aria-valuetext', `from ${from.toFixed(1)} seconds`);
  one('.sd-to').setAttribute('aria-valuetext', `to ${to.toFixed(1)} seconds`);
}

for (const [name, said] of [['.sd-from', 'first second used'], ['.sd-to', 'last second used']]) {
  const handle = one(name);
  handle.setAttribute('aria-label', `${props.title}: ${said}`);
  handle.addEventListener('input', () => { // the other handle gives way
    const [from, to] = ['.sd-from', '.sd-to'].map(one);
    const last = Number(to.max);
    if (handle === from) {
      from.value = Math.min(Number(from.value), last - 1);
      to.value = Math.min(Math.max(Number(to.value), Number(from.value) + 1), Number(from.value) + props.most_seconds);
    } else {
      to.value = Math.max(Number(to.value), 1);
      from.value = Math.max(Math.min(Number(from.value), Number(to.value) - 1), Number(to.value) - props.most_seconds);
    }
    one('.sd-trim video').currentTime = Number(handle.value);
    mark();
  });
  handle.addEventListener('change', () => {
    turn += 1;
    const from = Number(one('.sd-from').value);
    trigger('trim', { turn, start: from, seconds: Number(one('.sd-to').value) - from });
  });
}

function discard() {
  forget();
  trigger('clear', { turn });
  trigger('remove', { turn });
}

async function take(file) {
  const replaces = ['sending', 'chosen'].includes(zone.dataset.state);
  forget();
  const mine = turn;
  if (replaces) trigger('clear', { turn: mine });
  const refuse = (words) => {
    show('empty');
    complain(words);
    if (replaces) trigger('remove', { turn });
  };
  if (file.size > props.most_megabytes * 1024 * 1024) {
    refuse(`${file.name} is larger than ${props.most_megabytes} MB. ${props.shorter}`);
    return;
  }
  show('sending', file.name);
  try {
    offer(file);
    const path = await send(file);
    if (mine !== turn) return;
    show('chosen', file.name);
    one('.sd-trim').hidden = !span.there;
    own = path;
    const url = `${window.gradio_config.root}/gradio_api/file=${encodeURIComponent(path)}`;
    props.value = { path, url, orig_name: file.name, size: file.size, meta: { _type: 'gradio.FileData' } };
    trigger('upload', { turn });
  } catch (error) {
    if (mine === turn) refuse(error.message || `${file.name} could not be sent. Check the connection and that it is a file, not a folder, then try again.`);
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

one('.sd-use-live').addEventListener('click', async () => {
  complain('');
  asked += 1;
  const mine = asked;
  try {
    const found = await (props.live === 'camera' ? openCamera() : openMicrophone());
    if (mine !== asked) return found.getTracks().forEach((track) => track.stop());
    stream = found;
  } catch (error) {
    if (mine === asked) complain(`The ${props.live} could not be used. Allow it for this page in the browser, or choose a file instead.`);
    return;
  }
  show('live');
  const video = one('.sd-live video');
  video.srcObject = stream;
  video.play();
  one('.sd-record').focus();
});
one('.sd-stop').addEventListener('click', () => show('empty'));
one('.sd-record').textContent = `Record ${RECORD_SECONDS} seconds`;
one('.sd-record').addEventListener('click', async () => {
  const live = stream; // cancelled, there is another or none
  const [button, count, told] = ['.sd-record', '.sd-count', '.sd-told'].map(one);
  if (button.getAttribute('aria-disabled')) return; // counting already
  button.setAttribute('aria-disabled', 'true');
  try {
    const clip = await record(live, () => stream === live, (state, left) => {
      const ready = state === 'ready';
      button.textContent = `${ready ? 'Ready …' : 'Recording:'} ${left}`;
      count.textContent = ready ? left : '';
      const words = ready ? `Recording starts in ${COUNTDOWN_SECONDS} seconds` : 'Recording';
      if (told.textContent !== words) told.textContent = words;
    });
    if (clip) take(clip);
  } catch (error) {
    show('empty');
    complain(`The ${props.live} stopped. Allow it for this page in the browser, or choose a file instead.`);
  }
  button.removeAttribute('aria-disabled');
  button.textContent = `Record ${RECORD_SECONDS} seconds`;
  count.textContent = told.textContent = '';
});

// Examples: one click takes one; pointing at it plays it.
for (const example of props.examples || []) {
  const button = make('button', 'sd-thumb');
  const video = make('video');
  button.type = 'button';
  button.dataset.name = example.name;
  button.setAttribute('aria-label', `${props.title}: take the example of ${example.person}, ${example.expression}`);
  button.setAttribute('aria-pressed', 'false');
  Object.assign(video, { src: `${example.file.url}#t=0.28`, muted: true, loop: true, playsInline: true, preload: 'metadata' });
  video.setAttribute('aria-hidden', 'true');
  video.tabIndex = -1;
  button.append(video, make('span', '', example.expression));
  const play = () => video.play().catch(() => {});
  const rest = () => { video.pause(); video.currentTime = 0.28; };
  button.addEventListener('mouseenter', play);
  button.addEventListener('focus', play);
  button.addEventListener('mouseleave', rest);
  button.addEventListener('blur', rest);
  button.addEventListener('click', () => {
    forget(); // not discard: reading the example takes the other's place
    zone.dataset.example = example.name;
    show('chosen', `Example: ${example.expression}`);
    trigger('example', { name: example.name, turn });
  });
  one('.sd-thumbs').append(button);
}
// A clip that stands here without having been chosen here: kept from before, or sent from another page.
watch('value', () => {
  if (!props.value || props.value.path === own) return;
  own = props.value.path;
  turn += 1;
  asked += 1;
  const example = (props.examples || []).find(({ name }) => name === props.value.orig_name);
  zone.dataset.example = example?.name ?? '';
  complain('');
  one('.sd-trim').hidden = true;
  show('chosen', example ? `Example: ${example.expression}` : props.value.orig_name);
});
one('.sd-examples').hidden = !(props.examples || []).length;
show('empty');
