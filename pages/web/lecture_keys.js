// The keys of a keyboard and of a presenter's remote. It says which step is wanted, not how far to go: a press that
// is told twice turns once, and two quick presses turn twice.
const TYPED_INTO = 'input, textarea, select, [role="slider"], [role="combobox"], [role="option"], [contenteditable]';
const at = {}; // the step that is shown or asked for

const wanted = (key, steps) => ({
  ArrowRight: at.step + 1, PageDown: at.step + 1, ' ': at.step + 1, ArrowLeft: at.step - 1, PageUp: at.step - 1,
  Home: 0, End: steps - 1,
}[key]);

export default function ({ data, setTriggerValue }) {
  at.step = data.step;
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    let on = document.activeElement;
    while (on?.shadowRoot?.activeElement) on = on.shadowRoot.activeElement; // the camera's button lies in one
    const own = on?.closest(TYPED_INTO); // arrows turn a slider; a remote's page keys turn steps
    if (own && !event.key.startsWith('Page')) return;
    if (event.key === ' ' && on?.closest('button, a')) return;
    if (event.key === 'n' || event.key === 'N') return void window.open(data.notes, '_blank');
    const step = wanted(event.key, data.steps);
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (step < 0 || step >= data.steps) return;
    at.step = step;
    setTriggerValue('step', step);
  };
  document.removeEventListener('keydown', document.lectureKeys, true); // this is called at every turn of the page
  document.lectureKeys = press;
  document.addEventListener('keydown', press, true); // before a slider takes the page keys for itself
  document.lectureEarly?.splice(0).forEach(press);
  return () => document.removeEventListener('keydown', press, true);
}
