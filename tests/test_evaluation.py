"""Swaps and reconstructions against answers that are known before: perfect, constant and leaking methods."""

from pathlib import Path

import numpy as np
import pytest
import torch
from labelled import LabelMethod, dressed_clips, dressed_judge, labelled_clips, labelled_judge, mislabelled_clips

from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.evaluation.judge import (
    Judge,
    JudgeConfig,
    Seen,
    accuracies,
    accuracy,
    chance,
    check_judge,
    read_clips,
)
from seqdisent_core.evaluation.protocols import (
    draw_pairs,
    reconstruction_figures,
    score_swaps,
    structural_similarity,
    swap_figures,
)
from seqdisent_core.methods.codes import encode_clips


def figures_of(kind: str):
    clips, method, judge = labelled_clips().part("test"), LabelMethod(kind), labelled_judge()
    codes = encode_clips(method, as_training_tensor(clips))
    return (
        swap_figures(method, judge, clips, codes, np.random.default_rng(0)),
        reconstruction_figures(method, judge, clips, codes),
    )


def test_a_judge_learns_from_training_clips_alone_what_it_reads_in_others() -> None:
    judge, clips, wrong = labelled_judge(), labelled_clips().part("test"), mislabelled_clips().part("test")
    frames = as_training_tensor(clips)[:].float() / 255
    noise = 6 / 255 * torch.randn(frames.shape, generator=torch.Generator().manual_seed(0))
    for seen in (frames, (frames + noise).clamp(0, 1)):
        logits = read_clips(judge, seen)
        assert set(accuracies(logits, clips).values()) == {1}
        assert not any(accuracies(logits, wrong).values()), "it has learnt the test split's labels"


def test_a_judge_of_a_size_that_no_model_has_is_refused() -> None:
    for size in (0, 96):
        with pytest.raises(ConfigError, match=f"A judge of {size} px"):
            JudgeConfig({}, {}, frame_size=size)


def test_perfect_codes_swap_and_reconstruct_perfectly() -> None:
    swap, rebuilt = figures_of("perfect")
    assert (swap.right["person"], swap.right["expression"]) == (1, 1)
    assert (rebuilt.right["person"], rebuilt.right["expression"]) == (1, 1)
    assert rebuilt.psnr > 100 and rebuilt.ssim == pytest.approx(1, abs=1e-3)
    assert swap.confusion["person"].sum() == 48 and np.trace(swap.confusion["person"]) == 48
    assert swap.confusion["expression"].sum() == 48 and np.trace(swap.confusion["expression"]) == 48


def test_a_person_that_leaks_into_the_dynamics_is_found_out() -> None:
    swap, rebuilt = figures_of("leak")
    assert swap.right["person"] == 0 and swap.right["expression"] == 1
    assert rebuilt.right["person"] == 1
    assert np.trace(swap.confusion["person"]) == 0


def test_constant_codes_score_chance() -> None:
    swap, rebuilt = figures_of("constant")
    assert swap.right["person"] == pytest.approx(1 / 4)
    assert swap.right["expression"] == pytest.approx(1 / 6, abs=0.12)
    assert rebuilt.right["expression"] == pytest.approx(1 / 6)


def test_shuffled_codes_score_about_chance() -> None:
    swap, rebuilt = figures_of("shuffled")
    assert swap.right["person"] < 0.5 and swap.right["expression"] < 0.4
    assert rebuilt.right["person"] < 0.5 and rebuilt.right["expression"] < 0.4


def test_swaps_are_scored_as_a_table_made_by_hand_says() -> None:
    clips = labelled_clips().select(np.array([0, 13]))  # ann in anger, ben in disgust
    person = torch.tensor([[9.0, 0, 0, 0], [9.0, 0, 0, 0]])  # both read as ann
    expression = torch.tensor([[0, 9.0, 0, 0, 0, 0], [0, 9.0, 0, 0, 0, 0]])  # both read as disgust
    swap = score_swaps({"person": person, "expression": expression}, clips, np.array([1, 0]))
    assert (swap.right["person"], swap.right["expression"]) == (0.5, 0.5)
    assert swap.confusion["person"][:2, :2].tolist() == [[1, 0], [1, 0]]
    assert swap.confusion["expression"][:2, :2].tolist() == [[0, 1], [0, 1]]


