"""The page "Sample": new clips from what the model has learnt, of a person, of a movement, or of neither."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status
from pages.door import why_failed
from pages.events import AT_ONCE, BESIDE, BUSY, PRESSED, QUIET
from pages.line import place_in_line
from pages.player import Fetched, Show, fetched, fetcher, player
from pages.privacy import privacy, visitor
from pages.progress import progress
from pages.sample import endpoint as sample_endpoint
from pages.sample.draw import Made, Wanted, make, whole
from pages.sample.form import GO, Form, form, offered, readings_of
from pages.sample.own import own_face
from pages.sample.result import as_face, show_of, write_gif_of, write_zip_of
from pages.session import SESSIONS
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

_INTRO = """
<div class="sd sd-intro sd-awaits">
  <h1>Sample new clips</h1>
  <div class="sd-lede">
  <p>Keep a <span class="sd-who">person</span>, you for instance, and sample new <span class="sd-does">movements</span>;
  or, among 52 rendered people, keep a movement and sample new people, or sample both. The same seed gives the same
  clip: here, in a terminal and in Python.</p></div>
  <details class="sd-code"><summary>The same in Python</summary><code>\
from seqdisent_core.films import save_movements
from seqdisent_core.studio import Studio

studio = Studio.from_pretrained("wild")  # your own face
*_, face = studio.learn_face(studio.read_face("me.mp4"))
save_movements(face, "sampled", count=2, frames=30, temperature=1.0, seed=7)

studio = Studio.from_pretrained()  # the 52
person = studio.encode_face(studio.read_face("me.mp4"))
clips = studio.sample_dynamics(person.static, count=8, seed=7)</code></details>
</div>
"""
_WHOSE = [("My own, or any filmed face", "mine"), ("One of the 52 rendered people", "drawn")]
_STRANGERS = """
<p class="sd sd-hint-line">These modes use a model that knows 52 rendered people and nobody else: a filmed face comes
out as the nearest of them, who is a stranger. For new movements of your own face, choose it above.</p>
"""
_KNOWN = "This model knows 52 rendered people, so a filmed face is shown as the nearest it can make."
_FACE = {  # by mode, whose face will be seen
    "person": f"The new clips show the face in your clip. {_KNOWN}",
    "movement": "The new clips show faces that belong to nobody.",
    "both": "The new clips show faces that belong to nobody.",
    "between": f"The new clips begin with the face in the first clip. {_KNOWN}",
    "along": f"The new clips show the face in your clip. {_KNOWN}",
}
_LOOK_AT_SAID = "() => document.querySelector('#said').scrollIntoView({ block: 'nearest', behavior: 'smooth' })"
_GONE = "The clips were deleted after a while without use. Make them again: the same seed gives the same clips."


def layout(demo: gr.Blocks) -> None:
    """Lays the page out and binds its events; call it inside the Blocks context."""
    token = visitor(demo)
    gr.HTML(_INTRO, apply_default_css=False)
    gr.Radio(_WHOSE, value="mine", label="Whose face?", interactive=True, elem_id="sample-whose")
    own = own_face(demo, token)
    gr.HTML(_STRANGERS, apply_default_css=False, elem_id="sample-strangers")
    asked = form()
    go, work = asked.go, asked.work
    work.value = _hint(asked.mode.value, None, None)  # not by a load event, whose answer may come after a choice's
    stage = player(elem_id="samples")
    said = progress(elem_id="said")
    privacy(token)
    made = gr.State(None, time_to_live=limits().keep_seconds)  # list[Made] | None
    running = gr.State(None, time_to_live=limits().keep_seconds)  # True | None
    faces = [asked.first.face, asked.second.face]
    ready = [asked.mode, *faces]
    _bind_form(asked, running, token)
    waits = go.click(wait, None, [work, go, running], **PRESSED)
    pressed = waits.then(draw, [*asked.controls, *faces], [work, made, running], **BUSY)
    waits.then(place_in_line, None, work, **BESIDE)
    failed = pressed.failure(not_made, None, [work, running], **AT_ONCE)
    for ended in (pressed, failed):  # what `then` is bound to is not called after a failure
        ended.then(_button, ready, go, **AT_ONCE)
    made.change(show, made, [stage, said], **AT_ONCE)
    _bind_stage(stage, said, made, token)
    demo.load(offer, token, [own.kept, asked.first.kept, asked.second.kept], **AT_ONCE)
    sample_endpoint.bind()


def _bind_form(asked: Form, running: gr.State, token: gr.BrowserState) -> None:
    """What happens when a clip comes or leaves, or another mode is chosen."""
    ready = [asked.mode, asked.first.face, asked.second.face, running]
    shown = [asked.go, asked.work]
    asked.mode.change(_ready, ready, shown, **AT_ONCE)
    for place in (asked.first, asked.second):
        for event in readings_of(place, token, model.studio):
            event.failure(why_failed, None, place.seen, **AT_ONCE)
            event.then(_ready, ready, shown, **AT_ONCE)


def _bind_stage(stage: gr.HTML, said: gr.HTML, made: gr.State, token: gr.BrowserState) -> None:
    """What happens when a button under a clip, or the one for all clips, is pressed."""
    pressed = stage.ask(answer, [token, made], [fetcher(), said], **QUIET)
    pressed.failure(why_failed, None, said, **AT_ONCE)
    pressed.then(None, js=_LOOK_AT_SAID, **AT_ONCE)


def _missing(mode: str, first: "FaceClip | None", second: "FaceClip | None") -> str:
    if mode != "both" and first is None:
        return "Add a clip, or click an example."
    if mode == "between" and second is None:
        return "Add the second clip, or click an example."
    return ""


def _hint(mode: str, first: "FaceClip | None", second: "FaceClip | None") -> str:
    """What is missing, or whose face the clips will show."""
    return f'<p class="sd-hint-line">{_missing(mode, first, second) or _FACE[mode]}</p>'


def _ready(mode: str, first: "FaceClip | None", second: "FaceClip | None", running: bool | None) -> tuple[Any, Any]:
    """Whether one may press, and what is missing until then; what is under way goes on."""
    if running:
        return gr.skip(), gr.skip()
    return _button(mode, first, second), _hint(mode, first, second)


def _button(mode: str, first: "FaceClip | None", second: "FaceClip | None") -> gr.Button:
    return gr.Button(GO, interactive=not _missing(mode, first, second))


def offer(token: str) -> tuple[str, str, str]:
    """The visitor's clips of Swap, for all places."""
    buttons = offered(SESSIONS.clips(token))
    return buttons, buttons, buttons


