"""The clips of each training step, as pure functions of the step."""

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.methods import Batch
from seqdisent_core.training.config import TrainingConfig


def draw_batch(
    clips: Tensor, config: TrainingConfig, step: int, rank: int = 0, couples: np.ndarray | None = None
) -> Batch:
    """The clips of one step, from uint8 (clips, frames, 3, size, size); couples: int (couples, 2), for pair_share.

    A pure function of seed, step and process, so that a resumed run sees what an unbroken one would have seen. The
    batch lies on the device of `clips`.
    """
    random = np.random.default_rng([config.seed, step, rank])
    sparse = step < config.sparse_share * config.steps
    count = min(config.sparse_batch if sparse else config.batch, len(clips))
    alike = 1  # so many clips in a row see the same times and are mirrored together
    partner = None
    if couples is None:
        chosen = random.choice(len(clips), count, replace=False)
    else:
        alike, count = 2, max(2, count // 2 * 2)
        chosen = couples[random.choice(len(couples), count // 2, replace=False)].ravel()
        places = np.arange(count)
        exchanged = places < 2 * round(config.pair_share * count / 2)
        partner = torch.from_numpy(np.where(exchanged, places ^ 1, places))
    frames = clips.shape[1]
    if sparse and config.sparse_frames < frames:
        later = [
            np.sort(random.choice(frames - 1, config.sparse_frames - 1, replace=False)) + 1 for _ in chosen[::alike]
        ]
        times = np.concatenate([np.zeros((len(later), 1), int), np.stack(later)], axis=1).repeat(alike, axis=0)
        batch = clips[torch.from_numpy(chosen)[:, None], torch.from_numpy(times)]
    elif config.least_frames:
        batch = clips[torch.from_numpy(chosen)[:, None], torch.from_numpy(_run(frames, config.least_frames, random))]
    else:
        batch = clips[torch.from_numpy(chosen)]
    batch = batch.float() / 255
    if config.colour_gain:
        gain = 1 + config.colour_gain * random.uniform(-1, 1, (count, 1, 3, 1, 1))
        batch = (batch * torch.from_numpy(gain).float().to(batch.device)).clamp(0, 1)
    if config.mirror:
        turned = torch.from_numpy(np.flatnonzero((random.random(count // alike) < 0.5).repeat(alike)))
        batch[turned] = batch[turned].flip(-1)
    return Batch(batch, torch.from_numpy(chosen), partner=partner)


def _run(frames: int, least: int, random: np.random.Generator) -> np.ndarray:
    """Times of a run within a clip, int (n,), its anchor before it, as windows of long clips are read.

    The anchor is the clip's first frame or any; a quarter of the runs go there and back again.
    """
    count = int(random.integers(min(least, frames), frames + 1))
    stride = int(random.integers(1, 3)) if 2 * (count - 1) < frames else 1
    start = int(random.integers(0, frames - stride * (count - 1)))
    times = start + stride * np.arange(count)
    if random.random() < 0.25:
        times = np.concatenate([times, times[-2::-1]])
    anchor = int(random.integers(frames)) if random.random() < 0.5 else 0
    return np.concatenate([[anchor], times])
