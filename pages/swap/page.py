"""The page "Swap": two clips of faces in; each person doing what the other did, out."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status
from pages.clip_input import clip_input, found_face
from pages.door import why_failed
from pages.events import AT_ONCE, BESIDE, BUSY, LAST, PRESSED, TUNES
from pages.face_reading import FaceReader, Latest, latest
from pages.line import place_in_line
from pages.links import how_long
from pages.player import KEPT, fetcher, player, shown_file
from pages.privacy import privacy, visitor
from pages.progress import progress
from pages.session import SESSIONS
from pages.swap import endpoint as swap_endpoint
from pages.swap import making as swap_making
from pages.swap.hero import hero, people, python_code, read_people
from pages.swap.making import learn_words
from pages.swap.options import Options, options
from pages.swap.result import NAMES
from seqdisent_core.assets import asset
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

_HINT = '<div class="sd sd-hint-line" role="status">${value}</div>'
_PAUSE = '<label class="sd sd-quiet"><input type="checkbox"> Pause the previews</label>'
# What is under way takes the window from the row of the button down: nothing below it moves when the result comes.
_LOOK = """() => {
    document.getElementById('outcome').classList.add('sd-open');
    document.getElementById('act').scrollIntoView({ block: 'start', behavior: 'smooth' });
}"""
_PRIVACY = (
    "Use clips of people who agree to be shown like this. Your clips, the results and the model that was tuned to them "
    "are deleted when you close the page, and within an hour of their last use; nothing is sent anywhere else. A film "
    f"that you make a link to is kept for {how_long()}, and whoever has the link can watch it. "
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
    last: gr.State  # Latest: what came last


@dataclass(frozen=True)
class _Page:
    """Everything that events take or give."""

    token: gr.BrowserState
    halves: tuple[_Half, _Half]
    go: gr.Button
    tune: gr.Checkbox
    learn: gr.Button
    hint: gr.HTML
    options: Options
    stage: gr.HTML
    work: gr.HTML
    enough: gr.Button
    preview: gr.HTML
    swapped: gr.State  # Swapped | None
    running: gr.State  # Event | None: set once the visitor has seen enough of a swap that is under way
    anew: gr.State  # Latest: the films that are made anew, as they are wished now

    @property
    def faces(self) -> list[Any]:
        return [half.face for half in self.halves]

    @property
    def known(self) -> list[Any]:
        """What `_ready` takes."""
        return [*self.faces, self.swapped, self.running]

    @property
    def readied(self) -> list[Any]:
        """What `_ready` gives."""
        return [self.go, self.tune, self.hint, self.stage, *self.options.limited]


def layout(demo: gr.Blocks) -> None:
    """Lays the page out and binds its events; call it inside the Blocks context."""
    demo.temp_file_sets.append(KEPT)
    token = visitor(demo)
    start = hero()
    with gr.Row(equal_height=True, elem_id="clips"):
        first, second = (_half(name, at) for at, name in enumerate(NAMES))
    with gr.Row(elem_id="act"):
        go = gr.Button("Swap", variant="primary", interactive=False, elem_classes="sd-go", elem_id="swap")
        tune = gr.Checkbox(True, label=learn_words(), elem_id="tune", min_width=200)
        hint = gr.HTML(_hint(None, None), html_template=_HINT, apply_default_css=False, elem_id="hint")
    asked = options()
    with gr.Column(elem_id="outcome"):
        with gr.Row(elem_id="waiting"):
            work = progress(elem_id="work")
            enough = gr.Button(visible=False, elem_classes="sd-round", elem_id="enough")
            learn = gr.Button(visible=False, elem_classes="sd-round", elem_id="learn")
        gr.HTML(_PAUSE, apply_default_css=False, elem_id="hold")
        preview = gr.HTML("", apply_default_css=False, elem_id="preview", elem_classes="sd")
        stage = player(elem_id="results")
    privacy(token, _PRIVACY)
    python_code()
    swapped, running = (gr.State(None, time_to_live=limits().keep_seconds) for _ in range(2))
    halves, anew = (first, second), latest()
    page = _Page(token, halves, go, tune, learn, hint, asked, stage, work, enough, preview, swapped, running, anew)
    for half in page.halves:
        _bind_half(page, half)
    _bind_swaps(page, start)
    _bind_result(page)
    _bind_load(page, demo)
    swap_endpoint.bind()


def _half(name: str, at: int) -> _Half:
    """Examples alternate by person between the two places, so that one click on each side gives two persons."""
    examples = sorted(asset("examples").glob("*.mp4"))
    persons = sorted({path.stem.rpartition("_")[0] for path in examples})
    mine = [path for path in examples if persons.index(path.stem.rpartition("_")[0]) % 2 == at]
    with (
        gr.Column(min_width=320),
        clip_input(f"{name.capitalize()} clip", examples=mine, photographs=True, elem_id=f"{name}-clip") as drop,
    ):
        seen = found_face(elem_id=f"{name}-face")
    return _Half(name, drop, seen, gr.State(None, time_to_live=limits().keep_seconds), latest())


def _bind_half(page: _Page, half: _Half) -> None:
    """What happens when a clip comes into one place, leaves it, or another of its faces or frames is chosen."""
    for event in _READER.events(half.drop, half.seen, half.face, half.last):
        event.failure(why_failed, None, half.seen, **AT_ONCE)
        event.then(_ready, page.known, page.readied, **AT_ONCE)
        event.then(partial(_keep, half.name), [page.token, half.face], None, **AT_ONCE)


def _bind_swaps(page: _Page, start: gr.HTML) -> None:
    """The three ways to a swap: its button, the one that learns the two faces, and the two example people."""
    makes = [page.work, page.preview, page.stage, page.enough, page.learn, page.swapped, page.running]
    ways = ((page.go.click, page.tune), (page.learn.click, gr.State(True)), (start.start, gr.State(False)))
    for number, (begins, learns) in enumerate(ways):
        tries = number == len(ways) - 1
        busy = BUSY if tries else TUNES
        begins(None, js=_LOOK)
        waits = [page.work, page.go, page.hint, page.running]
        event = pressed = begins(swap_making.wait, page.anew, waits, **PRESSED)
        if tries:
            places = [part for half in page.halves for part in (half.drop, half.seen, half.face)]
            event = event.then(_take_people, [half.last for half in page.halves], places, **busy)
        inputs = [page.swapped, *page.faces, learns, *page.options.wish]
        made = event.then(swap_making.swap_faces, inputs, makes, **busy)
        pressed.then(place_in_line, None, page.work, **BESIDE)
        failed = made.failure(
            *(swap_making.failed, page.swapped),
            [page.work, page.preview, page.stage, page.enough, page.running],
            **AT_ONCE,
        )
        for ended in (made, failed):  # what `then` is bound to is not called after a failure
            ended.then(_ready, page.known, page.readied, **AT_ONCE)
        made.then(_keep_result, [page.token, page.swapped], None, **AT_ONCE)
        for half in page.halves if tries else ():
            made.then(partial(_keep, half.name), [page.token, half.face], None, **AT_ONCE)
    page.enough.click(swap_making.stop, page.running, page.enough, **PRESSED)


def _bind_result(page: _Page) -> None:
    """What may be wished otherwise once the films are there, and the files that are asked for."""
    known = [page.swapped, *page.faces, page.running]
    for part in page.options.wish:
        made = part.input(swap_making.wait_again, known, [page.work, page.stage], **AT_ONCE | LAST).then(
            *(swap_making.again, [*known, page.anew, *page.options.wish]),
            [page.work, page.stage, page.swapped],
            **BUSY | LAST,
        )
        failed = made.failure(swap_making.failed_again, page.swapped, [page.work, page.stage], **AT_ONCE)
        for ended in (made, failed):  # the clips may be others by then
            ended.then(_ready, page.known, page.readied, **AT_ONCE)
        made.then(_keep_result, [page.token, page.swapped], None, **AT_ONCE)
    page.stage.ask(status.waiting, None, page.work, **AT_ONCE)
    asked = page.stage.ask(swap_making.answer, [page.token, page.swapped], [fetcher(), page.work], **BUSY)
    asked.failure(why_failed, None, page.work, **AT_ONCE)


def _bind_load(page: _Page, demo: gr.Blocks) -> None:
    """What a visitor finds who comes back."""
    places = [part for half in page.halves for part in (half.drop, half.seen, half.face)]
    demo.load(restore, page.token, [*places, page.swapped], **AT_ONCE).then(_ready, page.known, page.readied, **AT_ONCE)


def _take_people(first: Latest, second: Latest) -> tuple[Any, ...]:
    """The two example people, in both places, and their faces. What was read there is given up."""
    for last in (first, second):
        last.take(None)
        last.span = {}
    shown: list[Any] = []
    for path, clip in zip(people(), read_people(), strict=True):
        shown += [shown_file(path), _READER.shown(clip), clip]
    return tuple(shown)


def _keep(place: str, token: str, face: "FaceClip | None") -> None:
    """So that the clip is at hand on other pages, and here after them."""
    SESSIONS.keep(token, place, face)


def _keep_result(token: str, swapped: Any) -> None:
    """So that the films are here after other pages, or when this one is loaded again."""
    SESSIONS.keep_result(token, swapped)


def restore(token: str) -> tuple[Any, ...]:
    """A visitor's clips, where some are kept, those that the page Sample sent included; and the films made of them."""
    clips = SESSIONS.clips(token)
    shown: list[Any] = []
    for place in NAMES:
        clip = clips.get(place)
        # Never a skip for the first, which takes files: Gradio would make a new component of it.
        if clip is None or not clip.source.exists():
            shown += [None, gr.skip(), gr.skip()]
        else:
            shown += [shown_file(clip.source), _READER.shown(clip), clip]
    return (*shown, SESSIONS.result(token))


def _hint(first: "FaceClip | None", second: "FaceClip | None") -> str:
    missing = [name for name, clip in zip(NAMES, (first, second), strict=True) if clip is None]
    problem = _problem(first, second)
    if problem:
        return status.problem(problem)
    words = f"Add the {' and the '.join(missing)} clip, or click an example." if missing else "Both faces are there."
    if not missing and any(clip.still for clip in (first, second) if clip):
        words += " The person in the photograph will do what the film shows."
    return words


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


def _ready(first: "FaceClip | None", second: "FaceClip | None", swapped: Any, running: Any) -> tuple[Any, ...]:
    """Whether one may press, what is missing until then, and whether the result is of these clips.

    A swap that is under way goes on.
    """
    limited = Options.limits(first, second)
    shown = swapped and swapped.shown(first, second, running)
    if running is not None:
        return gr.skip(), gr.skip(), gr.skip(), shown, *limited
    ready = first is not None and second is not None and not _problem(first, second)
    tune = gr.Checkbox(label=learn_words(first, second))
    return gr.Button("Swap", interactive=ready), tune, _hint(first, second), shown, *limited
