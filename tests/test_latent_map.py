"""The latent map: figures with known answers, a round trip, own clips placed, and that what ships belongs together."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from openTSNE import tsne  # type: ignore[import-untyped]
from small import small_dbse

from seqdisent_core.assets import asset
from seqdisent_core.data import EXPRESSIONS, Clips, Labels
from seqdisent_core.errors import ConfigError
from seqdisent_core.latents.map_making import agreement, embed, make_map
from seqdisent_core.reporting.latent_map import LabelValues, LatentMap, Named, resampled
from seqdisent_core.reporting.latent_map import _embedding as embedding_of
from seqdisent_core.reporting.latent_map import _transform as transform
from seqdisent_core.studio import StudioCodes
from seqdisent_core.weights import sha256_of

_ROOT = Path(__file__).resolve().parent.parent
_PERSONS = ("ann", "ben", "cleo", "dan")


def clips(takes: int, split: str, frames: int = 3) -> Clips:
    """Four persons, six expressions; the picture is a colour that tells both, and a little noise."""
    person = np.repeat(np.arange(4), 6 * takes)
    expression = np.tile(np.repeat(np.arange(6), takes), 4)
    pixels = np.random.default_rng(takes).integers(0, 20, (len(person), frames, 64, 64, 3), np.uint8)
    pixels[..., 0] += (50 * person)[:, None, None, None].astype(np.uint8)
    pixels[..., 1] += (40 * expression)[:, None, None, None].astype(np.uint8)
    static, dynamic = {"person": Labels(person, _PERSONS)}, {"expression": Labels(expression, EXPRESSIONS)}
    return Clips(pixels, static, dynamic, np.full(len(person), split), "colours")


def both() -> Clips:
    train, test = clips(3, "train"), clips(2, "test")
    joined = {name: np.concatenate([getattr(train, name), getattr(test, name)]) for name in ("frames", "split")}
    static, dynamic = (
        {name: Labels(np.r_[label.values, test.labels[name].values], label.names) for name, label in group.items()}
        for group in (train.static, train.dynamic)
    )
    return replace(train, static=static, dynamic=dynamic, **joined)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("checkpoint")
    small_dbse(initial_std=0.01).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def made(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> LatentMap:
    return make(checkpoint, tmp_path_factory.mktemp("map"))


def make(checkpoint: Path, folder: Path) -> LatentMap:
    torch.manual_seed(0)
    return make_map(
        small_dbse(initial_std=0.01).eval(), both(), folder, checkpoint=checkpoint, command="seqdisent map here", seed=0
    )


def test_neighbours_tell_a_label_that_is_in_the_codes_and_only_guess_one_that_is_not() -> None:
    known, asked = clips(40, "train", frames=1), clips(40, "test", frames=1)
    noise = np.random.default_rng(0)

    def persons_alone(of: Clips) -> np.ndarray:
        return 10.0 * np.eye(4)[of.static["person"].values] + noise.normal(size=(len(of), 4))

    found = agreement(persons_alone(asked), asked, persons_alone(known), known)
    assert found["person"]["mean"] == 1
    assert found["expression"]["mean"] == pytest.approx(1 / 6, abs=0.05)


def test_a_map_is_the_same_when_made_again_and_when_read_again(
    made: LatentMap, checkpoint: Path, tmp_path: Path
) -> None:
    again = make(checkpoint, tmp_path)
    read = LatentMap.load(made.folder, checkpoint)
    for name in ("static_places", "dynamics_places", "sheets", "recording"):
        np.testing.assert_array_equal(getattr(made, name), getattr(again, name))
        np.testing.assert_array_equal(getattr(made, name), getattr(read, name))
    np.testing.assert_allclose(made.dynamics, read.dynamics, rtol=1e-3, atol=1e-4)  # stored in half precision
    assert read.about == made.about
    for label, names in (("person", _PERSONS), ("expression", EXPRESSIONS)):
        assert read.labels[label].names == names
        np.testing.assert_array_equal(read.labels[label].values, made.labels[label].values)
    assert [*read.static_labels, *read.dynamic_labels] == ["person", "expression"]
    assert (len(read), read.frames) == (48, 3)
    assert read.about["model"]["checkpoint_sha256"] == sha256_of(checkpoint)
    assert read.about["chance"] == {"static": 1 / 4, "dynamic": 1 / 6, "person": 1 / 4, "expression": 1 / 6}
    assert read.recording.tolist() == [0, 1] * 24


def test_the_moving_pictures_show_the_clips(made: LatentMap) -> None:
    test = both().part("test")
    for number in (0, 13, 47):
        shown = made.clip(number).astype(float)
        assert shown.shape == (3, 64, 64, 3)
        colour = shown.mean(axis=(0, 1, 2))
        np.testing.assert_allclose(colour, test.frames[number].mean(axis=(0, 1, 2)), atol=8)


@pytest.fixture(scope="module")
def clustered() -> LatentMap:
    """Static codes in islands of persons, dynamics in islands of expressions."""
    test, random = clips(3, "test"), np.random.default_rng(0)
    static = (8 * np.eye(4)[test.static["person"].values] + random.normal(size=(len(test), 4))).astype(np.float32)
    moves = 8 * np.eye(6)[test.dynamic["expression"].values][:, None] * np.array([0, 1, 0.5])[None, :, None]
    dynamics = (moves + random.normal(size=moves.shape)).astype(np.float32)
    return LatentMap(
        static,
        dynamics,
        embed(static, 10, 0, lambda share: None),
        embed(dynamics.reshape(-1, 6), 10, 0, lambda share: None).reshape(-1, 3, 2),
        {"person": LabelValues(test.static["person"].values, _PERSONS)},
        {"expression": LabelValues(test.dynamic["expression"].values, EXPRESSIONS)},
        test.identities.values,
        {},
        Path(),
    )


def test_a_known_clip_is_placed_on_itself_whatever_its_length(clustered: LatentMap) -> None:
    assert clustered.apex == 1
    for number in (3, 30):
        codes = StudioCodes(clustered.static[number], clustered.dynamics[number].repeat(4, axis=0))
        placed = clustered.place(codes)
        assert np.linalg.norm(placed.static - clustered.static_places[number]) < 2
        off = np.linalg.norm(placed.dynamics - clustered.dynamics_places[number], axis=1)
        assert np.median(off) < 2
        person, expression = (label.names[label.values[number]] for label in clustered.labels.values())
        assert placed.near["person"] == (Named(person, 1.0),)
        assert placed.near["expression"][0].name == expression
        assert sum(near.share for near in placed.near["expression"]) == pytest.approx(1)
        assert [*placed.to_dict()] == ["static", "dynamics", "persons", "expressions"]
        twice = clustered.place(codes)
        np.testing.assert_array_equal(placed.static, twice.static)
        np.testing.assert_array_equal(placed.dynamics, twice.dynamics)


def test_new_places_are_those_of_opentsne_whose_tree_is_built_once(
    clustered: LatentMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []

    class Counted(tsne.QuadTree):  # type: ignore[misc]
        def __init__(self, points: np.ndarray) -> None:
            super().__init__(points)
            built.append(len(points))

    codes = clustered.dynamics[7] + 0.5
    points, places = clustered.dynamics.reshape(-1, 6), clustered.dynamics_places.reshape(-1, 2)
    theirs = embedding_of(points, places)
    theirs.gradient_descent_params["negative_gradient_method"] = "bh"
    expected = transform(theirs, codes)
    monkeypatch.setattr(tsne, "QuadTree", Counted)
    ours = embedding_of(points, places)
    np.testing.assert_array_equal(transform(ours, codes), expected)
    transform(ours, codes[1:])
    assert built == [len(points)]


def test_clips_of_any_length_are_sampled_from_their_first_frame_to_their_last() -> None:
    codes = np.arange(31, dtype=np.float32)[:, None]
    assert resampled(codes, 4)[:, 0].tolist() == [0, 10, 20, 30]
    assert resampled(codes[:1], 3)[:, 0].tolist() == [0, 0, 0]


def test_a_map_of_another_checkpoint_and_none_at_all_are_refused_with_the_way_out(
    made: LatentMap, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"another checkpoint.*seqdisent map"):
        LatentMap.load(made.folder, asset("checkpoints/facekit52"))
    with pytest.raises(ConfigError, match=r"no latent map.*seqdisent map"):
        LatentMap.load(tmp_path, asset("checkpoints/facekit52"))


@pytest.mark.parametrize("lacking", ["about", "labels"])
def test_json_that_is_no_map_is_said_to_be_damaged(made: LatentMap, tmp_path: Path, lacking: str) -> None:
    shutil.copytree(made.folder, tmp_path, dirs_exist_ok=True)
    good = json.loads((tmp_path / "map.json").read_text())
    old = {"about": good["about"], "persons": ["ann"], "expressions": 3}
    wrong: list[Any] = ["{", "[]", "7", "null", '"persons"', {key: good[key] for key in good if key != lacking}, old]
    wrong += [{**good, lacking: value} for value in (None, 3, "person", [1, 2], {}, {"model": {}}, {"static": [1]})]
    for text in wrong:
        (tmp_path / "map.json").write_text(text if isinstance(text, str) else json.dumps(text))
        with pytest.raises(ConfigError, match=r"is damaged\. Make it anew"):
            LatentMap.load(tmp_path, asset("checkpoints/facekit52"))


def test_a_map_whose_arrays_are_of_other_clips_is_said_to_be_damaged(made: LatentMap, tmp_path: Path) -> None:
    person, names = made.static_labels["person"]
    for wrong in (
        replace(made, static_labels={"person": LabelValues(person[:-1], names)}),
        replace(made, static_labels={"person": LabelValues(person + 9, names)}),
        replace(made, static_places=made.static_places[:, :1]),
        replace(made, sheets=made.sheets[1:]),
        replace(made, dynamics=made.dynamics[:, 0]),
    ):
        replace(wrong, folder=tmp_path).save()
        with pytest.raises(ConfigError, match="damaged"):
            LatentMap.load(tmp_path, asset("checkpoints/facekit52"))


def test_the_map_that_ships_is_of_the_checkpoint_that_ships_and_reaches_its_marks() -> None:
    shipped = LatentMap.load(asset("map"), asset("checkpoints/facekit52"))
    result = json.loads((_ROOT / "results" / "map.json").read_text(encoding="utf-8"))
    assert shipped.about == result
    assert len(shipped) == result["data"]["clips"] == 624
    static, dynamics = result["figures"]["static"], result["figures"]["dynamics"]
    assert static["person"]["mean"] >= 0.9
    assert static["expression"]["mean"] < 1.5 * result["chance"]["expression"]
    assert dynamics["expression"]["mean"] >= 0.9
    assert dynamics["person"]["mean"] < 0.2
    files = [path for path in asset("map").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 6_000_000
    assert {shipped.sheet(person) for person in range(52)} <= set(files)
