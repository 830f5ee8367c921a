"""Swaps of people's own films, measured by networks that nobody here trained (filmed_judge.py)."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np

from seqdisent_core.driving import Pair, Subject, around_face, pairs, subject
from seqdisent_core.errors import DataError, FaceError, VideoError
from seqdisent_core.evaluation.figures import absent
from seqdisent_core.evaluation.filmed_judge import GOAL
from seqdisent_core.faces import FaceClip
from seqdisent_core.methods import Method
from seqdisent_core.personalising import USUAL, Tuning
from seqdisent_core.sheets import clip_rows
from seqdisent_core.video import read_video, write_video

VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm")
_SCRIPT = Path(__file__).with_name("filmed_judge.py")


@dataclass(frozen=True)
class JudgePython:
    """Where the judge's packages are: a Python of its own, and the folder of dlib's .dat files."""

    python: Path
    models: Path

    def judge(self, films: Sequence[tuple[Path, Path, Path]]) -> list[dict[str, Any]]:
        """Figures of swaps: films of the static clip, the driver and the result. Raises DataError where it fails."""
        if not films:
            return []
        command = [self.python, _SCRIPT, self.models, *(film for three in films for film in three)]
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
    """Every clip of a folder that can be used, by `read` (as Studio.read_face), and why the others cannot, by file.

    Raises DataError for fewer than two that can.
    """
    subjects, left_out = [], {}
    for path in sorted(path for path in folder.glob("*") if path.suffix.lower() in VIDEO_ENDINGS):
        progress(f"reading {path.stem}")
        try:
            subjects.append(subject(read(path)))
        except (FaceError, VideoError) as error:
            left_out[path.name] = str(error)
    if len(subjects) < 2:
        raise DataError(f"{folder.name} has fewer than two clips with a face that can be used.")
    return subjects, left_out


def evaluate_filmed(
    method: Method,
    subjects: Sequence[Subject],
    judge: JudgePython,
    folder: Path,
    *,
    seconds: Sequence[float],
    tuning: Tuning = USUAL,
    detail: bool = True,
    seed: int = 0,
    progress: Callable[[str], None] = lambda what: None,
) -> list[dict[str, Any]]:
    """Figures of every ordered pair, and of each clip made anew from itself, after so many seconds of personalising.

    Films are written into `folder`: SECONDS/STATIC_by_DRIVER.mp4. The reconstructions are the ceiling: what is lost
    there is not the swap's.
    """
    swaps: dict[float, list[tuple[Path, Path, Path]]] = {at: [] for at in seconds}
    rebuilt: dict[float, list[tuple[Path, Path, Path]]] = {at: [] for at in seconds}
    steps: dict[float, list[int]] = {at: [] for at in seconds}
    seen: set[int] = set()
    for first, second in combinations(range(len(subjects)), 2):
        two = (subjects[first], subjects[second])
        new = {first, second} - seen
        seen |= new
        states = pairs(method, two, tuning, seconds=max(seconds), every=0.5, seed=seed)
        for at, pair in _at_times(states, seconds):
            progress(f"{two[0].clip.source.stem} and {two[1].clip.source.stem}, {at:g} s")
            films = folder / f"{at:g}"
            films.mkdir(parents=True, exist_ok=True)
            steps[at].append(pair.tuned.steps)
            for own, other in ((0, 1), (1, 0)):
                swaps[at].append(_write(pair, own, other, films, detail))
            for own, number in enumerate((first, second)):
                if number in new:
                    rebuilt[at].append(_write(pair, own, own, films, detail))
    measured = []
    for at in seconds:
        progress(f"judging, {at:g} s")
        rows = judge.judge([*swaps[at], *rebuilt[at]])
        swap_rows, own_rows = rows[: len(swaps[at])], rows[len(swaps[at]) :]
        measured.append(
            {
                "seconds": at,
                "steps": float(np.median(steps[at])),
                "detail": detail,
                "swaps": summary(swap_rows),
                "reconstructions": rebuilt_summary(own_rows),
                "rows": swap_rows,
                "reconstruction_rows": own_rows,
            }
        )
    return measured


def _at_times(states: Iterator[Pair], times: Sequence[float]) -> Iterator[tuple[float, Pair]]:
    """The states at so many seconds of tuning, or just after."""
    waiting = sorted(times)
    for state in states:
        while waiting and state.tuned.seconds >= waiting[0]:
            yield waiting.pop(0), state


def _write(pair: Pair, own: int, other: int, folder: Path, detail: bool) -> tuple[Path, Path, Path]:
    person, driver = pair.subjects[own].clip, pair.subjects[other].clip
    film = folder / f"{person.source.stem}_by_{driver.source.stem}.mp4"
    write_video(film, pair.film(own, other, detail=detail), driver.fps)
    return person.source, driver.source, film


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Shares in [0, 1] over the rows, and the mean correlation; a film with too few faces found counts as 0."""
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
    """The same of clips made anew from themselves, where static and driver are one film."""
    whose = absent(("person", "both"), "static and driver are the same film: neither can be nearer")
    return {**summary(rows), **whose}


def filmed_sheet(subjects: Sequence[Subject], folder: Path, path: Path, *, columns: int = 8, side: int = 112) -> None:
    """PNG: a row a driver's clip, and under it every other person doing the same, from the films in `folder`."""
    rows = []
    for driver in subjects:
        rows.append(_even(driver.clip.at_size(side).frames, columns))
        for person in subjects:
            film = folder / f"{person.clip.source.stem}_by_{driver.clip.source.stem}.mp4"
            if person is not driver and film.exists():
                rows.append(around_face(_even(read_video(film)[0], columns), person, side, 1.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    iio.imwrite(path, clip_rows(rows, columns=columns, scale=1))


def _even(frames: np.ndarray, columns: int) -> np.ndarray:
    return frames[np.linspace(0, len(frames) - 1, columns).round().astype(int)]
