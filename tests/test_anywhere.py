"""FaceKit-Any: clips that begin anywhere, faint to full, with turning heads and changing light, of similar persons."""

import json
from pathlib import Path

import numpy as np
import pytest
from test_facekit import SOURCE, needs_model

from seqdisent_core.data import EXPRESSIONS, load_clips
from seqdisent_core.facekit.acting import Performance, perform
from seqdisent_core.facekit.anywhere import FAINT, perform_anywhere, render_facekit_any, sample_alike_person
from seqdisent_core.facekit.model import read_face_model
from seqdisent_core.facekit.people import sample_person
from seqdisent_core.facekit.surface import Surface

NAMES = ("browInnerUp", "jawOpen", "mouthSmile_L", "mouthSmile_R", "eyeBlink_L", "eyeBlink_R")


def takes(count: int = 200) -> list[Performance]:
    return [perform_anywhere(EXPRESSIONS.index("surprise"), (0, 1, 5, take), NAMES) for take in range(count)]


def test_clips_begin_at_rest_in_the_movement_and_at_its_height() -> None:
    jaws = np.stack([take.weights[:, NAMES.index("jawOpen")] for take in takes()])
    begun = jaws[:, 0] / jaws.max(axis=1)
    assert (begun < 0.05).mean() > 0.1 and (begun > 0.9).mean() > 0.1 and ((begun > 0.2) & (begun < 0.8)).mean() > 0.1
    assert jaws.shape[1] == 15 and jaws.max(axis=1).min() > 0.15, "each shows the expression at some time"


def test_expressions_go_from_faint_to_full() -> None:
    peaks = np.stack([take.weights[:, NAMES.index("jawOpen")].max() for take in takes()])
    whole = max(perform("surprise", (0, 1, 5, take), NAMES).weights.max() for take in range(50))
    assert peaks.min() < 1.3 * FAINT * 0.8 and peaks.max() > 0.6 * whole and peaks.std() > 0.1


def test_heads_turn_and_light_moves_within_a_clip_and_in_no_clip_of_facekit52() -> None:
    turned = np.stack([np.ptp(take.pose[:, 0]) for take in takes()])
    still = np.stack([np.ptp(perform("surprise", (0, 1, 5, take), NAMES).pose[:, 0]) for take in range(200)])
    assert np.median(turned) > 4 > 2 > np.median(still)
    for take in takes(5):
        assert len(take.lights) == 15
        assert all(np.isclose(np.linalg.norm(light.key), 1) for light in take.lights)
        assert not np.allclose(take.lights[0].key, take.lights[-1].key)
    assert perform("surprise", (0, 1, 5, 0), NAMES).lights == ()


@needs_model
def test_persons_look_more_alike_than_those_of_facekit52() -> None:
    surface = Surface(read_face_model(SOURCE))
    spreads = []
    for sample in (sample_alike_person, sample_person):
        persons = [sample(surface, number) for number in range(20)]
        looks = [np.array([one.skin for one in persons]), np.array([one.hair for one in persons])]
        looks.append(np.array([one.shape for one in persons]))
        spreads.append([look.std(axis=0).mean() for look in looks])
    assert all(alike < 0.8 * apart for alike, apart in zip(*spreads, strict=True))


@needs_model
def test_a_set_is_drawn_by_the_command_and_loads_as_facekit52_does(tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    sizes = {"persons": 2, "takes": 3, "frames": 4, "size": 24}
    out = render_facekit_any(tmp_path / "any", SOURCE, workers=1, **sizes)
    clips = load_clips(out)
    assert (
        clips.name == "facekit_any" and len(clips) == 2 * 6 * 3 and set(clips.split) == {"train", "validation", "test"}
    )
    assert json.loads((out / "set.json").read_text())["takes"] == 3
    assert np.ptp(clips.frames[0].astype(int), axis=0).max() > 30
