"""What a model can do, as one picture."""

from pathlib import Path

import imageio.v3 as iio
import torch
from torch import Tensor

from seqdisent_core.domains.images import as_frames
from seqdisent_core.media import clip_rows
from seqdisent_core.methods import Codes, Method


@torch.no_grad()
def model_sheet(method: Method, clips: Tensor, path: Path, *, scale: int = 2) -> None:
    """PNG with up to six rows for each of a few clips, uint8 (clips, frames, 3, size, size).

    The clip; its reconstruction; its static code with the next clip's dynamics; with sampled dynamics; its dynamics
    with a sampled static code; both sampled. All samples are from the priors, as in the figures; rows that a method
    lacks the ability for are left out.
    """
    x = clips.to(method.device).float() / 255
    generator = torch.Generator().manual_seed(0)
    able, codes = method.abilities, []
    static = method.sample_static(len(x), generator) if "sample_static" in able else None
    dynamics = method.sample_dynamics(len(x), x.shape[1], generator, means=True) if "sample_dynamics" in able else None
    if "encode" in able:
        own = method.encode(x)
        codes += [own, Codes(own.static, own.dynamics.roll(-1, 0))]
        codes += [Codes(own.static, dynamics)] if dynamics is not None else []
        codes += [Codes(static, own.dynamics)] if static is not None else []
    if static is not None and dynamics is not None:
        codes.append(Codes(static, dynamics))
    blocks = [*([x] if "encode" in able else []), *(method.decode(one) for one in codes)]
    rows = [as_frames(block[clip]) for clip in range(len(x)) for block in blocks]
    path.parent.mkdir(parents=True, exist_ok=True)
    iio.imwrite(path, clip_rows(rows, scale=scale))
