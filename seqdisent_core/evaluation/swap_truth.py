"""Swaps against what they should be: pairs of persons of whom the renderer has drawn the true result."""

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import load_clips
from seqdisent_core.domains.images import as_frames, as_training_tensor
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.evaluation.judge import Judge, read_features
from seqdisent_core.evaluation.protocols import signal_to_noise, structural_similarity
from seqdisent_core.methods import Codes, Method, decode_batches, encode_clips, require
from seqdisent_core.reporting import figure

CLIPS = 4  # of a take, as facekit's pairs have them: two persons' own, then the true swaps
MEASURED = ("psnr", "ssim", "motion_error", "landmark_error", "identity")
_SEEN = 128  # pixels a side that optical flow is computed at


class TruePairs(NamedTuple):
    """The clips of `seqdisent render pairs`, which belong together, and what a judge sees in them."""

    clips: Tensor  # uint8 (clips, frames, 3, size, size)
    landmarks: np.ndarray  # (clips, frames, 68, 2), in sides of the picture
    static: Tensor  # of each swap the index of the static clip,
    driver: Tensor  # of the driver's,
    true: Tensor  # and of the true result
    judge: Judge
    features: Tensor  # of the clips

    @classmethod
    def read(cls, folder: Path, judge: Judge) -> "TruePairs":
        """Clips of the judge's size. Raises DataError for a folder of another kind."""
        clips = load_clips(folder, size=judge.config.frame_size)
        files = sorted(folder.glob("*.landmarks.npy"))
        if not files or len(clips) % CLIPS:
            raise DataError(f"{folder} holds no pairs. `seqdisent render pairs` draws them.")
        place = torch.arange(len(clips)).view(-1, CLIPS)
        static, driver, true = place[:, :2].flatten(), place[:, [1, 0]].flatten(), place[:, 2:].flatten()
        landmarks = np.concatenate([np.load(file) for file in files])
        shown = as_training_tensor(clips)[:]
        return cls(shown, landmarks, static, driver, true, judge, read_features(judge, shown))

    def shown(self, index: Tensor) -> Tensor:
        """Some clips in [0, 1]."""
        return self.clips[index].float() / 255


def swap_truth(method: Method, pairs: TruePairs) -> dict[str, Any]:
    """Figures of a method's swaps of all pairs, both ways, against the truth ("swap").

    * psnr in dB, ssim: means over frames.
    * motion_error: of the landmarks' displacement since the first frame, by optical flow (DIS) in the made clip,
      against the true one; landmark_error: how far the true frame's landmarks lie from the same points of the made
      frame, by optical flow between both. Means over landmarks and frames, in pixels. In a picture without structure
      there is no flow to be found, so a flat one has a small landmark_error: read it beside the others.
    * identity: share of swaps that the judge's features place nearer to the truth than to the driver's own clip.

    Beside it "rebuilt": the true clips' own reconstructions. Figures are means over clips, with their deviation over
    clips. Raises ConfigError for a method without an encoder, or of another size of frames.
    """
    require(method, "encode")
    if method.backbone.element[-1] != pairs.clips.shape[-1]:
        raise ConfigError(
            f"{method.name} reads frames of {method.backbone.element[-1]} pixels a side, the judge of "
            f"{pairs.clips.shape[-1]}. Compare models of the judge's size."
        )
    codes = encode_clips(method, pairs.clips)
    swapped = Codes(codes.static[pairs.static], codes.dynamics[pairs.driver])
    rebuilt = Codes(codes.static[pairs.true], codes.dynamics[pairs.true])
    made = {"swap": _decoded(method, swapped), "rebuilt": _decoded(method, rebuilt)}
    return {name: _against_truth(shown, pairs) for name, shown in made.items()}


def truth_floors(pairs: TruePairs) -> dict[str, Any]:
    """The figures of two results that are no swap: "still", the static clip's first frame, and "driver", their clip."""
    still = pairs.shown(pairs.static)[:, :1].expand(-1, pairs.clips.shape[1], -1, -1, -1)
    made = {"still": still, "driver": pairs.shown(pairs.driver)}
    return {name: _against_truth(shown, pairs) for name, shown in made.items()}


def _decoded(method: Method, codes: Codes) -> Tensor:
    return torch.cat(list(decode_batches(method, codes.static, codes.dynamics)))


def _against_truth(made: Tensor, pairs: TruePairs) -> dict[str, Any]:
    """made: clips in [0, 1] in the order of the swaps."""
    true, landmarks = pairs.shown(pairs.true), pairs.landmarks[pairs.true.numpy()]
    similar = structural_similarity(made.flatten(0, 1), true.flatten(0, 1)).view(made.shape[:2]).mean(dim=1)
    moved = [flow_errors(*clip) for clip in zip(as_frames(made), as_frames(true), landmarks, strict=True)]
    seen, right, other = read_features(pairs.judge, made), pairs.features[pairs.true], pairs.features[pairs.driver]
    near = torch.cosine_similarity(seen, right) > torch.cosine_similarity(seen, other)
    values = {
        "psnr": signal_to_noise(made, true).tolist(),
        "ssim": similar.tolist(),
        "motion_error": [motion for motion, _ in moved],
        "landmark_error": [apart for _, apart in moved],
        "identity": near.float().tolist(),
    }
    return {name: figure(values[name]) for name in MEASURED}


def flow_errors(made: np.ndarray, true: np.ndarray, landmarks: np.ndarray) -> tuple[float, float]:
    """motion_error and landmark_error of a clip, in its pixels (swap_truth).

    made, true: uint8 (frames, size, size, 3); landmarks: (frames, n, 2), of the true clip, in sides of the picture.
    """
    seen, meant = ([_grey(frame) for frame in clip] for clip in (made, true))
    motion, apart = [], []
    for at, marks in enumerate(landmarks):
        apart.append(_lengths(_moved(meant[at], seen[at], marks)))
        if at:
            moved = _moved(seen[0], seen[at], landmarks[0])
            motion.append(_lengths(moved - (marks - landmarks[0]) * _SEEN))
    scale = made.shape[1] / _SEEN
    return float(np.mean(motion)) * scale, float(np.mean(apart)) * scale


def _grey(frame: np.ndarray) -> np.ndarray:
    return cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (_SEEN, _SEEN), interpolation=cv2.INTER_CUBIC)


def _moved(first: np.ndarray, second: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Optical flow (n, 2) between two pictures at places (n, 2) in sides of the first."""
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = np.asarray(finder.calc(first, second, np.zeros((*first.shape, 2), np.float32)))
    columns, rows = np.clip((places * _SEEN).astype(int), 0, _SEEN - 1).T
    return flow[rows, columns]


def _lengths(vectors: np.ndarray) -> float:
    return float(np.linalg.norm(vectors, axis=1).mean())
