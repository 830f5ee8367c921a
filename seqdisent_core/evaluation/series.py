"""The suites of time series: rows of methods and forests, whose figures are what their codes predict."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.domains.series import OIL, PUBLISHED, SPLITS, SeriesSet
from seqdisent_core.evaluation.benchmark import Row, Run, Share
from seqdisent_core.evaluation.predictors import (
    Part,
    Parts,
    accuracy_of_class,
    error_of_number,
    outcome_scores,
    scores_of,
)
from seqdisent_core.machine import hardware, software
from seqdisent_core.methods import Anchored, Codes, Method, anchored
from seqdisent_core.training import Recipe, Sequences, train_in_memory, weights_sha256

BATCH = 128
TREES = 500
MORTALITY = "mortality"
TASKS: Mapping[str, tuple[str, ...]] = {  # what is predicted on each set: labels of classes, an outcome, a number
    "physionet2012": ("icu_type", MORTALITY),
    "air_quality": ("month",),
    "etth1": (OIL,),
}
NO_STATIC = "z of the anchor window stands for s, which this method does not have"


@dataclass(frozen=True)
class SeriesTable:
    """A set as its table uses it: normalised by the training series of a split, in windows.

    anchor: index of the window whose z stands for s where a method has no static code, the one that DBSE reads s from.
    Figures are those of the split's test; for choices the split is domains.series.CHOICE.
    """

    series: SeriesSet
    window: int
    anchor: int
    split: str = PUBLISHED

    def rows_of(self, part: str) -> np.ndarray:
        return np.flatnonzero(self.series.splits[self.split] == part)

    def windows(self) -> Sequences:
        """Of all series, in their order."""
        x, observed = self.series.normalised(self.split).windows(self.window)
        return Sequences(torch.from_numpy(x), torch.from_numpy(observed))


@dataclass(frozen=True)
class _Coded:
    """Codes of all series of a table; last: int (series,), the last window in which anything was observed."""

    codes: Codes
    last: Tensor


@torch.no_grad()
def encode_series(method: Method, windows: Sequences, anchor: int) -> Codes:
    """Posterior means of series; for a method without a static code z of the window `anchor` stands for it."""
    parts = [
        method.encode(windows.x[at : at + BATCH], windows.observed[at : at + BATCH])
        for at in range(0, len(windows.x), BATCH)
    ]
    dynamics = torch.cat([part.dynamics for part in parts])
    static = torch.cat([part.static for part in parts]) if method.static_dim else dynamics[:, anchor]
    return Codes(static, dynamics)


def _oil_of(table: SeriesTable) -> np.ndarray:
    """Mean oil temperature of each window: float (series, windows)."""
    target = table.series.step_targets[OIL]
    return target.reshape(len(target), -1, table.window).mean(axis=2)


def _parts(table: SeriesTable, coded: _Coded, target: Tensor) -> Parts:
    train, held, last = (
        Part(coded.codes.static[rows], coded.codes.dynamics[rows], coded.last[rows], target[rows])
        for rows in map(torch.from_numpy, map(table.rows_of, SPLITS))
    )
    return train, held, last


def series_rows(table: SeriesTable, recipes: Mapping[str, Recipe]) -> list[Row]:
    """A row for each recipe, trained and measured, and forests on the raw input."""
    windows = table.windows()
    rows = [_method_row(table, windows, name, recipe) for name, recipe in recipes.items()]
    return [*rows, *_forest_rows(table, windows)]


def about_series(table: SeriesTable) -> dict[str, Any]:
    """What a table's result file says of its set, protocol and machine."""
    series = table.series
    counts = {part: len(table.rows_of(part)) for part in SPLITS}
    labels = {name: _commonest(table, name) for name in TASKS[series.name] if name in series.labels}
    return {
        "data": {"name": series.name, "sha256": series.sha256(), "left_out": dict(series.left_out)},
        "protocol": {"split": table.split, "series": counts, "window": table.window, "anchor": table.anchor},
        "chance": labels,
        "hardware": hardware(torch.device("cpu")),
        "software": software(),
    }


def _commonest(table: SeriesTable, label: str) -> float:
    """Accuracy on the measured part of who always names the commonest value of the training series."""
    values = table.series.labels[label].values
    commonest = np.bincount(values[table.rows_of("train")]).argmax()
    return float((values[table.rows_of("test")] == commonest).mean())


def _method_row(table: SeriesTable, windows: Sequences, name: str, recipe: Recipe) -> Row:
    train = torch.from_numpy(table.rows_of("train"))

    def run(seed: int, share: Share) -> Run:
        seeded = replace(recipe, training=replace(recipe.training, seed=seed))
        of_train = Sequences(windows.x[train], windows.observed[train])
        model, seconds = train_in_memory(seeded, of_train, progress=lambda done: share(0.9 * done))
        coded = _Coded(encode_series(model, windows, table.anchor), _last_observed(windows))
        return Run(
            _measured(table, coded, seed),
            recipe.training.steps,
            seconds,
            facts={
                "parameters": sum(p.numel() for p in model.parameters()),
                "weights_sha256": weights_sha256(model),
                **({} if model.static_dim else {"note": NO_STATIC}),
            },
        )

    return Row(name, recipe.to_dict(), run)


