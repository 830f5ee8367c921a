// Plotly's own script from this server, fetched once a page, however many pieces of the page ask for it.
function fetchPlotly(address) {
  window.plotlyFetched ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    Object.assign(script, { src: address, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  return window.plotlyFetched;
}

// Calls `draw` each time the page turns dark or light: what a script has drawn keeps the colours that it was given.
function whenThemeTurns(draw) {
  const isDark = () => document.body.classList.contains('dark');
  let dark = isDark();
  new MutationObserver(() => {
    if (isDark() === dark || !element.isConnected) return;
    dark = isDark();
    draw();
  }).observe(document.body, { attributeFilter: ['class'] });
}
