"""Swaps of filmed people, evaluated by third-party pretrained networks (filmed_judge.py)."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import imageio.v3 as iio
import numpy as np
from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from seqdisent_core.errors import DataError, FaceError, VideoError
from seqdisent_core.evaluation.filmed_judge import GOAL
from seqdisent_core.evaluation.filmed_looks import (
    Still,
    alive_summary,
    clean_summary,
    looks,
    self_rows,
    self_summary,
    write_still,
)
from seqdisent_core.evaluation.self_reenactment import SelfFilms, at_steps
from seqdisent_core.faces import FaceClip
from seqdisent_core.media import IN_A_FILM, clip_rows, labelled, mark, read_video, write_video
from seqdisent_core.methods import Anchored
from seqdisent_core.reenactment import USUAL, HeadTurn, Pair, Subject, Tuning, around_face, pairs, subject
from seqdisent_core.reporting import absent
from seqdisent_core.weights import sha256_of_files

VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm")
MADE = "films.json"  # beside films: what they are
_SCRIPT = Path(__file__).with_name("filmed_judge.py")
Three = tuple[Path, Path, Path]  # films: of the static clip, of the driver, and the result


@dataclass(frozen=True)
class JudgePython:
    """The judge's environment: its Python interpreter, and the folder of dlib's .dat files."""

    python: Path
    models: Path

    def judge(self, films: Sequence[tuple[Path, ...]]) -> list[dict[str, Any]]:
        """Figures of swaps, each given as three videos: static clip, driver, result; none: checks the environment.

        Two videos, a real one and what should be the same, give figures of self-reenactment. Raises DataError if the
        judge fails.
        """
        with TemporaryDirectory() as folder:
            listed = Path(folder) / "films.json"  # not the command line, whose length has a limit
            listed.write_text(json.dumps(films, default=str), encoding="utf-8")
            command = [self.python, _SCRIPT, self.models, listed]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode or len(rows) != len(films):
            said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
            raise DataError(
                f"The judge stopped and said: {said[0]} Check --judge-python and --models; filmed_judge.py says what "
                "it needs."
            )
        return rows


def read_folder(
    folder: Path, read: Callable[[Path], FaceClip], progress: Callable[[str], None]
) -> tuple[list[Subject], dict[str, str]]:
    """Every usable clip of a folder, read by `read` (such as Studio.read_face), and why others are not usable, by file.

    Raises DataError for fewer than two usable clips, and for two files with the same stem.
    """
    subjects, left_out = [], {}
    films = sorted(path for path in folder.glob("*") if path.suffix.lower() in VIDEO_ENDINGS)
    for one, other in pairwise(films):
        if one.stem == other.stem:
            raise DataError(f"{one.name} and {other.name} would be one row of the figures. Rename one of them.")
    for path in films:
        progress(f"reading {path.stem}")
        try:
            subjects.append(subject(read(path).require_movement()))
        except (FaceError, VideoError) as error:
            left_out[path.name] = str(error)
    if len(subjects) < 2:
        raise DataError(f"{folder.name} has fewer than two clips with a face that can be used.")
    return subjects, left_out


@dataclass(frozen=True)
class Made:
    """The videos after so many steps of personalising: swaps of every pair, reconstructions, seconds of tuning.

    selves: people's second halves by themselves; stills: the pictures in which people's results move. Neither is known
    of folders that were made before there was either.
    """

    swaps: list[Three] = field(default_factory=list)
    rebuilt: list[Three] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    selves: list[SelfFilms] = field(default_factory=list)
    stills: list[Still] = field(default_factory=list)


def swap_pairs(
    method: Anchored,
    subjects: Sequence[Subject],
    folder: Path,
    *,
    steps: Sequence[int],
    tuning: Tuning = USUAL,
    detail: bool = True,
    seed: int = 0,
    head: HeadTurn | None = None,
    progress: Callable[[str], None] = lambda what: None,
) -> dict[int, Made]:
    """Videos of every ordered pair, and reconstructions of each clip, by steps of personalising.

    They are written into `folder`: STEPS/STATIC_by_DRIVER.mp4. If only a part of a driver could be read, that part is
    written into drivers/.
    """
    stills = [write_still(one, folder / "stills") for one in subjects]
    made = {at: Made(stills=stills) for at in steps}
    drivers = [_as_read(one.clip, folder / "drivers") for one in subjects]
    seen: set[int] = set()
    for both in combinations(range(len(subjects)), 2):
        two = (subjects[both[0]], subjects[both[1]])
        new = set(both) - seen
        seen |= new
        states = pairs(method, two, tuning, steps=max(steps), every=0, seed=seed, head=head)
        for at, pair in at_steps(states, steps, lambda pair: pair.tuned.steps):
            progress(f"{two[0].clip.source.stem} and {two[1].clip.source.stem}, step {at}")
            films = folder / f"{at}"
            films.mkdir(parents=True, exist_ok=True)
            made[at].seconds.append(pair.tuned.seconds)
            for own, other in ((0, 1), (1, 0)):
                made[at].swaps.append(_write(pair, own, other, drivers[both[other]], films, detail))
            for own, number in enumerate(both):
                if number in new:
                    made[at].rebuilt.append(_write(pair, own, own, drivers[number], films, detail))
    return made


@checked
class _Stored:
    """What write_made writes, beside facts that are only passed on."""

    films: Annotated[dict[int, Made], Field(min_length=1)]
    clips_sha256: str


def write_made(made: dict[int, Made], facts: dict[str, Any], folder: Path) -> None:
    """Writes a file beside the videos that describes them, so that they can be judged later or on another machine."""
    films = {steps: asdict(one) for steps, one in made.items()}
    text = json.dumps({**facts, "films": films}, indent=1, default=Path.as_posix)
    (folder / MADE).write_text(text + "\n", encoding="utf-8")


def read_made(folder: Path) -> tuple[dict[int, Made], dict[str, Any]]:
    """The videos of a folder and how they were generated, as write_made described them.

    Raises DataError if the description or a video is missing, or if the source clips have changed since.
    """
    try:
        facts = json.loads((folder / MADE).read_text(encoding="utf-8"))
        stored = TypeAdapter(_Stored).validate_python(facts)
    except (OSError, ValueError):
        raise DataError(f"{folder} does not say what films it holds. Make them: leave out --made.") from None
    del facts["films"]

    made = stored.films
    named = {path for one in made.values() for three in (*one.swaps, *one.rebuilt) for path in three}
    named |= {path for one in made.values() for films in one.selves for path in (films.real, *films.made.values())}
    named |= {still.picture for one in made.values() for still in one.stills}
    for path in sorted(path for path in named if not path.exists()):
        raise DataError(f"{path} is not there. Judge films from where they were made, or make them: no --made.")
    clips = [person for person, _, _ in next(iter(made.values())).rebuilt]
    if sha256_of_files(clips) != stored.clips_sha256:
        raise DataError(f"The clips that {folder} was made of have changed since. Make the films again.")
    return made, facts


def judge_films(made: Made, judge: JudgePython) -> dict[str, Any]:
    """Figures of swaps and of reconstructions; the latter are the ceiling: all losses except those of swapping.

    `self`, `alive` and `clean` say what the films look like (docs/filmed.md).
    """
    selves = [(films.real, path) for films in made.selves for path in films.made.values()]
    rows = judge.judge([*made.swaps, *made.rebuilt, *selves])
    swaps, rebuilt = rows[: len(made.swaps)], rows[len(made.swaps) : len(rows) - len(selves)]
    seen: dict[str, Any] = {}
    if made.stills:
        stills = {still.picture.stem: still for still in made.stills}
        swaps = [
            row | looks(film, stills[person.stem]) for row, (person, _, film) in zip(swaps, made.swaps, strict=True)
        ]
        own = self_rows(rows[len(rows) - len(selves) :], made.selves)
        parts = {"swaps": swaps, "reconstructions": rebuilt, "self": [row["ours"] for row in own]}
        seen = {
            "self": self_summary(own),
            "alive": {name: alive_summary(part) for name, part in parts.items()},
            "clean": clean_summary(swaps),
        }
    return {
        "seconds": round(float(np.median(made.seconds)), 1),
        "swaps": summary(swaps),
        "reconstructions": rebuilt_summary(rebuilt),
        **seen,
        "rows": swaps,
        "reconstruction_rows": rebuilt,
    }


def _as_read(clip: FaceClip, folder: Path) -> Path:
    """A driver's video; if only a part of it could be read, or it had to be turned, a video of what was read."""
    frames, fps = read_video(clip.source, max_fps=clip.fps, turn=clip.turn)
    if len(frames) == len(clip.frames) and not clip.turn:
        return clip.source
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{clip.source.stem}.mp4"
    write_video(part, frames[clip.start : clip.start + len(clip.frames)], fps)
    return part


