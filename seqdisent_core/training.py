"""The loop: batches that are pure functions of the step, optimisers, averaged weights, checkpoints, logs, sheets."""

import ctypes
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard import SummaryWriter

from seqdisent_core.clips import Clips
from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.methods.contract import Config, Method
from seqdisent_core.optimisers import kl_scale, learning_rate_scale, make_optimisers


@dataclass(frozen=True)
class TrainingConfig(Config):
    """How a model is trained; the defaults are the paper's optimiser.

    steps, batch (clips a step, on each process), learning_rate (of Adam), muon_learning_rate (of Muon, convolutions).
    sparse_share of the steps come first and see `sparse_frames` of each of `sparse_batch` clips: the first frame and
    random later ones in order; the other steps see whole clips. kl_cycle_steps: period of the divergences' annealing, 0
    for none. ema_decay: of the averaged weights that are evaluated and kept, 0 for the last weights themselves.
    least_frames: the steps after the sparse ones see runs of this many frames up to all of them, every one or every
    second, at times there and back again, an anchor frame before them; 0 for whole clips. pair_share: of the clips, so
    many are rebuilt from their own static code and their partner's dynamics; for sets drawn in couples, where two
    persons play the same take. colour_gain: largest relative change of each colour channel, and mirror: left and right
    exchanged half the time; both drawn once a clip and the same for all its frames. precision: of convolutions and
    linear layers; losses, codes and recurrences are float32 always.
    """

    seed: int = 0
    steps: int = 1_000
    batch: int = 64
    sparse_share: float = 0.0
    sparse_batch: int = 64
    sparse_frames: int = 4
    optimizer: Literal["adam", "muon"] = "adam"
    learning_rate: float = 1.5e-3
    muon_learning_rate: float = 0.02
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_steps: int = 0
    kl_cycle_steps: int = 0
    least_frames: int = 0
    pair_share: float = 0.0
    ema_decay: float = 0.0
    colour_gain: float = 0.0
    mirror: bool = False
    precision: Literal["bf16", "no"] = "bf16"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("learning_rate", "muon_learning_rate"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be above 0.")
        for name in ("steps", "batch", "sparse_batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("seed", "warmup_steps", "kl_cycle_steps", "colour_gain"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must not be below 0.")
        if not 0 <= self.sparse_share <= 1 or not 0 <= self.ema_decay < 1 or self.sparse_frames < 2:
            raise ConfigError("sparse_share lies in [0, 1], ema_decay in [0, 1), sparse_frames is at least 2.")
        if not 0 <= self.pair_share <= 1 or self.least_frames < 0 or self.least_frames == 1:
            raise ConfigError("pair_share lies in [0, 1], and least_frames is 0 or at least 2.")


@dataclass(frozen=True)
class Progress:
    """What a caller may show after each step; `terms` are the latest losses, a clip."""

    step: int
    steps: int
    terms: dict[str, float]


class Batch(NamedTuple):
    """The clips of one step.

    clips: float (batch, frames, 3, size, size) in [0, 1]; chosen: which of the set they are, int (batch,);
    dynamics_of: whose dynamics rebuild each, int (batch,), or None for their own.
    """

    clips: Tensor
    chosen: Tensor
    dynamics_of: Tensor | None


def draw_batch(
    clips: Tensor, config: TrainingConfig, step: int, rank: int = 0, couples: np.ndarray | None = None
) -> Batch:
    """The clips of one step, from uint8 (clips, frames, 3, size, size); couples: int (couples, 2), for pair_share.

    A pure function of seed, step and process, so that a resumed run sees what an unbroken one would have seen.
    """
    random = np.random.default_rng([config.seed, step, rank])
    sparse = step < config.sparse_share * config.steps
    count = min(config.sparse_batch if sparse else config.batch, len(clips))
    alike = 1  # so many clips in a row see the same times and are mirrored together
    dynamics_of = None
    if couples is None:
        chosen = random.choice(len(clips), count, replace=False)
    else:
        alike, count = 2, max(2, count // 2 * 2)
        chosen = couples[random.choice(len(couples), count // 2, replace=False)].ravel()
        places = np.arange(count)
        exchanged = places < 2 * round(config.pair_share * count / 2)
        dynamics_of = torch.from_numpy(np.where(exchanged, places ^ 1, places))
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
        batch = (batch * torch.from_numpy(gain).float()).clamp(0, 1)
    if config.mirror:
        turned = torch.from_numpy((random.random(count // alike) < 0.5).repeat(alike))
        batch[turned] = batch[turned].flip(-1)
    return Batch(batch, torch.from_numpy(chosen), dynamics_of)


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


def couples_of(clips: Clips) -> np.ndarray:
    """Numbers of the two clips of each take that two persons play, int (takes, 2), from a set drawn in couples.

    Raises ConfigError for another set.
    """
    takes, of, counts = np.unique(clips.expression, return_inverse=True, return_counts=True)
    pairs = np.argsort(of, kind="stable")
    if (counts != 2).any() or (clips.person[pairs[::2]] == clips.person[pairs[1::2]]).any():
        raise ConfigError(
            f"pair_share needs a set in which two persons play each take, such as wild; not {clips.name}."
        )
    return pairs.reshape(len(takes), 2)


def as_training_tensor(clips: Clips) -> Tensor:
    """Frames of a set as uint8 (clips, frames, 3, height, width): a view of them, channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(clips.frames)).permute(0, 1, 4, 2, 3)


def keep_freed_memory() -> None:
    """Has the C library keep what is freed, where it is glibc: every step asks for the same large blocks again.

    Given back to the system, they come back as pages to be cleared, an eighth of a step's time on a CPU.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, value in ((-4, 0), (-1, 2**31 - 1)):  # M_MMAP_MAX, M_TRIM_THRESHOLD
            mallopt(option, value)


@contextmanager
def _held_interrupt() -> Iterator[threading.Event]:
    """Set by Ctrl-C, so that a step ends whole and can be saved; pressed a second time, it ends the run at once."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # where signals do not come
        yield interrupted
        return
    before = signal.getsignal(signal.SIGINT)

    def hold(*_: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, hold)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


class Trainer:
    """Trains one method on one set; `run` goes on from the last checkpoint in `folder` where there is one."""

    def __init__(self, model: Method, config: TrainingConfig, clips: Clips, folder: Path, *, cpu: bool = False) -> None:
        self.config, self.folder = config, folder
        # bf16 needs no loss scaling; processors without it run the same code more slowly
        self.accelerator = Accelerator(mixed_precision=config.precision, cpu=cpu)
        if self.accelerator.device.type == "cpu":
            keep_freed_memory()
        self.clips = as_training_tensor(clips)
        self.couples = couples_of(clips) if config.pair_share else None
        self.identity = {
            "training": config.to_dict(),
            "model": {"method": model.name, **model.config.to_dict()},
            "data": clips.sha256(),
            "processes": self.accelerator.num_processes,
        }
        self.model = model.to(self.accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.parallel = self.accelerator.prepare_model(self.model)
        self.optimisers = make_optimisers(self.model, config.optimizer, config.learning_rate, config.muon_learning_rate)
        self.peaks = [optimiser.param_groups[0]["lr"] for optimiser in self.optimisers]
        self.average: AveragedModel | None = None
        if config.ema_decay:
            averaging = get_ema_multi_avg_fn(config.ema_decay)
            self.average = AveragedModel(self.model, multi_avg_fn=averaging, use_buffers=True)
        self.step = 0
        self.seconds = 0.0

    @property
    def evaluated(self) -> Method:
        """The weights to look at and to keep: the average, or the model itself."""
        return self.average.module if self.average else self.model  # type: ignore[return-value]

    def run(
        self,
        progress: Callable[[Progress], None] | None = None,
        look: Callable[[Method, int], dict[str, float]] | None = None,
        *,
        look_every: int = 500,
        save_every: int = 200,
        stop_after: int | None = None,
    ) -> Method:
        """Train to the last step and return the kept weights in evaluation mode.

        `look(model, step)` is called every `look_every` steps and at the end; its figures go into the log.
        `stop_after` ends the call at that step, with a checkpoint to go on from; so does Ctrl-C.
        Raises SeqdisentError when the loss stops being a number.
        """
        self._resume()
        if self.step and progress:
            progress(Progress(self.step, self.config.steps, {}))
        main = self.accelerator.is_main_process
        log = SummaryWriter(str(self.folder / "log"), purge_step=self.step) if main else None
        last = self.config.steps if stop_after is None else min(stop_after, self.config.steps)
        with _held_interrupt() as interrupted:
            while self.step < last:
                terms = self.advance()
                due = self.step == last
                stops = due or interrupted.is_set()
                if self.step == 1 or self.step % 20 == 0 or stops:
                    self._report(terms, progress, log)
                if main and (self.step % save_every == 0 or stops):
                    self._save()
                if interrupted.is_set():
                    raise KeyboardInterrupt
                if main and look and (self.step % look_every == 0 or due):
                    figures = look(self.evaluated.eval(), self.step)
                    for name, value in figures.items():
                        if log:
                            log.add_scalar(f"validation/{name}", value, self.step)
        if log:
            log.close()
        return self.evaluated.eval()

    def advance(self) -> dict[str, Tensor]:
        """One step, without a log or a checkpoint; returns its loss terms."""
        started, config = time.perf_counter(), self.config
        scale = learning_rate_scale(self.step, config.steps, config.schedule, config.warmup_steps)
        for optimiser, peak in zip(self.optimisers, self.peaks, strict=True):
            optimiser.param_groups[0]["lr"] = peak * scale
        self.parallel.train()
        rank = self.accelerator.process_index
        device = self.accelerator.device
        batch = draw_batch(self.clips, config, self.step, rank, self.couples)
        dynamics_of = None if batch.dynamics_of is None else batch.dynamics_of.to(device)
        generator = torch.Generator(device)
        generator.manual_seed(int(np.random.default_rng([config.seed, self.step, rank, 1]).integers(2**62)))
        terms = self.parallel(
            batch.clips.to(device), kl_scale(self.step, config.kl_cycle_steps), generator, dynamics_of
        )
        self.accelerator.backward(terms["total"])
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad()
        if self.average:
            self.average.update_parameters(self.model)
        if self.accelerator.device.type == "cuda":
            torch.cuda.synchronize()  # or the clock would read when work was ordered, not when it was done
        self.step += 1
        self.seconds += time.perf_counter() - started
        return terms

    def _report(
        self, terms: dict[str, Tensor], progress: Callable[[Progress], None] | None, log: SummaryWriter | None
    ) -> None:
        values = {name: float(value.detach()) for name, value in terms.items()}
        if not np.isfinite(values["total"]):
            raise SeqdisentError(
                f"The loss stopped being a number at step {self.step}. Lower the learning rate and train into another "
                "folder."
            )
        for name, value in values.items():
            if log:
                log.add_scalar(f"train/{name}", value, self.step)
        if progress:
            progress(Progress(self.step, self.config.steps, values))

    def _save(self) -> None:
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "identity": json.dumps(self.identity),
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / "state.part"
        torch.save(state, part)
        part.replace(self.folder / "state.pt")

    def _resume(self) -> None:
        path = self.folder / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        if json.loads(state["identity"]) != json.loads(json.dumps(self.identity)):
            raise ConfigError(
                f"{self.folder} holds a run with other settings, another set or another number of processes. Choose "
                "another folder, or delete it."
            )
        self.model.load_state_dict(state["model"])
        if self.average:
            self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.seconds = state["step"], state["seconds"]
