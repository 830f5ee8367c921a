"""Labels in two groups: static ones say what stays in a clip, dynamic ones what changes; and the columns they fill."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from seqdisent_core.errors import DataError

EXPRESSIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
FACE_LABELS = ("person", "expression")  # of FaceKit, and of sets that do not name theirs
PLAIN_COLUMNS = {"static": ("person",), "dynamic": ("expression", "action")}  # that need no prefix
_CASELESS = ("expression", "action")  # labels whose values are the same in capitals
ANEW = "Pack or render it again into an empty folder."  # what helps where a set.json is damaged
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ -]*")
# Taken by what stands beside labels in tables of clips and in result files.
_TAKEN = {"static", "dynamic", "identity", "file", "file_name", "index", "split", "psnr", "ssim", "trustworthiness"}
_TAKEN |= {"certainty", "samples", "by_label", "why"}


@dataclass(frozen=True)
class Labels:
    """values: int64 (clips,), numbers into names."""

    values: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[str], names: tuple[str, ...] | None = None) -> "Labels":
        """The labels with these values by name; names: all values there can be, by default those there are, sorted."""
        names = names or tuple(sorted(set(values)))
        number = {name: place for place, name in enumerate(names)}
        return cls(np.array([number[value] for value in values], dtype=np.int64), names)

    def select(self, rows: np.ndarray) -> "Labels":
        """Those of the clips with these numbers, int (n,), with the same numbering."""
        return Labels(self.values[rows], self.names)


def selected(labels: dict[str, Labels], rows: np.ndarray) -> dict[str, Labels]:
    """Each label of the clips with these numbers, int (n,)."""
    return {name: label.select(rows) for name, label in labels.items()}


def combined(labels: dict[str, Labels]) -> Labels:
    """Several labels as one, whose values are the combinations that occur; a single label is itself."""
    if len(labels) == 1:
        return next(iter(labels.values()))
    rows = np.stack([label.values for label in labels.values()], axis=1)
    found, values = np.unique(rows, axis=0, return_inverse=True)
    all_names = [label.names for label in labels.values()]
    names = (", ".join(of[at] for of, at in zip(all_names, row, strict=True)) for row in found)
    return Labels(values.reshape(-1).astype(np.int64), tuple(names))


def labels_of(label: str, values: Sequence[str]) -> Labels:
    """A label's values as a file has them.

    The six expressions keep their six numbers even where some are absent, so that one judge fits every such set.
    """
    if label in _CASELESS:
        values = [value.lower() for value in values]
    six = label == "expression" and set(values) <= set(EXPRESSIONS)
    return Labels.of(values, EXPRESSIONS if six else None)


def check_label_names(static: Sequence[str], dynamic: Sequence[str], name: str, columns: Sequence[str] = ()) -> None:
    """Raises DataError unless each group of a set's labels has a name, and each name is one that a label can have.

    columns: of the table that names them, for the sentence about a group without a label.
    """
    for group, names in (("static", static), ("dynamic", dynamic)):
        if not names:
            column, there = PLAIN_COLUMNS[group][0], f" Its columns are: {', '.join(columns)}." if columns else ""
            raise DataError(
                f"{name} has no {group} label; a set has one or more of each group. Call a column {column}, or "
                f"{group}:NAME.{there}"
            )
    both = [*static, *dynamic]
    for label in both:
        if label in static and label in dynamic:
            raise DataError(f"{name} has a static and a dynamic label of the name {label!r}. Rename one of them.")
        if both.count(label) > 1:
            raise DataError(f"{name} names the label {label!r} twice. Take one out, or rename it.")
        if label in _TAKEN:
            raise DataError(f"A label of {name} is named {label!r}, which is reserved. Choose another name.")
        if not _NAME.fullmatch(label):
            raise DataError(
                f"A label of {name} is named {label!r}. A name has letters a to z, digits, spaces, - and _, and begins "
                "with a letter or a digit."
            )


class LabelColumns(NamedTuple):
    """Where a table of clips has their labels: label -> column; identity: the column that says whom a clip shows."""

    static: dict[str, str]
    dynamic: dict[str, str]
    identity: str | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Every column that holds one."""
        return (*self.static.values(), *self.dynamic.values(), *([self.identity] if self.identity else []))


def label_columns(columns: Sequence[str], name: str) -> LabelColumns:
    """The columns of a user's CSV file that hold labels: static:NAME, dynamic:NAME, and those of PLAIN_COLUMNS.

    Raises DataError where they name none, the same one twice, or one that no label can have (check_label_names).
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for group, plain in PLAIN_COLUMNS.items():
        groups[group] = [
            (column.removeprefix(f"{group}:").strip(), column)
            for column in columns
            if column.startswith(f"{group}:") or column in plain
        ]
    static, dynamic = groups["static"], groups["dynamic"]
    check_label_names([label for label, _ in static], [label for label, _ in dynamic], name, columns)
    return LabelColumns(dict(static), dict(dynamic))


def planned_columns(plan: dict[str, Any], name: str) -> LabelColumns:
    """The columns of a rendered set's labels.csv that hold labels, as its set.json names them; FaceKit's if not at all.

    Raises DataError as `label_columns`.
    """
    if plan.get("attributes"):  # Sprites, as it was rendered before labels came in groups
        plan = {"static": plan["attributes"], "dynamic": ["action"], "identity": "person"}
        columns = ["expression"]
    else:
        columns = plan.get("dynamic", FACE_LABELS[1:])
    static, dynamic = plan.get("static", FACE_LABELS[:1]), plan.get("dynamic", FACE_LABELS[1:])
    for names in (static, dynamic, [plan.get("identity") or "none"]):
        if not isinstance(names, list | tuple) or not all(isinstance(label, str) for label in names):
            raise DataError(f"The set.json of {name} does not name its labels in lists. {ANEW}")
    check_label_names(static, dynamic, name)
    by_label = dict(zip(dynamic, columns, strict=True))
    return LabelColumns({label: label for label in static}, by_label, plan.get("identity"))
