// Clips kept from another page: the buttons come and go, the listener stays.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-place]');
  if (button) trigger('select', { place: button.dataset.place });
});
