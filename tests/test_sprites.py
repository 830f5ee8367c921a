"""The Sprites benchmark from its layers; the art is not part of the project and is read where it is."""

import os
from pathlib import Path

import numpy as np
import pytest

from seqdisent_core.data import sprites
from seqdisent_core.data.clips import load_clips
from seqdisent_core.data.sprites import ATTRIBUTES, LAYERS, character_splits, composite, render_sprites, rounded
from seqdisent_core.errors import DataError

SOURCE = Path(
    os.environ.get(
        "SEQDISENT_SPRITES", Path(__file__).parents[2] / "shared" / "data" / "sprites" / "sprites_layers.npz"
    )
)
needs_art = pytest.mark.skipif(not SOURCE.is_file(), reason="no layers of Sprites; set SEQDISENT_SPRITES to their file")


def test_layers_lie_over_one_another_on_black() -> None:
    red, half_white, nothing = ((255, 0, 0, 255), (255, 255, 255, 128), (9, 9, 9, 0))
    layers = [np.array([layer], np.uint8) for layer in (red, half_white, nothing)]
    black = np.zeros((1, 3), np.float32)
    assert rounded(composite(layers, black)).tolist() == [[255, 128, 128]]
    assert rounded(composite(layers[1:], black)).tolist() == [[128, 128, 128]]
    assert not black.any(), "what lies under them stays as it is"


def test_a_thousand_characters_train_and_the_others_test() -> None:
    splits = character_splits()
    counts = {name: int((splits == name).sum()) for name in ("train", "validation", "test")}
    assert counts == {"train": 900, "validation": 100, "test": 296}
    order = np.random.RandomState(423).permutation(1296)
    assert set(np.flatnonzero(splits == "test")) == set(order[1000:])


def test_a_file_that_holds_no_layers_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, body=np.zeros(3))
    with pytest.raises(DataError, match="layers of Sprites"):
        render_sprites(tmp_path / "out", wrong)
    np.savez(wrong, actions=np.array(["walk"]), **{name: np.zeros((6, 2), np.uint8) for name in LAYERS})
    with pytest.raises(DataError, match="shape"):
        render_sprites(tmp_path / "out", wrong)
    with pytest.raises(DataError, match="no file"):
        render_sprites(tmp_path / "out", tmp_path / "absent.npz")


@needs_art
def test_the_set_has_every_character_in_every_action_with_its_attributes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one frame each: with all eight the files have a gigabyte."""
    monkeypatch.setattr(sprites, "FRAMES", 1)
    with np.load(SOURCE) as stored:
        layers = {name: stored[name][:, :, :1] for name in LAYERS}
        np.savez(tmp_path / "layers.npz", actions=stored["actions"], **layers)
    seen: list[tuple[int, int]] = []
    made = render_sprites(tmp_path / "set", tmp_path / "layers.npz", progress=lambda *now: seen.append(now))
    clips = load_clips(made)
    assert clips.frames.shape == (11_664, 1, 64, 64, 3) and clips.name == "sprites"
    assert seen[-1] == (1296, 1296)
    assert tuple(clips.static) == ATTRIBUTES and len(clips.dynamic["action"].names) == 9
    combined = np.ravel_multi_index([label.values for label in clips.static.values()], (6, 6, 6, 6))
    np.testing.assert_array_equal(combined, clips.identities.values)  # a character is its attributes
    for label in clips.static.values():
        assert len(label.names) == 6 and np.all(np.bincount(label.values) == 11_664 // 6)
    assert not set(clips.part("train").identities.values) & set(clips.part("test").identities.values)
    same_hair = clips.static["hair"].values == 2
    with np.load(tmp_path / "layers.npz") as stored:
        action = clips.dynamic["action"].names.index(str(stored["actions"][0]))
        hair = layers["hair"][2, 0]
    opaque = hair[..., 3] == 255
    for index in np.flatnonzero(same_hair & (clips.dynamic["action"].values == action))[::50]:
        covered = np.abs(clips.frames[index][opaque].astype(int) - hair[..., :3][opaque]).max(axis=1) > 0
        assert covered.mean() < 0.02  # only shoes lie above the hair
