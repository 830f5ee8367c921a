"""The tables of docs/results.md: one per set, a row per result file, with chance and ceiling."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from seqdisent_core.errors import DataError
from seqdisent_core.reporting.result_files import (
    NONE,
    Result,
    guessed,
    label,
    number,
    of_group,
    percent,
    read_results,
    table,
    training_seed,
)

SCORES = ("acc", "is", "h_y_given_x", "h_y")
ROW = ("static_acc", "dynamic_acc", "gap")
PROTOCOLS = ("fixed_dynamics", "fixed_static", "swap", "both_sampled")
PROBES = {"logistic_regression": "logistic regression", "gradient_boosting": "gradient boosting"}
_PARTS = ("static", "dynamics")
GROUPS: tuple[Literal["static"], Literal["dynamic"]] = ("static", "dynamic")
SIDES = ["s: static acc ↑", "s: dynamic acc ↓", "s: gap ↑", "d: static acc ↓", "d: dynamic acc ↑", "d: gap ↑"]


def _of_each_set(folder: Path, make: Callable[[str, dict[str, Result]], str]) -> str:
    return "\n\n".join(make(name, results) for name, results in read_results(folder).items())


def _metric(result: Result, name: str) -> dict[str, Any]:
    return result["metrics"].get(name) or {}


def _scores(figures: dict[str, Any]) -> list[str]:
    return [percent(figures.get("acc")), *(number(figures.get(name)) for name in SCORES[1:])]


def generation_table(folder: Path) -> str:
    """Acc, IS, H(y|x), H(y) of clips with kept dynamics and a sampled person."""

    def make(name: str, results: dict[str, Result]) -> str:
        rows = []
        for stem, r in results.items():
            scores = _metric(r, "generation")
            free = ", both factors sampled" if scores.get("of") == "both_sampled" else ""
            rows.append([label(stem, r) + free, *_scores(scores)])
        first = next(iter(results.values()))
        rows.append(["ceiling: the judge on real clips", *_scores(first["judge"].get("generation") or {})])
        values = first["labels"]["dynamic"].values()
        unsure = f"{sum(math.log(len(names)) for names in values) / len(values):.3f}"
        rows.append(["chance", guessed(first, "dynamic"), "1.000", unsure, NONE])
        return table([name, "Acc ↑", "IS ↑", "H(y∣x) ↓", "H(y) ↑"], rows)

    return _of_each_set(folder, make)


def _sides(metric: dict[str, Any]) -> list[str]:
    return [percent((metric.get(kept) or {}).get(key)) for kept in _PARTS for key in ROW]


def _sides_guessed(result: Result) -> list[str]:
    return [*(guessed(result, group) for group in GROUPS), NONE] * 2


def leakage_tables(folder: Path) -> str:
    """Leakage by generation, and in the latents by every probe."""

    def make(name: str, results: dict[str, Result]) -> str:
        first = next(iter(results.values()))
        rows = [[label(stem, r), *_sides(_metric(r, "leakage_generation"))] for stem, r in results.items()]
        static, dynamic = (percent(first["judge"]["accuracy"][group]) for group in GROUPS)
        rows.append(["ceiling: the judge on real clips", static, NONE, NONE, NONE, dynamic, NONE])
        rows.append(["chance", *_sides_guessed(first)])
        probed = [
            [label(stem, r), f"{words}, d {form}", *_sides(_probed(r, probe, form))]
            for probe, words in PROBES.items()
            for form in ("flat", "mean")
            for stem, r in results.items()
        ]
        probed.append(["chance", "", *_sides_guessed(first)])
        by_generation = table([f"{name}: leakage by generation", *SIDES], rows)
        latent = table([f"{name}: latent probe (our protocol)", "probe", *SIDES], probed)
        parts = (_at_worst(name, results), _used(name, results), by_generation, latent, _by_frame(name, results))
        return "\n\n".join(filter(None, parts))

    return _of_each_set(folder, make)


def _at_worst(name: str, results: dict[str, Result]) -> str:
    """The stronger probe at random frames, and how many of its fits have converged; for files that have it."""
    rows = []
    for stem, r in results.items():
        worst = _metric(r, "leakage_strongest")
        if worst:
            rows.append([label(stem, r), *_sides(worst), _converged(worst)])
    if not rows:
        return ""
    rows.append(["chance", *_sides_guessed(next(iter(results.values()))), NONE])
    return table([f"{name}: strongest probe, s read at a random frame, d without it", *SIDES, "converged fits"], rows)


def _converged(worst: dict[str, Any]) -> str:
    """The share of all fits that have converged, such as "38 of 40", or a dash where there are none."""
    probes = [probe for part in _PARTS for probe in worst[part].get("probes", {}).values()]
    fits = sum(probe["fits"] for probe in probes)
    return f"{fits - sum(probe['not_converged'] for probe in probes)} of {fits}" if fits else NONE


def _used(name: str, results: dict[str, Result]) -> str:
    """What decoding uses of a leak, for files that have it."""
    rows = [
        [label(stem, r), *(percent(used[part].get(key)) for part in _PARTS for key in ("changed", "followed"))]
        for stem, r in results.items()
        if (used := _metric(r, "leakage_used"))
    ]
    if not rows:
        return ""
    who, does = (of_group(next(iter(results.values())), group) for group in GROUPS)
    head = [
        f"{code} of another clip of the same {kept}: {other} {what} ↓"
        for code, kept, other in (("s", who, does), ("d", does, who))
        for what in ("changes", "becomes that clip's")
    ]
    return table([f"{name}: what decoding uses of a leak", *head], rows)


def _by_frame(name: str, results: dict[str, Result]) -> str:
    """Accuracy of the linear probe on s from the first and from the middle frame, for files that have the latter."""
    rows = []
    for stem, r in results.items():
        probed = _metric(r, "leakage_latent").get("probes", {}).get("logistic_regression", {})
        if probed.get("static_middle"):
            sides = (probed[form].get(key) for form in ("static", "static_middle") for key in ROW[:2])
            rows.append([label(stem, r), *map(percent, sides)])
    if not rows:
        return ""
    rows.append(["chance", *_sides_guessed(next(iter(results.values())))[:2] * 2])
    head = [
        f"s of the {frame} frame: {read}" for frame in ("first", "middle") for read in ("static acc ↑", "dynamic acc ↓")
    ]
    return table([f"{name}: s by anchor frame, logistic regression", *head], rows)


def _probed(result: Result, probe: str, form: str) -> dict[str, Any]:
    rows = _metric(result, "leakage_latent").get("probes", {}).get(probe, {})
    return {"static": rows.get("static"), "dynamics": rows.get(f"dynamics_{form}")}


def _in_means(result: Result) -> list[str]:
    """The labels of groups with more than one label, for which a table shows the mean."""
    return [name for group in GROUPS if len(result["labels"][group]) > 1 for name in result["labels"][group]]


def swap_table(folder: Path) -> str:
    """Swaps and reconstructions: the judge's accuracies, PSNR and SSIM; and a table by label for groups of several."""

    def make(name: str, results: dict[str, Result]) -> str:
        rows = []
        for stem, r in results.items():
            swap, rebuilt = _metric(r, "swap"), _metric(r, "reconstruction")
            read = [percent(figures.get(key)) for figures in (swap, rebuilt) for key in GROUPS]
            rows.append([label(stem, r), *read, number(rebuilt.get("psnr"), 2), number(rebuilt.get("ssim"))])
        first = next(iter(results.values()))
        ceiling = [percent(first["judge"]["accuracy"][group]) for group in GROUPS]
        rows.append(["ceiling: the judge on real clips", *ceiling, *ceiling, NONE, NONE])
        rows.append(["chance", *_sides_guessed(first)[:2], *_sides_guessed(first)[:2], NONE, NONE])
        kinds = [f"{kind}: {of_group(first, group)}" for kind in ("swap", "reconstruction") for group in GROUPS]
        made = table([name, *kinds, "PSNR, dB", "SSIM"], rows)
        several = _in_means(first)
        return f"{made}\n\n{_by_label(name, results, several)}" if several else made

    return _of_each_set(folder, make)


