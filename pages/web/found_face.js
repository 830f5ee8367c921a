// The choosers among several faces and for the anchor: one listener, since the buttons come and go with the clip.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-face], button[data-anchor]');
  if (!button) return;
  const { face, anchor } = button.dataset;
  trigger('select', face === undefined ? { anchor: Number(anchor) } : { face: Number(face) });
});
