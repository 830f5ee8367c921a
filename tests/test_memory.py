"""A process that may hold less than a set does trains on it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqdisent_core.data import EXPRESSIONS, split_of_takes

CLIPS, SHAPE = 96, (15, 64, 64, 3)  # a file's: 18 MB
FILES = 12  # 212 MB
ALLOWED = 120  # MB beyond what the process has when everything is imported and a first step is done

TRAINED = """
import resource, sys
from dataclasses import replace
from pathlib import Path
import numpy as np
import torch
from small import QUICK, small_dbse
from seqdisent_core.data import load_clips
from seqdisent_core.training import Trainer

torch.set_num_threads(1)
folder = Path(sys.argv[1])

def trained(clips, steps):
    config = replace(QUICK, steps=steps, batch=8, sparse_batch=8)
    trainer = Trainer(small_dbse(), config, clips.part("train"), folder / str(steps), cpu=True)
    trainer.run()
    return trainer.step

trained(load_clips(folder).select(np.arange(96)), 3)
now = int(Path("/proc/self/status").read_text().split("VmData:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (now + int(sys.argv[2]) * 10**6,) * 2)
clips = load_clips(folder)
try:
    np.array(clips.frames)
except MemoryError:
    print("too large")
print(trained(clips, 8))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's own memory")
def test_a_set_that_memory_does_not_hold_is_trained_on(tmp_path: Path) -> None:
    splits, lines = split_of_takes(8), ["file,index,person,expression,split"]
    for file in range(FILES):
        name = f"clips_{file:04d}.npy"
        np.lib.format.open_memmap(tmp_path / name, "w+", np.uint8, (CLIPS, *SHAPE)).flush()  # sparse: all black
        for index in range(CLIPS):
            expression, take = divmod(index % 48, 8)
            lines.append(f"{name},{index},person_{2 * file + index // 48},{EXPRESSIONS[expression]},{splits[take]}")
    (tmp_path / "set.json").write_text(json.dumps({"name": "black"}))
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    tests = str(Path(__file__).resolve().parent)
    code = f"import sys; sys.path.insert(0, {tests!r})" + TRAINED
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(ALLOWED)], capture_output=True, text=True, check=False
    )
    assert done.stdout.split("\n")[:2] == ["too large", "8"], done.stdout + done.stderr
