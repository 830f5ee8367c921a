"""What a neutral face is to a model, learnt from sets whose clips mostly begin with one. Needs scikit-learn."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seqdisent_core.data import Clips
from seqdisent_core.errors import DataError
from seqdisent_core.methods import Method
from seqdisent_core.reenactment.neutral_frame import NeutralFrame, static_codes

_LATER = 3  # frames of a clip beside the first that are learnt from
_LEAST = 6  # frames of a clip, so that more than _LATER lie in its middle half
_OTHERS = 0.2  # clips of each further set that are learnt from, as a share of the first one's
_NETWORKS, _HIDDEN, _DECAY = 5, 32, 3.0  # small ones, held small and averaged: no hyperplane of the codes parts them


def learn_neutral(method: Method, sets: Sequence[Clips], sha256: str) -> NeutralFrame:
    """Learn from the train splits, and measure on the first set's validation split.

    The first set is the model's own; of each other one, a fifth as many clips are taken. Raises DataError for too short
    clips.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import roc_auc_score
    from sklearn.neural_network import MLPRegressor
    from sklearn.preprocessing import StandardScaler

    for clips in sets:
        if clips.frames.shape[1] < _LEAST:
            raise DataError(
                f"The clips of {clips.name} have {clips.frames.shape[1]} frames. Neutral faces are learnt from clips "
                f"of {_LEAST} or more."
            )
    random = np.random.default_rng(0)
    parts = [clips.part("train") for clips in sets]
    most = round(_OTHERS * len(parts[0]))
    parts[1:] = [part.select(random.permutation(len(part))[:most]) for part in parts[1:]]
    examples = [_examples(method, part, random) for part in parts]
    seen, first = (np.concatenate(column) for column in zip(*examples, strict=True))
    scaler = StandardScaler().fit(seen)
    even = np.concatenate([np.arange(len(first)), *[np.flatnonzero(first)] * (_LATER - 1)])  # as many first as later
    given, meant = scaler.transform(seen)[even], first[even].astype(float)
    networks = [
        MLPRegressor(hidden_layer_sizes=(_HIDDEN,), alpha=_DECAY, max_iter=60, early_stopping=True, random_state=seed)
        for seed in range(_NETWORKS)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits do not matter
        for network in networks:
            network.fit(given, meant)
    hidden = np.concatenate([network.coefs_[0] for network in networks], axis=1) / scaler.scale_[:, None]
    bias = np.concatenate([network.intercepts_[0] for network in networks]) - scaler.mean_ @ hidden
    weights = np.concatenate([network.coefs_[1][:, 0] for network in networks]) / _NETWORKS
    neutral = NeutralFrame(
        hidden.round(4).tolist(),
        bias.round(4).tolist(),
        weights.round(4).tolist(),
        0.0,
        ", ".join(clips.name for clips in sets),
        sha256,
    )
    held, held_first = _examples(method, sets[0].part("validation"), random)
    return replace(neutral, auc=float(roc_auc_score(held_first, neutral.score(held))))


def _examples(method: Method, clips: Clips, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Static codes of the first and some middle frames of each clip (it may end neutral), and which are first."""
    frames = clips.frames.shape[1]
    middle = np.arange(frames // 4, frames - frames // 4)
    later = np.stack([random.choice(middle, _LATER, replace=False) for _ in range(len(clips))])
    times = np.concatenate([np.zeros((len(clips), 1), int), later], axis=1)
    pictures = clips.frames[np.arange(len(clips))[:, None], times]
    return static_codes(method, pictures.reshape(-1, *pictures.shape[2:])), (times == 0).ravel()
