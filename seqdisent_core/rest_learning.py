"""What a face at rest looks like to a model, learnt from sets whose clips mostly begin at rest. Needs scikit-learn."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from seqdisent_core.anchors import Rest, static_codes
from seqdisent_core.clips import Clips
from seqdisent_core.errors import DataError
from seqdisent_core.methods.contract import Method

_LATER = 3  # frames of a clip beside the first that are learnt from
_LEAST = 6  # frames of a clip
_OTHERS = 0.05  # clips of each further set that are learnt from, as a share of the first one's: they correct it


def learn_rest(method: Method, sets: Sequence[Clips], sha256: str) -> Rest:
    """Learn from the train splits, and measure on the first set's validation split.

    The first set is the model's own; of each other one, a twentieth as many clips are taken. Raises DataError for too
    short clips.
    """
    for clips in sets:
        if clips.frames.shape[1] < _LEAST:
            raise DataError(
                f"The clips of {clips.name} have {clips.frames.shape[1]} frames. Rest is learnt from {_LEAST} or more."
            )
    random = np.random.default_rng(0)
    parts = [clips.part("train") for clips in sets]
    most = round(_OTHERS * len(parts[0]))
    parts[1:] = [part.select(random.permutation(len(part))[:most]) for part in parts[1:]]
    examples = [_examples(method, part, random) for part in parts]
    seen, first = (np.concatenate(column) for column in zip(*examples, strict=True))
    scaler = StandardScaler().fit(seen)
    line = LogisticRegression(max_iter=1000, class_weight="balanced").fit(scaler.transform(seen), first)
    weights = line.coef_[0] / scaler.scale_
    held, held_first = _examples(method, sets[0].part("validation"), random)
    auc = float(roc_auc_score(held_first, held @ weights))
    return Rest(weights.round(6).tolist(), auc, ", ".join(clips.name for clips in sets), sha256)


def _examples(method: Method, clips: Clips, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Static codes of the first and some middle frames of each clip (it may end at rest), and which are first."""
    frames = clips.frames.shape[1]
    middle = np.arange(frames // 4, frames - frames // 4)
    later = np.stack([random.choice(middle, _LATER, replace=False) for _ in range(len(clips))])
    times = np.concatenate([np.zeros((len(clips), 1), int), later], axis=1)
    pictures = clips.frames[np.arange(len(clips))[:, None], times]
    return static_codes(method, pictures.reshape(-1, *pictures.shape[2:])), (times == 0).ravel()
