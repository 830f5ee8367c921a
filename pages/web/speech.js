// Four recordings: each driver, and below it the swap that says the same. One is heard at a time; to go from one to the
// other with the same words keeps the place, so that voices can be compared in the middle of a word.
const section = element.querySelector('.sd-speech');
const list = section.querySelector('ul');
const tracks = section.querySelector('.sd-tracks');
let players = [];

// The line over a spectrogram that says what is heard now.
function follow(audio, now) {
  const share = audio.duration > 0 ? audio.currentTime / audio.duration : 0;
  now.style.left = `${100 * share}%`;
  now.hidden = share === 0;
}

function begins(audio, at) {
  const partner = players[at % 2 ? at - 1 : at + 1];
  if (!partner.paused && !partner.ended) audio.currentTime = Math.min(partner.currentTime, audio.duration - 0.01);
  for (const other of players) if (other !== audio) other.pause();
}

function track({ file, caption, alt, made, picture, seconds }, at) {
  const figure = make('figure', made ? 'sd-track sd-made' : 'sd-track');
  const screen = make('div', 'sd-spectrogram');
  const image = make('img');
  Object.assign(image, { src: picture, alt: `Spectrogram, 0 to 8 kHz, ${seconds} s: ${alt}` });
  const now = make('i', 'sd-speech-now');
  now.hidden = true;
  screen.append(image, now);
  const audio = make('audio');
  Object.assign(audio, { src: file.url, controls: true, preload: 'metadata' });
  audio.setAttribute('aria-label', alt);
  audio.addEventListener('play', () => begins(audio, at));
  for (const event of ['timeupdate', 'seeked', 'ended']) audio.addEventListener(event, () => follow(audio, now));
  audio.addEventListener('error', () => {
    if (!figure.querySelector('.sd-gone'))
      audio.after(make('p', 'sd-gone sd-quiet', 'This sound was deleted after a while without use. Make it again.'));
  });
  const said = words(make('figcaption'), caption);
  if (made) {
    const link = make('a', 'sd-button sd-small', 'WAV');
    Object.assign(link, { href: file.url, download: file.orig_name });
    link.setAttribute('aria-label', `Download as WAV: ${alt}`);
    said.append(link, make('span', 'sd-quiet', 'made by the model'));
  }
  players.push(audio);
  figure.append(said, screen, audio);
  return figure;
}

function draw() {
  for (const audio of players) audio.pause();
  players = [];
  section.hidden = !props.value;
  list.replaceChildren(...(props.value?.notes ?? []).map((note) => make('li', '', note)));
  list.hidden = !list.children.length;
  tracks.replaceChildren(...(props.value?.tracks ?? []).map(track));
}

watch('value', draw);
draw();
