"""What rest looks like, learnt from clips that begin with it, and found again in the middle of another."""

import numpy as np
import pytest
import torch
from labelled import labelled_clips
from small import small_dbse

from seqdisent_core.data.clips import Clips
from seqdisent_core.errors import DataError
from seqdisent_core.methods import Method
from seqdisent_core.reenactment.neutral_frame import NeutralFrame
from seqdisent_core.reenactment.neutral_learning import learn_neutral


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
    return NeutralFrame([[0.0]] * model.static_dim, [0.0], [0.0], 0.5, "none", "a hash")


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


def test_a_hidden_frame_is_not_taken() -> None:
    model = small_dbse(feature_dim=32, static_dim=64, initial_std=0.01).eval()
    frames = np.random.default_rng(0).integers(0, 255, (6, 64, 64, 3)).astype(np.uint8)
    assert indifferent(model).choose(model, frames, occluded=(0, 1)) == 2
