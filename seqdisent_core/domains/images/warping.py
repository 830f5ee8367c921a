"""Frames moved by a field of backward motion."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


@lru_cache(maxsize=16)
def grid(cells: int, device: torch.device, reach: float = 1.0) -> Tensor:
    """Places of the middles of cells, (2, cells, cells), right and down, in sides of a frame.

    reach: sides of the square that the cells cover, whose middle is the frame's.
    """
    along = 0.5 + reach * ((torch.arange(cells, device=device) + 0.5) / cells - 0.5)
    down, right = torch.meshgrid(along, along, indexing="ij")
    return torch.stack([right, down])


def sample(pictures: Tensor, places: Tensor) -> Tensor:
    """Pictures (n, channels, height, width) at places (n, 2, rows, columns) in sides, replicated beyond their edges."""
    at = (2 * places - 1).permute(0, 2, 3, 1)
    return functional.grid_sample(pictures, at, mode="bilinear", padding_mode="border", align_corners=False)


def enlarged(field: Tensor, size: int) -> Tensor:
    """A field (n, channels, cells, cells) at every pixel of a frame."""
    return functional.interpolate(field, size=(size, size), mode="bilinear", align_corners=False)


def warp(anchor: Tensor, motion: Tensor) -> Tensor:
    """The anchor frame (n, 3, size, size) moved backward by motion (n, 2, cells, cells), in sides."""
    size = anchor.shape[-1]
    return sample(anchor, grid(size, anchor.device) + enlarged(motion, size))
