"""The loop: optimisers, averaged weights, checkpoints to go on from, logs."""

import atexit
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from seqdisent_core.data import Clips, parallel_pairs
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.machine import hardware, has_bf16_units
from seqdisent_core.methods import BATCH, Method, Moment, named, with_views
from seqdisent_core.training.batches import StepClips, Steps
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.optimisers import learning_rate_scale, make_optimisers

if TYPE_CHECKING:
    from accelerate import PartialState
    from torch.utils.tensorboard import SummaryWriter

FITTED = 512  # sequences that are enough to fit a model to before it is validated
READERS = 4  # processes that read clips beside a GPU, as far as there are cores
PATIENCE = timedelta(hours=12)  # of a process that waits for another, which validates or hashes a large set
LEAVING = 0.5  # seconds; a thread needs milliseconds, also of a busy machine
STATE = "state.pt"  # what a run goes on from
LOG_EVERY = 20  # steps from one report of the losses to the next; a GPU is waited for there and at the end


@dataclass(frozen=True)
class Progress:
    """What a caller may show after each step; `terms` are the latest losses, a clip."""

    step: int
    steps: int
    terms: dict[str, float]


def process_state(cpu: bool = False) -> "PartialState":
    """Which of the processes this one is, that `accelerate launch` started; alone it is the first of one."""
    from accelerate import PartialState

    state = PartialState(cpu, timeout=PATIENCE)
    if state.num_processes > 1:
        atexit.unregister(_leave_group)
        atexit.register(_leave_group)
    return state


def _leave_group() -> None:
    """Leaves the group while there is still an interpreter for its threads to let go of their last tensor.

    A thread of gloo's that needs Python's lock after Python has ended aborts the whole process.
    """
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        time.sleep(LEAVING)  # it does not end the threads where a parallel model has been; they need the lock once more


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


