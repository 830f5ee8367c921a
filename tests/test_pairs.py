"""Random partners for swaps: who they are is the same, to the clip, as by listing every possible partner."""

import numpy as np
import pytest

from seqdisent_core.data import Clips, Labels
from seqdisent_core.errors import DataError
from seqdisent_core.evaluation import draw_pairs


def clips_of(values: np.ndarray) -> Clips:
    """Clips without pictures whose labels are int (labels, clips), the last of them dynamic."""
    names = tuple(map(str, range(values.max() + 1)))
    *static, dynamic = (Labels(value, names) for value in values)
    frames, split = np.zeros((values.shape[1], 1, 1, 1, 3), np.uint8), np.full(values.shape[1], "test")
    return Clips(
        frames, {f"label {at}": label for at, label in enumerate(static)}, {"action": dynamic}, split, "labels"
    )


def listed(values: np.ndarray, random: np.random.Generator) -> list[int]:
    """For each clip one of all that differ in every label."""
    return [random.choice(np.flatnonzero((values != own[:, None]).all(axis=0))) for own in values.T]


@pytest.mark.parametrize(
    ("persons", "actions", "clips"), [((52,), 6, 624), ((500,), 500, 1000), ((3, 4, 2, 2), 5, 300), ((2,), 2, 2)]
)
def test_a_partner_is_the_one_that_a_list_of_all_possible_ones_would_give(
    persons: tuple[int, ...], actions: int, clips: int
) -> None:
    labels = np.random.default_rng(0)
    values = np.stack([labels.permutation(np.arange(clips) % count) for count in (*persons, actions)])
    one, other = np.random.default_rng(7), np.random.default_rng(7)
    partners = draw_pairs(clips_of(values), one)
    assert partners.tolist() == listed(values, other)
    assert (values[:, partners] != values).all()
    assert one.random() == other.random(), "what is drawn next is the same, too"


def test_a_single_clip_without_a_partner_among_thousands_is_noticed() -> None:
    values = np.array([[0, *[1] * 2000, *[0] * 2000], [1, *[0] * 2000, *[0] * 2000]])
    with pytest.raises(DataError, match="in its test split"):
        draw_pairs(clips_of(values), np.random.default_rng(0))
    values[1, 1] = 2
    assert draw_pairs(clips_of(values[:, :2]), np.random.default_rng(0)).tolist() == [1, 0]


def test_tens_of_thousands_of_clips_get_partners() -> None:
    random = np.random.default_rng(0)
    values = np.stack([random.integers(0, 6000, 30_000), random.integers(0, 6, 30_000)])
    partners = draw_pairs(clips_of(values), random)
    assert (values[:, partners] != values).all()
    assert len(np.unique(partners)) > 18_000  # 1 - 1/e of them, where all are equally likely


def test_of_many_labels_partners_differ_in_all_too() -> None:
    random = np.random.default_rng(0)
    values = random.integers(0, 6, (20, 400))
    partners = draw_pairs(clips_of(values), random)
    assert (values[:, partners] != values).all() and len(np.unique(partners)) > 50
    values[:10] = values[:10, :1]  # ten labels that all clips share
    with pytest.raises(DataError, match="in its test split"):
        draw_pairs(clips_of(values), random)
