// --- What lies above the dots: rings of what is pointed at or picked, paths through time, the star of one's own clip

function shapeOf(tag, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

// A clip's way through the map: a smooth line through the places of its frames, a small dot at each.
function way(map, places, className) {
  const at = places.map((place) => pixel(map, place));
  const path = at.slice(1).map(([x, y], index) => {
    const [before, from, after] = [at[Math.max(index - 1, 0)], at[index], at[Math.min(index + 2, at.length - 1)]];
    const bend = [from[0] + (x - before[0]) / 6, from[1] + (y - before[1]) / 6, x - (after[0] - from[0]) / 6, y - (after[1] - from[1]) / 6];
    return `C${[...bend, x, y].map((value) => value.toFixed(1)).join(' ')}`;
  });
  const group = shapeOf('g', { class: className });
  group.append(shapeOf('path', { d: `M${at[0].join(' ')}${path.join('')}` }));
  for (const [x, y] of at) group.append(shapeOf('circle', { cx: x, cy: y, r: 2.2 }));
  return group;
}

const star = [...Array(10).keys()].map((corner) => {
  const [far, turn] = [corner % 2 ? 6.5 : 16, (corner * Math.PI) / 5];
  return `${(far * Math.sin(turn)).toFixed(1)},${(-far * Math.cos(turn)).toFixed(1)}`;
}).join(' ');

function mark(map) {
  map.over.replaceChildren();
  if (!map.fixed) {
    for (const clip of picks) map.over.append(way(map, points.dynamics[clip], 'sd-map-path'));
    if (own) map.over.append(way(map, own.dynamics, 'sd-map-path sd-map-own'));
  }
  if (cursor !== null) {
    const [x, y] = pixel(map, map.place(cursor));
    map.over.append(shapeOf('circle', { class: 'sd-map-ring', cx: x, cy: y, r: 10 }));
  }
  picks.forEach((clip, at) => {
    const [x, y] = pixel(map, map.place(clip));
    map.over.append(shapeOf('circle', { class: 'sd-map-ring sd-map-picked', cx: x, cy: y, r: 10 }));
    map.over.append(shapeOf('circle', { class: 'sd-map-flag', cx: x + 13, cy: y - 13, r: 8.5 }));
    map.over.append(shapeOf('text', { class: 'sd-map-number', x: x + 13, y: y - 9 }, String(at + 1)));
  });
  if (own) {
    const [x, y] = pixel(map, map.fixed ? own.static : frameOf(own.dynamics, time));
    for (const className of ['sd-map-star sd-map-halo', 'sd-map-star'])
      map.over.append(shapeOf('polygon', { class: className, points: star, transform: `translate(${x} ${y})` }));
  }
}

const markAll = () => maps.forEach(mark);

// The card with the moving clip, beside the dot and within its map.
function pointAt(map, clip) {
  cursor = clip;
  markAll();
  const card = one('.sd-map-card');
  card.hidden = clip === null;
  if (clip === null) return;
  map.field.append(card);
  film(card.querySelector('.sd-film'), clip);
  card.querySelector('p').textContent = called(clip);
  const [x, y] = pixel(map, map.place(clip));
  const { wide, high } = map;
  card.style.left = `${x < wide / 2 ? Math.min(x + 18, wide - card.offsetWidth) : Math.max(x - 18 - card.offsetWidth, 0)}px`;
  card.style.top = `${Math.min(Math.max(y - card.offsetHeight / 2, 0), high - card.offsetHeight)}px`;
}

// By mouse or finger. The dots are searched here, since they may be on their way where Plotly does not know of it.
const NEAR = 14; // pixels

function under(map, event) {
  const box = map.plot.getBoundingClientRect();
  let best = [NEAR * NEAR, null];
  for (let clip = 0; clip < count; clip += 1) {
    const [x, y] = pixel(map, map.place(clip));
    const far = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
    if (far < best[0]) best = [far, clip];
  }
  return best[1];
}

for (const map of maps) {
  let pressed = null;
  map.field.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'touch' || event.buttons) return;
    const clip = under(map, event);
    map.field.classList.toggle('sd-map-on', clip !== null);
    if (clip !== cursor) pointAt(map, clip);
  });
  map.field.addEventListener('pointerleave', (event) => { if (event.pointerType !== 'touch') pointAt(null, null); });
  map.field.addEventListener('pointerdown', (event) => { pressed = event; });
  window.addEventListener('pointercancel', () => { pressed = null; });
  window.addEventListener('pointerup', (event) => { // on the window, because Plotly lays a cover over the page meanwhile
    const moved = pressed ? Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) : Infinity;
    pressed = null;
    if (moved > 5 || !element.isConnected) return;
    const clip = under(map, event);
    if (event.pointerType === 'touch') pointAt(map, clip);
    if (clip !== null) pick(clip);
  });
}

