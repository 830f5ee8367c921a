"""Probes of codes by the stronger of two classifiers, and how often one of them was not done."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from seqdisent_core.data import Clips, Labels
from seqdisent_core.errors import DataError
from seqdisent_core.evaluation.judge import group_means
from seqdisent_core.evaluation.leakage import ROW, Factor, fit_probe, leakage_row, training_rows
from seqdisent_core.reporting import absent

LINEAR_STEPS = 2_000  # of L-BFGS, at most
PERCEPTRON_STEPS = 400  # over all training codes, at most
PATIENCE = 25  # steps without a better validation loss that end the training
HIDDEN = 128
VALIDATED = 0.1  # of the training codes


class Fitted(NamedTuple):
    """Predictions int (asked,), and whether the classifier's training came to an end by itself."""

    predicted: np.ndarray
    converged: bool


def linear(codes: np.ndarray, values: np.ndarray, asked: np.ndarray, steps: int = LINEAR_STEPS) -> Fitted:
    """Logistic regression on standardised codes: (n, dims) with values int (n,), asked (m, dims)."""
    from sklearn.linear_model import LogisticRegression

    model, converged = fit_probe(LogisticRegression(max_iter=steps), codes, values)
    return Fitted(model.predict(asked), converged)


def perceptron(codes: np.ndarray, values: np.ndarray, asked: np.ndarray, steps: int = PERCEPTRON_STEPS) -> Fitted:
    """A network with one hidden layer, as `linear`; the weights of the lowest loss on a tenth of the codes.

    Adam with 1e-2 on all codes at once, dropout 0.2. Not converged: the loss still fell at the last step.
    """
    classes, labels = np.unique(values, return_inverse=True)
    x, y, there = torch.from_numpy(codes), torch.from_numpy(labels.ravel()), torch.from_numpy(asked)
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(x), generator=generator)
    held, used = order.tensor_split([max(1, round(VALIDATED * len(x)))])
    first, last = nn.Linear(x.shape[1], HIDDEN), nn.Linear(HIDDEN, len(classes))
    weights = [*first.parameters(), *last.parameters()]
    for weight in weights:
        nn.init.normal_(weight, std=weight.shape[-1] ** -0.5 if weight.ndim == 2 else 0.0, generator=generator)
    optimiser = torch.optim.Adam(weights, lr=1e-2, weight_decay=1e-4)
    best, found, at = float("inf"), np.zeros(len(there), int), 0
    for step in range(steps):
        kept = torch.rand(len(used), HIDDEN, generator=generator) >= 0.2
        loss = cross_entropy(last(first(x[used]).relu() * kept / 0.8), y[used])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            now = float(cross_entropy(last(first(x[held]).relu()), y[held]))
            if now < best:
                best, at = now, step
                found = last(first(there).relu()).argmax(dim=1).numpy()
        if step - at >= PATIENCE:
            break
    return Fitted(classes[found], step - at >= PATIENCE)


CLASSIFIERS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Fitted]] = {
    "logistic_regression": linear,
    "perceptron": perceptron,
}


def strongest_row(
    given: np.ndarray,
    train: Clips,
    asked: np.ndarray,
    test: Clips,
    kept: Factor,
    *,
    seed: int = 0,
    repeats: int = 5,
    progress: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """A leakage row of codes (clips, dims) by the classifier that is right more often, for each label by itself.

    Each repeat trains on another random 90 % of the training clips. `probe`: which classifier it is, by label.
    `probes`: the row of each, and how many of its `fits` have not converged. Raises DataError if a label has only one
    value, or if the test clips have a value that the training clips lack.
    """
    from threadpoolctl import threadpool_limits

    if given.shape[1] == 0:
        return absent(ROW, f"There are no {kept} codes to read.")
    test.check_known(train.labels)
    mean, spread = given.mean(axis=0), given.std(axis=0)
    given, asked = ((codes - mean) / np.where(spread > 1e-8, spread, 1) for codes in (given, asked))
    right: dict[str, dict[str, list[float]]] = {}
    probes = {}
    with threadpool_limits(1):  # small sums: threads would wait for one another most of the time
        for name, fit in CLASSIFIERS.items():
            progress(f"strongest probe: {name.replace('_', ' ')} on {kept}")
            right[name], missed = {}, 0
            for label, known in train.labels.items():
                fitted = [_fit(fit, given, known, asked, training_rows(len(train), seed, at)) for at in range(repeats)]
                true = test.labels[label].values
                right[name][label] = [float((one.predicted == true).mean()) for one in fitted]
                missed += sum(not one.converged for one in fitted)
            row = _row(right[name], test, kept, repeats)
            probes[name] = {**row, "not_converged": missed, "fits": repeats * len(train.labels)}
    best = {label: max(right, key=lambda name: float(np.mean(right[name][label]))) for label in train.labels}
    strongest = {label: right[name][label] for label, name in best.items()}
    return {**_row(strongest, test, kept, repeats), "probe": best, "probes": probes}


def _fit(
    fit: Callable[[np.ndarray, np.ndarray, np.ndarray], Fitted],
    given: np.ndarray,
    known: Labels,
    asked: np.ndarray,
    rows: np.ndarray,
) -> Fitted:
    values = known.values[rows]
    if len(np.unique(values)) < 2:
        raise DataError("A probe of the codes needs training clips of two or more values of each label.")
    return fit(given[rows].astype(np.float32), values, asked.astype(np.float32))


def _row(right: dict[str, list[float]], test: Clips, kept: Factor, repeats: int) -> dict[str, Any]:
    return leakage_row([group_means({name: of[at] for name, of in right.items()}, test) for at in range(repeats)], kept)
