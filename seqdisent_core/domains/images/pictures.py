"""Pictures as tensors, and tensors as pictures."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import Clips, ShardedFrames


def as_frames(clips: Tensor) -> np.ndarray:
    """Decoded clips (..., 3, height, width) in [0, 1] to uint8 (..., height, width, 3)."""
    return (clips.clamp(0, 1) * 255).round().to(torch.uint8).movedim(-3, -1).cpu().numpy()


def as_clip(frames: np.ndarray, device: torch.device) -> Tensor:
    """uint8 (frames, height, width, 3) to float32 (frames, 3, height, width) in [0, 1] on a device."""
    return torch.from_numpy(np.ascontiguousarray(frames)).to(device).permute(0, 3, 1, 2).float() / 255


class FramesTensor:
    """Frames of a set as a tensor, uint8 (clips, frames, 3, height, width), channels last in memory.

    Indexed as the frames are (ShardedFrames), and read only then: a set may be larger than memory.
    """

    def __init__(self, frames: ShardedFrames) -> None:
        self.frames = frames
        clips, time, height, width, colours = frames.shape
        self.shape = (clips, time, colours, height, width)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Tensor:
        return torch.from_numpy(self.frames[key]).movedim(-1, -3)


def as_training_tensor(clips: Clips) -> FramesTensor:
    """Frames of a set as uint8 (clips, frames, 3, height, width)."""
    return FramesTensor(clips.frames)
