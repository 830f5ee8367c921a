// A press asks for all figures as a file.
for (const button of element.querySelectorAll('button')) {
  button.addEventListener('click', () => trigger('take', { name: button.dataset.name }));
}
