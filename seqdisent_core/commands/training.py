"""The command that trains a model."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from seqdisent_core.commands.arguments import add_json, count, progress_bar, share_bar, tell, whole_number
from seqdisent_core.errors import ConfigError

if TYPE_CHECKING:
    from seqdisent_core.training import Progress, Recipe


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    train = commands.add_parser("train", help="train a model; resumes if it was stopped")
    train.add_argument(
        "config", help="a preset (published, fast, sprites, wild, film, METHOD, METHOD_published), or a JSON recipe"
    )
    train.add_argument("data", type=Path, help="a rendered set, a folder person/expression/*.mp4, or a CSV")
    train.add_argument("out", type=Path, help="folder for checkpoints, log, contact sheets and the trained model")
    train.add_argument(
        "--variant", help="full, without_loss, without_subtraction or without_both, whatever CONFIG says"
    )
    train.add_argument("--judge", type=Path, help="judge for swaps of the validation split during training")
    train.add_argument("--steps", type=count, help="steps to train, instead of the recipe's")
    train.add_argument("--seed", type=whole_number, help="seed, instead of the recipe's")
    train.add_argument(
        "--look-every",
        dest="validate_every",
        metavar="STEPS",
        type=count,
        default=500,
        help="steps between validations (default: 500)",
    )
    train.add_argument(
        "--start", help="folder of a model or a run, Hub id or name, of the same sizes, to initialise from"
    )
    train.add_argument("--cpu", action="store_true", help="train on the CPU even if there is a GPU")
    add_json(train)
    train.set_defaults(run=_train)
    series = commands.add_parser("train-series", help="train a model on a packed set of time series")
    series.add_argument("data", type=Path, help="the set, as `seqdisent pack` wrote it")
    series.add_argument("out", type=Path, help="folder for the trained model and its static codes of all series")
    series.add_argument("--window", type=count, default=24, help="steps of a window, of one's own set (default: 24)")
    series.add_argument("--steps", type=count, help="steps to train (default: 300)")
    add_json(series)
    series.set_defaults(run=_train_series)


def read_recipe(name: str) -> "Recipe":
    """A preset, or the recipe in a JSON file. Raises ConfigError where it is neither, or an unknown setting."""
    from seqdisent_core.training import PRESETS, Recipe, preset

    if name in PRESETS:
        return preset(name)
    try:
        return Recipe.from_dict(json.loads(Path(name).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{name} is neither a preset ({', '.join(PRESETS)}) nor a file.") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ConfigError(f"{name} is not a JSON file.") from None


def _recipe(options: argparse.Namespace) -> "Recipe":
    from seqdisent_core.training import with_steps

    recipe = read_recipe(options.config)
    if options.variant and "variant" not in recipe.model.to_dict():
        raise ConfigError(f"{recipe.method} has no variants. Leave --variant out.")
    if options.variant:
        recipe = replace(recipe, model=replace(recipe.model, variant=options.variant))
    if options.steps is not None:
        recipe = with_steps(recipe, options.steps)
    if options.seed is not None:
        recipe = replace(recipe, training=replace(recipe.training, seed=options.seed))
    return recipe


def _train(options: argparse.Namespace) -> None:
    from seqdisent_core.data import load_clips
    from seqdisent_core.evaluation import Judge
    from seqdisent_core.machine import keep_freed_memory
    from seqdisent_core.runs import train_run
    from seqdisent_core.training import process_state

    keep_freed_memory()
    recipe = _recipe(options)
    clips = load_clips(options.data, size=getattr(recipe.network, "frame_size", None) or 64)
    judge = Judge.from_pretrained(options.judge) if options.judge else None
    speaks = process_state(options.cpu).is_main_process  # of several processes, one
    with progress_bar(recipe.training.steps, "training", shown=speaks) as bar:

        def progress(now: "Progress") -> None:
            if not now.terms:  # a resumed run: the time left is estimated from here
                bar.initial = bar.n = bar.last_print_n = now.step
            bar.update(now.step - bar.n)
            bar.set_postfix({name: f"{value:.4g}" for name, value in now.terms.items() if name != "total"})

        train_run(
            recipe,
            clips,
            options.out,
            judge=judge,
            command=options.command_line,
            progress=progress,
            report=lambda line: tqdm.write(line, file=sys.stderr),
            validate_every=options.validate_every,
            start=options.start,
            cpu=options.cpu,
        )
    model = options.out / "model"
    if speaks:
        tell(options, f"The trained model is in {model}.", written={"model": model, "run": options.out})


def _train_series(options: argparse.Namespace) -> None:
    from seqdisent_core.domains.series import SeriesSet
    from seqdisent_core.machine import keep_freed_memory
    from seqdisent_core.series_studio import train_studio

    keep_freed_memory()
    series = SeriesSet.load(options.data)
    with share_bar("training") as advance:
        train_studio(
            series,
            options.out,
            command=options.command_line,
            window=options.window,
            steps=options.steps,
            progress=advance,
        )
    tell(options, f"The model and its static codes are in {options.out}.", written={"model": options.out})
