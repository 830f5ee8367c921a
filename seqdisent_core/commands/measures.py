"""Commands that measure, and write figures into texts."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqdisent_core.commands.arguments import add_device, add_json, add_seed, count_bar, tell, whole_number
from seqdisent_core.errors import ConfigError


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    evaluate = commands.add_parser("evaluate", help="measure a checkpoint on a set's test split")
    evaluate.add_argument("checkpoint", help="folder or Hugging Face id")
    evaluate.add_argument("--data", type=Path, required=True, help="the set it was trained on")
    evaluate.add_argument("--judge", type=Path, required=True, help="folder of the judge")
    evaluate.add_argument(
        "--out", type=Path, required=True, help="the result file, JSON; a contact sheet goes beside it"
    )
    evaluate.add_argument("--note", default="", help="how the model differs from others of its variant, for tables")
    add_device(evaluate)
    add_seed(evaluate)
    add_json(evaluate)
    evaluate.set_defaults(run=_evaluate)

    filmed = commands.add_parser("evaluate-filmed", help="measure swaps of filmed people, with third-party networks")
    filmed.add_argument("folder", type=Path, help="videos with one visible face; every ordered pair is swapped")
    filmed.add_argument("--checkpoint", default="wild", help="folder, Hugging Face id or name (default: wild)")
    filmed.add_argument("--films", type=Path, required=True, help="folder for the generated videos and a contact sheet")
    filmed.add_argument("--judge-python", type=Path, help="a Python interpreter with the judge's packages")
    filmed.add_argument("--models", type=Path, help="folder of dlib's .dat files")
    filmed.add_argument("--out", type=Path, help="the result file, JSON (without a judge, videos are only generated)")
    filmed.add_argument("--made", action="store_true", help="judge the videos that an earlier call generated")
    filmed.add_argument("--steps", type=whole_number, nargs="+", help="of personalising (default: 75)")
    filmed.add_argument(
        "--tuning", type=json.loads, default={}, help="settings of personalising, JSON, for experiments"
    )
    filmed.add_argument("--note", default="", help="what differs in this experiment, for the table")
    filmed.add_argument("--own-pixels", action="store_true", help="show the decoded pixels, not the warped video")
    add_device(filmed)
    add_seed(filmed)
    add_json(filmed)
    filmed.set_defaults(run=_evaluate_filmed)

    pairs = commands.add_parser("evaluate-pairs", help="compare swaps of new persons with the true result")
    pairs.add_argument("checkpoint", nargs="+", help="folders or Hugging Face ids; those of one method are its seeds")
    pairs.add_argument("--data", type=Path, required=True, help="a set of `seqdisent render pairs`")
    pairs.add_argument("--judge", type=Path, required=True, help="folder of a judge of faces, for the identity")
    pairs.add_argument("--out", type=Path, required=True, help="the result file, JSON")
    add_device(pairs)
    add_json(pairs)
    pairs.set_defaults(run=_evaluate_pairs)

    report = commands.add_parser("report", help="insert the figures of result files into a Markdown file")
    report.add_argument("text", type=Path, help="the file, with marks where the figures belong")
    report.add_argument("--results", type=Path, default=Path("results"), help="folder of result files")
    report.add_argument("--charts", type=Path, help="an HTML file to plot them in as well")
    add_json(report)
    report.set_defaults(run=_report)

    card = commands.add_parser("card", help="insert measured figures into a checkpoint's model card")
    card.add_argument("checkpoint", type=Path, help="folder of the model")
    card.add_argument("results", type=Path, nargs="+", help="result files of evaluate and evaluate-filmed")
    add_json(card)
    card.set_defaults(run=_card)


def _evaluate(options: argparse.Namespace) -> None:
    from seqdisent_core.checkpoints import checkpoint_folder, read_training
    from seqdisent_core.data import load_clips
    from seqdisent_core.evaluation import TRUSTED, Judge, evaluate, result_sheet
    from seqdisent_core.machine import keep_freed_memory, place
    from seqdisent_core.methods import Method
    from seqdisent_core.reporting import summary, write_result

    if options.out.suffix == ".png":
        raise ConfigError(f"{options.out} would be overwritten by the contact sheet. Give it another suffix.")
    keep_freed_memory()
    checkpoint, judge_folder = checkpoint_folder(options.checkpoint), checkpoint_folder(options.judge)
    training = read_training(checkpoint)
    model = place(Method.from_pretrained(checkpoint), options.device)
    clips = load_clips(options.data, size=model.backbone.element[-1])
    with count_bar("measuring") as advance:
        result = evaluate(
            model,
            Judge.from_pretrained(judge_folder).to(model.device),
            clips,
            command=options.command_line,
            checkpoint=checkpoint,
            judge_folder=judge_folder,
            training=training,
            note=options.note,
            seed=options.seed,
            progress=advance,
        )
    write_result(result, options.out)
    ceiling, notes = result["judge"]["accuracy"], []
    if not result["judge"]["trusted"]:
        shares = " and ".join(f"{ceiling[label]['mean']:.1%} of the {label}s" for label in clips.labels)
        notes.append(
            f"This judge classifies {shares} in real test clips correctly. Below {TRUSTED:.0%} it judges nothing: "
            "train a better one."
        )
    if result["data"]["trained_on_its_train_split"] is False:
        notes.append(
            f"This model was trained on other clips than the train split of {clips.name}: it may have seen the test "
            "clips, and the figures may be too good."
        )
    sheet = options.out.with_suffix(".png")
    result_sheet(model, clips.part("test"), sheet)
    tell(
        options,
        *summary(result),
        f"written to {options.out} and {sheet}",
        written={"result": options.out, "sheet": sheet},
        figures=result["metrics"],
        notes=notes,
    )


def _evaluate_pairs(options: argparse.Namespace) -> None:
    from datetime import UTC, datetime

    from tqdm import tqdm

    from seqdisent_core.checkpoints import checkpoint_folder, read_training
    from seqdisent_core.evaluation import Judge, TruePairs, swap_truth, truth_floors
    from seqdisent_core.machine import hardware, keep_freed_memory, place, software
    from seqdisent_core.methods import Method
    from seqdisent_core.reporting import number, write_result
    from seqdisent_core.weights import sha256_of

    keep_freed_memory()
    judge_folder = checkpoint_folder(options.judge)
    folders = [checkpoint_folder(name) for name in options.checkpoint]
    judge = place(Judge.from_pretrained(judge_folder), options.device)
    pairs = TruePairs.read(options.data, judge)
    runs = []
    for folder in tqdm(folders, desc="swapping", unit="model"):
        model = place(Method.from_pretrained(folder), options.device)
        measured = swap_truth(model, pairs)
        told = {"method": model.name, "checkpoint_sha256": sha256_of(folder), "training": read_training(folder)}
        runs.append({**told, **measured})
    floors = truth_floors(pairs)
    figures = {"truth_of_swaps": runs, "floors": floors}
    result = {
        "command": options.command_line,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": hardware(next(judge.parameters()).device),
        "software": software(),
        "judge_sha256": sha256_of(judge_folder),
        "pairs": json.loads((options.data / "set.json").read_text(encoding="utf-8")),
        "swaps": len(pairs.true),
        **figures,
    }
    write_result(result, options.out)
    rows = [(run["method"], run["swap"]) for run in runs] + list(floors.items())
    lines = [f"{name}: {', '.join(f'{of} {number(value)}' for of, value in row.items())}" for name, row in rows]
    tell(options, *lines, f"written to {options.out}", written={"result": options.out}, figures=figures)


def _evaluate_filmed(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from seqdisent_core.evaluation import JudgePython, judge_films, read_made, worst_sheet
    from seqdisent_core.reporting import write_result
    from seqdisent_core.weights import sha256_of_files

    judging = (options.judge_python, options.models, options.out)
    if any(judging) != all(judging) or (options.made and not all(judging)):
        raise ConfigError("To judge videos, give all three of --judge-python, --models and --out.")
    told = (options.checkpoint, options.steps, options.tuning, options.note, options.own_pixels, options.seed)
    if options.made and told != ("wild", None, {}, "", False, 0):
        raise ConfigError(
            "With --made no videos are generated: leave out --checkpoint, --steps, --tuning, --note, --own-pixels "
            "and --seed."
        )
    measured: list[dict[str, Any]] = []
    with tqdm(total=0, bar_format="{desc}", leave=False) as line:
        if options.out:
            line.set_description_str("checking the judge")
            judge = JudgePython(options.judge_python, options.models)
            judge.judge([])  # before an hour of films is made for it
        if not options.made:
            _make_films(options, line.set_description_str)
        made, facts = read_made(options.films)
        for steps, films in made.items() if options.out else ():
            line.set_description_str(f"judging, {steps} steps")
            found = {"steps": steps, "detail": facts["detail"], **judge_films(films, judge)}
            measured.append(found)
            if films.selves:
                ours = [row["ours"] for row in found["self"]["rows"]]
                worst_sheet(ours, films.selves, options.films / f"{steps}_worst.png")
            said = f"{steps} steps: swaps {found['swaps']}, reconstructions {found['reconstructions']}"
            tqdm.write(said, file=sys.stderr)
    notes = [f"{name} was left out: {why}" for name, why in facts["left_out"].items()]
    if not options.out:
        tell(options, f"The videos are in {options.films}.", written={"films": options.films}, notes=notes)
        return
    commands = [facts["command"], options.command_line] if options.made else [options.command_line]
    result = {
        **{name: value for name, value in facts.items() if name != "detail"},
        "command": " && ".join(commands),
        "judge_sha256": sha256_of_files(options.models.glob("*.dat")),
        "measured": measured,
    }
    write_result(result, options.out)
    tell(
        options,
        f"written to {options.out}",
        written={"result": options.out, "films": options.films},
        figures={f"{at['steps']}": {"swaps": at["swaps"], "rebuilt": at["reconstructions"]} for at in measured},
        notes=notes,
    )


def _make_films(options: argparse.Namespace, progress: Callable[[str], None]) -> None:
    """Generates every swap of the folder's clips, and a file that describes them."""
    from datetime import UTC, datetime

    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.evaluation import MADE, filmed_sheet, read_folder, reenact_themselves, swap_pairs, write_made
    from seqdisent_core.machine import hardware, keep_freed_memory
    from seqdisent_core.reenactment import STEPS, Tuning
    from seqdisent_core.studio import Studio
    from seqdisent_core.weights import sha256_of, sha256_of_files

    keep_freed_memory()
    tuning = Tuning.from_dict(options.tuning)
    checkpoint = checkpoint_folder(options.checkpoint)
    studio = Studio.from_pretrained(checkpoint, device=options.device)
    subjects, left_out = read_folder(options.folder, studio.read_face, progress)
    (options.films / MADE).unlink(missing_ok=True)  # of films that are now written over
    made = swap_pairs(
        studio.method,
        subjects,
        options.films,
        steps=options.steps or [STEPS],
        tuning=tuning,
        detail=not options.own_pixels,
        seed=options.seed,
        head=studio.head,
        progress=progress,
    )
    themselves = reenact_themselves(
        studio.method,
        subjects,
        studio.with_neutral_anchor,
        options.films,
        steps=options.steps or [STEPS],
        tuning=tuning,
        seed=options.seed,
        progress=progress,
    )
    for steps, films in themselves.items():
        made[steps].selves.extend(films)
    for steps in made:
        filmed_sheet(subjects, options.films / f"{steps}", options.films / f"{steps}.png")
    facts = {
        "command": options.command_line,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "note": options.note,
        "seed": options.seed,
        "hardware": hardware(studio.method.device),
        "checkpoint_sha256": sha256_of(checkpoint),
        "tuning": tuning.to_dict(),
        "detail": not options.own_pixels,
        "clips": [one.clip.source.stem for one in subjects],
        "clips_sha256": sha256_of_files(one.clip.source for one in subjects),
        "left_out": left_out,
    }
    write_made(made, facts, options.films)


def _report(options: argparse.Namespace) -> None:
    from seqdisent_core.reporting import with_figures, write_charts

    text = options.text.read_text(encoding="utf-8")
    options.text.write_text(with_figures(text, options.results), encoding="utf-8")
    said, written = [f"The figures in {options.text} are those of {options.results}."], {"text": options.text}
    if options.charts:
        write_charts(options.results, options.charts)
        said.append(f"They are plotted in {options.charts}.")
        written["charts"] = options.charts
    tell(options, *said, written=written)


def _card(options: argparse.Namespace) -> None:
    from seqdisent_core.reporting import write_measured

    write_measured(options.checkpoint, options.results)
    card = options.checkpoint / "README.md"
    tell(options, f"The figures are in {card}.", written={"card": card})
