"""New movements for the visitor's own face, on the page "Sample": learnt while they wait, and moved in its own film."""

import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from gradio.data_classes import FileData

from pages import model, status
from pages.belongings import BELONGINGS
from pages.door import why_failed
from pages.events import AT_ONCE, BESIDE, BUSY, PRESSED, TUNES
from pages.line import let_quick_go_first, place_in_line
from pages.pace import STEPS, Countdown, Pace, about
from pages.player import Ask, Download, Fetched, Show, ShownClip, Words, fetched, fetcher, kept_file, player
from pages.progress import progress
from pages.sample.draw import number, whole
from pages.sample.form import Place, clip_place, numbers, readings_of
from pages.swap.making import stop
from pages.swap.result import face_window
from pages.swap.tuning import learnt, shortened
from seqdisent_core.cluster import call
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from pages.belongings import Work
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.reenactment import OwnFace

MOST = 8  # films at once
GO, _BUSY, _STOP = "Move this face", "Moving …", "Stop learning and finish"
GONE = "The clip was deleted after a while without use. Choose it again."
_MISSING = "Add a film or a photograph of the face, or click an example."
_FACE = "The new films show this face itself, in its own film."
_STAGES = ("Learning this face", "Making the films")
_MADE = Words(
    text="Each movement is sampled from the model's prior and made in the clip's own pixels. It begins and ends at the "
    "reference frame."
)


_PACE = Pace(step=0.2)  # of all faces that this process learns: one takes less than two do


class Asked(NamedTuple):
    """How the films shall be."""

    count: int
    frames: int
    temperature: float
    seed: int

    @classmethod
    def of(cls, count: Any, frames: Any, temperature: Any, seed: Any) -> "Asked":
        """What somebody gave. Raises SeqdisentError for what is no number, or outside the limits of sampling."""
        from seqdisent_core.latents import check_limits

        asked = cls(
            whole("clips", count), whole("frames", frames), number("temperature", temperature), whole("seed", seed)
        )
        check_limits(**asked._asdict())
        check_limits(seed=asked.seeds[-1])
        return asked

    def film(self, at: int, face: "OwnFace", folder: Path, **how: Any) -> Path:
        """Writes one of the films of a face, as `jobs.move_own` does."""
        from seqdisent_core.jobs import move_own

        asked = {"seed": self.seeds[at], "number": at + 1, "frames": self.frames, "temperature": self.temperature}
        return call(move_own, model.film_studio(), face, folder, **asked, **how)

    @property
    def seeds(self) -> range:
        """One a film."""
        return range(self.seed, self.seed + self.count)


class Moved(NamedTuple):
    """The films that are there, and what they can be made of again."""

    face: "OwnFace"
    asked: Asked
    show: Show

    @property
    def nbytes(self) -> int:
        return self.face.nbytes


class Seen(NamedTuple):
    """What an event that moves a face gives."""

    work: Any  # HTML
    stage: Show | None
    enough: Any  # the button that ends the learning
    moved: Any  # Moved | None
    running: Event | None


