"""How much of the codes a method uses: the divergence of each part from its prior, and how many units are active."""

from typing import Any

import torch
from torch import Tensor

from seqdisent_core.methods import BATCH, Batch, Method, Moment
from seqdisent_core.reporting import figure

ACTIVE_VARIANCE = 0.01  # Burda et al. 2016


@torch.no_grad()
def kl_figures(method: Method, clips: Tensor, seed: int = 0) -> dict[str, Any]:
    """KL of each part in nats, means over clips, uint8 (clips, frames, 3, size, size).

    From the method's own terms `kl_static` and `kl_dynamics` (a sum over time), unweighted; the prior of the dynamics
    is met along one draw a clip. A method without such a term gets null, and why.
    """
    generator = torch.Generator().manual_seed(seed)
    sums: dict[str, float] = {}
    for start in range(0, len(clips), BATCH):
        batch = clips[start : start + BATCH].to(method.device).float() / 255
        shown = Batch(batch, torch.arange(start, start + len(batch)))
        for name, value in method.loss(shown, Moment(generator=generator)).items():
            sums[name] = sums.get(name, 0.0) + float(value) * len(batch)
    figures: dict[str, Any] = {}
    for part, frames in (("static", 1), ("dynamics", 1), ("dynamics_a_frame", clips.shape[1])):
        term = sums.get(f"kl_{part.removesuffix('_a_frame')}")
        figures[part] = None if term is None else figure([term / len(clips) / frames])
        if term is None:
            figures["why"] = f"{method.name} has no divergence of its {part.removesuffix('_a_frame')} codes."
    return figures


def active_units(means: Tensor) -> int:
    """How many dimensions of posterior means (clips, dims) or (clips, frames, dims) vary over clips by more than 0.01.

    The variance is that of Burda et al. 2016; of dynamics it is taken over the clips at each frame, then averaged.
    """
    variance = (means.double() - means.double().mean(dim=0)).square().mean(dim=0)
    return int(((variance if variance.ndim == 1 else variance.mean(dim=0)) > ACTIVE_VARIANCE).sum())


def active_figures(static: Tensor, dynamics: Tensor) -> dict[str, Any]:
    """Active units of both codes, with how many there are."""
    return {
        "static": figure([active_units(static)]),
        "static_of": static.shape[-1],
        "dynamics": figure([active_units(dynamics)]),
        "dynamics_of": dynamics.shape[-1],
    }
