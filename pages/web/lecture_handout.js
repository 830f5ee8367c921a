// Charts are drawn by the script that this file holds, too.
for (const place of document.querySelectorAll('[data-chart]')) {
  const { data, layout } = JSON.parse(place.dataset.chart);
  Plotly.newPlot(place, data, layout, { responsive: true, displayModeBar: false });
}
