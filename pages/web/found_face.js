// The choosers among several faces and for the anchor: one listener, since the buttons come and go with the clip.
let held = ''; // the button that had the keyboard's place when what it stands in was made anew
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-face], button[data-anchor]');
  if (!button) return;
  const { face, anchor } = button.dataset;
  held = face === undefined ? `.sd-anchor[data-anchor="${anchor}"]` : `.sd-chooser button[data-face="${face}"]`;
  trigger('select', face === undefined ? { anchor: Number(anchor) } : { face: Number(face) });
});
watch('value', () => {
  const button = held && element.querySelector(held);
  if (!button) return;
  held = '';
  if (document.activeElement === document.body) button.focus();
});