def _by_label(name: str, results: dict[str, Result], labels: list[str]) -> str:
    first = next(iter(results.values()))
    rows = [
        [
            label(stem, r),
            *(percent(_metric(r, kind).get(key)) for kind in ("swap", "reconstruction") for key in labels),
        ]
        for stem, r in results.items()
    ]
    rows.append(["ceiling: the judge on real clips", *[percent(first["judge"]["accuracy"][k]) for k in labels] * 2])
    rows.append(["chance", *[guessed(first, key) for key in labels] * 2])
    head = [f"{kind}: {key}" for kind in ("swap", "reconstruction") for key in labels]
    return table([f"{name}, by attribute", *head], rows)


def likeness_table(folder: Path) -> str:
    """Fréchet distances of each protocol's clips, and of real halves."""

    def make(name: str, results: dict[str, Result]) -> str:
        names = ("real_halves", *PROTOCOLS)
        rows = [
            [label(stem, r), *(number(_metric(r, "frechet").get(key), 2) for key in names)]
            for stem, r in results.items()
        ]
        return table([f"{name}: Fréchet distance ↓", *(key.replace("_", " ") for key in names)], rows)

    return _of_each_set(folder, make)


def codes_table(folder: Path) -> str:
    """KL divergences in nats and active units."""

    def make(name: str, results: dict[str, Result]) -> str:
        rows = []
        for stem, r in results.items():
            kl, active = _metric(r, "kl"), _metric(r, "active_units")
            units = [f"{number(active.get(part), 0)} of {active.get(f'{part}_of', NONE)}" for part in _PARTS]
            divergences = [number(kl.get(key), 2) for key in (*_PARTS, "dynamics_a_frame")]
            rows.append([label(stem, r), *divergences, *units])
        head = ["KL of s", "KL of d, all frames", "KL of d, per frame", "active units of s", "active units of d"]
        return table([f"{name}, KL in nats", *head], rows)

    return _of_each_set(folder, make)


