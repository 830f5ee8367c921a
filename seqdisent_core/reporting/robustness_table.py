"""The table of docs/robustness.md, from the file that benchmarks/robustness.py wrote."""

from itertools import groupby
from pathlib import Path

from seqdisent_core.reporting.result_files import read_result, table

FILE = "robustness.json"
_RESULTS = {"read": "accepted", "noted": "accepted with a note", "refused": "rejected"}
_LONGEST = 60  # letters of a name


def robustness_table(folder: Path) -> str:
    """A row for every odd file, by kind: its name, what it is, what its reader got and was told."""
    result = read_result(folder / FILE)
    rows = result["rows"]
    counts = [f"{sum(row['kind'] == kind for row in rows)} are {words}" for kind, words in _RESULTS.items()]
    parts = [f"Of {len(rows)} files, {counts[0]}, {counts[1]}, {counts[2]}. `{result['command']}`, {result['date']}."]
    for group, members in groupby(rows, key=lambda row: row["group"]):
        cells = [[_name(row["file"]), row["what"], _RESULTS[row["kind"]], _cell(row["said"])] for row in members]
        parts.append(f"### {group}\n\n" + table(["file", "content", "result", "message"], cells))
    return "\n\n".join(parts)


def _name(name: str) -> str:
    """A file's name as code, with signs that a table cannot hold, or that nobody can see, spelt out."""
    shown = name if len(name) <= _LONGEST else f"{name[:20]}...{name[-10:]}"
    return "`" + "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in shown) + "`"


def _cell(sentence: str) -> str:
    """Words of a sentence that quotes names, for a cell of Markdown."""
    for sign in "\\`*_<>|[]":
        sentence = sentence.replace(sign, f"\\{sign}" if sign not in "<>|" else f"&#{ord(sign)};")
    return sentence
