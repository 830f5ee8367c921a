"""Hourly measurements over years, cut into months: the air of Beijing and an electricity transformer."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

from seqdisent_core.data import Labels
from seqdisent_core.domains.series.sets import CHOICE, PUBLISHED, SeriesSet, random_split, split_for_choices
from seqdisent_core.domains.series.tables import number, number_or_nan, read_table
from seqdisent_core.errors import DataError

HOURS = 672  # of each month: the four weeks that every month has
TEST_YEAR = 2016
# Of the air, the years that are left out in turn to choose: a validation by chance has the same days at other stations
# in its training series.
CHOICE_YEARS = (2015, 2014, 2013)
VALIDATION_SHARE = 0.15  # of the other months
MOST_MISSING = 0.6  # of a month's values
AIR = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3", "TEMP", "PRES", "DEWP", "WSPM")
LOADS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")
OIL = "oil_temperature"
MONTHS = tuple(f"{month:02d}" for month in range(1, 13))
TEST_STATIONS, VALIDATION_STATIONS = ("Nongzhanguan", "Shunyi", "Wanliu"), ("Guanyuan",)  # of the second split
AIR_CREDIT = (
    "Chen (2017), Beijing Multi-Site Air Quality, UCI Machine Learning Repository, doi:10.24432/C5RK5G, CC BY 4.0; "
    "air data of the Beijing Municipal Environmental Monitoring Center, weather of the China Meteorological "
    "Administration. Cut into months and turned to arrays."
)
LOADS_CREDIT = (
    "ETTh1, Zhou et al., Informer, AAAI 2021, CC BY-ND 4.0: this folder is an altered copy, for use on this machine "
    "only, and may not be passed on."
)
_MISSING = f"month with over {MOST_MISSING:.0%} of its values missing"
_SHORT = f"month of under {HOURS} hours"


def read_air_quality(source: Path) -> SeriesSet:
    """The station-months of a folder of PRSA_Data_*.csv or .csv.gz: the first 672 hours, 10 features.

    Labels: month, year and station. Splits: PUBLISHED, whose test is 2016; "station", whose test stations are not
    trained on; and one for choices for each of CHOICE_YEARS. Raises DataError where a file is missing, an hour is
    missing or out of order, or text stands where a number belongs.
    """
    paths = sorted(source.glob("PRSA_Data_*.csv*"))
    if not paths:
        raise DataError(f"{source.name} has no files PRSA_Data_*.csv. Give the folder of the stations' files.")
    months: list[tuple[str, datetime, np.ndarray]] = []
    left_out: Counter[str] = Counter()
    for path in paths:
        rows = read_table(path, ("year", "month", "day", "hour", "station", *AIR))
        times, values = [], np.empty((len(rows), len(AIR)))
        for place, row in enumerate(rows):
            where = f"Line {place + 2} of {path.name}"
            year, month, day, hour = (int(number(row[name], where, name)) for name in ("year", "month", "day", "hour"))
            try:
                times.append(datetime(year, month, day, hour))
            except ValueError:
                raise DataError(f"{where} has no possible time: {year}-{month}-{day}, hour {hour}.") from None
            values[place] = [number_or_nan(row[name], where, name) for name in AIR]
        _check_hourly(times, path.name)
        cut, reasons = _months(times, values)
        months += [(rows[0]["station"], start, month) for start, month in cut]
        left_out += reasons
    _check_some(months, source)
    values = np.stack([month for *_, month in months])
    years = np.array([start.year for _, start, _ in months])
    split = random_split(len(months), (VALIDATION_SHARE, 0.0), years == TEST_YEAR)
    stations = np.array([station for station, *_ in months])
    by_station = np.where(np.isin(stations, TEST_STATIONS), "test", "train")
    by_station = np.where(np.isin(stations, VALIDATION_STATIONS), "validation", by_station)
    return SeriesSet(
        "air_quality",
        tuple(f"{station} {start:%Y-%m}" for station, start, _ in months),
        AIR,
        np.nan_to_num(values).astype(np.float32),
        ~np.isnan(values),
        {
            "month": Labels.of([f"{start:%m}" for _, start, _ in months], MONTHS),
            "year": Labels.of([str(year) for year in years]),
            "station": Labels.of(stations.tolist()),
        },
        {
            PUBLISHED: split,
            "station": by_station.astype("<U10"),
            **{f"{CHOICE}_{year}": split_for_choices(split, years == year) for year in CHOICE_YEARS},
        },
        left_out=dict(left_out),
        credit=AIR_CREDIT,
    )


def read_etth1(source: Path) -> SeriesSet:
    """The months of ETTh1.csv: the first 672 hours, six loads; the oil temperature is a number at each step.

    Labels: month. Raises DataError as read_air_quality.
    """
    path = source / "ETTh1.csv" if source.is_dir() else source
    rows = read_table(path, ("date", *LOADS, "OT"))
    times, values = [], np.empty((len(rows), len(LOADS) + 1))
    for place, row in enumerate(rows):
        where = f"Line {place + 2} of {path.name}"
        try:
            times.append(datetime.fromisoformat(row["date"]))
        except ValueError:
            raise DataError(f"{where} has the time {row['date']!r}. Write it as 2016-07-01 00:00:00.") from None
        values[place] = [number_or_nan(row[name], where, name) for name in (*LOADS, "OT")]
    _check_hourly(times, path.name)
    months, left_out = _months(times, values)
    _check_some(months, source)
    cut = np.stack([month for _, month in months])
    loads = cut[..., :-1]
    held = np.array([start.year == TEST_YEAR for start, _ in months])
    split = random_split(len(months), (VALIDATION_SHARE, 0.0), held)
    return SeriesSet(
        "etth1",
        tuple(f"{start:%Y-%m}" for start, _ in months),
        LOADS,
        np.nan_to_num(loads).astype(np.float32),
        ~np.isnan(loads),
        {"month": Labels.of([f"{start:%m}" for start, _ in months], MONTHS)},
        {PUBLISHED: split, CHOICE: split_for_choices(split)},
        {OIL: cut[..., -1].astype(np.float32)},
        left_out=dict(left_out),
        credit=LOADS_CREDIT,
    )


def _check_hourly(times: list[datetime], name: str) -> None:
    """Raises DataError where an hour stands twice, is missing, or is out of order."""
    for place, (before, time) in enumerate(pairwise(times), 3):
        if time != before + timedelta(hours=1):
            what = "the same hour again" if time == before else "an earlier hour" if time < before else "a later hour"
            raise DataError(
                f"Line {place} of {name} has {what}, {time:%Y-%m-%d %H}:00 after {before:%Y-%m-%d %H}:00. Every hour "
                "must be there once, in order; leave values empty that are missing."
            )


def _months(times: list[datetime], values: np.ndarray) -> tuple[list[tuple[datetime, np.ndarray]], Counter[str]]:
    """The first HOURS hours of every month, (HOURS, columns), and why others were left out."""
    kept, left_out = [], Counter[str]()
    of_month = np.array([12 * time.year + time.month for time in times])
    for month in np.unique(of_month):
        rows = np.flatnonzero(of_month == month)[:HOURS]
        start = times[rows[0]]
        if len(rows) < HOURS or (start.day, start.hour) != (1, 0):
            left_out[_SHORT] += 1
        elif np.isnan(values[rows]).mean() > MOST_MISSING:
            left_out[_MISSING] += 1
        else:
            kept.append((start, values[rows]))
    return kept, left_out


def _check_some(months: object, source: Path) -> None:
    if not months:
        raise DataError(f"{source.name} has no whole month of {HOURS} hours.")
