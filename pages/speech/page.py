"""The page "Speech": two recordings in; each voice with the other's words out, spectrograms and a map of speakers."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status
from pages.chart_section import as_value, chart_section
from pages.clip_input import RECORDING, clip_input
from pages.door import why_failed
from pages.events import AT_ONCE, BUSY, LAST
from pages.plotting import plotly_script
from pages.privacy import privacy, visitor
from pages.progress import progress, spoken
from pages.speech import endpoint
from pages.speech.stage import Heard, stage
from seqdisent_core.assets import asset
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.voices import Recording

VOICES = (  # of the recordings that ship
    *("Woman 0120", "Woman 0157", "Woman 0567", "Woman 0736"),
    *("Man 1039", "Man 1135", "Man 1420", "Man 2917"),
)
FIRST, SECOND = VOICES[0], VOICES[4]
OWN = "My recording"
_INTRO = """
<div class="sd sd-intro sd-awaits">
  <h1>Speech:<br>swap two voices</h1>
  <div class="sd-lede">
  <p>A recording is cut into pieces of 200 ms. Their <span class="sd-who">static code</span> holds what stays: who
  speaks. Their <span class="sd-does">dynamics</span> hold what happens: what is said. A swap decodes the dynamics of
  one recording with the static code of the other. The model was trained on 48 speakers, and on none of the
  voices below. It is a first step: words and melody stay, the sound of the voice changes in part.</p></div>
  <details class="sd-code"><summary>The same in Python</summary><code>\
from seqdisent_core.voices import Voices

voices = Voices.from_pretrained()
first, second = voices.read("a.wav"), voices.read("b.wav")
swap = voices.swap(first, second)</code></details>
</div>
"""
_CREDIT = """
<p class="sd sd-quiet">Recordings: speechocean762, Zhang et al., Interspeech 2021, free for commercial and
non-commercial use. Swaps sound rough: the model is small, and their phase is estimated (Griffin-Lim).</p>
"""
_PRIVACY = (
    "Use recordings of people who agree to it. Your recordings and the results are deleted when you close the page, "
    "and within an hour of their last use; nothing is sent anywhere. Every swap is marked as synthetic inside the file."
)
_STAGES = ("Swapping the voices",)
_NEWEST = BUSY | LAST


def layout(demo: gr.Blocks) -> None:
    """Lays the page out and binds its events; call it inside the Blocks context."""
    gr.HTML(_INTRO, apply_default_css=False)
    try:
        asset("checkpoints/speech"), asset("speech")
    except SeqdisentError as error:
        gr.HTML(f'<div class="sd">{status.problem(str(error))}</div>', apply_default_css=False)
        return
    gr.set_static_paths([plotly_script()])
    token = visitor(demo)
    with gr.Row(elem_classes="sd-form", equal_height=True):
        chosen, drops, heards, owns = zip(*map(_place, ("First", "Second"), (FIRST, SECOND)), strict=True)
    work = progress()
    swaps = stage("swaps")
    places = chart_section(
        "Speakers by static code",
        "A dot is one of the corpus's 60 speakers, in the two directions in which their static codes differ most. The "
        "star is the first recording, the diamond the second; the outlined ones are the swaps, read again: a swap that "
        "took over the voice lies near the recording of that voice.",
        "speaker-map",
    )
    privacy(token, _PRIVACY)
    endpoint.bind()
    gr.HTML(_CREDIT, apply_default_css=False)
    given, shown = [*chosen, *owns], [work, swaps, places]

    def swapping(event: Any) -> None:
        waiting = event(lambda: status.stages(_STAGES, 0), None, work, **AT_ONCE)
        made = waiting.then(show, given, shown, **_NEWEST)
        made.failure(why_failed, None, work, **AT_ONCE)

    for event in (demo.load, *(one.input for one in chosen)):
        swapping(event)
    for voice, drop, heard, own, example in zip(chosen, drops, heards, owns, (FIRST, SECOND), strict=True):
        for brought in (drop.upload, drop.remove):
            read = brought(partial(read_own, example), drop, [own, voice, heard], **_NEWEST)
            read.failure(why_failed, None, heard, **AT_ONCE)
            swapping(read.success)


def _place(name: str, example: str) -> tuple[gr.Dropdown, gr.HTML, gr.HTML, gr.State]:
    """A place for one recording: a file, the microphone or an example."""
    with (
        gr.Column(min_width=320),
        clip_input(f"{name} recording", kind=RECORDING, elem_id=f"{name.lower()}-recording") as drop,
    ):
        heard = spoken(elem_id=f"{name.lower()}-heard")
        voice = gr.Dropdown(list(VOICES), value=example, label=f"{name} voice: one of these, or your own")
    return voice, drop, heard, gr.State(None, time_to_live=limits().keep_seconds)


def read_own(example: str, file: Any) -> "tuple[Recording | None, Any, str]":
    """A visitor's recording (FileData), offered beside those that ship, or what is wrong; without one, the example."""
    if file is None:
        return None, gr.Dropdown(list(VOICES), value=example), ""
    try:
        recording = model.voices().read(Path(file.path))
    except SeqdisentError as error:
        return None, gr.Dropdown(list(VOICES), value=example), status.problem(str(error))
    return recording, gr.Dropdown([OWN, *VOICES], value=OWN), ""


def show(
    first: str, second: str, first_own: "Recording | None", second_own: "Recording | None"
) -> Iterator[tuple[str, Heard | None, str | None]]:
    """Both recordings and their swaps, and where all four lie; or why there is none. Until then, that it is made.

    Nothing of an earlier swap stays meanwhile: only None keeps the place's files known (see `player.player`).
    """
    from pages.speech.result import heard, speaker_map
    from seqdisent_core.voices import Recording, VoiceSwap

    voices = model.voices()
    given, titles = [], []
    for name, own in ((first, first_own), (second, second_own)):
        if name != OWN:
            recording, words = model.shipped_voices()[name]
            given.append(recording)
            titles.append(f"{name}, “{words}”")
        elif own is None:
            yield status.problem("Your recording was deleted after a while without use. Add it again."), None, None
            return
        else:
            given.append(own)
            titles.append(own.name)

    def make(report: status.Report) -> tuple[VoiceSwap, list[tuple[float, float]]]:
        swap = voices.swap(*given, progress=report)
        made = [Recording(samples, "swap") for samples in swap]  # the first voice, the second
        places = []
        for recording in (*given, *made):
            report(1.0)
            places.append(voices.place(recording))
        return swap, places

    swap, places = yield from status.meanwhile(make, (status.stages(_STAGES, 0), None, None))
    chart = as_value([speaker_map(voices.known, places)])
    with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
        yield "", heard(given, titles, swap, Path(folder)), chart
