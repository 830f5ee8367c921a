"""The studio with the shipped checkpoint: swaps, reconstructions, threads, and what it refuses."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from media import photograph

from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError, FaceError, SeqdisentError
from seqdisent_core.evaluation.judge import Judge
from seqdisent_core.faces.reading import FaceClip
from seqdisent_core.lecture import LIVE_FRAMES, take_apart
from seqdisent_core.media.video import read_video, write_video
from seqdisent_core.methods import Method
from seqdisent_core.studio import Studio

EXAMPLES = sorted(asset("examples").glob("*.mp4"))


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.from_pretrained(asset("checkpoints/facekit52_judge"))


@pytest.fixture(scope="module")
def clips(studio: Studio) -> list[FaceClip]:
    return [studio.read_face(path) for path in EXAMPLES]


def labels(clip: FaceClip) -> tuple[str, str]:
    person, _, expression = clip.source.stem.rpartition("_")
    return person, expression


def test_there_are_a_dozen_examples_and_the_judge_knows_each(clips: list[FaceClip], judge: Judge) -> None:
    assert len(clips) == 12
    for clip in clips:
        reading = judge.read(clip.frames)
        assert tuple(reading.names.values()) == labels(clip)
        assert clip.notes == ()


def test_swapped_examples_show_the_one_person_and_the_other_expression(
    studio: Studio, clips: list[FaceClip], judge: Judge
) -> None:
    right_person, right_expression = [], []
    for first, second in zip(clips, clips[1:] + clips[:1], strict=True):
        swap = studio.swap(first, second)
        for frames, person, expression in (
            (swap.first, labels(first)[0], labels(second)[1]),
            (swap.second, labels(second)[0], labels(first)[1]),
        ):
            reading = judge.read(frames)
            right_person.append(reading.names["person"] == person)
            right_expression.append(reading.names["expression"] == expression)
    assert np.mean(right_person) >= 0.95
    assert np.mean(right_expression) >= 0.85


def test_a_swap_has_the_drivers_length_and_rate(studio: Studio, clips: list[FaceClip]) -> None:
    first, second = clips[0], clips[1]
    longer = FaceClip(
        np.concatenate([second.frames, second.frames[::-1]]),
        25.0,
        second.transforms,
        second.source,
        (),
        1,
        second.preview,
    )
    swap = studio.swap(first, longer)
    assert swap.first.shape == (30, 64, 64, 3) and swap.first.dtype == np.uint8
    assert swap.second.shape == (15, 64, 64, 3)
    assert (swap.first_fps, swap.second_fps) == (25.0, first.fps)


def test_a_photograph_is_moved_and_moves_nobody(studio: Studio, clips: list[FaceClip], tmp_path: Path) -> None:
    film, picture = clips[4], read_video(EXAMPLES[0])[0][0]
    face = studio.read_face(photograph(tmp_path / "one.png", picture))
    swap, turned = studio.swap(face, film), studio.swap(film, face)
    assert swap.second is None and turned.first is None
    assert swap.first is not None and turned.second is not None and np.array_equal(swap.first, turned.second)
    assert np.array_equal(swap.first, studio.decode(studio.encode_face(face).static, studio.encode_face(film).dynamics))
    for both in (studio.swap, studio.personalise):
        with pytest.raises(FaceError, match="Both clips are photographs"):
            both(face, face)
    with pytest.raises(FaceError, match=r"one\.png is a photograph"):
        take_apart(studio, face.source, EXAMPLES[0])


def test_a_clip_swapped_with_itself_is_its_reconstruction_and_near_the_clip(
    studio: Studio, clips: list[FaceClip]
) -> None:
    clip = clips[0]
    rebuilt = studio.reconstruct(clip.frames)
    assert np.array_equal(studio.swap(clip, clip).first, rebuilt)
    error = np.mean((rebuilt / 255 - clip.frames / 255) ** 2)
    assert -10 * np.log10(error) > 22


def test_threads_get_the_same_as_one_alone(studio: Studio, clips: list[FaceClip]) -> None:
    alone = [studio.reconstruct(clip.frames) for clip in clips[:6]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda clip: studio.reconstruct(clip.frames), clips[:6]))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_any_anchor_will_do(studio: Studio, clips: list[FaceClip]) -> None:
    codes = studio.encode(clips[0].frames, anchor=14)
    assert codes.static.shape == (studio.method.static_dim,)
    assert not np.array_equal(codes.static, studio.encode(clips[0].frames).static)


def test_a_face_is_read_from_its_anchor_frame(studio: Studio, clips: list[FaceClip]) -> None:
    clip, other = replace(clips[0], anchor=7), clips[4]
    codes = studio.encode_face(clip)
    assert len(codes.dynamics) == len(clip.frames)
    alone = studio.encode(clip.frames[7:8])
    np.testing.assert_allclose(codes.static, alone.static, atol=0.05)
    assert not np.array_equal(codes.static, studio.encode_face(clips[0]).static)
    assert not np.array_equal(studio.swap(clip, other).first, studio.swap(clips[0], other).first)


@pytest.mark.parametrize("anchor", [0, 33])
def test_a_long_film_has_the_same_codes_whichever_way_it_is_swapped(
    studio: Studio, clips: list[FaceClip], tmp_path: Path, anchor: int
) -> None:
    frames, fps = read_video(EXAMPLES[0])
    film = write_video(tmp_path / "film.mp4", np.concatenate([frames, frames[::-1]] * 2), fps)
    long = replace(studio.read_face(film), anchor=anchor)
    assert len(long.frames) == 60
    tuned = next(studio.personalise(long, clips[4], seconds=0)).tuned
    for clip, known in zip((long, clips[4]), tuned.codes, strict=True):
        codes = studio.encode_face(clip)
        assert np.array_equal(codes.static, known.static[0].numpy())
        assert np.array_equal(codes.dynamics, known.dynamics[0].numpy())
    swap = studio.swap(clips[4], long)
    person, driver = tuned.codes[1].static[0].numpy(), tuned.codes[0].dynamics[0].numpy()
    assert np.array_equal(swap.first, studio.decode(person, driver))


def test_a_clip_of_one_window_that_begins_with_its_anchor_is_read_as_it_is(
    studio: Studio, clips: list[FaceClip]
) -> None:
    frames = np.concatenate([clips[0].frames, clips[0].frames[:9]])
    shown = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].float() / 255
    with torch.inference_mode():
        known = studio.method.encode(shown)
    codes = studio.encode(frames)
    assert len(frames) == 24
    np.testing.assert_allclose(codes.static, known.static[0].numpy(), atol=0.03)  # bf16, where there are units for it
    np.testing.assert_allclose(codes.dynamics, known.dynamics[0].numpy(), atol=0.03)
    assert codes.dynamics.std() > 0.5


def test_the_callers_model_stays_as_it_is(clips: list[FaceClip]) -> None:
    method = Method.from_pretrained("facekit52")
    assert Studio(method, "cpu").method is method, "no copy where none is needed"
    method.dynamics_lstm.train()
    studio = Studio(method, "cpu")
    assert method.dynamics_lstm.training and not any(part.training for part in studio.method.modules())
    codes = studio.encode(clips[0].frames)
    assert np.array_equal(codes.dynamics, studio.encode(clips[0].frames).dynamics)


def test_the_anchor_is_a_frame_at_rest(clips: list[FaceClip], tmp_path: Path) -> None:
    films = Studio.from_pretrained("wild", device="cpu")
    anchors = np.array([films.read_face(path).anchor for path in EXAMPLES])
    assert not ((anchors >= 5) & (anchors <= 10)).any(), "an example begins and ends at rest"
    assert all(clip.anchor == 0 for clip in clips), "a model that has not learnt it takes the first frame"
    for name in ("config.json", "model.safetensors", "rest.json"):
        shutil.copy(asset("checkpoints/wild") / name, tmp_path)
    rest = json.loads((tmp_path / "rest.json").read_text())
    (tmp_path / "rest.json").write_text(json.dumps({**rest, "sha256": "another"}))
    with pytest.raises(ConfigError, match="other weights"):
        Studio.from_pretrained(tmp_path)
    (tmp_path / "rest.json").write_text("{")
    with pytest.raises(ConfigError, match="damaged"):
        Studio.from_pretrained(tmp_path)


def test_frames_of_another_size_or_dtype_are_refused(studio: Studio) -> None:
    for frames in (
        np.zeros((9, 32, 32, 3), np.uint8),
        np.zeros((9, 64, 64, 3), np.float32),
        np.zeros((64, 64, 3), np.uint8),
    ):
        with pytest.raises(SeqdisentError, match="uint8"):
            studio.encode(frames)


def test_a_film_in_which_the_face_is_hidden_for_a_moment_is_taken_apart(studio: Studio, tmp_path: Path) -> None:
    frames, fps = read_video(EXAMPLES[0])
    film = np.concatenate([frames, frames[::-1]] * 2)
    film[20:26, 80:215, 60:195] = 110  # a hand, say
    live = take_apart(studio, write_video(tmp_path / "film.mp4", film, fps), EXAMPLES[4])
    assert len(live.given) == len(live.rebuilt) == LIVE_FRAMES < len(film)
    error = np.abs(live.rebuilt.astype(int) - live.given).mean(axis=(1, 2, 3))
    at = np.linspace(0, len(film) - 1, LIVE_FRAMES).round()
    covered = (at >= 20) & (at < 26)
    assert error[~covered].max() < error[covered].min(), "a face is drawn all the time"
