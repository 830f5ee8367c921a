"""Finding, following and cutting out a face, with real files through the real decoder.

The films are made here from the drawn people in demo_assets/examples, pasted onto larger pictures; turning_head.jpg is
one of them too, turned from 0 to 60 degrees by 5. Filmed people, who aren't part of the project, are read from the
folder SEQDISENT_FILMED or ../shared/data/filmed.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import media
import numpy as np
import pytest
from media import Place, backdrop, paste, tight
from PIL import Image

from seqdisent_core.assets import asset
from seqdisent_core.errors import FaceError, VideoError
from seqdisent_core.faces.alignment import (
    EYES_X,
    EYES_Y,
    MOUTH_Y,
    cut_out,
    face_pose,
    pose_transform,
    transform_points,
)
from seqdisent_core.faces.light import light_for, lit
from seqdisent_core.faces.reading import FaceClip, film_pictures, find_faces, read_face
from seqdisent_core.faces.tracking import SceneWatch
from seqdisent_core.media.video import read_video, write_video

FILMED = Path(os.environ.get("SEQDISENT_FILMED", Path(__file__).parents[2] / "shared" / "data" / "filmed"))
FPS = 25.0


def examples(expression: str = "*") -> list[Path]:
    found = sorted(asset("examples").glob(f"*_{expression}.mp4"))
    assert found, f"no example of {expression}"
    return found


def person(path: Path) -> str:
    return path.stem.rpartition("_")[0]


@pytest.fixture(scope="module")
def people() -> list[np.ndarray]:
    """Faces of two drawn persons from brows to chin, uint8 (frames, 256, 256, 3)."""
    one = examples()[0]
    other = next(path for path in examples() if person(path) != person(one))
    return [tight(read_video(path)[0]) for path in (one, other)]


def film(path: Path, frames: Sequence[np.ndarray]) -> Path:
    return write_video(path, np.stack(frames), FPS, hurried=True)


def moved_by_hand(frames: Sequence[np.ndarray], away: np.ndarray) -> list[np.ndarray]:
    """The middle 440 of 512 pixels, or what lies `away`, int (frames, 2), to the right and down: up to 36 pixels."""
    large = [cv2.resize(frame, (512, 512)) for frame in frames]
    return [frame[36 + y : 476 + y, 36 + x : 476 + x] for frame, (x, y) in zip(large, away, strict=True)]


def still(face: np.ndarray, count: int, place: Place = (320, 180, 200, 0)) -> list[np.ndarray]:
    return [paste(backdrop(), face, place)] * count


def error_of(path: Path, face: int = 0) -> str:
    with pytest.raises(FaceError) as caught:
        read_face(path, face=face)
    sentence = str(caught.value)
    assert path.name in sentence and str(path.parent) not in sentence and sentence.endswith(".")
    return sentence


def wander(clip: FaceClip, place_at: Callable[[int], Place]) -> float:
    """How far the corners of a face's square stray in the crop while it moves in the film: std in pixels."""
    size = clip.frames.shape[1]
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])
    seen = []
    for index, transform in enumerate(clip.transforms):
        x, y, side, roll = place_at(index)
        cos, sin = side * np.cos(np.radians(roll)), side * np.sin(np.radians(roll))
        seen.append(transform_points(corners @ np.array([[cos, sin], [-sin, cos]]) + (x, y), transform))
    assert np.ptp(seen, axis=(0, 1)).min() > 0.8 * size  # the crop is that of the face
    return float(np.std(seen, axis=0).max())


def test_a_pose_lays_eyes_and_mouth_where_the_layout_says() -> None:
    points = np.array([[90.0, 100], [130, 110], [108, 125], [85, 140], [115, 147]])
    pose = face_pose(points)
    eyes, mouth = transform_points(np.array([points[:2].mean(0), points[3:].mean(0)]), pose_transform(pose, 100))
    left, right = transform_points(points[:2], pose_transform(pose, 100))
    np.testing.assert_allclose(eyes + 0.5, [100 * EYES_X, 100 * EYES_Y], atol=1e-6)
    assert left[1] == pytest.approx(right[1])
    assert mouth[1] + 0.5 <= 100 * MOUTH_Y + 1e-6


