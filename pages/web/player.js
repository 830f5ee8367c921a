// Clips in step. There is one clock, ours; every video follows it, each looping at its own length, so that clips of
// one column show the same frame when they stand still, and nearly the same while they play: videos play by themselves,
// and those that stray are hurried or held back.
const one = (selector) => element.querySelector(selector);
const stage = one('.sd-stage');
const scrub = one('.sd-scrub');
const button = one('.sd-play');
const PLAY = 'M3 1.5v13l11-6.5z';
const PAUSE = 'M3 1.5h3.5v13H3zM9.5 1.5H13v13H9.5z';
const STRAY = 0.06; // seconds off before a playing video is hurried or held back
const LOST = 0.5; // seconds off, half of what a short one can be at most, before it is set right, which a phone with
// many videos takes long for:
const PATIENCE = 2000; // milliseconds until it is once more
const LOOK = 80; // milliseconds from one look at the videos to the next: at every frame, the page is laid out each time
const righted = new WeakMap(); // when each video was set right last
let videos = [];
let frame = 0.04; // seconds of one frame of the fastest clip
let length = 1; // seconds of the longest clip
let time = 0;
let playing = false;
let timer = null;
let held = false; // stopped while other films are made, and plays on if these stay
let slow = false;
let before = null;
let shown = null;
let half = false; // whether to begin in the middle: of films that stand still
let view = 'face'; // or 'whole': what is shown of films of whole pictures
const ARROW = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M2 12h18M13 5l7 7-7 7" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/></svg>';

function asks(wanted, clip) {
  return wanted.flatMap(({ name, label, said, lead }) => {
    const button = make('button', 'sd-button sd-small', label);
    button.type = 'button';
    button.setAttribute('aria-label', said);
    button.addEventListener('click', () => trigger('ask', { name, clip }));
    return lead ? [make('i', 'sd-break'), make('span', 'sd-quiet', lead), button] : [button];
  });
}

const rate = () => (slow ? 0.5 : 1);

// A face is a window on the whole film, moved by a matrix; the tiles' width in pixels is known once they are laid out.
const sized = new ResizeObserver(([entry]) => {
  one('.sd-grid').style.setProperty('--px', entry.contentRect.width / 1000);
});

function frameIn(video, clip) {
  const face = view === 'face';
  const source = (!face && clip.whole) || clip.file;
  if (video.getAttribute('src') !== source.url) {
    video.src = source.url;
    righted.delete(video); // the other film begins anew: it is set right as soon as it plays
  }
  const windowed = face && clip.square.length > 0;
  video.classList.toggle('sd-windowed', windowed);
  if (windowed) video.style.setProperty('--square', `matrix(${clip.square.join(',')})`);
}

function look(wanted) {
  view = wanted;
  stage.dataset.view = view;
  for (const each of element.querySelectorAll('[data-view]'))
    if (each !== stage) each.setAttribute('aria-pressed', String(each.dataset.view === view));
  for (const [at, video] of videos.entries()) frameIn(video, props.value.clips[at]);
}

// Files are deleted after a while: the film says so then, in place of a blank tile.
function gone(screen) {
  if (screen.querySelector('.sd-gone')) return;
  screen.append(make('p', 'sd-gone', 'This film was deleted after a while without use. Make it again.'));
}

function tile(clip, at, columned) {
  const figure = make('figure', clip.made ? 'sd-tile sd-made' : 'sd-tile');
  const video = make('video');
  Object.assign(video, { muted: true, loop: true, playsInline: true, preload: 'auto' });
  frameIn(video, clip);
  video.defaultPlaybackRate = video.playbackRate = rate();
  video.setAttribute('aria-label', clip.alt);
  video.tabIndex = -1;
  video.disablePictureInPicture = true;
  video.dataset.column = clip.column;
  video.addEventListener('loadedmetadata', measure);
  const caption = make('figcaption');
  caption.append(words(make('span', 'sd-said'), clip.caption));
  const screen = make('div', 'sd-screen');
  screen.append(video, make('span', 'sd-badge', clip.made ? 'made by the model' : 'given'));
  video.addEventListener('error', () => gone(screen));
  for (const { text, hue } of clip.reading) caption.append(make('span', `sd-read sd-${hue}`, text));
  if (clip.downloads.length || clip.asks.length) {
    const links = make('span', 'sd-links');
    for (const { label, file } of clip.downloads) {
      const link = make('a', 'sd-button sd-small', label);
      link.href = file.url;
      link.download = file.orig_name;
      link.setAttribute('aria-label', `Download as ${label}: ${clip.alt}`);
      links.append(link);
    }
    links.append(...asks(clip.asks, at));
    if (clip.sound) links.append(speaker(video, clip.alt));
    caption.append(links);
  }
  figure.append(screen, caption);
  if (columned) figure.style.gridColumn = clip.column + 1; // beside a photograph, a place stays empty
  return [figure, video];
}