def wait() -> tuple[str, gr.Button, bool]:
    """What is seen until those who pressed before are served: clips are under way from now on."""
    return status.waiting(), gr.Button("Making …", interactive=False), True


# Gradio looks the hints of the following up to find the event, so they may not name what is imported for types alone.
def draw(
    mode: str,
    factor: Any,
    static: str | None,
    dynamics: str | None,
    count: Any,
    frames: Any,
    temperature: float,
    seed: Any,
    first: Any,
    second: Any,
) -> Iterator[tuple[Any, Any, Any]]:
    """Makes what was asked for, saying how far it is; what was made before stays until then."""
    yield status.stages(("Making the clips",), 0), gr.skip(), gr.skip()
    try:
        direction = (static if factor == "static" else dynamics) or ""
        wanted = Wanted(
            mode, whole("clips", count), whole("frames", frames), temperature, whole("seed", seed), factor, direction
        )
        job = status.Job(lambda report: make(wanted, first, second, report))
        for fraction in job:
            yield status.stages(("Making the clips",), 0, fraction or None), gr.skip(), gr.skip()
        yield status.ready("The clips are ready below."), job.result, None
    except SeqdisentError as error:
        yield status.problem(str(error)), gr.skip(), None


def not_made(request: gr.Request) -> tuple[str, None]:
    """What is said where no clips came of it."""
    return why_failed(request), None


def show(made: list[Made]) -> Iterator[tuple[Show, str]]:
    """Puts what was made on the stage."""
    with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
        yield show_of(made, Path(folder)), ""


def answer(token: str, made: list[Made] | None, event: gr.EventData) -> Iterator[tuple[Fetched | None, str]]:
    """Does what a button under a clip asks for: a GIF, all films in one file, or a place in Swap."""
    if made is None or not -1 <= event.clip < len(made):
        yield None, status.problem(_GONE)
        return
    with TemporaryDirectory() as folder:
        try:
            if event.name in ("first", "second"):
                SESSIONS.keep(token, event.name, as_face(made[event.clip], event.clip))
                yield None, _sent(made[event.clip].sample.name, event.name)
            else:
                yield None, status.stages(("Writing the file",), 0)
                zipped = event.name == "zip"
                path = (
                    write_zip_of(made, Path(folder))
                    if zipped
                    else write_gif_of(made[event.clip], event.clip, Path(folder))
                )
                yield fetched(path), ""
        except SeqdisentError as error:
            yield None, status.problem(str(error))


def _sent(name: str, place: str) -> str:
    return (
        f'<p class="sd-sent"><strong>{name.capitalize()}</strong> stands ready in Swap as the {place} clip. '
        '<a class="sd-button sd-small" href="./">Open Swap</a></p>'
    )
