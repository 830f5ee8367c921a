"""What "Swap" does once both faces are there: tunes to the two people while they look on, and makes the films."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from pages import links, model, status
from pages.belongings import BELONGINGS
from pages.clip_input import moving
from pages.door import why_failed
from pages.face_reading import Latest
from pages.line import let_quick_go_first
from pages.pace import STEPS as WHOLE
from pages.pace import Countdown, Pace, about
from pages.player import Fetched, Show, fetched
from pages.swap.result import ANEW, NAMES, REACH, Stage, Swapped, Wish, Written, said
from pages.swap.tuning import OnCluster, shortened, tuned
from seqdisent_core.cluster import call
from seqdisent_core.errors import FaceError, SeqdisentError

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.reenactment import Pair

_BETWEEN = 5.0  # seconds from one preview to the next
_STOP = "Stop tuning and finish"
FILMS_READY, FILM_READY = "Both films are ready.", "The film is ready."
GONE = "The clips were deleted after a while without use. Choose them again."
_READS, _LEARNS = "Reading the films", "Learning these two faces"
_ASKED = {
    "gif": "Writing the GIF",
    "large": "Making the film in full size",
    "beside": "Writing both side by side",
    "picture": "Writing the picture",
    "link": "Making the film to share",
}
_BESIDE = {"beside": ".mp4", "picture": ".png", "link": ".mp4"}  # endings


PACE = Pace()  # of all swaps of this process
_EXAMPLES = 30  # frames of two clips as long as the examples


def learn_words(first: "FaceClip | None" = None, second: "FaceClip | None" = None) -> str:
    """What learning two faces brings, and how long it takes here, in words."""
    return f"Learn these two faces (better likeness, {_about(first, second)})"


def _about(first: "FaceClip | None", second: "FaceClip | None") -> str:
    """How long a whole swap of two clips takes, or of two examples where one is missing."""
    frames = sum(len(clip.frames) for clip in (first, second) if clip) if first and second else _EXAMPLES
    return about(PACE.left(WHOLE, frames))


class Seen(NamedTuple):
    """What an event of a swap gives."""

    progress: Any  # HTML
    preview: Any  # HTML
    stage: Show | None
    enough: Any  # the button that ends the tuning
    learn: Any  # the one that begins it, where the films are untuned
    swapped: Any  # Swapped | None
    running: Event | None


def wait(last: Latest) -> tuple[str, gr.Button, str, Event]:
    """What is seen until those who pressed before are served: a swap is under way from now on, and no clip is missing.

    Films that are made anew of what is there are given up: they would come after those of the swap, in their place.
    """
    last.take(None)
    return status.waiting(), gr.Button("Swapping …", interactive=False), "", Event()


# Gradio looks the hints of the following up to find the event, so they may not name what is imported for types alone.
def swap_faces(
    swapped: Any,
    first: Any,
    second: Any,
    tune: bool,
    strength: Any,
    pixels: Any,
    play: Any,
    transfer: Any,
    films: Any,
    goes_on: Any,
    request: gr.Request,
) -> Iterator[Seen]:
    """Swaps the two faces that were read, stage by stage; while it tunes, both results are shown as they are by then.

    Stopped, it goes on with what it has. Films of an earlier swap stay until the new ones are there.
    """
    hidden, old = gr.Button(visible=False), swapped and swapped.noted(ANEW)
    seen = Seen("", "", old, hidden, hidden, gr.skip(), None)
    if first is None or second is None or not (first.source.exists() and second.source.exists()):
        yield seen._replace(progress=status.problem(GONE), stage=None, swapped=None)
        return
    from seqdisent_core.films import check_play
    from seqdisent_core.jobs import Wanted
    from seqdisent_core.reenactment import STEPS, check_goes_on, results

    wish = Wish(strength, pixels, play, transfer, films, goes_on)
    countdown, enough = Countdown(time.monotonic()), Event()
    seen = seen._replace(running=enough)
    try:
        for clip in (first, second):
            check_play(len(clip.frames), play)  # now, not when the tuning has been waited for
            if wish.goes_on:
                check_goes_on(clip, model.film_studio().head, detail=wish.how["detail"], transfer=wish.transfer)
        frames, whose = wish.frames(first, second), wish.whose(results(first, second))
        names = (_READS, _LEARNS, _making(whose)) if tune else (_READS, _making(whose))

        def far(at: int, seconds: float) -> str:
            left = countdown.tell(time.monotonic(), seconds)
            return status.stages(names, at, countdown.share, left, busy=countdown.busy)

        def is_enough(steps: int) -> bool:
            return enough.is_set() or not tune or steps >= STEPS or shortened(steps, request)

        shown, start, step, pair, before, stage = -inf, 0.0, PACE.step, None, {}, None
        stoppable = gr.Button(_STOP, visible=tune, interactive=True)
        yield seen._replace(progress=far(0, PACE.left(STEPS if tune else 0, frames)), enough=stoppable)
        size = model.film_studio().size
        wanted = Wanted(whose, wish.how, REACH, _BETWEEN) if tune else None
        written: Written = {}
        with BELONGINGS.work(str(request.session_hash)) as work, ExitStack() as ending:
            for pair in tuned(first.at_size(size), second.at_size(size), None if tune else 0.0, is_enough, wanted):
                work.check()
                now, steps = time.monotonic(), pair.tuned.steps
                if stage is None:
                    start = now
                elif steps:
                    PACE.tuned(step, steps, now - start)
                if is_enough(steps):
                    stage = stage or ending.enter_context(Stage(pair, wish, work, written))
                    continue  # to the last one
                preview = gr.skip()
                if pair.previews if isinstance(pair, OnCluster) else now - shown >= _BETWEEN:
                    tiles = _tiles(pair, wish)
                    before = before or tiles
                    preview, shown = _preview(pair, before, tiles), time.monotonic()
                left = PACE.left(STEPS - steps, frames)
                yield seen._replace(progress=far(1, left), preview=preview, enough=gr.skip())
                # The films as they were given are written beside the tuning, and not beside the first preview.
                stage = stage or ending.enter_context(Stage(pair, wish, work, written))
                let_quick_go_first(request)
            films_began = time.monotonic()
            making = status.Job(lambda report: stage.show(pair, report))
            for share in making:
                progress = far(len(names) - 1, PACE.left(0, round((1 - share) * frames)))
                yield seen._replace(progress=progress, preview=gr.skip())
            show = making.result
            PACE.made(frames, time.monotonic() - films_began)
        made = Swapped(replace(pair), written, show, wish)  # without the decoder made fast
        learn = (
            hidden if pair.tuned.steps else gr.Button(f"Improve the likeness ({_about(first, second)})", visible=True)
        )
        yield Seen(_ready(made), "", show, hidden, learn, made, None)
    except SeqdisentError as error:
        yield seen._replace(progress=status.problem(str(error)), stage=swapped and swapped.show, running=None)


def failed(swapped: Any, request: gr.Request) -> tuple[str, str, Show | None, gr.Button, None]:
    """Not the clips' fault: everything can be pressed again, and an earlier result is there as it was."""
    return why_failed(request), "", swapped and swapped.show, gr.Button(visible=False), None


