// Two maps of the same clips. Plotly draws the dots; rings, paths and stars lie above them in an SVG of our own, so
// that pointing at a dot costs no redrawing. All names are set by textContent: they may be a stranger's.
const one = (selector) => element.querySelector(selector);
const all = (selector) => [...element.querySelectorAll(selector)];
const points = JSON.parse(props.points); // a text, since Gradio wraps every number of an object in a watcher of its own
const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
const count = points.person.length;
const last = points.frames - 1;
const FRAMES_A_SECOND = 15; // of the moving pictures
const GLIDE = 12; // frames a second at which dots follow the slider
const MANY = 1500; // dots
const RUN = 4; // frames a second when time plays
let time = points.apex; // a fraction while dots are on their way
let target = points.apex;
let running = false;
let colouring = 'expression';
let alone = null; // the label whose dots are seen alone
let picks = [];
let cursor = null; // the clip that is pointed at
let byKeys = false;
let own = null; // where one's own clip lies

// --- What a clip is, in words, pictures and colours

const person = (clip) => points.persons[points.person[clip]];
const expression = (clip) => points.expressions[points.expression[clip]];
const called = (clip) => `${person(clip)}, ${expression(clip)}, recording ${points.recording[clip] + 1}`;

const themed = () => Object.fromEntries(Object.entries(points.looks).map(([by, themes]) => (
  [by, themes[document.body.classList.contains('dark') ? 'dark' : 'light'].map(([hue, symbol, glyph]) => ({ hue, symbol, glyph }))])));
let LOOKS = themed();
const edge = () => getComputedStyle(one('.sd-map')).getPropertyValue('--card'); // of the dots
const SIZES = { circle: 8, square: 8, diamond: 9.5, 'triangle-up': 10, cross: 9.5, star: 12 }; // these look equally large

function label(clip) {
  return colouring === 'person' ? points.person[clip] : colouring === 'expression' ? points.expression[clip] : points.recording[clip];
}

const look = (of) => LOOKS[colouring][of];

function film(place, clip) {
  const rows = points.rows[points.person[clip]];
  place.style.setProperty('--frames', points.frames);
  place.style.setProperty('--seconds', `${(points.frames / FRAMES_A_SECOND).toFixed(2)}s`);
  place.style.backgroundImage = `url("${points.sheets[points.person[clip]]}")`;
  place.style.backgroundSize = `${points.frames * 100}% ${rows * 100}%`;
  place.style.backgroundPositionY = rows > 1 ? `${(100 * points.row[clip]) / (rows - 1)}%` : '0';
  if (still) place.style.backgroundPositionX = `${(100 * points.apex) / last}%`;
}

// --- The two maps

function frameOf(path, at) { // between two frames, the place between
  const low = Math.floor(at);
  const share = at - low;
  const [a, b] = [path[low], path[Math.min(low + 1, last)]];
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

function half(name) {
  const field = one(`.sd-map-field[data-map=${name}]`);
  const plot = field.querySelector('.sd-map-plot');
  const over = field.querySelector('.sd-map-over');
  const fixed = name === 'static';
  const numbers = fixed ? points.static.flat() : points.dynamics.flat(2);
  const reach = 1.08 * numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0.001);
  const home = [-reach, reach];
  const place = fixed ? (clip) => points.static[clip] : (clip) => frameOf(points.dynamics[clip], time);
  return { name, field, plot, over, fixed, place, home, x: home, y: home, wide: field.clientWidth, high: field.clientHeight, drawn: false };
}
const maps = [half('static'), half('dynamics')];

function pixel(map, [x, y]) {
  return [((x - map.x[0]) / (map.x[1] - map.x[0])) * map.wide, (1 - (y - map.y[0]) / (map.y[1] - map.y[0])) * map.high];
}

function coordinates(map) {
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (let clip = 0; clip < count; clip += 1) [x[clip], y[clip]] = map.place(clip);
  return { x: [x], y: [y] };
}

const scale = () => (count > MANY ? 0.6 : 1) * (maps[0].wide < 420 ? 0.8 : 1);

const seen = (of) => (alone === null || alone === of ? 0.92 : 0.07);

function looks(map) {
  const labels = points.person.map((_, clip) => label(clip));
  return {
    'marker.color': [labels.map((of) => look(of).hue)],
    'marker.symbol': [labels.map((of) => look(of).symbol)],
    'marker.size': [labels.map((of) => (map.fixed ? 0.8 : 1) * scale() * SIZES[look(of).symbol])], // the islands of persons are small
    'marker.opacity': [labels.map(seen)],
  };
}

