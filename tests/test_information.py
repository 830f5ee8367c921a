"""Estimates of information, and contrasts, on cases whose value is known."""

import math

import pytest
import torch
from torch import Tensor

from seqdisent_core.methods.gaussians import Gaussian
from seqdisent_core.methods.information import (
    contrastive_loss,
    log_density,
    mutual_information,
    pairwise_contrastive_loss,
)


@pytest.mark.parametrize("spread", [1.0, 5.0])
def test_the_log_density_is_torchs_own_for_all_pairs(spread: float) -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = (spread * torch.randn(2, 5, 3, generator=generator) for _ in range(2))
    at = torch.randn(2, 4, 3, generator=generator)
    of = torch.distributions.Normal(mean[:, None], torch.exp(0.5 * log_variance[:, None]))
    expected = of.log_prob(at[:, :, None]).sum(dim=-1)
    torch.testing.assert_close(log_density(at, Gaussian(mean, log_variance)), expected)


def estimated(static: Tensor, dynamics: Tensor, deviation: float) -> float:
    """Nats by which the estimate exceeds log(set_size), for posteriors with these means and one deviation."""
    generator = torch.Generator().manual_seed(1)
    read = [Gaussian(mean, torch.full_like(mean, 2 * math.log(deviation))) for mean in (static, dynamics)]
    draws = [gaussian.sample(generator) for gaussian in read]
    return float(mutual_information(*read, *draws, set_size=10**6)) - math.log(10**6)


@pytest.mark.parametrize("deviation", [0.5, 1.0])
def test_information_of_gaussians_that_share_their_mean_is_the_known_value(deviation: float) -> None:
    """s and d of variance 1 + v with covariance 1: -1/2 log(1 - 1 / (1 + v)^2); none where d knows nothing of s."""
    generator = torch.Generator().manual_seed(0)
    mean, other = torch.randn(1500, 1, generator=generator), torch.randn(1500, 1, generator=generator)
    known = -0.5 * math.log(1 - 1 / (1 + deviation**2) ** 2)
    steps = mean[:, None].expand(-1, 2, -1)
    assert estimated(mean, steps, deviation) == pytest.approx(known, abs=0.05)
    assert estimated(other, steps, deviation) == pytest.approx(0, abs=0.05)


def test_learning_from_the_estimate_takes_the_static_factor_out_of_the_dynamics() -> None:
    generator = torch.Generator().manual_seed(0)
    static, own = torch.randn(64, 1, generator=generator), torch.randn(64, 3, 1, generator=generator)
    share = torch.ones(1, requires_grad=True)
    tight = torch.full((64, 1), -2.0)
    dynamics = Gaussian(own + share * static[:, None], tight[:, None].expand(-1, 3, -1))
    mutual_information(Gaussian(static, tight), dynamics, static, dynamics.mean, 64).backward()
    assert share.grad is not None and float(share.grad) > 0.1


def test_the_contrast_of_perfect_pairs_and_of_strangers_has_its_known_value() -> None:
    count, temperature = 5, 0.5
    alone = torch.eye(2 * count)
    first, strangers = alone[:count], alone[count:]
    perfect = math.log(1 + (2 * count - 2) * math.exp(-1 / temperature))
    assert float(pairwise_contrastive_loss(first, 3 * first, temperature)) == pytest.approx(perfect)
    assert float(pairwise_contrastive_loss(first, strangers, temperature)) == pytest.approx(math.log(2 * count - 1))


def test_the_contrast_falls_as_its_positive_comes_nearer_and_rises_with_its_negatives() -> None:
    far, near = (float(contrastive_loss(torch.tensor([x]), torch.zeros(1, 4), 0.5)) for x in (-1.0, 1.0))
    mistaken = float(contrastive_loss(torch.tensor([1.0]), torch.ones(1, 4), 0.5))
    assert mistaken == pytest.approx(math.log(5)) and near < mistaken < far