def own_face(demo: gr.Blocks, token: gr.BrowserState) -> Place:
    """Lays out the form and the stage, and binds their events; gives the place for the clip."""
    with gr.Column(elem_id="own-form"):
        with gr.Row(equal_height=False):
            with gr.Column(min_width=320):
                place = clip_place("Your film or photograph", "mine-clip", photographs=True)
            with gr.Column(min_width=320, elem_classes="sd-card"):
                wanted = numbers("own", most=MOST, count=4, frames=30)
                learn = gr.Checkbox(True, label=learn_words())
                go = gr.Button(GO, variant="primary", interactive=False, elem_classes="sd-go", elem_id="move")
                work = progress(elem_id="own-work")
                enough = gr.Button(visible=False, elem_classes="sd-round", elem_id="own-enough")
        stage = player(elem_id="moved")
        said = progress(elem_id="own-said")
    moved, running = (gr.State(None, time_to_live=limits().keep_seconds) for _ in range(2))
    ready, shown = [place.face, running], [go, work]
    work.value = _hint(None)  # not by a load event, whose answer may come after a clip's
    for event in readings_of(place, token, model.film_studio, anchors=True):
        event.failure(why_failed, None, place.seen, **AT_ONCE)
        event.then(can_move, ready, shown, **AT_ONCE)
    waits = go.click(wait, None, [work, go, running], **PRESSED)
    asked = [place.face, learn, *wanted, moved]
    pressed = waits.then(learn_and_move, asked, [work, stage, enough, moved, running], **TUNES)
    waits.then(place_in_line, None, work, **BESIDE)
    failed = pressed.failure(not_moved, moved, [work, stage, enough, running], **AT_ONCE)
    for ended in (pressed, failed):  # what `then` is bound to is not called after a failure
        ended.then(_button, place.face, go, **AT_ONCE)
    enough.click(stop, running, enough, **PRESSED)
    fetching = stage.ask(answer, moved, [fetcher(), said], **BUSY)
    fetching.failure(why_failed, None, said, **AT_ONCE)
    demo.load(lambda: gr.Checkbox(label=learn_words()), None, learn, **AT_ONCE)
    return place


def learn_words() -> str:
    """What learning a face brings, and how long it takes here, in words."""
    return f"Learn this face (better likeness, {about(_PACE.left(STEPS, 0))})"


def can_move(clip: "FaceClip | None", running: Any) -> tuple[Any, Any]:
    """Whether one may press, and what is missing until then; what is under way goes on."""
    if running is not None:
        return gr.skip(), gr.skip()
    return _button(clip), _hint(clip)


def _hint(clip: "FaceClip | None") -> str:
    return f'<p class="sd-hint-line">{_MISSING if clip is None else _FACE}</p>'


def _button(clip: "FaceClip | None") -> gr.Button:
    return gr.Button(GO, interactive=clip is not None)


def wait() -> tuple[str, gr.Button, Event]:
    """What is seen until those who pressed before are served."""
    return status.waiting(), gr.Button(_BUSY, interactive=False), Event()


# Gradio looks the hints of the following up to find the event, so they may not name what is imported for types alone.
def learn_and_move(
    clip: Any, learn: bool, count: Any, frames: Any, temperature: Any, seed: Any, moved: Any, request: gr.Request
) -> Iterator[Seen]:
    """Learns a face and makes its films, saying how far it is; stopped, it goes on with what it has learnt.

    Films that were made before stay until the new ones are there.
    """
    hidden, enough = gr.Button(visible=False), Event()
    seen = Seen("", moved and moved.show, hidden, gr.skip(), None)
    try:
        if clip is None or not clip.source.exists():
            raise SeqdisentError(GONE)
        asked = Asked.of(count, frames, temperature, seed)
        names, total = _STAGES if learn else _STAGES[1:], asked.count * asked.frames
        countdown = Countdown(time.monotonic())

        def far(at: int, seconds: float) -> str:
            left = countdown.tell(time.monotonic(), seconds)
            return status.stages(names, at, countdown.share, left, busy=countdown.busy)

        def is_enough(steps: int) -> bool:
            return enough.is_set() or not learn or steps >= STEPS or shortened(steps, request)

        seen = seen._replace(running=enough)
        stoppable = gr.Button(_STOP, visible=learn, interactive=True)
        yield seen._replace(work=far(0, _PACE.left(STEPS if learn else 0, total)), enough=stoppable)
        with BELONGINGS.work(str(request.session_hash)) as work:
            start, step = None, _PACE.step
            for face in learnt(clip.at_size(model.film_studio().size), None if learn else 0.0, is_enough):
                work.check()
                steps, now = face.tuned.steps, time.monotonic()
                start = now if start is None else start
                if steps:
                    _PACE.tuned(step, steps, now - start)
                if is_enough(steps):
                    continue  # to the last one
                yield seen._replace(work=far(0, _PACE.left(STEPS - steps, total)), enough=gr.skip())
                let_quick_go_first(request)
            began = time.monotonic()
            job = status.Job(lambda report: show_of(face, asked, work, report))
            for share in job:
                yield seen._replace(work=far(len(names) - 1, _PACE.left(0, round((1 - share) * total))))
            _PACE.made(total, time.monotonic() - began)
            show = job.result
        # a copy, without the decoder made fast
        yield Seen(status.ready("The films are ready below."), show, hidden, Moved(replace(face), asked, show), None)
    except SeqdisentError as error:
        yield seen._replace(work=status.problem(str(error)), running=None)


