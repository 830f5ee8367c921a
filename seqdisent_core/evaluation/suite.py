"""The suite of all figures of a model on a labelled set, with their provenance: the content of a result file."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation.generation import scores_of_dynamic
from seqdisent_core.evaluation.judge import Judge, Logits, accuracies, chance, check_judge, read_features, read_logits
from seqdisent_core.evaluation.measures import MEASURES, Measure, Measured, by_name, score_figures, stages
from seqdisent_core.machine import hardware, software
from seqdisent_core.methods import Method, encode_clips
from seqdisent_core.weights import sha256_of

Progress = Callable[[int, int, str], None]  # stages done, stages in all, what begins now
REPEATS = 5
TRUSTED = 0.95  # of real test clips that a judge must read rightly, in each label, for its figures to count


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
    measures: Sequence[Measure] | None = None,
    progress: Progress = lambda done, total, what: None,
) -> dict[str, Any]:
    """All figures of a checkpoint on a set's test split, in the schema of docs/results.md; or those of some `measures`.

    Random measurements are repeated with new random numbers; deterministic ones are made once (n = 1). `training` is
    the checkpoint's training.json, `note` distinguishes the model from others of its variant. Raises DataError if the
    judge was trained on other labels than the set's.
    """
    check_judge(judge, clips)
    test = clips.part("test")
    judge_sha256 = sha256_of(judge_folder)
    encodes = "encode" in model.abilities
    begin = _Stages(1 + encodes + stages(model, repeats), progress)
    begin("judging real clips")
    frames = as_training_tensor(test)
    real = read_features(judge, frames)
    ceiling = read_logits(judge, real)
    codes = None
    if encodes:
        begin("encoding test clips")
        codes = encode_clips(model, frames)
    measured = Measured(model, judge, clips.part("train"), test, codes, real, seed, repeats, begin)
    metrics = {name: figures for measure in measures or MEASURES for name, figures in measure(measured).items()}
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


def _trained_on(train: Clips, training: dict[str, Any]) -> bool | None:
    """Whether the model was trained on these clips, by its training.json; if not, it may have seen test clips."""
    its = training.get("data", {}).get("sha256")
    return None if its is None else its == train.sha256()


def _model_facts(model: Method, checkpoint: Path) -> dict[str, Any]:
    return {
        "method": model.name,
        "backbone": model.backbone.name,
        "variant": model.config.to_dict().get("variant", ""),
        "checkpoint_sha256": sha256_of(checkpoint),
        "parameters": sum(p.numel() for p in model.parameters()),
        "frame_size": model.backbone.element[-1],
    }


def _judge_figures(ceiling: Logits, test: Clips) -> dict[str, Any]:
    """The judge's accuracy on real test clips, the ceiling of its figures, and whether it is high enough."""
    right = accuracies(ceiling, test)
    return {
        "trusted": min(right.values()) >= TRUSTED,
        "accuracy": by_name([right]),
        "generation": score_figures([scores_of_dynamic(ceiling, test)]),
    }


class _Stages:
    """Counts the stages of a measurement as they begin."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.done, self.total, self.progress = -1, total, progress

    def __call__(self, what: str) -> None:
        self.done += 1
        self.progress(self.done, self.total, what)
