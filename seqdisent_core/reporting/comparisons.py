"""What the page Compare reads of a comparison, without the models: rows with figures, and places of codes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqdisent_core.errors import ConfigError

COMPARISON, COMPARED_CLIPS = "comparison.json", "clips.npz"  # of a comparison's folder
METHOD_NAMES = {
    "dbse": "DBSE",
    "mocogan": "MoCoGAN",
    "dsvae": "DSVAE",
    "rwae": "R-WAE",
    "s3vae": "S3VAE",
    "skd": "SKD",
    "cdsvae": "C-DSVAE",
    "spyl": "SPYL",
    "exchange": "Exchange (ours)",
}
SORTED_BY: Mapping[str, tuple[str, bool]] = {  # words, and whether more is better
    "swap_static": ("Swap: right person", True),
    "swap_dynamic": ("Swap: right expression", True),
    "psnr": ("Reconstruction, PSNR", True),
    "probe_static_dynamic_acc": ("Leak: expression read from s", False),
    "probe_dynamics_static_acc": ("Leak: person read from d", False),
    "static_changes_dynamic": ("Leak used: another s changes the expression", False),
    "dynamics_changes_static": ("Leak used: another d changes the person", False),
}


def read_comparison(folder: Path) -> dict[str, Any]:
    """The content of a comparison's comparison.json. Raises ConfigError where the folder holds none."""
    try:
        about = json.loads((folder / COMPARISON).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigError(f"{folder.name} holds no comparison. Write one with seqdisent comparison.") from None
    return dict(about)


def mean_of(row: Mapping[str, Any], name: str) -> float | None:
    """A figure of a comparison's row: the mean over its runs, None where the method cannot have it."""
    figure = row["figures"].get(name)
    return None if figure is None else float(figure["mean"])


def in_order(rows: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """Rows from the best figure to the worst, those without one last."""
    more = SORTED_BY[by][1]
    return sorted(rows, key=lambda row: (mean_of(row, by) is None, (mean_of(row, by) or 0) * (-1 if more else 1)))
