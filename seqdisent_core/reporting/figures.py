"""A figure of a result file: a mean with its spread over repeats, or null with the reason."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Figure = dict[str, float | int]


def figure(values: Sequence[float]) -> Figure:
    """Mean and (sample) standard deviation over repeats."""
    return {
        "mean": float(np.mean(values)),
        "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
        "n": len(values),
    }


def absent(names: Iterable[str], why: str) -> dict[str, Any]:
    """Figures that a method cannot have: each null, with the reason under "why"."""
    return {**dict.fromkeys(names), "why": why}
