"""The page "Swap": two clips of faces in; each person doing what the other did, out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.data_classes import FileData

from pages import model, status, swap_endpoint
from pages.clip_input import clip_input, found, found_face
from pages.player import player, shown_file
from pages.session import KEEP_SECONDS, SESSIONS, browser_token, token_of
from pages.swap_result import NAMES, write_show
from seqdisent_core.assets import asset
from seqdisent_core.errors import SeqdisentError

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

STAGES = ("Reading the faces", "Swapping", "Writing the films")

_INTRO = """
<div class="sd sd-intro">
  <h1>Who a face is,<br>and what it does</h1>
  <div class="sd-lede"><h2>What am I looking at?</h2>
  <p>Every video of a face holds two things: <span class="sd-who">who it is</span>, which stays, and
  <span class="sd-does">what it does</span>, which changes from frame to frame. A small network pulls the two apart by
  subtracting one frame from all the others, so that what stays cancels out. Give it two clips, and it puts them
  together the other way round: each person does what the other one did.</p></div>
  <code class="sd-code" tabindex="0" role="region" aria-label="The same in Python">studio = Studio.from_pretrained(); \
swap = studio.swap(studio.read_face("first.mp4"), studio.read_face("second.mp4"))</code>
</div>
"""
_PROGRESS = '<div class="sd sd-progress" aria-live="polite">${value}</div>'
_LOOK_AT_PROGRESS = (
    "() => document.querySelector('.sd-progress').scrollIntoView({ block: 'center', behavior: 'smooth' })"
)
_PRIVACY = (
    '<p class="sd sd-hint-line">Use clips of people who agree to it. Your clips and the results '
    "are deleted from the server within an hour of their last use, and nothing is sent anywhere else.</p>"
)


@dataclass(frozen=True)
class _Half:
    """One of the two places for a clip, and what is known of the clip in it."""

    name: str
    drop: gr.HTML
    seen: gr.HTML
    face: gr.State  # FaceClip | None
    job: gr.State  # status.Job | None: the reading that is under way


def layout(demo: gr.Blocks) -> None:
    """Lays the page out and binds its events; call it inside the Blocks context."""
    token = browser_token()
    gr.HTML(_INTRO, apply_default_css=False)
    with gr.Row(equal_height=False):
        first, second = (_half(name, at) for at, name in enumerate(NAMES))
    go = gr.Button("Swap", variant="primary", interactive=False, elem_classes="sd-go", elem_id="swap")
    progress = gr.HTML(_hint(None, None), html_template=_PROGRESS, apply_default_css=False)
    stage = player(elem_id="results")
    gr.HTML(_PRIVACY, apply_default_css=False)
    for half in (first, second):
        _bind(half, first, second, go, progress, token)
    faces = [first.face, second.face]
    at_once: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    go.click(None, js=_LOOK_AT_PROGRESS)
    pressed = go.click(
        swap_faces,
        faces,
        [progress, stage, go],
        concurrency_id=model.QUEUE,
        concurrency_limit=1,
        show_progress="hidden",
        api_visibility="private",
    )
    pressed.failure(lambda: status.problem(status.OUR_FAULT), None, progress, **at_once)
    pressed.then(_button, faces, go, **at_once)
    shown = [part for half in (first, second) for part in (half.drop, half.seen, half.face)]
    demo.load(restore, token, [token, *shown], **at_once).then(_ready, faces, [go, progress], **at_once)
    swap_endpoint.bind()


def _half(name: str, at: int) -> _Half:
    """Examples alternate by person between the two places, so that one click on each side gives two persons."""
    examples = sorted(asset("examples").glob("*.mp4"))
    people = sorted({path.stem.rpartition("_")[0] for path in examples})
    mine = [path for path in examples if people.index(path.stem.rpartition("_")[0]) % 2 == at]
    with (
        gr.Column(min_width=320),
        clip_input(f"{name.capitalize()} clip", examples=mine, elem_id=f"{name}-clip") as drop,
    ):
        seen = found_face(elem_id=f"{name}-face")
    face = gr.State(None, time_to_live=KEEP_SECONDS)
    return _Half(name, drop, seen, face, gr.State(None, time_to_live=KEEP_SECONDS, delete_callback=_stop))


def _bind(half: _Half, first: _Half, second: _Half, go: gr.Button, progress: gr.HTML, token: gr.BrowserState) -> None:
    """What happens when a clip comes into one place, leaves it, or another of its faces is chosen."""
    known = [half.face, half.job]
    # "multiple": a clip that comes while another is read is not ignored; the reading of the other is stopped then.
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}
    at_once: dict[str, Any] = {**quiet, "queue": False}
    reading: dict[str, Any] = {**quiet, "concurrency_id": "faces", "concurrency_limit": 2}
    for event in (
        half.drop.upload(read_upload, [half.drop, *known], [half.seen, *known], **reading),
        half.drop.example(read_example, known, [half.seen, *known], **reading),
        half.seen.select(read_other, known, [half.seen, *known], **reading),
        half.drop.clear(forget, half.job, [half.seen, *known], **at_once),
    ):
        event.failure(lambda: status.problem(status.OUR_FAULT), None, half.seen, **at_once)
        event.then(_ready, [first.face, second.face], [go, progress], **at_once)
        event.then(partial(_keep, half.name), [token, half.face], None, **at_once)


def _keep(place: str, token: str, face: "FaceClip | None") -> None:
    """So that the clip is at hand on other pages, and here after them."""
    SESSIONS.keep(token, place, face)


def restore(token: str) -> tuple[Any, ...]:
    """A visitor's clips, where some are kept: those that stood here before, and those that the page Sample sent."""
    token = token_of(token)
    clips = SESSIONS.clips(token)
    shown: list[Any] = []
    for place in NAMES:
        clip = clips.get(place)
        # Never a skip for the first, which takes files: Gradio would make a new component of it.
        shown += [None, gr.skip(), gr.skip()] if clip is None else [shown_file(clip.source), found(clip, -1), clip]
    return (token, *shown)


