"""The tables of docs/filmed.md, from the files that `seqdisent evaluate-filmed` wrote."""

from pathlib import Path
from typing import Any

from seqdisent_core.errors import DataError
from seqdisent_core.reporting.result_files import NONE, Result, read_result, table

MAIN = "filmed"
# Figures of an entry, and how they are written.
_SELF = {"psnr": ".1f", "ssim": ".3f", "akd": ".1f", "aed": ".3f", "eyes": ".0%", "mouth": ".0%", "flicker": ".2f"}
_CLEAN = {"eyes": ".0%", "mouth": ".0%", "flicker": ".2f", "changed": ".2%"}


def read_filmed(folder: Path) -> dict[str, Result]:
    """File stem -> result, the main one first. Raises DataError if it is missing."""
    found = {path.stem: read_result(path) for path in sorted(folder.glob(f"{MAIN}*.json"))}
    if MAIN not in found:
        raise DataError(f"There is no {MAIN}.json in {folder}. `seqdisent evaluate-filmed` writes it.")
    return {MAIN: found.pop(MAIN), **found}


def filmed_table(folder: Path) -> str:
    """One row per file and tuning time: shares of swaps, their mean correlation, and that of reconstructions."""
    rows = [_row(stem, result, at) for stem, result in read_filmed(folder).items() for at in result["measured"]]
    head = ["run", "clips", "tuning, s", "steps", "person ↑", "correlation ↑", "≥ 0.7 ↑", "both ↑"]
    return table([*head, "reconstruction: correlation", "reconstruction: ≥ 0.7"], rows)


def _row(stem: str, result: Result, at: dict[str, Any]) -> list[str]:
    swaps, rebuilt = at["swaps"], at["reconstructions"]
    return [
        f"{result['note'] or 'as shipped'} (`{stem}`)",
        f"{len(result['clips'])}",
        f"{at['seconds']:g}",
        f"{at['steps']:.0f}",
        f"{swaps['person']:.0%}",
        f"{swaps['expression_corr']:.2f}",
        f"{swaps['expression']:.0%}",
        f"{swaps['both']:.0%}",
        f"{rebuilt['expression_corr']:.2f}",
        f"{rebuilt['expression']:.0%}",
    ]


def filmed_pairs_table(folder: Path) -> str:
    """Correlations in the main file after its longest tuning: a row per person, a column per driver.

    The diagonal is reconstructions. In brackets where the result is nearer to the driver's person.
    """
    result = read_filmed(folder)[MAIN]
    at = max(result["measured"], key=lambda at: at["steps"])
    cells = {(row["static"], row["driver"]): row for row in (*at["rows"], *at["reconstruction_rows"])}
    names = result["clips"]
    rows = [[name, *(_cell(cells.get((name, driver)), name == driver) for driver in names)] for name in names]
    return table([f"person ↓, driver → ({at['steps']:.0f} steps)", *names], rows)


def filmed_self_table(folder: Path) -> str:
    """Self-reenactment: a row per way of making the second halves; files that lack it have none."""
    head = ["run", "pixels", "PSNR, dB ↑", "SSIM ↑", "AKD, px ↓", "AED ↓", "eyes ↑", "mouth ↑", "flicker ↓"]
    rows = []
    for name, at in _looked_at(folder):
        films = at["self"]
        for key, shown in (("ours", "warped"), ("own_pixels", "decoded alone"), ("no_motion", "no motion")):
            if key in films:
                rows.append([name, shown, *(_shown(films[key][figure], form) for figure, form in _SELF.items())])
        if "real" in films:
            rows.append([name, "real frames", *[NONE] * (len(_SELF) - 1), _shown(films["real"]["flicker"], ".2f")])
    return table(head, rows)


def filmed_looks_table(folder: Path) -> str:
    """How alive and clean swaps are, and self-reenactments and reconstructions; files that lack it have no row."""
    head = ["run", "videos", "gaze ↑", "n", "lids ↑", "n", "eyes ↑", "mouth ↑", "flicker ↓", "changed outside ↓"]
    rows = []
    for name, at in _looked_at(folder):
        for key, films in (("swaps", "swaps"), ("reconstructions", "reconstructions"), ("self", "self-reenactments")):
            alive, clean = at["alive"][key], at["clean"] if key == "swaps" else dict.fromkeys(_CLEAN)
            moves = [cell for of in ("gaze", "lids") for cell in (_shown(alive[of], ".2f"), f"{alive[f'{of}_films']}")]
            rows.append([name, films, *moves, *(_shown(clean[figure], form) for figure, form in _CLEAN.items())])
    return table(head, rows)


def _looked_at(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Name and entry of what was measured with `self`, `alive` and `clean`."""
    found = [(stem, at) for stem, result in read_filmed(folder).items() for at in result["measured"]]
    return [(f"`{stem}`, {at['steps']:.0f} steps", at) for stem, at in found if "self" in at]


def _shown(value: float | None, form: str) -> str:
    return NONE if value is None else f"{value:{form}}"


def _cell(row: dict[str, Any] | None, same: bool) -> str:
    if row is None or row["expression_corr"] is None:
        return NONE
    correlation = f"{row['expression_corr']:.2f}"
    return correlation if same or row["person"] else f"({correlation})"


def filmed_made_table(folder: Path) -> str:
    """Provenance of each file."""
    rows = [
        [f"`{stem}`", f"`{r['checkpoint_sha256'][:12]}`", f"{r['seed']}", r["hardware"], r["date"], f"`{r['command']}`"]
        for stem, r in read_filmed(folder).items()
    ]
    return table(["file", "checkpoint", "seed", "hardware", "date", "measured by"], rows)
