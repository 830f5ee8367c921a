"""Tuning to the people of two clips, for the page "Swap" and its endpoint: on a lent GPU where GPUs are lent."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pages import model

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.reenactment import Pair, Subject

_EVERY = 1.0  # seconds of tuning from one state to the next
_AROUND = 30  # seconds that a lent GPU may take to get ready, besides


def usual_seconds() -> float:
    """For how long people are tuned to where the model runs."""
    from seqdisent_core.reenactment import usual_seconds

    return usual_seconds(model.tuning_studio().method.device)


def tuned(first: "FaceClip", second: "FaceClip", seconds: float) -> "Iterator[Pair]":
    """Two clips at the model's size and a model that comes to know them, as Studio.personalise gives and raises."""
    from seqdisent_core.reenactment import pairs, subjects

    two = subjects(first, second)
    if not seconds:  # no GPU is lent for that
        return pairs(model.film_studio().method, two, seconds=seconds, every=_EVERY)
    return _states(two, seconds)


@model.on_gpu(lambda two, seconds: seconds + _AROUND)
def _states(two: "tuple[Subject, Subject]", seconds: float) -> "Iterator[Pair]":
    from seqdisent_core.reenactment import pairs

    for pair in pairs(model.tuning_studio().method, two, seconds=seconds, every=_EVERY):
        yield pair.kept() if model.ZERO_GPU else pair
