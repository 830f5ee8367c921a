"""A training run from recipe to checkpoint: the loop with its sheets and validation figures, then the saved model."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqdisent_core.checkpoints import checkpoint_folder, read_network
from seqdisent_core.data import Clips, parallel_pairs
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.evaluation import Judge, check_judge, draw_pairs, pair_figures, reconstruction_figures, swap_figures
from seqdisent_core.machine import hardware, software
from seqdisent_core.methods import BACKBONE, Method, encode_clips, in_parts, read_parts
from seqdisent_core.reporting import model_card
from seqdisent_core.training import STATE, Progress, Recipe, Trainer, averaged_weights, model_sheet
from seqdisent_core.weights import sha256_of, sha256_of_files

VALIDATED = 192  # clips that a validation measures: enough to steer by, quick enough to do often


def validated_clips(validation: Clips) -> Clips:
    """The clips that a validation measures, the same ones in every run on a set."""
    return validation.select(np.random.default_rng(0).permutation(len(validation))[:VALIDATED])


def _validated_pairs(validation: Clips) -> np.ndarray:
    """Numbers of clips such that both of a pair are there, int (clips,)."""
    return parallel_pairs(validation)[: VALIDATED // 2].ravel()


def _start_from(model: Method, recipe: Recipe, start: str | Path) -> str:
    """Fill a new model with the weights of a saved one, or of a run as far as it has come; the hash of their file."""
    run = Path(start) / STATE
    if run.exists():
        state, started = averaged_weights(run.parent), sha256_of_files([run])
    else:
        source = checkpoint_folder(start)
        config, state = read_network(source)
        if read_parts(in_parts(config))[::2] != (recipe.method, recipe.backbone):
            raise ConfigError(f"{start} is another method or backbone than this recipe. Start from one of the same.")
        started = sha256_of(source)
    saved = {name.removeprefix(BACKBONE): value for name, value in state.items()}
    try:
        model.load_weights(model.stored_state() | saved, start)
    except ConfigError:
        raise ConfigError(f"{start} has other sizes than this recipe. Start from a model of the same sizes.") from None
    return started


def train_run(
    recipe: Recipe,
    clips: Clips,
    folder: Path,
    *,
    judge: Judge | None = None,
    command: str = "",
    progress: Callable[[Progress], None] | None = None,
    report: Callable[[str], None] = lambda line: None,
    validate_every: int = 500,
    stop_after: int | None = None,
    start: str | Path | None = None,
    cpu: bool = False,
) -> Method:
    """Train a recipe on a set's train split and save the model in `folder`/model with training.json beside it.

    Every `validate_every` steps: figures on validation clips (into the log, `report`, and looks.jsonl) and a PNG sheet.
    A run stopped at any time goes on from its last checkpoint.

    start: a saved model (folder, shipped name or Hub id), or the folder of a run, finished or not, whose weights are
    the first ones, of the same sizes; parts that it does not have begin anew.

    Raises DataError for an empty split, a set whose frames are of another size than the model's, or a validation split
    without pairs to swap for the judge; ConfigError for a model of other sizes.
    """
    train, held = clips.part("train"), clips.part("validation")
    if judge:
        check_judge(judge, clips)
    torch.manual_seed(recipe.training.seed)
    model = recipe.build()
    size = clips.frames.shape[2]
    if len(model.backbone.element) != 3:
        raise DataError(f"{clips.name} holds pictures, and the backbone {recipe.backbone} does not read pictures.")
    if size != model.backbone.element[-1]:
        raise DataError(f"{clips.name} is {size} px and the model {model.backbone.element[-1]} px wide.")
    started = _start_from(model, recipe, start) if start else None
    trainer = Trainer(model, recipe.training, train, folder, start=started, cpu=cpu)
    if judge:
        judge = judge.to(trainer.accelerator.device)
    held_clips = held.select(_validated_pairs(held)) if trainer.pairs is not None else validated_clips(held)
    if judge and "encode" in model.abilities:
        draw_pairs(held_clips, np.random.default_rng(0))  # says now, not after the first steps, where there are none
    held_frames = as_training_tensor(held_clips)

    seen = folder / "looks.jsonl"

    def validations() -> list[dict[str, Any]]:
        return [json.loads(one) for one in seen.read_text(encoding="utf-8").splitlines()] if seen.exists() else []

    def validate(method: Method, step: int) -> dict[str, float]:
        figures = {}
        if "encode" in method.abilities:
            codes = encode_clips(method, held_frames)
            rebuilt = reconstruction_figures(method, judge, held_clips, codes)
            figures = {"psnr": rebuilt.psnr, "ssim": rebuilt.ssim}
            if judge:
                swap = swap_figures(method, judge, held_clips, codes, np.random.default_rng(0))
                figures |= {f"swap_{label}": swap.right[label] for label in held.labels}
            if trainer.pairs is not None:
                pairs = pair_figures(method, held_clips, codes)
                figures |= {"pair_psnr": pairs.psnr, "pair_motion": pairs.motion, "own_motion": pairs.own_motion}
        model_sheet(method, held_frames[:6], folder / "sheets" / f"{step:06d}.png")
        line = {"step": step, "seconds": round(trainer.seconds, 1), **{k: round(v, 4) for k, v in figures.items()}}
        head = {"what": folder.name, "command": command, "hardware": hardware(trainer.accelerator.device)}
        earlier = [one for one in validations() or [head] if one.get("step", 0) < step]  # a run that goes on redoes it
        seen.write_text("".join(json.dumps(one) + "\n" for one in [*earlier, line]), encoding="utf-8")
        report(", ".join(f"{name} {value}" for name, value in line.items()))
        return figures

    method = trainer.run(progress, validate, validate_every=validate_every, stop_after=stop_after)
    if trainer.step == recipe.training.steps and trainer.accelerator.is_main_process:
        if all(one.get("step") != trainer.step for one in validations()):  # stopped after the last step, before it
            validate(method, trainer.step)
        training = {
            "steps": trainer.step,
            "batch": recipe.training.batch,
            "processes": trainer.accelerator.num_processes,
            "seconds": round(trainer.seconds),
            "precision": trainer.precision,
            "hardware": hardware(trainer.accelerator.device),
            "runs": trainer.runs,
            "software": software(),
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "command": command,
            "data": {"name": clips.name, "clips": len(train), "sha256": trainer.identity["data"]},
            "recipe": recipe.to_dict(),
            **({"start": started} if started else {}),
        }
        method.card, method.stored_half = (
            model_card(training, method.static_dim, method.dynamics_dim, anchored="anchor" in method.abilities),
            True,
        )
        method.save_pretrained(folder / "model")
        (folder / "model" / "training.json").write_text(json.dumps(training, indent=1) + "\n", encoding="utf-8")
    return method
