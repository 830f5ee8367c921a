"""The frame of a clip that the static factor is best read from: a neutral face, towards the camera, sharp.

A small network tells it from what the model reads in single frames, whoever it is; it is learnt from rendered sets
(neutral_learning.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from seqdisent_core.domains.images import as_clip
from seqdisent_core.methods import BATCH, Anchored
from seqdisent_core.reenactment.learnt_file import LearntFile

_SAMPLED = 48  # frames of a clip, evenly: a fifth of a second apart in the longest that is read
# Where a hand covers the mouth, its surroundings lose their contrast: covered in the colour of skin, mouths of 14
# people have up to 0.24 of the clip's usual one; others at least 0.6, and 0.34 if it were open nearly all the time.
# Cups and scarves are no neutral faces anyway.
_MOUTH = (0.55, 0.82, 0.28, 0.72)  # its top, bottom, left and right, in sides of the crop
_COVERED = 0.28
_BLURRED = 0.7  # of the clip's usual sharpness; not nearer to 1, as an open mouth has more edges than a closed one


@dataclass(frozen=True)
class NeutralFrame(LearntFile):
    """A network with one hidden layer that scores features of frames by how neutral the face is.

    * hidden: (feature_dim, units), bias: (units,), weights: (units,).
    * auc: of telling first frames from middle ones of the first set's validation clips, 0.5 by chance; some begin
      otherwise.
    """

    file = "rest.json"
    hidden: list[list[float]]
    bias: list[float]
    weights: list[float]
    auc: float
    set_name: str
    sha256: str

    def score(self, features: np.ndarray) -> np.ndarray:
        """How neutral each face is, (n,), from (n, feature_dim)."""
        return np.maximum(features @ np.array(self.hidden) + self.bias, 0) @ self.weights

    def choose(self, method: Anchored, frames: np.ndarray, occluded: Sequence[int] = ()) -> int:
        """The number of the most neutral frame among uint8 (frames, size, size, 3).

        It is neither blurred nor occluded, and the mouth is not covered.
        """
        seen = np.setdiff1d(np.arange(len(frames)), occluded)
        at = seen[np.unique(np.linspace(0, len(seen) - 1, _SAMPLED).round().astype(int))]
        scores = self.score(features_of(method, frames[at]))
        grey = [cv2.cvtColor(frames[index], cv2.COLOR_RGB2GRAY) for index in at]
        sharp = np.array([cv2.Laplacian(picture, cv2.CV_32F).var() for picture in grey])
        contrast = np.array([_mouth(frames[index]).std(axis=(0, 1)).mean() for index in at])
        scores[sharp < _BLURRED * np.median(sharp)] = -np.inf
        scores[contrast < _COVERED * np.median(contrast)] = -np.inf
        return int(at[scores.argmax()])


def _mouth(frame: np.ndarray) -> np.ndarray:
    """The part of a uint8 (size, size, 3) frame in which the mouth is."""
    top, bottom, left, right = (round(part * len(frame)) for part in _MOUTH)
    return frame[top:bottom, left:right]


@torch.no_grad()
def features_of(method: Anchored, frames: np.ndarray) -> np.ndarray:
    """What the model reads in each of uint8 (n, size, size, 3) by itself, float32 (n, feature_dim)."""
    parts = [
        method.frame_features(as_clip(frames[at : at + BATCH], method.device)[None])[0]
        for at in range(0, len(frames), BATCH)
    ]
    return torch.cat(parts).float().cpu().numpy()