def stop(enough: Any) -> gr.Button:
    """The visitor has seen enough of the tuning."""
    if enough is not None:
        enough.set()
    return gr.Button("Finishing …", interactive=False)


def _stay(swapped: Any, first: Any, second: Any, running: Any) -> bool:
    """Whether another wish leaves the films as they are until Swap is pressed, or the swap under way is done."""
    return swapped is None or running is not None or bool(swapped.earlier(first, second))


def wait_again(swapped: Any, first: Any, second: Any, running: Any) -> tuple[Any, Show | None]:
    """What is seen of another wish until those who pressed before are served; a swap that is under way goes on."""
    if _stay(swapped, first, second, running):
        return gr.skip(), swapped and swapped.shown(first, second, running)
    return status.waiting(), swapped.noted(ANEW)


def again(
    swapped: Any,
    first: Any,
    second: Any,
    running: Any,
    last: Latest,
    strength: Any,
    pixels: Any,
    play: Any,
    transfer: Any,
    films: Any,
    goes_on: Any,
    request: gr.Request,
) -> Iterator[tuple[Any, Show | None, Any]]:
    """The films once more, as they shall be now; those that are there stay until then, and when a swap begins."""
    if _stay(swapped, first, second, running):
        yield gr.skip(), swapped and swapped.shown(first, second, running), gr.skip()
        return
    pair, wish = swapped.pair, Wish(strength, pixels, play, transfer, films, goes_on)
    making = status.Job(lambda report: stage.show(pair, report))
    last.take(making)
    yield status.stages((_making(wish.whose(pair.results)),), 0), swapped.noted(ANEW), gr.skip()
    try:
        from seqdisent_core.films import check_play

        for subject in pair.subjects:
            check_play(len(subject.clip.frames), play)
        with (
            BELONGINGS.work(str(request.session_hash)) as work,
            Stage(pair, wish, work, swapped.written) as stage,
        ):
            for _ in making:
                if not making.stopped:
                    yield gr.skip(), swapped.noted(ANEW), gr.skip()
            if making.stopped:
                return
            last.job = None
            made = swapped._replace(show=making.result, wish=wish)
        yield _ready(made), made.show, made
    except SeqdisentError as error:
        yield status.problem(str(error)), swapped.show, gr.skip()