def test_cutting_out_with_the_identity_changes_nothing_and_shrinking_averages() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(cut_out(noise, np.eye(2, 3), 64), noise)
    checks = np.indices((256, 256)).sum(0) % 2 * np.uint8(254)
    quarter = np.array([[0.25, 0, -0.375], [0, 0.25, -0.375]])
    grey = cut_out(np.repeat(checks[..., None], 3, axis=2).astype(np.uint8), quarter, 64)
    assert np.abs(grey.astype(int) - 127).max() <= 2


@pytest.mark.parametrize("size", [64, 128])
def test_a_face_that_fills_the_picture_is_found_and_comes_out_as_it_was(
    tmp_path: Path, people: list[np.ndarray], size: int
) -> None:
    path = film(tmp_path / "tight.mp4", list(people[0]))
    clip = read_face(path, size=size)
    assert clip.frames.shape == (len(people[0]), size, size, 3) and clip.frames.dtype == np.uint8
    assert (clip.fps, clip.faces, clip.source) == (FPS, 1, path)
    scale = np.sqrt(np.linalg.det(clip.transforms[:, :, :2])) * 256 / size
    assert np.all(np.abs(scale - 1) < 0.15)
    middle = transform_points(np.full((1, 2), 127.5), clip.transforms[0])
    assert np.abs(middle / size - 0.5).max() < 0.1


@pytest.mark.parametrize("roll", [-20.0, 15.0])
def test_eyes_come_out_level_and_in_place_however_the_head_is_rolled(
    tmp_path: Path, people: list[np.ndarray], roll: float
) -> None:
    def read(degrees: float) -> FaceClip:
        frames = still(people[0][0], 12, (260, 170, 180, degrees))
        return read_face(film(tmp_path / "rolled.mp4", frames), size=256)

    def rolls(clip: FaceClip) -> np.ndarray:
        return np.degrees(np.arctan2(clip.transforms[:, 0, 1], clip.transforms[:, 0, 0]))

    upright, clip = read(0.0), read(roll)  # the drawn person's own head is a little aslant
    assert np.abs(rolls(upright)).max() < 5
    np.testing.assert_allclose(rolls(clip) - rolls(upright), roll, atol=2)
    eyes = find_faces(clip.frames[6])[0].points[:2]
    assert np.degrees(np.arctan2(*(eyes[1] - eyes[0])[::-1])) == pytest.approx(0, abs=3)
    np.testing.assert_allclose(eyes.mean(0) / 256, [EYES_X, EYES_Y], atol=0.04)


def test_a_still_head_is_still_in_its_crop(tmp_path: Path, people: list[np.ndarray]) -> None:
    noise, place = np.random.default_rng(1), (300.0, 190.0, 170.0, 4.0)
    picture = paste(backdrop(), people[0][0], place).astype(float)
    frames = [np.clip(picture + noise.normal(0, 4, picture.shape), 0, 255).astype(np.uint8) for _ in range(40)]
    assert wander(read_face(film(tmp_path / "still.mp4", frames)), lambda index: place) < 0.3


def test_a_moving_head_is_followed(tmp_path: Path, people: list[np.ndarray]) -> None:
    def place_at(index: int) -> Place:
        time = index / FPS
        return 320 + 120 * np.sin(2 * time), 180 + 30 * np.cos(3 * time), 170, 8 * np.sin(4 * time)

    frames = [paste(backdrop(), people[0][0], place_at(index)) for index in range(50)]
    assert wander(read_face(film(tmp_path / "moving.mp4", frames)), place_at) < 1


def test_opening_the_mouth_does_not_zoom() -> None:
    clip = read_face(examples("surprise")[0])
    scale = np.sqrt(np.linalg.det(clip.transforms[:, :, :2]))
    assert scale.max() / scale.min() < 1.02


