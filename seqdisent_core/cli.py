"""The command `seqdisent`: what the pages do, and the training behind it, from a terminal."""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from seqdisent_core import __version__
from seqdisent_core.errors import ConfigError, SeqdisentError

if TYPE_CHECKING:
    from seqdisent_core.presets import Recipe
    from seqdisent_core.training import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it is done, 1 with one line on standard error when it cannot be, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    options.command_line = shlex.join(["seqdisent", *(sys.argv[1:] if arguments is None else arguments)])
    try:
        options.run(options)
    except SeqdisentError as error:
        print(f"seqdisent: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"seqdisent: {error.filename or 'a file'}: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("seqdisent: stopped", file=sys.stderr)
        return 130
    return 0


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="seqdisent", description="Who a face is and what it does, pulled apart.")
    parser.add_argument("--version", action="version", version=f"seqdisent {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    swap = commands.add_parser("swap", help="two face clips in, two swapped clips out")
    swap.add_argument("first", type=Path, help="a film of a face")
    swap.add_argument("second", type=Path, help="another one")
    swap.add_argument("--out", type=Path, default=Path("swapped"), help="folder for the results (default: swapped)")
    swap.add_argument("--model", help="checkpoint folder or Hugging Face id (default: the one shipped)")
    swap.add_argument("--device", help="cpu, cuda or mps (default: the best there is)")
    swap.add_argument("--json", action="store_true", help="print the results as JSON")
    swap.set_defaults(run=_swap)

    render = commands.add_parser("render", help="draw a set of labelled face clips")
    render.add_argument("set", choices=["facekit52"], help="which set")
    render.add_argument("out", type=Path, help="folder for the set; a run that was stopped goes on")
    render.add_argument(
        "--source", type=Path, required=True, help="ict_facekit.npz, or ICT-FaceKit's FaceXModel folder"
    )
    render.add_argument("--takes", type=_count, default=12, help="clips of each person and expression (default: 12)")
    render.add_argument("--frames", type=_count, default=15, help="frames of a clip (default: 15)")
    render.add_argument("--size", type=int, default=64, help="pixels a side (default: 64)")
    render.add_argument("--seed", type=int, default=0)
    render.set_defaults(run=_render)

    judge = commands.add_parser("judge", help="train the judge of persons and expressions on a set's train split")
    judge.add_argument("data", type=Path, help="a rendered set, a folder person/expression/*.mp4, or a CSV")
    judge.add_argument("out", type=Path, help="folder for the judge")
    judge.add_argument("--steps", type=_count, default=1200)
    judge.add_argument("--size", type=int, default=64, help="pixels a side (default: 64)")
    judge.add_argument("--seed", type=int, default=0)
    judge.set_defaults(run=_judge)

    train = commands.add_parser("train", help="train a model; a run that was stopped goes on")
    train.add_argument("config", help="a preset (published, fast) or a JSON file with the parts model and training")
    train.add_argument("data", type=Path, help="a rendered set, a folder person/expression/*.mp4, or a CSV")
    train.add_argument("out", type=Path, help="folder for checkpoints, log, sheets and the trained model")
    train.add_argument(
        "--variant", help="full, without_loss, without_subtraction or without_both, whatever CONFIG says"
    )
    train.add_argument("--judge", type=Path, help="judge that reads swaps of the validation split as training goes")
    train.add_argument("--steps", type=_count, help="steps to train, instead of the recipe's")
    train.add_argument("--seed", type=int, help="seed, instead of the recipe's")
    train.add_argument("--look-every", type=_count, default=500, help="steps between sheets and figures (default: 500)")
    train.add_argument("--cpu", action="store_true", help="train on the CPU where there is a GPU, too")
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="measure a checkpoint on a set's test split")
    evaluate.add_argument("checkpoint", help="folder or Hugging Face id")
    evaluate.add_argument("--data", type=Path, required=True, help="the set it was trained on")
    evaluate.add_argument("--judge", type=Path, required=True, help="folder of the judge")
    evaluate.add_argument("--out", type=Path, required=True, help="the result file, JSON")
    evaluate.add_argument("--device", help="cpu, cuda or mps (default: the best there is)")
    evaluate.add_argument("--seed", type=int, default=0)
    evaluate.set_defaults(run=_evaluate)

    report = commands.add_parser("report", help="put the figures of result files into a Markdown text")
    report.add_argument("text", type=Path, help="the file, with two marks for the place of the figures")
    report.add_argument("--results", type=Path, default=Path("results"), help="folder of result files")
    report.set_defaults(run=_report)
    return parser


def _bar(total: int, what: str) -> Any:
    return tqdm(total=total, desc=what, dynamic_ncols=True, file=sys.stderr)


