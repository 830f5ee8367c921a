"""The page "Swap": two clips of faces in; each person doing what the other did, out."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status
from pages.belongings import BELONGINGS
from pages.clip_input import clip_input, found_face
from pages.door import why_failed
from pages.face_reading import FaceReader
from pages.face_reading import stop as stop_reading
from pages.player import fetcher, player, shown_file
from pages.privacy import privacy
from pages.session import SESSIONS, browser_token, token_of
from pages.swap import endpoint as swap_endpoint
from pages.swap import making as swap_making
from pages.swap.result import NAMES
from seqdisent_core.assets import asset
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

_INTRO = """
<div class="sd sd-intro">
  <h1>Who a face is,<br>and what it does</h1>
  <div class="sd-lede"><h2>What am I looking at?</h2>
  <p>Every video of a face holds two things: <span class="sd-who">who it is</span>, which stays the same and is called
  its <b>static</b> part, and <span class="sd-does">what it does</span>, which changes from frame to frame and is called
  its <b>dynamics</b>. A neural network has learnt to pull the two apart: it subtracts one frame from all the others, so
  that what stays cancels out. Give it two clips, and it puts the parts together the other way round: each person does
  what the other one did. One of the two may be a photograph: it can be moved, but it has no movement to
  give.</p></div>
  <details class="sd-code"><summary>The same in Python</summary><code>studio = Studio.from_pretrained("wild")
