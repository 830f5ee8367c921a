// A file that was made on demand: saved as soon as it is there.
watch('value', () => {
  if (!props.value) return;
  const link = document.createElement('a');
  link.href = props.value.file.url;
  link.download = props.value.file.orig_name;
  link.click();
});
