"""A model tuned to two people's clips, long clips read in windows, and one person's film driven by another's."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from media import photograph

from pages.swap.result import _all_along, face_window
from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError, FaceError
from seqdisent_core.faces.reading import FaceClip, film_pictures, read_face
from seqdisent_core.media.video import read_video, write_video
from seqdisent_core.methods import Codes, Method
from seqdisent_core.reenactment import personalising
from seqdisent_core.reenactment.drawing import decode_frames, draws_motion
from seqdisent_core.reenactment.pairs import Subject, drive, lasts, pairs, subject, subjects
from seqdisent_core.reenactment.personalising import Tuned, personalise
from seqdisent_core.reenactment.tuning import Tuning
from seqdisent_core.reenactment.windows import encode_in_windows
from seqdisent_core.studio import Studio


@pytest.fixture(scope="module")
def method() -> Method:
    return Method.from_pretrained("wild")


@pytest.fixture(scope="module")
def clips() -> list[FaceClip]:
    names = ("person_000_happiness.mp4", "person_005_surprise.mp4")
    return [read_face(asset("examples") / name, size=128) for name in names]


def as_tensor(frames: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 255


def strangers(clips: list[FaceClip]) -> list[np.ndarray]:
    """The clips as people nobody knows: green and pink, upside-down colours."""
    return [255 - clips[0].frames, clips[1].frames[..., ::-1].copy()]


# ---- windows -----------------------------------------------------------------------------------------------------


@torch.no_grad()
def test_a_clip_of_one_window_is_read_at_once_with_its_anchor_before_it(method: Method, clips: list[FaceClip]) -> None:
    clip = as_tensor(clips[0].frames)
    codes = encode_in_windows(method, clip, anchor=3, window=24)
    known = method.encode(torch.cat([clip[3:4], clip])[None])
    torch.testing.assert_close(codes.static, known.static)
    torch.testing.assert_close(codes.dynamics, known.dynamics[:, 1:], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_what_hides_a_face_is_not_read_as_a_movement(method: Method, clips: list[FaceClip]) -> None:
    clear = clips[0].frames
    covered, occluded = clear.copy(), (5, 6, 7)
    covered[list(occluded)] = 90
    true, bridged, read = (
        encode_in_windows(method, as_tensor(frames), occluded=out).dynamics[0]
        for frames, out in ((clear, ()), (covered, occluded), (covered, ()))
    )
    usual = (true - true.mean(dim=0)).norm(dim=1).mean()
    assert (bridged - true).norm(dim=1).max() < 0.7 * usual < 0.6 * (read - true).norm(dim=1).max()


def test_nothing_is_learnt_from_frames_in_which_a_face_is_hidden(method: Method, clips: list[FaceClip]) -> None:
    occluded = (5, 6, 7)
    learnt = []
    for grey in (20, 200):
        frames = clips[0].frames.copy()
        frames[list(occluded)] = grey
        *_, state = personalise(method, [frames], (0,), steps=2, every=600, occluded=[occluded])
        learnt.append(state.codes[0].static)
    torch.testing.assert_close(*learnt)


def test_a_long_clip_is_read_without_a_seam(method: Method, clips: list[FaceClip]) -> None:
    there_and_back = np.concatenate([clips[0].frames, clips[0].frames[::-1]] * 3)  # 90 frames
    codes = encode_in_windows(method, as_tensor(there_and_back))
    assert codes.dynamics.shape == (1, 90, method.dynamics_dim)
    steps = codes.dynamics[0].diff(dim=0).norm(dim=1)
    at_once = encode_in_windows(method, as_tensor(there_and_back[:24])).dynamics[0].diff(dim=0).norm(dim=1)
    assert steps.max() < 1.6 * at_once.max()
    rebuilt = decode_frames(method, codes.static, codes.dynamics)
    assert np.mean((rebuilt / 255 - there_and_back / 255) ** 2) < 10**-2.2


# ---- personalising -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def states(method: Method, clips: list[FaceClip]) -> list[Tuned]:
    found = []
    for state in personalise(method, strangers(clips), (0, 0), steps=12, every=0):
        found.append(state.kept())
    return found


def error_of(state: Tuned, clip: int, frames: np.ndarray) -> float:
    rebuilt = decode_frames(state.method, state.codes[clip].static, state.codes[clip].dynamics)
    return float(np.mean((rebuilt / 255 - frames / 255) ** 2))


def test_people_nobody_knows_come_back_as_themselves(states: list[Tuned], clips: list[FaceClip]) -> None:
    assert states[0].steps == 0 and states[-1].steps == 12
    for clip, frames in enumerate(strangers(clips)):
        assert error_of(states[-1], clip, frames) < 0.7 * error_of(states[0], clip, frames)


def test_what_is_tuned_is_a_copy_and_only_what_draws(
    states: list[Tuned], method: Method, clips: list[FaceClip]
) -> None:
    shipped = Method.from_pretrained("wild")
    tuned = states[-1].method.state_dict()
    for name, known in shipped.state_dict().items():
        assert torch.equal(method.state_dict()[name], known), "the model of everyone stays as it was"
        assert torch.equal(tuned[name], known) or name.startswith("backbone.decoder.")
    assert not torch.equal(states[-1].codes[0].static, states[0].codes[0].static)
    assert torch.equal(states[-1].codes[0].dynamics, states[0].codes[0].dynamics)


def test_the_known_people_are_not_forgotten(states: list[Tuned], method: Method, clips: list[FaceClip]) -> None:
    clip = as_tensor(clips[0].frames)
    codes = encode_in_windows(method, clip)
    before = decode_frames(method, codes.static, codes.dynamics)
    after = decode_frames(states[-1].method, codes.static, codes.dynamics)
    assert np.mean((after / 255.0 - before / 255.0) ** 2) < 0.5 * error_of(states[0], 0, strangers(clips)[0])


@pytest.mark.parametrize(
    ("learns", "moved"),
    [
        ("static", {"static"}),
        ("decoder", {"decoder", "static"}),
        ("dynamics", {"decoder", "static", "dynamics"}),
        ("all", {"decoder", "static", "dynamics", "encoder"}),
    ],
)
def test_only_what_shall_be_learnt_is(method: Method, clips: list[FaceClip], learns: Any, moved: set[str]) -> None:
    first, *_, last = [
        state.kept()
        for state in personalise(method, strangers(clips), (0, 0), Tuning(learns=learns), steps=2, every=600)
    ]
    parts = {
        "static": (first.codes[0].static, last.codes[0].static),
        "dynamics": (first.codes[1].dynamics, last.codes[1].dynamics),
        "decoder": tuple(next(state.method.backbone.decoder.parameters()) for state in (first, last)),
        "encoder": tuple(next(state.method.backbone.encoder.parameters()) for state in (first, last)),
    }
    assert {name for name, (before, after) in parts.items() if not torch.equal(before, after)} == moved


def test_steps_end_it_or_a_clock_that_is_asked_for(
    method: Method, clips: list[FaceClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personalising, "STEPS", 2)
    few = [clips[0].frames[:8]]
    assert [state.steps for state in personalise(method, few, (0,), every=0)] == [0, 1, 2, 2]
    assert [state.steps for state in personalise(method, few, (0,), seconds=0)] == [0, 0]
    assert [state.steps for state in personalise(method, few, (0,), seconds=1e-6, every=0)] == [0, 1, 1]


def test_a_model_that_draws_no_motion_is_tuned_too_and_shows_its_own_pixels() -> None:
    plain = Method.from_pretrained("facekit52")
    clips = [read_face(asset("examples") / f"person_0{name}.mp4", size=64) for name in ("00_happiness", "05_surprise")]
    *_, last = pairs(plain, (subject(clips[0]), subject(clips[1])), steps=2, every=0)
    assert not draws_motion(plain) and last.tuned.steps == 2
    moved, soft = (last.film(0, 1, detail=detail).astype(float) for detail in (True, False))
    assert np.abs(moved - soft).mean() < 3, "but for the picture's tone it is what the model draws"
    assert np.abs(moved - moved[0]).max() > 60


def test_tuning_can_be_left_at_any_time(method: Method, clips: list[FaceClip]) -> None:
    tuning = personalise(method, [clips[0].frames], (0,), seconds=60.0, every=0.1)
    next(tuning)
    assert next(tuning).steps >= 1
    tuning.close()


# ---- driving -----------------------------------------------------------------------------------------------------


def test_the_whole_picture_of_a_frame_gives_its_crop_again() -> None:
    path = asset("examples") / "person_010_disgust.mp4"
    clip = read_face(path)
    film, _ = read_video(path)
    picture, transform = film_pictures(clip, [6])[0]
    assert np.array_equal(picture, film[clip.start + 6])
    small, scaled = film_pictures(clip, [6], max_side=picture.shape[1] // 2)[0]
    assert max(small.shape) == picture.shape[1] // 2
    spot = np.array([picture.shape[1] / 3, picture.shape[0] / 3])  # of the large picture, in pixels
    there = transform[:, :2] @ spot + transform[:, 2]
    shrunk = (spot + 0.5) / 2 - 0.5
    np.testing.assert_allclose(scaled[:, :2] @ shrunk + scaled[:, 2], there, atol=1e-3)


@pytest.mark.parametrize(("larger", "width"), [(1, 1280), (2.75, 640)])
def test_a_small_face_keeps_the_pixels_of_its_film(tmp_path: Path, larger: float, width: int) -> None:
    frames = read_video(asset("examples") / "person_000_happiness.mp4")[0]
    side = round(256 * larger)
    film = np.full((len(frames), 720, 1280, 3), 128, np.uint8)
    for picture, frame in zip(film, frames, strict=True):
        picture[:side, :side] = cv2.resize(frame, (side, side))
    clip = read_face(write_video(tmp_path / "film.mp4", film, 15.0), size=128)
    made = subject(clip)
    assert made.source.picture.shape[1] == pytest.approx(width, rel=0.2)
    if width == 1280:
        assert made.source.picture.shape[1] == 1280
    assert made.has_full_size == (width < 1280)
    large = subject(clip, full_size=True)
    assert large.source.picture.shape == (720, 1280, 3) and not large.has_full_size


def test_a_frame_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    clip = read_face(asset("examples") / "person_010_disgust.mp4")
    with pytest.raises(FaceError, match="no frame 99"):
        film_pictures(clip, [99])
    frames, fps = read_video(clip.source)
    shorter = replace(clip, source=write_video(tmp_path / "shorter.mp4", frames[:4], fps))
    with pytest.raises(FaceError, match="become shorter"):
        film_pictures(shorter, [9])


def pair_of(method: Method, clips: list[FaceClip]) -> tuple[Subject, Subject, tuple[Codes, Codes]]:
    person, driver = (subject(replace(clip, anchor=0)) for clip in clips)
    own, other = (encode_in_windows(method, as_tensor(clip.frames)) for clip in clips)
    return person, driver, (own, other)


def test_a_person_does_what_the_driver_does_as_long_as_it_lasts(method: Method, clips: list[FaceClip]) -> None:
    person, driver, codes = pair_of(method, clips)
    picture = person.source.picture.astype(float)
    frames = list(drive(method, person, driver, codes))
    assert len(frames) == len(clips[1].frames) and frames[0].shape == picture.shape
    moved = [float(np.abs(frame - picture).mean()) for frame in frames]
    apex = int(np.argmax(moved))
    assert 3 < apex < 13 and moved[apex] > 3 * moved[0], "surprise comes and goes"
    still = list(drive(method, person, driver, codes, strength=0.0))
    assert max(float(np.abs(frame.astype(float) - still[0]).mean()) for frame in still) < 0.01
    more = list(drive(method, person, driver, codes, strength=1.4))[apex]
    assert float(np.abs(more - picture).mean()) > 1.05 * moved[apex]


def test_the_models_own_pixels_are_offered_too(method: Method, clips: list[FaceClip]) -> None:
    person, driver, codes = pair_of(method, clips)
    own = list(drive(method, person, driver, codes, detail=False))
    carried = list(drive(method, person, driver, codes))
    assert len(own) == len(carried) and not np.array_equal(own[7], carried[7])


def test_a_film_goes_on_around_the_face_that_does_what_the_driver_does(
    method: Method, clips: list[FaceClip], tmp_path: Path
) -> None:
    film = np.pad(read_video(clips[0].source)[0][:12], ((0, 0), (100, 100), (100, 100), (0, 0)), mode="edge")
    for at, frame in enumerate(film):
        frame[:40] = 20 * at  # outside, the light changes
    film = write_video(tmp_path / "outside.mp4", film, 10.0)
    own = read_face(film, size=128)
    person, driver, codes = pair_of(method, [own, clips[1]])
    head = Studio.from_pretrained("wild").head
    made = drive(method, person, driver, codes, goes_on=True, head=head)
    frames, filmed = np.stack(list(made)), read_video(film)[0].astype(int)
    assert clips[1].fps == 15 and len(made) == len(frames) == len(clips[1].frames), "which the film outlasts"
    times = np.round(np.arange(len(frames)) * 10 / 15).astype(int)
    outside = np.abs(frames[:, :40].astype(int) - filmed[times, :40])
    assert outside.mean() < 1, "the film's own, at the driver's frame rate"
    changed = np.abs(frames.astype(int) - filmed[times])[:, 100:-100, 100:-100].mean(axis=(1, 2, 3))
    assert changed.max() > 3, "surprise, where the film smiles"
    still = np.stack(list(drive(method, person, driver, codes, head=head, transfer="expression")))
    assert np.ptp(still[:, :40].astype(int), axis=0).max() <= 1, "one picture"
    short = replace(own, frames=own.frames[:4], transforms=own.transforms[:4])
    assert len(drive(method, replace(person, clip=short), driver, codes, goes_on=True, head=head)) == 6
    assert lasts(short, driver.clip, goes_on=True) == 6 and lasts(short, driver.clip) == 15


def test_the_window_of_a_film_that_goes_on_holds_the_face_wherever_it_is(clips: list[FaceClip], tmp_path: Path) -> None:
    film = np.pad(read_video(clips[0].source)[0], ((0, 0), (150, 150), (150, 150), (0, 0)), mode="edge")
    still = subject(read_face(write_video(tmp_path / "wide.mp4", film, 15.0), size=128))
    ways = still.clip.transforms.copy()
    ways[:, 0, 2] += np.linspace(-60, 50, len(ways))  # half a face to the left, and to the right
    source = replace(still.source, transform=ways[still.clip.anchor])
    person = replace(still, clip=replace(still.clip, transforms=ways), source=source)
    width = source.picture.shape[1]
    for whole in (True, False):
        window = np.array(face_window(*(_all_along(person) if whole else (person, 1.0)))).reshape(3, 2).T
        inside = []
        for way in ways:
            corners = np.array([[10, 10, 1], [118, 118, 1]]) @ cv2.invertAffineTransform(way).T
            seen = np.hstack([1000 / width * (corners + 0.5), np.ones((2, 1))]) @ window.T
            inside.append(bool((seen > 0).all() and (seen < 1000).all()))
        assert all(inside) is whole


def test_what_cannot_go_on_is_said(method: Method, clips: list[FaceClip], tmp_path: Path) -> None:
    person, driver, codes = pair_of(method, clips)
    head = Studio.from_pretrained("wild").head
    still = replace(
        person, clip=read_face(photograph(tmp_path / "me.jpg", read_video(clips[0].source)[0][0]), size=128)
    )
    for who, how, words in (
        (still, {"head": head}, "A photograph does not go on"),
        (person, {}, "does not tell head turns"),
        (person, {"head": head, "detail": False}, "goes on in its own pixels"),
        (person, {"head": head, "transfer": "head"}, "goes on with its own turns"),
    ):
        with pytest.raises(ConfigError, match=words):
            drive(method, who, driver, codes, goes_on=True, **how)
    cut = write_video(tmp_path / "cut.mp4", read_video(clips[0].source)[0][:4], clips[0].fps)
    shorter = replace(person, clip=replace(person.clip, source=cut))
    with pytest.raises(FaceError, match="become shorter"):
        list(drive(method, shorter, driver, codes, goes_on=True, head=head))


def test_a_night_film_stays_as_dark_as_it_was(method: Method, clips: list[FaceClip], tmp_path: Path) -> None:
    day = np.pad(read_video(clips[0].source)[0], ((0, 0), (100, 100), (100, 100), (0, 0)), mode="edge")
    night = read_face(write_video(tmp_path / "night.mp4", (day / 20).round().astype(np.uint8), 15.0), size=128)
    person, driver, codes = pair_of(method, [night, clips[1]])
    picture = person.source.picture
    assert night.light > 10 and picture.mean() < 12
    for detail in (True, False):
        frames = np.stack(list(drive(method, person, driver, codes, detail=detail)))
        assert np.array_equal(frames[:, :50], np.broadcast_to(picture[:50], frames[:, :50].shape)), "beyond the face"
        assert (frames != picture).any() and np.abs(frames.mean(axis=(1, 2, 3)) - picture.mean()).max() < 1


def test_two_films_are_tuned_and_each_does_what_the_other_did(method: Method, clips: list[FaceClip]) -> None:
    states = list(pairs(method, (subject(clips[0]), subject(clips[1])), steps=2, every=0))
    assert [state.tuned.steps for state in states] == [0, 1, 2, 2]
    elsewhere = pickle.loads(pickle.dumps(states[-1].kept()))
    assert np.array_equal(elsewhere.film(0, 1), states[-1].film(0, 1)), "as a process that was lent a GPU gives it"
    swap = states[-1].swap()
    assert swap.in_films and (swap.first_fps, swap.second_fps) == (clips[1].fps, clips[0].fps)
    assert swap.first.shape == (len(clips[1].frames), *states[0].subjects[0].source.picture.shape)
    frames, seconds = states[0].preview(0)
    assert frames.shape == (15, 192, 192, 3) and seconds == pytest.approx(15 / clips[1].fps)
    large = states[-1].full_size()
    assert large.tuned is states[-1].tuned and not any(one.has_full_size for one in large.subjects)
    for own in (0, 1):
        one = states[-1].full_size(own)
        assert one.subjects[1 - own] is states[-1].subjects[1 - own], "a driver's picture is not read again"
        assert np.array_equal(one.film(own, 1 - own), large.film(own, 1 - own))
    with pytest.raises(ConfigError, match=r"0 to 1\.5"):
        states[0].swap(strength=1.6)


@pytest.mark.parametrize("still", [0, 1])
def test_a_photograph_and_a_film_are_tuned_and_give_the_photographed_person_in_motion(
    method: Method, clips: list[FaceClip], tmp_path: Path, still: int
) -> None:
    picture = read_video(clips[0].source)[0][0]
    face, driver = read_face(photograph(tmp_path / "one.png", picture), size=clips[1].frames.shape[1]), clips[1]
    two = (face, driver) if still == 0 else (driver, face)
    *_, pair = pairs(method, subjects(*two), steps=2, every=0)
    assert pair.results == (still,) and np.isfinite(pair.tuned.error)
    swap = pair.swap()
    made, none = (swap.first, swap.second) if still == 0 else (swap.second, swap.first)
    assert none is None and made is not None and made.shape == (len(driver.frames), *picture.shape)
    away = np.abs(made.astype(float) - picture).mean(axis=(1, 2, 3))
    assert away.max() > 3 * away[0], "surprise comes and goes"
    frames, seconds = pair.preview(still)
    assert frames.shape == (15, 192, 192, 3) and seconds == pytest.approx(15 / driver.fps)
    with pytest.raises(FaceError, match=r"Both clips are photographs.*Replace one by a film"):
        subjects(face, face)


def test_the_anchor_is_the_one_that_was_chosen(clips: list[FaceClip]) -> None:
    chosen = subject(replace(clips[0], anchor=5))
    film, _ = read_video(clips[0].source)
    assert np.array_equal(chosen.source.picture, film[clips[0].start + 5])


def test_a_clip_of_another_size_lies_in_the_same_place_of_its_film(clips: list[FaceClip]) -> None:
    large, small = clips[0], read_face(clips[0].source, size=64)
    scaled = large.at_size(64)
    assert scaled.frames.shape == small.frames.shape and large.at_size(128) is large
    np.testing.assert_allclose(scaled.transforms, small.transforms, atol=0.05)
    assert np.abs(scaled.frames.astype(float) - small.frames).mean() < 3
