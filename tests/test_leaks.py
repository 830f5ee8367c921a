"""Leakage at its worst: the stronger probe, random anchors, and what decoding uses, on codes whose leak is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from labelled import PERSONS, AllStatic, LabelMethod, OneFrame, WithoutStatic, labelled_clips, labelled_judge
from small import small_dbse

from seqdisent_core.data import Clips, Labels
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation.anchors import encode_at, without_anchor
from seqdisent_core.evaluation.strongest_probe import linear, perceptron, strongest_row
from seqdisent_core.evaluation.used_leakage import draw_alike, used_leakage
from seqdisent_core.methods import encode_clips


def hidden(count: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes (count, 2) and a label that is 1 where both numbers have one sign: no line tells it."""
    codes = np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)
    return codes, (codes.prod(axis=1) > 0).astype(int)


def right(fit, **more: int) -> tuple[float, bool]:
    codes, values = hidden()
    asked, true = hidden(seed=1)
    found = fit(codes, values, asked, **more)
    return float((found.predicted == true).mean()), found.converged


def test_a_leak_that_no_line_tells_is_found_by_the_perceptron_alone() -> None:
    assert right(linear)[0] < 0.65
    share, converged = right(perceptron)
    assert share > 0.95 and converged


@pytest.mark.parametrize(("fit", "steps"), [(linear, 1), (perceptron, 2)])
def test_a_probe_that_was_not_done_says_so(fit, steps: int) -> None:
    assert not right(fit, steps=steps)[1]


def with_codes(leaks: bool) -> tuple[np.ndarray, Clips, np.ndarray, Clips]:
    """Codes of all clips that tell the expression, and the person as well where they leak: of train, of test."""
    clips = labelled_clips()
    noise = np.random.default_rng(0).normal(size=(len(clips), 4))
    person, expression = clips.static["person"].values, clips.dynamic["expression"].values
    codes = np.concatenate([np.eye(6)[expression], np.eye(4)[person] if leaks else noise], axis=1)
    test = clips.split == "test"
    return codes[~test], clips.part("train"), codes[test], clips.part("test")


@pytest.mark.parametrize("leaks", [True, False])
def test_the_strongest_row_is_that_of_the_better_probe_and_counts_what_has_not_converged(leaks: bool) -> None:
    row = strongest_row(*with_codes(leaks), "dynamics", repeats=2)
    assert row["dynamic_acc"]["mean"] > 0.95
    assert (row["static_acc"]["mean"] > 0.95) == leaks and row["static_acc"]["n"] == 2
    for label, group in (("person", "static_acc"), ("expression", "dynamic_acc")):
        each = {name: probe[group]["mean"] for name, probe in row["probes"].items()}
        assert row[group]["mean"] == max(each.values()) == each[row["probe"][label]]
    assert all(probe["fits"] == 4 and 0 <= probe["not_converged"] <= 4 for probe in row["probes"].values())


def test_there_is_nothing_to_read_in_codes_without_dims() -> None:
    codes, train, asked, test = with_codes(True)
    row = strongest_row(codes[:, :0], train, asked[:, :0], test, "static", repeats=1)
    assert row["static_acc"] is None and row["why"] == "There are no static codes to read."


def moving_clips() -> Clips:
    """Clips of random pictures, whose frames differ."""
    clips = labelled_clips()
    frames = np.random.default_rng(0).integers(0, 255, (5, 4, 64, 64, 3), dtype=np.uint8)
    labels = Labels(np.zeros(5, int), PERSONS)
    return replace(clips, frames=frames, static={"person": labels}, dynamic={"x": labels}, split=np.repeat("test", 5))


def test_each_clip_is_read_at_its_own_anchor() -> None:
    torch.manual_seed(0)
    model, clips, anchors = small_dbse().eval(), moving_clips(), np.array([3, 0, 2, 0, 3])
    found = encode_at(model, clips, anchors)
    x = as_training_tensor(clips)[:].float() / 255
    for clip, anchor in enumerate(anchors):
        alone = model.encode(x[clip : clip + 1], anchor=int(anchor))
        torch.testing.assert_close(found.static[clip], alone.static[0])
        torch.testing.assert_close(found.dynamics[clip], alone.dynamics[0])


def test_the_anchors_frame_is_left_out_of_the_dynamics() -> None:
    dynamics = torch.arange(2 * 3 * 2.0).view(2, 3, 2)
    assert without_anchor(dynamics, np.array([0, 2])).tolist() == [[2, 3, 4, 5], [6, 7, 8, 9]]


def used(kind: LabelMethod) -> dict:
    clips = labelled_clips().part("test")
    return used_leakage(kind, labelled_judge(), clips, encode_clips(kind, as_training_tensor(clips)), repeats=2)


@pytest.mark.parametrize(
    ("kind", "static", "dynamics"),
    [
        (LabelMethod("perfect"), 0, 0),
        (LabelMethod("copies"), 0, 0),  # a probe finds the person in d, and decoding does not use it
        (LabelMethod("leak"), 0, 1),
        (AllStatic(), 1, 0),
        (OneFrame(), 0, 1),
    ],
)
def test_what_decoding_uses_of_a_leak_changes_the_picture_and_nothing_else_does(
    kind: LabelMethod, static: int, dynamics: int
) -> None:
    figures = used(kind)
    for part, share in (("static", static), ("dynamics", dynamics)):
        for name in ("changed", "followed"):
            assert figures[part][name]["mean"] == pytest.approx(share, abs=0.02), (part, name)
        assert figures[part]["clips"] == 48


def test_codes_that_are_not_there_are_not_exchanged() -> None:
    figures = used(WithoutStatic())
    assert figures["static"]["changed"] is None and figures["static"]["why"] == "There are no static codes to exchange."
    assert figures["dynamics"]["changed"]["mean"] == 1, "all is in them"


def test_partners_are_alike_in_one_group_of_labels_and_differ_in_all_of_the_other() -> None:
    same = {"a": Labels(np.array([0, 0, 0, 1, 1]), ("x", "y"))}
    other = {
        "b": Labels(np.array([0, 1, 1, 0, 0]), ("x", "y")),
        "c": Labels(np.array([0, 0, 1, 0, 1]), ("x", "y")),
    }
    partners = draw_alike(same, other, np.random.default_rng(0))
    assert partners.tolist() == [2, -1, 0, -1, -1]


def test_a_set_without_such_partners_says_why_it_has_no_figure() -> None:
    clips = labelled_clips().part("test")
    alone = clips.select(np.arange(4) * 13)  # another person and expression each
    model = LabelMethod()
    figures = used_leakage(model, labelled_judge(), alone, encode_clips(model, as_training_tensor(alone)), repeats=1)
    assert figures["static"]["changed"] is None
    assert figures["static"]["why"] == "No two test clips share person and differ in expression."
