// Elements by their tag, class and text, and words in the colours of the two factors.
function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function words(place, parts) {
  for (const { text, hue } of parts) place.append(make('span', hue ? `sd-${hue}` : '', text));
  return place;
}

