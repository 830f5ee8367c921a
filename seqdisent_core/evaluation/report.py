"""The figures of result files as Markdown, so that no figure in a text is typed by hand."""

import json
from pathlib import Path
from typing import Any

from seqdisent_core.errors import DataError

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def figures_table(folder: Path) -> str:
    """Tables of the result files in `folder`, read by name; a file that is absent leaves its rows out.

    Raises DataError where the main result file is missing or unreadable.
    """
    result = _read(folder / "facekit52_dbse.json")
    swap, rebuilt = result["metrics"]["swap"], result["metrics"]["reconstruction"]
    ceiling, training = result["judge"]["accuracy"], result["training"]
    rows = [
        ("Swap: the static clip's person", _percent(swap["person"]), f"{result['chance']['person']:.1%}"),
        ("Swap: the driver's expression", _percent(swap["expression"]), f"{result['chance']['expression']:.1%}"),
        ("Judge on real clips: person", _percent(ceiling["person"]), f"{result['chance']['person']:.1%}"),
        ("Judge on real clips: expression", _percent(ceiling["expression"]), f"{result['chance']['expression']:.1%}"),
        ("Reconstruction: PSNR", f"{rebuilt['psnr']['mean']:.2f} dB", ""),
        ("Reconstruction: SSIM", f"{rebuilt['ssim']['mean']:.3f}", ""),
    ]
    lines = ["| FaceKit-52, test split | ours | chance |", "|---|---|---|"]
    lines += [f"| {name} | {value} | {chance} |" for name, value, chance in rows]
    lines += [
        "",
        f"{result['data']['clips']} test clips, {result['repeats']} random pairings that differ in both labels, seed "
        f"{result['seed']}, checkpoint `{result['model']['checkpoint_sha256'][:12]}`, judge "
        f"`{result['judge']['sha256'][:12]}`; trained for {training['seconds'] / 60:.0f} minutes "
        f"({training['steps']} steps) on {training['hardware']}. Measured by `{result['command']}`.",
    ]
    return "\n".join([*lines, *_benchmarks(folder)])


def _benchmarks(folder: Path) -> list[str]:
    lines: list[str] = []
    hardware = ""
    for path in sorted(folder.glob("benchmark_*.json")):
        result = _read(path)
        hardware = result["hardware"]
        for entry in result["entries"]:
            lines.append(f"| {entry['what']} | {entry['value']:.2f} {entry['unit']} | `{result['command']}` |")
    return ["", f"| Benchmark on {hardware} | measured | command |", "|---|---|---|", *lines] if lines else []


def _percent(figure: dict[str, Any]) -> str:
    spread = f" ± {100 * figure['std']:.1f}" if figure["n"] > 1 else ""
    return f"{100 * figure['mean']:.1f}{spread} %"


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"There is no result file {path}. `seqdisent evaluate` writes it.") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path} is not valid JSON (line {error.lineno}: {error.msg}).") from None


def with_figures(text: str, folder: Path) -> str:
    """A Markdown text with what stands between its two figure marks made anew. Raises DataError without the marks."""
    if BEGIN not in text or END not in text:
        raise DataError(f"The text has no place for figures: it lacks the marks {BEGIN} and {END}.")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n{figures_table(folder)}\n{END}{after}"
