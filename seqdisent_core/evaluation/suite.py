"""Result files: one schema for every figure that is shown anywhere, with what is needed to make it again."""

import dataclasses
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation.generation import (
    PROTOCOLS,
    GenerationScores,
    Protocol,
    draw_samples,
    scores_of_dynamic,
    scores_without_labels,
    unable,
)
from seqdisent_core.evaluation.judge import Judge, Logits, accuracies, chance, check_judge, read_features, read_logits
from seqdisent_core.evaluation.leakage import FORMS, PROBES, ROW, code_forms, latent_probes, leakage_row
from seqdisent_core.evaluation.likeness import frechet_distance
from seqdisent_core.evaluation.protocols import SwapFigures, reconstruction_figures, score_swaps
from seqdisent_core.evaluation.usage import active_figures, kl_figures
from seqdisent_core.machine import hardware, software
from seqdisent_core.methods import Codes, Method, encode_clips
from seqdisent_core.reporting import Figure, absent, figure
from seqdisent_core.weights import sha256_of

Progress = Callable[[int, int, str], None]  # stages done, stages in all, what begins now
REPEATS = 5
LEAST_COMPARED = 4  # test clips: two in each half, so that each has a spread
TRUSTED = 0.95  # of real test clips that a judge must read rightly, in each label, for its figures to count
_SCORES = ("acc", "is", "h_y_given_x", "h_y")


def evaluate(
    model: Method,
    judge: Judge,
    clips: Clips,
    *,
    command: str,
    checkpoint: Path,
    judge_folder: Path,
    training: dict[str, Any],
    note: str = "",
    seed: int = 0,
    repeats: int = REPEATS,
    progress: Progress = lambda done, total, what: None,
) -> dict[str, Any]:
    """All figures of a checkpoint on a set's test split, by the schema in docs/results.md.

    What has a draw in it is drawn anew in each repeat; what has none is measured once (n = 1). `training` is what the
    checkpoint says of its own making, `note` what tells it from others of its variant. Raises DataError where the
    judge is not the set's.
    """
    check_judge(judge, clips)
    test = clips.part("test")
    judge_sha256 = sha256_of(judge_folder)
    protocols = [protocol for protocol in PROTOCOLS if not unable(model, protocol)]
    encodes = "encode" in model.abilities
    begin = _Stages(3 + repeats * len(protocols) + encodes * (4 + len(PROBES) * len(FORMS)), progress)
    begin("judging real clips")
    frames = as_training_tensor(test)
    real = read_features(judge, frames)
    ceiling = read_logits(judge, real)
    codes = None
    if encodes:
        begin("encoding test clips")
        codes = encode_clips(model, frames)
        begin("reconstructing")
    metrics: dict[str, Any] = {"reconstruction": _reconstruction(model, judge, test, codes)}
    begin("divergences")
    metrics["kl"] = kl_figures(model, frames, seed)
    metrics["active_units"] = _active(model, codes)
    metrics |= _sampled_figures(model, judge, test, codes, real, seed, repeats, begin)
    metrics["leakage_latent"] = _latent_figures(model, clips.part("train"), test, codes, seed, repeats, begin)
    begin("done")
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **({"note": note} if note else {}),
        "seed": seed,
        "repeats": repeats,
        "hardware": hardware(model.device),
        "software": software(),
        "model": _model_facts(model, checkpoint),
        "data": {
            "name": clips.name,
            "split": "test",
            "clips": len(test),
            "sha256": test.sha256(),
            "trained_on_its_train_split": _trained_on(clips.part("train"), training),
        },
        "training": training,
        "judge": {"sha256": judge_sha256, **_judge_figures(ceiling, test)},
        "metrics": metrics,
        "chance": chance(test),
        "labels": {
            group: {name: list(label.names) for name, label in labels.items()}
            for group, labels in (("static", clips.static), ("dynamic", clips.dynamic))
        },
        **({"expressions": list(clips.dynamic["expression"].names)} if "expression" in clips.dynamic else {}),
    }


def _reconstruction(model: Method, judge: Judge, test: Clips, codes: Codes | None) -> dict[str, Any]:
    if codes is None:
        return absent(("psnr", "ssim", "static", "dynamic", *test.labels), str(model.reason("encode")))
    rebuilt = reconstruction_figures(model, judge, test, codes)
    return {"psnr": figure([rebuilt.psnr]), "ssim": figure([rebuilt.ssim]), **_figures([rebuilt.right])}


def _active(model: Method, codes: Codes | None) -> dict[str, Any]:
    if codes is None:
        return absent(("static", "static_of", "dynamics", "dynamics_of"), str(model.reason("encode")))
    return active_figures(codes.static, codes.dynamics)


def _trained_on(train: Clips, training: dict[str, Any]) -> bool | None:
    """If these are the clips a model says it was trained on; where they are not, it may have seen test clips."""
    its = training.get("data", {}).get("sha256")
    return None if its is None else its == train.sha256()


