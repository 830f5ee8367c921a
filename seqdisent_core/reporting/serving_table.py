"""The table of docs/serving.md: what many visitors at once need, by calculation from measured seconds."""

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


def serving_table(folder: Path) -> str:
    """Replicas by the number of visitors and by what all of them ask for, and the seconds of one request on one."""
    result = read_result(folder / "benchmark_page.json")
    known = {entry["what"]: float(entry["value"]) for entry in result["entries"]}
    tuning = known[_TUNED] - known[_UNTUNED]
    kinds = {
        "Swap, tuned for all of its steps": known[_READ] + tuning,
        "Swap, tuned while others wait": known[_READ] + SHORTENED * tuning,
        "Swap, untuned": known[_READ],
        "8 samples": known[_SAMPLES],
    }
    rows = [
        [kind, f"{seconds:.1f} s", *(str(replicas(visitors, seconds)) for visitors in VISITORS)]
        for kind, seconds in kinds.items()
    ]
    head = ["each asks for", "one takes", *(f"{visitors:,} visitors" for visitors in VISITORS)]
    said = f"Replicas on {result['hardware']} each. Seconds: `{result['command']}`."
    return table(head, rows) + "\n\n" + said


def replicas(visitors: int, seconds: float) -> int:
    """How many are needed where each visitor asks every MINUTES for what takes so many seconds."""
    return ceil(visitors * seconds / (60 * MINUTES * BUSY))
