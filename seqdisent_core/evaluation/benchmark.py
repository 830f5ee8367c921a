"""Tables of methods on a set: each row is trained and measured once a seed, and a result file keeps every run.

The tables know neither methods nor data: a row brings a function from a seed to figures.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from seqdisent_core.errors import DataError
from seqdisent_core.reporting import figure, write_result

Share = Callable[[float], None]  # called with the share of a run that is done, 0 to 1
Progress = Callable[[float, int, str], None]  # runs done, with a fraction; runs to do; the row and seed under way
_MEASURED = ("seed", "steps", "seconds")


@dataclass(frozen=True)
class Run:
    """What one seed of a row gave.

    figures: measured values by name, None where the method cannot have one, with the reason in `why`; steps and
    seconds: of training; facts: what else the result file keeps, such as the hash of the weights.
    """

    figures: Mapping[str, float | None]
    steps: int
    seconds: float
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One line of a table.

    settings: everything but the seed that decides its figures, as JSON has it (a recipe, a budget): runs by other
    settings are measured anew. run: trains and measures with a seed.
    """

    name: str
    settings: Mapping[str, Any]
    run: Callable[[int, Share], Run]


def run_table(
    rows: Sequence[Row],
    seeds: Sequence[int],
    out: Path,
    *,
    command: str,
    about: Mapping[str, Any],
    progress: Progress = lambda done, runs, what: None,
) -> dict[str, Any]:
    """Measures every row with every seed, all rows with the first seed before any with the next.

    `out` is written after each run, and once where there is none to make. What it holds of the same set and settings is
    kept, other rows too, so a table that was stopped goes on, and one that needs more seeds or rows gets them. about:
    what the file says of the set and the machine; of it "data" and "protocol" must be the same for runs to be kept.

    Raises DataError where `out` is of another set or protocol, or no table.
    """
    table = _begun(out, about) | {"command": command, **about}
    for row in rows:
        kept = table["rows"].get(row.name, {})
        settings = json.loads(json.dumps(row.settings))
        if kept.get("settings") != settings:
            table["rows"][row.name] = {"settings": settings, "runs": []}
    measured = {row.name: {run["seed"] for run in table["rows"][row.name]["runs"]} for row in rows}
    waiting = [(seed, row) for seed in seeds for row in rows if seed not in measured[row.name]]
    for done, (seed, row) in enumerate(waiting):
        share = partial(_add_share, progress, done, len(waiting), f"{row.name}, seed {seed}")
        share(0.0)
        runs = table["rows"][row.name]["runs"]
        runs.append(_as_json(seed, row.run(seed, share)))
        runs.sort(key=lambda run: run["seed"])
        table["rows"][row.name]["figures"] = _figures(runs)
        _write(table, out)
        share(1.0)
    if not waiting:
        _write(table, out)  # with the command that gives all of it, where others gave its parts
    return table


def _write(table: Mapping[str, Any], out: Path) -> None:
    begun = {name: row for name, row in table["rows"].items() if row["runs"]}
    part = out.with_name(out.name + ".part")
    write_result({**table, "date": datetime.now(UTC).isoformat(timespec="seconds"), "rows": begun}, part)
    part.replace(out)  # whole or not at all: a run that is stopped here loses nothing


def _add_share(progress: Progress, done: int, runs: int, what: str, share: float) -> None:
    progress(done + share, runs, what)


def _begun(out: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """The table in `out`, or a new one where there is no file."""
    if not out.exists():
        return {"rows": {}}
    try:
        table = json.loads(out.read_text(encoding="utf-8"))
        of = {name: table[name] for name in ("data", "protocol")}
        kept = {"rows": dict(table["rows"])}
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{out} holds no table of a benchmark. Choose another file.") from None
    if of != json.loads(json.dumps({name: about[name] for name in of})):
        raise DataError(f"{out} was measured on another set or by another protocol. Choose another file.")
    return kept


def _as_json(seed: int, run: Run) -> dict[str, Any]:
    head = dict(zip(_MEASURED, (seed, run.steps, round(run.seconds, 1)), strict=True))
    return {**head, **run.facts, "figures": dict(run.figures), **({"why": run.why} if run.why else {})}


def _figures(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and deviation over the seeds of each figure; null with the reason where the method has none."""
    named: dict[str, Any] = {}
    for name in runs[0]["figures"]:
        values = [run["figures"][name] for run in runs]
        named[name] = None if None in values else figure(values)
    return {**named, **({"why": runs[0]["why"]} if "why" in runs[0] else {})}
