"""Leakage: information in one code about the other factor, by generation and by probes on the codes."""

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from torch import Tensor

from seqdisent_core.data import Clips
from seqdisent_core.errors import DataError
from seqdisent_core.evaluation.judge import group_means
from seqdisent_core.methods import Codes
from seqdisent_core.reporting import absent, figure

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Factor = Literal["static", "dynamics"]
PROBES = ("logistic_regression", "gradient_boosting")
FORMS: dict[str, Factor] = {  # what probes are given, and the factor that it should hold
    "static": "static",
    "static_middle": "static",
    "dynamics_flat": "dynamics",
    "dynamics_mean": "dynamics",
}
ROW = ("static_acc", "dynamic_acc", "gap")
TRAINED_ON = 0.9  # of the training clips, other ones in each repeat: a probe has no chance of its own


def leakage_row(repeats: Sequence[dict[str, float]], kept: Factor) -> dict[str, Any]:
    """One row of a leakage table, from accuracies by label and group (group_means) over repeats.

    `kept` is the factor of the row's codes. The gap is the accuracy on the kept factor minus that on the other, as in
    both published tables. `by_label` holds the accuracy of each label.
    """
    by_name = {name: [right[name] for right in repeats] for name in repeats[0]}
    static, dynamic = by_name.pop("static"), by_name.pop("dynamic")
    gap = np.subtract(static, dynamic) if kept == "static" else np.subtract(dynamic, static)
    row = dict(zip(ROW, (figure(static), figure(dynamic), figure(gap.tolist())), strict=True))
    return {**row, "by_label": {name: figure(values) for name, values in by_name.items()}}


def code_forms(codes: Codes, middle: Tensor) -> dict[str, np.ndarray]:
    """FORMS, (clips, dims) each: s; s of the middle frame; d of all frames, concatenated; the mean of d over time.

    middle: (clips, static_dim), s of the middle frame, which shows the expression even if clips begin with a neutral
    face.
    """
    return {
        "static": codes.static.numpy(),
        "static_middle": middle.numpy(),
        "dynamics_flat": codes.dynamics.flatten(1).numpy(),
        "dynamics_mean": codes.dynamics.mean(dim=1).numpy(),
    }


def latent_probes(
    given: dict[str, np.ndarray],
    train_clips: Clips,
    asked: dict[str, np.ndarray],
    test_clips: Clips,
    *,
    seed: int = 0,
    repeats: int = 5,
    progress: Callable[[str], None] = lambda what: None,
) -> dict[str, dict[str, Any]]:
    """Probes trained on codes of training clips, scored on test clips: a leakage row for each probe and form of code.

    given, asked: `code_forms` of training and test clips. The probes are logistic regression on standardised codes, and
    gradient boosting with trees of depth 3 on histograms of 32 bins (scikit-learn's HistGradientBoostingClassifier).
    Each repeat trains on another random 90 % of the training clips; `not_converged`: how many of a row's `fits` were
    stopped before their end. Raises DataError if a label has only one value, or if the test clips have a value that the
    training clips lack.
    """
    from threadpoolctl import threadpool_limits

    test_clips.check_known(train_clips.labels)
    labels = [(name, known, test_clips.labels[name].values) for name, known in train_clips.labels.items()]
    rows: dict[str, dict[str, Any]] = {probe: {} for probe in PROBES}
    with threadpool_limits(1):  # small sums: threads would wait for one another most of the time
        for probe in PROBES:
            for form, kept in FORMS.items():
                progress(f"probing: {probe.replace('_', ' ')} on {form.replace('_', ' ')}")
                if given[form].shape[1] == 0:
                    rows[probe][form] = absent(ROW, f"There are no {kept} codes.")
                    continue
                scores, missed = [], 0
                for repeat in range(repeats):
                    chosen = training_rows(len(train_clips), seed, repeat)
                    right = {}
                    for name, known, true in labels:
                        codes, values = given[form][chosen], known.values[chosen]
                        right[name], converged = _score(probe, name, codes, values, asked[form], true)
                        missed += not converged
                    scores.append(group_means(right, test_clips))
                counts = {"not_converged": missed, "fits": repeats * len(labels)}
                rows[probe][form] = {**leakage_row(scores, kept), **counts}
    return rows


def training_rows(clips: int, seed: int, repeat: int) -> np.ndarray:
    """Which training clips a probe is trained on in a repeat: int (n,)."""
    return np.random.default_rng([seed, repeat]).permutation(clips)[: max(2, round(TRAINED_ON * clips))]


def _score(
    probe: str, label: str, codes: np.ndarray, values: np.ndarray, asked: np.ndarray, true: np.ndarray
) -> tuple[float, bool]:
    """Accuracy of a probe of a label, in [0, 1], and whether its training came to an end by itself."""
    if len(np.unique(values)) < 2:
        raise DataError(f"A probe of the codes needs training clips of two or more values of {label}.")
    fitted, converged = fit_probe(_probe(probe), codes, values)
    return float((fitted.predict(asked) == true).mean()), converged


def fit_probe(probe: Any, codes: np.ndarray, values: np.ndarray) -> tuple[Any, bool]:
    """A classifier of scikit-learn's fitted to codes, and whether it has converged."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ConvergenceWarning)
        probe.fit(codes, values)
    return probe, not any(issubclass(one.category, ConvergenceWarning) for one in said)


def _probe(name: str) -> "Pipeline":
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if name == "logistic_regression":
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    return make_pipeline(
        HistGradientBoostingClassifier(max_depth=3, max_iter=50, max_bins=32, min_samples_leaf=10, random_state=0)
    )
