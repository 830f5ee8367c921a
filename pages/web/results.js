// A section of figures: a press on a row's name shows how the row was made, another shows the rows that are folded.
for (const button of element.querySelectorAll('.sd-behind, .sd-more')) {
  const folded = button.matches('.sd-more')
    ? button.closest('.sd-table').querySelector('tbody + tbody')
    : button.closest('tr').nextElementSibling;
  button.addEventListener('click', () => {
    folded.hidden = !folded.hidden;
    button.setAttribute('aria-expanded', String(!folded.hidden));
  });
}
