"""Tables of methods on a labelled set of clips: every method by the same budget, measured by the same judge."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from seqdisent_core.checkpoints import read_training
from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation import TABLE_MEASURES, Judge, Row, Run, Share, accuracies, chance, evaluate, read_clips
from seqdisent_core.machine import PeakMemory, picture_dtype, place, software
from seqdisent_core.methods import Method
from seqdisent_core.runs import train_run
from seqdisent_core.training import LOG_EVERY, Recipe
from seqdisent_core.weights import sha256_of

DRAWS = 2  # of what is random in a run's measures; what counts is how training seeds differ
TRAINED = 0.8  # the share of a run that its training counts for in the progress; the rest is measuring
FIGURES: Mapping[str, tuple[str, ...]] = {  # where a result file has them
    "swap_static": ("swap", "static"),
    "swap_dynamic": ("swap", "dynamic"),
    "psnr": ("reconstruction", "psnr"),
    "ssim": ("reconstruction", "ssim"),
    "acc": ("generation", "acc"),
    "is": ("generation", "is"),
    "h_y_given_x": ("generation", "h_y_given_x"),
    "h_y": ("generation", "h_y"),
    "generated_static_gap": ("leakage_generation", "static", "gap"),
    "generated_dynamics_gap": ("leakage_generation", "dynamics", "gap"),
    **{
        f"probe_{code}_{name}": ("leakage_strongest", code, name)
        for code in ("static", "dynamics")
        for name in ("static_acc", "dynamic_acc", "gap")
    },
    "static_changes_dynamic": ("leakage_used", "static", "changed"),
    "dynamics_changes_static": ("leakage_used", "dynamics", "changed"),
    "frechet": ("frechet", "both_sampled"),
}


def image_rows(
    recipes: Mapping[str, Recipe],
    clips: Clips,
    judge_folder: Path,
    work: Path,
    *,
    command: str,
    cpu: bool = False,
) -> list[Row]:
    """A row a recipe, by name; its runs train in folders under `work`, and go on there where they were stopped.

    A run's figures are means over draws, those of FIGURES; its facts hold the spread over draws (`draws`), parameters,
    the most memory in GB that training took (`memory_gb`), machine, precision and the checkpoint's hash.
    """
    judge = Judge.from_pretrained(judge_folder)
    run = partial(_run, clips=clips, judge=judge, judge_folder=judge_folder, work=work, command=command, cpu=cpu)
    return [Row(name, recipe.to_dict(), partial(run, name, recipe)) for name, recipe in recipes.items()]


def about_images(clips: Clips, judge_folder: Path) -> dict[str, Any]:
    """What a table says of its set and judge (run_table); each run names its machine."""
    test, judge = clips.part("test"), Judge.from_pretrained(judge_folder)
    right = accuracies(read_clips(judge, as_training_tensor(test)), test)
    return {
        "data": {"name": clips.name, "split": "test", "clips": len(test), "sha256": clips.sha256()},
        "protocol": {"judge_sha256": sha256_of(judge_folder), "figures": list(FIGURES), "draws": DRAWS},
        "ceiling": right,
        "chance": chance(test),
        "software": software(),
    }


def _run(
    name: str,
    recipe: Recipe,
    seed: int,
    share: Share,
    *,
    clips: Clips,
    judge: Judge,
    judge_folder: Path,
    work: Path,
    command: str,
    cpu: bool,
) -> Run:
    recipe = replace(recipe, training=replace(recipe.training, seed=seed))
    mark = hashlib.sha256(json.dumps(recipe.to_dict(), sort_keys=True).encode()).hexdigest()[:8]
    folder = work / f"{name}_seed{seed}_{mark}"
    memory = PeakMemory(torch.device("cuda" if torch.cuda.is_available() and not cpu else "cpu"))

    def trained(step: int, steps: int) -> None:
        memory.look()
        share(TRAINED * step / steps)

    train_run(
        recipe,
        clips,
        folder,
        command=command,
        progress=lambda now: trained(now.step, now.steps),
        validate_every=max(LOG_EVERY, recipe.training.steps // 4),
        cpu=cpu,
    )
    training = read_training(folder / "model")
    model = place(Method.from_pretrained(folder / "model"), "cpu" if cpu else None)
    result = evaluate(
        model.for_inference(picture_dtype(model.device)),
        place(judge, str(model.device)),
        clips,
        command=command,
        checkpoint=folder / "model",
        judge_folder=judge_folder,
        training=training,
        repeats=DRAWS,
        measures=TABLE_MEASURES,
        progress=lambda done, total, what: share(TRAINED + (1 - TRAINED) * done / total),
    )
    draws, reasons = _read(result["metrics"])
    facts = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "memory_gb": round(memory.gigabytes, 2),
        "hardware": training["hardware"],
        "precision": training["precision"],
        "checkpoint_sha256": result["model"]["checkpoint_sha256"],
        "draws": draws,
    }
    figures = {name: None if draw is None else float(draw["mean"]) for name, draw in draws.items()}
    seconds = sum(part["seconds"] for part in training["runs"])
    return Run(figures, training["steps"], seconds, " ".join(reasons), facts)


def _read(metrics: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """FIGURES of a result's metrics, and the reasons of those that are missing, each once."""
    found, reasons = {}, dict[str, None]()
    for name, places in FIGURES.items():
        part: Any = metrics
        for at in places[:-1]:
            part = part[at]
        found[name] = part[places[-1]]
        if found[name] is None and "why" in part:
            reasons[part["why"]] = None
    return found, list(reasons)
