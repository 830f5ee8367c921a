"""How much of its codes a method uses: KL divergence of each posterior from its prior, and active units."""

from typing import Any

import torch
from torch import Tensor

from seqdisent_core.methods import BATCH, Batch, Method, Moment, Sliced, with_views
from seqdisent_core.reporting import figure

ACTIVE_VARIANCE = 0.01  # Burda et al. 2016


@torch.no_grad()
def kl_figures(method: Method, clips: Sliced, seed: int = 0) -> dict[str, Any]:
    """KL divergences in nats, averaged over clips, uint8 (clips, frames, 3, size, size).

    They are the method's own loss terms `kl_static` and `kl_dynamics` (summed over time), unweighted; the prior of the
    dynamics is conditioned on one posterior sample per clip. A method without such a term gets null and the reason.
    """
    generator = torch.Generator().manual_seed(seed)
    sums: dict[str, float] = {}
    for start in range(0, len(clips), BATCH):
        batch = clips[start : start + BATCH].to(method.device).float() / 255
        shown = Batch(batch, torch.arange(start, start + len(batch)))
        for name, value in method.loss(with_views(method, shown, generator), Moment(generator=generator)).items():
            sums[name] = sums.get(name, 0.0) + float(value) * len(batch)
    figures: dict[str, Any] = {}
    for part, frames in (("static", 1), ("dynamics", 1), ("dynamics_a_frame", clips.shape[1])):
        term = sums.get(f"kl_{part.removesuffix('_a_frame')}")
        figures[part] = None if term is None else figure([term / len(clips) / frames])
        if term is None:
            figures["why"] = f"{method.name} has no divergence of its {part.removesuffix('_a_frame')} codes."
    return figures


def active_units(means: Tensor) -> int:
    """Number of dimensions of posterior means, (clips, dims) or (clips, frames, dims), with variance above 0.01.

    As in Burda et al. 2016, over clips; for dynamics the variance is taken at each frame, then averaged over frames.
    """
    variance = (means.double() - means.double().mean(dim=0)).square().mean(dim=0)
    return int(((variance if variance.ndim == 1 else variance.mean(dim=0)) > ACTIVE_VARIANCE).sum())


def active_figures(static: Tensor, dynamics: Tensor) -> dict[str, Any]:
    """Active units of both codes, and the number of all units."""
    return {
        "static": figure([active_units(static)]),
        "static_of": static.shape[-1],
        "dynamics": figure([active_units(dynamics)]),
        "dynamics_of": dynamics.shape[-1],
    }
