"""Model cards, and their section of measured figures, from result files of the same weights."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqdisent_core.errors import DataError
from seqdisent_core.reporting.result_files import NONE, Result, guessed, number, of_group, percent, read_result, table
from seqdisent_core.weights import sha256_of

_ALL = ("both labels", "all labels")  # of two, and of more
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_MARK = re.compile(f"{_BEGIN}|{_END}")


def write_measured(checkpoint: Path, results: Sequence[Path]) -> str:
    """Write figures of `seqdisent evaluate` and `evaluate-filmed` into a checkpoint's README.md; returns the new text.

    Replaces what an earlier call wrote. Raises DataError if there is no card, or if a file is of another checkpoint or
    another command.
    """
    card = checkpoint / "README.md"
    if not card.is_file():
        raise DataError(f"{checkpoint} has no model card, README.md. Give the folder of a trained model.")
    text = with_measured(card.read_text(encoding="utf-8"), results, sha256_of(checkpoint))
    card.write_text(text, encoding="utf-8")
    return text


def with_measured(card: str, results: Sequence[Path], sha256: str) -> str:
    """The card's text with a section of figures measured on the weights with that hash (write_measured)."""
    if _MARK.findall(card) not in ([], [_BEGIN, _END]):
        raise DataError("The card's marks of where figures begin and end are no pair in this order. Restore them.")
    sections = "\n\n".join(_section(path, read_result(path), sha256) for path in results)
    before, _, rest = card.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before.rstrip()}\n\n{_BEGIN}\n## What was measured\n\n{sections}\n{_END}\n{after.lstrip()}"


def _section(path: Path, result: Result, sha256: str) -> str:
    evaluated, filmed = "metrics" in result, "measured" in result
    if not (evaluated or filmed):
        raise DataError(f"{path.name} is not of `seqdisent evaluate` or `evaluate-filmed`.")
    measured = result["model"]["checkpoint_sha256"] if evaluated else result["checkpoint_sha256"]
    if measured != sha256:
        raise DataError(f"{path.name} measured another checkpoint: {measured[:12]}, and this one is {sha256[:12]}.")
    made = _evaluated(result) if evaluated else _filmed(result)
    return f"{made}\n\nMeasured by `{result['command']}` on {result['hardware']}, {result['date'][:10]}."


def _evaluated(result: Result) -> str:
    metrics, ceiling = result["metrics"], result["judge"]["accuracy"]
    who, does = of_group(result, "static"), of_group(result, "dynamic")
    kept = metrics["generation"].get("of") != "both_sampled"
    sampled = f"sampled {who}, dynamics kept" if kept else "both factors sampled"
    named = (
        (f"swap: the static clip's {who}", "swap", "static"),
        (f"swap: the driver's {does}", "swap", "dynamic"),
        (f"reconstruction: {who}", "reconstruction", "static"),
        (f"reconstruction: {does}", "reconstruction", "dynamic"),
    )
    rows = [
        [words, percent(metrics[of][group]), guessed(result, group), percent(ceiling[group])]
        for words, of, group in named
    ]
    rows += [
        ["reconstruction: PSNR", f"{number(metrics['reconstruction']['psnr'], 2)} dB", NONE, NONE],
        ["reconstruction: SSIM", number(metrics["reconstruction"]["ssim"]), NONE, NONE],
        [f"{sampled}: {does}", percent(metrics["generation"]["acc"]), NONE, NONE],
        [f"{sampled}: inception score", number(metrics["generation"]["is"]), NONE, NONE],
    ]
    labels = _ALL[sum(map(len, result["labels"].values())) > 2]
    about = (
        f"{result['data']['clips']} clips, {result['repeats']} random pairings that differ in {labels}, by "
        f"judge `{result['judge']['sha256'][:12]}`, seed {result['seed']}."
    )
    head = [f"{result['data']['name']}, {result['data']['split']} split", "measured", "chance", "judge on real clips"]
    return f"{table(head, rows)}\n\n{about}"


def _filmed(result: Result) -> str:
    rows = [
        [
            f"{at['steps']:.0f} steps",
            *(f"{at['swaps'][key]:.0%}" for key in ("person", "expression", "both")),
            f"{at['swaps']['expression_corr']:.2f}",
        ]
        for at in result["measured"]
    ]
    head = ["videos of people, fine-tuned for", "person", "movement (r ≥ 0.7)", "both", "movement, mean r"]
    swaps = result["measured"][0]["swaps"]["films"]
    return f"{table(head, rows)}\n\n{swaps} swaps among {len(result['clips'])} videos, seed {result['seed']}."


def model_card(training: dict[str, Any], static_dim: int, dynamics_dim: int, *, anchored: bool) -> str:
    """The model card, with the front matter the Hugging Face Hub reads.

    training: what training.json says; anchored: whether Studio can use the model.
    """
    method, backbone = training["recipe"]["method"], training["recipe"]["backbone"]
    variant = f" ({method['variant']})" if "variant" in method else ""
    size = f", at {backbone['frame_size']} px" if "frame_size" in backbone else ""
    data, pair_share = training["data"], training["recipe"]["training"]["pair_share"]
    pairs = f"""
Pair term: {pair_share:.0%} of the clips were reconstructed from the dynamics of a partner who performs the same take.
The tables for the paper's measures never use such a model.
"""
    truth = """
Renderer's truth: motion to the anchor frame, visibility, shapes, head pose, gaze and lids were compared with what the
renderer knows. The weights that training began from may be those of an earlier run (`start` in training.json).
"""
    return f"""---
license: mit
library_name: seqdisent
tags: [sequential-disentanglement, video]
---
# {method["name"]} on {data["name"]}{variant}

Disentangles a sequence into a static factor (one code of {static_dim} dimensions) and dynamics ({dynamics_dim}
dimensions per frame){size}. Method: {method["name"]}; backbone: {backbone["name"]}.

Trained by `{training["command"]}`: {training["steps"]} steps on {data["clips"]} clips of {data["name"]}
in {training["seconds"] / 60:.0f} minutes on {training["hardware"]}. The full recipe is in training.json;
the figures are in the repository's results folder. Weight matrices are stored in half precision.
{pairs if pair_share else ""}{truth if training["recipe"]["training"].get("truth") else ""}
{_IN_STUDIO.format(name=data["name"]) if anchored else _ALONE}"""


_IN_STUDIO = """    from seqdisent_core.studio import Studio
    studio = Studio.from_pretrained("path/to/this/folder")

It was trained on {name} only: it reconstructs a filmed face as the nearest that it knows, until
`studio.personalise` has fine-tuned a copy to that face.
"""
_ALONE = """    from seqdisent_core.methods import Method
    model = Method.from_pretrained("path/to/this/folder")
"""