def test_the_largest_face_is_taken_and_others_by_number(tmp_path: Path, people: list[np.ndarray]) -> None:
    places: list[Place] = [(180, 180, 120, 0), (450, 180, 210, 0)]
    picture = paste(paste(backdrop(), people[0][0], places[0]), people[1][0], places[1])
    path = film(tmp_path / "two.mp4", [picture] * 10)
    for number, (x, y, _, _) in enumerate(places[::-1]):
        clip = read_face(path, face=number)
        assert np.abs(transform_points(np.array([[x, y]]), clip.transforms[0]) - 32).max() < 6
        assert clip.faces == 2 and len(clip.notes) == 1
        assert f"2 faces were found; the {('largest', 'second largest')[number]} is used." in clip.notes[0]
    assert "no face 2 in two.mp4: 2 faces were found. Choose from 0, the largest, to 1." in error_of(path, face=2)


@pytest.mark.parametrize("side", [150.0, 400.0])
def test_crops_of_a_large_film_lie_in_its_own_pixels_whatever_it_was_read_at(
    tmp_path: Path, people: list[np.ndarray], side: float
) -> None:
    x, y = 700.0, 380.0
    picture = paste(backdrop(1280, 720), people[0][0], (x, y, side, 0))
    clip = read_face(film(tmp_path / "large.mp4", [picture] * 10))
    assert np.abs(transform_points(np.array([[x, y]]), clip.transforms[0]) - 32).max() < 6
    scale = float(np.sqrt(np.linalg.det(clip.transforms[0, :, :2])))
    assert scale == pytest.approx(64 / side, rel=0.2)
    assert clip.preview.shape[1] == 640


def test_a_small_face_in_a_large_film_keeps_its_detail(tmp_path: Path, people: list[np.ndarray]) -> None:
    large, small = backdrop(1280, 720), backdrop(640, 360)
    sharp = read_face(film(tmp_path / "large.mp4", [paste(large, people[0][0], (700, 380, 110, 0))] * 10))
    blunt = read_face(film(tmp_path / "small.mp4", [paste(small, people[0][0], (350, 190, 55, 0))] * 10))
    detail = [cv2.Laplacian(clip.frames[5], cv2.CV_64F).std() for clip in (sharp, blunt)]
    assert detail[0] > 1.1 * detail[1]


def test_a_face_number_that_is_not_there_is_said(tmp_path: Path, people: list[np.ndarray]) -> None:
    path = film(tmp_path / "one.mp4", still(people[0][0], 15))
    assert "no face 1" in error_of(path, face=1) and "Choose face 0." in error_of(path, face=1)
    assert "no face -1" in error_of(path, face=-1)


def test_a_lost_face_is_not_taken_for_another_person(tmp_path: Path, people: list[np.ndarray]) -> None:
    other = paste(backdrop(), people[1][0], (480, 180, 130, 0))
    both = paste(other, people[0][0], (200, 180, 200, 0))
    clip = read_face(film(tmp_path / "leaves.mp4", [both] * 12 + [other] * 20))
    assert len(clip.frames) == 12
    assert any("lost at 0.5 s" in note for note in clip.notes)


def test_a_film_without_a_face_is_refused(tmp_path: Path) -> None:
    assert "No face was found in empty.mp4" in error_of(film(tmp_path / "empty.mp4", [backdrop()] * 12))


def test_a_face_that_comes_after_what_is_read_of_a_film_is_said_to_be_missing_there(
    tmp_path: Path, people: list[np.ndarray]
) -> None:
    path = film(tmp_path / "late.mp4", [backdrop()] * 25 + still(people[0][0], 25))
    assert read_face(path).start == pytest.approx(25, abs=4)
    with pytest.raises(FaceError, match=r"No face was found in the first 0\.8 seconds of late\.mp4"):
        read_face(path, max_seconds=0.8)
    with pytest.raises(
        FaceError, match=r"The face in the first 1\.2 seconds of late\.mp4 is lost: it is seen for only"
    ):
        read_face(path, max_seconds=1.2)