// Sound of one clip at a time: two voices at once are noise. Off until asked for.
function speaker(video, alt) {
  const toggle = make('button', 'sd-button sd-small sd-sound', 'Sound');
  toggle.type = 'button';
  toggle.setAttribute('aria-pressed', 'false');
  toggle.setAttribute('aria-label', `Sound of: ${alt}`);
  toggle.addEventListener('click', () => {
    const on = video.muted;
    for (const other of videos) other.muted = true;
    for (const other of element.querySelectorAll('.sd-sound')) other.setAttribute('aria-pressed', 'false');
    video.muted = !on;
    toggle.setAttribute('aria-pressed', String(on));
  });
  return toggle;
}

function measure() {
  const lengths = videos.map((video) => video.duration).filter((seconds) => seconds > 0);
  length = Math.max(frame, ...lengths);
  scrub.max = Math.max(length - frame, frame);
  scrub.step = frame;
  if (half && lengths.length === videos.length) { // a film that stands still shows a movement, not what comes before it
    half = false;
    time = Math.floor(length / 2 / frame) * frame;
  }
  place();
}

const wanted = (video) => (video.duration > 0 ? Math.min(time % video.duration, video.duration - 0.001) : 0);

// Puts every video at the clock's time. The middle of a frame, since the border belongs to either.
function place() {
  for (const video of videos) {
    if (!(video.duration > 0)) continue;
    const own = Math.min(video.duration - frame / 2, (Math.floor(wanted(video) / frame + 1e-6) + 0.5) * frame);
    video.currentTime = Math.max(0, own);
  }
  tell();
}

function tell() {
  scrub.value = time;
  scrub.setAttribute('aria-valuetext', `${time.toFixed(2)} of ${length.toFixed(2)} seconds`);
  one('.sd-clock').textContent = `${time.toFixed(1)} / ${length.toFixed(1)} s`;
}

function tick() {
  if (!stage.isConnected) return;
  timer = setTimeout(tick, LOOK);
  if (document.hidden) return;
  const now = performance.now();
  time = (time + rate() * Math.min((now - before) / 1000, 0.25)) % length;
  before = now;
  for (const video of videos) {
    if (!(video.duration > 0)) continue;
    const own = wanted(video);
    let off = own - video.currentTime;
    if (Math.abs(off) > video.duration / 2) off -= Math.sign(off) * video.duration; // the shorter way round
    if (Math.abs(off) > Math.min(LOST, video.duration / 4) && !video.seeking && now - (righted.get(video) ?? -PATIENCE) >= PATIENCE) {
      righted.set(video, now);
      video.currentTime = own;
    }
    const speed = rate() * (Math.abs(off) > STRAY ? 1 + 0.1 * Math.sign(off) : 1);
    if (video.playbackRate !== speed) video.playbackRate = speed;
    if (video.paused) video.play().catch(() => {});
  }
  tell();
}

function play(on) {
  held = false;
  if (on === playing) return;
  playing = on;
  stage.dataset.playing = on;
  button.setAttribute('aria-label', on ? 'Pause' : 'Play');
  button.querySelector('span').textContent = on ? 'Pause' : 'Play';
  button.querySelector('path').setAttribute('d', on ? PAUSE : PLAY);
  clearTimeout(timer);
  if (on) {
    before = performance.now();
    tick();
  } else {
    videos.forEach((video) => video.pause());
    place();
  }
}

