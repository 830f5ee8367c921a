"""All figures of result files to take away: as one JSON document, or as a table in CSV."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqdisent_core.errors import DataError

_HEAD = ("file", "figure", "value", "std", "n")


def figures_json(folder: Path) -> str:
    """Every result file whole, by its name. Raises DataError if there is none."""
    return json.dumps(_files(folder), indent=1) + "\n"


def figures_csv(folder: Path) -> str:
    """A line a number: its file, its place in it ("metrics.swap.person"), value, spread and count where they are known.

    Lists of plain numbers, such as confusion matrices, are in the JSON alone. Raises DataError if there is no file.
    """
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(_HEAD)
    for stem, result in _files(folder).items():
        lines.writerows((stem, ".".join(place), *figure) for place, *figure in _figures(result, ()))
    return out.getvalue()


def _files(folder: Path) -> dict[str, Any]:
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    if not files:
        raise DataError(f"There is no result file in {folder}.")
    return files


def _figures(value: Any, place: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Place, value, std and n of each number in a document; the last two may be None."""
    if isinstance(value, dict):
        if isinstance(value.get("mean"), int | float):
            yield place, value["mean"], value.get("std"), value.get("n")
            return
        for name, inner in value.items():
            yield from _figures(inner, (*place, name))
    elif isinstance(value, list):
        names = [str(inner.get("what", at)) if isinstance(inner, dict) else "" for at, inner in enumerate(value)]
        for at, inner in enumerate(value):
            if isinstance(inner, dict):
                yield from _figures(inner, (*place, names[at] if names.count(names[at]) == 1 else str(at)))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, value, None, None
