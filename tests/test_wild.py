"""The set for films: takes nobody asked for, glasses, a camera that follows, parallel pairs, and their truth."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from test_facekit import SOURCE, needs_model

from seqdisent_core.data.clips import load_clips, parallel_pairs, read_plan
from seqdisent_core.data.truth import part_path
from seqdisent_core.errors import DataError
from seqdisent_core.facekit import glasses, truth
from seqdisent_core.facekit.acting import Performance
from seqdisent_core.facekit.gaze import gaze_angles
from seqdisent_core.facekit.improvising import improvise, sample_light
from seqdisent_core.facekit.model import read_face_model
from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.surface import Surface
from seqdisent_core.facekit.truth import GRID, SAMPLES, Solids
from seqdisent_core.facekit.view import REACH, View, on_wall, project, wall_places
from seqdisent_core.facekit.wild import Wild, draw_pair, sample_varied_person
from seqdisent_core.faces.alignment import EYES_Y, MOUTH_Y

pytestmark = needs_model
TINY = {"persons": 10, "takes": 1, "frames": 2, "size": 16}


@pytest.fixture(scope="module")
def surface() -> Surface:
    return Surface(read_face_model(SOURCE))


@pytest.fixture(scope="module")
def renderer() -> Iterator:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    from seqdisent_core.facekit.film_renderer import TURNED_AWAY, FilmRenderer

    made = FilmRenderer(Surface(read_face_model(SOURCE), TURNED_AWAY), 128)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pair(renderer) -> list:
    """Two takes of one person, then the same two of the partner."""
    return draw_pair(renderer, 3, Wild("wild", "", 10, 2, 8, 128, 0))


class Drawn(NamedTuple):
    """A set, and what was told of its progress."""

    folder: Path
    told: list[tuple[int, int]]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """A set of one file, which was there before but for one array of its truth, and full of zeros."""
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    from seqdisent_core.facekit import render_wild

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    folder, told = tmp_path_factory.mktemp("sets") / "wild", []
    with pytest.raises(InterruptedError):
        render_wild(folder, SOURCE, progress=stop, **TINY)
    for part, shape in plan_of(folder).parts.items():
        if part != "motion":
            np.save(part_path(folder / "pairs_0000.npy", part), np.zeros(shape, np.uint8))
    render_wild(folder, SOURCE, workers=2, progress=lambda *now: told.append(now), **TINY)
    return Drawn(folder, told)


@pytest.fixture(scope="module")
def small_set(drawn: Drawn) -> Path:
    return drawn.folder


def plan_of(folder: Path) -> Wild:
    return Wild(**read_plan(folder))


def act(surface: Surface, *frames: dict[str, float], pose: tuple[float, ...] = (0, 0, 0)) -> Performance:
    """A take with these weights, by name with or without side, in each of its frames, the head held in one pose."""
    names = surface.expression_names
    weights = np.zeros((len(frames), len(names)), np.float32)
    for row, shapes in zip(weights, frames, strict=True):
        for shape, weight in shapes.items():
            row[[name in (shape, f"{shape}_L", f"{shape}_R") for name in names]] = weight
    still = np.zeros((len(frames), 6), np.float32)
    still[:, :3] = pose
    return replace(improvise((0, 0, 0), names, len(frames)), weights=weights, pose=still)


def plain(surface: Surface, **changes: object) -> Person:
    return replace(sample_varied_person(surface, 1, 0), glasses=None, reflection=0.0, **changes)  # type: ignore[arg-type]


# ---- what they do ------------------------------------------------------------------------------------------------


def test_takes_are_many_kinds_of_life_within_what_a_face_can_do(surface: Surface) -> None:
    names = surface.expression_names
    takes = [improvise((0, number, 0), names, 24) for number in range(150)]
    weights = np.stack([take.weights for take in takes])
    assert weights.min() >= 0 and weights.max() <= 1.5
    used = {name for name, most in zip(names, weights.max(axis=(0, 1)), strict=True) if most > 0.3}
    assert set(names) - used == {"PupilDilate_L", "PupilDilate_R"}  # nothing that a camera would see
    poses = np.stack([take.pose for take in takes])
    assert (np.abs(poses[..., :3]).max(axis=(0, 1)) < [38, 22, 20]).all()
    assert np.abs(poses[..., 0]).max() > 28 and np.abs(poses[..., 2]).max() > 10
    assert np.mean([take.weights.max() for take in takes]) > 0.6


def test_about_half_of_the_takes_begin_neutral(surface: Surface) -> None:
    takes = [improvise((0, number, 0), surface.expression_names, 24) for number in range(150)]
    assert 0.4 < np.mean([take.weights[0].max() < 1e-6 for take in takes]) < 0.6


def test_mouths_open_wide_eyes_shut_and_gaze_goes_to_the_corners_in_many_takes(surface: Surface) -> None:
    names = surface.expression_names
    takes = [improvise((0, number, 0), names, 24).weights for number in range(150)]
    assert np.mean([take[:, names.index("jawOpen")].max() > 0.6 for take in takes]) > 0.3
    assert np.mean([take[:, names.index("eyeBlink_L")].max() > 0.9 for take in takes]) > 0.4
    assert np.mean([np.abs(gaze_angles(take, names)[..., 0]).max() > 25 for take in takes]) > 0.15


def test_mouths_speak_faster_than_heads_turn(surface: Surface) -> None:
    jaw = surface.expression_names.index("jawOpen")
    takes = [improvise((1, number, 0), surface.expression_names, 40) for number in range(120)]
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
    assert np.allclose(np.linalg.norm(sample_light((2, 5)).key), 1)


def test_light_comes_strongly_from_the_side_on_about_one_person_in_five() -> None:
    aside = [abs(light.key[0]) > 0.7 for light in (sample_light((0, person)) for person in range(300))]
    assert 0.15 < np.mean(aside) < 0.4


def test_gaze_is_that_of_the_weights_in_degrees_to_the_heads_left_and_up(surface: Surface) -> None:
    names = surface.expression_names
    weights = np.zeros((3, len(names)), np.float32)
    weights[0, [names.index("eyeLookOut_L"), names.index("eyeLookIn_R")]] = 1  # to the person's left
    weights[1, [names.index("eyeLookUp_L"), names.index("eyeLookUp_R")]] = 0.5
    gaze = gaze_angles(weights, names)
    assert np.allclose(gaze[0, :, 0], gaze[0, 0, 0]) and gaze[0, 0, 0] > 25 and (gaze[0, :, 1] == 0).all()
    assert (gaze[1, :, 1] > 8).all() and (gaze[1, :, 0] == 0).all() and (gaze[2] == 0).all()


# ---- what they wear, and how they are filmed ---------------------------------------------------------------------


def test_glasses_sit_on_the_nose_and_end_at_the_ears(surface: Surface) -> None:
    marks, skin = surface.neutral[surface.landmarks], surface.neutral[surface.skin.vertex]
    for seed in range(5):
        fitted = glasses.fit(marks, skin, seed)
        points = fitted.frames
        assert points.shape == (glasses.POINTS, 3) and np.isfinite(points).all()
        front = points[points[:, 2] > 7]
        assert abs(front[:, 0].mean()) < 0.3 and np.abs(points[:, 0]).max() < 9.0
        assert front[:, 1].min() > marks[33, 1] - 0.5 and front[:, 1].max() < marks[17:27, 1].max() + 1.5
        assert points[:, 2].min() < 1.5
        bridge = points[np.abs(points[:, 0]) < 0.1]
        assert len(bridge) and bridge[:, 2].min() > marks[27, 2] - 0.1  # not inside the nose
        assert np.allclose(np.linalg.norm(fitted.normals, axis=1), 1, atol=1e-5)
    assert glasses.triangles().max() == glasses.POINTS - 1
    assert glasses.lens_triangles().max() == glasses.LENS_POINTS - 1


def test_a_window_is_mirrored_where_the_lens_faces_halfway_to_it() -> None:
    normals = np.array([[0, 0, 1], [np.sin(0.2), 0, np.cos(0.2)]])
    there = glasses.reflections(normals, np.array([np.sin(0.4) + 0.05, 0.0, 0.1, 0.1]))
    assert there[0] == 0 and there[1] > 0.5


@pytest.mark.parametrize("reach", [1.0, REACH])
def test_the_camera_keeps_eyes_and_mouth_at_their_place_however_the_head_moves(surface: Surface, reach: float) -> None:
    from seqdisent_core.facekit.filming import follow

    marks = surface.neutral[surface.landmarks]
    angles = np.radians(np.linspace(-12, 12, 9))
    rolled = np.stack(
        [marks @ np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]]) for a in angles]
    )
    rolled += np.array([2.0, -1.0, 0.0]) * np.linspace(0, 1, 9)[:, None, None]
    views = follow(rolled, reach)
    for at in range(2, 7):
        middles = np.stack([rolled[at, rows].mean(axis=0) for rows in (slice(36, 48), [48, 54])])
        wanted = 0.5 + (np.array([[0.5, EYES_Y], [0.5, MOUTH_Y]]) - 0.5) / reach
        assert np.allclose(project(middles, views[at]), wanted, atol=0.03)


def test_cameras_differ_and_one_of_them_treats_all_frames_alike() -> None:
    from seqdisent_core.facekit.filming import record, sample_camera

    frames = np.full((4, 32, 32, 3), 120, np.uint8)
    recorded = [record(frames, sample_camera(np.random.default_rng(seed))) for seed in range(12)]
    means = np.array([clip.mean(axis=(1, 2)) for clip in recorded])
    assert means.std(axis=1).max() == 0, "over the frames of a clip"
    assert means.mean(axis=1).std(axis=0).min() > 4, "from camera to camera"


def test_glasses_are_seen_where_a_person_wears_them(renderer) -> None:
    still, pictures = act(renderer.surface, {}), []
    for worn in (None, 7):
        renderer.set_person(replace(plain(renderer.surface, brow=(0.1, 0.1, 0.1)), glasses=worn))
        pictures.append(renderer.render_film(still).frames[0].astype(float))
    change = np.abs(pictures[0] - pictures[1]).mean(axis=2)
    assert change[30:64].max() > 25 and change[75:].max() < 8


def test_eyes_that_look_aside_move_their_pupils_and_nothing_below_the_lids(renderer) -> None:
    renderer.set_person(plain(renderer.surface))
    aside = {"eyeLookOut_L": 1.0, "eyeLookIn_R": 1.0}
    ahead, left = renderer.render_film(act(renderer.surface, {}, aside)).frames.astype(float)
    change = np.abs(ahead - left).mean(axis=2)
    assert change[40:60].max() > 40 and np.median(change[76:110, 40:88]) < 3


def test_teeth_in_an_open_smile_are_light_and_a_wide_open_mouth_is_dark_behind_them(renderer) -> None:
    renderer.set_person(plain(renderer.surface, teeth=(0.9, 0.88, 0.83)))
    smile = {"mouthSmile": 0.9, "mouthUpperUp": 0.6, "mouthLowerDown": 0.6, "jawOpen": 0.15}
    rendering = renderer.render_film(act(renderer.surface, {}, smile, {"jawOpen": 1.0}))
    mouths = [_mouth(frame, record) for frame, record in zip(rendering.frames, rendering.records, strict=True)]
    nose = float(np.median(rendering.frames[0][64:80, 56:72].mean(axis=2)))
    teeth = np.percentile(mouths[1], 90)
    assert teeth > 1.2 * nose and np.percentile(mouths[2], 20) < 0.4 * teeth


def _mouth(frame: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Grey values within the inner lips."""
    outline = (record["landmarks"][60:68] * len(frame)).round().astype(np.int32)
    inside = cv2.fillPoly(np.zeros(frame.shape[:2], np.uint8), [outline], 1) > 0
    return frame.mean(axis=2)[inside]


