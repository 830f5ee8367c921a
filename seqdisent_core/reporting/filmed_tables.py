"""The tables of docs/filmed.md, from the files that `seqdisent evaluate-filmed` wrote."""

from pathlib import Path
from typing import Any

from seqdisent_core.errors import DataError
from seqdisent_core.reporting.result_files import NONE, Result, read_result, table

MAIN = "filmed"


def read_filmed(folder: Path) -> dict[str, Result]:
    """File stem -> result, the main one first. Raises DataError if it is missing."""
    found = {path.stem: read_result(path) for path in sorted(folder.glob(f"{MAIN}*.json"))}
    if MAIN not in found:
        raise DataError(f"There is no {MAIN}.json in {folder}. `seqdisent evaluate-filmed` writes it.")
    return {MAIN: found.pop(MAIN), **found}


def filmed_table(folder: Path) -> str:
    """One row per file and tuning time: shares of swaps, their mean correlation, and that of reconstructions."""
    rows = [_row(stem, result, at) for stem, result in read_filmed(folder).items() for at in result["measured"]]
    head = ["what", "clips", "tuned, s", "steps", "person ↑", "correlation ↑", "≥ 0.7 ↑", "both ↑"]
    return table([*head, "rebuilt: correlation", "rebuilt: ≥ 0.7"], rows)


def _row(stem: str, result: Result, at: dict[str, Any]) -> list[str]:
    swaps, rebuilt = at["swaps"], at["reconstructions"]
    return [
        f"{result['note'] or 'as shipped'} (`{stem}`)",
        f"{len(result['clips'])}",
        f"{at['seconds']:g}",
        f"{at['steps']:.0f}",
        f"{swaps['person']:.0%}",
        f"{swaps['expression_corr']:.2f}",
        f"{swaps['expression']:.0%}",
        f"{swaps['both']:.0%}",
        f"{rebuilt['expression_corr']:.2f}",
        f"{rebuilt['expression']:.0%}",
    ]


def filmed_pairs_table(folder: Path) -> str:
    """Correlations in the main file after its longest tuning: a row per person, a column per driver.

    The diagonal is reconstructions. In brackets where the result is nearer to the driver's person.
    """
    result = read_filmed(folder)[MAIN]
    at = max(result["measured"], key=lambda at: at["steps"])
    cells = {(row["static"], row["driver"]): row for row in (*at["rows"], *at["reconstruction_rows"])}
    names = result["clips"]
    rows = [[name, *(_cell(cells.get((name, driver)), name == driver) for driver in names)] for name in names]
    return table([f"person ↓, driver → ({at['steps']:.0f} steps)", *names], rows)


def _cell(row: dict[str, Any] | None, same: bool) -> str:
    if row is None or row["expression_corr"] is None:
        return NONE
    correlation = f"{row['expression_corr']:.2f}"
    return correlation if same or row["person"] else f"({correlation})"


def filmed_made_table(folder: Path) -> str:
    """Provenance of each file."""
    rows = [
        [f"`{stem}`", f"`{r['checkpoint_sha256'][:12]}`", f"{r['seed']}", r["hardware"], r["date"], f"`{r['command']}`"]
        for stem, r in read_filmed(folder).items()
    ]
    return table(["file", "checkpoint", "seed", "hardware", "date", "measured by"], rows)