def _write(pair: Pair, own: int, other: int, driver: Path, folder: Path, detail: bool) -> Three:
    person = pair.subjects[own].clip.source
    film = folder / f"{person.stem}_by_{driver.stem}.mp4"
    write_video(film, pair.film(own, other, detail=detail), pair.subjects[other].clip.fps)
    mark(film, IN_A_FILM)  # inside the file alone: the judge looks at the pixels
    return person, driver, film


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Shares in [0, 1] over the rows, and the mean correlation; a video with too few faces counts as 0."""
    followed = [row["expression_corr"] or 0.0 for row in rows]
    return {
        "films": len(rows),
        "unreadable": sum(row["expression_corr"] is None for row in rows),
        "person": float(np.mean([row["person"] for row in rows])),
        "expression": float(np.mean([value >= GOAL for value in followed])),
        "both": float(np.mean([row["both"] for row in rows])),
        "expression_corr": float(np.mean(followed)),
    }


def rebuilt_summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same for reconstructions, where static clip and driver are the same video."""
    whose = absent(("person", "both"), "static and driver are the same film: neither can be nearer")
    return {**summary(rows), **whose}


def filmed_sheet(subjects: Sequence[Subject], folder: Path, path: Path, *, columns: int = 8, side: int = 112) -> None:
    """PNG contact sheet of the videos in `folder`: a row per driver, below it every other person with its movement."""
    rows = []
    for driver in subjects:
        rows.append(_even(driver.clip.at_size(side).frames, columns))
        for person in subjects:
            film = folder / f"{person.clip.source.stem}_by_{driver.clip.source.stem}.mp4"
            if person is not driver and film.exists():
                rows.append(labelled(around_face(_even(read_video(film)[0], columns), person, side, 1.5)))
    path.parent.mkdir(parents=True, exist_ok=True)
    iio.imwrite(path, clip_rows(rows, columns=columns, scale=1))
    mark(path, IN_A_FILM)


def _even(frames: np.ndarray, columns: int) -> np.ndarray:
    return frames[np.linspace(0, len(frames) - 1, columns).round().astype(int)]