def test_pairs_differ_in_both_labels_and_come_anew_with_another_seed() -> None:
    clips = labelled_clips()
    partners = draw_pairs(clips, np.random.default_rng(0))
    for label in clips.labels.values():
        assert (label.values[partners] != label.values).all()
    assert (draw_pairs(clips, np.random.default_rng(0)) == partners).all()
    assert (draw_pairs(clips, np.random.default_rng(1)) != partners).any()
    alone = clips.select(np.flatnonzero(clips.static["person"].values == 0))
    with pytest.raises(DataError, match=r"two or more values of each label \(person, expression\)"):
        draw_pairs(alone, np.random.default_rng(0))


def test_structural_similarity_is_what_torchmetrics_computes() -> None:
    from torchmetrics.functional.image import structural_similarity_index_measure  # takes seconds

    generator = torch.Generator().manual_seed(0)
    first = torch.rand(4, 3, 64, 64, generator=generator)
    second = (first + 0.3 * torch.rand(4, 3, 64, 64, generator=generator)).clamp(0, 1)
    known = structural_similarity_index_measure(first, second, data_range=1.0, reduction="none")
    assert torch.allclose(structural_similarity(first, second), torch.as_tensor(known), atol=1e-5)
    assert structural_similarity(first, first).allclose(torch.ones(4), atol=1e-5)


def test_structural_similarity_is_computed_where_its_pictures_are() -> None:
    elsewhere = torch.rand(4, 3, 16, 16, device="meta")
    assert structural_similarity(elsewhere, elsewhere).device == elsewhere.device


def test_accuracy_counts_the_largest_logit() -> None:
    assert accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0])) == 0.5


def test_a_judge_of_several_labels_has_a_head_for_each_and_comes_back_from_its_folder(tmp_path: Path) -> None:
    clips, judge = dressed_clips().part("test"), dressed_judge()
    right = accuracies(read_clips(judge, as_training_tensor(clips)), clips)
    assert right == dict.fromkeys(("static", "dynamic", "hat", "coat", "brows", "mouth"), 1)
    judge.save(tmp_path / "judge", "a judge")
    reading = Judge.from_pretrained(tmp_path / "judge").read(clips.frames[0])
    assert reading.names == {"hat": "cap", "coat": "long", "brows": "down", "mouth": "open"}
    who, hat, coat = reading.static_summary, reading.static["hat"], reading.static["coat"]
    assert who == Seen("cap, long", hat.probability * coat.probability) and 0.25 < who.probability <= 1
    assert reading.dynamic_summary.name == "down, open"
    assert reading.to_dict()["hat"] == "cap" and reading.to_dict()["hat_probability"] == hat.probability
    with pytest.raises(DataError, match="other labels"):
        check_judge(judge, labelled_clips())
    with pytest.raises(DataError, match="other labels"):
        check_judge(labelled_judge(), dressed_clips())


def test_the_figure_of_a_group_is_the_mean_of_its_labels() -> None:
    clips = dressed_clips().select(np.array([0, 12]))  # cap and long, cap and short; both brows down and mouth open
    logits = {"hat": torch.eye(2), "coat": torch.eye(2), "brows": torch.eye(2), "mouth": torch.zeros(2, 3)}
    right = {"hat": 0.5, "coat": 1, "brows": 0.5, "mouth": 1}
    assert accuracies(logits, clips) == {"static": 0.75, "dynamic": 0.75, **right}
    assert chance(clips) == {"static": 0.75, "dynamic": 1, "hat": 1, "coat": 0.5, "brows": 1, "mouth": 1}


def test_a_guess_is_the_commonest_name_of_those_that_are() -> None:
    clips = labelled_clips()
    person, expression = (label.values for label in clips.labels.values())
    chosen = np.flatnonzero((expression < 2) & ((expression == 0) | (person < 2)))
    assert chance(clips.select(chosen))["expression"] == float(np.mean(expression[chosen] == 0)) > 0.5


def test_pairs_of_a_set_of_several_labels_share_none() -> None:
    clips = dressed_clips().part("test")
    partners = draw_pairs(clips, np.random.default_rng(0))
    for label in clips.labels.values():
        assert (label.values[partners] != label.values).all()
    swap = swap_figures(
        LabelMethod(),
        dressed_judge(),
        clips,
        encode_clips(LabelMethod(), as_training_tensor(clips)),
        np.random.default_rng(0),
    )
    assert swap.right == dict.fromkeys(("static", "dynamic", "hat", "coat", "brows", "mouth"), 1)
    assert swap.confusion["hat"].tolist() == [[24, 0], [0, 24]] and np.trace(swap.confusion["mouth"]) == 48
