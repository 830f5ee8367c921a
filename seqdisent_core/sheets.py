"""Clips laid out as one picture: a row a clip, time from left to right."""

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import torch
from torch import Tensor

from seqdisent_core.methods.contract import Method

GAP = 2


def clip_rows(rows: list[np.ndarray], columns: int = 8, scale: int = 2) -> np.ndarray:
    """Rows of evenly spaced frames, uint8 RGB (height, width, 3) on white; each row a clip (frames, size, size, 3)."""
    drawn = []
    for frames in rows:
        picked = frames[np.linspace(0, len(frames) - 1, columns).round().astype(int)]
        large = picked.repeat(scale, axis=1).repeat(scale, axis=2)
        padded = np.pad(large, ((0, 0), (GAP, GAP), (GAP, GAP), (0, 0)), constant_values=255)
        drawn.append(np.concatenate(list(padded), axis=1))
    return np.concatenate(drawn, axis=0)


def as_frames(clips: Tensor) -> np.ndarray:
    """Decoded clips (..., 3, height, width) in [0, 1] to uint8 (..., height, width, 3)."""
    return (clips.clamp(0, 1) * 255).round().to(torch.uint8).movedim(-3, -1).cpu().numpy()


@torch.no_grad()
def training_sheet(method: Method, clips: Tensor, path: Path) -> None:
    """PNG of what a model can do: for each of a few clips, uint8 (clips, frames, 3, size, size), five rows.

    The clip; its reconstruction; itself doing what the next clip does; itself with dynamics drawn from the prior;
    a person drawn from N(0, I) doing what the clip does.
    """
    real = clips.to(method.device).float() / 255
    generator = torch.Generator().manual_seed(0)
    codes = method.encode(real).mean
    static, dynamics = codes.static, codes.dynamics
    drawn = method.sample_dynamics(len(real), real.shape[1], generator)
    blocks = [
        real,
        method.decode(static, dynamics),
        method.decode(static, dynamics.roll(-1, 0)),
        method.decode(static, drawn),
        method.decode(method.sample_static(len(real), generator), dynamics),
    ]
    rows = [as_frames(block[clip]) for clip in range(len(real)) for block in blocks]
    path.parent.mkdir(parents=True, exist_ok=True)
    iio.imwrite(path, clip_rows(rows))
