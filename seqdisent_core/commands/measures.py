"""Commands that measure, and put figures into texts."""

import argparse
from pathlib import Path
from typing import Any

from seqdisent_core.commands.arguments import progress_bar


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    evaluate = commands.add_parser("evaluate", help="measure a checkpoint on a set's test split")
    evaluate.add_argument("checkpoint", help="folder or Hugging Face id")
    evaluate.add_argument("--data", type=Path, required=True, help="the set it was trained on")
    evaluate.add_argument("--judge", type=Path, required=True, help="folder of the judge")
    evaluate.add_argument("--out", type=Path, required=True, help="the result file, JSON; a PNG sheet goes beside it")
    evaluate.add_argument("--device", help="cpu, cuda or mps (default: the best there is)")
    evaluate.add_argument("--seed", type=int, default=0)
    evaluate.set_defaults(run=_evaluate)

    report = commands.add_parser("report", help="put the figures of result files into a Markdown text")
    report.add_argument("text", type=Path, help="the file, with two marks for the place of the figures")
    report.add_argument("--results", type=Path, default=Path("results"), help="folder of result files")
    report.set_defaults(run=_report)


def _evaluate(options: argparse.Namespace) -> None:
    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.clips import load_clips
    from seqdisent_core.evaluation.judge import Judge
    from seqdisent_core.evaluation.report import summary
    from seqdisent_core.evaluation.results import evaluate, write_result
    from seqdisent_core.evaluation.sheet import result_sheet
    from seqdisent_core.runs import read_training
    from seqdisent_core.studio import Studio
    from seqdisent_core.training import keep_freed_memory

    keep_freed_memory()
    checkpoint = checkpoint_folder(options.checkpoint)
    training = read_training(checkpoint)
    model = Studio.from_pretrained(checkpoint, device=options.device).method
    clips = load_clips(options.data, size=model.frame_size)
    with progress_bar(1, "measuring") as bar:

        def progress(done: int, total: int, what: str) -> None:
            bar.total = total
            bar.set_description(what)
            bar.update(done - bar.n)

        result = evaluate(
            model,
            Judge.from_pretrained(options.judge).to(model.device),
            clips,
            command=options.command_line,
            checkpoint=checkpoint,
            judge_folder=options.judge,
            training=training,
            seed=options.seed,
            progress=progress,
        )
    write_result(result, options.out)
    sheet = options.out.with_suffix(".png")
    result_sheet(model, clips.part("test"), sheet)
    for line in summary(result):
        print(line)
    print(f"written to {options.out} and {sheet}")


def _report(options: argparse.Namespace) -> None:
    from seqdisent_core.evaluation.report import with_figures

    text = options.text.read_text(encoding="utf-8")
    options.text.write_text(with_figures(text, options.results), encoding="utf-8")
