"""The tables of docs/speed.md, from the file that benchmarks/speed.py wrote."""

from pathlib import Path

from seqdisent_core.reporting.result_files import Result, read_result, table

FILE = "benchmark_speed.json"
_SHOWN = 6  # operators


def speed_table(folder: Path) -> str:
    """A row per task: our time, the published network's, and that of its arithmetic alone at the processor's peak."""
    result = read_result(folder / FILE)
    rows = [
        [
            entry["what"],
            seconds(entry["value"]),
            seconds(entry["published"]),
            times(entry, "published"),
            seconds(entry["limit"]),
            f"{entry['value'] / entry['limit']:.1f} x",
        ]
        for entry in result["entries"]
    ]
    peaks = ", ".join(f"{name} {value:,}" for name, value in result["peaks_gflops"].items())
    said = (
        f"{result['hardware']}, {result['threads']} threads, torch {result['torch']}; peaks in GFLOP/s: {peaks}. "
        f"`{result['command']}`, {result['date']}."
    )
    head = ["task", "time ↓", "published network", "speedup ↑", "time at peak FLOP/s", "time / time at peak ↓"]
    return table(head, rows) + "\n\n" + said


def profile_table(folder: Path) -> str:
    """A row per task: the operators that take the most of its time."""
    profiles = read_result(folder / FILE)["profile"]
    rows = [
        [what, ", ".join(f"`{row['operator'].removeprefix('aten::')}` {row['share']:.0%}" for row in found[:_SHOWN])]
        for what, found in profiles.items()
    ]
    return table(["task", "share of time by operator"], rows)


def load_table(folder: Path) -> str:
    """What many visitors at once see, and what the server does meanwhile, from the files of benchmarks/load.py."""
    names = ("load.json", "load_without_pause.json")
    return "\n\n".join(_load(read_result(folder / name)) for name in names if (folder / name).exists())


def _load(result: Result) -> str:
    rows = []
    for entry in result["entries"]:
        more = [f"{name} {entry[name]:.2f}" for name in ("p95", "max") if name in entry]
        count = [f"n = {entry['n']:.0f}"] if "n" in entry else []
        rows.append([entry["what"], f"{entry['value']:.4g} {entry['unit']}".strip(), ", ".join([*more, *count])])
    said = (
        f"{result['clients']} clients for {result['seconds']:.0f} s on {result['hardware']}, where programs of others "
        f"took {result['other_load']} cores (load average). `{result['command']}`, {result['date']}."
    )
    return table(["measured", "median, or count", "details"], rows) + "\n\n" + said


def seconds(value: float) -> str:
    """In milliseconds if below 0.1 s."""
    return f"{1000 * value:.{0 if value >= 0.01 else 1}f} ms" if value < 0.1 else f"{value:.2f} s"


def times(entry: Result, other: str) -> str:
    """How many times as long another figure of an entry is as its own."""
    return f"{entry[other] / entry['value']:.2f} x"
