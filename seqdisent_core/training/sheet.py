"""What a model can do while it is trained, as one picture."""

from pathlib import Path

import imageio.v3 as iio
import torch
from torch import Tensor

from seqdisent_core.domains.images import as_frames
from seqdisent_core.media import clip_rows
from seqdisent_core.methods import Codes, Method


@torch.no_grad()
def training_sheet(method: Method, clips: Tensor, path: Path) -> None:
    """PNG of what a model can do: a few rows for each of some clips, uint8 (clips, frames, 3, size, size).

    The clip; its reconstruction; its static code with the next clip's dynamics; with sampled dynamics; its dynamics
    with a sampled static code. A method without an encoder shows sampled clips alone; one without priors no samples.
    """
    real = clips.to(method.device).float() / 255
    generator = torch.Generator().manual_seed(0)
    count, time = real.shape[:2]
    blocks, codes = [], []
    if "encode" in method.abilities:
        blocks.append(real)
        own = method.encode(real)
        codes += [own, Codes(own.static, own.dynamics.roll(-1, 0))]
        if "sample_dynamics" in method.abilities:
            codes.append(Codes(own.static, method.sample_dynamics(count, time, generator)))
        if "sample_static" in method.abilities:
            codes.append(Codes(method.sample_static(count, generator), own.dynamics))
    elif "sample_static" in method.abilities and "sample_dynamics" in method.abilities:
        codes.append(Codes(method.sample_static(count, generator), method.sample_dynamics(count, time, generator)))
    blocks += [method.decode(one) for one in codes]
    rows = [as_frames(block[clip]) for clip in range(len(real)) for block in blocks]
    path.parent.mkdir(parents=True, exist_ok=True)
    iio.imwrite(path, clip_rows(rows))
