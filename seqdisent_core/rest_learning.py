"""What a face at rest looks like to a model, learnt from a set whose clips mostly begin at rest. Needs scikit-learn."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from seqdisent_core.anchors import Rest, static_codes
from seqdisent_core.clips import Clips
from seqdisent_core.errors import DataError
from seqdisent_core.methods.contract import Method

_LATER = 3  # frames of a clip beside the first that are learnt from


def learn_rest(method: Method, clips: Clips, sha256: str) -> Rest:
    """Learn from a set's train split, and measure on its validation split. Raises DataError for too short clips."""
    if clips.frames.shape[1] <= _LATER:
        raise DataError(
            f"The clips of {clips.name} have {clips.frames.shape[1]} frames. Rest is learnt from {_LATER + 1} or more."
        )
    random = np.random.default_rng(0)
    seen, first = _examples(method, clips.part("train"), random)
    scaler = StandardScaler().fit(seen)
    line = LogisticRegression(max_iter=1000, class_weight="balanced").fit(scaler.transform(seen), first)
    weights = line.coef_[0] / scaler.scale_
    held, held_first = _examples(method, clips.part("validation"), random)
    return Rest(weights.round(6).tolist(), float(roc_auc_score(held_first, held @ weights)), clips.name, sha256)


def _examples(method: Method, clips: Clips, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Static codes of some frames of each clip, and which of them are first ones."""
    frames = clips.frames.shape[1]
    later = np.stack([random.choice(np.arange(1, frames), _LATER, replace=False) for _ in range(len(clips))])
    times = np.concatenate([np.zeros((len(clips), 1), int), later], axis=1)
    pictures = clips.frames[np.arange(len(clips))[:, None], times]
    return static_codes(method, pictures.reshape(-1, *pictures.shape[2:])), (times == 0).ravel()