def _swap(options: argparse.Namespace) -> None:
    from seqdisent_core.studio import Studio, save_swap

    with tqdm(total=100, desc="loading", bar_format="{desc:<28}{bar}{percentage:3.0f}%", file=sys.stderr) as bar:

        def advance(share: float, what: str) -> None:
            bar.set_description_str(what)
            bar.update(round(100 * share) - bar.n)

        studio = Studio.from_pretrained(options.model, device=options.device)
        first = studio.read_face(options.first, progress=lambda s: advance(0.4 * s, "reading the first face"))
        second = studio.read_face(options.second, progress=lambda s: advance(0.4 + 0.4 * s, "reading the second face"))
        advance(0.8, "swapping")
        swap = studio.swap(first, second)
        advance(0.9, "writing the films")
        files = save_swap(swap, options.out, first, second)
        advance(1.0, "done")
    notes = [f"{clip.source.name}: {note}" for clip in (first, second) for note in clip.notes]
    if options.json:
        print(json.dumps({**{k: str(v) for k, v in vars(files).items()}, "notes": notes, "device": studio.device}))
        return
    for note in notes:
        print(note)
    print(f"{files.first}: the face of {options.first.name} doing what {options.second.name} does")
    print(f"{files.second}: the face of {options.second.name} doing what {options.first.name} does")


def _render(options: argparse.Namespace) -> None:
    try:
        from seqdisent_core.facekit.render import render_facekit52
    except ModuleNotFoundError as error:
        raise ConfigError(f"Drawing needs the package {error.name}: python -m pip install '.[render]'") from None

    with _bar(1, "drawing") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        render_facekit52(
            options.out,
            options.source,
            size=options.size,
            frames=options.frames,
            takes=options.takes,
            seed=options.seed,
            progress=progress,
        )


def _judge(options: argparse.Namespace) -> None:
    from seqdisent_core.clips import load_clips
    from seqdisent_core.evaluation.judge import accuracy, read_clips, train_judge
    from seqdisent_core.training import as_training_tensor

    clips = load_clips(options.data, size=options.size)
    held = clips.part("validation")  # before the work: a set without one is refused at once
    with _bar(options.steps, "training the judge") as bar:
        judge = train_judge(
            clips, steps=options.steps, seed=options.seed, progress=lambda done, _: bar.update(done - bar.n)
        )
    logits = read_clips(judge, as_training_tensor(held))
    person, expression = accuracy(logits.person, held.person), accuracy(logits.expression, held.expression)
    train = clips.part("train")
    card = JUDGE_CARD.format(
        name=clips.name, command=options.command_line, clips=len(train), sha256=train.sha256(), seed=options.seed
    )
    judge.save(options.out, card)
    print(f"validation: person {person:.1%}, expression {expression:.1%}; saved in {options.out}")


JUDGE_CARD = """# Judge of {name}

Tells the persons and expressions of {name} apart; trained on its train split alone with

    {command}

({clips} clips, sha256 of frames and labels {sha256}, seed {seed}).
It measures decoded clips and has never seen one. It knows no one outside that set. MIT licence.
"""


def _recipe(options: argparse.Namespace) -> "Recipe":
    from seqdisent_core.presets import PRESETS, Recipe, preset

    if options.config in PRESETS:
        recipe = preset(options.config)
    else:
        try:
            recipe = Recipe.from_dict(json.loads(Path(options.config).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise ConfigError(f"{options.config} is neither a preset ({', '.join(PRESETS)}) nor a file.") from None
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise ConfigError(f"{options.config} is not a JSON file.") from None
    if options.variant:
        recipe = replace(recipe, model=replace(recipe.model, variant=options.variant))
    changes = {name: getattr(options, name) for name in ("steps", "seed") if getattr(options, name) is not None}
    return replace(recipe, training=replace(recipe.training, **changes))


def _train(options: argparse.Namespace) -> None:
    from seqdisent_core.clips import load_clips
    from seqdisent_core.evaluation.judge import Judge
    from seqdisent_core.runs import train_run

    recipe = _recipe(options)
    clips = load_clips(options.data, size=recipe.model.frame_size)
    judge = Judge.from_pretrained(options.judge) if options.judge else None
    with _bar(recipe.training.steps, "training") as bar:

        def progress(now: "Progress") -> None:
            if not now.terms:  # a run that goes on: the time left is reckoned from here
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
            look_every=options.look_every,
            cpu=options.cpu,
        )
    print(f"The trained model is in {options.out / 'model'}.")


def _evaluate(options: argparse.Namespace) -> None:
    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.clips import load_clips
    from seqdisent_core.evaluation.judge import Judge
    from seqdisent_core.evaluation.results import evaluate, write_result
    from seqdisent_core.runs import read_training
    from seqdisent_core.studio import Studio

    checkpoint = checkpoint_folder(options.checkpoint)
    training = read_training(checkpoint)
    model = Studio.from_pretrained(checkpoint, device=options.device).method
    result = evaluate(
        model,
        Judge.from_pretrained(options.judge).to(model.device),
        load_clips(options.data, size=model.frame_size),
        command=options.command_line,
        checkpoint=checkpoint,
        judge_folder=options.judge,
        training=training,
        seed=options.seed,
        progress=lambda stage: tqdm.write(stage, file=sys.stderr),
    )
    write_result(result, options.out)
    metrics = result["metrics"]
    print(
        f"swap: person {metrics['swap']['person']['mean']:.1%}, "
        f"expression {metrics['swap']['expression']['mean']:.1%}; "
        f"reconstruction: {metrics['reconstruction']['psnr']['mean']:.2f} dB; written to {options.out}"
    )


def _report(options: argparse.Namespace) -> None:
    from seqdisent_core.evaluation.report import with_figures

    text = options.text.read_text(encoding="utf-8")
    options.text.write_text(with_figures(text, options.results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