def test_a_face_out_of_sight_for_a_moment_is_held(tmp_path: Path, people: list[np.ndarray]) -> None:
    seen = still(people[0][0], 12)
    clip = read_face(film(tmp_path / "moment.mp4", seen + [backdrop()] * 8 + seen))
    assert len(clip.frames) == 32 and clip.occluded == tuple(range(12, 20))
    assert clip.notes[0].startswith("The face is out of sight for 0.3 s") and len(clip.notes) == 1
    assert wander(clip, lambda index: (320, 180, 200, 0)) < 0.5


def test_a_face_out_of_sight_for_longer_ends_the_clip(tmp_path: Path, people: list[np.ndarray]) -> None:
    seen = still(people[0][0], 12)
    clip = read_face(film(tmp_path / "lost.mp4", seen + [backdrop()] * 50 + seen))
    assert len(clip.frames) == 12
    assert clip.notes == ("The face is lost at 0.5 s; the part before that is used.",)


def test_too_short_a_beginning_gives_way_to_the_longest_part(tmp_path: Path, people: list[np.ndarray]) -> None:
    seen = still(people[0][0], 12)
    clip = read_face(film(tmp_path / "again.mp4", seen[:4] + [backdrop()] * 40 + seen))
    assert 9 <= len(clip.frames) <= 12
    assert "longest part" in clip.notes[0]


def test_a_face_seen_too_briefly_is_refused(tmp_path: Path, people: list[np.ndarray]) -> None:
    path = film(tmp_path / "brief.mp4", still(people[0][0], 5) + [backdrop()] * 30)
    assert "lost: it is seen for only 5 frames" in error_of(path)


def test_a_clip_of_few_frames_is_refused(tmp_path: Path, people: list[np.ndarray]) -> None:
    sentence = error_of(film(tmp_path / "short.mp4", still(people[0][0], 7)))
    assert "too short: it has 7 frames" in sentence and "at least 8" in sentence


def test_a_face_too_small_is_refused(tmp_path: Path, people: list[np.ndarray]) -> None:
    sentence = error_of(film(tmp_path / "far.mp4", still(people[0][0], 12, (300, 150, 34, 0))))
    assert "too small" in sentence and "at least 48 are needed" in sentence


