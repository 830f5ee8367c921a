"""Reads and writes result files, which are recognised by their schema, not by their names."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from seqdisent_core.errors import DataError

Result = dict[str, Any]
NONE = "–"
_BY_LABEL = ("swap", "reconstruction")  # of a result's metrics, those with a figure a label


def read_result(path: Path) -> Result:
    """One JSON file of the results folder; one of `seqdisent evaluate` with its labels in groups (_in_groups).

    Raises DataError if it is missing or not JSON.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return _in_groups(result) if is_evaluation(result) else result
    except FileNotFoundError:
        raise DataError(f"There is no result file {path}. `seqdisent evaluate` writes it.") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path} is not valid JSON (line {error.lineno}: {error.msg}).") from None


def read_results(folder: Path) -> dict[str, dict[str, Result]]:
    """Every file of `seqdisent evaluate` in a folder: set -> file stem -> result.

    Full models come first; within a variant, those without a note, then by training seed. Results on other test clips,
    or by another judge, count as another set even if its name is the same; part of their hash is then added to the
    name.

    JSON files of other commands are skipped. Raises DataError if there is none.
    """
    found: dict[tuple[str, str, str], dict[str, Result]] = {}
    for path in sorted(folder.glob("*.json")):
        result = read_result(path)
        if is_evaluation(result):
            measured_on = (result["data"]["name"], result["data"]["sha256"], result["judge"]["sha256"])
            found.setdefault(measured_on, {})[path.stem] = result
    if not found:
        raise DataError(f"There is no result file in {folder}. `seqdisent evaluate` writes one.")
    named: dict[str, dict[str, Result]] = {}
    for (name, clips, judge), results in sorted(found.items(), key=lambda item: (item[0][0], -len(item[1]))):
        key = name if name not in named else f"{name}_{clips[:6]}_{judge[:6]}"
        named[key] = dict(sorted(results.items(), key=lambda item: _place(*item)))
    return named


def is_evaluation(result: Any) -> bool:
    """Whether this is the content of a result file of `seqdisent evaluate`."""
    return isinstance(result, dict) and {"model", "data", "training", "judge", "metrics"} <= result.keys()


def _in_groups(result: Result) -> Result:
    """A result with "labels", the names of the labels' values by group, and each group's mean beside its labels.

    Files written before labels had groups have "person" for the mean of the static labels (which they also name each
    where there are several, as in Sprites) and "expression" for the dynamic one (in Sprites, the action).
    """
    if "labels" in result:
        return result
    attributes = [name for name in result["chance"] if name not in ("person", "expression")]
    does = "action" if attributes else "expression"

    def named(figures: dict[str, Any]) -> dict[str, Any]:
        known = {"static": "person", "dynamic": "expression", does: "expression"}
        known[f"{does}_confusion"] = "expression_confusion"
        return {**{name: figures[old] for name, old in known.items() if old in figures}, **figures}

    metrics = {name: named(figures) if name in _BY_LABEL else figures for name, figures in result["metrics"].items()}
    labels = {
        "static": {label: [] for label in attributes or ["person"]},  # the values' names were not written
        "dynamic": {does: result.get("expressions", [])},
    }
    judge = {**result["judge"], "accuracy": named(result["judge"]["accuracy"])}
    return {**result, "judge": judge, "metrics": metrics, "chance": named(result["chance"]), "labels": labels}


def of_group(result: Result, group: Literal["static", "dynamic"]) -> str:
    """The name of a group of labels in tables: that of its label, if it has only one."""
    names = [*result["labels"][group]]
    return names[0] if len(names) == 1 else {"static": "attributes", "dynamic": "movements"}[group]


def _place(stem: str, result: Result) -> tuple[bool, str, str, str, str]:
    variant = result["model"]["variant"]
    return variant != "full", variant, result.get("note", ""), training_seed(result), stem


def training_seed(result: Result) -> str:
    """The seed of a result's model."""
    return str(result["training"].get("recipe", {}).get("training", {}).get("seed", "unknown"))


def described(result: Result) -> str:
    """How a model differs from others of its method: variant, note, and training seed if not 0."""
    seed = training_seed(result)
    parts = (
        result["model"]["variant"].replace("_", " "),
        result.get("note"),
        "" if seed in ("0", "unknown") else f"seed {seed}",
        "" if result["judge"].get("trusted", True) else "by a judge that reads too little",
        "" if result["data"].get("trained_on_its_train_split") is not False else "trained on other clips",
    )
    return ", ".join(part for part in parts if part)


def label(stem: str, result: Result) -> str:
    """The name of a row: method, model and file."""
    name = ", ".join(part for part in (result["model"]["method"], described(result)) if part)
    return f"{name} (`{stem}`)"


def guessed(result: Result, name: str) -> str:
    """Chance for a label, or for "static" or "dynamic", the mean of a group, as "16.7 %"."""
    return share(result["chance"][name])


def share(of_one: float) -> str:
    """A share in [0, 1] as "16.7 %"."""
    return f"{100 * of_one:.1f} %"


def percent(figure: dict[str, Any] | None) -> str:
    """A share as "97.5 ± 0.3 %", or a dash for none; without spread if there was one repeat."""
    if figure is None:
        return NONE
    spread = f" ± {100 * figure['std']:.1f}" if figure["n"] > 1 else ""
    return f"{100 * figure['mean']:.1f}{spread} %"


def number(figure: dict[str, Any] | None, digits: int = 3) -> str:
    """A figure with its spread, or a dash for none."""
    if figure is None:
        return NONE
    spread = f" ± {figure['std']:.{digits}f}" if figure["n"] > 1 else ""
    return f"{figure['mean']:.{digits}f}{spread}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def tables_of(folder: Path, titles: Mapping[str, str], make: Callable[[str, Result], str]) -> str:
    """What `make` makes of a title and a result, for each of the files, by their stems, that the folder has."""
    found = {folder / f"{stem}.json": title for stem, title in titles.items()}
    return "\n\n".join(make(title, read_result(path)) for path, title in found.items() if path.exists())


def write_result(result: dict[str, Any], path: Path) -> None:
    """Write a result file, indented, with a closing newline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, sort_keys=False) + "\n", encoding="utf-8")
