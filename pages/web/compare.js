// The chart of both leakages, a dot a method, and the maps of one method's codes; Plotly draws them.
const { dots, chance, maps, labels, names, looks } = JSON.parse(props.points);
const style = getComputedStyle(element.querySelector('.sd-results'));
const of = (name) => style.getPropertyValue(name).trim();
const axis = (more) => ({ gridcolor: of('--line'), zeroline: false, fixedrange: true, automargin: true, ...more });
const look = () => ({
  font: { family: style.fontFamily, size: 13, color: of('--ink') },
  paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', showlegend: false, dragmode: false,
});
const plain = { displayModeBar: false, responsive: true };
const SIZES = { circle: 7, square: 7, diamond: 8, 'triangle-up': 8.5, cross: 8, star: 10 }; // these look equally large
const themed = () => looks[document.body.classList.contains('dark') ? 'dark' : 'light'];

function chart(place) {
  const line = (more) => ({ type: 'line', line: { color: of('--quiet'), dash: 'dash', width: 1.5 }, ...more });
  return window.Plotly.react(place, [{
    type: 'scatter', mode: 'markers+text', x: dots.map(({ x }) => x), y: dots.map(({ y }) => y), text: dots.map(({ name }) => name),
    textposition: dots.map(({ side }) => side),
    marker: { size: 13, color: dots.map(({ ours }) => (ours ? of('--who') : of('--does'))) },
    hovertemplate: '%{text}<br>expression from s: %{x:.1f} %<br>person from d: %{y:.1f} %<extra></extra>', cliponaxis: false,
  }], {
    ...look(), margin: { l: 56, r: 16, t: 8, b: 48 },
    xaxis: axis({ range: [0, 102], title: { text: 'expression read from s, %' } }),
    yaxis: axis({ range: [-3, 104], title: { text: 'person read from d, %' } }),
    shapes: [line({ x0: chance[0], x1: chance[0], y0: 0, y1: 1, yref: 'paper' }), line({ y0: chance[1], y1: chance[1], x0: 0, x1: 1, xref: 'paper' })],
  }, plain);
}

function map(place, points, group, words) {
  const values = labels[group];
  const dressed = values.map((value) => themed()[group][names[group].indexOf(value)]);
  place.setAttribute('aria-label', words);
  return window.Plotly.react(place, [{
    type: 'scatter', mode: 'markers', x: points.map(([x]) => x), y: points.map(([, y]) => y), text: values.map((value) => value.replaceAll('_', ' ')),
    marker: { size: dressed.map(([, symbol]) => SIZES[symbol]), color: dressed.map(([hue]) => hue), symbol: dressed.map(([, symbol]) => symbol), opacity: 0.85, line: { width: 0 } },
    hovertemplate: '%{text}<extra></extra>',
  }], {
    ...look(), margin: { l: 8, r: 8, t: 8, b: 8 },
    xaxis: axis({ visible: false }), yaxis: axis({ visible: false, scaleanchor: 'x' }),
  }, plain);
}

function legend() {
  element.querySelector('.sd-compare-legend').replaceChildren(...names.dynamic.map((name, at) => {
    const [hue, , glyph] = themed().dynamic[at];
    const entry = make('span', '', name);
    const mark = make('i', '', glyph);
    mark.style.color = hue;
    mark.setAttribute('aria-hidden', 'true');
    entry.prepend(mark);
    return entry;
  }));
}

const buttons = [...element.querySelectorAll('[data-map]')];
let chosen = buttons[0]?.dataset.map;

async function draw() {
  await chart(element.querySelector('.sd-compare-plot'));
  if (!chosen) return;
  for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.map === chosen));
  const [left, right] = element.querySelectorAll('.sd-compare-map');
  legend();
  await map(left, maps[chosen].static, 'static', 'Static codes, coloured by person');
  await map(right, maps[chosen].dynamics, 'dynamic', 'Dynamics, coloured by expression');
}
fetchPlotly(props.plotly).then(async () => {
  await draw();
  for (const button of buttons) button.addEventListener('click', () => { chosen = button.dataset.map; draw(); });
  whenThemeTurns(draw);
  element.querySelector('.sd-results').classList.add('sd-drawn');
}, () => { element.querySelector('.sd-compare-plot').textContent = 'The chart could not be drawn. Load the page again.'; });