# ---- the truth ---------------------------------------------------------------------------------------------------


def squares(*depths: float) -> tuple[Solids, np.ndarray]:
    """One square of the skin for each depth, all over the middle half of the picture; and the points' depths."""
    triangles = np.concatenate([np.array([[0, 1, 2], [0, 2, 3]]) + 4 * number for number in range(len(depths))])
    classes = np.full(len(triangles), truth.SKIN, np.int8)
    solids = Solids(triangles, classes, np.zeros((4 * len(depths), 2), np.float32), np.ones((2, 2)), False)
    return solids, np.repeat(np.array(depths, np.float32), 4)


CORNERS = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]], np.float32)
AHEAD = View(0, 0, 20, 0)


def test_the_nearer_of_two_surfaces_is_shown_and_beyond_them_the_background() -> None:
    solids, depth = squares(0.0, 5.0)
    samples = truth.rasterise(solids, np.tile(CORNERS, (2, 1)), depth)
    inside = samples.triangle >= 0
    assert inside.sum() == (SAMPLES // 2) ** 2 and (samples.triangle[inside] >= 2).all()
    assert np.allclose(samples.depth[inside], 5) and truth.foreground(samples).mean() == 255 / 4


def test_a_surface_that_moves_moves_its_cells_and_hides_what_it_moves_onto() -> None:
    solids, depth = squares(0.0)
    shift = np.array([8 / GRID, -4 / GRID], np.float32)
    before, after = (truth.rasterise(solids, places, depth) for places in (CORNERS, CORNERS + shift))
    moved = truth.motion(solids, after, AHEAD, before, CORNERS, depth, AHEAD)
    person = truth.foreground(after) == 255
    assert np.allclose(moved.motion[person], -shift, atol=1e-3) and (moved.visible[person] == 255).all()
    assert (moved.motion[~person] == 0).all()
    uncovered = ~person & (truth.foreground(before) == 255)
    assert uncovered.any() and (moved.visible[uncovered] == 0).all()


def test_a_surface_behind_another_in_the_anchor_frame_is_not_visible() -> None:
    solids, depth = squares(0.0, 5.0)
    aside = np.concatenate([CORNERS, CORNERS + np.array([2, 0], np.float32)])  # the one in front has left
    before, after = (truth.rasterise(solids, places, depth) for places in (np.tile(CORNERS, (2, 1)), aside))
    moved = truth.motion(solids, after, AHEAD, before, np.tile(CORNERS, (2, 1)), depth, AHEAD)
    assert (moved.visible[truth.foreground(after) == 255] == 0).all()


def test_a_wall_is_found_again_through_two_cameras() -> None:
    view = View(1.5, -2.0, 21.0, 0.3)
    places = np.random.default_rng(0).uniform(0, 1, (20, 2))
    assert np.allclose(wall_places(on_wall(places, view), view), places)
    assert np.allclose(project(np.array([[1.5, -2.0, 9.0]]), view), 0.5)  # at the plane of the wall


def test_the_anchor_frame_moved_by_the_truth_is_the_frame_where_it_is_visible(pair: list) -> None:
    gains = []
    for clip in pair:
        for anchor, motion, visible in zip(clip.anchors, clip.motion, clip.visible, strict=True):
            moved = np.flatnonzero(np.arange(len(clip.frames)) != anchor)
            known = [_kept(visible[t], clip.foreground[t]) for t in moved]
            still = [_error(clip.frames[anchor], clip.frames[t], k) for t, k in zip(moved, known, strict=True)]
            warped = [_warped(clip.frames[anchor], motion[t]) for t in moved]
            told = [_error(w, clip.frames[t], k) for w, t, k in zip(warped, moved, known, strict=True)]
            gains.append(10 * np.log10(np.mean(still) / np.mean(told)))
    assert np.mean(gains) > 4 and min(gains) > 1, "dB"


def _warped(anchor: np.ndarray, motion: np.ndarray) -> np.ndarray:
    size = len(anchor)
    grid = (np.arange(size, dtype=np.float32) + 0.5) / size
    fine = cv2.resize(motion.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    there = (np.stack(np.meshgrid(grid, grid), -1) + fine) * size - 0.5
    return cv2.remap(anchor, there[..., 0], there[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _kept(visible: np.ndarray, foreground: np.ndarray) -> np.ndarray:
    both = np.minimum(visible, foreground)
    return cv2.resize(both, (128, 128), interpolation=cv2.INTER_LINEAR) > 250


def _error(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> float:
    return float(np.square(first.astype(float) - second)[where].mean())


def test_a_still_performance_has_no_motion_and_hides_nothing(renderer) -> None:
    renderer.set_person(sample_varied_person(renderer.surface, 3, 0))
    smile = {"mouthSmile": 0.8, "jawOpen": 0.3}
    rendering = renderer.render_film(act(renderer.surface, smile, smile, smile, pose=(12, 4, -3)), (0, 2))
    assert np.abs(rendering.motion).max() < 1e-4
    assert (rendering.visible == 255).all()
    assert (rendering.frames == rendering.frames[0]).all()


def test_a_mouth_that_opens_and_lids_that_close_are_not_visible_in_a_neutral_anchor(renderer) -> None:
    renderer.set_person(plain(renderer.surface))
    rendering = renderer.render_film(act(renderer.surface, {}, {"jawOpen": 1.0}))
    mouth = rendering.records["landmarks"][1, [62, 66]].mean(axis=0)
    column, row = (mouth * GRID).astype(int)
    assert (rendering.visible[0, 1, row - 1 : row + 2, column - 1 : column + 2] < 100).all()
    assert rendering.visible[0, 1][rendering.foreground[1] == 255].mean() > 0.9 * 255, "nearly all else is"


def test_partners_have_one_truth_of_shapes_pose_and_gaze_and_different_pictures(pair: list) -> None:
    for own, partners in zip(pair[:2], pair[2:], strict=True):
        for name in ("weights", "pose", "gaze"):
            assert np.array_equal(own.records[name], partners.records[name]), name
        assert np.array_equal(own.anchors, partners.anchors) and own.anchors[0] == 0
        assert np.abs(own.frames.astype(float) - partners.frames).mean() > 12
    moves = [np.abs(np.diff(clip.frames.astype(float), axis=0)).mean(axis=(1, 2, 3)) for clip in pair]
    same, other = np.corrcoef(moves[0], moves[2])[0, 1], np.corrcoef(moves[0], moves[3])[0, 1]
    assert same > 0.8 and same > other


def test_landmarks_and_lids_follow_what_is_drawn(renderer) -> None:
    renderer.set_person(plain(renderer.surface, hair_style="tied"))  # nothing before ears and jaw
    records = renderer.render_film(act(renderer.surface, {}, {"eyeBlink": 1.0}, {"jawOpen": 1.0})).records
    assert (records["lids"][0] > 0.2).all() and (records["lids"][1] < 0.4 * records["lids"][0]).all()
    gaps = np.linalg.norm(records["landmarks"][:, 62] - records["landmarks"][:, 66], axis=1)
    assert gaps[2] > 0.04 > 4 * gaps[0]
    assert records["landmarks_visible"][0].all()
    turned = renderer.render_film(act(renderer.surface, {}, pose=(32, 0, 0))).records[0]
    jaw = turned["landmarks_visible"][:17]
    assert jaw[:4].all() and not jaw[13:].all(), "the jaw's far side, the person's left, is out of sight"


# ---- sets --------------------------------------------------------------------------------------------------------


def test_a_set_of_pairs_is_read_with_what_belongs_together(small_set: Path, tmp_path: Path) -> None:
    from seqdisent_core.facekit import render_wild

    clips = load_clips(small_set, size=16)
    assert clips.frames.shape == (10, 2, 16, 16, 3) and clips.name == "wild"
    pairs = parallel_pairs(clips)
    assert pairs.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert [str(split) for split in clips.split] == ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    with pytest.raises(DataError, match="multiple"):
        render_wild(tmp_path / "odd", SOURCE, persons=7)


def test_the_truth_lies_beside_the_frames_and_set_json_says_what_it_is(small_set: Path) -> None:
    about = read_plan(small_set)
    assert about["renderer"] == 2 and about["reach"] == REACH and about["anchors"] == 2 and about["grid"] == GRID
    parts = {name: np.load(small_set / f"pairs_0000.{name}.npy", mmap_mode="r") for name in _PARTS}
    assert {name: (part.shape, part.dtype) for name, part in parts.items() if name != "records"} == {
        "motion": ((10, 2, 2, GRID, GRID, 2), np.float16),
        "visible": ((10, 2, 2, GRID, GRID), np.uint8),
        "foreground": ((10, 2, GRID, GRID), np.uint8),
        "anchors": ((10, 2), np.uint8),
    }
    assert parts["records"].shape == (10, 2)
    assert parts["records"]["weights"].shape[-1] == len(about["shapes"]) and "jawOpen" in about["shapes"]


_PARTS = ("motion", "visible", "foreground", "records", "anchors")


def test_a_file_whose_truth_is_missing_is_drawn_again_whole(drawn: Drawn) -> None:
    assert drawn.told == [(0, 10), (10, 10)]
    for part in plan_of(drawn.folder).parts:
        array = np.load(part_path(drawn.folder / "pairs_0000.npy", part))
        assert (array["weights"] if part == "records" else array).any(), part


def test_a_pair_has_the_same_bytes_whatever_was_drawn_before_it_and_where(small_set: Path) -> None:
    plan = plan_of(small_set)
    renderer = plan.make_renderer(read_face_model(SOURCE))
    clips = draw_pair(renderer, 4, plan)  # the last of the set's file
    renderer.close()
    for part in plan.parts:
        stored = np.load(part_path(small_set / "pairs_0000.npy", part))[-2:]
        assert stored.tobytes() == np.stack([getattr(clip, part or "frames") for clip in clips]).tobytes(), part


def test_a_finished_set_is_not_drawn_again_and_other_settings_are_refused(small_set: Path) -> None:
    from seqdisent_core.facekit import render_wild

    frames = small_set / "pairs_0000.npy"
    before = frames.stat().st_mtime_ns
    render_wild(small_set, SOURCE, **TINY)
    assert frames.stat().st_mtime_ns == before
    with pytest.raises(DataError, match="another seed"):
        render_wild(small_set, SOURCE, **TINY, seed=1)
    with pytest.raises(DataError, match="another frames"):
        render_wild(small_set, SOURCE, **{**TINY, "frames": 3})
