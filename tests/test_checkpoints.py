"""Checkpoints are data: those that ship are known by their hashes, and a damaged one is refused in a sentence."""

import hashlib
import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import small_dbse

from seqdisent_core import assets
from seqdisent_core.assets import asset
from seqdisent_core.domains.speech import SpectraConfig
from seqdisent_core.errors import ConfigError
from seqdisent_core.evaluation import Judge
from seqdisent_core.evaluation.judge import JudgeConfig
from seqdisent_core.faces.finder import MODEL, FaceFinder
from seqdisent_core.latents import Latents
from seqdisent_core.methods import DBSEConfig, Method
from seqdisent_core.reporting import LatentMap
from seqdisent_core.series_studio import KnownSeries, SeriesStudio
from seqdisent_core.studio import Studio
from seqdisent_core.training import Recipe, SeriesSizes, TrainingConfig, recipes_of
from seqdisent_core.voices import Speakers, Voices
from seqdisent_core.weights import SUMS, WEIGHTS


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


LOADERS: dict[str, Callable[[Path], object]] = {
    "model": Method.from_pretrained,
    "studio": Studio.from_pretrained,
    "judge": Judge.from_pretrained,
    "series": SeriesStudio.from_pretrained,
    "voices": Voices.from_pretrained,
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small checkpoint for each of LOADERS, by its name."""
    folder = tmp_path_factory.mktemp("saved")
    for name in ("model", "studio"):
        small_dbse().save_pretrained(folder / name)
    sizes = {"width": 4, "feature_dim": 8, "hidden_dim": 8}
    Judge(JudgeConfig({"person": ("a", "b")}, {"expression": ("c", "d")}, **sizes)).save(folder / "judge", "# Judge")
    recipes_of(SeriesSizes(4, 2, 0, 0, steps=1, batch=1))["dbse"].build().save_pretrained(folder / "series")
    codes = np.zeros((3, 8), np.float32)
    ends = codes[0, :2], codes[0, :2], codes, codes[:, :2]
    KnownSeries(("heat", "flow"), 8, ("a", "b", "c"), "", ("", "", ""), *ends).save(folder / "series")
    dims = DBSEConfig(static_dim=4, dynamics_dim=2, hidden_dim=8, posterior_hidden_dim=8)
    network = SpectraConfig(feature_dim=8, hidden_dim=8)
    Recipe("dbse", dims, "spectra", network, TrainingConfig()).build().save_pretrained(folder / "voices")
    Speakers.of(np.eye(4), ("a", "b", "c", "d")).save(folder / "voices")
    return folder


class Opens:
    """Pickled, it writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "unpickled")


def with_byte(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]


DAMAGES: dict[str, tuple[str, Callable[[bytes, Path], bytes]]] = {
    "cut": (WEIGHTS, lambda content, folder: content[:-50]),
    "cut in its header": (WEIGHTS, lambda content, folder: content[:100]),
    "empty": (WEIGHTS, lambda content, folder: b""),
    "longer": (WEIGHTS, lambda content, folder: content + b"more"),
    "another length of header": (WEIGHTS, lambda content, folder: with_byte(content, 7)),
    "no JSON in its header": (WEIGHTS, lambda content, folder: with_byte(content, 8)),
    "another name in its header": (WEIGHTS, lambda content, folder: with_byte(content, content.index(b"bias"))),
    "a pickle": (WEIGHTS, lambda content, folder: pickle.dumps(Opens(folder / "opened"))),
    "settings: none": ("config.json", lambda content, folder: b""),
    "settings: no JSON": ("config.json", lambda content, folder: content[:-5]),
    "settings: no text": ("config.json", lambda content, folder: b"\xff" + content),
    "settings: a list": ("config.json", lambda content, folder: b"[1, 2]"),
    "settings: nested too deep": ("config.json", lambda content, folder: b"[" * 200_000),
    "settings: of another version": ("config.json", lambda content, folder: changed(content, added_later=1)),
    "settings: name of pydantic's own": ("config.json", lambda content, folder: changed(content, __dataclass_self__=1)),
    "settings: other sizes": ("config.json", lambda content, folder: changed(content, hidden_dim=24)),
    "settings: too large": ("config.json", lambda content, folder: changed(content, hidden_dim=10**8)),
    "settings: not to be counted": ("config.json", lambda content, folder: changed(content, hidden_dim=10**40)),
}


