"""Weights that change while a model is trained, as pure functions of the step."""

import math


def cyclical(step: int, cycle_steps: int) -> float:
    """Factor on divergences: 1, or in each cycle half a cosine from 0 to 1 over its first half, then 1.

    The cyclical annealing that the authors' public code of DBSE means; that code then overwrites the weight of KL(s)
    with its product, which leaves 0 for the whole run. Here the weight itself never changes.
    """
    if not cycle_steps:
        return 1.0
    position = (step % cycle_steps) / cycle_steps
    return 1.0 if position >= 0.5 else 0.5 * (1 - math.cos(math.pi * position / 0.5))
