// The keys of a keyboard and of a presenter's remote. It says which step is wanted, not how far to go: a press that
// is told twice turns once, and two quick presses turn twice.
const TYPED_INTO = 'input:not([type=checkbox]), textarea, select, [role="slider"], [role="combobox"], [role="option"], [contenteditable]';
const at = {}; // the step last seen, and the one asked for since

const see = (number) => {
  if (number !== at.seen) Object.assign(at, { seen: number, step: number });
};

const wanted = (key, steps) => ({
  ArrowRight: at.step + 1, PageDown: at.step + 1, ' ': at.step + 1, ArrowLeft: at.step - 1, PageUp: at.step - 1,
  Home: 0, End: steps - 1,
}[key]);

// A screen tells the talk's other screens in this browser, at every run, which step it shows; they ask for their own
// turn. Every run, since a quick press cuts the one before it short: a turn there and back ends at the step last told.
// Not by a fragment that Streamlit runs every so often: such a one can lose what the run before it drew.
let others;
const tell = (talk, step, turn) => {
  if (others?.name !== talk) {
    others?.close();
    others = new BroadcastChannel(talk);
  }
  others.onmessage = ({ data: told }) => {
    if (told !== at.seen) turn(told);
  };
  others.postMessage(step);
};

// A screen on another device hears of no turn, so it asks; each answer calls this anew.
const ASK = 1000; // milliseconds
let asking;
const ask = (turn) => {
  clearTimeout(asking);
  asking = setTimeout(() => turn(Date.now()), ASK);
};

export default function ({ data, setTriggerValue }) {
  if (data.follows) return void ask((now) => setTriggerValue('turned', now));
  see(data.step);
  tell(data.talk, data.step, (told) => setTriggerValue('turned', told));
  const press = (event, seen) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    let on = document.activeElement;
    while (on?.shadowRoot?.activeElement) on = on.shadowRoot.activeElement; // the camera's button lies in one
    const dragged = document.lecture.dragged && on?.closest('[data-testid=stSlider]');
    const own = !dragged && on?.closest(TYPED_INTO); // arrows turn a slider; a remote's page keys turn steps
    const closed = own && own.getAttribute('aria-expanded') === 'false'; // a select box keeps the focus after a choice
    if (own && !closed && !event.key.startsWith('Page')) return;
    if (event.key === ' ' && on?.closest('button, a, [type=checkbox]')) return;
    if (seen) see(Number(seen)); // the words come before `data`
    const notes = event.key === 'n' || event.key === 'N';
    const step = wanted(event.key, data.steps);
    if (!notes && step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (notes) return void window.open(data.notes, 'notes');
    if (step < 0 || step >= data.steps) return;
    at.step = step;
    setTriggerValue('step', step);
  };
  document.lecture ??= { waiting: [], press: null };
  document.lecture.press = press; // this is called at every turn of the page
  for (const [event, seen] of document.lecture.waiting.splice(0)) press(event, seen);
  return () => {
    if (document.lecture.press === press) document.lecture.press = null;
  };
}
