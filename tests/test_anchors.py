"""What rest looks like, learnt from clips that begin with it, and found again in the middle of another."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from labelled import labelled_clips
from small import small_dbse

from seqdisent_core.assets import asset
from seqdisent_core.data.clips import Clips
from seqdisent_core.errors import DataError
from seqdisent_core.faces.reading import find_faces
from seqdisent_core.media.video import read_video, write_video
from seqdisent_core.methods import Method
from seqdisent_core.reenactment.neutral_frame import NeutralFrame
from seqdisent_core.reenactment.neutral_learning import learn_neutral
from seqdisent_core.studio import Studio


def bowing_clips() -> Clips:
    """Clips of 6 frames whose first frame alone is bright below, whoever it is; with noise, so that all are sharp."""
    random = np.random.default_rng(0)
    base = labelled_clips()
    frames = random.integers(0, 90, (len(base), 6, 64, 64, 3)).astype(np.uint8)
    frames += (20 * base.static["person"].values[:, None, None, None, None]).astype(np.uint8)
    frames[:, 0, 32:] += 90
    split = np.tile(["train", "train", "validation"], 48)
    return Clips(frames, base.static, base.dynamic, split, "bowing")


def indifferent(model: Method) -> NeutralFrame:
    return NeutralFrame([[0.0]] * model.backbone.feature_dim, [0.0], [0.0], 0.5, "none", "a hash")


def test_rest_is_learnt_and_found_again() -> None:
    torch.manual_seed(0)
    model = small_dbse(feature_dim=32, static_dim=64).eval()
    clips = bowing_clips()
    neutral = learn_neutral(model, [clips], "a hash")
    assert neutral.auc > 0.95 and (neutral.set_name, neutral.sha256) == ("bowing", "a hash")
    shuffled = clips.frames[::-1, [3, 2, 0, 4, 5]]  # rest comes third
    assert np.mean([neutral.choose(model, frames) == 2 for frames in shuffled[:24]]) > 0.9


def test_clips_that_are_too_short_to_learn_rest_from_are_refused() -> None:
    model = small_dbse(feature_dim=32, static_dim=64, initial_std=0.01).eval()
    with pytest.raises(DataError, match=r"3 frames\. Neutral faces are learnt from clips of 6"):
        learn_neutral(model, [bowing_clips(), labelled_clips()], "a hash")


def test_a_blurred_frame_is_not_taken() -> None:
    model = small_dbse(feature_dim=32, static_dim=64, initial_std=0.01).eval()
    frames = np.random.default_rng(0).integers(0, 255, (6, 64, 64, 3)).astype(np.uint8)
    frames[:3] = 120
    assert indifferent(model).choose(model, frames) >= 3


def test_a_frame_in_which_a_hand_covers_the_mouth_is_not_taken(tmp_path: Path) -> None:
    frames, fps = read_video(asset("examples") / "person_000_happiness.mp4")
    points = find_faces(frames[0])[0].points
    middle, width = points[3:].mean(axis=0), points[4, 0] - points[3, 0]
    covered = [
        cv2.ellipse(frame.copy(), (middle, (1.8 * width, 1.3 * width), 0.0), (205, 150, 120), -1, cv2.LINE_AA)
        for frame in frames[:3]
    ]
    smiling = list(frames[5:11])
    path = write_video(tmp_path / "hand.mp4", np.stack((covered * 9)[:25] + (smiling + smiling[::-1]) * 4), fps)
    assert Studio.from_pretrained("wild", device="cpu").read_face(path).anchor >= 25


def test_a_hidden_frame_is_not_taken() -> None:
    model = small_dbse(feature_dim=32, static_dim=64, initial_std=0.01).eval()
    frames = np.random.default_rng(0).integers(0, 255, (6, 64, 64, 3)).astype(np.uint8)
    assert indifferent(model).choose(model, frames, occluded=(0, 1)) == 2
