"""The loop: optimisers, averaged weights, checkpoints to go on from, logs."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard import SummaryWriter

from seqdisent_core.data import Clips, couples_of
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.machine import has_bf16_units
from seqdisent_core.methods import Method
from seqdisent_core.training.batches import draw_batch
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.optimisers import kl_scale, learning_rate_scale, make_optimisers

TOLD_EVERY = 20  # steps from one report of the losses to the next; a GPU is waited for there and at the end


@dataclass(frozen=True)
class Progress:
    """What a caller may show after each step; `terms` are the latest losses, a clip."""

    step: int
    steps: int
    terms: dict[str, float]


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


def _where_it_fits(clips: Tensor, device: torch.device) -> Tensor:
    """The clips on the device if half of its free memory holds them, or else where they are, copied by the batch."""
    if device.type == "cuda" and clips.nbytes <= torch.cuda.mem_get_info(device)[0] / 2:
        return clips.to(device)
    return clips


class Trainer:
    """Trains one method on one set; `run` goes on from the last checkpoint in `folder` where there is one.

    start: hash of the model whose weights these are, where they are not new. `precision`: what it trains in, float32
    instead of bf16 where the processor has no units for it. Raises ConfigError for the CPU in a
    process that has trained on another device.
    """

    def __init__(
        self,
        model: Method,
        config: TrainingConfig,
        clips: Clips,
        folder: Path,
        *,
        start: str | None = None,
        cpu: bool = False,
    ) -> None:
        self.config, self.folder = config, folder
        if cpu and PartialState(cpu).device.type != "cpu":
            raise ConfigError("This process has trained on another device. Train on the CPU in a process of its own.")
        self.accelerator = Accelerator(mixed_precision="no", cpu=cpu)  # it has one precision a process: see advance
        fast = has_bf16_units(self.accelerator.device)
        self.precision = "bf16" if config.precision == "bf16" and fast else "float32"
        self.clips = _where_it_fits(as_training_tensor(clips), self.accelerator.device)
        self.couples = couples_of(clips) if config.pair_share else None
        self.identity = {
            "training": config.to_dict(),
            "model": {"method": model.name, **model.config.to_dict()},
            "data": clips.sha256(),
            "processes": self.accelerator.num_processes,
            **({"start": start} if start else {}),
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
        last = self.config.steps if stop_after is None else min(stop_after, self.config.steps)
        writer = SummaryWriter(str(self.folder / "log"), purge_step=self.step + 1) if main else nullcontext()
        with writer as log, _held_interrupt() as interrupted:
            while self.step < last:
                terms = self.advance()
                due, stopped = self.step == last, interrupted.is_set()
                if self.step == 1 or self.step % TOLD_EVERY == 0 or due or stopped:
                    self._report(terms, progress, log)
                if main and (self.step % save_every == 0 or due or stopped):
                    self._save()
                if main and look and (self.step % look_every == 0 or due):
                    figures = look(self.evaluated.eval(), self.step)
                    for name, value in figures.items():
                        if log:
                            log.add_scalar(f"validation/{name}", value, self.step)
                if stopped:  # after the look, which a run that goes on does not come by again
                    raise KeyboardInterrupt
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
        with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"):  # needs no loss scaling
            terms = self.parallel(
                batch.clips.to(device), kl_scale(self.step, config.kl_cycle_steps), generator, dynamics_of
            )
        self.accelerator.backward(terms["total"])
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad()
        if self.average:
            self.average.update_parameters(self.model)
        self.step += 1
        if device.type == "cuda" and (self.step % TOLD_EVERY == 0 or self.step == config.steps):
            torch.cuda.synchronize()  # or the clock would read when work was ordered, not when it was done
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
