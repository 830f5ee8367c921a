"""All measures of a model on a labelled set: functions that return figures, or null with the reason."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation.anchors import encode_at, without_anchor
from seqdisent_core.evaluation.generation import (
    PROTOCOLS,
    GenerationScores,
    Protocol,
    draw_samples,
    scores_of_dynamic,
    scores_without_labels,
    unable,
)
from seqdisent_core.evaluation.judge import Judge, Logits, accuracies, read_logits
from seqdisent_core.evaluation.leakage import FORMS, PROBES, ROW, Factor, code_forms, latent_probes, leakage_row
from seqdisent_core.evaluation.likeness import frechet_distance
from seqdisent_core.evaluation.protocols import SwapFigures, reconstruction_figures, score_swaps
from seqdisent_core.evaluation.strongest_probe import CLASSIFIERS, strongest_row
from seqdisent_core.evaluation.usage import active_figures, kl_figures
from seqdisent_core.evaluation.used_leakage import USED, used_leakage
from seqdisent_core.methods import Codes, Method, encode_clips
from seqdisent_core.reporting import Figure, absent, figure

LEAST_COMPARED = 4  # test clips: two in each half, so that each has a spread
_SCORES = ("acc", "is", "h_y_given_x", "h_y")


@dataclass(frozen=True)
class Measured:
    """The input of every measure: a model, its set, and what several measures need.

    codes: posterior means of the test clips, None for a method without an encoder; real: the judge's features of the
    test clips; begin: called with the name of each stage.
    """

    model: Method
    judge: Judge
    train: Clips
    test: Clips
    codes: Codes | None
    real: Tensor
    seed: int
    repeats: int
    begin: Callable[[str], None]


def stages(model: Method, repeats: int) -> int:
    """The number of stages that the measures of a model report."""
    protocols = sum(not unable(model, protocol) for protocol in PROTOCOLS)
    probing = len(PROBES) * len(FORMS) + 2 * len(CLASSIFIERS)
    return 1 + repeats * protocols + ("encode" in model.abilities) * (5 + probing)


def reconstruction(on: Measured) -> dict[str, Any]:
    """PSNR, SSIM and label accuracies of clips decoded from their own posterior means."""
    if on.codes is None:
        names = ("psnr", "ssim", "static", "dynamic", *on.test.labels)
        return {"reconstruction": absent(names, str(on.model.reason("encode")))}
    on.begin("reconstructing")
    rebuilt = reconstruction_figures(on.model, on.judge, on.test, on.codes)
    pixels = {"psnr": figure([rebuilt.psnr]), "ssim": figure([rebuilt.ssim])}
    return {"reconstruction": {**pixels, **by_name([rebuilt.right])}}


def divergences(on: Measured) -> dict[str, Any]:
    """KL divergence of each code from its prior."""
    on.begin("divergences")
    return {"kl": kl_figures(on.model, as_training_tensor(on.test), on.seed)}


def active_units(on: Measured) -> dict[str, Any]:
    """Number of active units of each code."""
    if on.codes is None:
        names = ("static", "static_of", "dynamics", "dynamics_of")
        return {"active_units": absent(names, str(on.model.reason("encode")))}
    return {"active_units": active_figures(on.codes.static, on.codes.dynamics)}


def samples(on: Measured) -> dict[str, Any]:
    """Figures of clips decoded from swapped or sampled codes; null with the reason if the method is unable."""
    model, judge, test, real = on.model, on.judge, on.test, on.real
    scores, swaps, free = [], [], []
    leaks: dict[str, list[dict[str, float]]] = {"fixed_static": [], "fixed_dynamics": []}
    distances: dict[str, list[float]] = {name: [] for name in ("real_halves", *PROTOCOLS)}
    for repeat in range(on.repeats):
        made = draw_samples(model, judge, test, on.codes, on.seed, repeat, on.begin)
        logits: dict[str, Logits] = {name: read_logits(judge, seen) for name, seen in made.features.items()}
        if "fixed_dynamics" in logits:
            scores.append(scores_of_dynamic(logits["fixed_dynamics"], test))
        if "both_sampled" in logits:
            free.append(scores_without_labels(logits["both_sampled"], test))
        if "swap" in logits:
            swaps.append(score_swaps(logits["swap"], test, made.partners))
        for name in leaks:
            if name in logits:
                leaks[name].append(accuracies(logits[name], test))
        if len(test) < LEAST_COMPARED:
            continue
        first, second = made.halves
        distances["real_halves"].append(frechet_distance(real[first], real[second]))
        for protocol, seen in made.features.items():
            half = seen if protocol == "both_sampled" else seen[second]
            distances[protocol].append(frechet_distance(real[first], half))
    return {
        "generation": _generation(model, scores, free),
        "leakage_generation": {
            "static": _or_why(model, "fixed_static", ROW, lambda: leakage_row(leaks["fixed_static"], "static")),
            "dynamics": _or_why(model, "fixed_dynamics", ROW, lambda: leakage_row(leaks["fixed_dynamics"], "dynamics")),
        },
        "swap": _swap(model, test, swaps),
        "frechet": _likeness_figures(model, distances, len(test)),
    }


def _or_why(
    model: Method, protocol: Protocol, names: Iterable[str], make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Figures of a protocol, or null for each with the reason why the method cannot have them."""
    why = unable(model, protocol)
    return absent(names, why) if why else make()


def _generation(
    model: Method, scores: list[dict[str, GenerationScores]], free: list[dict[str, GenerationScores]]
) -> dict[str, Any]:
    """Scores of clips with kept dynamics; if the method keeps none, of clips with both codes sampled."""
    why = unable(model, "fixed_dynamics")
    if why is None:
        return score_figures(scores)
    if not free:
        return absent(_SCORES, why)
    figures = score_figures(free)
    for part in (figures, *figures["by_label"].values()):
        part["acc"] = None
    return figures | {"why": why, "of": "both_sampled"}