def not_moved(moved: Any, request: gr.Request) -> tuple[str, Show | None, gr.Button, None]:
    """What is said where no films came of it; those of before are there as they were."""
    return why_failed(request), moved and moved.show, gr.Button(visible=False), None


def show_of(face: "OwnFace", asked: Asked, work: "Work", report: status.Report) -> Show:
    """Makes the films, two at a time, and puts them on a stage; `report` gets 0 to 1."""
    from seqdisent_core.machine import one_each

    done = [0.0] * asked.count

    def told(at: int, share: float) -> None:
        work.check()
        done[at] = share
        report(sum(done) / asked.count)

    with TemporaryDirectory() as folder, ThreadPoolExecutor(2, initializer=one_each) as writers:
        waiting = [
            writers.submit(asked.film, at, face, Path(folder), report=partial(told, at)) for at in range(asked.count)
        ]
        try:
            films = [kept_file(film.result(), work) for film in waiting]
        except BaseException:
            writers.shutdown(cancel_futures=True)
            raise
    clips = [_shown(face, seed, film) for seed, film in zip(asked.seeds, films, strict=True)]
    asks = [Ask(name="zip", label="All as one ZIP", said="All as one ZIP")]
    return Show(clips=clips, columns=[], line=[_MADE], asks=asks)


def _shown(face: "OwnFace", seed: int, film: FileData) -> ShownClip:
    from seqdisent_core.latents import FPS

    name = f"seed {seed}"
    asks = [Ask(name="gif", label="GIF", said=f"Download as GIF: {name}")]
    if face.subject.has_full_size:
        asks.append(Ask(name="large", label="Full size", said=f"Full size: {name}"))
    return ShownClip(
        file=film,
        square=face_window(face.subject),
        caption=[Words(text=name.capitalize())],
        alt=f"The person of the clip in a sampled movement, {name}",
        made=True,
        column=0,
        fps=FPS,
        downloads=[Download(label="MP4", file=film)],
        asks=asks,
    )


def answer(moved: Any, event: gr.EventData) -> Iterator[tuple[Fetched | None, str]]:
    """A film as a file to keep, or all films in one, which is asked for by the buttons of the stage."""
    if moved is None or not -1 <= event.clip < moved.asked.count:
        yield None, status.problem(GONE)
        return
    yield None, status.stages(("Writing the file",), 0)
    try:
        with TemporaryDirectory() as folder:
            yield fetched(_file(moved, str(event.name), event.clip, Path(folder))), ""
    except SeqdisentError as error:
        yield None, status.problem(str(error))


def _file(moved: Moved, name: str, at: int, folder: Path) -> Path:
    """Writes what was asked for. Raises SeqdisentError where what it needs was deleted."""
    if name == "zip":
        path = folder / "movements.zip"
        films = [Path(clip.file.path) for clip in moved.show.clips]
        if not all(film.exists() for film in films):
            raise SeqdisentError(GONE)
        with zipfile.ZipFile(path, "w") as archive:
            for film in films:
                archive.write(film, film.name)
        return path
    large = name == "large"
    return moved.asked.film(at, moved.face, folder, ending=".mp4" if large else ".gif", full_size=large)
