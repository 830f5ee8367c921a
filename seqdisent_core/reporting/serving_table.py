"""The tables of docs/serving.md: what many visitors at once need, by calculation from measured seconds."""

from math import ceil
from pathlib import Path

from seqdisent_core.reporting.result_files import read_result, table

VISITORS = (10, 100, 1000)
MINUTES = 2  # from one swap of a visitor to the next, in which they choose films, look and wait
BUSY = 0.7  # share of the time that a replica computes; beyond it waits grow steeply
SHORTENED = 36 / 75  # of a tuning's steps, while others wait

_READ = "From two 5-second 720p clips to two swapped films in the page, untuned"
_UNTUNED, _TUNED = "Of it from the button to the films", "From the button to the films, tuned"
_SAMPLES = "From the button to 8 new clips of 15 frames"

_SWAPS = ("Swap, tuned for all of its steps", "Swap, tuned while others wait", "Swap, untuned")


def serving_table(folder: Path) -> str:
    """Replicas by the number of visitors and by what all of them ask for, and the seconds of one request on one."""
    result = read_result(folder / "benchmark_page.json")
    known = {entry["what"]: float(entry["value"]) for entry in result["entries"]}
    tuning = known[_TUNED] - known[_UNTUNED]
    swaps = known[_READ] + tuning, known[_READ] + SHORTENED * tuning, known[_READ]
    kinds = {**dict(zip(_SWAPS, swaps, strict=True)), "8 samples": known[_SAMPLES]}
    rows = [
        [kind, f"{seconds:.1f} s", *(str(replicas(visitors, seconds)) for visitors in VISITORS)]
        for kind, seconds in kinds.items()
    ]
    head = ["request", "seconds each", *(f"{visitors:,} visitors" for visitors in VISITORS)]
    said = f"Replicas on {result['hardware']} each. Seconds: `{result['command']}`."
    return table(head, rows) + "\n\n" + said


def cluster_table(folder: Path) -> str:
    """Workers, of a core each, and pages' processes by the number of visitors; from the file of benchmarks/cluster.py.

    As `replicas`, of processor seconds.
    """
    result = read_result(folder / "cluster.json")
    known = {entry["what"]: float(entry["value"]) for entry in result["entries"]}
    taken = {}
    for who in ("worker", "page"):
        untuned, whole = known[f"{who}, untuned"], known[f"{who}, tuned for all of its steps"]
        taken[who] = (whole, untuned + SHORTENED * (whole - untuned), untuned)
    rows = []
    for kind, worker, page in zip(_SWAPS, taken["worker"], taken["page"], strict=True):
        needed = [f"{replicas(many, worker):,} + {replicas(many, page)}" for many in VISITORS]
        rows.append([kind, f"{worker:.1f} s", f"{page:.2f} s", *needed])
    head = ["request", "worker CPU time", "page CPU time", *(f"{many:,} visitors" for many in VISITORS)]
    said = f"CPU time on {result['hardware']}: `{result['command']}`."
    return table(head, rows) + "\n\n" + said


def replicas(visitors: int, seconds: float) -> int:
    """How many are needed where each visitor asks every MINUTES for what takes so many seconds."""
    return ceil(visitors * seconds / (60 * MINUTES * BUSY))
