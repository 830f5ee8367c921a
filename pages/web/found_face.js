// The chooser among several faces: one listener, since the buttons come and go with the clip.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-face]');
  if (button) trigger('select', { face: Number(button.dataset.face) });
});