function go(seconds) {
  time = Math.min(Math.max(seconds, 0), Math.max(length - frame / 2, 0));
  place();
}

function step(frames) {
  play(false);
  const last = Math.max(1, Math.round(length / frame));
  go(((Math.round(time / frame) + frames + last) % last) * frame);
}

function render() {
  const show = props.value;
  const note = show?.note ?? '';
  one('.sd-note').textContent = note;
  const stale = stage.classList.toggle('sd-stale', Boolean(note));
  const now = JSON.stringify(show ? { ...show, note: '', calm: true } : null);
  if (now === shown) {
    if (stale && playing) { // what is made meanwhile needs the processor more
      play(false);
      held = true;
    } else if (!stale && held) play(true);
    return;
  }
  shown = now;
  play(false);
  stage.hidden = !show;
  videos = [];
  time = 0;
  sized.disconnect();
  one('.sd-grid').replaceChildren();
  one('.sd-rows').replaceChildren();
  one('.sd-line').replaceChildren();
  if (!show) return;
  frame = 1 / Math.max(...show.clips.map((clip) => clip.fps));
  stage.classList.toggle('sd-many', !show.columns.length && !show.arrows);
  stage.classList.toggle('sd-arrows', show.arrows);
  const windows = show.clips.some((clip) => clip.square.length); // faces or whole films, as the visitor likes
  stage.classList.toggle('sd-windows', windows);
  one('.sd-top').hidden = !windows;
  one('.sd-strips').open = !show.arrows;
  stage.dataset.view = view;
  one('.sd-grid').style.setProperty('--columns', show.columns.length || (show.arrows ? show.clips.length / 2 : Math.min(4, show.clips.length)));
  for (const heading of show.columns) one('.sd-grid').append(make('h3', 'sd-column', heading));
  one('.sd-all').replaceChildren(...asks(show.asks, -1));
  for (const [at, clip] of show.clips.entries()) {
    const [figure, video] = tile(clip, at, show.columns.length > 0);
    if (show.arrows && clip.made) {
      const pair = make('div', 'sd-pair');
      const arrow = make('span', 'sd-arrow');
      arrow.innerHTML = ARROW;
      one('.sd-grid').lastChild.before(pair);
      pair.append(pair.nextSibling, arrow, figure);
    } else one('.sd-grid').append(figure);
    videos.push(video);
  }
  if (windows) sized.observe(one('.sd-screen'));
  words(one('.sd-line'), show.line);
  // Under each other per column, the driver above, so that the eye compares frame with frame.
  const strips = show.clips.filter((clip) => clip.strip);
  one('.sd-strips').hidden = !strips.length;
  for (const clip of strips.sort((a, b) => a.column - b.column || a.made - b.made)) {
    const row = make('figure', 'sd-strip');
    const image = make('img');
    Object.assign(image, { src: clip.strip, alt: clip.alt });
    row.append(words(make('figcaption'), clip.caption), image);
    one('.sd-rows').append(row);
  }
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (!still) play(true);
  half = still;
  if (!show.calm) stage.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
}

for (const choice of element.querySelectorAll('.sd-views button'))
  choice.addEventListener('click', () => look(choice.dataset.view));
button.addEventListener('click', () => play(!playing));
one('.sd-slow').addEventListener('click', () => {
  slow = !slow;
  one('.sd-slow').setAttribute('aria-pressed', String(slow));
  videos.forEach((video) => { video.playbackRate = rate(); });
});
scrub.addEventListener('input', () => { play(false); go(Number(scrub.value)); });
stage.addEventListener('keydown', (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const on = event.target;
  if (event.key === ' ' && !on.closest('button, a, summary')) play(!playing);
  else if (on === scrub) return; // the slider has arrow keys of its own, one frame each
  else if (event.key === 'ArrowRight') step(1);
  else if (event.key === 'ArrowLeft') step(-1);
  else if (event.key === 'Home') step(-Math.round(time / frame));
  else if (event.key === 'End') step(-Math.round(time / frame) - 1);
  else return;
  event.preventDefault();
});
button.querySelector('path').setAttribute('d', PLAY);
watch('value', render);
render();
