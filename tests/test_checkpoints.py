"""Checkpoints are data: those that ship are known by their hashes, and a damaged one is refused in a sentence."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqdisent_core import assets
from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError
from seqdisent_core.evaluation import Judge
from seqdisent_core.faces.finder import MODEL, FaceFinder
from seqdisent_core.latents import Latents
from seqdisent_core.methods import Method
from seqdisent_core.reporting import LatentMap
from seqdisent_core.series_studio import SeriesStudio
from seqdisent_core.weights import SUMS


def test_every_file_of_weights_and_arrays_that_ships_has_the_hash_that_was_recorded() -> None:
    sums = asset(SUMS)
    kept = [path for path in sums.parent.rglob("*") if path.suffix in (".safetensors", ".npz", ".onnx")]
    found = {path.relative_to(sums.parent).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}
    assert found == {name: sha256 for sha256, name in map(str.split, sums.read_text().splitlines())}
    assert len(found) > 20


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("checkpoints/air_quality/model.safetensors", lambda folder: Method.from_pretrained("air_quality")),
        ("checkpoints/air_quality/series.safetensors", lambda folder: SeriesStudio.from_pretrained()),
        ("checkpoints/sprites_judge/model.safetensors", Judge.from_pretrained),
        ("checkpoints/facekit52/latents.safetensors", lambda folder: Latents.load(folder, "")),
        ("map/map.safetensors", lambda folder: LatentMap.load(folder, folder)),
        ("compare/skd/model.safetensors", Method.from_pretrained),
        (MODEL, lambda folder: FaceFinder().seek(np.zeros((64, 64, 3), np.uint8))),
    ],
)
def test_a_shipped_file_with_another_byte_is_not_loaded(
    name: str, load: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / name
    shutil.copytree(asset(name).parent, file.parent)
    shutil.copy(asset(SUMS), tmp_path)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    monkeypatch.setattr(assets, "_PLACES", (tmp_path,))
    with pytest.raises(ConfigError, match=r"its hash is another than in SHA256SUMS"):
        load(file.parent)
