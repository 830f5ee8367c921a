"""What a result file's figures were measured on, as one picture."""

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import torch

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_frames, as_training_tensor
from seqdisent_core.media import clip_rows
from seqdisent_core.methods import Codes, Method, encode_clips


def choose_clips(clips: Clips, count: int = 3) -> np.ndarray:
    """Numbers of up to `count` clips, no two of which share a person or an expression; the same ones every time."""
    chosen: list[int] = []
    for clip in np.random.default_rng(0).permutation(len(clips)):
        if all(clips.person[clip] != clips.person[c] and clips.expression[clip] != clips.expression[c] for c in chosen):
            chosen.append(int(clip))
    return np.array(chosen[:count])


@torch.no_grad()
def result_sheet(method: Method, clips: Clips, path: Path) -> None:
    """PNG with six rows for each of three clips.

    The clip; its reconstruction; itself doing what the next of the three does; itself with drawn dynamics; a drawn
    person doing what it does; both drawn. All draws are from the priors, as in the figures.
    """
    shown = clips.select(choose_clips(clips))
    codes = encode_clips(method, as_training_tensor(shown))
    generator = torch.Generator().manual_seed(0)
    static, dynamics = codes.static.to(method.device), codes.dynamics.to(method.device)
    people = method.sample_static(len(static), generator)
    moves = method.sample_dynamics(len(static), dynamics.shape[1], generator, means=True)
    blocks = [
        method.decode(Codes(static, dynamics)),
        method.decode(Codes(static, dynamics.roll(-1, 0))),
        method.decode(Codes(static, moves)),
        method.decode(Codes(people, dynamics)),
        method.decode(Codes(people, moves)),
    ]
    rows = []
    for clip, frames in enumerate(shown.frames):
        rows += [frames, *(as_frames(block[clip]) for block in blocks)]
    path.parent.mkdir(parents=True, exist_ok=True)
    iio.imwrite(path, clip_rows(rows, columns=8, scale=1))