def _swap(model: Method, test: Clips, swaps: list[SwapFigures]) -> dict[str, Any]:
    names = ("static", "dynamic", *test.labels, *(f"{label}_confusion" for label in test.labels))

    def made() -> dict[str, Any]:
        counts = {label: np.sum([swap.confusion[label] for swap in swaps], axis=0).tolist() for label in test.labels}
        right = by_name([swap.right for swap in swaps])
        return {**right, **{f"{label}_confusion": count for label, count in counts.items()}}

    return _or_why(model, "swap", names, made)


def by_name(repeats: list[dict[str, float]]) -> dict[str, Figure]:
    """A figure by name, from each repeat's values by name."""
    return {name: figure([right[name] for right in repeats]) for name in repeats[0]}


def _likeness_figures(model: Method, distances: dict[str, list[float]], clips: int) -> dict[str, Any]:
    reasons = {protocol: unable(model, protocol) for protocol in PROTOCOLS}
    if all(reasons.values()):
        return absent(("clips_a_side", *distances), str(reasons["swap"]))
    if clips < LEAST_COMPARED:
        return absent(("clips_a_side", *distances), f"{clips} test clips are too few; it takes {LEAST_COMPARED}.")
    measured = {name: figure(values) if values else None for name, values in distances.items()}
    why = next((why for why in reasons.values() if why), None)
    return {"clips_a_side": clips // 2, **measured, **({"why": why} if why else {})}


def score_figures(repeats: list[dict[str, GenerationScores]]) -> dict[str, Any]:
    """Means over the dynamic labels, and each label's own figures."""
    by_label = {name: [scores[name] for scores in repeats] for name in repeats[0]}
    means = [
        GenerationScores(*np.mean([dataclasses.astuple(one) for one in scores.values()], axis=0).tolist())
        for scores in repeats
    ]
    return {**_scores(means), "by_label": {name: _scores(scores) for name, scores in by_label.items()}}


def _scores(scores: list[GenerationScores]) -> dict[str, Any]:
    values = ([s.acc for s in scores], [s.inception_score for s in scores])
    entropies = ([s.h_y_given_x for s in scores], [s.h_y for s in scores])
    return {name: figure(column) for name, column in zip(_SCORES, (*values, *entropies), strict=True)}


def latent_leakage(on: Measured) -> dict[str, Any]:
    """Latent probe (our protocol): the two rows of the schema by logistic regression, and all probes."""
    protocol = "latent probe (our protocol)"
    if on.codes is None:
        why = str(on.model.reason("encode"))
        return {"leakage_latent": {"static": absent(ROW, why), "dynamics": absent(ROW, why), "protocol": protocol}}
    on.begin("encoding training clips")
    known = encode_clips(on.model, as_training_tensor(on.train))
    middle = on.test.frames.shape[1] // 2
    on.begin("encoding the middle frames")
    given, asked = (
        code_forms(own, encode_clips(on.model, as_training_tensor(part)[:, middle : middle + 1]).static)
        for own, part in ((known, on.train), (on.codes, on.test))
    )
    probes = latent_probes(given, on.train, asked, on.test, seed=on.seed, repeats=on.repeats, progress=on.begin)
    linear = probes["logistic_regression"]
    return {
        "leakage_latent": {
            "static": linear["static"],
            "dynamics": linear["dynamics_flat"],
            "protocol": protocol,
            "training_clips": len(on.train),
            "probes": probes,
        }
    }


def strongest_leakage(on: Measured) -> dict[str, Any]:
    """Leakage at its worst: by the stronger of two probes, of s read at a random frame and d without that frame; and
    what decoding uses of it.

    A method that reads s from all frames has the same s, and its d lacks a random frame all the same.
    """
    protocol = "the stronger probe of each label (our protocol); s read at a random frame, d without that frame"
    if on.codes is None:
        why = str(on.model.reason("encode"))
        row = {"static": absent(ROW, why), "dynamics": absent(ROW, why), "protocol": protocol}
        used = absent((*USED, "clips"), why)
        return {"leakage_strongest": row, "leakage_used": {"static": used, "dynamics": used}}
    on.begin("encoding at random frames")
    random = np.random.default_rng([on.seed, 1])
    anchors = [random.integers(0, part.frames.shape[1], len(part)) for part in (on.train, on.test)]
    given, asked = (encode_at(on.model, part, own) for part, own in zip((on.train, on.test), anchors, strict=True))
    forms: dict[Factor, tuple[np.ndarray, np.ndarray]] = {
        "static": (given.static.numpy(), asked.static.numpy()),
        "dynamics": (without_anchor(given.dynamics, anchors[0]), without_anchor(asked.dynamics, anchors[1])),
    }
    rows = {
        kept: strongest_row(before, on.train, after, on.test, kept, seed=on.seed, repeats=on.repeats, progress=on.begin)
        for kept, (before, after) in forms.items()
    }
    on.begin("exchanging one code")
    used = used_leakage(on.model, on.judge, on.test, asked, seed=on.seed, repeats=on.repeats)
    return {"leakage_strongest": {**rows, "protocol": protocol}, "leakage_used": used}


Measure = Callable[[Measured], dict[str, Any]]
MEASURES: tuple[Measure, ...] = (
    reconstruction,
    divergences,
    active_units,
    samples,
    latent_leakage,
    strongest_leakage,
)
TABLE_MEASURES: tuple[Measure, ...] = (reconstruction, samples, strongest_leakage)  # of methods by seeds