faces = map(studio.read_face, ("first.mp4", "second.mp4"))
*_, pair = studio.personalise(*faces)
swap = pair.swap()</code></details>
</div>
"""
_PROGRESS = '<div class="sd sd-progress" aria-live="polite">${value}</div>'
_LOOK_AT_PROGRESS = (
    "() => document.querySelector('.sd-progress').scrollIntoView({ block: 'center', behavior: 'smooth' })"
)
_PRIVACY = (
    "Use clips of people who agree to be shown like this. Your clips, the results and the model that was tuned to them "
    "are deleted when you close the page, and within an hour of their last use; nothing is sent anywhere else. "
    "Every result is marked as synthetic, in the picture and inside the file."
)
_READER = FaceReader(model.film_studio, anchors=True)


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
    privacy(token, _PRIVACY)
    tune, strength, pixels, play, transfer = _wishes()
    wish = [strength, pixels, play, transfer]
    go = gr.Button("Swap", variant="primary", interactive=False, elem_classes="sd-go", elem_id="swap")
    progress = gr.HTML(_hint(None, None), html_template=_PROGRESS, apply_default_css=False)
    enough = gr.Button(visible=False, elem_classes="sd-enough", elem_id="enough")
    stage = player(elem_id="results")
    swapped, running = (gr.State(None, time_to_live=limits().keep_seconds) for _ in range(2))
    for half in (first, second):
        _bind(half, [first.face, second.face, running], [go, progress], token)
    faces = [first.face, second.face]
    at_once: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    busy: dict[str, Any] = {
        "concurrency_id": model.QUEUE,
        "concurrency_limit": 1,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    go.click(None, js=_LOOK_AT_PROGRESS)
    pressed = go.click(swap_making.wait, None, [progress, go, running], **at_once).then(
        swap_making.swap_faces, [*faces, tune, *wish], [progress, stage, go, enough, swapped, running], **busy
    )
    failed = pressed.failure(swap_making.failed, None, [progress, enough, running], **at_once)
    for ended in (pressed, failed):  # what `then` is bound to is not called after a failure
        ended.then(_button, faces, go, **at_once)
    enough.click(swap_making.stop, running, enough, **at_once)
    last: dict[str, Any] = {"trigger_mode": "always_last"}
    for changed in (strength.input, pixels.input, play.input, transfer.input):
        made = changed(swap_making.wait_again, [swapped, running], progress, **at_once, **last).then(
            swap_making.again, [swapped, *wish], [progress, stage], **busy, **last
        )
        made.failure(why_failed, None, progress, **at_once)
    stage.ask(None, js=_LOOK_AT_PROGRESS)
    stage.ask(status.waiting, None, progress, trigger_mode="multiple", **at_once)
    asked = stage.ask(swap_making.answer, [swapped, *wish], [fetcher(), progress], trigger_mode="multiple", **busy)
    asked.failure(why_failed, None, progress, **at_once)
    shown = [part for half in (first, second) for part in (half.drop, half.seen, half.face)]
    demo.load(restore, token, [token, *shown], **at_once).then(_ready, [*faces, running], [go, progress], **at_once)
    swap_endpoint.bind()


def _wishes() -> tuple[gr.Checkbox, gr.Slider, gr.Radio, gr.Radio, gr.Radio]:
    """Whether to tune, and how the films shall be; the latter may be changed once they are there."""
    with gr.Row(elem_classes="sd-wishes", equal_height=False):
        tune = gr.Checkbox(
            True,
            label="Tune to the two people",
            info="So that they look like themselves: 20 seconds on two cores, or until you stop it.",
            elem_id="tune",
        )
        strength = gr.Slider(
            0,
            1.5,
            1.0,
            step=0.1,
            label="Strength",
            info="0: at rest. 1: as filmed.",
            elem_id="strength",
        )
        pixels = gr.Radio(
            [("Sharp: the film's own, moved", "film"), ("Soft: the model's own", "model")],
            value="film",
            label="Pixels",
            elem_id="pixels",
        )
        play = gr.Radio(
            [("Once", "once"), ("Three times", "loop"), ("There and back", "boomerang")],
            value="once",
            label="Play",
            elem_id="play",
        )
        transfer = gr.Radio(
            [("Expression and head", "all"), ("Expression only", "expression"), ("Head only", "head")],
            value="all",
            label="Transfer",
            elem_id="transfer",
        )
    return tune, strength, pixels, play, transfer


def _half(name: str, at: int) -> _Half:
    """Examples alternate by person between the two places, so that one click on each side gives two persons."""
    examples = sorted(asset("examples").glob("*.mp4"))
    people = sorted({path.stem.rpartition("_")[0] for path in examples})
    mine = [path for path in examples if people.index(path.stem.rpartition("_")[0]) % 2 == at]
    with (
        gr.Column(min_width=320),
        clip_input(f"{name.capitalize()} clip", examples=mine, photographs=True, elem_id=f"{name}-clip") as drop,
    ):
        seen = found_face(elem_id=f"{name}-face")
    face = gr.State(None, time_to_live=limits().keep_seconds)
    job = gr.State(None, time_to_live=limits().keep_seconds, delete_callback=stop_reading)
    return _Half(name, drop, seen, face, job)


def _bind(half: _Half, known: list[gr.State], shown: list[Any], token: gr.BrowserState) -> None:
    """What happens when a clip comes into one place, leaves it, or another of its faces or frames is chosen."""
    at_once: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
        "trigger_mode": "multiple",
    }
    for event in _READER.events(half.drop, half.seen, half.face, half.job):
        event.failure(why_failed, None, half.seen, **at_once)
        event.then(_ready, known, shown, **at_once)
        event.then(partial(_keep, half.name), [token, half.face], None, **at_once)


def _keep(place: str, token: str, face: "FaceClip | None") -> None:
    """So that the clip is at hand on other pages, and here after them."""
    SESSIONS.keep(token, place, face)


def restore(token: str, request: gr.Request) -> tuple[Any, ...]:
    """A visitor's clips, where some are kept: those that stood here before, and those that the page Sample sent."""
    token = token_of(token)
    BELONGINGS.opened(token, str(request.session_hash))
    clips = SESSIONS.clips(token)
    shown: list[Any] = []
    for place in NAMES:
        clip = clips.get(place)
        # Never a skip for the first, which takes files: Gradio would make a new component of it.
        if clip is None or not clip.source.exists():
            shown += [None, gr.skip(), gr.skip()]
        else:
            shown += [shown_file(clip.source), _READER.shown(clip), clip]
    return (token, *shown)


def _hint(first: "FaceClip | None", second: "FaceClip | None") -> str:
    missing = [name for name, clip in zip(NAMES, (first, second), strict=True) if clip is None]
    problem = _problem(first, second)
    if problem:
        return status.problem(problem)
    words = f"Add the {' and the '.join(missing)} clip, or click an example." if missing else "Both faces are there."
    if not missing and any(clip.still for clip in (first, second) if clip):
        words += " The person in the photograph will do what the film shows."
    return f'<p class="sd-hint-line">{words}</p>'


def _problem(first: "FaceClip | None", second: "FaceClip | None") -> str:
    """Why two clips that are there give no film; empty where they do, or one is missing."""
    if first is None or second is None:
        return ""
    from seqdisent_core.reenactment import results

    try:
        results(first, second)
    except SeqdisentError as error:
        return str(error)
    return ""


def _ready(first: "FaceClip | None", second: "FaceClip | None", running: Any) -> tuple[Any, Any]:
    """Whether one may press, and what is missing until then; a swap that is under way goes on."""
    if running is not None:
        return gr.skip(), gr.skip()
    return _button(first, second), _hint(first, second)


def _button(first: "FaceClip | None", second: "FaceClip | None") -> gr.Button:
    ready = first is not None and second is not None and not _problem(first, second)
    return gr.Button("Swap", interactive=ready)
