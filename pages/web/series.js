// A section of charts: the lines of series, or the map of static codes. Its value is a text of charts; Plotly draws them.
const place = element.querySelector('.sd-series-charts');
const style = getComputedStyle(element.querySelector('.sd-series'));
const of = (name) => style.getPropertyValue(`--${name}`).trim();
const axis = () => ({ gridcolor: of('line'), zerolinecolor: of('line-strong'), automargin: true, fixedrange: true, tickfont: { size: 12 } });
const hue = (name) => (/^[a-z-]+$/.test(name) ? of(name) : name);

// A trace with the page's own colours in place of their names, wherever it has some.
function coloured(trace) {
  const entries = Object.entries(trace).map(([key, value]) => {
    if (key === 'color') return [key, hue(value)];
    return [key, value && typeof value === 'object' && !Array.isArray(value) ? coloured(value) : value];
  });
  return Object.fromEntries(entries);
}

async function drawOne(chart, figure) {
  const plot = figure.querySelector('.sd-chart-plot');
  await window.Plotly.newPlot(plot, chart.data.map(coloured), {
    font: { family: style.fontFamily, size: 13, color: of('ink') },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    margin: { l: 44, r: 8, t: 8, b: 36 },
    dragmode: false,
    legend: { orientation: 'h', y: chart.data.length > 4 ? -0.04 : -0.22, font: { size: 12 }, ...(chart.data.length > 4 && { entrywidth: 30 }), ...chart.layout.legend },
    xaxis: { ...axis(), ...chart.layout.xaxis },
    yaxis: { ...axis(), ...chart.layout.yaxis },
  }, { displayModeBar: false, responsive: true });
  figure.classList.add('sd-drawn');
}

function figure(chart) {
  const made = make('figure', 'sd-chart');
  const caption = make('figcaption');
  caption.append(make('h3', '', chart.title));
  const plot = make('div', 'sd-chart-plot');
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', `${chart.title}: ${chart.data.map(({ name }) => name).join(', ')}`);
  made.append(caption, plot);
  return made;
}

function draw() {
  const charts = props.value ? JSON.parse(props.value) : [];
  fetchPlotly(props.plotly).then(() => {
    const figures = charts.map(figure);
    place.replaceChildren(...figures);
    charts.forEach((chart, at) => drawOne(chart, figures[at]));
  }, () => { place.textContent = 'The charts could not be drawn. Load the page again.'; });
}

watch('value', draw);
whenThemeTurns(draw);
draw();