def made_table(folder: Path) -> str:
    """Provenance of each row: budget, seeds, hashes, hardware, command."""
    rows = []
    for results in read_results(folder).values():
        for stem, r in results.items():
            training = r["training"]
            rows.append(
                [
                    f"`{stem}`",
                    f"{training['steps']} steps, {training['seconds'] / 60:.0f} min, seed {training_seed(r)}",
                    training["hardware"],
                    f"`{r['model']['checkpoint_sha256'][:12]}`",
                    f"`{r['judge']['sha256'][:12]}`",
                    f"{r['data']['clips']} clips, {r['repeats']} repeats, seed {r['seed']}",
                    f"`{r['command']}`",
                ]
            )
    head = ["file", "training", "trained on", "checkpoint", "judge", "measured on", "measured by"]
    return table(head, rows)


def looks_table(folder: Path) -> str:
    """Validation figures during training runs, from their looks.jsonl: at most four steps of each."""
    rows: list[list[str]] = []
    names: dict[str, None] = {}
    files = {path.stem: _looks(path) for path in sorted((folder / "looks").glob("*.jsonl"))}
    for *_, looks in files.values():
        names |= dict.fromkeys(key for look in looks for key in look if key not in ("step", "seconds"))
    for stem, (what, machine, looks) in files.items():
        chosen = sorted({max(0, round(quarter / 4 * len(looks)) - 1) for quarter in (1, 2, 3, 4)})
        for look in (looks[at] for at in chosen if looks):
            figures = [f"{look[name]:.3f}" if name in look else NONE for name in names]
            rows.append([f"{what} (`{stem}`)", machine, f"{look['step']}", f"{look['seconds'] / 60:.0f}", *figures])
    return table(["run", "hardware", "steps", "minutes", *(name.replace("_", " ") for name in names)], rows)


def _looks(path: Path) -> tuple[str, str, list[dict[str, Any]]]:
    """Name, machine and validation figures of a run. Raises DataError if the file is not from a run."""
    try:
        head, *looks = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        return head["what"], head.get("hardware", NONE), [look for look in looks if look["step"]]
    except (ValueError, KeyError) as error:
        raise DataError(f"{path} is not the looks.jsonl of a run.") from error
