"""Other looks of the same clips: one factor is kept, the other changed (as in C-DSVAE, Bai et al. 2021)."""

import torch
from torch import Tensor

_GAIN = 0.4  # largest relative change of a colour channel, and of the contrast


def shuffled(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each sequence with its elements in another order of time: static kept, dynamics lost; any (batch, time, ...)."""
    order = torch.rand(x.shape[:2], generator=generator).argsort(dim=1).to(x.device)
    return x[torch.arange(len(x), device=x.device)[:, None], order]


def recoloured(x: Tensor, generator: torch.Generator) -> Tensor:
    """Clips (batch, time, 3, height, width) in [0, 1] in other colours and contrast, all frames of one alike."""
    gain = 1 + _GAIN * (2 * torch.rand(len(x), 1, 3, 1, 1, generator=generator) - 1)
    contrast = 1 + _GAIN * (2 * torch.rand(len(x), 1, 1, 1, 1, generator=generator) - 1)
    mean = x.mean(dim=(1, 2, 3, 4), keepdim=True)
    return ((x - mean) * contrast.to(x.device) + mean).mul(gain.to(x.device)).clamp(0, 1)
