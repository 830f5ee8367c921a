"""What test_processes.py runs in two processes at once: `accelerate launch ... two_processes.py FOLDER`."""

import io
import json
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import torch
from labelled import LabelMethod, labelled_clips
from small import QUICK, small_dbse
from torch import Tensor

from seqdisent_core import cli
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.methods import Batch, Moment
from seqdisent_core.training import Trainer, TrainingConfig, process_state

ALIKE = TrainingConfig(steps=8, batch=8, sparse_share=0.5, sparse_batch=12, sparse_frames=2, precision="no", seed=3)
BAD_CLIP, STOPPED = 7, 3


class Weighing(LabelMethod):
    """Predicts one half of a clip's bars from the other, without any noise, in two turns."""

    turns = ("model", "other")

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weights = torch.nn.ParameterDict({turn: torch.randn(5, 5, generator=generator) for turn in self.turns})

    def turn_parameters(self, turn: str):
        return [self.weights[turn]]

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        bars = self.frame_features(batch.x).mean(dim=1)
        halves = (bars[:, :5], bars[:, 5:]) if turn == "model" else (bars[:, 5:], bars[:, :5])
        return {"total": (halves[0] @ self.weights[turn] - halves[1]).square().sum(dim=1).mean()}


class Breaking(Weighing):
    """Its loss is no number where a batch has one certain clip, which one process sees."""

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        terms = super().loss(batch, moment, turn)
        return {"total": terms["total"] * (torch.nan if (batch.index == BAD_CLIP).any() else 1.0)}


def alike(folder: Path) -> dict[str, object]:
    """A method without noise, trained: its losses as they are told, and its weights at the end."""
    losses: list[float] = []
    trainer = Trainer(Weighing(), ALIKE, labelled_clips().part("train"), folder, cpu=True)
    model = trainer.run(lambda now: losses.append(now.terms["total"]))
    return {
        "losses": losses,
        "weights": {name: value.tolist() for name, value in model.state_dict().items() if name.startswith("weights")},
        "runs": trainer.runs,
    }


def dbse_losses(folder: Path) -> list[float]:
    """What a small DBSE's loss is at the first of its steps and the last."""
    torch.manual_seed(0)
    losses: list[float] = []
    config = replace(QUICK, steps=24, batch=16, sparse_share=0.0, learning_rate=3e-3)
    trainer = Trainer(small_dbse(), config, labelled_clips().part("train"), folder, cpu=True)
    trainer.run(lambda now: losses.append(now.terms["total"]))
    return losses


def broken(folder: Path) -> dict[str, object]:
    trainer = Trainer(Breaking(), replace(ALIKE, steps=400), labelled_clips().part("train"), folder, cpu=True)
    try:
        trainer.run()
    except SeqdisentError as error:
        return {"said": str(error), "step": trainer.step}
    return {"said": "", "step": trainer.step}


def stopped(folder: Path, process: int) -> dict[str, object]:
    """Ctrl-C is heard by the second process alone."""
    trainer = Trainer(Weighing(), ALIKE, labelled_clips().part("train"), folder, cpu=True)
    advance = trainer.advance

    def interrupted() -> dict[str, Tensor]:
        if process == 1 and trainer.step == STOPPED - 1:
            signal.raise_signal(signal.SIGINT)
        return advance()

    trainer.advance = interrupted  # type: ignore[method-assign]
    try:
        trainer.run()
    except KeyboardInterrupt:
        return {"stopped": True, "step": trainer.step}
    return {"stopped": False, "step": trainer.step}


def spoken(folder: Path) -> dict[str, object]:
    """What the command says in this process."""
    given = [str(folder / name) for name in ("recipe.json", "set", "run")]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.main(["train", *given, "--cpu", "--json"])
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def main(folder: Path) -> None:
    state = process_state(cpu=True)
    group = torch.distributed.distributed_c10d._get_default_group()
    found = {
        "processes": state.num_processes,
        "waits": group._get_backend(torch.device("cpu")).options._timeout.total_seconds(),
        "alike": alike(folder / "alike"),
        "dbse": dbse_losses(folder / "dbse"),
        "broken": broken(folder / "broken"),
        "stopped": stopped(folder / "stopped", state.process_index),
        "spoken": spoken(folder / "spoken"),
    }
    state.wait_for_everyone()
    (folder / f"{state.process_index}.json").write_text(json.dumps(found))
    sys.setswitchinterval(1000)  # no other thread gets Python's lock while this one works: as on a busy machine, the
    torch.distributed.all_reduce(torch.ones(1))  # group's is left with this tensor in its hand


if __name__ == "__main__":
    main(Path(sys.argv[1]))
