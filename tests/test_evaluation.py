"""The measures against answers that are known before: perfect, constant and leaking methods."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from seqdisent_core.clips import EXPRESSIONS, Clips
from seqdisent_core.errors import DataError
from seqdisent_core.evaluation.judge import Judge, Logits, accuracy
from seqdisent_core.evaluation.protocols import draw_pairs, encode_clips, reconstruction_figures, swap_figures
from seqdisent_core.evaluation.results import figure
from seqdisent_core.gaussians import Gaussian
from seqdisent_core.methods import Method, Posterior
from seqdisent_core.training import as_training_tensor

PERSONS = ("ann", "ben", "cleo", "dan")


def labelled_clips() -> Clips:
    """Each clip carries its labels in its pixels: red is the person, green the expression."""
    person = np.repeat(np.arange(4), 12)
    expression = np.tile(np.arange(6), 8)
    frames = np.zeros((48, 3, 64, 64, 3), np.uint8)
    frames[..., 0] = 40 * person[:, None, None, None]
    frames[..., 1] = 40 * expression[:, None, None, None]
    return Clips(frames, person, expression, np.full(48, "test"), PERSONS, EXPRESSIONS, "labelled")


class ReadingJudge(Judge):
    """Reads the labels off the pixels, without a mistake."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)
        self.register_parameter("nothing", torch.nn.Parameter(torch.zeros(1)))

    def forward(self, clip: Tensor) -> Logits:
        red, green = (((clip[:, :, channel] * 255 / 40).mean(dim=(1, 2, 3))).round().long() for channel in (0, 1))
        return Logits(one_hot(red.clamp(0, 3), 4).float(), one_hot(green.clamp(0, 5), 6).float())


class LabelMethod(Method):
    """Codes that are the labels; `leak` puts the person into the dynamics too, `constant` throws all away."""

    frame_size, static_dim, dynamics_dim = 64, 1, 2

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def encode(self, clip: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Posterior:
        colours = clip.mean(dim=(3, 4))
        static, dynamics = colours[:, anchor, :1], colours[:, :, :2]
        if self.kind == "constant":
            static, dynamics = torch.zeros_like(static), torch.zeros_like(dynamics)
        return Posterior(Gaussian(static, static), Gaussian(dynamics, dynamics))

    def decode(self, static: Tensor, dynamics: Tensor) -> Tensor:
        person = dynamics[..., :1] if self.kind == "leak" else static[:, None].expand(-1, dynamics.shape[1], -1)
        colours = torch.cat([person, dynamics[..., 1:], torch.zeros_like(person)], dim=-1)
        return colours[..., None, None].expand(-1, -1, -1, 64, 64)

    def sample_static(self, count, generator=None):
        return torch.randn(count, 1, generator=generator)

    def sample_dynamics(self, count, frames, generator=None, *, temperature=1.0, return_means=False):
        return torch.randn(count, frames, 2, generator=generator)

    def loss(self, clip, kl_scale, generator=None):
        return {"total": self.nothing.sum()}


def figures_of(kind: str):
    clips, method, judge = labelled_clips(), LabelMethod(kind), ReadingJudge()
    codes = encode_clips(method, as_training_tensor(clips))
    return (
        swap_figures(method, judge, clips, codes, np.random.default_rng(0)),
        reconstruction_figures(method, judge, clips, codes),
    )


def test_perfect_codes_swap_and_reconstruct_perfectly() -> None:
    swap, rebuilt = figures_of("perfect")
    assert (swap.person, swap.expression) == (1, 1)
    assert (rebuilt.person, rebuilt.expression) == (1, 1)
    assert rebuilt.psnr > 100 and rebuilt.ssim == pytest.approx(1, abs=1e-3)
    assert swap.person_confusion.sum() == 48 and np.trace(swap.person_confusion) == 48


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


def test_pairs_differ_in_both_labels_and_come_anew_with_another_seed() -> None:
    clips = labelled_clips()
    partners = draw_pairs(clips, np.random.default_rng(0))
    assert (clips.person[partners] != clips.person).all()
    assert (clips.expression[partners] != clips.expression).all()
    assert (draw_pairs(clips, np.random.default_rng(0)) == partners).all()
    assert (draw_pairs(clips, np.random.default_rng(1)) != partners).any()
    with pytest.raises(DataError, match="two persons"):
        draw_pairs(clips.select(np.flatnonzero(clips.person == 0)), np.random.default_rng(0))


def test_figures_are_means_with_spreads_over_repeats() -> None:
    assert figure([0.5, 1.0]) == {"mean": 0.75, "std": pytest.approx(0.125**0.5), "n": 2}
    assert figure([0.5]) == {"mean": 0.5, "std": 0.0, "n": 1}


def test_accuracy_counts_the_largest_logit() -> None:
    assert accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0])) == 0.5
