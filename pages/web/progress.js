// The value is HTML of the server's own making. It is new twice a second; what is said is new with each stage and
// each quarter of the way.
const work = element.querySelector('.sd-work');
const said = element.querySelector('[role=status]');
let quarter = '';

function render() {
  work.innerHTML = props.value || '';
  const bar = work.querySelector('[role=progressbar]');
  const now = work.querySelector('.sd-now')?.textContent ?? '';
  const ended = work.querySelector('.sd-hidden')?.textContent ?? '';
  const at = `${now} ${bar?.hasAttribute('aria-valuenow') ? Math.floor(bar.getAttribute('aria-valuenow') / 25) : ''}${ended}`;
  if (at === quarter) return;
  quarter = at;
  said.textContent = ended || (bar?.getAttribute('aria-valuetext') ?? now);
}
watch('value', render);
render();
