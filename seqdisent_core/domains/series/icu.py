"""PhysioNet/CinC Challenge 2012, set A: the first 48 hours of intensive-care stays, an hour a step."""

import csv
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqdisent_core.data import Labels
from seqdisent_core.domains.series.sets import CHOICE, PUBLISHED, SeriesSet, random_split, split_for_choices
from seqdisent_core.domains.series.tables import number
from seqdisent_core.errors import DataError

FEATURES = ("DiasABP", "GCS", "HCT", "MAP", "NIDiasABP", "NIMAP", "NISysABP", "RespRate", "SysABP", "Temp")
HOURS = 48
MOST_MISSING = 0.6  # of a stay's values; those with more are left out, as in the published tables
LEAST_HOURS = 40  # that a stay must last
TEST_SHARE = 0.2  # of the stays, the first in order of their numbers
ICU_TYPES = ("coronary care", "cardiac surgery recovery", "medical", "surgical")
_UNKNOWN = -1.0  # how the records write a value that is not known
CREDIT = (
    "Contains information from the PhysioNet/CinC Challenge 2012, made available under the ODC Attribution License. "
    "Silva, Moody, Scott, Celi, Mark, Computing in Cardiology 39:245-248 (2012); Goldberger et al., Circulation "
    "101(23):e215-e220 (2000)."
)
_ONLY_DESCRIPTORS = "record with descriptors only"
_SHORT = f"stay of under {LEAST_HOURS} hours"
_MISSING = f"stay with over {MOST_MISSING:.0%} of its values missing"


def read_physionet2012(source: Path) -> SeriesSet:
    """The stays of set-a.tar.gz, or of a folder with set-a/ and Outcomes-a.txt; several values of an hour: their mean.

    Labels: icu_type and mortality (in hospital). Raises DataError where a file is missing or a line cannot be read.
    """
    outcomes: dict[str, str] = {}
    stays: list[tuple[str, str, np.ndarray]] = []
    left_out = dict.fromkeys((_ONLY_DESCRIPTORS, _SHORT, _MISSING), 0)
    for name, lines in _files(source):
        if name == "Outcomes-a.txt":
            outcomes = {row["RecordID"]: row["In-hospital_death"] for row in csv.DictReader(lines)}
            continue
        stay, icu_type, hours = _read_stay(name, lines)
        if hours is None:
            left_out[_ONLY_DESCRIPTORS] += 1
        elif hours < LEAST_HOURS:
            left_out[_SHORT] += 1
        elif np.isnan(stay).mean() > MOST_MISSING:
            left_out[_MISSING] += 1
        else:
            stays.append((name.removesuffix(".txt"), icu_type, stay))
    if not stays or not outcomes:
        raise DataError(f"{source.name} has no records with outcomes. Give set-a.tar.gz of the challenge.")
    stays.sort(key=lambda stay: int(stay[0]))
    unknown = [record for record, *_ in stays if outcomes.get(record) not in ("0", "1")]
    if unknown:
        raise DataError(f"Outcomes-a.txt does not say whether the patient of record {unknown[0]} died in hospital.")
    values = np.stack([stay for *_, stay in stays])
    split = random_split(len(stays), (0.2, 0.0), np.arange(len(stays)) < round(TEST_SHARE * len(stays)))
    return SeriesSet(
        "physionet2012",
        tuple(record for record, *_ in stays),
        FEATURES,
        np.nan_to_num(values).astype(np.float32),
        ~np.isnan(values),
        {
            "icu_type": Labels(np.array([int(kind) - 1 for _, kind, _ in stays], np.int64), ICU_TYPES),
            "mortality": Labels.of([outcomes[record] for record, *_ in stays], ("0", "1")),
        },
        {PUBLISHED: split, CHOICE: split_for_choices(split)},
        left_out={why: count for why, count in left_out.items() if count},
        credit=CREDIT,
    )


def _files(source: Path) -> Iterator[tuple[str, list[str]]]:
    """Names and lines of the records and of the outcomes, in a folder or in the archive."""
    if source.is_dir():
        for path in [*sorted(source.glob("set-a/*.txt")), *source.glob("Outcomes-a.txt")]:
            yield path.name, path.read_text(encoding="utf-8").splitlines()
        return
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    yield Path(member.name).name, file.read().decode("utf-8").splitlines()
    except (tarfile.TarError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{source.name} cannot be read as an archive of records.") from error


def _read_stay(name: str, lines: list[str]) -> tuple[np.ndarray, str, int | None]:
    """Hourly means, (HOURS, features) with NaN for gaps; the ICU type; hours until the last value, None without any."""
    sums, counts = np.zeros((HOURS, len(FEATURES))), np.zeros((HOURS, len(FEATURES)))
    icu_type, last, before = "", None, 0
    column = {feature: place for place, feature in enumerate(FEATURES)}
    descriptors = ("RecordID", "Age", "Gender", "Height", "ICUType", "Weight")
    for place, line in enumerate(lines[1:], 2):
        where = f"Line {place} of {name}"
        time, parameter, text = (*line.split(","), "", "")[:3]
        if parameter == "ICUType":
            icu_type = text
        minutes = _minutes(time, where)
        if minutes < before:
            raise DataError(f"{where} goes back in time, to {time}. Sort the record by time.")
        before = minutes
        if parameter in descriptors and minutes == 0:
            continue
        last = min(minutes // 60, HOURS - 1)  # 48:00 ends the last hour
        value = number(text, where, parameter)
        if parameter in column and value != _UNKNOWN:
            sums[last, column[parameter]] += value
            counts[last, column[parameter]] += 1
    if icu_type not in ("1", "2", "3", "4"):
        raise DataError(f"{name} says no ICUType of 1 to 4. Give the records of set A, which do.")
    with np.errstate(invalid="ignore"):
        return sums / counts, icu_type, None if last is None else last + 1


def _minutes(time: str, where: str) -> int:
    hours, _, minutes = time.partition(":")
    if not hours.isdecimal() or not minutes.isdecimal() or int(minutes) > 59 or int(hours) > HOURS:
        raise DataError(f"{where} has the time {time!r}. A time is HH:MM, up to {HOURS}:00.")
    return 60 * int(hours) + int(minutes)
