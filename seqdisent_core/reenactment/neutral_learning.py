"""What a neutral face is to a model, learnt from rendered sets. Needs scikit-learn.

Where the renderer's truth lies beside the clips, it says how neutral each frame is: shapes, head pose, gaze and lids.
Else first frames count as neutral, and those in the middle not.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seqdisent_core.data import LIDS, Clips, FilmTruth
from seqdisent_core.errors import DataError
from seqdisent_core.methods import Anchored
from seqdisent_core.reenactment.neutral_frame import NeutralFrame, features_of

_OPEN = 0.67  # lids of a state whose eye is open
_NEUTRAL = 0.8  # of a state: as far from neutral, a frame counts 0.6; twice as far, 0.1
_LATER = 3  # frames of a clip beside the first that are learnt from
_LEAST = 6  # frames of a clip, so that more than _LATER lie in its middle half
_OTHERS = 0.2  # clips of each further set that are learnt from, as a share of the first one's
_NETWORKS, _HIDDEN, _DECAY = 5, 32, 3.0  # small ones, held small and averaged: no hyperplane of the codes parts them


def learn_neutral(method: Anchored, sets: Sequence[Clips], sha256: str) -> NeutralFrame:
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
    seen, how_neutral = (np.concatenate(column) for column in zip(*examples, strict=True))
    scaler = StandardScaler().fit(seen)
    often = np.flatnonzero(how_neutral > 0.5)
    times = max(1, round((len(seen) - len(often)) / len(often)))  # so that both kinds count alike
    even = np.concatenate([np.arange(len(seen)), *[often] * (times - 1)])
    given, meant = scaler.transform(seen)[even], how_neutral[even]
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
    held, held_neutral = _examples(method, sets[0].part("validation"), random)
    return replace(neutral, auc=float(roc_auc_score(held_neutral > 0.5, neutral.score(held))))


def _examples(method: Anchored, clips: Clips, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features of the first and some middle frames of each clip (it may end neutral), and how neutral each is."""
    frames = clips.frames.shape[1]
    middle = np.arange(frames // 4, frames - frames // 4)
    later = np.stack([random.choice(middle, _LATER, replace=False) for _ in range(len(clips))])
    times = np.concatenate([np.zeros((len(clips), 1), int), later], axis=1)
    pictures = clips.frames[np.arange(len(clips))[:, None], times]
    if FilmTruth.known(clips.frames):
        truth = FilmTruth(clips.frames, clips.name)
        neutral = np.concatenate([_neutral(truth.state(clip, at)) for clip, at in enumerate(times)])
    else:
        neutral = (times == 0).ravel().astype(float)
    return features_of(method, pictures.reshape(-1, *pictures.shape[2:])), neutral


def _neutral(states: np.ndarray) -> np.ndarray:
    """How neutral faces are, (n,) in [0, 1], by what they do, (n, STATE_DIM); lids are open from two thirds on."""
    away = states.copy()
    away[:, LIDS] = np.clip(_OPEN - states[:, LIDS], 0, None)
    return np.exp(-0.5 * np.square(away).sum(axis=1) / _NEUTRAL**2)
