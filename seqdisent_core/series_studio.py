"""What people do with a model of time series: train it, take a series apart, find what is like it, swap, sample."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import checkpoint_folder
from seqdisent_core.domains.series import SeriesSet, read_csv_like, scaled
from seqdisent_core.errors import ConfigError
from seqdisent_core.evaluation import encode_series
from seqdisent_core.latents import StudioCodes, embed
from seqdisent_core.machine import hardware
from seqdisent_core.methods import Anchored, Codes, Method, anchored
from seqdisent_core.training import SIZES, Sequences, SeriesSizes, recipes_of, train_in_memory
from seqdisent_core.weights import check_shipped

SHIPPED = "air_quality"  # the checkpoint that comes with the package, and its series
PERPLEXITY = 20  # of t-SNE: about as many as there are stations, whose months are alike
NEAREST = 5
STEPS = 300  # of training on a set that has no table
_ABOUT, _ARRAYS = "series.json", "series.safetensors"
_CARD = """---
license: mit
library_name: seqdisent
tags: [sequential-disentanglement, time-series]
---
# DBSE on {name}

Disentangles a series of {steps} steps of {features} features into one static code of {model.static_dim} numbers and
dynamics of {model.dynamics_dim} numbers a window of {window} steps. Method: Berman et al., ICML 2024.

Trained by `{command}`: {train_steps} steps on {train} series in {seconds:.0f} s on {hardware}.

    from seqdisent_core.series_studio import SeriesStudio
    studio = SeriesStudio.from_pretrained("path/to/this/folder")

