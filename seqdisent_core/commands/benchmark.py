"""The command that fills a table of methods on a set."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqdisent_core.commands.arguments import add_json, count, count_bar, tell
from seqdisent_core.commands.training import read_recipe
from seqdisent_core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from seqdisent_core.evaluation import Row

SEEDS = 5
SERIES = {
    "physionet2012": "intensive-care stays: the ward, and death in hospital",
    "air_quality": "the air of Beijing: the month",
    "etth1": "an electricity transformer: the temperature of its oil",
}
SPEECH = {
    "speech": "who speaks and what is said, on the 60 adults of speechocean762",
    "timit": "who speaks and what is said, on TIMIT",
}


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    benchmark = commands.add_parser("benchmark", help="train and measure every method on a set; resumes at any run")
    sets = benchmark.add_subparsers(title="sets", required=True, metavar="SET")
    images = add_table(sets, "images", "methods on a set of labelled clips, such as FaceKit-52 or Sprites")
    images.add_argument("--judge", type=Path, required=True, help="folder of the judge")
    images.add_argument("--work", type=Path, required=True, help="folder for the training runs, which resume there")
    images.add_argument("--base", default="fast", help="preset or JSON recipe of DBSE for all (default: fast)")
    images.add_argument(
        "--published", action="store_true", help="each method at its published settings, as rows of their own"
    )
    images.add_argument("--cpu", action="store_true", help="train on the CPU even if there is a GPU")
    images.set_defaults(run=_images)
    comparison = commands.add_parser("comparison", help="write what the page Compare shows, from a table of methods")
    comparison.add_argument("table", type=Path, help="the result file of `seqdisent benchmark images`")
    comparison.add_argument("data", type=Path, help="the set that it was measured on")
    comparison.add_argument("out", type=Path, help="folder for models, maps and clips")
    comparison.add_argument("--work", type=Path, required=True, help="the folder of its training runs")
    add_json(comparison)
    comparison.set_defaults(run=_comparison)
    for name, what in SERIES.items():
        table = add_table(sets, name, what)
        table.add_argument("--split", help="a split of the set (default: published, with --anchors those for choices)")
        table.add_argument(
            "--anchors",
            action="store_true",
            help="instead of the methods, DBSE with its static code read from each window, without the test series",
        )
        table.set_defaults(run=_series, name=name)
    for name, what in SPEECH.items():
        table = add_table(sets, name, what)
        table.add_argument(
            "--validation", action="store_true", help="measure the validation speakers, by which settings are chosen"
        )
        table.set_defaults(run=_speech, name=name)


def _images(options: argparse.Namespace) -> None:
    from seqdisent_core.data import load_clips
    from seqdisent_core.image_tables import about_images, image_rows
    from seqdisent_core.machine import keep_freed_memory
    from seqdisent_core.training import OURS, RIVALS, equal, preset, with_steps

    keep_freed_memory()
    base = read_recipe(options.base)
    if base.method != "dbse" or base.backbone != "images":
        raise ConfigError(f"--base {options.base} is no recipe of DBSE over images. Choose fast or sprites.")
    clips = load_clips(options.data, size=base.network.frame_size)
    if options.published:
        own = "sprites_published" if clips.name == "sprites" else "published"
        recipes = {f"{method}_published": preset(f"{method}_published") for method in RIVALS}
        recipes = {"dbse_published": preset(own)} | recipes
        if options.steps:
            recipes = {name: with_steps(recipe, options.steps) for name, recipe in recipes.items()}
    else:
        base = with_steps(base, options.steps or base.training.steps)
        recipes = {"dbse": base} | {method: equal(method, base) for method in (*RIVALS, OURS)}
    rows = image_rows(recipes, clips, options.judge, options.work, command=options.command_line, cpu=options.cpu)
    fill_table(options, rows, about_images(clips, options.judge))


def _comparison(options: argparse.Namespace) -> None:
    from seqdisent_core.comparison import make_comparison
    from seqdisent_core.data import load_clips
    from seqdisent_core.weights import sha256_of

    try:
        table = json.loads(options.table.read_text(encoding="utf-8"))
        wanted = {row["runs"][0]["checkpoint_sha256"]: name for name, row in table["rows"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{options.table} is no result file of seqdisent benchmark images.") from None
    trained = {sha256_of(file.parent): file.parent for file in options.work.glob("*/model/model.safetensors")}
    models = {name: trained[sha256] for sha256, name in wanted.items() if sha256 in trained}
    clips = load_clips(options.data)
    with count_bar("comparison") as advance:
        make_comparison(
            *(table, models, clips, options.out),
            command=options.command_line,
            progress=lambda share, what: advance(share, 1, what),
        )
    tell(options, f"written to {options.out}", written={"comparison": options.out})


def add_table(sets: Any, name: str, what: str) -> argparse.ArgumentParser:
    """The arguments of one set's table; `run` is the caller's to set, and ends with `fill_table`."""
    table = sets.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    table.add_argument("data", type=Path, help="the set")
    table.add_argument("--out", type=Path, required=True, help="the result file, JSON; a table in it goes on")
    table.add_argument("--seeds", type=count, default=SEEDS, help=f"runs of each row (default: {SEEDS})")
    table.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows (default: all)")
    table.add_argument("--steps", type=count, help="steps to train each row, instead of its recipe's")
    add_json(table)
    return table


def fill_table(options: argparse.Namespace, rows: "Sequence[Row]", about: dict[str, Any]) -> None:
    """Measures the chosen rows of a table with a bar that shows the time left, and reports the figures.

    about: as of run_table. Raises ConfigError for a row that there is not.
    """
    from seqdisent_core.evaluation import run_table
    from seqdisent_core.reporting import number

    names = [row.name for row in rows]
    for name in options.rows or ():
        if name not in names:
            raise ConfigError(f"There is no row {name!r}; choose of: {', '.join(names)}.")
    chosen = [row for row in rows if row.name in (options.rows or names)]
    with count_bar("benchmark") as advance:
        table = run_table(
            *(chosen, range(options.seeds), options.out),
            command=options.command_line,
            about=about,
            progress=advance,
        )
    figures = {row.name: table["rows"][row.name]["figures"] for row in chosen}
    lines = []
    for name, row in figures.items():
        told = [f"{of} {number(value)}" for of, value in row.items() if of != "why"]
        runs = table["rows"][name]["runs"]
        minutes = sum(run["seconds"] for run in runs) / len(runs) / 60
        lines.append(f"{name}: {', '.join(told)} ({runs[-1]['steps']} steps, {minutes:.1f} minutes a run)")
    tell(options, *lines, f"written to {options.out}", written={"result": options.out}, figures=figures)


def _series(options: argparse.Namespace) -> None:
    from seqdisent_core.domains.series import PUBLISHED, SeriesSet
    from seqdisent_core.evaluation import SeriesTable, about_series, anchor_rows, series_rows
    from seqdisent_core.machine import keep_freed_memory
    from seqdisent_core.training import SIZES, anchor_recipe, series_recipes

    series = SeriesSet.load(options.data)
    if series.name != options.name:
        raise DataError(f"{options.data} holds the set {series.name}. Give {options.name}, packed.")
    sizes = SIZES[options.name]
    split = options.split or (series.choices()[0] if options.anchors else PUBLISHED)
    series.part("test", split)  # before the work
    keep_freed_memory()
    table = SeriesTable(series, sizes.window, sizes.published_anchor if options.anchors else sizes.anchor, split)
    recipes = {"dbse": anchor_recipe(options.name)} if options.anchors else series_recipes(options.name)
    if options.steps:
        recipes = {
            name: replace(recipe, training=replace(recipe.training, steps=options.steps))
            for name, recipe in recipes.items()
        }
    rows = anchor_rows(table, recipes["dbse"]) if options.anchors else series_rows(table, recipes)
    fill_table(options, rows, about_series(table))


def _speech(options: argparse.Namespace) -> None:
    from seqdisent_core.domains.speech import SpeechSet
    from seqdisent_core.evaluation import SpeechTable, about_speech, speech_rows
    from seqdisent_core.training import speech_recipes, with_steps

    speech = SpeechSet.load(options.data)
    if speech.name != options.name:
        raise DataError(f"{options.data} holds the set {speech.name}. Give {options.name}, packed.")
    table = SpeechTable(speech, "validation" if options.validation else "test")
    recipes = speech_recipes(max(len(speech.rows("train", fold)) for fold in range(speech.folds)))
    if options.steps:
        recipes = {name: with_steps(recipe, options.steps) for name, recipe in recipes.items()}
    fill_table(options, speech_rows(table, recipes), about_speech(table))