def _model_facts(model: Method, checkpoint: Path) -> dict[str, Any]:
    return {
        "method": model.name,
        "backbone": model.backbone.name,
        "variant": model.config.to_dict().get("variant", "full"),
        "checkpoint_sha256": sha256_of(checkpoint),
        "parameters": sum(p.numel() for p in model.parameters()),
        "frame_size": model.backbone.element[-1],
    }


def _judge_figures(ceiling: Logits, test: Clips) -> dict[str, Any]:
    """What the judge reads in real test clips: the ceiling of every figure that it measures, and if it may judge."""
    right = accuracies(ceiling, test)
    return {
        "trusted": min(right.values()) >= TRUSTED,
        "accuracy": _figures([right]),
        "generation": _score_figures([scores_of_dynamic(ceiling, test)]),
    }


class _Stages:
    """Counts the stages of a measurement as they begin."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.done, self.total, self.progress = -1, total, progress

    def __call__(self, what: str) -> None:
        self.done += 1
        self.progress(self.done, self.total, what)


def _sampled_figures(
    model: Method,
    judge: Judge,
    test: Clips,
    codes: Codes | None,
    real: Tensor,
    seed: int,
    repeats: int,
    begin: Callable[[str], None],
) -> dict[str, Any]:
    """The figures that need clips decoded from exchanged or sampled codes; null, and why, where a method cannot."""
    scores, swaps, free = [], [], []
    leaks: dict[str, list[dict[str, float]]] = {"fixed_static": [], "fixed_dynamics": []}
    distances: dict[str, list[float]] = {name: [] for name in ("real_halves", *PROTOCOLS)}
    for repeat in range(repeats):
        samples = draw_samples(model, judge, test, codes, seed, repeat, begin)
        logits: dict[str, Logits] = {name: read_logits(judge, seen) for name, seen in samples.features.items()}
        if "fixed_dynamics" in logits:
            scores.append(scores_of_dynamic(logits["fixed_dynamics"], test))
        if "both_sampled" in logits:
            free.append(scores_without_labels(logits["both_sampled"], test))
        if "swap" in logits:
            swaps.append(score_swaps(logits["swap"], test, samples.partners))
        for name in leaks:
            if name in logits:
                leaks[name].append(accuracies(logits[name], test))
        if len(test) < LEAST_COMPARED:
            continue
        first, second = samples.halves
        distances["real_halves"].append(frechet_distance(real[first], real[second]))
        for protocol, seen in samples.features.items():
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
    """Figures of a protocol, or null for each and the reason why the method cannot have them."""
    why = unable(model, protocol)
    return absent(names, why) if why else make()


def _generation(
    model: Method, scores: list[dict[str, GenerationScores]], free: list[dict[str, GenerationScores]]
) -> dict[str, Any]:
    """Of clips whose dynamics were kept; of a method that keeps none, of clips of which all is sampled."""
    why = unable(model, "fixed_dynamics")
    if why is None:
        return _score_figures(scores)
    if not free:
        return absent(_SCORES, why)
    figures = _score_figures(free)
    for part in (figures, *figures["by_label"].values()):
        part["acc"] = None
    return figures | {"why": why, "of": "both_sampled"}


def _swap(model: Method, test: Clips, swaps: list[SwapFigures]) -> dict[str, Any]:
    names = ("static", "dynamic", *test.labels, *(f"{label}_confusion" for label in test.labels))

    def made() -> dict[str, Any]:
        counts = {label: np.sum([swap.confusion[label] for swap in swaps], axis=0).tolist() for label in test.labels}
        right = _figures([swap.right for swap in swaps])
        return {**right, **{f"{label}_confusion": count for label, count in counts.items()}}

    return _or_why(model, "swap", names, made)


def _figures(repeats: list[dict[str, float]]) -> dict[str, Figure]:
    """A figure by name from what each repeat gave by name."""
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


def _score_figures(repeats: list[dict[str, GenerationScores]]) -> dict[str, Any]:
    """Means over the dynamic labels, and each label's own beside them."""
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


def _latent_figures(
    model: Method, train: Clips, test: Clips, codes: Codes | None, seed: int, repeats: int, begin: Callable[[str], None]
) -> dict[str, Any]:
    """Latent probe (our protocol): the two rows of the schema by logistic regression, all probes beside them."""
    if codes is None:
        why = str(model.reason("encode"))
        return {"static": absent(ROW, why), "dynamics": absent(ROW, why), "protocol": "latent probe (our protocol)"}
    begin("encoding training clips")
    known = encode_clips(model, as_training_tensor(train))
    middle = test.frames.shape[1] // 2
    begin("encoding the middle frames")
    given, asked = (
        code_forms(own, encode_clips(model, as_training_tensor(part)[:, middle : middle + 1]).static)
        for own, part in ((known, train), (codes, test))
    )
    probes = latent_probes(given, train, asked, test, seed=seed, repeats=repeats, progress=begin)
    linear = probes["logistic_regression"]
    return {
        "static": linear["static"],
        "dynamics": linear["dynamics_flat"],
        "protocol": "latent probe (our protocol)",
        "training_clips": len(train),
        "probes": probes,
    }