def changed(content: bytes, **values: Any) -> bytes:
    """The settings with other values, of a judge or of a model's method."""
    settings = json.loads(content)
    settings.get("method", settings).update(values)
    return json.dumps(settings).encode()


def refusal(load: Callable[[Path], object], folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder)
    said = str(caught.value)
    assert said[0].isupper() or said.startswith(str(folder)), said
    assert (said.endswith(".") or " again: seqdisent " in said) and "\n" not in said, said
    return said


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", LOADERS)
def test_a_damaged_checkpoint_is_refused_in_a_sentence(kind: str, damage: str, saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(saved / kind, folder)
    name, change = DAMAGES[damage]
    (folder / name).write_bytes(change((folder / name).read_bytes(), tmp_path))
    assert str(folder) in refusal(LOADERS[kind], folder)
    assert not (tmp_path / "opened").exists(), "a checkpoint was unpickled"


@pytest.mark.parametrize("kind", ["model", "judge"])
@settings(max_examples=40, deadline=None, derandomize=True)
@given(changes=st.dictionaries(st.integers(0, 2500), st.integers(0, 255), min_size=1, max_size=3))
def test_weights_with_any_bytes_of_their_header_changed_are_loaded_or_refused(
    kind: str, changes: dict[int, int], saved: Path
) -> None:
    folder = saved / f"changed {kind}"
    shutil.copytree(saved / kind, folder, dirs_exist_ok=True)
    content = bytearray((folder / WEIGHTS).read_bytes())
    end = 8 + int.from_bytes(content[:8], "little")
    for at, value in changes.items():
        content[at % end] = value
    (folder / WEIGHTS).write_bytes(content)
    try:
        LOADERS[kind](folder)
    except ConfigError as error:
        assert str(folder) in str(error) and str(error).endswith(".")


@pytest.mark.parametrize("kind", LOADERS)
def test_a_checkpoint_that_lacks_a_file_or_has_a_folder_for_it_is_refused(
    kind: str, saved: Path, tmp_path: Path
) -> None:
    LOADERS[kind](saved / kind)
    for name in {WEIGHTS, "config.json", *(path.name for path in (saved / kind).glob("series.*"))}:
        folder = tmp_path / name
        shutil.copytree(saved / kind, folder)
        (folder / name).unlink()
        assert str(folder) in refusal(LOADERS[kind], folder)
        (folder / name).mkdir()
        assert str(folder) in refusal(LOADERS[kind], folder)


@pytest.mark.parametrize(
    ("kind", "file", "content"),
    [
        *[("series", "series.json", text) for text in ("", "[]", "[" * 200_000, '{"features": 3}')],
        *[("voices", "speakers.json", text) for text in ("", "[]", "[" * 200_000, '{"mean": 3}')],
        *[("studio", "rest.json", text) for text in ("", "[]", "[" * 200_000, '{"hidden": 3}')],
    ],
)
def test_a_damaged_file_beside_the_weights_is_refused(
    kind: str, file: str, content: str, saved: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(saved / kind, folder)
    (folder / file).write_text(content)
    assert str(folder) in refusal(LOADERS[kind], folder)


def test_what_lies_beside_another_model_is_refused(saved: Path, tmp_path: Path) -> None:
    known = KnownSeries.load(saved / "series")
    dims = np.zeros(3, np.float32)
    replace(known, features=("heat", "flow", "dust"), mean=dims, deviation=dims).save(tmp_path)
    shutil.copytree(
        saved / "series", tmp_path, dirs_exist_ok=True, ignore=lambda *_: ["series.json", "series.safetensors"]
    )
    assert "features" in refusal(SeriesStudio.from_pretrained, tmp_path)
    replace(known, mean=dims).save(tmp_path)
    assert "is damaged" in refusal(SeriesStudio.from_pretrained, tmp_path)


@pytest.mark.parametrize("label", ["", "hair.colour"])
def test_a_judge_of_a_label_that_cannot_be_one_is_refused(label: str, saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved / "judge", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "config.json"
    path.write_bytes(changed(path.read_bytes(), static={label: ["a", "b"]}))
    assert "A label is called" in refusal(Judge.from_pretrained, tmp_path)


def test_a_model_of_an_unknown_method_is_refused_and_a_judge_that_is_a_model(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved / "model", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "config.json"
    path.write_bytes(changed(path.read_bytes(), name="of tomorrow"))
    assert "The method is 'of tomorrow'; known are" in refusal(Method.from_pretrained, tmp_path)
    assert "is a model and not a judge" in refusal(Judge.from_pretrained, tmp_path)
