// All pages of a visitor load again once everything was deleted on one of them, and say so.
const DELETED = 'seqdisent deleted';
const said = element.querySelector('.sd-deleted');
element.querySelector('.sd-delete').addEventListener('click', () => trigger('delete'));
new BroadcastChannel(DELETED).onmessage = () => {
  sessionStorage.setItem(DELETED, 'yes');
  location.reload();
};
if (sessionStorage.getItem(DELETED)) {
  sessionStorage.removeItem(DELETED);
  setTimeout(() => { // is read out only where it comes into a place that was there before
    said.textContent = 'Deleted: your clips, the results and all that was made of them.';
    said.scrollIntoView({ block: 'center' });
  }, 500);
}
