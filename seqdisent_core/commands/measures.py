"""Commands that measure, and put figures into texts."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
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
