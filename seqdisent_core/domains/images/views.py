"""Other looks of the same clips: one factor is kept, the other changed (as in C-DSVAE, Bai et al. 2021); or what moves
in them (as in S3VAE, Zhu et al. 2020)."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

CELLS = 3  # of a frame, a side
_MOVING = 3  # of them, how many count as moving
_GAIN = 0.4  # largest relative change of a colour channel, and of the contrast


def recoloured(x: Tensor, generator: torch.Generator) -> Tensor:
    """Clips (batch, time, 3, height, width) in [0, 1] in other colours and contrast, all frames of one alike."""
    gain = 1 + _GAIN * (2 * torch.rand(len(x), 1, 3, 1, 1, generator=generator) - 1)
    contrast = 1 + _GAIN * (2 * torch.rand(len(x), 1, 1, 1, 1, generator=generator) - 1)
    mean = x.mean(dim=(1, 2, 3, 4), keepdim=True)
    return ((x - mean) * contrast.to(x.device) + mean).mul(gain.to(x.device)).clamp(0, 1)


def moving_cells(x: Tensor, generator: torch.Generator) -> Tensor:
    """Which cells of a 3 x 3 grid move most, 1 for the first three, else 0: (batch, time, 9).

    By the mean change of brightness since the frame before; the first frame has the second's. Zhu et al. 2020 rank the
    same cells by the size of an optical flow, which takes a network of its own.
    """
    grey = x.mean(dim=2)
    change = (grey[:, 1:] - grey[:, :-1]).abs() if x.shape[1] > 1 else torch.zeros_like(grey)
    change = adaptive_avg_pool2d(change, CELLS).flatten(2)
    change = torch.cat([change[:, :1], change], dim=1)[:, : x.shape[1]]
    return torch.zeros_like(change).scatter_(2, change.topk(_MOVING, dim=2).indices, 1.0)
