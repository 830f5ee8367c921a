"""Swaps and reconstructions against answers that are known before: perfect, constant and leaking methods."""

import numpy as np
import pytest
import torch
from labelled import LabelMethod, labelled_clips, labelled_judge
from torchmetrics.functional.image import structural_similarity_index_measure

from seqdisent_core.errors import DataError
from seqdisent_core.evaluation.judge import Logits, accuracy, read_clips
from seqdisent_core.evaluation.protocols import (
    draw_pairs,
    encode_clips,
    reconstruction_figures,
    score_swaps,
    structural_similarity,
    swap_figures,
)
from seqdisent_core.training import as_training_tensor


def figures_of(kind: str):
    clips, method, judge = labelled_clips().part("test"), LabelMethod(kind), labelled_judge()
    codes = encode_clips(method, as_training_tensor(clips))
    return (
        swap_figures(method, judge, clips, codes, np.random.default_rng(0)),
        reconstruction_figures(method, judge, clips, codes),
    )


def test_the_small_judge_reads_every_clip_rightly() -> None:
    clips = labelled_clips().part("test")
    logits = read_clips(labelled_judge(), as_training_tensor(clips))
    assert accuracy(logits.person, clips.person) == accuracy(logits.expression, clips.expression) == 1


def test_perfect_codes_swap_and_reconstruct_perfectly() -> None:
    swap, rebuilt = figures_of("perfect")
    assert (swap.person, swap.expression) == (1, 1)
    assert (rebuilt.person, rebuilt.expression) == (1, 1)
    assert rebuilt.psnr > 100 and rebuilt.ssim == pytest.approx(1, abs=1e-3)
    assert swap.person_confusion.sum() == 48 and np.trace(swap.person_confusion) == 48
    assert swap.expression_confusion.sum() == 48 and np.trace(swap.expression_confusion) == 48


def test_a_person_that_leaks_into_the_dynamics_is_found_out() -> None:
    swap, rebuilt = figures_of("leak")
    assert swap.person == 0 and swap.expression == 1
    assert rebuilt.person == 1
    assert np.trace(swap.person_confusion) == 0


def test_constant_codes_score_chance() -> None:
    swap, rebuilt = figures_of("constant")
    assert swap.person == pytest.approx(1 / 4)
    assert swap.expression == pytest.approx(1 / 6, abs=0.12)
    assert rebuilt.expression == pytest.approx(1 / 6)


def test_shuffled_codes_score_about_chance() -> None:
    swap, rebuilt = figures_of("shuffled")
    assert swap.person < 0.5 and swap.expression < 0.4
    assert rebuilt.person < 0.5 and rebuilt.expression < 0.4


def test_swaps_are_scored_as_a_table_made_by_hand_says() -> None:
    clips = labelled_clips().select(np.array([0, 13]))  # ann in anger, ben in disgust
    person = torch.tensor([[9.0, 0, 0, 0], [9.0, 0, 0, 0]])  # both read as ann
    expression = torch.tensor([[0, 9.0, 0, 0, 0, 0], [0, 9.0, 0, 0, 0, 0]])  # both read as disgust
    swap = score_swaps(Logits(person, expression), clips, np.array([1, 0]))
    assert (swap.person, swap.expression) == (0.5, 0.5)
    assert swap.person_confusion[:2, :2].tolist() == [[1, 0], [1, 0]]
    assert swap.expression_confusion[:2, :2].tolist() == [[0, 1], [0, 1]]


def test_pairs_differ_in_both_labels_and_come_anew_with_another_seed() -> None:
    clips = labelled_clips()
    partners = draw_pairs(clips, np.random.default_rng(0))
    assert (clips.person[partners] != clips.person).all()
    assert (clips.expression[partners] != clips.expression).all()
    assert (draw_pairs(clips, np.random.default_rng(0)) == partners).all()
    assert (draw_pairs(clips, np.random.default_rng(1)) != partners).any()
    with pytest.raises(DataError, match="two persons"):
        draw_pairs(clips.select(np.flatnonzero(clips.person == 0)), np.random.default_rng(0))


def test_structural_similarity_is_what_torchmetrics_computes() -> None:
    generator = torch.Generator().manual_seed(0)
    first = torch.rand(4, 3, 64, 64, generator=generator)
    second = (first + 0.3 * torch.rand(4, 3, 64, 64, generator=generator)).clamp(0, 1)
    known = structural_similarity_index_measure(first, second, data_range=1.0, reduction="none")
    assert torch.allclose(structural_similarity(first, second), torch.as_tensor(known), atol=1e-5)
    assert structural_similarity(first, first).allclose(torch.ones(4), atol=1e-5)


def test_accuracy_counts_the_largest_logit() -> None:
    assert accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0])) == 0.5
