"""Result files: one schema for every figure that is shown anywhere, with what is needed to make it again."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation.generation import PROTOCOLS, GenerationScores, draw_samples, generation_scores
from seqdisent_core.evaluation.judge import Judge, Logits, accuracies, chance, check_judge, read_features, read_logits
from seqdisent_core.evaluation.leakage import FORMS, PROBES, ROW, Factor, code_forms, latent_probes, leakage_row
from seqdisent_core.evaluation.likeness import frechet_distance
from seqdisent_core.evaluation.protocols import reconstruction_figures, score_swaps
from seqdisent_core.evaluation.usage import active_figures, kl_figures
from seqdisent_core.machine import hardware, software
from seqdisent_core.methods import Codes, Method, encode_clips
from seqdisent_core.reporting import Figure, absent, figure
from seqdisent_core.weights import sha256_of

Progress = Callable[[int, int, str], None]  # stages done, stages in all, what begins now
REPEATS = 5
LEAST_COMPARED = 4  # test clips: two in each half, so that each has a spread
TRUSTED = 0.95  # of real test clips that a judge must read rightly, person and expression, for its figures to count
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
    begin = _Stages(6 + repeats * len(PROTOCOLS) + len(PROBES) * len(FORMS), progress)
    begin("judging real clips")
    frames = as_training_tensor(test)
    real = read_features(judge, frames)
    ceiling = read_logits(judge, real)
    begin("encoding test clips")
    codes = encode_clips(model, frames)
    begin("reconstructing")
    rebuilt = reconstruction_figures(model, judge, test, codes)
    begin("divergences")
    metrics = {
        "reconstruction": {
            "psnr": figure([rebuilt.psnr]),
            "ssim": figure([rebuilt.ssim]),
            **_figures([rebuilt.right]),
        },
        "kl": kl_figures(model, frames, seed),
        "active_units": active_figures(codes.static, codes.dynamics),
        **_sampled_figures(model, judge, test, codes, real, seed, repeats, begin),
        "leakage_latent": _latent_figures(model, clips.part("train"), test, codes, seed, repeats, begin),
    }
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
        "expressions": list(clips.expressions),
    }


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
        "trusted": min(right["person"], right["expression"]) >= TRUSTED,
        "accuracy": _figures([right]),
        "generation": _score_figures([generation_scores(ceiling["expression"], test.expression)]),
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
    codes: Codes,
    real: Tensor,
    seed: int,
    repeats: int,
    begin: Callable[[str], None],
) -> dict[str, Any]:
    """The figures that need clips decoded from exchanged or drawn codes; null where a factor is missing."""
    missing = [part for part in ("static", "dynamics") if getattr(model, f"{part}_dim") == 0]
    if missing:
        return _no_samples(f"{model.name} has no {missing[0]} codes to keep, draw or exchange.")
    scores, swaps = [], []
    leaks: dict[str, list[dict[str, float]]] = {"fixed_static": [], "fixed_dynamics": []}
    distances: dict[str, list[float]] = {name: [] for name in ("real_halves", *PROTOCOLS)}
    for repeat in range(repeats):
        samples = draw_samples(model, judge, test, codes, seed, repeat, begin)
        logits: dict[str, Logits] = {name: read_logits(judge, seen) for name, seen in samples.features.items()}
        scores.append(generation_scores(logits["fixed_dynamics"]["expression"], test.expression))
        swaps.append(score_swaps(logits["swap"], test, samples.partners))
        for name, right in leaks.items():
            right.append(accuracies(logits[name], test))
        if len(test) < LEAST_COMPARED:
            continue
        first, second = samples.halves
        distances["real_halves"].append(frechet_distance(real[first], real[second]))
        for protocol, seen in samples.features.items():
            half = seen if protocol == "both_sampled" else seen[second]
            distances[protocol].append(frechet_distance(real[first], half))
    return {
        "generation": _score_figures(scores),
        "leakage_generation": {
            "static": _leakage(leaks["fixed_static"], "static"),
            "dynamics": _leakage(leaks["fixed_dynamics"], "dynamics"),
        },
        "swap": {
            **_figures([swap.right for swap in swaps]),
            **{
                f"{label}_confusion": np.sum([swap.confusion[label] for swap in swaps], axis=0).tolist()
                for label in test.labels
            },
        },
        "frechet": _likeness_figures(distances, len(test)),
    }


def _figures(repeats: list[dict[str, float]]) -> dict[str, Figure]:
    """A figure by name from what each repeat gave by name."""
    return {name: figure([right[name] for right in repeats]) for name in repeats[0]}


def _likeness_figures(distances: dict[str, list[float]], clips: int) -> dict[str, Any]:
    if clips < LEAST_COMPARED:
        return absent(("clips_a_side", *distances), f"{clips} test clips are too few; it takes {LEAST_COMPARED}.")
    return {"clips_a_side": clips // 2, **{name: figure(values) for name, values in distances.items()}}


def _leakage(repeats: list[dict[str, float]], kept: Factor) -> dict[str, Any]:
    return leakage_row([right["person"] for right in repeats], [right["expression"] for right in repeats], kept)


def _no_samples(why: str) -> dict[str, Any]:
    return {
        "generation": absent(_SCORES, why),
        "leakage_generation": {"static": absent(ROW, why), "dynamics": absent(ROW, why)},
        "swap": absent(("person", "expression", "person_confusion", "expression_confusion"), why),
        "frechet": absent(("clips_a_side", "real_halves", *PROTOCOLS), why),
    }


def _score_figures(scores: list[GenerationScores]) -> dict[str, Any]:
    values = ([s.acc for s in scores], [s.inception_score for s in scores])
    entropies = ([s.h_y_given_x for s in scores], [s.h_y for s in scores])
    return {name: figure(column) for name, column in zip(_SCORES, (*values, *entropies), strict=True)}


def _latent_figures(
    model: Method, train: Clips, test: Clips, codes: Codes, seed: int, repeats: int, begin: Callable[[str], None]
) -> dict[str, Any]:
    """Latent probe (our protocol): the two rows of the schema by logistic regression, all probes beside them."""
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
