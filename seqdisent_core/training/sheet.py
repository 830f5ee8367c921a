"""What a model can do while it is trained, as one picture."""

from pathlib import Path

import imageio.v3 as iio
import torch
from torch import Tensor

from seqdisent_core.domains.images import as_frames
from seqdisent_core.media import clip_rows
from seqdisent_core.methods import Method


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
