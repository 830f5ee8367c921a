"""Which labels of a set tell of which factor: the one place where the measures name them."""

from typing import Literal

import numpy as np
from torch import Tensor

from seqdisent_core.clips import Clips
from seqdisent_core.evaluation.judge import Logits, accuracy

Factor = Literal["static", "dynamics"]

LABELS: dict[Factor, tuple[str, ...]] = {"static": ("person",), "dynamics": ("expression",)}


def labels_of(clips: Clips, factor: Factor) -> tuple[np.ndarray, ...]:
    """The labels that tell of one factor, int (clips,) each."""
    return tuple(getattr(clips, name) for name in LABELS[factor])


def factor_accuracy(logits: Logits, clips: Clips, factor: Factor) -> float:
    """Share of clips whose label of one factor is read rightly, in [0, 1]; with several labels, the mean over them."""
    heads = zip(LABELS[factor], labels_of(clips, factor), strict=True)
    return float(np.mean([accuracy(getattr(logits, name), true) for name, true in heads]))


def dynamics_reading(logits: Logits, clips: Clips) -> tuple[Tensor, np.ndarray]:
    """Logits and true labels of what a clip does: (clips, classes) and int (clips,)."""
    (name,) = LABELS["dynamics"]
    return getattr(logits, name), getattr(clips, name)