def failed_again(swapped: Any, request: gr.Request) -> tuple[str, Show | None]:
    """Not the clips' fault: the result is there as it was."""
    return why_failed(request), swapped and swapped.show


def answer(token: str, swapped: Any, request: gr.Request, event: gr.EventData) -> Iterator[tuple[Fetched | None, str]]:
    """A result as a file to keep, or as a link to share, which are asked for by the buttons under it."""
    who, kind = str(event.name).split()
    if swapped is None or kind not in _ASKED or who not in NAMES:
        yield None, status.problem(GONE)
        return
    yield None, status.stages((_ASKED[kind],), 0)
    try:
        if kind == "link":
            address = str(request.request.scope["visitor"])  # type: ignore[union-attr]
            links.check_room(token, address)
        with BELONGINGS.work(str(request.session_hash)) as work, TemporaryDirectory() as folder:
            film = _file(swapped, NAMES.index(who), kind, Path(folder))
            if kind == "link":
                link = links.keep(film, token, address, work)
                yield None, links.told(link, f"{who.capitalize()} person's film")
            else:
                yield fetched(film), ""
    except SeqdisentError as error:
        yield None, status.problem(str(error))


def _making(whose: tuple[int, ...]) -> str:
    return "Making the films" if len(whose) == 2 else "Making the film"


def _ready(made: Swapped) -> str:
    from seqdisent_core.reenactment import TURNS_FAR

    pair, whose = made.pair, made.wish.whose(made.pair.results)
    turns = made.wish.transfer != "expression" and not made.wish.goes_on
    far = turns and any(pair.turns_far(1 - own) for own in whose)
    hint = f'<p class="sd-hint-line">{TURNS_FAR}</p>' if far else ""
    return status.ready(FILMS_READY if len(whose) == 2 else FILM_READY) + hint


def _tiles(pair: "Pair | OnCluster", wish: Wish) -> dict[int, str]:
    """The wanted results as they are by now, a second or two of each: HTML by whose film it is."""
    from seqdisent_core.jobs import previews

    whose = tuple(reversed(wish.whose(pair.results)))
    made = pair.previews if isinstance(pair, OnCluster) else previews(pair, whose, wish.how, REACH)
    return {own: moving(*made[own], said(NAMES[own], NAMES[1 - own])) for own in whose}


def _preview(pair: "Pair | OnCluster", before: dict[int, str], now: dict[int, str]) -> str:
    """Each result before the tuning, and beside it as it is by now."""
    steps = pair.tuned.steps
    after = f"Preview after {steps} {'step' if steps == 1 else 'steps'}"
    rows = "".join(
        f'<figure><div class="sd-before">{before[own]}<span class="sd-badge">before</span></div>'
        f'<div class="sd-now-by">{now[own]}<span class="sd-badge">now</span></div>'
        f'<figcaption><span class="sd-who">{NAMES[own].capitalize()} person</span>, '
        f'<span class="sd-does">doing what the {NAMES[1 - own]} does</span></figcaption></figure>'
        for own in now
    )
    return f'<div class="sd-preview"><p class="sd-quiet">{after}</p>{rows}</div>'


def _file(swapped: Swapped, own: int, kind: str, folder: Path) -> Path:
    """Writes a result as it was asked for. Raises FaceError where the films that it needs were deleted."""
    from seqdisent_core.films import write_beside
    from seqdisent_core.jobs import move

    if kind in _BESIDE:
        films = swapped.show.clips
        at = next(at for at, clip in enumerate(films) if clip.made and clip.alt == said(NAMES[own], NAMES[1 - own]))
        driver, result = films[at - 1].whole, films[at].file
        if driver is None or not all(Path(film.path).exists() for film in (driver, result)):
            raise FaceError(GONE)
        path = folder / f"{NAMES[own]}_beside_its_driver{_BESIDE[kind]}"
        return call(write_beside, path, Path(driver.path), Path(result.path))
    large, wish = kind == "large", swapped.wish
    ending = ".mp4" if large else ".gif"
    given = model.film_studio(), swapped.pair, own, wish.how, folder
    return call(move, *given, ending=ending, play=wish.play, full_size=large).file
