"""What "Swap" does once both faces are there: tunes to the two people while they look on, and makes the films."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr

from pages import model, status
from pages.clip_input import moving
from pages.player import Fetched, Show, fetched
from pages.swap_result import NAMES, said, write_show
from seqdisent_core.errors import SeqdisentError

if TYPE_CHECKING:
    from seqdisent_core.driving import Pair, Swap
    from seqdisent_core.films import Play

TUNING_SECONDS = 20.0  # of the clock, what is shown meanwhile included
GONE = "The clips were deleted after a while without use. Choose them again."
_STAGES = ("Reading the films", "Tuning to the two people", "Moving the pictures")
_WITHOUT = ("Reading the films", "Moving the pictures")


@dataclass(frozen=True)
class Wish:
    """How the films shall be: the movement's strength, whose pixels ("film" or "model"), and how they play."""

    strength: float
    pixels: Literal["film", "model"]
    play: "Play"


# What an event gives: HTML of the progress; Show | None; Swap's button; the one to stop; Pair | None; Event | None.
# Gradio looks the hints of the following up to find the event, so they may not name what is imported for types alone.
Making = Iterator[tuple[Any, Any, Any, Any, Any, Any]]


def swap_faces(first: Any, second: Any, tune: bool, strength: float, pixels: Any, play: Any) -> Making:
    """Swaps the two faces that were read, stage by stage; while it tunes, both results are shown as they are by then.

    Stopped, it goes on with what it has.
    """
    if first is None or second is None or not (first.source.exists() and second.source.exists()):
        yield status.problem(GONE), None, gr.skip(), gr.skip(), None, None
        return
    enough, hidden, busy = Event(), gr.Button(visible=False), gr.Button("Swapping …", interactive=False)
    names = _STAGES if tune else _WITHOUT
    yield status.stages(names, 0), None, busy, gr.Button(visible=tune), None, enough
    try:
        began, pair = time.monotonic(), None
        for pair in model.film_studio().personalise(first, second, seconds=TUNING_SECONDS if tune else 0.0):
            passed = time.monotonic() - began
            if not tune or enough.is_set() or passed >= TUNING_SECONDS:
                break
            shown = status.stages(names, 1, passed / TUNING_SECONDS) + _glimpse(pair)
            yield shown, None, gr.skip(), gr.skip(), None, enough
        assert pair is not None
        yield status.stages(names, len(names) - 1), None, gr.skip(), hidden, None, None
        with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
            yield "", _show(pair, Wish(strength, pixels, play), Path(folder)), gr.skip(), gr.skip(), pair, None
    except SeqdisentError as error:
        yield status.problem(str(error)), None, gr.skip(), hidden, None, None


def stop(enough: Any) -> None:
    """The visitor has seen enough of the tuning."""
    if enough is not None:
        enough.set()


def again(pair: Any, strength: float, pixels: Any, play: Any) -> Iterator[tuple[Any, Any]]:
    """The films once more, as they shall be now; nothing where there are none."""
    if pair is None:
        yield gr.skip(), None
        return
    yield status.stages(_WITHOUT[-1:], 0), None
    try:
        with TemporaryDirectory() as folder:
            yield "", _show(pair, Wish(strength, pixels, play), Path(folder))
    except SeqdisentError as error:
        yield status.problem(str(error)), None


def answer(
    pair: Any, strength: float, pixels: Any, play: Any, event: gr.EventData
) -> Iterator[tuple[Fetched | None, str]]:
    """A result as a GIF, which is asked for by the button under it."""
    if pair is None:
        yield None, status.problem(GONE)
        return
    yield None, status.stages(("Writing the GIF",), 0)
    try:
        with TemporaryDirectory() as folder:
            yield fetched(_gif(pair, Wish(strength, pixels, play), str(event.name), Path(folder))), ""
    except SeqdisentError as error:
        yield None, status.problem(str(error))


def _glimpse(pair: "Pair") -> str:
    """Both results as they are by now, around the face, a second or two of them."""
    from seqdisent_core.driving import GLIMPSE_SECONDS

    figures = "".join(
        f"<figure>{moving(frames, GLIMPSE_SECONDS, said(who, does))}"
        f'<figcaption><span class="sd-who">{who.capitalize()} person</span>, '
        f'<span class="sd-does">doing what the {does} does</span></figcaption></figure>'
        for frames, who, does in zip(pair.glimpse()[::-1], NAMES[::-1], NAMES, strict=True)
    )
    steps = "untuned" if not pair.tuned.steps else f"after {pair.tuned.steps} steps"
    return f'<div class="sd-glimpse">{figures}<p class="sd-quiet">So it looks {steps}.</p></div>'


def _swap(pair: "Pair", wish: Wish) -> "Swap":
    return pair.swap(strength=wish.strength, detail=wish.pixels == "film")


def _show(pair: "Pair", wish: Wish, folder: Path) -> Show:
    return write_show(pair, _swap(pair, wish), folder, wish.play)


def _gif(pair: "Pair", wish: Wish, who: str, folder: Path) -> Path:
    from seqdisent_core.films import write_swapped

    clips = [subject.clip for subject in pair.subjects]
    return write_swapped(_swap(pair, wish), NAMES.index(who), folder, clips, ending=".gif", play=wish.play)
