"""What the anchor frame does not show of a mouth, taken from other frames of the same film: teeth, tongue, the inside.

Decoded pixels are soft. Where the person's film shows an open mouth anywhere, these frames are a second source for it.
Each frame of the result takes the frame whose decoded picture is most like its own there, or none where all differ too
much; changing from one to another costs, so that a mouth does not flicker. Eyes are left to the decoder: those of
another frame look elsewhere (measured: gaze and lids followed the driver less).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from seqdisent_core.faces import inverse

OTHERS = 12  # frames
_LOOK = (24, 12)  # pixels, across and down, of the lower half of a face, in which frames are told apart
_CELLS = 32  # a side, of the grid on which frames are compared
_LEAST = 0.002  # share of the crop that must be hidden, or there is nothing to fill
_LACKING = 60.0  # levels of 255 that a hidden place costs which the other frame does not hide: there is no mouth open
_CLOSED = 0.7  # share of what is hidden, from which on the other frame's mouth is closed and serves for nothing
_CHANGE = 25.0  # levels that a change of the source costs
_FADES = 5  # frames over which one source fades into the next
_DECODED = 35.0  # levels that decoded pixels cost: they are soft, but another expression's mouth is wrong
_NEAR, _FAR = 0.05, 0.2  # sides over which motion is carried on into what is hidden
_LITTLE = 0.02  # weight of the latter
_EVERY = 2  # frames, of which one is compared
_ROUNDS = 3  # of solving where a point lies in the other frame
_SEEN = 0.05  # of hidden, from which on it is filled
_FEATHER = 0.03  # sides over which the half fades
_MARGIN = 5  # cells across, by which what is hidden is smeared when it is drawn
_ALONE: Any = None  # for a second map where the first holds both axes; cv2's types know no such
_AGREED = 0.008  # sides by which that solution may miss


@dataclass(frozen=True)
class Other:
    """Another frame of the source's film.

    picture: uint8 RGB (height, width, 3), of the face alone; transform: (2, 3), its pixels to those of the crop;
    decoded, near: as DrawnFrames has them of this frame, near relative to the picture that is moved.
    """

    picture: np.ndarray
    transform: np.ndarray
    decoded: np.ndarray
    near: np.ndarray


def choose_others(frames: np.ndarray, anchor: int, occluded: Sequence[int] = ()) -> list[int]:
    """Frames of a clip, uint8 (frames, size, size, 3), whose lower half differs most from the anchor frame's and one
    another's (farthest points first).
    """
    half = frames[:, frames.shape[1] // 2 :]
    looks = np.stack([cv2.resize(frame, _LOOK, interpolation=cv2.INTER_AREA) for frame in half]).astype(np.float32)
    looks = looks.reshape(len(frames), -1)
    away = np.linalg.norm(looks - looks[anchor], axis=1)
    away[[anchor, *occluded]] = 0
    chosen: list[int] = []
    while len(chosen) < OTHERS and away.max() > 0:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(looks - looks[chosen[-1]], axis=1))
    return sorted(chosen)


class Filling:
    """Other frames' pixels for what is hidden in a film that is to be made.

    decoded, near: of all its frames, as DrawnFrames has them, near relative to the picture that is moved.
    """

    def __init__(self, others: Sequence[Other], decoded: np.ndarray, near: Sequence[np.ndarray]) -> None:
        self._others, self._near = others, near
        self._shares: np.ndarray = np.zeros((len(near), len(others)), np.float32)
        if not others:
            return
        costs = np.zeros((len(near), len(others) + 1), np.float32)  # the first choice is what is decoded
        small_others = [(_small(one.near), _small(one.decoded)) for one in others]
        for at in range(0, len(near), _EVERY):
            field = _small(near[at])
            hidden = _hidden(field)
            if hidden.mean() < _LEAST:
                continue
            look, times = _small(decoded[at]), slice(at, at + _EVERY)
            costs[times, 0] = _DECODED
            for number, (other, other_look) in enumerate(small_others, 1):
                place = grid(_CELLS) + between(field, other)
                seen = look_up(np.dstack([other_look, _hidden(other)]), place)
                lacks = np.clip(hidden - seen[..., 3], 0, 1)
                differs = np.abs(seen[..., :3] - look).mean(-1) + _LACKING * lacks
                closed = (hidden * lacks).sum() > _CLOSED * (hidden * hidden).sum()
                costs[times, number] = 255 if closed else (hidden * differs).sum() / hidden.sum()
        best = np.zeros_like(costs)
        best[np.arange(len(near)), _cheapest(costs, _CHANGE)] = 1
        self._shares = cv2.blur(best, (1, _FADES), borderType=cv2.BORDER_REPLICATE)[:, 1:]

    def share(self, at: int) -> np.ndarray:
        """How much of frame `at` is others', not decoded, where it is hidden: float32 (cells, cells) in [0, 1]."""
        return self._shares[at].sum() * _feathered(len(self._near[at]))

    def over(self, at: int, decoded: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Decoded pixels of frame `at`, float32 (rows, columns, 3), with others' over them, as far as these serve.

        x, y: float32 (rows, columns), each pixel's place in the crop, whose side is that of the transforms' crop.
        """
        if not self._shares[at].any():
            return decoded
        size, field = self._others[0].decoded.shape[0], self._near[at]
        rows, columns = _around(_hidden(field), x / size, y / size)
        x, y, result = x[rows, columns], y[rows, columns], decoded.copy()
        if not x.size:
            return decoded
        part, cells = result[rows, columns], len(field)
        cell = (np.dstack([x, y]) + 0.5) * (cells / size) - 0.5
        mouth = look_up(_feathered(cells), cell)
        for share, other in zip(self._shares[at], self._others, strict=True):
            if share:
                place = np.dstack([x, y]) + look_up(between(field, other.near), cell) * (size / cells)
                back = inverse(other.transform).astype(np.float32)
                pixels = look_up(other.picture, cv2.transform(place, back), cv2.INTER_CUBIC)
                part += (share * mouth)[..., None] * (pixels - decoded[rows, columns])
        return result


def between(now: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where points of a frame lie in another one, in cells right and down, float32 (cells, cells, 2).

    Both fields lead to the same anchor frame, where it shows the point; the motion is carried on from there into what
    it does not show, such as from lips into a mouth.
    """
    cells = len(now)
    back, away = np.ascontiguousarray(cells * other[..., :2]), cells * now[..., :2]
    here = grid(cells)
    place = here + away - back
    for _ in range(_ROUNDS):
        place = here + away - look_up(back, place)
    there = look_up(other, place)
    missed = np.linalg.norm(place + cells * there[..., :2] - here - away, axis=-1)
    sure = (now[..., 2] * there[..., 2] * (missed < _AGREED * cells)).astype(np.float32)
    known = np.dstack([(place - here) * sure[..., None], sure])
    smooth = cv2.GaussianBlur(known, (0, 0), _NEAR * cells) + _LITTLE * cv2.GaussianBlur(known, (0, 0), _FAR * cells)
    carried = smooth[..., :2] / (smooth[..., 2:] + 1e-6)
    return known[..., :2] + (1 - sure[..., None]) * carried


def _cheapest(costs: np.ndarray, change: float) -> np.ndarray:
    """Of (frames, choices), the choice at each frame for which costs and changes are least in all (Viterbi)."""
    so_far, came = costs[0].copy(), np.zeros(costs.shape, int)
    for at in range(1, len(costs)):
        least = int(so_far.argmin())
        stays = so_far <= so_far[least] + change
        came[at] = np.where(stays, np.arange(costs.shape[1]), least)
        so_far = np.minimum(so_far, so_far[least] + change) + costs[at]
    path = np.full(len(costs), so_far.argmin())
    for at in range(len(costs) - 1, 0, -1):
        path[at - 1] = came[at, path[at]]
    return path


def _hidden(field: np.ndarray) -> np.ndarray:
    """Which places in the lower half of a face the anchor frame does not show, float32 in [0, 1]."""
    return _lower(len(field)) * (1 - field[..., 2]) * field[..., 3]


@lru_cache
def _lower(cells: int) -> np.ndarray:
    """1 in the lower half of a square, where the mouth is."""
    return (grid(cells)[..., 1] > 0.5 * (cells - 1)).astype(np.float32)


@lru_cache
def _feathered(cells: int) -> np.ndarray:
    return cv2.GaussianBlur(_lower(cells), (0, 0), _FEATHER * cells)


def _small(values: np.ndarray) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)


def _around(hidden: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the pixels that are hidden, (cells, cells); x, y: their places, in sides of the crop."""
    cells = len(hidden)
    places = np.argwhere(cv2.dilate(hidden, np.ones((_MARGIN, _MARGIN))) > _SEEN)
    if not len(places):
        return slice(0), slice(0)
    (top, left), (bottom, right) = places.min(axis=0) / cells, (places.max(axis=0) + 1) / cells
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


@lru_cache
def grid(cells: int) -> np.ndarray:
    """Each cell's own place, x and y: float32 (cells, cells, 2)."""
    return np.dstack(np.meshgrid(*[np.arange(cells, dtype=np.float32)] * 2))


def look_up(values: np.ndarray, places: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Values at places, float32 (rows, columns, 2), x and y; beyond the edge, those at it."""
    return cv2.remap(values, places, _ALONE, how, borderMode=cv2.BORDER_REPLICATE)
