"""Pictures as tensors, and tensors as pictures."""

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import Clips


def as_frames(clips: Tensor) -> np.ndarray:
    """Decoded clips (..., 3, height, width) in [0, 1] to uint8 (..., height, width, 3)."""
    return (clips.clamp(0, 1) * 255).round().to(torch.uint8).movedim(-3, -1).cpu().numpy()


def as_training_tensor(clips: Clips) -> Tensor:
    """Frames of a set as uint8 (clips, frames, 3, height, width): a view of them, channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(clips.frames)).permute(0, 1, 4, 2, 3)
