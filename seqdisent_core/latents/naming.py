"""Names for latent directions, from what changes in the decoded frames between their two ends."""

from itertools import chain, count

import cv2
import numpy as np
import torch

from seqdisent_core.domains.images import as_frames
from seqdisent_core.evaluation import Judge, read_clips
from seqdisent_core.methods import Codes, Method

REACH = 2.0  # standard deviations from the middle to each end

# Parts of a crop from brows to chin, in shares of its side: top, bottom, left, right.
_PARTS = {
    "background": ((0.02, 0.4, 0.0, 0.06), (0.02, 0.4, 0.94, 1.0)),
    "brows": ((0.09, 0.19, 0.22, 0.45), (0.09, 0.19, 0.55, 0.78)),
    "eyes": ((0.2, 0.3, 0.22, 0.42), (0.2, 0.3, 0.58, 0.78)),
    "skin": ((0.36, 0.52, 0.22, 0.38), (0.36, 0.52, 0.62, 0.78)),
    "lips": ((0.6, 0.7, 0.4, 0.6),),
    "mouth": ((0.56, 0.78, 0.28, 0.72),),
    "chin": ((0.78, 0.92, 0.35, 0.65),),
}
_COLOURED = ("background", "brows", "skin", "lips")
_MOVING = ("brows", "eyes", "mouth", "chin")
_SHADES = (("darker", "lighter"), ("greener", "redder"), ("bluer", "yellower"))  # of CIE L*a*b*
_TOGETHER = 0.75  # of all that moves, the share that moves one way, above which the whole head does
_STILL = 0.01  # pixels: the flow between two pictures that are the same is not quite 0
_TELLING = 2.0  # a rise of the judge's logit, over the mean of all, that makes a movement one of its values
_TRIED = 16  # of the static codes given


def swell(frames: int) -> np.ndarray:
    """float32 (frames, 1): the amount of a move along a dynamics direction over time, from 0 to 1 and back to 0."""
    return np.sin(np.pi * np.linspace(0, 1, frames, dtype=np.float32))[:, None] ** 2


def name_static(method: Method, mean: np.ndarray, directions: np.ndarray, dynamics: np.ndarray) -> list[str]:
    """The part of the image whose colour changes most along each of float (n, static_dim), and how; no name twice.

    mean: float (static_dim,), mean of all people; dynamics: float (frames, dynamics_dim) of a neutral face.
    """
    names: dict[tuple[str, int], str] = {}
    for direction in directions:
        low, high = (_decode(method, (mean + sign * REACH * direction)[None], dynamics[None]) for sign in (-1, 1))
        before, after = (_colours(frames[0, 0]) for frames in (low, high))
        changes = {(part, k): float(after[part][k] - before[part][k]) for part in _COLOURED for k in range(3)}
        part, shade = max((key for key in changes if key not in names), key=lambda key: abs(changes[key]))
        names[part, shade] = f"{part}: {_shade(changes[part, shade], shade)}"
    return list(names.values())


def name_dynamics(
    method: Method, judge: Judge, static: np.ndarray, directions: np.ndarray, dynamics: np.ndarray
) -> list[str]:
    """Names of directions, float (n, dynamics_dim).

    The part of the face that changes most, and the values of dynamic labels whose logit rises most towards each end; or
    how the head moves, if it moves as a whole and no value stands out.

    static: float (people, static_dim), people to decode; dynamics: float (frames, dynamics_dim) of a neutral face.
    """
    values = [value for names in judge.config.dynamic.values() for value in names]
    moved = swell(len(dynamics))
    static = static[:_TRIED]
    rest = _seen(judge, _decode(method, static, np.tile(dynamics, (len(static), 1, 1))))
    names: list[str] = []
    for direction in directions:
        ends = [
            _decode(method, static, np.tile(dynamics + sign * REACH * moved * direction, (len(static), 1, 1)))
            for sign in (-1, 1)
        ]
        before, after = (end[:, len(dynamics) // 2] for end in ends)
        rises = [_seen(judge, end) - rest for end in ends]
        risen = [values[int(rise.argmax())] for rise in rises]
        change = np.abs(after.astype(float) - before).mean(axis=(0, 3))
        parts = sorted(_MOVING, key=lambda part: -float(np.mean([_cut(change, box).mean() for box in _PARTS[part]])))
        words = [f"{part}: {risen[0]} to {risen[1]}" for part in parts]
        telling = max(float((rise - rise.mean()).max()) for rise in rises) > _TELLING
        head = None if telling else _head_movement(before, after)
        numbered = (f"{words[0]} {number}" for number in count(2))  # when all words are taken
        names.append(next(word for word in chain([head] if head else [], words, numbered) if word not in names))
    return names


def _head_movement(before: np.ndarray, after: np.ndarray) -> str | None:
    """Direction in which the whole head moves between uint8 (n, size, size, 3) images; None if only parts move."""
    flows = []
    for pictures in zip(before, after, strict=True):
        first, second = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures)
        flows.append(
            cv2.calcOpticalFlowFarneback(
                first, second, np.zeros((*first.shape, 2), np.float32), 0.5, 3, 15, 3, 5, 1.2, 0
            )
        )
    inner = slice(before.shape[1] // 8, -before.shape[1] // 8)
    flow = np.mean(flows, axis=0)[inner, inner]
    across, down = flow.mean(axis=(0, 1))
    if np.hypot(across, down) < max(_STILL, _TOGETHER * np.linalg.norm(flow, axis=2).mean()):
        return None
    if abs(across) > abs(down):
        return "head: left to right" if across > 0 else "head: right to left"
    return "head: up to down" if down > 0 else "head: down to up"


@torch.no_grad()
def _decode(method: Method, static: np.ndarray, dynamics: np.ndarray) -> np.ndarray:
    """uint8 (n, frames, size, size, 3)."""
    codes = Codes(*(torch.from_numpy(np.asarray(a, np.float32)).to(method.device) for a in (static, dynamics)))
    return as_frames(method.decode(codes))


def _cut(picture: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    top, bottom, left, right = (round(share * picture.shape[0]) for share in box)
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]


def _colours(frame: np.ndarray) -> dict[str, np.ndarray]:
    """Mean L*a*b* colour of each part."""
    lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return {
        part: np.mean([_cut(lab, box).mean(axis=(0, 1)) for box in boxes], axis=0) for part, boxes in _PARTS.items()
    }


def _shade(change: float, channel: int) -> str:
    low, high = _SHADES[channel]
    return f"{low} to {high}" if change > 0 else f"{high} to {low}"


def _seen(judge: Judge, frames: np.ndarray) -> torch.Tensor:
    """The judge's mean logit of each value of the dynamic labels in uint8 (clips, frames, size, size, 3)."""
    logits = read_clips(judge, torch.from_numpy(frames).movedim(-1, -3))
    return torch.cat([logits[label] for label in judge.config.dynamic], dim=1).mean(dim=0)