def anchor_rows(table: SeriesTable, recipe: Recipe) -> list[Row]:
    """A row for each window that DBSE's static code can be read from: a model a seed, read in all of them.

    What is measured is the set's first task.
    """
    windows = table.windows()
    train = torch.from_numpy(table.rows_of("train"))
    of_train = Sequences(windows.x[train], windows.observed[train])

    @lru_cache(maxsize=1)
    def trained(seed: int) -> tuple[Anchored, float]:
        model, seconds = train_in_memory(replace(recipe, training=replace(recipe.training, seed=seed)), of_train)
        return anchored(model), seconds

    def row(window: int) -> Row:
        def run(seed: int, share: Share) -> Run:
            model, seconds = trained(seed)
            with torch.no_grad():
                codes = model.encode(windows.x, windows.observed, anchor=window)
            coded = _Coded(codes, _last_observed(windows))
            task = TASKS[table.series.name][0]
            return Run(_predicted(table, coded, task, seed), recipe.training.steps, seconds)

        return Row(f"window {window}", recipe.to_dict(), run)

    return [row(window) for window in range(windows.x.shape[1])]


def _last_observed(windows: Sequences) -> Tensor:
    """The last window of each series in which anything was observed: int (series,)."""
    there = windows.observed.flatten(2).any(dim=2)
    return there.shape[1] - 1 - there.int().flip(1).argmax(dim=1)


def _measured(table: SeriesTable, coded: _Coded, seed: int) -> dict[str, float]:
    """Every task's figures; of a class also the one that s and the mean of d over time tell together."""
    figures: dict[str, float] = {}
    for task in TASKS[table.series.name]:
        figures |= _predicted(table, coded, task, seed)
        if task not in (OIL, MORTALITY):
            codes = coded.codes
            both = Codes(torch.cat([codes.static, codes.dynamics.mean(dim=1)], dim=1), codes.dynamics)
            figures[f"{task}_of_both"] = _predicted(table, replace(coded, codes=both), task, seed)[task]
    return figures


def _predicted(table: SeriesTable, coded: _Coded, task: str, seed: int) -> dict[str, float]:
    if task == OIL:
        return {f"{OIL}_mae": error_of_number(_parts(table, coded, torch.from_numpy(_oil_of(table))), seed)}
    label = table.series.labels[task]
    parts = _parts(table, coded, torch.from_numpy(label.values))
    if task == MORTALITY:
        return {f"{task}_{name}": value for name, value in outcome_scores(parts, seed).items()}
    return {task: accuracy_of_class(parts, len(label.names), seed)}


def _forest_rows(table: SeriesTable, windows: Sequences) -> list[Row]:
    """Forests on the normalised input with gaps as 0, and on that with what is missing; on windows for a number.

    A class is told from the anchor window, as from s, and from the whole series.
    """
    values, gaps = windows.x.numpy(), windows.observed.numpy().astype(np.float32)
    given = {"forest on the input": [values]}
    if not windows.observed.all():
        given["forest on the input and its gaps"] = [values, gaps]
    return [_forest_row(table, name, np.concatenate(arrays, axis=3)) for name, arrays in given.items()]


def _forest_row(table: SeriesTable, name: str, given: np.ndarray) -> Row:
    def run(seed: int, share: Share) -> Run:
        started = time.perf_counter()
        figures = _forest_figures(table, given, seed)
        return Run(figures, 0, time.perf_counter() - started)

    return Row(name, {"trees": TREES}, run)


def _forest_figures(table: SeriesTable, given: np.ndarray, seed: int) -> dict[str, float]:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    train, last = table.rows_of("train"), table.rows_of("test")
    whole, one, figures = given.reshape(len(given), -1), given[:, table.anchor].reshape(len(given), -1), {}
    for task in TASKS[table.series.name]:
        if task == OIL:
            windows, target = given.reshape(*given.shape[:2], -1), _oil_of(table)
            regressor = RandomForestRegressor(TREES, random_state=seed)
            regressor.fit(np.concatenate(windows[train]), target[train].ravel())
            error = regressor.predict(np.concatenate(windows[last])) - target[last].ravel()
            figures[f"{OIL}_mae"] = float(np.abs(error).mean())
            continue
        values = table.series.labels[task].values
        forest = RandomForestClassifier(TREES, random_state=seed).fit(whole[train], values[train])
        if task == MORTALITY:
            scores = scores_of(values[last], forest.predict_proba(whole[last])[:, 1])
            figures |= {f"{task}_{name}": value for name, value in scores.items()}
        else:
            of_one = RandomForestClassifier(TREES, random_state=seed).fit(one[train], values[train])
            figures[task] = float(of_one.score(one[last], values[last]))
            figures[f"{task}_of_both"] = float(forest.score(whole[last], values[last]))
    return figures
