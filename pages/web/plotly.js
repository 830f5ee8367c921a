// Plotly's own script from this server, fetched once a page, however many pieces of the page ask for it.
function fetchPlotly(address) {
  window.plotlyFetched ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    Object.assign(script, { src: address, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  return window.plotlyFetched;
}
