"""Result files as they are read: by their schema, whatever they are called."""

import json
from pathlib import Path
from typing import Any

from seqdisent_core.errors import DataError

Result = dict[str, Any]
NONE = "–"


def read_result(path: Path) -> Result:
    """One JSON file of the results folder. Raises DataError where it is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"There is no result file {path}. `seqdisent evaluate` writes it.") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path} is not valid JSON (line {error.lineno}: {error.msg}).") from None


def read_results(folder: Path) -> dict[str, dict[str, Result]]:
    """Every file that `seqdisent evaluate` wrote into a folder: set -> file's stem -> result; full models first.

    Other JSON files, of other commands, are passed over. Raises DataError where there is none.
    """
    found: dict[str, dict[str, Result]] = {}
    for path in sorted(folder.glob("*.json")):
        result = read_result(path)
        if isinstance(result, dict) and {"model", "data", "training", "judge", "metrics"} <= result.keys():
            found.setdefault(result["data"]["name"], {})[path.stem] = result
    if not found:
        raise DataError(f"There is no result file in {folder}. `seqdisent evaluate` writes one.")
    return {
        name: dict(sorted(results.items(), key=lambda item: (item[1]["model"]["variant"] != "full", item[0])))
        for name, results in sorted(found.items())
    }


def label(stem: str, result: Result) -> str:
    """What a row or bar is called: method, variant and file."""
    return f"{result['model']['method']}, {result['model']['variant'].replace('_', ' ')} (`{stem}`)"


def percent(figure: dict[str, Any] | None) -> str:
    """A share as "97.5 ± 0.3 %", a dash for none; the spread is left out where there are no repeats."""
    if figure is None:
        return NONE
    spread = f" ± {100 * figure['std']:.1f}" if figure["n"] > 1 else ""
    return f"{100 * figure['mean']:.1f}{spread} %"


def number(figure: dict[str, Any] | None, digits: int = 3) -> str:
    """A figure with its spread, a dash for none."""
    if figure is None:
        return NONE
    spread = f" ± {figure['std']:.{digits}f}" if figure["n"] > 1 else ""
    return f"{figure['mean']:.{digits}f}{spread}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])
