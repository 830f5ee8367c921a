// Charts are drawn by the script that this file holds, too; on paper they take the width there is.
for (const place of document.querySelectorAll('[data-chart]')) {
  const { data, layout } = JSON.parse(place.dataset.chart);
  Plotly.newPlot(place, data, layout, { responsive: true, displayModeBar: false });
  place.on('plotly_afterplot', () => {
    for (const svg of place.querySelectorAll('.main-svg')) {
      svg.setAttribute('viewBox', `0 0 ${svg.getAttribute('width')} ${svg.getAttribute('height')}`);
    }
  });
}
