"""Tables of the benchmarks of time series, and the published ones, which are tables of their own."""

import json
from pathlib import Path
from typing import Any

from seqdisent_core.reporting.published import PUBLISHED
from seqdisent_core.reporting.result_files import NONE, Result, number, percent, read_result, share, table, tables_of

_SETS = {
    "air_quality": "Air Quality, test year 2016",
    "air_quality_station": "Air Quality, test stations",
    "physionet2012": "PhysioNet 2012",
    "etth1": "ETTh1",
}
_HEADS = {
    "month": "month from s",
    "month_by_mlp": "month from s, MLP",
    "month_of_both": "month from s and mean of d",
    "icu_type": "ward from s",
    "icu_type_by_mlp": "ward from s, MLP",
    "icu_type_of_both": "ward from s and mean of d",
    "mortality_auprc": "death, AUPRC",
    "mortality_auroc": "death, AUROC",
    "oil_temperature_mae": "oil temperature, MAE in °C",
}
_SHARES = tuple(name for name in _HEADS if name.startswith(("month", "icu_type")))


def series_tables(folder: Path) -> str:
    """A table for each set with a result file in the folder: every row's figures, budget and seeds."""
    return tables_of(folder, _SETS, _set_table)


def _set_table(title: str, result: Result) -> str:
    measures = [name for name in next(iter(result["rows"].values()))["figures"] if name != "why"]
    rows = [
        [name, *(_shown(measure, row["figures"][measure]) for measure in measures), *_budget(row)]
        for name, row in result["rows"].items()
        if row["runs"]
    ]
    for label, chance in result["chance"].items():
        shown = [share(chance) if measure == label else NONE for measure in measures]
        if label in measures:
            rows.append(["chance: the most common class", *shown, NONE, NONE])
    counts = result["protocol"]["series"]
    said = (
        f"{counts['train']} series for training, {counts['validation']} for validation, {counts['test']} for testing; "
        f"{result['hardware']}; `{result['command']}`."
    )
    head = [title, *(_HEADS[measure] for measure in measures), "steps, time per run", "runs"]
    return table(head, rows) + "\n\n" + said


def _shown(measure: str, figure: dict[str, Any] | None) -> str:
    return percent(figure) if measure in _SHARES else number(figure)


def _budget(row: dict[str, Any]) -> list[str]:
    runs = row["runs"]
    seconds = sum(run["seconds"] for run in runs) / len(runs)
    spent = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
    return [f"{runs[0]['steps']}, {spent}" if runs[0]["steps"] else spent, f"{len(runs)}"]


def anchors_table(folder: Path) -> str:
    """For each set the figure of DBSE's static code by the window that it is read from, without the test series."""
    found = {stem: folder / f"{stem}_anchor.json" for stem in _SETS}
    results = {stem: read_result(path) for stem, path in found.items() if path.exists()}
    most = max((len(result["rows"]) for result in results.values()), default=0)
    columns, heads = [], []
    for stem, result in results.items():
        figures = [row["figures"] for row in result["rows"].values()]
        measure = next(iter(figures[0]))
        column = [_shown(measure, one[measure]) for one in figures]
        columns.append(column + [NONE] * (most - len(column)))
        heads.append(f"{_SETS[stem].partition(',')[0]}: {_HEADS[measure]}")
    rows = [[f"{window}", *(column[window] for column in columns)] for window in range(most)]
    return table(["window", *heads], rows)


def published_series_table() -> str:
    """The published accuracies, which share no column with ours."""
    rows = [
        [row["method"], *(f"{row[name][0]:.2f} ± {row[name][1]}" for name in ("physionet2012", "air_quality"))]
        for row in json.loads(PUBLISHED.read_text(encoding="utf-8"))["series"]
    ]
    return table(["published (the poster), %", "PhysioNet: ward", "Air Quality: month"], rows)
