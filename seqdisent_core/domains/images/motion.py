"""Where a clip moves."""

from torch import Tensor


def motion_weights(clip: Tensor, weight: float) -> Tensor:
    """How much a pixel's errors count, 1 + weight sd / mean(sd), sd over time: (batch, 1, 1, height, width).

    clip: (batch, frames, 3, height, width).
    """
    away = clip - clip.mean(dim=1, keepdim=True)  # torch's own std is many times slower along frames
    moving = away.square().mean(dim=1, keepdim=True).sqrt().mean(dim=2, keepdim=True)
    return 1 + weight * moving / (moving.mean(dim=(3, 4), keepdim=True) + 1e-4)
