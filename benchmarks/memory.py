"""Whether a set that memory does not hold can be trained on: a made set, and a process that may hold less than it.

    python benchmarks/memory.py [--gigabytes 8] [--limit 3] [--steps 50]

Makes a set of random pictures where temporary files go (TMPDIR), and trains the preset `fast` on it with validation and
a checkpoint at the end, in a process whose own memory (RLIMIT_DATA: heap and all else that is no mapped file) may not
pass the limit. Files that are mapped are in the page cache of the system, which takes it back when memory is short.
Linux alone. Writes results/benchmark_memory.json.
"""

import argparse
import json
import resource
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "results"
FRAMES, SIZE, TAKES = 15, 64, 12
CLIPS_A_FILE = 364  # 64 MiB


def make_set(folder: Path, gigabytes: float) -> None:
    """FaceKit's labels, 12 takes of each of 6 expressions a person, and random pictures; every file has the same."""
    import numpy as np

    from seqdisent_core.data import EXPRESSIONS, split_of_takes

    noise = np.random.default_rng(0).integers(0, 256, (CLIPS_A_FILE, FRAMES, SIZE, SIZE, 3), np.uint8)
    splits, lines = split_of_takes(TAKES), ["file,index,person,expression,split"]
    for file in range(round(gigabytes * 1e9 / noise.nbytes)):
        np.save(folder / f"clips_{file:04d}.npy", noise)
        for index in range(CLIPS_A_FILE):
            person, rest = divmod(file * CLIPS_A_FILE + index, len(EXPRESSIONS) * TAKES)
            expression, take = divmod(rest, TAKES)
            lines.append(f"clips_{file:04d}.npy,{index},person_{person:04d},{EXPRESSIONS[expression]},{splits[take]}")
    (folder / "set.json").write_text(json.dumps({"name": "noise", "frames": FRAMES, "size": SIZE}))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


def own_memory() -> int:
    """Bytes of this process that are no mapped file's, and that the system cannot take back."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(status.split("RssAnon:")[1].split()[0])


class Peak(threading.Thread):
    """The most memory of its own that this process was seen to have, looked up 50 times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self.start()

    def run(self) -> None:
        while True:
            self.bytes = max(self.bytes, own_memory())
            time.sleep(0.02)


def train(folder: Path, steps: int) -> dict[str, float]:
    """Called in a process with a limit: seconds from the moment when all is imported, and the most memory, in bytes."""
    started, peak = time.perf_counter(), Peak()
    from seqdisent_core.data import load_clips
    from seqdisent_core.runs import train_run
    from seqdisent_core.training import preset

    told: list[float] = []
    imported = time.perf_counter() - started
    clips = load_clips(folder)
    opened = time.perf_counter() - started - imported
    train_run(
        preset("fast"),
        clips,
        folder / "run",
        progress=lambda now: told.append(time.perf_counter() - started),
        stop_after=steps,
        cpu=True,
    )
    whole = time.perf_counter() - started
    clips.part("train").sha256()
    hashed = time.perf_counter() - started - whole
    return {
        "opened": opened,
        "first": told[0] - imported,
        "last": told[-1] - imported,
        "whole": whole - imported,
        "hash": hashed,
        "bytes": peak.bytes,
        "clips": len(clips),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=8)
    parser.add_argument("--limit", type=float, default=3, help="GB that the training process may hold")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.train:
        resource.setrlimit(resource.RLIMIT_DATA, (int(chosen.limit * 1e9),) * 2)
        print(json.dumps(train(chosen.train, chosen.steps)))
        return
    with tempfile.TemporaryDirectory() as folder:
        make_set(Path(folder), chosen.gigabytes)
        limits = ["--limit", str(chosen.limit), "--steps", str(chosen.steps)]
        done = subprocess.run(
            [sys.executable, __file__, "--train", folder, *limits], stdout=subprocess.PIPE, text=True, check=True
        )
    found = json.loads(done.stdout)
    name = f"Set of {chosen.gigabytes:g} GB"
    entries = [
        {"what": what, "value": round(value, 3), "unit": unit}
        for what, value, unit in (
            (f"{name} ({found['clips']:,} clips): opened", found["opened"], "s"),
            (f"{name}: then to the first step, in a process limited to {chosen.limit:g} GB", found["first"], "s"),
            (f"{name}: to step {chosen.steps}", found["last"], "s"),
            (f"{name}: to the end, validated, hashed ({found['hash']:.0f} s) and saved", found["whole"], "s"),
            (f"{name}: peak of the process's own memory", found["bytes"] / 1e9, "GB"),
        )
    ]
    write(entries)


def write(entries: list[dict[str, object]]) -> None:
    import torch

    from seqdisent_core.machine import hardware
    from seqdisent_core.reporting import write_result

    result = {
        "command": shlex.join(["python", "benchmarks/memory.py", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": hardware(torch.device("cpu")),
        "threads": torch.get_num_threads(),
        "entries": entries,
    }
    write_result(result, RESULTS / "benchmark_memory.json")
    for line in entries:
        print(line)


if __name__ == "__main__":
    main()
