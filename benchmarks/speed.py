"""How fast the model is: against the published network written down plainly, and against what the processor can do.

    python benchmarks/speed.py [--repeats 15]

Writes results/benchmark_speed.json. Both run in one process in turn (ABBA), and medians are compared: a training step
of 16 clips x 15 frames x 64 px with 64-512 channels; a swap of a pair of such clips both ways; 32 draws of the prior of
15 frames. Floating-point operations are counted by torch, and the peak is measured in the same run by a matrix product
and a convolution, in float32 and in bf16. An entry has our seconds (`value`), those of the published network, and those
that its arithmetic alone would take at that peak (`limit`); `profile` has the operators that take the most time.
"""

import argparse
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from transcription import D, S, Transcription

from seqdisent_core.data import Clips, Labels
from seqdisent_core.faces import FaceClip
from seqdisent_core.machine import hardware, has_bf16_units, keep_freed_memory
from seqdisent_core.reporting import write_result
from seqdisent_core.studio import Studio
from seqdisent_core.training import Trainer, TrainingConfig, preset

RESULT = Path(__file__).resolve().parent.parent / "results" / "benchmark_speed.json"
CLIPS, FRAMES, SIZE, DRAWS = 16, 15, 64, 32
Work = Callable[[], object]


def seconds(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(theirs: Work, ours: Work, repeats: int) -> tuple[list[float], list[float]]:
    """Seconds of both, in turn: theirs, ours, ours, theirs, ..."""
    theirs(), ours(), theirs(), ours()  # what is done once is not timed
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats):
        for which in (0, 1) if turn % 2 else (1, 0):
            taken[which].append(seconds((theirs, ours)[which]))
    return taken


def peaks() -> dict[str, float]:
    """Operations a second of a matrix product of 2048 and of a convolution 128 -> 256 at 16 x 16, by type."""
    found = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, b = (torch.randn(2048, 2048).to(dtype) for _ in range(2))
        x = torch.randn(64, 128, 16, 16).to(dtype).contiguous(memory_format=torch.channels_last)
        convolution = torch.nn.Conv2d(128, 256, 3, padding=1).to(dtype).to(memory_format=torch.channels_last)
        for name, work, count in (
            ("matrix product", lambda a=a, b=b: a @ b, 2 * 2048**3),
            ("convolution", lambda x=x, c=convolution: c(x), 2 * 64 * 16 * 16 * 256 * 128 * 9),
        ):
            with torch.inference_mode():
                work()
                found[f"{name}, {str(dtype).removeprefix('torch.')}"] = count / min(seconds(work) for _ in range(12))
    return found


def operations(work: Work) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def where_time_goes(work: Work) -> list[dict[str, object]]:
    work()
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        work()
    rows = sorted(recorded.key_averages(), key=lambda row: -row.self_cpu_time_total)
    total = sum(row.self_cpu_time_total for row in rows)
    return [
        {"operator": row.key, "share": round(row.self_cpu_time_total / total, 3), "calls": row.count}
        for row in rows[:12]
    ]


def training(folder: Path, steps: int) -> tuple[Work, Work]:
    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (32, FRAMES, SIZE, SIZE, 3), np.uint8)
    label = Labels(np.zeros(32, int), ("one",))
    clips = Clips(frames, {"person": label}, {"expression": label}, np.full(32, "train"), "noise")
    model = Transcription()
    optimiser = torch.optim.Adam(model.parameters(), lr=1.5e-3)
    given = torch.rand(CLIPS, FRAMES, 3, SIZE, SIZE)

    def theirs() -> None:
        optimiser.zero_grad()
        model.loss(given).backward()
        optimiser.step()

    config = TrainingConfig(steps=steps, batch=CLIPS)
    trainer = Trainer(preset("published").build(), config, clips, folder, cpu=True)
    return theirs, trainer.advance


def swapping() -> tuple[Work, Work]:
    random = np.random.default_rng(0)
    clips = [random.integers(0, 256, (FRAMES, SIZE, SIZE, 3), np.uint8) for _ in range(2)]
    model, studio = Transcription().eval(), Studio(preset("published").build(), "cpu")

    @torch.inference_mode()
    def theirs() -> None:
        codes = []
        for clip in clips:
            shown = torch.from_numpy(clip).permute(0, 3, 1, 2)[None].float() / 255
            static, _, dynamics, _ = model.encode(shown)
            codes.append((static, dynamics))
        for own, other in ((0, 1), (1, 0)):
            made = model.decode(codes[own][0], codes[other][1])[0]
            (made * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()

    still = np.tile(np.eye(2, 3, dtype=np.float32), (FRAMES, 1, 1))
    faces = [FaceClip(clip, 25.0, still, Path("made"), (), 1, clip[0]) for clip in clips]
    return theirs, lambda: studio.swap(faces[0], faces[1])


def sampling() -> tuple[Work, Work]:
    model, method = Transcription().eval(), preset("published").build().eval()

    @torch.inference_mode()
    def theirs() -> None:
        model.prior(DRAWS, FRAMES)

    @torch.inference_mode()
    def ours() -> None:
        method.sample_dynamics(DRAWS, FRAMES)

    return theirs, ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    keep_freed_memory()
    torch.manual_seed(0)
    assert (S, D) == (64, 64)
    peak = peaks()
    kind = "bfloat16" if has_bf16_units(torch.device("cpu")) else "float32"
    limit = max(value for name, value in peak.items() if name.endswith(kind))
    entries: list[dict[str, object]] = []
    profiles = {}
    with tempfile.TemporaryDirectory() as folder:
        for what, (theirs, ours) in {
            "Training step of 16 clips x 15 x 64 px, 64-512 channels": training(Path(folder), repeats + 8),
            "Swap of a pair of clips of 15 frames, both ways": swapping(),
            "32 samples of the prior, 15 frames each": sampling(),
        }.items():
            their, our = (statistics.median(taken) for taken in compare(theirs, ours, repeats))
            least = operations(theirs) / limit
            figures = {"value": round(our, 4), "unit": "s", "published": round(their, 4), "limit": round(least, 5)}
            entries.append({"what": what, **figures})
            profiles[what] = where_time_goes(ours)
            print(entries[-1], flush=True)
    result = {
        "command": shlex.join(["python", "benchmarks/speed.py", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": hardware(torch.device("cpu")),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "peaks_gflops": {name: round(value / 1e9) for name, value in peak.items()},
        "entries": entries,
        "profile": profiles,
    }
    write_result(result, RESULT)


if __name__ == "__main__":
    main()
