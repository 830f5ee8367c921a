"""Series of one's own: a CSV file with a column of time, a column of the series' name, and a column a feature."""

import math
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqdisent_core.domains.series.sets import PUBLISHED, SeriesSet, random_split
from seqdisent_core.domains.series.tables import number, number_or_nan, read_table
from seqdisent_core.errors import DataError

TIME, SERIES = "time", "series"
LEAST_SERIES = 3  # one for each part of the split
MOST_STEPS = 100_000  # of a series: more are a time that was written wrongly
HELD = 0.15  # of the series, for validation, and as many for the test
MOST_TEXT = 5 * 10**6  # bytes of a file for a model of other series, which may be a stranger's: 120 of ours
MOST_VALUES = 10**7  # in such a file, gaps included
_OFF_GRID = 0.05  # steps that a time may lie beside its place
_EMPTY = "series without a value"


def read_own_csv(source: Path) -> SeriesSet:
    """The series of a CSV file with the columns time, series, and features.

    A time is a number, or a date and time as ISO 8601 has it. The step is the smallest distance of two times; hours
    that are left out are gaps, as are empty cells and NA. Series of other lengths end in gaps. The split is by chance,
    a series is in one part of it.

    Raises DataError with the line for text where a number belongs, times out of order, twice or uneven, and for under
    LEAST_SERIES series.
    """
    table = _read(source)
    whole, features, filled = table.names, table.features, table.values
    if len(whole) < LEAST_SERIES:
        raise DataError(f"{source.name} has {len(whole)} series with values; it takes {LEAST_SERIES}.")
    return SeriesSet(
        source.stem,
        whole,
        features,
        np.nan_to_num(filled).astype(np.float32),
        ~np.isnan(filled),
        {},
        {PUBLISHED: random_split(len(whole), (HELD, HELD))},
        left_out={_EMPTY: table.empty} if table.empty else {},
    )


def read_csv_like(source: Path, features: tuple[str, ...], steps: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and values, NaN in gaps, (series, steps, features), of a CSV file for a model of other series.

    Columns that the file lacks are gaps, and so is what a series lacks of the steps; what it has beyond them is cut
    off. Raises DataError as `read_own_csv`, for a column that is none of the features, and for over MOST_TEXT or
    MOST_VALUES.
    """
    table = _read(source, MOST_TEXT, MOST_VALUES)
    for name in table.features:
        if name not in features:
            raise DataError(f"{source.name} has the column {name}, which is none of: {', '.join(features)}.")
    if not table.names:
        raise DataError(f"{source.name} has no series with values.")
    _check_room(source, MOST_VALUES, len(table.names), steps, len(features))
    values = np.full((len(table.names), steps, len(features)), np.nan)
    shared = min(steps, table.values.shape[1])
    values[:, :shared, [features.index(name) for name in table.features]] = table.values[:, :shared]
    if np.isnan(values).all(axis=(1, 2)).any():
        raise DataError(f"{source.name} has a series without a value in its first {steps} steps.")
    return table.names, values


class _Table(NamedTuple):
    """The series of a file that have values, (series, steps, features), NaN in gaps; empty: how many have none."""

    names: tuple[str, ...]
    features: tuple[str, ...]
    values: np.ndarray
    empty: int


def _read(source: Path, most_text: int | None = None, most_values: int | None = None) -> _Table:
    rows = read_table(source, (TIME, SERIES), most_text)
    features = tuple(name for name in rows[0] if name not in (TIME, SERIES))
    if not features:
        raise DataError(f"{source.name} has no features: give columns beside {TIME} and {SERIES}.")
    times: dict[str, list[float]] = {}
    values: dict[str, list[list[float]]] = {}
    for place, row in enumerate(rows, 2):
        where, name = f"Line {place} of {source.name}", row[SERIES]
        if not name.strip():
            raise DataError(f"{where} names no series.")
        time = _seconds(row[TIME], where)
        before = times.setdefault(name, [])
        if before and time <= before[-1]:
            what = "the same time twice" if time == before[-1] else "a time before the one above it"
            raise DataError(f"{where} has {what} in the series {name}: {row[TIME]}. Sort each series by time.")
        before.append(time)
        values.setdefault(name, []).append([number_or_nan(row[feature], where, feature) for feature in features])
    whole = {name: cells for name, cells in values.items() if not np.isnan(cells).all()}
    with np.errstate(over="ignore"):
        step = min((float(np.diff(of).min()) for of in times.values() if len(of) > 1), default=1.0)
    places = {name: _places(times[name], step, name, source) for name in whole}
    steps = 1 + max((int(of[-1]) for of in places.values()), default=0)
    _check_room(source, most_values, len(whole), steps, len(features))
    filled = np.full((len(whole), steps, len(features)), np.nan)
    for row_of, name in enumerate(whole):
        filled[row_of, places[name]] = whole[name]
    return _Table(tuple(whole), features, filled, len(values) - len(whole))


def _check_room(source: Path, most: int | None, series: int, steps: int, features: int) -> None:
    if most is not None and series * steps * features > most:
        raise DataError(
            f"{source.name} has {series} series of up to {steps} steps: too many. Leave series or rows out."
        )


def _seconds(text: str, where: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):  # the latter for year 1 in some places
        return number(text, where, "a time")


def _places(times: list[float], step: float, name: str, source: Path) -> np.ndarray:
    """At which step of its series each time lies, int (times,)."""
    with np.errstate(over="ignore", invalid="ignore"):
        exact = (np.array(times) - times[0]) / step
    if not exact[-1] < MOST_STEPS:  # nor anything that is too large to count
        raise DataError(f"The series {name} of {source.name} has over {MOST_STEPS} steps of {step:g}. Check its times.")
    places = exact.round().astype(int)
    if (np.abs(exact - places) > _OFF_GRID).any() or math.isclose(step, 0):
        raise DataError(f"The times of the series {name} in {source.name} are uneven. Bring them to one distance.")
    return places
