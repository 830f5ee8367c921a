"""A world of other persons: takes nobody asked for, glasses, cameras that follow, couples with the same takes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_facekit import SOURCE, needs_model, theatre_of

from seqdisent_core.data.clips import couples_of, load_clips
from seqdisent_core.errors import DataError
from seqdisent_core.facekit import glasses
from seqdisent_core.facekit.improvising import improvise, scene
from seqdisent_core.facekit.model import read_face_model
from seqdisent_core.facekit.surface import Surface
from seqdisent_core.faces.alignment import EYES_Y, MOUTH_Y

pytestmark = needs_model


@pytest.fixture(scope="module")
def surface() -> Surface:
    return Surface(read_face_model(SOURCE))


@pytest.fixture(scope="module")
def theatre(surface: Surface) -> Iterator:
    yield from theatre_of(surface, 48)


# ---- what they do ------------------------------------------------------------------------------------------------


def test_takes_are_many_kinds_of_life_within_what_a_face_can_do(surface: Surface) -> None:
    names = surface.expression_names
    takes = [improvise((0, couple, 0), names, 24) for couple in range(150)]
    weights = np.stack([take.weights for take in takes])
    assert weights.min() >= 0 and weights.max() <= 1.5
    used = {name for name, most in zip(names, weights.max(axis=(0, 1)), strict=True) if most > 0.3}
    assert set(names) - used == {"PupilDilate_L", "PupilDilate_R"}  # nothing that a camera would see
    poses = np.stack([take.pose for take in takes])
    assert (np.abs(poses[..., :3]).max(axis=(0, 1)) < [30, 18, 16]).all()
    assert np.abs(poses[..., 0]).max() > 22 and np.abs(poses[..., 2]).max() > 8
    at_rest = [take.weights[0].max() < 1e-6 for take in takes]
    assert 0.5 < np.mean(at_rest) < 0.8
    assert np.mean([take.weights.max() for take in takes]) > 0.6


def test_mouths_speak_faster_than_heads_turn(surface: Surface) -> None:
    jaw = surface.expression_names.index("jawOpen")
    takes = [improvise((1, couple, 0), surface.expression_names, 40) for couple in range(120)]
    speaking = [_haste(take.weights[:, jaw]) for take in takes if take.weights[:, jaw].std() > 0.08]
    assert len(speaking) > 30
    assert np.median(speaking) > 1.25 * np.median([_haste(take.pose[:, 0]) for take in takes])


def _haste(curve: np.ndarray) -> float:
    """How far a curve goes from frame to frame, in its own deviations."""
    return float(np.abs(np.diff(curve)).mean() / curve.std())


def test_a_take_and_a_place_come_again_with_their_seed(surface: Surface) -> None:
    first, again = (improvise((2, 5, 1), surface.expression_names, 12) for _ in range(2))
    assert np.array_equal(first.weights, again.weights) and np.array_equal(first.pose, again.pose)
    assert not np.array_equal(first.pose, improvise((2, 5, 0), surface.expression_names, 12).pose)
    assert np.allclose(np.linalg.norm(scene((2, 5)).key), 1)


# ---- what they wear, and how they are filmed ---------------------------------------------------------------------


def test_glasses_sit_before_the_eyes_and_end_at_the_ears(surface: Surface) -> None:
    marks = surface.neutral[surface.landmarks]
    for seed in range(5):
        points = glasses.put_on(marks, seed)
        assert points.shape == (glasses.POINTS, 3) and np.isfinite(points).all()
        front = points[points[:, 2] > 7]
        assert abs(front[:, 0].mean()) < 0.3 and np.abs(points[:, 0]).max() < 8.2
        assert front[:, 1].min() > marks[33, 1] - 0.5 and front[:, 1].max() < marks[17:27, 1].max() + 1.5
        assert points[:, 2].min() < 0.5
    assert glasses.triangles().max() == glasses.POINTS - 1


def test_the_camera_keeps_eyes_and_mouth_at_their_place_however_the_head_moves(surface: Surface) -> None:
    from seqdisent_core.facekit.filming import follow

    marks = surface.neutral[surface.landmarks]
    angles = np.radians(np.linspace(-12, 12, 9))
    rolled = np.stack(
        [marks @ np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]]) for a in angles]
    )
    rolled += np.array([2.0, -1.0, 0.0]) * np.linspace(0, 1, 9)[:, None, None]
    framing = follow(rolled, np.random.default_rng(0))
    for at in range(2, 7):
        place = [_in_crop(rolled[at, rows].mean(axis=0), framing, at) for rows in (slice(36, 48), [48, 54])]
        assert np.allclose(place, [[0.5, EYES_Y], [0.5, MOUTH_Y]], atol=0.06)


def _in_crop(point: np.ndarray, framing, at: int) -> np.ndarray:
    scale = 95 / (95 + 9 - point[2])
    x, y = point[0] * scale - framing.x[at], point[1] * scale - framing.y[at]
    cos, sin = np.cos(framing.roll[at]), np.sin(framing.roll[at])
    return np.array([0.5 + (x * cos - y * sin) / framing.side[at], 0.5 - (x * sin + y * cos) / framing.side[at]])


def test_cameras_differ_and_one_of_them_treats_all_frames_alike() -> None:
    from seqdisent_core.facekit.filming import cameras, film

    frames = np.full((4, 32, 32, 3), 120, np.uint8)
    recorded = [film(frames, cameras(np.random.default_rng(seed)), np.random.default_rng(1)) for seed in range(12)]
    means = np.array([clip.mean(axis=(1, 2)) for clip in recorded])
    assert means.std(axis=1).max() < 1.5, "over the frames of a clip"
    assert means.mean(axis=1).std(axis=0).min() > 4, "from camera to camera"


# ---- couples -----------------------------------------------------------------------------------------------------


def test_the_two_of_a_couple_are_different_people_who_do_the_same(theatre) -> None:
    from seqdisent_core.facekit.wild import Wild, draw_couple

    clips = draw_couple(theatre, 3, Wild("wild", "", 10, 2, 8, 48, 0)).astype(float)
    assert clips.shape == (4, 8, 48, 48, 3)
    first, second = clips[:2], clips[2:]  # two takes each
    assert np.abs(first - second).mean() > 12
    for clip in (first[0], second[0]):
        assert np.abs(clip[0] - clip[-1]).mean() > 1
    moves = [np.abs(np.diff(clip, axis=0)).mean(axis=(1, 2, 3)) for clip in clips]
    same, other = np.corrcoef(moves[0], moves[2])[0, 1], np.corrcoef(moves[0], moves[3])[0, 1]
    assert same > 0.8 and same > other


def test_glasses_are_seen_where_a_person_wears_them(theatre, surface: Surface) -> None:
    from seqdisent_core.facekit.wild import extra

    person = replace(extra(surface, 1, 0), glasses=None, brow=(0.1, 0.1, 0.1))
    still = replace(improvise((0, 0, 0), surface.expression_names, 1), pose=np.zeros((1, 6), np.float32))
    still = replace(still, weights=np.zeros_like(still.weights))
    pictures = []
    for worn in (None, 7):
        theatre.dress(replace(person, glasses=worn))
        pictures.append(theatre.play(still)[0].astype(float))
    change = np.abs(pictures[0] - pictures[1]).mean(axis=2)
    assert change[4:22].max() > 25 and change[30:].max() < 8


def test_a_set_of_couples_is_read_with_what_belongs_together(tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    from seqdisent_core.facekit.wild import render_wild

    folder = render_wild(tmp_path / "wild", SOURCE, persons=10, takes=1, frames=2, size=16, workers=2)
    clips = load_clips(folder, size=16)
    assert clips.frames.shape == (10, 2, 16, 16, 3) and clips.name == "wild"
    pairs = couples_of(clips)
    assert pairs.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert [str(split) for split in clips.split] == ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    with pytest.raises(DataError, match="multiple"):
        render_wild(tmp_path / "odd", SOURCE, persons=7)
