"""Tables of the benchmarks of speech, and the published one, which is a table of its own."""

import json
from pathlib import Path
from typing import Any

from seqdisent_core.reporting.published import PUBLISHED
from seqdisent_core.reporting.result_files import NONE, Result, percent, read_result, table, tables_of

_SETS = {"speech": "speechocean762, 60 adults", "timit": "TIMIT"}
_FIGURES = ("static_eer", "dynamic_eer", "gap")
_HEADS = ("static EER ↓", "dynamic EER ↑", "gap ↑")
_ANTI = 0.5  # above it recordings of different speakers are the more alike
_MARK = " (!)"


def speech_tables(folder: Path) -> str:
    """A table for each set with a result file in the folder: every row's figures, budget and runs."""
    return tables_of(folder, _SETS, _set_table)


def _set_table(title: str, result: Result) -> str:
    rows = [
        [name, *(_shown(figure, row["figures"][figure]) for figure in _FIGURES), *_budget(row["runs"])]
        for name, row in result["rows"].items()
        if row["runs"]
    ]
    return "\n\n".join([table([title, *_HEADS, "steps, time a run", "runs"], rows), _said(result)])


def _said(result: Result) -> str:
    protocol, speakers = result["protocol"], result["protocol"]["speakers"]
    folds = f"{protocol['folds']} fold{'s' * (protocol['folds'] > 1)}"
    said = (
        f"{speakers['train']} speakers for training, {speakers['validation']} for choices, {speakers['test']} for the "
        f"test, in {folds}; {result['hardware']}; `{result['command']}`."
    )
    flagged = any(_anti(row["figures"][of]) for row in result["rows"].values() if row["runs"] for of in _FIGURES[:2])
    return said + (f"{_MARK}: above 50 %, recordings of different speakers are the more alike." if flagged else "")


def _anti(figure: dict[str, Any] | None) -> bool:
    return figure is not None and figure["mean"] > _ANTI


def _shown(name: str, figure: dict[str, Any] | None) -> str:
    return percent(figure) + (_MARK if name != "gap" and _anti(figure) else "")


def _budget(runs: list[dict[str, Any]]) -> list[str]:
    seconds = sum(run["seconds"] for run in runs) / len(runs)
    return [f"{runs[0]['steps']}, {seconds:.0f} s" if runs[0]["steps"] else NONE, f"{len(runs)}"]


def published_speech_table() -> str:
    """The published error rates, which share no column with ours."""
    rows = [
        [row["method"], *(f"{row[name]:.2f} %" for name in _FIGURES)]
        for row in json.loads(PUBLISHED.read_text(encoding="utf-8"))["speech"]
    ]
    return table(["published (the poster), TIMIT", *_HEADS], rows)


def voice_swaps_table(folder: Path) -> str:
    """What swaps of voices keep of the words and take over of the voice, beside what needs no model."""
    result = read_result(folder / "voice_swaps.json")
    rows = [
        [name, f"{row['envelope_correlation']:.2f}", f"{row['nearer_to_voice']:.0%}", f"{row['taken_for_voice']:.0%}"]
        for name, row in result["rows"].items()
    ]
    heads = [
        "heard",
        "correlation with the driver ↑",
        "nearer to the voice than to the driver ↑",
        "taken for the voice ↑",
    ]
    said = (
        f"{result['pairs']} pairs of recordings of {result['speakers']} speakers who are new to the model. The judge "
        f"is right for {result['judge']:.1%} of the real recordings, which it has not heard; chance is "
        f"{1 / result['speakers']:.0%}. Checkpoint `{result['checkpoint_sha256'][:12]}`; "
        f"{result['hardware']}; `{result['command']}`."
    )
    return "\n\n".join([table(heads, rows), said])