def test_a_face_turned_away_is_refused_or_noted(tmp_path: Path) -> None:
    strip = np.array(Image.open(Path(__file__).with_name("turning_head.jpg")))
    turning = [paste(backdrop(), head, (320, 180, 240, 0)) for head in np.split(strip, strip.shape[1] // 192, axis=1)]
    assert "turned away" in error_of(film(tmp_path / "away.mp4", turning[-1:] * 12))
    clip = read_face(film(tmp_path / "partly.mp4", turning[:1] * 10 + turning + turning[-1:] * 6))
    assert len(clip.frames) == len(turning) + 16
    assert len(clip.notes) == 1 and "turned away in" in clip.notes[0]


def test_too_long_a_film_is_cut_and_says_so(tmp_path: Path, people: list[np.ndarray]) -> None:
    clip = read_face(film(tmp_path / "long.mp4", still(people[0][0], 30)), max_seconds=0.8)
    assert len(clip.frames) == 20
    assert clip.notes == ("The clip is longer than 0.8 seconds; the first 0.8 are used.",)


def test_a_part_from_the_middle_of_a_film_is_read_and_found_again_there(
    tmp_path: Path, people: list[np.ndarray]
) -> None:
    moved = [paste(backdrop(), people[0][0], (250.0 + 2 * step, 180.0, 200.0, 0.0)) for step in range(40)]
    path = film(tmp_path / "moved.mp4", moved)
    whole, part = read_face(path), read_face(path, start_seconds=0.8, max_seconds=0.4)
    assert (part.start, len(part.frames), part.notes) == (20, 10, ())
    assert np.array_equal(film_pictures(part, [3])[0][0], film_pictures(whole, [23])[0][0])
    middles = [
        transform_points(np.array([[296.0, 180.0]]), clip.transforms[at]) for clip, at in ((whole, 23), (part, 3))
    ]
    assert np.abs(middles[0] - middles[1]).max() < 2


@pytest.mark.parametrize("place", [(320.0, 180.0, 200.0, 0.0), (180.0, 150.0, 150.0, 0.0)])
def test_a_cut_to_another_picture_ends_the_clip(tmp_path: Path, people: list[np.ndarray], place: Place) -> None:
    other = paste(backdrop(hue=2.0), people[1][0], place)
    clip = read_face(film(tmp_path / "cut.mp4", still(people[0][0], 15) + [other] * 15))
    assert len(clip.frames) == 15
    assert clip.notes == ("The film cuts to another picture at 0.6 s; the part before it is used.",)


def test_a_change_of_light_is_not_taken_for_a_cut(tmp_path: Path, people: list[np.ndarray]) -> None:
    bright = still(people[0][0], 12)
    clip = read_face(film(tmp_path / "lamp.mp4", bright + [(0.7 * frame).astype(np.uint8) for frame in bright]))
    assert len(clip.frames) == 24 and not clip.notes


def test_a_shaken_camera_is_not_taken_for_cuts() -> None:
    random = np.random.default_rng(4)
    for path in (examples()[3], examples()[8]):
        watch, changes = SceneWatch(), []
        for frame in read_video(path)[0]:
            across, down = random.integers(6, 67, 2)
            changes.append(watch.changed(cv2.resize(frame, (512, 512))[down : down + 440, across : across + 440]))
        assert len(changes) == 15 and not any(changes)


def test_a_film_from_a_shaken_hand_is_read_whole_and_its_crop_is_steady(
    tmp_path: Path, people: list[np.ndarray]
) -> None:
    wallpaper = np.kron(np.indices((16, 16)).sum(0) % 2, np.full((32, 32), 200)) + 27
    wall = np.repeat(wallpaper[..., None], 3, axis=2).astype(np.uint8)
    frames = [paste(wall, face, (256, 256, 150, 0)) for face in (*people[0], *people[0][::-1])]
    away = np.random.default_rng(150).integers(-30, 31, (len(frames), 2))
    shaken, steady = (
        read_face(film(tmp_path / f"{name}.mp4", moved_by_hand(frames, by)))
        for name, by in (("shaken", away), ("steady", 0 * away))
    )
    assert len(shaken.frames) == len(frames) and shaken.notes == ()
    square = np.array([[160.0, 160], [280, 160], [160, 280], [280, 280]])  # around the face
    strays = [
        transform_points(square - by, shaken_one) - transform_points(square, steady_one)
        for by, shaken_one, steady_one in zip(away, shaken.transforms, steady.transforms, strict=True)
    ]
    assert np.std(strays, axis=0).max() < 1, "in pixels of 64"


def test_a_cut_to_a_similar_person_in_the_same_place_ends_the_clip_of_a_shaken_hand_too(tmp_path: Path) -> None:
    films = [read_video(asset("examples") / f"person_{name}_sadness.mp4")[0] for name in ("021", "023")]
    faces = [tight(frames) for frames in films]
    frames = [paste(backdrop(512, 512, 3.0 * k), face, (256, 256, 200, 0)) for k in (0, 1) for face in faces[k]]
    away = np.random.default_rng(3).integers(-30, 31, (len(frames), 2))
    away[14:16] = (-30, -30), (30, 30)
    clip = read_face(film(tmp_path / "cut.mp4", moved_by_hand(frames, away)))
    assert len(clip.frames) == 15
    assert clip.notes == ("The film cuts to another picture at 0.6 s; the part before it is used.",)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_film_that_lies_on_its_side_or_upside_down_is_turned(
    tmp_path: Path, people: list[np.ndarray], turn: int
) -> None:
    frames = [paste(backdrop(), face, (260, 170, 180, 0)) for face in people[0]]
    upright = read_face(film(tmp_path / "upright.mp4", frames))
    clip = read_face(film(tmp_path / "turned.mp4", [np.rot90(frame, turn) for frame in frames]))
    assert (clip.turn, upright.turn) == (turn, 0) and upright.notes == ()
    assert len(clip.notes) == 1 and ("upside down" if turn == 2 else "lies on its side") in clip.notes[0]
    assert np.abs(clip.frames.astype(int) - upright.frames).mean() < 2, "only what its coding changed"
    assert np.abs(clip.transforms - upright.transforms).max() < 1
    pictures = [film_pictures(read, [5])[0][0].astype(int) for read in (clip, upright)]
    assert np.abs(pictures[0] - pictures[1]).mean() < 2, "results are made in the turned picture"


def test_a_night_film_is_lit_up_to_be_read_and_stays_dark(tmp_path: Path, people: list[np.ndarray]) -> None:
    day = [paste(backdrop(), face, (320, 180, 200, 0)) for face in people[0]]
    night = [(frame / 20).round().astype(np.uint8) for frame in day]
    bright, clip = (read_face(film(tmp_path / f"{frames[0].max()}.mp4", frames)) for frames in (day, night))
    assert bright.light == 1 and bright.notes == ()
    assert len(clip.frames) == len(day) and len(clip.notes) == 1 and "The picture is dark" in clip.notes[0]
    middle = np.array([[320.0, 180]])
    places = [transform_points(middle, read.transforms[5]) for read in (clip, bright)]
    assert np.abs(places[0] - places[1]).max() < 4, "in pixels of 64"
    assert np.corrcoef(clip.frames.ravel(), bright.frames.ravel())[0, 1] > 0.9
    assert clip.frames.mean() > 0.7 * bright.frames.mean()
    assert np.abs(film_pictures(clip, [5])[0][0].astype(int) - night[5]).mean() < 1


def test_what_is_lit_is_as_dark_as_before_afterwards() -> None:
    night = np.random.default_rng(0).integers(0, 12, (64, 64, 3), np.uint8)
    light = light_for(night)
    assert lit(night, light).mean() > 60
    np.testing.assert_array_equal(lit(lit(night, light), 1 / light), night)
    lamp = night.copy()
    lamp[:16, :16] = 255
    assert light_for(lamp) > 0.8 * light and light_for(lit(night, light)) == 1


def test_the_preview_is_small_and_shows_the_square(tmp_path: Path, people: list[np.ndarray]) -> None:
    picture = paste(backdrop(1280, 720), people[0][0], (640, 360, 300, 0))
    clip = read_face(film(tmp_path / "large.mp4", [picture] * 10))
    assert clip.preview.shape == (360, 640, 3) and clip.preview.dtype == np.uint8
    plain = cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA).astype(int)
    marked = np.abs(clip.preview.astype(int) - plain).max(axis=2) > 60
    across = np.flatnonzero(marked.any(axis=0))
    assert across[0] + 10 >= 245 and across[-1] - 10 <= 395 and 120 < np.ptp(across) < 180
    assert not marked[150:210, 290:350].any()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_photograph_gives_one_frame_level_and_where_a_film_of_it_has_the_face(
    tmp_path: Path, people: list[np.ndarray], suffix: str
) -> None:
    picture = paste(backdrop(1200, 900), people[0][0], (500, 420, 300, 15))
    clip = read_face(media.photograph(tmp_path / f"one{suffix}", picture))
    assert clip.still and clip.frames.shape == (1, 64, 64, 3) and (clip.faces, clip.notes) == (1, ())
    as_film = read_face(film(tmp_path / "film.mp4", [picture] * 12))
    corners = np.array([[350.0, 270], [650, 270], [350, 570], [650, 570]])
    by_film, own = (transform_points(corners, one.transforms[0]) for one in (as_film, clip))
    assert not as_film.still and np.abs(by_film - own).max() < 0.5
    face = find_faces(cv2.resize(clip.frames[0], (256, 256)))[0]
    assert abs(np.degrees(face.pose.roll)) < 3


def test_a_photograph_of_a_phone_held_upright_is_read_as_it_is_seen(tmp_path: Path, people: list[np.ndarray]) -> None:
    picture = paste(backdrop(480, 640), people[0][0], (250, 300, 200, 0))
    plain = read_face(media.photograph(tmp_path / "plain.png", picture))
    held = read_face(media.photograph(tmp_path / "held.png", np.rot90(picture), orientation=6))
    np.testing.assert_allclose(held.transforms, plain.transforms, atol=1e-3)
    assert np.abs(held.frames.astype(int) - plain.frames).max() <= 2
    lying = read_face(media.photograph(tmp_path / "lying.png", np.rot90(picture)))
    assert lying.turn == 1 and np.abs(lying.frames.astype(int) - plain.frames).mean() < 3
    shown, _ = film_pictures(held, [0])[0]
    assert shown.shape == picture.shape and np.abs(shown.astype(int) - picture).mean() < 1


def test_what_is_wrong_with_a_photograph_is_said_as_of_a_film(tmp_path: Path, people: list[np.ndarray]) -> None:
    strip = np.array(Image.open(Path(__file__).with_name("turning_head.jpg")))
    away = np.split(strip, strip.shape[1] // 192, axis=1)[-1]
    two = paste(paste(backdrop(), people[0][0], (160, 180, 120, 0)), people[1][0], (450, 180, 200, 0))
    for name, picture, word in (
        ("none", backdrop(), "No face was found"),
        ("far", paste(backdrop(), people[0][0], (300, 150, 34, 0)), "too small"),
        ("away", paste(backdrop(), away, (320, 180, 240, 0)), "is turned away. "),
    ):
        assert word in error_of(media.photograph(tmp_path / f"{name}.png", picture))
    partly = paste(backdrop(), np.split(strip, strip.shape[1] // 192, axis=1)[8], (320, 180, 240, 0))
    noted = read_face(media.photograph(tmp_path / "partly.png", partly))
    assert noted.notes == ("The face is turned away; the result may be poor.",)
    path = media.photograph(tmp_path / "two.png", two)
    larger, smaller = (read_face(path, face=face) for face in (0, 1))
    assert smaller.notes == ("2 faces were found; the second largest is used.",)
    assert np.linalg.det(smaller.transforms[0][:, :2]) > 2 * np.linalg.det(larger.transforms[0][:, :2])
    assert "There is no face 2 in two.png" in error_of(path, face=2)


def test_a_photograph_has_no_movement_and_stands_still_for_as_long_as_asked(
    tmp_path: Path, people: list[np.ndarray]
) -> None:
    moves, stands = read_face(examples()[0]), read_face(media.photograph(tmp_path / "one.png", people[0][0]))
    assert moves.require_movement() is moves is moves.as_long_as(stands)
    with pytest.raises(FaceError, match=r"^one\.png is a photograph, which has no movement to give\."):
        stands.require_movement()
    shown = stands.as_long_as(moves)
    assert (len(shown.frames), len(shown.transforms), shown.fps) == (len(moves.frames), len(moves.frames), moves.fps)
    assert (shown.frames == stands.frames).all()


def test_progress_grows_to_one() -> None:
    told: list[float] = []
    read_face(examples()[0], progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) >= 15


def test_threads_do_not_disturb_each_other() -> None:
    paths = examples()[:2] * 2
    alone = [read_face(path).frames for path in paths[:2]] * 2
    with ThreadPoolExecutor(4) as pool:
        for clip, frames in zip(pool.map(read_face, paths), alone, strict=True):
            np.testing.assert_array_equal(clip.frames, frames)


def test_a_file_that_is_no_video_is_refused_by_the_decoder(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("Dear reader, this is not a film.")
    with pytest.raises(VideoError):
        read_face(path)


@pytest.mark.skipif(not FILMED.is_dir(), reason="the filmed clips aren't here; set SEQDISENT_FILMED to their folder")
def test_filmed_people_come_out_whole_level_and_steady() -> None:
    for path in sorted(FILMED.glob("*.mp4")):
        clip = read_face(path, max_seconds=2)
        assert clip.faces == 1 and len(clip.frames) >= 46, path.name
        shake = np.diff(clip.transforms[:, :, 2].astype(float), n=2, axis=0)
        face = find_faces(cv2.resize(clip.frames[len(clip.frames) // 2], (256, 256)))[0]
        assert abs(np.degrees(face.pose.roll)) < 5, path.name
        assert 0.85 < face.pose.side / 256 < 1.25, path.name  # open mouths take more
        assert np.sqrt(np.mean(shake**2)) < 0.6, path.name
