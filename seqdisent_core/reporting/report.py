"""Inserts the figures of result files into texts, so that no figure in a text is typed by hand."""

from collections.abc import Callable
from pathlib import Path

from seqdisent_core.errors import DataError
from seqdisent_core.reporting import filmed_tables, tables
from seqdisent_core.reporting.published import published_tables
from seqdisent_core.reporting.result_files import Result, guessed, number, percent, read_result
from seqdisent_core.reporting.rival_tables import rivals_table, truth_table
from seqdisent_core.reporting.robustness_table import robustness_table
from seqdisent_core.reporting.series_tables import anchors_table, published_series_table, series_tables
from seqdisent_core.reporting.serving_table import cluster_table, serving_table
from seqdisent_core.reporting.speech_tables import published_speech_table, speech_tables, voice_swaps_table
from seqdisent_core.reporting.speed_tables import load_table, profile_table, seconds, speed_table, times


def figures_table(folder: Path) -> str:
    """The short table of the README: swaps, generation, leakage and reconstruction of the main result files.

    Raises DataError if one of them is missing or unreadable.
    """
    result, films = read_result(folder / "facekit52_dbse.json"), read_result(folder / "filmed.json")
    without = read_result(folder / "facekit52_dbse_without_subtraction.json")["metrics"]["leakage_latent"]
    metrics, ceiling, training = result["metrics"], result["judge"]["accuracy"], result["training"]
    swap, made, leak = metrics["swap"], metrics["generation"], metrics["leakage_latent"]
    rebuilt, both = metrics["reconstruction"], films["measured"][0]["swaps"]["both"]
    person, expression = guessed(result, "static"), guessed(result, "dynamic")
    rows = [
        ("Swap: the static clip's person", percent(swap["static"]), person),
        ("Swap: the driver's expression", percent(swap["dynamic"]), expression),
        ("Generation: accuracy of the kept expression", percent(made["acc"]), expression),
        ("Generation: inception score (at most 6)", number(made["is"]), "1.000"),
        ("Leakage: person predicted from the dynamics codes", percent(leak["dynamics"]["static_acc"]), person),
        ("Leakage: the same without the subtraction", percent(without["dynamics"]["static_acc"]), person),
        ("Leakage: expression predicted from the static code", percent(leak["static"]["dynamic_acc"]), expression),
        ("Judge on real clips: person", percent(ceiling["static"]), person),
        ("Judge on real clips: expression", percent(ceiling["dynamic"]), expression),
        ("Reconstruction: PSNR", f"{number(rebuilt['psnr'], 2)} dB", ""),
        ("Reconstruction: SSIM", number(rebuilt["ssim"]), ""),
    ]
    lines = ["| FaceKit-52, test split | ours | chance |", "|---|---|---|"]
    lines += [f"| {name} | {value} | {chance} |" for name, value, chance in rows]
    lines += [
        "",
        f"{result['data']['clips']} test clips, {result['repeats']} random pairings that differ in both labels, seed "
        f"{result['seed']}, checkpoint `{result['model']['checkpoint_sha256'][:12]}`, judge "
        f"`{result['judge']['sha256'][:12]}`; trained for {training['seconds'] / 60:.0f} minutes "
        f"({training['steps']} steps) on {training['hardware']}. Measured by `{result['command']}`.",
        "",
        f"Filmed people: in {both:.0%} of the swaps of {len(films['clips'])} videos with one another, two outside "
        "networks recognise the person and the movement; they do not judge how real it looks.",
    ]
    return "\n".join(lines)


def waits_table(folder: Path) -> str:
    """What every benchmark measured, a row an entry."""
    rows = [
        f"| {entry['what']} | {_measured(entry)} | {result['hardware']} | `{result['command']}` |"
        for result in map(read_result, sorted(folder.glob("benchmark_*.json")))
        for entry in result["entries"]
    ]
    return "\n".join(["| benchmark | value | hardware | command |", "|---|---|---|---|", *rows])


def _measured(entry: Result) -> str:
    """A benchmark's figure, with the steps of a training run, or beside the published network's."""
    steps = f", {entry['steps']:,} steps" if "steps" in entry else ""
    ratio = f", {times(entry, 'published')} as fast as the published network" if "published" in entry else ""
    figure = seconds(entry["value"]) if entry["unit"] == "s" else f"{entry['value']:.2f} {entry['unit']}"
    return figure + steps + ratio


PLACES: dict[str, Callable[[Path], str]] = {
    "figures": figures_table,
    "waits": waits_table,
    "generation": tables.generation_table,
    "leakage": tables.leakage_tables,
    "swap": tables.swap_table,
    "likeness": tables.likeness_table,
    "codes": tables.codes_table,
    "made": tables.made_table,
    "looks": tables.looks_table,
    "filmed": filmed_tables.filmed_table,
    "filmed_pairs": filmed_tables.filmed_pairs_table,
    "filmed_self": filmed_tables.filmed_self_table,
    "filmed_looks": filmed_tables.filmed_looks_table,
    "filmed_made": filmed_tables.filmed_made_table,
    "rivals": rivals_table,
    "truth": truth_table,
    "published": lambda folder: published_tables(),
    "series": series_tables,
    "series_anchors": anchors_table,
    "series_published": lambda folder: published_series_table(),
    "speech": speech_tables,
    "speech_published": lambda folder: published_speech_table(),
    "voice_swaps": voice_swaps_table,
    "speed": speed_table,
    "profile": profile_table,
    "robustness": robustness_table,
    "load": load_table,
    "serving": serving_table,
    "cluster": cluster_table,
}


def with_figures(text: str, folder: Path) -> str:
    """A Markdown text with every block of figures regenerated from the result files in `folder`.

    A block is between the marks `<!-- NAME: begin -->` and `<!-- NAME: end -->`, NAME one of PLACES. Raises DataError
    if there is none, or no result file.
    """
    if not any(folder.glob("*.json")):  # or tables that may lack a file would be emptied
        raise DataError(f"There is no result file in {folder}. Name the folder of result files with --results.")
    names = [
        name
        for name in PLACES
        if f"<!-- {name}: end -->" in text.partition(f"<!-- {name}: begin -->")[2]  # after it
    ]
    if not names:
        raise DataError("The text has no place for figures: it lacks marks like <!-- figures: begin --> and its end.")
    for name in names:
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        made = f"{begin}\n{PLACES[name](folder)}\n{end}"
        before, rest = text.split(begin, 1)
        text = before + made + rest.split(end, 1)[1]
    return text


def summary(result: Result) -> list[str]:
    """A result's main figures in a few lines, for a terminal."""
    metrics = result["metrics"]
    swap, rebuilt, scores = metrics["swap"], metrics["reconstruction"], metrics["generation"]
    lines = [
        f"swap: {', '.join(f'{label} {percent(swap[label])}' for of in result['labels'].values() for label in of)}",
        f"reconstruction: {number(rebuilt['psnr'], 2)} dB",
        f"generation: acc {percent(scores['acc'])}, IS {number(scores['is'])}, "
        f"H(y|x) {number(scores['h_y_given_x'], 4)}",
    ]
    for name in ("leakage_generation", "leakage_latent", "leakage_strongest"):
        if name not in metrics:  # in files of before
            continue
        gaps = [f"{kept} {percent(metrics[name][kept]['gap'])}" for kept in ("static", "dynamics")]
        lines.append(f"{name.replace('_', ', ')}: gaps {', '.join(gaps)}")
    return lines
