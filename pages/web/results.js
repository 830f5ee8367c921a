// A section of figures: a press on a row's name shows how the row was made, and Plotly draws the charts.
for (const button of element.querySelectorAll('.sd-behind')) {
  const row = button.closest('tr').nextElementSibling;
  button.addEventListener('click', () => {
    row.hidden = !row.hidden;
    button.setAttribute('aria-expanded', String(!row.hidden));
  });
}

const charts = JSON.parse(props.charts);
const style = getComputedStyle(element.querySelector('.sd-results'));
const of = (name) => style.getPropertyValue(name).trim();
const HUES = { '#9c3a12': of('--who'), '#0b6b76': of('--does'), '#ffffff': of('--card') }; // for dark pages, too

const axis = { gridcolor: of('--line'), zerolinecolor: of('--line-strong'), automargin: true, fixedrange: true, tickfont: { size: 12 } };
const dressed = (own, more) => ({ ...own, ...axis, ...more, title: { ...own?.title, font: { size: 13 } } });

// Bars lie on their sides, since a model's name is long. The file is named only where two models would have one name.
function bars({ data, layout }) {
  const short = (name) => name.split('<br>')[0];
  const names = data[0].x.map(short);
  const shown = data[0].x.map((name, at) => (names.indexOf(names[at]) === names.lastIndexOf(names[at]) ? names[at] : name));
  const lying = data.map((trace) => ({
    ...trace, orientation: 'h', x: trace.y, y: shown, error_y: undefined,
    error_x: { ...trace.error_y, thickness: 1, width: 3, color: of('--ink') },
    hovertemplate: trace.hovertemplate.replace('%{x}', '%{label}').replace('%{y', '%{x'),
    texttemplate: '\u00a0\u00a0%{x:.1f}', textposition: 'outside', cliponaxis: false,
  }));
  const shapes = layout.shapes.map(({ y0, line }) => (
    { type: 'line', x0: y0, x1: y0, y0: 0, y1: 1, yref: 'paper', line: { ...line, width: 1.5 } }));
  return [lying, {
    ...layout, shapes, showlegend: false, bargap: 0.25,
    xaxis: dressed(layout.yaxis, { range: [0, 122], tickvals: [0, 25, 50, 75, 100] }),
    yaxis: dressed(layout.xaxis, { autorange: 'reversed', showgrid: false, ticklabelstandoff: 6 }),
  }];
}

function heat({ data, layout }) {
  const squares = data.map((trace) => ({ ...trace, showscale: false, xgap: 2, ygap: 2 }));
  return [squares, { ...layout, xaxis: dressed(layout.xaxis, { showgrid: false }), yaxis: dressed(layout.yaxis, { showgrid: false }) }];
}

function legend({ data, layout }) {
  const line = document.createElement('p');
  line.className = 'sd-chart-legend';
  line.append(...data.map((trace, at) => {
    const entry = document.createElement('span');
    entry.style.setProperty('--hue', trace.marker.color);
    entry.textContent = `${trace.name} (dashed: chance, ${layout.shapes[at].y0.toFixed(1)} %)`;
    return entry;
  }));
  return line;
}

async function draw(place) {
  const text = JSON.stringify(charts[place.dataset.chart]).replace(/#[0-9a-f]{6}/g, (hue) => HUES[hue] ?? hue);
  const chart = JSON.parse(text);
  const lying = chart.data[0].type === 'bar';
  const [data, layout] = lying ? bars(chart) : heat(chart);
  if (lying) {
    place.before(legend(chart));
    place.style.height = `${60 + 48 * chart.data[0].x.length}px`;
  }
  place.replaceChildren();
  await window.Plotly.newPlot(place, data, {
    ...layout,
    title: undefined, // it stands above, as text
    font: { family: style.fontFamily, size: 13, color: of('--ink') },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    margin: { l: 44, r: 8, t: 8, b: 36 },
    dragmode: false,
  }, { displayModeBar: false, responsive: true });
  place.classList.add('sd-drawn');
}

const places = [...element.querySelectorAll('.sd-chart-plot')];
if (places.length) {
  fetchPlotly(props.plotly).then(() => places.forEach(draw), () => {
    for (const place of places) place.textContent = 'The chart could not be drawn. Load the page again.';
  });
}
