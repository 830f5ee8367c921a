"""Reading tables of numbers, with a sentence where they are none."""

import csv
import gzip
import io
import math
import zlib
from pathlib import Path

from seqdisent_core.errors import DataError

MISSING = ("", "NA", "NaN", "nan")  # how tables write that a value is missing


def number(text: str, where: str, column: str) -> float:
    """A finite number. Raises DataError with `where` and the column for anything else."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where} has {text!r} as {column or 'a value'}. Write a number.")
    return value


def number_or_nan(text: str, where: str, column: str) -> float:
    """A number, or NaN where the table says that it is missing."""
    return math.nan if text.strip() in MISSING else number(text, where, column)


def read_table(path: Path, columns: tuple[str, ...] = (), most: int | None = None) -> list[dict[str, str]]:
    """The rows of a CSV file, also a gzipped one; the header is row 1.

    most: bytes of its text; no more is unpacked. Raises DataError where there are more, or a column is missing.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(-1 if most is None else most + 1)
        if most is not None and len(content) > most:
            raise DataError(f"{path.name} has over {most / 10**6:g} MB of text. Leave columns or rows out.")
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path.name} cannot be read as a CSV file in UTF-8.") from error
    if missing:
        raise DataError(f"{path.name} lacks the column {missing[0]}. It needs {', '.join(columns)}.")
    for place, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise DataError(f"Line {place} of {path.name} has another number of columns than its header.")
    if not rows:
        raise DataError(f"{path.name} has no rows.")
    return rows
