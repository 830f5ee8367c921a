"""Frames past memory: indexed as an array is, read only then, and refused in one sentence where a file is not right."""

import json
from pathlib import Path

import numpy as np
import pytest
from test_clips import rendered_set

from seqdisent_core.data import load_clips
from seqdisent_core.data.shards import MAPPED, Shard, ShardedFrames
from seqdisent_core.errors import DataError

RANDOM = np.random.default_rng(0)
PARTS = [RANDOM.integers(0, 256, (clips, 6, 8, 8, 3), np.uint8) for clips in (5, 3)]
WHOLE = np.concatenate(PARTS)


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        slice(2, 7),
        slice(None, None, -1),
        np.array([7, 0, 3]),
        np.array([[7], [1]]),
        np.array([], int),
        np.arange(8) % 2 == 0,
        (3, 2),
        (np.array([1, 2]), np.array([3, 4])),
        (slice(None), slice(2, 3)),
        (np.array([4, 1]), slice(None, None, -2)),
        (5, slice(2)),
        (slice(None, None, -1), [3, 0]),
        (slice(2, 5), np.array([4, 1])),
        (np.array([[1], [7]]), np.array([0, 2, 4])),
        (np.array([[1], [7]]), np.array([[0, 2, 4], [5, 3, 1]])),
    ],
)
def test_frames_in_several_files_are_indexed_as_one_array(key: object, tmp_path: Path) -> None:
    for number, part in enumerate(PARTS):
        np.save(tmp_path / f"{number}.npy", part)
    for frames in (ShardedFrames(PARTS), ShardedFrames([Shard.of(tmp_path / f"{number}.npy") for number in (0, 1)])):
        assert frames.shape == WHOLE.shape
        np.testing.assert_array_equal(frames[key], WHOLE[key])  # type: ignore[index]
        rows = np.array([6, 1, 1, 4])
        np.testing.assert_array_equal(frames.select(rows).select(np.array([3, 0])), WHOLE[rows[[3, 0]]])


@pytest.mark.parametrize("key", [8, -9, np.array([9]), (0, 6), (8, 0)])
def test_a_clip_or_time_that_is_not_there_is_an_index_error(key: object) -> None:
    with pytest.raises(IndexError):
        ShardedFrames(PARTS)[key]


def test_another_length_and_size_are_made_when_frames_are_read() -> None:
    frames = ShardedFrames(PARTS, frames=3, size=4)
    assert frames.shape == (8, 3, 4, 4, 3)
    np.testing.assert_array_equal(frames[6, 1], frames[6][1])
    np.testing.assert_allclose(frames[6][1].mean((0, 1)), WHOLE[6][2].mean((0, 1)), atol=1)  # of 0 to 5 in three steps
    np.testing.assert_array_equal(frames.select(np.array([6]))[0], frames[6])


def test_a_process_maps_more_files_than_it_may_hold_open(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    count, (soft, hard) = MAPPED + 60, resource.getrlimit(resource.RLIMIT_NOFILE)
    for number in range(count):
        np.save(tmp_path / f"{number}.npy", np.full((1, 1, 2, 2, 3), number, np.uint8))
    open_now = len(list(Path("/dev/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + MAPPED + 20, hard))
    try:
        frames = ShardedFrames([Shard.of(tmp_path / f"{number}.npy") for number in range(count)])
        assert frames[:][:, 0, 0, 0, 0].tolist() == list(range(count))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_shard_that_is_cut_off_or_disagrees_with_its_plan_gets_one_sentence(tmp_path: Path) -> None:
    rendered_set(tmp_path)
    plan = {"name": "facekit52", "frames": 5, "size": 16}
    (tmp_path / "set.json").write_text(json.dumps(plan))
    assert len(load_clips(tmp_path, size=16)) == 36
    shard = tmp_path / "person_001.npy"
    whole = shard.read_bytes()
    for content, sentence in (
        (whole[:-1], r"person_001\.npy is missing or cut off\. Run the rendering again"),
        (whole[:50], "cut off"),
        (b"", "cut off"),
        (whole.replace(b"{'descr'", b"{'des(((", 1), "cut off"),
        (whole.replace(b"(18, 5,", b"(018,5,", 1), "cut off"),
        (whole.replace(b"(18, 5,", b"(18,-5,", 1), "cut off"),
        (b"PK\x03\x04" + whole[4:], "cut off"),
    ):
        shard.write_bytes(content)
        with pytest.raises(DataError, match=sentence):
            load_clips(tmp_path, size=16)
    for stored, sentence in (
        (
            np.zeros((18, 4, 16, 16, 3), np.uint8),
            "4 frames of 16 x 16 px, and the set.json beside it says 5 of 16 x 16",
        ),
        (np.zeros((18, 5, 8, 16, 3), np.uint8), "5 frames of 16 x 8 px"),
        (np.zeros((18, 5, 16, 16, 3), np.float32), "holds float32"),
        (np.zeros((18, 5, 16, 16), np.uint8), "and no clips"),
        (np.zeros((17, 5, 16, 16, 3), np.uint8), "other clips than its labels.csv names"),
    ):
        np.save(shard, stored)
        with pytest.raises(DataError, match=sentence):
            load_clips(tmp_path, size=16)
