"""What the page "Sample" makes: new clips of one kind or another, the judge's reading of each, and each as a film."""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from pages import model
from seqdisent_core.errors import SeqdisentError

if TYPE_CHECKING:
    from seqdisent_core.evaluation import Reading
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.latents import Direction
    from seqdisent_core.studio import Sample

DRAWN_MODES = ("person", "movement", "both")  # what a clip gives; the rest is sampled. "both" need no clip
MODES = (*DRAWN_MODES, "between", "along")


@dataclass(frozen=True)
class Wanted:
    """What was asked for. factor: what changes between two clips, or along the direction of that name.

    seed counts up by one a clip. Limits are those of `latents.sampling`, which says so where they are passed.
    """

    mode: str = "person"
    count: int = 8
    frames: int = 15
    temperature: float = 1.0
    seed: int = 0
    factor: Literal["static", "dynamics"] = "static"
    direction: str = ""


@dataclass(frozen=True, eq=False)  # told apart by identity: so the page knows new ones
class Made:
    """A new clip, what the judge sees in it (None without a judge), and it as an MP4 of so many frames a second."""

    sample: "Sample"
    reading: "Reading | None"
    film: bytes
    fps: float

    @property
    def nbytes(self) -> int:
        return self.sample.frames.nbytes + len(self.film)


def make(
    wanted: Wanted,
    first: "FaceClip | None",
    second: "FaceClip | None",
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Made]:
    """All that was asked for, films being written while the next clip is sampled; `progress` gets 0 to 1.

    Raises SeqdisentError for a missing clip or a number outside its limits.
    """
    from seqdisent_core.films import write_made
    from seqdisent_core.studio import VIEW_SIZE

    fps = _frames_a_second(wanted, first, second)
    waiting: list[tuple[Sample, Reading | None, Future[Path]]] = []
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as encoders:  # each waits for a process of its own
        for at, sample in enumerate(_new_clips(wanted, first, second)):
            place = Path(folder) / f"{at}.mp4"
            film = encoders.submit(write_made, place, sample.frames, fps, width=VIEW_SIZE)
            waiting.append((sample, model.studio().read(sample.frames), film))
            progress((at + 1) / wanted.count)
        return [Made(sample, reading, film.result().read_bytes(), fps) for sample, reading, film in waiting]


def _new_clips(wanted: Wanted, first: "FaceClip | None", second: "FaceClip | None") -> "Iterator[Sample]":
    from seqdisent_core.latents import check_limits

    check_limits(count=wanted.count, frames=wanted.frames, temperature=wanted.temperature, seed=wanted.seed)
    check_limits(seed=wanted.seed + wanted.count - 1)
    studio = model.studio()
    if wanted.mode == "both":
        given: dict[str, Any] = {}
    else:
        codes = studio.encode_face(_needed(first))
        given = {"static": codes.static} if wanted.mode == "person" else {"dynamics": codes.dynamics}
    if wanted.mode == "between":
        other = studio.encode_face(_needed(second, "second "))
        yield from studio.interpolate(codes, other, factor=wanted.factor, steps=wanted.count)
    elif wanted.mode == "along":
        yield from studio.move(codes, _direction(wanted), steps=wanted.count)
    else:  # one at a time, which comes out the same: the films of the first are written beside the next
        for seed in range(wanted.seed, wanted.seed + wanted.count):
            yield from studio.sample(**given, count=1, frames=wanted.frames, temperature=wanted.temperature, seed=seed)


def _needed(clip: "FaceClip | None", which: str = "") -> "FaceClip":
    if clip is None:
        raise SeqdisentError(f"The {which}clip is missing. Choose one, or click an example.")
    return clip


def _direction(wanted: Wanted) -> "Direction":
    for direction in model.studio().latents.directions:
        if (direction.factor, direction.name) == (wanted.factor, wanted.direction):
            return direction
    raise SeqdisentError("There is no such direction. Choose one of the list.")


def _frames_a_second(wanted: Wanted, first: "FaceClip | None", second: "FaceClip | None") -> float:
    """By the clips whose movement is kept. Raises FaceError where one of them is a photograph."""
    from seqdisent_core.latents import frames_a_second

    moving = wanted.mode not in ("person", "both")
    both = wanted.mode == "between" and wanted.factor == "dynamics"
    kept = (first if moving else None, second if both else None)
    return frames_a_second([clip.require_movement() for clip in kept if clip is not None])


def whole(name: str, given: Any) -> int:
    """A whole number that somebody gave. Raises SeqdisentError for anything else."""
    value = number(name, given)
    if value != int(value):
        raise SeqdisentError(f"The number for {name} is {value:g}. Choose a whole one.")
    return int(value)


def number(name: str, given: Any) -> float:
    """A number that somebody gave. Raises SeqdisentError for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise SeqdisentError(f"The number for {name} is missing or no number. Give one.")
    return float(given)
