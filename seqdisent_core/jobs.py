"""What pages have made of visitors' clips, each a function that `cluster.call` takes: here or on another machine."""

import time
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqdisent_core.faces import FaceClip
from seqdisent_core.films import Play, write_moved, write_movement
from seqdisent_core.latents import new_movement
from seqdisent_core.media import Frames, labelled, probe_video
from seqdisent_core.reenactment import STEPS, How, OwnFace, Pair, Subject, own_faces, pairs, reach_within
from seqdisent_core.studio import Studio

People = tuple[Subject, Subject] | tuple[Subject]  # whom a model is tuned to: a Pair's, or an OwnFace's
Previews = dict[int, tuple[np.ndarray, float]]  # by whose film: frames, uint8 RGB, and the seconds that they last
EVERY = 0.5  # seconds of tuning from one state to the next


class News(NamedTuple):
    """How far a tuning is; previews: as it is by now, where they are due."""

    steps: int
    previews: Previews | None


class Wanted(NamedTuple):
    """Previews on the way: whose films, how, how much is shown, and seconds from one to the next."""

    whose: tuple[int, ...]
    how: How
    reach: float
    every: float


class Moved(NamedTuple):
    """A film that was made. some: some of its frames, evenly over its length; sounds: whether it has any sound."""

    file: Path
    some: list[np.ndarray]
    sounds: bool


def read(
    studio: Studio, path: Path, *, face: int = 0, span: dict[str, float] | None = None, report: Callable[[float], Any]
) -> FaceClip:
    """As `Studio.read_face`; span: its start and seconds, where they are wanted."""
    return studio.read_face(path, face=face, progress=report, **(span or {}))


def previews(pair: Pair, whose: Sequence[int], how: How, reach: float) -> Previews:
    """A second or two of each result, as `Pair.preview`, labelled; reach: sides of the face's square, at most."""
    made = {}
    for own in whose:
        frames, seconds = pair.preview(own, **how, reach=reach_within(pair.subjects[own], reach))
        made[own] = labelled(frames), seconds
    return made


def states(studio: Studio, people: People, seconds: float | None) -> Iterator[Pair] | Iterator[OwnFace]:
    """A model as it comes to know two people, or one; seconds: as `pairs`."""
    if len(people) == 2:
        return pairs(studio.method, people, seconds=seconds, every=EVERY, head=studio.head)
    return own_faces(studio.method, people[0], seconds=seconds, every=EVERY, head=studio.head)


def tune(
    studio: Studio, people: People, seconds: float | None, wanted: Wanted | None, report: Callable[[News], Any]
) -> Pair | OwnFace:
    """The last of `states`, or the one of which `report` says that it is enough. wanted: of a pair alone."""
    shown = -inf
    for state in states(studio, people, seconds):
        last, steps, made = state, state.tuned.steps, None
        due = wanted is not None and steps < STEPS and time.monotonic() - shown >= wanted.every
        if wanted and due and isinstance(state, Pair):
            made = previews(state, wanted.whose, wanted.how, wanted.reach)
            shown = time.monotonic()
        if report(News(steps, made)):
            break
    return last.kept()


def move(
    studio: Studio,
    pair: Pair,
    own: int,
    how: How,
    folder: Path,
    *,
    ending: str = ".mp4",
    play: Play = "once",
    full_size: bool = False,
    some: int = 0,
    report: Callable[[float], Any] = lambda share: None,
) -> Moved:
    """Writes one person's film (0 or 1) by the other into a folder, while it is made: `pair.frames`, `write_moved`.

    full_size: as `Pair.full_size`. some: how many of its frames are wanted, too. report gets 0 to 1.
    """
    pair = pair.on(studio.method.device)
    frames = (pair.full_size(own) if full_size else pair).frames(own, 1 - own, **how)
    wanted, kept = set(np.linspace(0, len(frames) - 1, some).round().astype(int).tolist()), []

    def seen() -> Iterator[np.ndarray]:
        for number, frame in enumerate(frames):
            if number in wanted:
                kept.append(frame)
            report((number + 1) / len(frames))
            yield frame

    clips = [subject.clip for subject in pair.subjects]
    film = write_moved(Frames(frames.shape, seen()), own, folder, clips, ending=ending, play=play)
    return Moved(film, kept, probe_video(film).has_audio if some else False)


def move_own(
    studio: Studio,
    face: OwnFace,
    folder: Path,
    *,
    seed: int,
    number: int,
    frames: int,
    temperature: float,
    ending: str = ".mp4",
    full_size: bool = False,
    report: Callable[[float], Any] = lambda share: None,
) -> Path:
    """Writes a face's own film in a sampled movement into a folder, while it is made: `new_movement`, `write_movement`.

    number: of the file; report gets 0 to 1.
    """
    face = face.on(studio.method.device)
    made = new_movement(face.full_size() if full_size else face, frames=frames, temperature=temperature, seed=seed)

    def seen() -> Iterator[np.ndarray]:
        for at, frame in enumerate(made):
            report((at + 1) / len(made))
            yield frame

    return write_movement(Frames(made.shape, seen()), folder, seed, number, ending=ending)