series.json and series.safetensors hold how features are scaled, and the static codes and their t-SNE places of all
{count} series of the set. {credit}
"""


class Series(NamedTuple):
    """A series by its name: values float (steps, features), in the units of its source, NaN where there is none."""

    name: str
    values: np.ndarray


class Near(NamedTuple):
    """A known series: its name, its label ("" where the set has none), and its distance in static codes."""

    name: str
    label: str
    distance: float


@dataclass(frozen=True)
class KnownSeries:
    """What lies beside a model of series.

    * features, steps: of a series. mean, deviation: float (features,), by which values are scaled.
    * names, labels: of the known series; label: what the labels are, such as "month", "" where the set has none.
    * static: float32 (series, static_dim), their static codes; places: float32 (series, 2), a t-SNE of these.
    """

    features: tuple[str, ...]
    steps: int
    names: tuple[str, ...]
    label: str
    labels: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    static: np.ndarray
    places: np.ndarray

    def save(self, folder: Path) -> None:
        """Writes series.json and series.safetensors into a checkpoint's folder."""
        about = {"features": self.features, "steps": self.steps, "label": self.label}
        about |= {"names": self.names, "labels": self.labels}
        arrays = {name: getattr(self, name) for name in ("mean", "deviation", "static", "places")}
        save_file({name: np.ascontiguousarray(value) for name, value in arrays.items()}, folder / _ARRAYS)
        (folder / _ABOUT).write_text(json.dumps(about) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ConfigError where the folder has none, or a damaged one."""
        check_shipped(folder / _ARRAYS)
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            arrays = load_file(folder / _ARRAYS)
            known = cls(
                tuple(about["features"]),
                int(about["steps"]),
                tuple(about["names"]),
                about["label"],
                tuple(about["labels"]),
                **{name: arrays[name] for name in ("mean", "deviation", "static", "places")},
            )
            count, features = (len(known.names),), (len(known.features),)
            shapes = known.mean.shape, known.deviation.shape, known.static.shape[:1], known.places.shape
            if known.static.ndim != 2 or shapes != (features, features, count, (*count, 2)):
                raise ValueError
            return known
        except FileNotFoundError:
            raise ConfigError(f"{folder} is no model of time series. Train one: seqdisent train-series.") from None
        except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError):
            raise ConfigError(f"What lies beside the model in {folder} is damaged. Train it again.") from None


class SeriesStudio:
    """A model of series in memory, behind plain arrays in the units of its source; on the CPU."""

    def __init__(self, method: Method, known: KnownSeries) -> None:
        """Raises ConfigError for a method that does not read the static code from one window, or of other features."""
        self.method: Anchored = anchored(method)
        if method.backbone.element[1:] != (len(known.features),):
            raise ConfigError(f"This model does not read windows of {len(known.features)} features. Train it again.")
        self.known = known
        self.window = int(method.backbone.element[0])
        self.anchor = int(method.config.anchor)

    @classmethod
    def from_pretrained(cls, source: str | Path = SHIPPED) -> Self:
        """A folder that `train_studio` wrote, or the name of the model that ships. Raises ConfigError as they do."""
        folder = checkpoint_folder(source)
        return cls(Method.from_pretrained(source), KnownSeries.load(folder))

    def read_csv(self, path: Path) -> list[Series]:
        """Series of a CSV file with the columns time, series and any of the features. Raises DataError for others."""
        names, values = read_csv_like(path, self.known.features, self.known.steps)
        return [Series(name, value) for name, value in zip(names, values, strict=True)]

    @torch.no_grad()
    def encode(self, values: np.ndarray) -> StudioCodes:
        """Codes of one series, (steps, features), NaN in gaps: posterior means."""
        observed = ~np.isnan(values)
        x = scaled(np.nan_to_num(values), observed, self.known.mean, self.known.deviation)
        shape = (1, -1, self.window, len(self.known.features))
        codes = self.method.encode(torch.from_numpy(x).reshape(shape), torch.from_numpy(observed).reshape(shape))
        return StudioCodes(codes.static[0].numpy(), codes.dynamics[0].numpy())

    @torch.no_grad()
    def decode(self, codes: StudioCodes) -> np.ndarray:
        """The series of codes, float32 (steps, features)."""
        given = Codes(torch.from_numpy(codes.static)[None], torch.from_numpy(codes.dynamics)[None])
        x = self.method.decode(given)[0].flatten(0, 1).numpy()
        return (x * self.known.deviation + self.known.mean).astype(np.float32)

    def swap(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The dynamics of the first series with the static code of the second, and the reverse."""
        one, other = self.encode(first), self.encode(second)
        return (
            self.decode(StudioCodes(other.static, one.dynamics)),
            self.decode(StudioCodes(one.static, other.dynamics)),
        )

    @staticmethod
    def means(values: np.ndarray) -> np.ndarray:
        """Mean of each feature's values, (features,), NaN for a feature without one."""
        count = (~np.isnan(values)).sum(axis=0)
        return np.where(count > 0, np.nansum(values, axis=0) / np.maximum(count, 1), np.nan)

    def sample(self, static: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
        """Series with this static code, (static_dim,), and dynamics from the prior; the same seed gives the same."""
        generator = torch.Generator().manual_seed(seed)
        windows = self.known.steps // self.window
        dynamics = self.method.sample_dynamics(count, windows, generator).numpy()
        return [self.decode(StudioCodes(static, one)) for one in dynamics]

    def nearest(self, static: np.ndarray, count: int = NEAREST, *, without: str = "") -> list[Near]:
        """The known series whose static codes are nearest, but the one of the name `without`.

        A distance is in deviations of the known codes.
        """
        gaps = self._distances(static)
        known = self.known
        order = [at for at in np.argsort(gaps, kind="stable").tolist() if known.names[at] != without]
        return [Near(known.names[at], known.labels[at], float(gaps[at])) for at in order[:count]]

    def place(self, static: np.ndarray, count: int = 3) -> tuple[float, float]:
        """Where a static code belongs among the known places: the mean of its nearest neighbours'."""
        nearest = np.argsort(self._distances(static), kind="stable")[:count]
        x, y = self.known.places[nearest].mean(axis=0).tolist()
        return x, y

    def _distances(self, static: np.ndarray) -> np.ndarray:
        scale = self.known.static.std(axis=0) + 1e-6
        return np.linalg.norm((self.known.static - static) / scale, axis=1)


def shipped_series() -> list[Series]:
    """The series that come with the package: months of the test year, which the shipped model was not trained on."""
    found = SeriesSet.load(asset("series"))
    values = np.where(found.observed, found.values, np.nan)
    return [Series(name, value) for name, value in zip(found.names, values, strict=True)]


def train_studio(
    series: SeriesSet,
    folder: Path,
    *,
    command: str,
    window: int = 24,
    steps: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> SeriesStudio:
    """Trains DBSE on the training series of a set and writes the model with what lies beside it.

    window: steps of an element, of a set that has no table; steps: of training, None for as many as in the tables.
    Raises DataError where the series are no whole number of windows.
    """
    own = SeriesSizes(window, len(series.features), published_anchor=0, anchor=0, steps=STEPS, batch=8)
    sizes = SIZES.get(series.name, own)
    sizes = replace(sizes, steps=steps or sizes.steps)
    x, observed = map(torch.from_numpy, series.normalised().windows(sizes.window))
    train = torch.from_numpy(np.flatnonzero(series.splits["published"] == "train"))
    recipe = recipes_of(sizes)["dbse"]
    model, seconds = train_in_memory(recipe, Sequences(x[train], observed[train]), progress)
    static = encode_series(model, Sequences(x, observed), sizes.anchor).static.numpy()
    label = next((name for name in ("month", "icu_type") if name in series.labels), "")
    named = series.labels.get(label)
    mean, deviation = series.scaling()
    known = KnownSeries(
        series.features,
        series.values.shape[1],
        series.names,
        label,
        tuple(named.names[value] for value in named.values) if named else ("",) * len(series),
        mean,
        deviation,
        static,
        embed(static, PERPLEXITY, 0, lambda share: None),
    )
    model.card = _CARD.format(
        name=series.name,
        steps=known.steps,
        features=len(known.features),
        window=sizes.window,
        model=model,
        command=command,
        train_steps=recipe.training.steps,
        train=len(train),
        seconds=seconds,
        hardware=hardware(torch.device("cpu")),
        count=len(series),
        credit=series.credit,
    )
    model.save_pretrained(folder)
    known.save(folder)
    return SeriesStudio(model, known)
