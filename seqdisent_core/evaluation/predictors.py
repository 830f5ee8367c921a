"""What is predicted from the codes of frozen models: a class from s, an outcome from s and d, a number a window.

Predictors learn on the training series; the state with the lowest loss on the validation series is kept, and the test
is read once. Source: the protocols of Tonekaboni et al. 2022 and Berman et al. 2024; in their public code the runs
continue one predictor, and targets of ETTh1 are paired with other inputs. Here runs are independent, and a target stays
with its series.
"""

import copy
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, l1_loss

RATE, BATCH = 3e-3, 128  # the public code has 1e-3 and 32: four times the work
CLASS_PASSES, OUTCOME_PASSES, NUMBER_PASSES = 205, 41, 301  # over the training series, as in the public code
DROPOUT = 0.5


class Part(NamedTuple):
    """Codes of the series of one part of a split, and what is predicted of each.

    static: (series, static_dim); dynamics: (series, time, dynamics_dim); last: int (series,), the last window in which
    anything was observed; target: of each series, or of each window.
    """

    static: Tensor
    dynamics: Tensor
    last: Tensor
    target: Tensor


Parts = tuple[Part, Part, Part]  # train, validation, test


def accuracy_of_class(parts: Parts, classes: int, seed: int) -> float:
    """Share of test series whose class an MLP (s -> classes, ReLU -> classes) tells from the static code."""
    train, held, test = _standardised(parts)
    torch.manual_seed(seed)
    size = train.static.shape[1]
    network = nn.Sequential(nn.Linear(size, classes), nn.ReLU(), nn.Linear(classes, classes))
    _fit(
        network,
        lambda part: cross_entropy(network(part.static), part.target),
        train,
        held,
        CLASS_PASSES,
        seed,
    )
    with torch.no_grad():
        return float((network(test.static).argmax(dim=1) == test.target).float().mean())


def accuracy_of_discriminant(parts: Parts) -> float:
    """The same by a linear discriminant, which has no step, no seed and no use for the validation series.

    On splits for choices it tells more from every method's codes than the MLP, for which the series are few.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    train, _, test = _standardised(parts)
    if not train.static.any():  # a code that is constant tells nothing but the commonest class
        return float((test.target == train.target.mode().values).float().mean())
    discriminant = LinearDiscriminantAnalysis().fit(train.static.numpy(), train.target.numpy())
    return float(discriminant.score(test.static.numpy(), test.target.numpy()))


def outcome_scores(parts: Parts, seed: int) -> dict[str, float]:
    """AUPRC (average precision) and AUROC of a binary outcome on the test series: an LSTM(32) over d, with s."""
    train, held, test = _standardised(parts)
    torch.manual_seed(seed)
    network = _Outcome(train.static.shape[1], train.dynamics.shape[2])
    _fit(
        network,
        lambda part: binary_cross_entropy_with_logits(network(part), part.target.float()),
        train,
        held,
        OUTCOME_PASSES,
        seed,
    )
    with torch.no_grad():
        return scores_of(test.target.numpy(), network(test).numpy())


def scores_of(outcome: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """AUPRC and AUROC of scores, (series,), for outcomes of 0 and 1."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    return {
        "auprc": float(average_precision_score(outcome, score)),
        "auroc": float(roc_auc_score(outcome, score)),
    }


def error_of_number(parts: Parts, seed: int) -> float:
    """Mean absolute error on the test windows of a number that is predicted from [s, d_t] of each window."""
    train, held, test = _standardised(parts)
    torch.manual_seed(seed)
    size = train.static.shape[1] + train.dynamics.shape[2]
    network = nn.Sequential(
        *(nn.BatchNorm1d(size), nn.Linear(size, 32), nn.LeakyReLU(), nn.Linear(32, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    )
    mean, deviation = train.target.mean(), train.target.std()

    def predicted(part: Part) -> Tensor:
        repeated = part.static[:, None].expand(-1, part.dynamics.shape[1], -1)
        given = torch.cat([repeated, part.dynamics], dim=2).flatten(0, 1)
        return mean + deviation * network(given).view(part.target.shape)

    _fit(network, lambda part: l1_loss(predicted(part), part.target), train, held, NUMBER_PASSES, seed)
    with torch.no_grad():
        return float(l1_loss(predicted(test), test.target))


class _Outcome(nn.Module):
    """Logits of an outcome: (series,)."""

    def __init__(self, static_dim: int, dynamics_dim: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(dynamics_dim, 32, batch_first=True)
        self.head = nn.Sequential(nn.Linear(32 + static_dim, 16), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(16, 1))

    def forward(self, part: Part) -> Tensor:
        states, _ = self.lstm(part.dynamics)
        at = part.last[:, None, None].expand(-1, 1, states.shape[2])
        return self.head(torch.cat([states.gather(1, at)[:, 0], part.static], dim=1))[:, 0]


def _standardised(parts: Parts) -> Parts:
    """Each dimension of both codes with the mean and deviation of the training series' taken out."""
    train = parts[0]

    def scaled(codes: Tensor, of: Tensor) -> Tensor:
        flat = of.reshape(-1, of.shape[-1])
        return (codes - flat.mean(dim=0)) / flat.std(dim=0).clamp(min=1e-6)

    def both(part: Part) -> Part:
        return part._replace(static=scaled(part.static, train.static), dynamics=scaled(part.dynamics, train.dynamics))

    first, second, third = (both(part) for part in parts)
    return first, second, third


def _fit(network: nn.Module, loss: Callable[[Part], Tensor], train: Part, held: Part, passes: int, seed: int) -> None:
    """Trains a predictor and leaves it with the weights of its lowest validation loss, in evaluation mode."""
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    random = torch.Generator().manual_seed(seed)
    best, lowest = copy.deepcopy(network.state_dict()), float("inf")
    for _ in range(passes):
        network.train()
        for rows in torch.randperm(len(train.target), generator=random).split(BATCH):
            if len(rows) < 2:  # which batch norm needs
                continue
            optimiser.zero_grad()
            loss(Part(*(of[rows] for of in train))).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
        network.eval()
        with torch.no_grad():
            value = float(loss(held))
        if value < lowest:
            best, lowest = copy.deepcopy(network.state_dict()), value
    network.load_state_dict(best)
    network.eval()
