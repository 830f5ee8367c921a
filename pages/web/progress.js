// The value is HTML of the server's own making. It is new twice a second; what is said is new with each stage and
// each quarter of the way. A problem is read out by itself.
const work = element.querySelector('.sd-work');
const said = element.querySelector('[role=status]');
let heard = '';

// A link is whole for whoever looks at it from here. Without TLS there is no clipboard to write to: it is selected then.
function offer(field) {
  field.value = new URL(field.dataset.link, location.href).href;
  field.scrollIntoView({ block: 'nearest' }); // on a phone, what was pressed is far below
  field.nextElementSibling.addEventListener('click', async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = field.nextElementSibling.textContent = 'Copied';
    } catch {
      said.textContent = field.nextElementSibling.textContent = 'Selected: copy it';
    }
  });
}

function render() {
  work.innerHTML = props.value || '';
  work.querySelectorAll('[data-link]').forEach(offer);
  const bar = work.querySelector('[role=progressbar]');
  const words = bar ? bar.getAttribute('aria-valuetext') : work.querySelector('[role=alert]') ? '' : work.textContent;
  const now = bar ? `${work.querySelector('.sd-now')?.textContent} ${Math.floor(bar.getAttribute('aria-valuenow') / 25)}` : words;
  if (now === heard) return;
  heard = now;
  said.textContent = words;
}
watch('value', render);
render();
