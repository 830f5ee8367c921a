"""Example swaps of trained models, made beforehand by `seqdisent showcase`: on the page Results and in the lecture."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError

MODELS = {  # by the folder of their films
    "published": "Paper's recipe",
    "published_without_subtraction": "Paper's, no subtraction",
    "full": "Our recipe",
    "without_subtraction": "Ours, no subtraction",
    "without_loss": "Ours, no anchor loss",
    "without_both": "Ours, neither",
}


@dataclass(frozen=True)
class Showcase:
    """The folder of a model's films, and its showcase.json."""

    folder: Path
    about: dict[str, Any]


@functools.cache
def showcases() -> dict[str, Showcase]:
    """All of MODELS, by folder, in their order; none where no folder of films came with the project."""
    try:
        folder = asset("ablations")
    except ConfigError:
        return {}
    files = {name: folder / name / "showcase.json" for name in MODELS}
    there = {name: file for name, file in files.items() if file.exists()}
    return {name: Showcase(file.parent, json.loads(file.read_text(encoding="utf-8"))) for name, file in there.items()}
