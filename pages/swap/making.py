"""What "Swap" does once both faces are there: tunes to the two people while they look on, and makes the films."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import gradio as gr

from pages import model, status
from pages.clip_input import moving
from pages.door import why_failed
from pages.player import Fetched, Show, fetched
from pages.swap.result import NAMES, Stage, Written, said
from pages.swap.tuning import tuned
from seqdisent_core.errors import SeqdisentError

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.films import Play
    from seqdisent_core.reenactment import Pair, Transfer

_BETWEEN = 3.0  # seconds from one preview to the next
_ENOUGH = "That is enough: make the films"
_NOT_YET = '<p class="sd-hint-line">This counts from the next swap on.</p>'
FILMS_READY, FILM_READY = "Both films are ready below.", "The film is ready below."
GONE = "The clips were deleted after a while without use. Choose them again."
_STAGES = ("Reading the films", "Tuning to the two people", "Moving the pictures")
_WITHOUT = ("Reading the films", "Moving the pictures")
_ASKED = {".gif": "Writing the GIF", ".mp4": "Making the film in full size"}


@dataclass(frozen=True)
class Wish:
    """How the films shall be: the movement's strength, whose pixels ("film" or "model"), how they play, what moves."""

    strength: float
    pixels: Literal["film", "model"]
    play: "Play"
    transfer: "Transfer" = "all"

    @property
    def how(self) -> dict[str, Any]:
        """As a Pair takes it."""
        return {"strength": self.strength, "detail": self.pixels == "film", "transfer": self.transfer}


class Swapped(NamedTuple):
    """What films are made of again when somebody wishes them otherwise."""

    pair: "Pair"
    written: Written

    @property
    def nbytes(self) -> int:
        return self.pair.nbytes + sum(map(len, self.written.values()))


# What an event gives: HTML of the progress; Show | None; Swap's button; the one to stop; Swapped | None; Event | None.
# Gradio looks the hints of the following up to find the event, so they may not name what is imported for types alone.
Making = Iterator[tuple[Any, Any, Any, Any, Any, Any]]


def wait() -> tuple[str, gr.Button, Event]:
    """What is seen until those who pressed before are served: a swap is under way from now on."""
    return status.waiting(), gr.Button("Swapping …", interactive=False), Event()


def swap_faces(first: Any, second: Any, tune: bool, strength: float, pixels: Any, play: Any, transfer: Any) -> Making:
    """Swaps the two faces that were read, stage by stage; while it tunes, both results are shown as they are by then.

    Stopped, it goes on with what it has.
    """
    hidden, wish = gr.Button(visible=False), Wish(strength, pixels, play, transfer)
    if first is None or second is None or not (first.source.exists() and second.source.exists()):
        yield status.problem(GONE), None, gr.skip(), hidden, None, None
        return
    from seqdisent_core.films import check_play
    from seqdisent_core.reenactment import STEPS

    enough, names = Event(), _STAGES if tune else _WITHOUT
    yield status.stages(names, 0), None, gr.skip(), gr.Button(_ENOUGH, visible=tune, interactive=True), None, enough
    try:
        for clip in (first, second):
            check_play(len(clip.frames), play)  # now, not when the tuning has been waited for
        size = model.film_studio().size
        clips = first.at_size(size), second.at_size(size)
        written: Written = {}
        with _stage(clips, wish, written) as stage:
            shown = -inf
            for pair in tuned(*clips, None if tune else 0.0):
                if enough.is_set() or not tune or pair.tuned.steps >= STEPS:
                    break
                if time.monotonic() - shown >= _BETWEEN:
                    far = status.stages(names, 1, pair.tuned.steps / STEPS)
                    yield far + _preview(pair, wish), None, gr.skip(), gr.skip(), None, enough
                    shown = time.monotonic()
            yield status.stages(names, len(names) - 1), None, gr.skip(), hidden, None, enough
            show, swapped = _show(stage, pair, wish), Swapped(replace(pair), written)  # without the decoder made fast
            yield _ready(pair, wish), show, gr.skip(), gr.skip(), swapped, None
    except SeqdisentError as error:
        yield status.problem(str(error)), None, gr.skip(), hidden, None, None