// --- Picking

function pick(clip) {
  picks = picks.includes(clip) ? picks.filter((other) => other !== clip) : [...picks.slice(-1), clip];
  picked();
  say(picks.includes(clip) ? `${called(clip)}: picked as number ${picks.indexOf(clip) + 1} of two.` : `${called(clip)}: no longer picked.`);
}

// Only two clips that stay picked for a moment are worth a place in the queue.
const MOMENT = 150; // milliseconds
let turn = 0;
let settled = null;

function picked() {
  markAll();
  showPicks();
  turn += 1;
  const now = { clips: picks, turn };
  trigger('pick', now);
  clearTimeout(settled);
  if (picks.length === 2) settled = setTimeout(() => trigger('swap', now), MOMENT);
}

function showPicks() {
  all('.sd-map-pick').forEach((slot, at) => {
    slot.replaceChildren(make('span', 'sd-map-badge', String(at + 1)));
    slot.classList.toggle('sd-map-full', at < picks.length);
    if (at < picks.length) {
      const picture = make('div', 'sd-film');
      film(picture, picks[at]);
      slot.append(picture, make('span', '', called(picks[at])));
    } else slot.append(make('span', 'sd-quiet', at ? 'and a second one' : 'Pick a dot in either map'));
  });
  one('.sd-map-clear').disabled = !picks.length;
}

const say = (words) => { one('.sd-map-said').textContent = words; };

function clear() {
  if (!picks.length) return;
  picks = [];
  picked();
  say('Nothing is picked.');
}

one('.sd-map-clear').addEventListener('click', () => { clear(); maps[0].field.focus({ preventScroll: true }); });

// By keyboard: from dot to dot, the nearest one in the direction of the arrow.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function beside(map, from, [right, down]) {
  const [x, y] = pixel(map, map.place(from));
  let best = [Infinity, from];
  for (let clip = 0; clip < count; clip += 1) {
    if (clip === from || (alone !== null && label(clip) !== alone)) continue;
    const [a, b] = pixel(map, map.place(clip));
    const along = (a - x) * right + (b - y) * down;
    const aside = Math.abs((a - x) * down) + Math.abs((b - y) * right);
    if (along > 0.2 && aside <= along && along + 2 * aside < best[0]) best = [along + 2 * aside, clip];
  }
  return best[1];
}

for (const map of maps) {
  map.field.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in ARROWS) {
      const first = picks[0] ?? points.person.findIndex((_, clip) => alone === null || label(clip) === alone);
      pointAt(map, cursor === null ? first : beside(map, cursor, ARROWS[event.key]));
      byKeys = true;
      say(called(cursor));
    } else if ((event.key === 'Enter' || event.key === ' ') && cursor !== null) pick(cursor);
    else if (event.key === 'Escape') clear();
    else return;
    event.preventDefault();
  });
  map.field.addEventListener('blur', () => { if (byKeys) pointAt(null, null); byKeys = false; });
}
