"""What a swap takes of a Ray cluster's workers and of the page's process, which hands it out: in processor seconds.

    python benchmarks/cluster.py [--repeats 3]

Writes results/cluster.json. The app runs in this process with a Ray on this machine; a program in another one does as
the page Swap does in a browser: it sends two clips of 5 seconds, 1280 x 720, has both read, presses the button, untuned
or tuned for all steps with previews on the way, and hears what is to be shown. Processes that read and write films
count to the worker that starts them. What the page's process takes while nothing is asked of it does not count: a busy
machine takes longer.
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

import gradio as gr
import psutil  # type: ignore[import-untyped]
import torch
from page import EXAMPLES, ROOT, long_film

import app
from seqdisent_core import cluster
from seqdisent_core.limits import limits
from seqdisent_core.machine import hardware
from seqdisent_core.reporting import write_result

_VISITOR = """
import json, secrets, sys
import httpx

address, reads, swaps, tuned, *films = sys.argv[1:]
session = secrets.token_hex(8)

def done(client, event, data):
    asked = {"data": data, "fn_index": int(event), "session_hash": session, "event_data": {}}
    client.post("gradio_api/queue/join", json=asked).raise_for_status()
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as answer:
        for line in answer.iter_lines():
            message = json.loads(line.removeprefix("data: ") or "{}")
            if message.get("msg") == "process_completed":
                assert message["success"], message
                return message["output"]["data"]

with httpx.Client(base_url=address, timeout=None) as client:
    for event, film in zip(reads.split(","), films, strict=True):
        with open(film, "rb") as content:
            (path,) = client.post("gradio_api/upload", files={"files": content}).json()
        found = done(client, event, [{"path": path, "meta": {"_type": "gradio.FileData"}}, None, None])
        assert "Face found" in found[0], found
    wish = [1, "film", "once", "all", "both", False]
    shown = done(client, swaps, [None, None, None, tuned == "True", *wish])
    assert "Both films are ready." in shown[0], shown
"""
_KINDS = {"untuned": False, "tuned for all of its steps": True}
_IDLE = 10.0  # seconds


def idle_share() -> float:
    """Processor seconds a second of this process while nothing is asked of it."""
    before = time.process_time()
    time.sleep(_IDLE)
    return (time.process_time() - before) / _IDLE


def worker_seconds() -> float:
    """Processor seconds that the workers have taken until now, and what they have started and ended."""
    workers = [one for one in psutil.Process().children(recursive=True) if one.name().startswith("ray::Worker")]
    return sum(sum(one.cpu_times()[:4]) for one in workers)


def events(demo: gr.Blocks) -> list[str]:
    """The numbers of the events of the page Swap that read the first and the second clip, and of its button."""
    named = [[str(event._id) for event in demo.fns.values() if event.name == name] for name in ("upload", "swap_faces")]
    return [",".join(named[0][:2]), named[1][0]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    os.environ["SEQDISENT_DEMO_CLUSTER"] = "local"
    limits.cache_clear()  # which the import of the app has read
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        films = [long_film(Path(folder), name) for name in EXAMPLES]
        os.environ["GRADIO_TEMP_DIR"] = folder
        demo = app.build()
        address = app.start(demo, host="127.0.0.1", block=False)
        idle = idle_share()
        for kind, tuned in _KINDS.items():
            taken: dict[str, list[float]] = {"worker": [], "page": []}
            for _ in range(repeats + (not entries)):
                before, began = (worker_seconds(), time.process_time()), time.monotonic()
                asked = [address, *events(demo), str(tuned), *films]
                subprocess.run([sys.executable, "-c", _VISITOR, *asked], cwd=ROOT, check=True)
                passed = time.monotonic() - began
                after = worker_seconds(), time.process_time() - idle * passed
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
