"""A contact sheet of the clips behind a result file."""

from pathlib import Path

import numpy as np

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.methods import Method
from seqdisent_core.training import model_sheet

_SHOWN = 3  # clips


def choose_clips(clips: Clips) -> np.ndarray:
    """Numbers of up to three clips, no two of which share an identity or a dynamic label; deterministic."""
    told = np.stack([label.values for label in (clips.identities, *clips.dynamic.values())], axis=1)
    chosen: list[int] = []
    for clip in np.random.default_rng(0).permutation(len(clips)):
        if (told[clip] != told[chosen]).all():
            chosen.append(int(clip))
    return np.array(chosen[:_SHOWN])


def result_sheet(method: Method, clips: Clips, path: Path) -> None:
    """PNG of what a model generates from three clips that share no label (training.model_sheet)."""
    model_sheet(method, as_training_tensor(clips.select(choose_clips(clips)))[:], path, scale=1)
