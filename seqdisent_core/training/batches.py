"""The clips of each training step, as pure functions of the step."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from seqdisent_core.data import ANCHORS, Clips, FilmTruth
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods import Batch
from seqdisent_core.training.config import TrainingConfig

# Deviations of a clip's crop from where it should be, and of a frame's from its clip's: right, down in sides, log size.
_MISPLACED = (0.02, 0.025, 0.05)
_SLIP = (0.006, 0.006, 0.01)


class StepClips(NamedTuple):
    """What the batch of a step is made of, as it is read.

    * frames: uint8 (batch, time, height, width, 3); chosen: int (batch,), which clips of the set they are; partner: as
      in a Batch.
    * gain: float (batch, 1, 3, 1, 1), of each clip's colours, and mirrored: int (n,), which clips of the batch are;
      None where the recipe asks for neither.
    * together: clips of the step in all processes.
    * truth: as in a Batch; None where the recipe asks for none.
    """

    frames: Tensor
    chosen: Tensor
    partner: Tensor | None
    gain: Tensor | None
    mirrored: Tensor | None
    together: int
    truth: dict[str, Tensor] | None = None

    def batch(self, device: torch.device) -> Batch:
        """The clips as they are trained on."""
        x = self.frames.to(device, non_blocking=True).permute(0, 1, 4, 2, 3).float() / 255
        if self.gain is not None:
            x = (x * self.gain.to(device)).clamp(0, 1)
        if self.mirrored is not None:
            turned = self.mirrored.to(device)
            x[turned] = x[turned].flip(-1)
        partner = None if self.partner is None else self.partner.to(device)
        truth = {name: value.to(device) for name, value in (self.truth or {}).items()}
        return Batch(x, self.chosen, partner=partner, truth=truth)


class Steps(Dataset[StepClips]):
    """The clips of each step, by its number: a DataLoader's data set whose sampler is the steps that are to come.

    They are a pure function of the seed and the step, so that a resumed run sees what an unbroken one would have seen.
    Of several processes each makes the same choice and reads its share of it: a batch is the same one for any number of
    processes. pairs: int (pairs, 2), for pair_share; both of a pair are in one share.

    Raises ConfigError where the clips of a step cannot be shared evenly.
    """

    def __init__(
        self,
        clips: Clips,
        config: TrainingConfig,
        *,
        pairs: np.ndarray | None = None,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        self.frames, self.config, self.pairs = clips.frames, config, pairs
        self.truth = FilmTruth(clips.frames, clips.name) if config.truth else None
        self.process, self.processes = process, processes
        self.alike = 1 if pairs is None else 2  # so many clips in a row see the same times and are mirrored together
        for count in {self._count(step) for step in (0, config.steps - 1)}:
            if count // self.alike % processes:
                what = "clips" if pairs is None else "pairs"
                raise ConfigError(
                    f"The {count // self.alike} {what} of a step cannot be shared evenly by {processes} processes. Use "
                    "a number of processes that divides them, or change batch and sparse_batch."
                )

    def __len__(self) -> int:
        return self.config.steps

    def _sparse(self, step: int) -> bool:
        return step < self.config.sparse_share * self.config.steps

    def _count(self, step: int) -> int:
        count = min(self.config.sparse_batch if self._sparse(step) else self.config.batch, len(self.frames))
        return count if self.pairs is None else max(2, count // 2 * 2)

    def __getitem__(self, step: int) -> StepClips:
        config, pairs, alike, count = self.config, self.pairs, self.alike, self._count(step)
        random = np.random.default_rng([config.seed, step, 0])
        places = np.arange(count)
        own = places.reshape(-1, alike)[self.process :: self.processes].ravel()
        partner = None
        if pairs is None:
            chosen = random.choice(len(self.frames), count, replace=False)
        else:
            chosen = pairs[random.choice(len(pairs), count // 2, replace=False)].ravel()
            exchanged, here = own < 2 * round(config.pair_share * count / 2), np.arange(len(own))
            partner = torch.from_numpy(np.where(exchanged, here ^ 1, here))
        time = self.frames.shape[1]
        truth = None
        if self.truth is not None:
            truth = self._with_truth(chosen[own], random, own // alike, count // alike)
            frames = truth.pop("frames")
        elif self._sparse(step) and config.sparse_frames < time:
            later = [
                np.sort(random.choice(time - 1, config.sparse_frames - 1, replace=False)) + 1 for _ in chosen[::alike]
            ]
            times = np.concatenate([np.zeros((len(later), 1), int), np.stack(later)], axis=1).repeat(alike, axis=0)
            frames = self.frames[chosen[own][:, None], times[own]]
        elif config.least_frames:
            frames = self.frames[chosen[own][:, None], _run(time, config.least_frames, random)]
        else:
            frames = self.frames[chosen[own]]
        gain = mirrored = None
        if config.colour_gain:
            drawn = 1 + config.colour_gain * random.uniform(-1, 1, (count, 1, 3, 1, 1))
            gain = torch.from_numpy(drawn[own]).float()
        if config.mirror:
            turned = (random.random(count // alike) < 0.5).repeat(alike)[own]
            mirrored = torch.from_numpy(np.flatnonzero(turned))
        told = None if truth is None else {name: torch.from_numpy(value) for name, value in truth.items()}
        return StepClips(torch.from_numpy(frames), torch.from_numpy(chosen[own]), partner, gain, mirrored, count, told)

    def _with_truth(
        self, clips: np.ndarray, random: np.random.Generator, pairs: np.ndarray, count: int
    ) -> dict[str, np.ndarray]:
        """Frames and truth of runs within the clips, each from an anchor, (clips, frames, ...).

        pairs: int (clips,), which of the step's `count` pairs each clip is of: both of one see the same times and
        crops.
        """
        assert self.truth is not None
        run = _run(self.frames.shape[1], self.config.least_frames, random)[1:]
        anchors = random.integers(ANCHORS, size=count)
        drawn = random.normal(0, _MISPLACED, (count, 1, 3)) + random.normal(0, _SLIP, (count, len(run) + 1, 3))
        reach = self.frames.reach
        crops = np.concatenate([0.5 + drawn[..., :2] / reach, np.exp(drawn[..., 2:]) / reach], -1)
        read = []
        for clip, pair in zip(clips.tolist(), pairs.tolist(), strict=True):
            anchor = int(anchors[pair])
            times = np.concatenate([[self.truth.anchors(clip)[anchor]], run])
            read.append(self.truth.read(clip, anchor, times, crops[pair], self.frames.shape[2]))
        return {name: np.stack([one[name] for one in read]) for name in read[0]}


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
