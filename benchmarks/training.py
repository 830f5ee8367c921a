"""How long a training step takes, and how long until swaps carry the expression, with our preset and the paper's.

    python benchmarks/training.py step
    python benchmarks/training.py race SET JUDGE [--minutes 20]

Each writes results/benchmark_training_*.json. The race trains both presets in one run, one after the other, and looks
at swaps of validation clips (judge's expression, random pairs that differ in both labels) every minute of training.
"""

import argparse
import shlex
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from seqdisent_core.data import Clips, Labels, load_clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation import Judge, swap_figures
from seqdisent_core.machine import hardware, keep_freed_memory
from seqdisent_core.methods import encode_clips
from seqdisent_core.reporting import write_result
from seqdisent_core.runs import validated_clips
from seqdisent_core.training import Trainer, TrainingConfig, preset

RESULTS = Path(__file__).resolve().parent.parent / "results"
GOAL = 0.85


def entry(what: str, value: float, unit: str, **more: object) -> dict[str, object]:
    return {"what": what, "value": round(value, 3), "unit": unit, **more}


def write(name: str, entries: list[dict[str, object]]) -> None:
    command = shlex.join(["python", "benchmarks/training.py", *sys.argv[1:]])
    machine = {"hardware": hardware(torch.device("cpu")), "threads": torch.get_num_threads()}
    result = {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine,
        "entries": entries,
    }
    write_result(result, RESULTS / f"benchmark_training_{name}.json")
    for line in entries:
        print(line)


def time_step(repeats: int = 12) -> None:
    """The whole step (batch, forward, backward, optimiser) of the paper's network: 16 clips x 15 frames x 64 px."""
    frames = np.random.default_rng(0).integers(0, 256, (32, 15, 64, 64, 3), np.uint8)
    labels = Labels(np.zeros(32, int), ("one",))
    clips = Clips(frames, {"person": labels}, {"expression": labels}, np.full(32, "train"), "noise")
    with tempfile.TemporaryDirectory() as folder:
        config = TrainingConfig(steps=repeats + 4, batch=16)
        trainer = Trainer(preset("published").build(), config, clips, Path(folder), cpu=True)
        times = []
        for _ in range(config.steps):
            started = time.perf_counter()
            trainer.advance()
            times.append(time.perf_counter() - started)
    times = times[4:]
    spread = {"min": round(min(times), 3), "max": round(max(times), 3), "n": len(times)}
    write(
        "step",
        [entry("Training step, 16 clips x 15 x 64 px, 64-512 channels", statistics.median(times), "s", **spread)],
    )


def race(data: Path, judge_folder: Path, minutes: float) -> None:
    clips, judge = load_clips(data), Judge.from_pretrained(judge_folder)
    held = validated_clips(clips.part("validation"))
    held_frames = as_training_tensor(held)
    entries = []
    for name in ("fast", "published"):
        recipe = preset(name)
        torch.manual_seed(recipe.training.seed)
        curve: list[tuple[float, float]] = []
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(recipe.build(), recipe.training, clips.part("train"), Path(folder), cpu=True)
            trained = 0.0
            while (
                trained < 60 * minutes and (not curve or curve[-1][1] < GOAL) and trainer.step < recipe.training.steps
            ):
                started = time.perf_counter()
                while time.perf_counter() - started < 60 and trainer.step < recipe.training.steps:
                    trainer.advance()
                trained += time.perf_counter() - started
                codes = encode_clips(trainer.evaluated.eval(), held_frames)
                swap = swap_figures(trainer.evaluated, judge, held, codes, np.random.default_rng(0))
                curve.append((round(trained / 60, 2), round(swap.right["expression"], 4)))
                print(name, trainer.step, *curve[-1], f"person {swap.right['person']:.3f}", flush=True)
        reached = curve[-1][1] >= GOAL
        what = f"Preset {name}: to a swap expression of {GOAL:.0%}"
        if not reached:
            what += f" (not reached: best {max(value for _, value in curve):.0%} when stopped)"
        entries.append(entry(what, curve[-1][0], "min", reached=reached, steps=trainer.step, curve=curve))
    write("race", entries)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_subparsers(dest="which", required=True)
    which.add_parser("step")
    racing = which.add_parser("race")
    racing.add_argument("set", type=Path)
    racing.add_argument("judge", type=Path)
    racing.add_argument("--minutes", type=float, default=20)
    chosen = parser.parse_args()
    keep_freed_memory()
    if chosen.which == "step":
        time_step()
    else:
        race(chosen.set, chosen.judge, chosen.minutes)


if __name__ == "__main__":
    main()
