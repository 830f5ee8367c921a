// --- Legend and colours

function legend() {
  const names = { person: points.short, expression: points.expressions,
    recording: [...Array(Math.max(...points.recording) + 1).keys()].map((at) => `recording ${at + 1}`) }[colouring];
  one('.sd-map-legend').dataset.by = colouring;
  one('.sd-map-legend').replaceChildren(...names.map((name, of) => {
    const chip = make('button', 'sd-map-chip');
    const glyph = make('span', '', look(of).glyph);
    glyph.style.color = look(of).hue;
    glyph.setAttribute('aria-hidden', 'true');
    chip.type = 'button';
    chip.append(glyph, name);
    if (colouring === 'person') chip.setAttribute('aria-label', points.persons[of]);
    chip.setAttribute('aria-pressed', String(of === alone));
    chip.addEventListener('click', () => {
      alone = alone === of ? null : of;
      all('.sd-map-chip').forEach((other, at) => other.setAttribute('aria-pressed', String(at === alone)));
      recolour();
    });
    return chip;
  }));
}

for (const radio of all('.sd-map-colour input')) {
  radio.addEventListener('change', () => {
    colouring = radio.value;
    alone = null;
    legend();
    recolour();
  });
}

// --- Time: the dots of the dynamics map glide to where the slider is

const slider = one('.sd-map-slider');
let gliding = false;
let before = 0;

function tell() {
  const at = Math.round(target);
  slider.value = at;
  const words = `frame ${at + 1} of ${last + 1}${at === points.apex ? ', the apex' : ''}`;
  one('.sd-map-now').textContent = words;
  slider.setAttribute('aria-valuetext', words);
}

async function glide(now) {
  const passed = Math.min((now - before) / 1000, 0.1);
  before = now;
  if (running) {
    target = time = (time + RUN * passed) % last;
    tell();
  } else {
    const step = passed * Math.max(GLIDE, 4 * Math.abs(target - time));
    time = Math.abs(target - time) <= step || still ? target : time + Math.sign(target - time) * step;
  }
  const map = maps[1];
  const there = !running && time === target;
  if (there && map.drawn) await land(map);
  else fly(map);
  if (cursor !== null && one('.sd-map-card').parentElement === map.field) pointAt(map, cursor);
  else mark(map);
  gliding = element.isConnected && (running || time !== target || !there);
  if (gliding) requestAnimationFrame(glide);
}

function go() {
  tell();
  if (gliding) return;
  gliding = true;
  before = performance.now();
  requestAnimationFrame(glide);
}

function run(on) {
  running = on;
  one('.sd-map-run').setAttribute('aria-pressed', String(on));
  one('.sd-map-run').textContent = on ? 'Pause' : 'Play';
  if (!on) target = Math.round(time);
  go();
}

slider.max = last;
slider.addEventListener('input', () => {
  const wanted = Number(slider.value);
  if (running) run(false);
  target = wanted;
  go();
});
one('.sd-map-run').addEventListener('click', () => run(!running));

// --- The start

all('.sd-map-words').forEach((place, at) => { place.textContent = points.words[at]; });
one('.sd-map-caution').textContent = points.caution;
legend();
tell();
showPicks();
watch('value', () => {
  own = props.value ? JSON.parse(props.value) : null;
  markAll();
});

whenThemeTurns(() => {
  LOOKS = themed();
  legend();
  recolour();
});

maps.forEach(fly);
fetchPlotly(points.plotly).then(async () => {
  const kind = kindOfDots();
  for (const map of maps) await draw(map, kind);
  // The moving pictures, while nothing else is to do: so that the first dot pointed at moves at once.
  const idle = window.requestIdleCallback || ((work) => setTimeout(work, 50));
  const waiting = [...points.sheets];
  const next = () => {
    if (!waiting.length || !element.isConnected) return;
    const picture = new Image();
    picture.onload = picture.onerror = () => idle(next);
    picture.src = waiting.shift();
  };
  idle(next);
}, () => {
  for (const place of all('.sd-map-wait')) place.textContent = 'The map could not be drawn. Load the page again.';
});
