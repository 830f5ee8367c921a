"""Small files as the published sets of time series have them, and series whose two factors are known."""

import gzip
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import Labels
from seqdisent_core.domains.series import READERS, SeriesSet

STAY = ["00:00,RecordID,{0}", "00:00,Age,54", "00:00,Height,-1", "00:00,ICUType,{1}", "00:00,Weight,70"]
AIR_HEAD = (
    '"No","year","month","day","hour","PM2.5","PM10","SO2","NO2","CO","O3","TEMP","PRES","DEWP","RAIN","wd","WSPM",'
    '"station"'
)


def stay_lines(record: int, icu_type: int = 2, hours: int = 48) -> list[str]:
    """A record whose features are all observed in every hour, MAP twice, and one that the set does not use."""
    lines = ["Time,Parameter,Value", *(line.format(record, icu_type) for line in STAY)]
    names = ("DiasABP", "GCS", "HCT", "MAP", "NIDiasABP", "NIMAP", "NISysABP", "RespRate", "SysABP", "Temp")
    for hour in range(hours):
        lines += [f"{hour:02d}:10,{name},{record % 7 + place + hour}" for place, name in enumerate(names)]
        lines += [f"{hour:02d}:40,MAP,{record % 7 + 5 + hour}", f"{hour:02d}:50,Glucose,100"]
    return lines


def write_stays(folder: Path, stays: dict[int, list[str]], deaths: tuple[int, ...] = ()) -> Path:
    (folder / "set-a").mkdir(parents=True)
    for record, lines in stays.items():
        (folder / "set-a" / f"{record}.txt").write_text("\n".join(lines) + "\n")
    outcomes = [f"{record},6,1,5,-1,{int(record in deaths)}" for record in stays]
    head = "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death"
    (folder / "Outcomes-a.txt").write_text("\n".join([head, *outcomes]) + "\n")
    return folder


def air_lines(station: str, start: datetime, hours: int, missing: range = range(0)) -> list[str]:
    """A station's hours; all values of the hours in `missing` are NA."""
    lines = [AIR_HEAD]
    for hour in range(hours):
        at = start + timedelta(hours=hour)
        values = ["NA"] * 10 if hour in missing else [f"{at.month + place + hour % 24 / 10}" for place in range(10)]
        measured = ",".join([*values[:9], "0", '"NNW"', values[9]])
        lines.append(f'{hour + 1},{at.year},{at.month},{at.day},{at.hour},{measured},"{station}"')
    return lines


def write_station(folder: Path, station: str, lines: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    content = ("\n".join(lines) + "\n").encode()
    (folder / f"PRSA_Data_{station}_20130301-20170228.csv.gz").write_bytes(gzip.compress(content))
    return folder


def own_set(folder: Path, text: str) -> SeriesSet:
    (folder / "own.csv").write_text(text)
    return READERS["series"](folder / "own.csv")


def gappy(count: int = 3, time: int = 4, window: int = 6, features: int = 5, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Windows of random series and what is observed of them: a feature is unseen in a window, one in a whole series."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, time, window, features, generator=generator)
    observed = torch.rand(x.shape, generator=generator) < 0.6
    observed[0, 0, :, 0] = False
    observed[1, 1:3, :, 1] = False
    observed[-1, :, :, 2] = False
    return x, observed


def labelled_series(count: int = 60, steps: int = 24) -> SeriesSet:
    """Series of two kinds, whose level tells the kind, and whose slope tells the outcome; some values are missing."""
    random = np.random.default_rng(0)
    kind, outcome = np.arange(count) % 2, np.arange(count) // 2 % 2
    slope = np.linspace(-1, 1, steps)[None, :, None] * (2 * outcome - 1)[:, None, None]
    values = 2 * kind[:, None, None] + slope + 0.2 * random.standard_normal((count, steps, 3))
    return SeriesSet(
        "made",
        tuple(f"series {number}" for number in range(count)),
        ("a", "b", "c"),
        values.astype(np.float32),
        random.random(values.shape) < 0.9,
        {"kind": Labels(kind, ("low", "high")), "outcome": Labels(outcome, ("0", "1"))},
        {"published": np.tile(["train", "train", "train", "train", "validation", "test"], count)[:count]},
        {"load": values[..., 0].astype(np.float32)},
    )
