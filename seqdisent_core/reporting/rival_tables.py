"""Tables of methods by training seeds: of `seqdisent benchmark images`, and of `seqdisent evaluate-pairs`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqdisent_core.reporting.figures import figure
from seqdisent_core.reporting.result_files import NONE, Result, number, percent, read_result, share, table

_COLUMNS = {  # of a file's figures, in the order of the table
    "swap_static": "swap: static ↑",
    "swap_dynamic": "swap: dynamic ↑",
    "acc": "Acc ↑",
    "probe_static_dynamic_acc": "probe of s: dynamic ↓",
    "probe_dynamics_static_acc": "probe of d: static ↓",
    "static_changes_dynamic": "other s: dynamic changes ↓",
    "dynamics_changes_static": "other d: static changes ↓",
}
_NUMBERS = {"psnr": ("PSNR, dB ↑", 2), "is": ("IS ↑", 3), "frechet": ("Fréchet ↓", 2)}
_CEILING = {"swap_static": "static", "swap_dynamic": "dynamic", "acc": "dynamic"}
_CHANCE = _CEILING | {"probe_static_dynamic_acc": "dynamic", "probe_dynamics_static_acc": "static"}
_AGAINST_TRUTH = {  # of a swap compared with its true result, in the order of the table
    "psnr": ("PSNR, dB ↑", 2),
    "ssim": ("SSIM ↑", 3),
    "motion_error": ("motion error, px ↓", 2),
    "landmark_error": ("landmark error, px ↓", 2),
}
_FLOORS = {"still": "no motion: the static clip's first frame", "driver": "no swap: the driver's clip"}


def rivals_table(folder: Path) -> str:
    """Figures and cost of each method on each set that a file of the folder measures, or a sentence where none does."""
    found = [(path.stem, result) for path in sorted(folder.glob("*.json")) if _is_table(result := read_result(path))]
    if not found:
        return "No table has been measured so far; the command above writes one."
    return "\n\n".join(part for stem, result in found for part in (_figures(stem, result), _cost(stem, result)))


def _is_table(result: Any) -> bool:
    return isinstance(result, dict) and "swap_static" in result.get("protocol", {}).get("figures", ())


def _figures(stem: str, result: Result) -> str:
    rows = []
    for name, row in result["rows"].items():
        figures = row["figures"]
        shares = [percent(figures[key]) for key in _COLUMNS]
        rows.append([name, *shares, *(number(figures[key], digits) for key, (_, digits) in _NUMBERS.items())])
    for words, of, known in (
        ("ceiling: the judge on real clips", _CEILING, result["ceiling"]),
        ("chance", _CHANCE, result["chance"]),
    ):
        shares = [share(known[of[key]]) if key in of else NONE for key in _COLUMNS]
        rows.append([words, *shares, *[NONE] * len(_NUMBERS)])
    head = [f"{result['data']['name']} (`{stem}`)", *_COLUMNS.values(), *(words for words, _ in _NUMBERS.values())]
    reasons = dict.fromkeys(row["figures"]["why"] for row in result["rows"].values() if "why" in row["figures"])
    return "\n".join([table(head, rows), *(f"\n{NONE}: {why}" for why in reasons)])


def _cost(stem: str, result: Result) -> str:
    rows = []
    for name, row in result["rows"].items():
        runs = row["runs"]
        machines = " / ".join(dict.fromkeys(run["hardware"] for run in runs))
        minutes = _mean([run["seconds"] / 60 for run in runs])
        memory = _mean([run["memory_gb"] for run in runs])
        counts = f"{runs[-1]['steps']:,}", f"{minutes:.1f}", f"{runs[-1]['parameters']:,}", f"{memory:.2f}"
        rows.append([name, *counts, f"{len(runs)}", machines])
    head = ["steps", "minutes per run", "parameters", "training memory, GB", "seeds", "trained on"]
    return table([f"{result['data']['name']}: cost (`{stem}`)", *head], rows)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def truth_table(folder: Path) -> str:
    """Swaps compared with their true results, a row a method, or a sentence where nothing is measured."""
    found = [(path.stem, result) for path in sorted(folder.glob("*.json")) if _is_truth(result := read_result(path))]
    if not found:
        return "Nothing has been measured so far; the command above writes a file."
    return "\n\n".join(_truth(stem, result) for stem, result in found)


def _is_truth(result: Any) -> bool:
    return isinstance(result, dict) and "truth_of_swaps" in result


def _truth(stem: str, result: Result) -> str:
    rows = []
    for name in dict.fromkeys(run["method"] for run in result["truth_of_swaps"]):
        runs = [run for run in result["truth_of_swaps"] if run["method"] == name]
        swap, rebuilt = ({key: _over_seeds(runs, of, key) for key in runs[0][of]} for of in ("swap", "rebuilt"))
        rows.append([name, *_against_truth(swap), number(rebuilt["psnr"], 2), f"{len(runs)}"])
    for key, floor in _FLOORS.items():
        alone = {of: {**value, "n": 1} for of, value in result["floors"][key].items()}
        rows.append([floor, *_against_truth(alone), NONE, NONE])
    words = [of for of, _ in _AGAINST_TRUTH.values()]
    head = [f"{result['swaps']} swaps of new persons (`{stem}`)", *words, "the static clip's person ↑"]
    return table([*head, "reconstruction: PSNR, dB ↑", "seeds"], rows)


def _over_seeds(runs: Sequence[Result], of: str, key: str) -> Result:
    return figure([run[of][key]["mean"] for run in runs])


def _against_truth(figures: Result) -> list[str]:
    shown = [number(figures[key], digits) for key, (_, digits) in _AGAINST_TRUTH.items()]
    return [*shown, percent(figures["identity"])]
