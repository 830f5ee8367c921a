"""Sets of time series with gaps: what is stored of them, their splits, and how they are normalised and cut."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from seqdisent_core.data import Labels, read_packed, selected, write_packed
from seqdisent_core.errors import DataError

PUBLISHED = "published"  # the split that a set is used with unless another is named
CHOICE = "choice"  # splits by which settings are chosen begin so: the test of PUBLISHED has no part in them
UNUSED = "unused"
LEAST_DEVIATION = 1e-6  # of a feature in the training series, below which it is a constant and only centred
MOST_DEVIATIONS = 10.0  # of a normalised value; beyond it are errors of measurement, such as -18 degrees of a body
_ARRAYS = "series.npz"


@dataclass(frozen=True)
class SeriesSet:
    """Series of one length, sampled evenly, in which values may be missing.

    * values: float32 (series, steps, features), in the units of the source, 0 where nothing was observed; observed:
      bool, of the same shape. names: of the series; features: names of the features.
    * labels: of whole series, by name. step_targets: a number at each step that is no feature, float32 (series, steps),
      by name; NaN where it is missing.
    * splits: by name, for each series one of SPLITS, or UNUSED; there is always PUBLISHED.
    * left_out: why series of the source are not here, and how many.
    * credit: whom to cite, and the licence.
    """

    name: str
    names: tuple[str, ...]
    features: tuple[str, ...]
    values: np.ndarray
    observed: np.ndarray
    labels: Mapping[str, Labels]
    splits: Mapping[str, np.ndarray]
    step_targets: Mapping[str, np.ndarray] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    credit: str = ""

    def __len__(self) -> int:
        return len(self.values)

    def select(self, rows: np.ndarray) -> "SeriesSet":
        """The series with these numbers, int (n,), in that order."""
        return replace(
            self,
            names=tuple(self.names[row] for row in rows),
            values=self.values[rows],
            observed=self.observed[rows],
            labels=selected(dict(self.labels), rows),
            splits={name: split[rows] for name, split in self.splits.items()},
            step_targets={name: target[rows] for name, target in self.step_targets.items()},
        )

    def choices(self) -> tuple[str, ...]:
        """Names of the splits by which settings are chosen, the main one first."""
        return tuple(name for name in self.splits if name.startswith(CHOICE))

    def part(self, part: str, split: str = PUBLISHED) -> "SeriesSet":
        """The series of one part of a split. Raises DataError where there is no such split, or it has no such part."""
        if split not in self.splits:
            raise DataError(f"{self.name} has no split {split!r}; it has {', '.join(self.splits)}.")
        rows = np.flatnonzero(self.splits[split] == part)
        if not len(rows):
            raise DataError(f"{self.name} has no {part} series in its split {split!r}. Give more series.")
        return self.select(rows)

    def scaling(self, split: str = PUBLISHED) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of each feature's observed values in the training series, float64 (features,) each.

        The deviation of a constant is 1.
        """
        train = self.part("train", split)
        seen = train.observed
        count = np.maximum(seen.sum(axis=(0, 1)), 1)
        mean = np.where(seen, train.values, 0).sum(axis=(0, 1), dtype=np.float64) / count
        square = np.where(seen, train.values - mean, 0) ** 2
        deviation = np.sqrt(square.sum(axis=(0, 1)) / count)
        return mean, np.where(deviation < LEAST_DEVIATION, 1.0, deviation)

    def normalised(self, split: str = PUBLISHED) -> "SeriesSet":
        """Each feature with the mean and deviation of the training series' observed values taken out; gaps are 0.

        What is left lies within MOST_DEVIATIONS.
        """
        return replace(self, values=scaled(self.values, self.observed, *self.scaling(split)))

    def windows(self, window: int) -> tuple[np.ndarray, np.ndarray]:
        """Values and observed as sequences of windows: two (series, steps // window, window, features).

        Raises DataError where the series have no whole number of windows.
        """
        count, steps, features = self.values.shape
        if steps % window:
            raise DataError(
                f"Series of {steps} steps are no whole number of windows of {window} steps. Choose a window that "
                "divides them (--window), or series of another length."
            )
        shape = (count, steps // window, window, features)
        return self.values.reshape(shape), self.observed.reshape(shape)

    def sha256(self) -> str:
        """SHA-256 (hex) of values, gaps, labels and splits: the same for the same set, wherever it lies."""
        digest = hashlib.sha256(repr((self.names, self.features, self.values.shape)).encode())
        digest.update(np.where(self.observed, self.values, 0).astype("<f4").tobytes())
        digest.update(np.packbits(self.observed).tobytes())
        for name, label in self.labels.items():
            digest.update(repr((name, label.names)).encode() + label.values.astype("<i8").tobytes())
        for name, split in self.splits.items():
            digest.update(repr((name, split.tolist())).encode())
        for name, target in self.step_targets.items():
            digest.update(name.encode() + target.astype("<f4").tobytes())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Writes set.json and series.npz. Raises DataError where the folder holds anything else."""
        arrays = {"names": np.array(self.names), "values": self.values, "observed": self.observed}
        arrays |= {f"label:{name}": label.values for name, label in self.labels.items()}
        arrays |= {f"split:{name}": split for name, split in self.splits.items()}
        arrays |= {f"target:{name}": target for name, target in self.step_targets.items()}
        about: dict[str, Any] = {"name": self.name, "series": len(self), "features": self.features}
        about |= {"labels": {name: label.names for name, label in self.labels.items()}}
        about |= {"left_out": dict(self.left_out), "credit": self.credit}
        write_packed(folder, "series", _ARRAYS, self, about, arrays)

    @classmethod
    def load(cls, folder: str | Path) -> "SeriesSet":
        """A set that `save` wrote. Raises DataError where it is missing, damaged or no set of series."""

        def made(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> "SeriesSet":
            return cls(
                about["name"],
                tuple(map(str, arrays["names"])),
                tuple(about["features"]),
                arrays["values"],
                arrays["observed"],
                {name: Labels(arrays[f"label:{name}"], tuple(names)) for name, names in about["labels"].items()},
                _named(arrays, "split:"),
                _named(arrays, "target:"),
                about["left_out"],
                about["credit"],
            )

        return read_packed(Path(folder), "series", _ARRAYS, made)


def scaled(values: np.ndarray, observed: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Values less the mean, over the deviation, within MOST_DEVIATIONS, 0 in gaps: float32 of the shape of values."""
    within = ((values - mean) / deviation).clip(-MOST_DEVIATIONS, MOST_DEVIATIONS)
    return np.where(observed, within, 0).astype(np.float32)


def _named(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def random_split(count: int, shares: tuple[float, float], held: np.ndarray | None = None) -> np.ndarray:
    """A split of `count` series, str (count,), by chance that is always the same.

    shares: of validation and of test among those that are not `held`, bool (count,), which are the test already. Each
    share that is above 0 gets at least one series.
    """
    split = np.full(count, "train", dtype="<U10")
    free = np.arange(count) if held is None else np.flatnonzero(~held)
    if held is not None:
        split[held] = "test"
    order = np.random.default_rng(0).permutation(free)
    start = 0
    for part, share in zip(("validation", "test"), shares, strict=True):
        size = max(1, round(share * len(free))) if share else 0
        split[order[start : start + size]] = part
        start += size
    return split


def split_for_choices(published: np.ndarray, measured: np.ndarray | None = None) -> np.ndarray:
    """A split without the test series of another one, whose own test, for choices, are its validation series.

    measured: bool (series,), the series that are the test instead. Of the others a fifth is for validation.
    """
    seen = published != "test"
    held = seen & (published == "validation" if measured is None else measured)
    split = np.full(len(published), UNUSED, dtype="<U10")
    split[seen] = random_split(int(seen.sum()), (0.2, 0.0), held[seen])
    return split