// A few hundred dots are drawn sooner as plain SVG; thousands need the graphics card, where the browser has one.
function kindOfDots() {
  return count > MANY && document.createElement('canvas').getContext('webgl') ? 'scattergl' : 'scatter';
}

async function draw(map, kind) {
  const { x, y } = coordinates(map);
  const marker = { ...Object.fromEntries(Object.entries(looks(map)).map(([name, [values]]) => [name.slice(7), values])),
    line: { width: count > MANY ? 0 : 0.6, color: edge() } };
  const axis = { range: map.home, visible: false };
  await window.Plotly.newPlot(
    map.plot,
    [{ type: kind, mode: 'markers', x: x[0], y: y[0], marker }],
    { margin: { l: 0, r: 0, t: 0, b: 0 }, xaxis: { ...axis }, yaxis: { ...axis }, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
      hovermode: false, showlegend: false, dragmode: matchMedia('(pointer: fine)').matches ? 'zoom' : false },
    { displayModeBar: false, doubleClick: 'reset', scrollZoom: false, showTips: false, showAxisDragHandles: false },
  );
  map.drawn = true;
  if (map.fixed || !gliding) await land(map);
  map.field.classList.add('sd-map-drawn');
  map.plot.on('plotly_relayout', () => {
    map.x = map.plot.layout.xaxis.range.slice();
    map.y = map.plot.layout.yaxis.range.slice();
    mark(map);
  });
  new ResizeObserver(() => {
    [map.wide, map.high] = [map.field.clientWidth, map.field.clientHeight];
    window.Plotly.Plots.resize(map.plot).then(() => mark(map));
  }).observe(map.field);
  mark(map);
}

// Plotly would draw each dot anew for each step, so on their way the dots are drawn on a canvas, by Plotly's own shapes;
// and so they are at first, until Plotly is there.
const corners = (radii) => radii.map((far, at) => {
  const turn = (2 * Math.PI * at) / radii.length;
  return `${far * Math.sin(turn)} ${-far * Math.cos(turn)}`;
}).join('L');
const OUTLINES = {
  circle: (r) => `M${r} 0A${r} ${r} 0 1 1 0 ${-r}A${r} ${r} 0 0 1 ${r} 0Z`,
  square: (r) => `M${-r} ${-r}H${r}V${r}H${-r}Z`,
  diamond: (r) => `M${corners([1.3 * r, 1.3 * r, 1.3 * r, 1.3 * r])}Z`,
  'triangle-up': (r) => `M${-1.155 * r} ${r / 2}H${1.155 * r}L0 ${-r}Z`,
  cross: (r) => `M${1.2 * r} ${0.4 * r}h${-0.8 * r}v${0.8 * r}h${-0.8 * r}v${-0.8 * r}h${-0.8 * r}v${-0.8 * r}h${0.8 * r}v${-0.8 * r}h${0.8 * r}v${0.8 * r}h${0.8 * r}Z`,
  star: (r) => `M${corners([...Array(10).keys()].map((at) => (at % 2 ? 0.535 : 1.4) * r))}Z`,
};

function fly(map) {
  const canvas = map.field.querySelector('.sd-map-flight');
  const ratio = window.devicePixelRatio || 1;
  Object.assign(canvas, { width: map.wide * ratio, height: map.high * ratio });
  const paint = canvas.getContext('2d');
  paint.strokeStyle = edge();
  paint.lineWidth = 0.6;
  const outlines = Object.fromEntries(
    Object.entries(OUTLINES).map(([symbol, outline]) => [symbol, new Path2D(outline((scale() * SIZES[symbol]) / 2))]));
  for (let clip = 0; clip < count; clip += 1) {
    const of = label(clip);
    const [x, y] = pixel(map, map.place(clip));
    paint.setTransform(ratio, 0, 0, ratio, x * ratio, y * ratio);
    paint.globalAlpha = seen(of);
    const { hue, symbol } = look(of);
    paint.fillStyle = hue;
    paint.fill(outlines[symbol]);
    if (count <= MANY) paint.stroke(outlines[symbol]);
  }
  map.field.classList.add('sd-map-flying');
}

async function land(map) {
  await window.Plotly.restyle(map.plot, coordinates(map), [0]);
  map.field.classList.remove('sd-map-flying');
}

function recolour() {
  for (const map of maps) {
    if (map.drawn) window.Plotly.restyle(map.plot, { ...looks(map), 'marker.line.color': edge() }, [0]);
    else fly(map);
  }
}
