// One button a model; the stage below shows the one that is pressed.
const buttons = [...element.querySelectorAll('button')];
for (const button of buttons) {
  button.addEventListener('click', () => {
    for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
    trigger('choose', { name: button.dataset.name });
  });
}
