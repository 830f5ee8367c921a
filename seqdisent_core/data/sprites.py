"""Assembles the benchmark Sprites from its layers: 1,296 characters in 9 actions of 8 frames, at 64 px.

The set of Li and Mandt (2018), with art of the Liberated Pixel Cup (CC-BY-SA 3.0 / GPL 3). The art is read from a file
that the user provides; it is not part of this project.
"""

import csv
import io
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from seqdisent_core.data.clips import read_plan
from seqdisent_core.errors import DataError

LAYERS = ("body", "bottomwear", "topwear", "hair", "shoes")  # from the lowest to the highest
ATTRIBUTES = ("skin", "pants", "top", "hair")
VARIANTS, ACTIONS, FRAMES, SIZE = 6, 9, 8, 64
CHARACTERS = VARIANTS ** len(ATTRIBUTES)
_TRAINED, _VALIDATED = 1000, 100  # characters of the permutation's beginning; the last of them are for validation


def render_sprites(out: str | Path, source: str | Path, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Write the set into the folder `out` and return it: set.json, labels.csv, skin_0.npy to skin_5.npy.

    source: npz with the arrays of LAYERS, uint8 RGBA (6 variants, or 1 of shoes, 9, 8, 64, 64, 4), and `actions`.
    Each file is uint8 (1944, 8, 64, 64, 3): the 9 actions of one character after another. `progress` is called with
    (characters done, all characters). Raises DataError if the source has other contents or `out` holds another set.
    """
    out = Path(out)
    layers, actions = _read(Path(source))
    labels = {"static": list(ATTRIBUTES), "dynamic": ["action"], "identity": "character"}
    plan = {"name": "sprites", **labels, "frames": FRAMES, "size": SIZE}
    if (out / "set.json").exists() and read_plan(out) != plan:
        raise DataError(f"{out.name} holds another set. Choose an empty folder.")
    out.mkdir(parents=True, exist_ok=True)
    (out / "set.json").write_text(json.dumps(plan, indent=1) + "\n", encoding="utf-8")
    (out / "labels.csv").unlink(missing_ok=True)  # written last: stopped in between, it is no set
    a_skin = CHARACTERS // VARIANTS
    drawn = np.flatnonzero(np.any([(layer[..., 3] > 0).any(axis=0) for layer in layers.values()], axis=0))
    body, bottomwear, topwear, hairs, (shoes,) = (
        [variant.reshape(-1, 4)[drawn] for variant in layers[name]] for name in LAYERS
    )
    black = np.zeros((len(drawn), 3), np.float32)  # all other pixels, three quarters, are so in every clip
    for skin in range(VARIANTS):
        characters = np.zeros((a_skin, ACTIONS * FRAMES * SIZE * SIZE, 3), np.uint8)
        for outfit, (pants, top) in enumerate(product(range(VARIANTS), repeat=2)):
            dressed = composite([body[skin], bottomwear[pants], topwear[top]], black)
            for number, hair in enumerate(hairs, start=outfit * VARIANTS):
                characters[number, drawn] = rounded(composite([hair, shoes], dressed))
                if progress is not None:
                    progress(skin * a_skin + number + 1, CHARACTERS)
        np.save(out / f"skin_{skin}.npy", characters.reshape(-1, FRAMES, SIZE, SIZE, 3))
    (out / "labels.csv").write_text(_labels(actions), encoding="utf-8")
    return out


def composite(layers: list[np.ndarray], under: np.ndarray) -> np.ndarray:
    """Alpha-composite uint8 RGBA layers (pixels, 4), the lowest first, over `under`: float32 RGB (pixels, 3)."""
    picture = under.copy()
    for layer in layers:
        shown = np.flatnonzero(layer[:, 3])
        pixels = layer[shown].astype(np.float32)
        alpha = pixels[:, 3:] / 255
        picture[shown] = alpha * pixels[:, :3] + (1 - alpha) * picture[shown]
    return picture


def rounded(picture: np.ndarray) -> np.ndarray:
    """Float RGB in [0, 255] to uint8."""
    return picture.round().astype(np.uint8)


def character_splits() -> np.ndarray:
    """The split of each character, str (1296,), by its number ((skin * 6 + pants) * 6 + top) * 6 + hair.

    1,000 characters for training and 296 for testing, by NumPy's legacy permutation with seed 423, as is usual for this
    set; the last 100 of the 1,000 are for validation.
    """
    order = np.random.RandomState(423).permutation(CHARACTERS)
    splits = np.full(CHARACTERS, "test", dtype="<U10")
    splits[order[: _TRAINED - _VALIDATED]] = "train"
    splits[order[_TRAINED - _VALIDATED : _TRAINED]] = "validation"
    return splits


def _read(source: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    try:
        with np.load(source) as stored:
            layers = {name: stored[name] for name in LAYERS}
            actions = [str(action) for action in stored["actions"]]
    except FileNotFoundError:
        raise DataError(f"There is no file {source}. Give the npz with the layers of Sprites.") from None
    except (KeyError, TypeError, ValueError, OSError, BadZipFile):
        raise DataError(f"{source.name} does not hold the layers of Sprites ({', '.join(LAYERS)}, actions).") from None
    for name, layer in layers.items():
        if layer.shape[1:] != (ACTIONS, FRAMES, SIZE, SIZE, 4) or len(layer) != (1 if name == "shoes" else VARIANTS):
            raise DataError(
                f"The layer {name} in {source.name} has the shape {layer.shape}, which is not that of Sprites."
            )
    return layers, actions


def _labels(actions: list[str]) -> str:
    splits = character_splits()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "index", "character", "action", "split", *ATTRIBUTES))
    for character, worn in enumerate(product(range(VARIANTS), repeat=len(ATTRIBUTES))):
        for place, action in enumerate(actions):
            index = (character * ACTIONS + place) % (CHARACTERS // VARIANTS * ACTIONS)
            names = [f"{attribute} {variant}" for attribute, variant in zip(ATTRIBUTES, worn, strict=True)]
            row = (f"skin_{worn[0]}.npy", index, f"character_{character:04d}", action, splits[character], *names)
            writer.writerow(row)
    return text.getvalue()
