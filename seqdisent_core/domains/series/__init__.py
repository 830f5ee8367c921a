"""Time series in windows, with gaps: readers of the published sets and of one's own, and the networks of windows."""

from collections.abc import Callable
from pathlib import Path

from seqdisent_core.data import SPLITS
from seqdisent_core.domains.series.backbone import Windows, WindowsConfig
from seqdisent_core.domains.series.hourly import OIL, read_air_quality, read_etth1
from seqdisent_core.domains.series.icu import read_physionet2012
from seqdisent_core.domains.series.own_csv import read_csv_like, read_own_csv
from seqdisent_core.domains.series.sets import PUBLISHED, SeriesSet, scaled

READERS: dict[str, Callable[[Path], SeriesSet]] = {
    "physionet2012": read_physionet2012,
    "air_quality": read_air_quality,
    "etth1": read_etth1,
    "series": read_own_csv,
}

__all__ = [
    "OIL",
    "PUBLISHED",
    "READERS",
    "SPLITS",
    "SeriesSet",
    "Windows",
    "WindowsConfig",
    "read_csv_like",
    "scaled",
]
