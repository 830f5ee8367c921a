"""What a swap takes of a Ray cluster's workers and of the page's process, which hands it out: in processor seconds.

    python benchmarks/cluster.py [--repeats 3]

Writes results/cluster.json. The app runs in this process with a Ray on this machine; a program in another one
asks `/swap` for the films of two clips of 5 seconds, 1280 x 720, untuned and tuned for all steps. Processes that read
and write films count to the worker that starts them.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import torch
from page import EXAMPLES, ROOT, long_film

import app
from seqdisent_core import cluster
from seqdisent_core.limits import limits
from seqdisent_core.machine import hardware
from seqdisent_core.reporting import write_result

_ASK = """
import sys
from gradio_client import Client, handle_file
client = Client(sys.argv[1], verbose=False)
client.predict(handle_file(sys.argv[2]), handle_file(sys.argv[3]), float(sys.argv[4]), api_name="/swap")
"""
_MOST = 600  # seconds of tuning, in which a busy machine does all of its steps, too
_ASKED = {"untuned": 0, "tuned for all of its steps": _MOST}


def worker_seconds() -> float:
    """Processor seconds that the workers have taken until now, and what they have started and ended."""
    workers = [one for one in psutil.Process().children(recursive=True) if one.name().startswith("ray::Worker")]
    return sum(sum(one.cpu_times()[:4]) for one in workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    os.environ |= {"SEQDISENT_DEMO_CLUSTER": "local", "SEQDISENT_DEMO_TUNING_SECONDS": str(_MOST)}
    limits.cache_clear()  # which the import of the app has read
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        films = [long_film(Path(folder), name) for name in EXAMPLES]
        os.environ["GRADIO_TEMP_DIR"] = folder
        demo = app.build()
        address = app.start(demo, host="127.0.0.1", block=False)
        for kind, seconds in _ASKED.items():
            taken: dict[str, list[float]] = {"worker": [], "page": []}
            for _ in range(repeats + (not entries)):
                before = worker_seconds(), time.process_time()
                subprocess.run([sys.executable, "-c", _ASK, address, *films, str(seconds)], cwd=ROOT, check=True)
                after = worker_seconds(), time.process_time()
                for who, now, then in zip(taken, after, before, strict=True):
                    taken[who] += [now - then]
            for who, all_of in taken.items():
                values = all_of[-repeats:]  # the very first one loads what is needed
                value = {"value": round(statistics.median(values), 3), "min": round(min(values), 3)}
                entry = {"what": f"{who}, {kind}", **value, "unit": "s", "max": round(max(values), 3), "n": repeats}
                entries.append(entry)
                print(entry, flush=True)
        demo.close()
        cluster.disconnect()
    result = {"command": shlex.join(["python", *sys.argv]), "hardware": hardware(torch.device("cpu"))}
    write_result({**result, "entries": entries}, ROOT / "results" / "cluster.json")


if __name__ == "__main__":
    main()
