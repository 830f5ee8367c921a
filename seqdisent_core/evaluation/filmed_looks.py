"""How alive and how clean films of swaps are: pixels that should be still, and what the judge says, summed up."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import imageio.v3 as iio
import numpy as np

from seqdisent_core.evaluation.self_reenactment import ALL_RATES, FACE, REACH, SIDE, SelfFilms, pixel_figures
from seqdisent_core.faces import cut_out
from seqdisent_core.media import read_video
from seqdisent_core.reenactment import Subject, face_square

CHANGED = 16  # difference of a colour value, of 255, that is no compression: hardly a pixel of a still film has it
_FIGURES = ("psnr", "ssim", "akd", "aed", "faces_found", "eyes", "mouth", "flicker")


@dataclass(frozen=True)
class Still:
    """The picture in which a person's results move.

    picture: a PNG file; transform: (2, 3), from its pixels to those of the face's square and its surroundings, SIDE
    pixels a side.
    """

    picture: Path
    transform: list[list[float]]


def write_still(person: Subject, folder: Path) -> Still:
    """The picture of a person's results, written into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{person.clip.source.stem}.png"
    iio.imwrite(path, person.source.picture)
    to_square = face_square(person.source.transform, person.clip.frames.shape[1], SIDE, REACH)
    return Still(path, to_square.tolist())


def flicker(frames: np.ndarray) -> float | None:
    """How much the surroundings of a face flicker: uint8 (frames, SIDE, SIDE, 3), in levels of 255.

    Mean distance of a colour value from the mean of those before and after it, where the face's square is not: there
    are hair, wall and collar, and slow movement gives 0. None for fewer than three frames.
    """
    if len(frames) < 3:
        return None
    rim = (SIDE - FACE) // 2
    around = np.ones((SIDE, SIDE), bool)
    around[rim:-rim, rim:-rim] = False
    values = frames[:, around].astype(np.int16)
    moved = [np.abs(2 * values[at] - values[at - 1] - values[at + 1]).mean() for at in range(1, len(values) - 1)]
    return float(np.mean(moved)) / 2


def changed(frames: np.ndarray, picture: np.ndarray, transform: np.ndarray) -> float | None:
    """Share of the pixels beyond a face's surroundings in which frames differ from the picture, mean over frames.

    frames: uint8 (frames, height, width, 3); transform as Still's. None where the surroundings fill the picture.
    """
    height, width = picture.shape[:2]
    everywhere = np.full((SIDE, SIDE), 255, np.uint8)
    within = cv2.warpAffine(everywhere, cv2.invertAffineTransform(transform), (width, height))
    beyond = within == 0
    if not beyond.any():
        return None
    own = picture[beyond].astype(np.int16)
    shown = (np.abs(frame[:height, :width][beyond] - own).max(axis=1) > CHANGED for frame in frames)
    return float(np.mean([pixels.mean() for pixels in shown]))


def looks(film: Path, still: Still) -> dict[str, float | None]:
    """`flicker` and `changed` of a film of a swap."""
    transform = np.array(still.transform)
    frames, _ = read_video(film, max_fps=ALL_RATES)
    faces = np.stack([cut_out(frame, transform, SIDE) for frame in frames])
    return {"flicker": flicker(faces), "changed": changed(frames, iio.imread(still.picture), transform)}


def self_rows(judged: Sequence[dict[str, Any]], films: Sequence[SelfFilms]) -> list[dict[str, Any]]:
    """Figures of each person's films by name, with those of their pixels: `judged` has a row for each of `made`."""
    waiting = iter(judged)
    rows: list[dict[str, Any]] = []
    for one in films:
        real, _ = read_video(one.real, max_fps=ALL_RATES)
        row: dict[str, Any] = {"film": one.real.stem, "real": {"flicker": flicker(real)}}
        for name, path in one.made.items():
            made, _ = read_video(path, max_fps=ALL_RATES)
            figures = {key: value for key, value in next(waiting).items() if key != "film"}
            row[name] = {**pixel_figures(real, made), **figures, "flicker": flicker(made)}
        rows.append(row)
    return rows


def self_summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over the films for each way of making them, and the flicker of the real ones."""
    if not rows:
        return {"films": 0, "rows": []}
    names = [name for name in rows[0] if name not in ("film", "real")]
    means = {name: {key: mean([row[name][key] for row in rows]) for key in _FIGURES} for name in names}
    real = {"flicker": mean([row["real"]["flicker"] for row in rows])}
    return {"films": len(rows), "real": real, **means, "rows": list(rows)}


def alive_summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean correlations of gaze and lids over the films whose driver moves them, and how many these are."""
    figures: dict[str, Any] = {}
    for key in ("gaze", "lids"):
        values = [row[key] for row in rows]
        figures |= {key: mean(values), f"{key}_films": sum(value is not None for value in values)}
    return figures


def clean_summary(rows: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Mean shares of sharpness and of changed pixels, and mean flicker."""
    return {key: mean([row[key] for row in rows]) for key in ("eyes", "mouth", "flicker", "changed")}


def mean(values: Sequence[float | None]) -> float | None:
    """Of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