def failed(request: gr.Request) -> tuple[str, gr.Button, None]:
    """Not the clips' fault: everything can be pressed again."""
    return why_failed(request), gr.Button(visible=False), None


def stop(enough: Any) -> gr.Button:
    """The visitor has seen enough of the tuning."""
    if enough is not None:
        enough.set()
    return gr.Button("Ending …", interactive=False)


def wait_again(swapped: Any, running: Any) -> Any:
    """What is seen of another wish until those who pressed before are served; a swap that is under way goes on."""
    if running is not None:
        return gr.skip()
    return _NOT_YET if swapped is None else status.waiting()


def again(swapped: Any, strength: float, pixels: Any, play: Any, transfer: Any) -> Iterator[tuple[Any, Any]]:
    """The films once more, as they shall be now."""
    if swapped is None:
        yield _NOT_YET, None
        return
    yield status.stages(_WITHOUT[-1:], 0), None
    try:
        pair, wish = swapped.pair, Wish(strength, pixels, play, transfer)
        with _stage([subject.clip for subject in pair.subjects], wish, swapped.written) as stage:
            yield _ready(pair, wish), _show(stage, pair, wish)
    except SeqdisentError as error:
        yield status.problem(str(error)), None


def answer(
    swapped: Any, strength: float, pixels: Any, play: Any, transfer: Any, event: gr.EventData
) -> Iterator[tuple[Fetched | None, str]]:
    """A result as a GIF or as an MP4 in full size, which are asked for by the buttons under it."""
    if swapped is None:
        yield None, status.problem(GONE)
        return
    who, ending = str(event.name).split()
    yield None, status.stages((_ASKED[ending],), 0)
    try:
        pair = swapped.pair.full_size(NAMES.index(who)) if ending == ".mp4" else swapped.pair
        with TemporaryDirectory() as folder:
            wish = Wish(strength, pixels, play, transfer)
            yield fetched(_file(pair, wish, who, ending, Path(folder))), ""
    except SeqdisentError as error:
        yield None, status.problem(str(error))


def _ready(pair: "Pair", wish: Wish) -> str:
    from seqdisent_core.reenactment import TURNS_FAR

    far = wish.transfer != "expression" and any(pair.turns_far(1 - own) for own in pair.results)
    hint = f'<p class="sd-hint-line">{TURNS_FAR}</p>' if far else ""
    return status.ready(FILMS_READY if len(pair.results) == 2 else FILM_READY) + hint


def _preview(pair: "Pair", wish: Wish) -> str:
    """The results as they are by now, around the face, a second or two of them."""
    from seqdisent_core.media import labelled

    figures = ""
    for own in reversed(pair.results):
        who, does = NAMES[own], NAMES[1 - own]
        frames, seconds = pair.preview(own, **wish.how)
        figures += (
            f"<figure>{moving(labelled(frames), seconds, said(who, does))}"
            f'<figcaption><span class="sd-who">{who.capitalize()} person</span>, '
            f'<span class="sd-does">doing what the {does} does</span></figcaption></figure>'
        )
    steps = pair.tuned.steps
    words = "untuned" if not steps else f"after {steps} {'step' if steps == 1 else 'steps'}"
    return f'<div class="sd-preview">{figures}<p class="sd-quiet">So it looks {words}.</p></div>'


@contextmanager
def _stage(clips: "Sequence[FaceClip]", wish: Wish, written: Written) -> Iterator[Stage]:
    """A stage whose films lie where Gradio finds them until it has copied them to where it serves and deletes files."""
    with TemporaryDirectory() as folder, Stage(clips, Path(folder), wish.play, written) as stage:
        yield stage


def _show(stage: Stage, pair: "Pair", wish: Wish) -> Show:
    return stage.show(pair, **wish.how)


def _file(pair: "Pair", wish: Wish, who: str, ending: str, folder: Path) -> Path:
    from seqdisent_core.films import write_moved

    own, clips = NAMES.index(who), [subject.clip for subject in pair.subjects]
    frames = pair.frames(own, 1 - own, **wish.how)
    return write_moved(frames, own, folder, clips, ending=ending, play=wish.play)