def _hint(first: "FaceClip | None", second: "FaceClip | None") -> str:
    missing = [name for name, clip in zip(NAMES, (first, second), strict=True) if clip is None]
    words = f"Add the {' and the '.join(missing)} clip, or click an example." if missing else "Both faces are there."
    return f'<p class="sd-hint-line">{words}</p>'


def _ready(first: "FaceClip | None", second: "FaceClip | None") -> tuple[gr.Button, str]:
    """Whether one may press, and what is missing until then."""
    return _button(first, second), _hint(first, second)


def _button(first: "FaceClip | None", second: "FaceClip | None") -> gr.Button:
    return gr.Button("Swap", interactive=first is not None and second is not None)


# Gradio looks the hints of the following up to find the event, so they may not name what is imported for types alone.
Reading = Iterator[tuple[Any, Any, Any]]  # HTML for the found face; FaceClip | None; Job | None


def read_upload(file: FileData | None, clip: Any, running: status.Job | None) -> Reading:
    """Reads the face of an uploaded file, saying how far it is; ends with the face or with what is wrong."""
    if file is not None:
        yield from _read(Path(file.path), 0, running)


def read_example(clip: Any, running: status.Job | None, event: gr.EventData) -> Reading:
    """Reads the face of the example that was clicked."""
    examples = {path.name: path for path in asset("examples").glob("*.mp4")}
    if event.name in examples:
        yield from _read(examples[event.name], 0, running)


def read_other(clip: Any, running: status.Job | None, event: gr.EventData) -> Reading:
    """Reads another face of the clip that is there; that one stays where the other cannot be used."""
    if clip is not None and isinstance(event.face, int):
        yield from _read(clip.source, event.face, running, instead=clip)


def forget(running: status.Job | None) -> tuple[str, None, None]:
    """The clip was taken away, or another is on its way."""
    _stop(running)
    return "", None, None


def _stop(running: status.Job | None) -> None:
    if running is not None:
        running.stop()


def _read(path: Path, face: int, running: status.Job | None, instead: "FaceClip | None" = None) -> Reading:
    _stop(running)
    job = status.Job(lambda report: model.studio().read_face(path, face=face, progress=report))
    for fraction in job:
        yield _reading(fraction), gr.skip(), job
    if job.stopped:
        return
    try:
        yield found(job.result, face), job.result, None
    except SeqdisentError as error:
        yield status.problem(str(error)) + (found(instead) if instead else ""), instead, None


def _reading(fraction: float) -> str:
    """Until the first news, loading the model included, nobody knows how far it is."""
    return f'<div class="sd-reading"><span>Looking for the face …</span>{status.bar(fraction or None)}</div>'


def swap_faces(first: "FaceClip | None", second: "FaceClip | None") -> Iterator[tuple[Any, Any, Any]]:
    """Swaps the two faces that were read, stage by stage, and shows the four clips."""
    if first is None or second is None or not (first.source.exists() and second.source.exists()):
        yield status.problem("The clips were deleted after a while without use. Choose them again."), None, gr.skip()
        return
    yield status.stages(STAGES, 1), None, gr.Button("Swapping …", interactive=False)
    try:
        swapped = model.swap(first, second)
        yield status.stages(STAGES, 2), None, gr.skip()
        with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
            yield "", write_show(swapped, first, second, Path(folder)), gr.skip()
    except SeqdisentError as error:
        yield status.problem(str(error)), None, gr.skip()
