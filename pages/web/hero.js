// The looping strip: it can be paused, and stands still for those who want little motion.
const film = element.querySelector('video');
const hold = element.querySelector('.sd-hold');
const PLAY = 'M3 1.5v13l11-6.5z';
const PAUSE = 'M3 1.5h3.5v13H3zM9.5 1.5H13v13H9.5z';
const show = () => {
  hold.setAttribute('aria-label', film.paused ? 'Play the strip' : 'Pause the strip');
  hold.querySelector('path').setAttribute('d', film.paused ? PLAY : PAUSE);
};
film.poster = props.poster.url;
film.src = props.film.url;
film.muted = true; // the attribute does not count where markup is set later
film.addEventListener('play', show);
film.addEventListener('pause', show);
hold.addEventListener('click', () => (film.paused ? film.play() : film.pause()));
if (!matchMedia('(prefers-reduced-motion: reduce)').matches) film.play().catch(() => {});
show();
element.querySelector('.sd-try').addEventListener('click', () => trigger('start'));