def _prepare_reader(_: int) -> None:
    """In a process that reads clips: Ctrl-C, which all processes hear, is the training's own to act on."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(0)  # its threads are not there in a copy of the process


def averaged_weights(run: Path) -> dict[str, Tensor]:
    """The weights that a run has come to, by the names in its model: averaged ones where it averages."""
    state = torch.load(run / STATE, map_location="cpu", weights_only=True)
    if state["average"] is None:
        return dict(state["model"])
    kept = {name: value for name, value in state["average"].items() if name != "n_averaged"}
    return {name.removeprefix("module."): value for name, value in kept.items()}


class Trainer:
    """Trains one method on one set; `run` goes on from the last checkpoint in `folder` where there is one.

    Several processes (`accelerate launch`) share each batch. Their gradients are those of the whole batch, as far as
    the loss is a mean over clips; each draws its own noise. Batch norm sees the whole batch on GPUs and each process's
    share on CPUs.

    start: hash of the model whose weights these are, where they are not new. readers: processes that read the clips
    of the next steps; by default 4 beside a GPU, and none on the CPU, whose cores the training needs itself.
    `precision`: what it trains in, float32 instead of bf16 where the processor has no units for it.

    Raises ConfigError for the CPU in a process that has trained on another device, and for a batch that the processes
    cannot share.
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
        readers: int | None = None,
    ) -> None:
        self.config, self.folder, self.clips, self.start = config, folder, clips, start
        if process_state(cpu).device.type != "cpu" and cpu:
            raise ConfigError("This process has trained on another device. Train on the CPU in a process of its own.")
        from accelerate import Accelerator
        from accelerate.utils import DistributedDataParallelKwargs

        parallel = DistributedDataParallelKwargs(find_unused_parameters=len(model.turns) > 1)
        # it has one precision a process: see advance
        self.accelerator = Accelerator(mixed_precision="no", cpu=cpu, kwargs_handlers=[parallel])
        processes, device = self.accelerator.num_processes, self.accelerator.device
        self.precision = "bf16" if config.precision == "bf16" and has_bf16_units(device) else "float32"
        self.pairs = parallel_pairs(clips) if config.pair_share else None
        rank = self.accelerator.process_index
        self.batches = Steps(clips, config, pairs=self.pairs, process=rank, processes=processes)
        if readers is None:
            readers = min(READERS, (os.cpu_count() or 1) // processes - 1) if device.type == "cuda" else 0
        self.readers = max(0, readers)
        self._reading: Iterator[StepClips] | None = None
        if device.type == "cuda" and processes > 1:
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        self.model = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.parallel = self.accelerator.prepare_model(self.model)
        self.optimisers = {turn: make_optimisers(self.model.turn_parameters(turn), config) for turn in self.model.turns}
        self.peaks = {turn: [one.param_groups[0]["lr"] for one in own] for turn, own in self.optimisers.items()}
        self.average: AveragedModel | None = None
        if config.ema_decay:
            averaging = get_ema_multi_avg_fn(config.ema_decay)
            self.average = AveragedModel(self.model, multi_avg_fn=averaging, use_buffers=True)
        self.step = 0
        self.seconds = 0.0
        self._earlier: list[dict[str, Any]] = []  # the runs that this one goes on from

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a run to go on. The set's hash takes its time: seconds a GB."""
        return {
            "training": self.config.to_dict(),
            "method": named(self.model.name, self.model.config),
            "backbone": named(self.model.backbone.name, self.model.backbone.config),
            "data": self.clips.sha256(),
            **({"start": self.start} if self.start else {}),
        }

    @property
    def evaluated(self) -> Method:
        """The weights to look at and to keep: the average, or the model itself."""
        return self.average.module if self.average else self.model  # type: ignore[return-value]

    @property
    def runs(self) -> list[dict[str, Any]]:
        """Each run that led here, this one last: machine, processes, precision, first and last step, and seconds."""
        before = sum(run["seconds"] for run in self._earlier)
        steps = [self._earlier[-1]["steps"][1] if self._earlier else 0, self.step]
        this = {
            "hardware": hardware(self.accelerator.device),
            "processes": self.accelerator.num_processes,
            "precision": self.precision,
            "steps": steps,
            "seconds": round(self.seconds - before, 3),
        }
        return [*self._earlier, this] if steps[0] < steps[1] else self._earlier

    def run(
        self,
        progress: Callable[[Progress], None] | None = None,
        validate: Callable[[Method, int], dict[str, float]] | None = None,
        *,
        validate_every: int = 500,
        save_every: int = 200,
        stop_after: int | None = None,
    ) -> Method:
        """Train to the last step and return the kept weights in evaluation mode.

        `validate(model, step)` is called every `validate_every` steps and at the end; its figures go into the log.
        `stop_after` ends the call at that step, with a checkpoint to go on from; so does Ctrl-C.
        Raises SeqdisentError when the loss stops being a number.
        """
        self._resume()
        if self.step and progress:
            progress(Progress(self.step, self.config.steps, {}))
        from torch.utils.tensorboard import SummaryWriter

        main = self.accelerator.is_main_process
        last = self.config.steps if stop_after is None else min(stop_after, self.config.steps)
        writer = SummaryWriter(str(self.folder / "log"), purge_step=self.step + 1) if main else nullcontext()
        with writer as log, _held_interrupt() as interrupted:
            while self.step < last:
                terms = self.advance()
                due = self.step == last
                logged = self.step == 1 or self.step % LOG_EVERY == 0 or due
                stopped = self._anywhere(interrupted.is_set(), logged)
                if logged or stopped:
                    self._report(terms, progress, log)
                if main and (self.step % save_every == 0 or due or stopped):
                    self._save()
                if main and validate and (self.step % validate_every == 0 or due):
                    figures = validate(self._fitted(FITTED), self.step)
                    for name, value in figures.items():
                        if log:
                            log.add_scalar(f"validation/{name}", value, self.step)
                if stopped:  # after validation, which a run that goes on does not come by again
                    raise KeyboardInterrupt
        return self._fitted(None if self.step == self.config.steps else FITTED)

    def _anywhere(self, here: bool, told: bool) -> bool:
        """If it is so in any process. Several GPUs ask each other only when losses are told: they are waited for."""
        if self.accelerator.num_processes == 1:
            return here
        if not told and self.accelerator.device.type != "cpu":
            return False
        return bool(self.accelerator.reduce(torch.tensor(float(here), device=self.accelerator.device), "sum"))

    def _fitted(self, most: int | None = None) -> Method:
        """The evaluated weights, fitted to the training set, or to this many of its sequences."""
        model = self.evaluated.eval()
        chosen = np.random.default_rng(0).permutation(len(self.clips))[:most]  # sets lie on disk person by person
        clips = as_training_tensor(self.clips.select(np.sort(chosen)))
        with torch.no_grad():
            model.fit(clips[at : at + BATCH].to(model.device).float() / 255 for at in range(0, len(clips), BATCH))
        return model

    def _next_clips(self) -> StepClips:
        if self._reading is None:
            loader: DataLoader[StepClips] = DataLoader(
                self.batches,
                batch_size=None,
                sampler=range(self.step, self.config.steps),
                num_workers=self.readers,
                pin_memory=self.accelerator.device.type == "cuda",
                worker_init_fn=_prepare_reader,
                generator=torch.Generator(),  # it draws a seed, which no one uses: not from what the method draws from
            )
            self._reading = iter(loader)
        return next(self._reading)

    def advance(self) -> dict[str, Tensor]:
        """One step of every turn, without a log or a checkpoint; the loss terms, of other turns after their name."""
        started, config = time.perf_counter(), self.config
        scale = learning_rate_scale(self.step, config.steps, config.schedule, config.warmup_steps)
        self.parallel.train()
        rank = self.accelerator.process_index
        device = self.accelerator.device
        read = self._next_clips()
        looks = torch.Generator()
        looks.manual_seed(int(np.random.default_rng([config.seed, self.step, rank, 2]).integers(2**62)))
        batch = with_views(self.model, read.batch(device), looks)
        generator = torch.Generator(device)
        generator.manual_seed(int(np.random.default_rng([config.seed, self.step, rank, 1]).integers(2**62)))
        moment = Moment(self.step, config.steps, len(self.clips), read.together, generator)
        terms: dict[str, Tensor] = {}
        for turn in self.model.turns:
            self.model.zero_grad()  # a turn's loss reaches parameters of the others, too
            with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16"):  # needs no loss scaling
                own = self.parallel(batch, moment, turn)
            self.accelerator.backward(own["total"])
            for optimiser, peak in zip(self.optimisers[turn], self.peaks[turn], strict=True):
                optimiser.param_groups[0]["lr"] = peak * scale
                optimiser.step()
            terms |= own if turn == "model" else {f"{turn}_{name}": value for name, value in own.items()}
        if self.average:
            self.average.update_parameters(self.model)
        self.step += 1
        if device.type == "cuda" and (self.step % LOG_EVERY == 0 or self.step == config.steps):
            torch.cuda.synchronize()  # or the clock would read when work was ordered, not when it was done
        self.seconds += time.perf_counter() - started
        return terms

    def _report(
        self, terms: dict[str, Tensor], progress: Callable[[Progress], None] | None, log: "SummaryWriter | None"
    ) -> None:
        means = self.accelerator.reduce(torch.stack([value.detach().float() for value in terms.values()]), "mean")
        values = dict(zip(terms, means.tolist(), strict=True))  # of the whole batch: all processes see the same
        if not all(np.isfinite(value) for name, value in values.items() if name.endswith("total")):
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
            "runs": self.runs,
            "identity": json.dumps(self.identity),
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "optimisers": {turn: [one.state_dict() for one in own] for turn, own in self.optimisers.items()},
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / "state.part"
        torch.save(state, part)
        part.replace(self.folder / STATE)

    def _resume(self) -> None:
        path = self.folder / STATE
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        if json.loads(state["identity"]) != json.loads(json.dumps(self.identity)):
            raise ConfigError(
                f"{self.folder} holds a run with other settings or another set. Choose another folder, or delete it."
            )
        self.model.load_state_dict(state["model"])
        if self.average:
            self.average.load_state_dict(state["average"])
        for turn, own in self.optimisers.items():
            for optimiser, saved in zip(own, state["optimisers"][turn], strict=True):
                optimiser.load_state_dict(saved)
        self.step, self.seconds, self._earlier = state["step"], state["seconds"], state["runs"]
        self._reading = None
