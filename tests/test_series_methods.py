"""Methods on time series: their mathematics against closed forms, gaps that reach nothing, levels outside dynamics."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from made_series import gappy

from seqdisent_core.domains.series import WindowsConfig
from seqdisent_core.methods import METHODS, Batch, Codes, DBSEConfig, Method, Moment
from seqdisent_core.methods.gaussians import standard_normal
from seqdisent_core.methods.glr import GLR, GLRConfig, counterfactual
from seqdisent_core.methods.gp_vae import GPVAE, GPVAEConfig
from seqdisent_core.methods.processes import BandedGaussian, ProcessPrior, cauchy, radial
from seqdisent_core.methods.spyl import SPYLConfig
from seqdisent_core.methods.vae import VAE, VAEConfig
from seqdisent_core.training import Recipe, TrainingConfig

NETWORK = WindowsConfig(window=6, features=5, step_dim=8, hidden_dim=7)
DBSE_SIZES = DBSEConfig(static_dim=4, dynamics_dim=3, hidden_dim=8, posterior_hidden_dim=8, initial_std=0.0, anchor=2)
SIZES: dict[str, Any] = {
    "dbse": DBSE_SIZES,
    "glr": GLRConfig(static_dim=4, dynamics_dim=3, hidden_dim=8, part=0.5),
    "gp_vae": GPVAEConfig(dynamics_dim=4, hidden_dim=8),
    "spyl": SPYLConfig(static_dim=4, dynamics_dim=3, hidden_dim=8),
    "vae": VAEConfig(dynamics_dim=4, hidden_dim=8),
}


def built(name: str, **changes: Any) -> Method:
    torch.manual_seed(0)
    return Recipe(name, replace(SIZES[name], **changes), "windows", NETWORK, TrainingConfig()).build().eval()


def banded(batch: int = 2, time: int = 5, dims: int = 3) -> BandedGaussian:
    generator = torch.Generator().manual_seed(0)
    mean, above = (torch.randn(batch, steps, dims, generator=generator) for steps in (time, time - 1))
    return BandedGaussian(mean, 1 + torch.rand(batch, time, dims, generator=generator), above)


def dense(q: BandedGaussian, number: int, dim: int) -> torch.distributions.MultivariateNormal:
    """The same distribution of one sequence and dimension from its precision, inverted as a dense matrix."""
    upper = torch.diag(q.diagonal[number, :, dim]) + torch.diag(q.above[number, :, dim], 1)
    precision = (upper @ upper.T).double()
    return torch.distributions.MultivariateNormal(q.mean[number, :, dim].double(), torch.linalg.inv(precision))


# --- Gaussian processes --------------------------------------------------------------------------------------------


def test_the_factor_of_a_banded_precision_squares_to_the_dense_inverse() -> None:
    q = banded()
    covariance = q.factor() @ q.factor().transpose(2, 3)
    for number in range(2):
        for dim in range(3):
            assert torch.allclose(covariance[number, dim].double(), dense(q, number, dim).covariance_matrix, atol=1e-5)


def test_draws_have_the_mean_and_the_covariance() -> None:
    q = banded(batch=1, dims=1)
    many = BandedGaussian(*(of.expand(50_000, -1, -1) for of in (q.mean, q.diagonal, q.above)))
    drawn = many.sample(torch.Generator().manual_seed(1))[..., 0]
    exact = dense(q, 0, 0)
    assert torch.allclose(drawn.mean(dim=0).double(), exact.mean, atol=0.02)
    assert torch.allclose(torch.cov(drawn.T).double(), exact.covariance_matrix, atol=0.02)


def test_the_divergence_from_a_process_is_the_closed_form() -> None:
    q = banded()
    kernels = [cauchy(5, 2.0), cauchy(5, 0.5), radial(5, 1.0)]
    divergence = q.kl_divergence(ProcessPrior(kernels, q.mean))
    for number in range(2):
        for dim, kernel in enumerate(kernels):
            prior = torch.distributions.MultivariateNormal(torch.zeros(5, dtype=torch.float64), kernel)
            exact = torch.distributions.kl_divergence(dense(q, number, dim), prior)
            assert float(divergence[number, dim]) == pytest.approx(float(exact), rel=1e-4)


def test_a_posterior_that_is_the_process_has_no_divergence() -> None:
    time = 4
    still = BandedGaussian(torch.zeros(1, time, 1), torch.ones(1, time, 1), torch.zeros(1, time - 1, 1))
    independent = ProcessPrior([torch.eye(time, dtype=torch.float64)], still.mean)
    assert float(still.kl_divergence(independent)) == pytest.approx(0, abs=1e-6)


def test_kernels_are_one_without_lag_and_fall() -> None:
    for kernel in (cauchy(4, 2.0), radial(4, 2.0)):
        assert torch.allclose(kernel.diagonal(), torch.full((4,), 1.001, dtype=torch.float64))
        assert (kernel[0, 1:].diff() < 0).all() and torch.equal(kernel, kernel.T)
    assert float(cauchy(4, 2.0)[0, 2]) == 0.5
    assert float(radial(4, 2.0)[0, 2]) == pytest.approx(2.718281828**-0.5)


def test_samples_of_a_process_have_its_covariance_and_its_conditional_means() -> None:
    kernel = cauchy(3, 2.0)
    prior = ProcessPrior([kernel], torch.zeros(1))
    drawn = prior.sample(50_000, torch.Generator().manual_seed(0))[..., 0]
    means = prior.sample(50_000, torch.Generator().manual_seed(0), means=True)[..., 0]
    assert torch.allclose(torch.cov(drawn.T).double(), kernel, atol=0.03)
    weights = torch.linalg.solve(kernel[:2, :2], kernel[:2, 2]).float()
    assert torch.allclose(means[:, 2], drawn[:, :2] @ weights, atol=1e-3) and (means[:, 0] == 0).all()


# --- the counterfactual term ---------------------------------------------------------------------------------------


def test_the_counterfactual_term_tells_a_leaking_code_from_a_clean_one() -> None:
    generator = torch.Generator().manual_seed(0)
    own, other = (torch.randn(64, 8, generator=generator) for _ in range(2))
    leaking, clean, blind = (float(counterfactual(own, other, read)) for read in (own, other, (own + other) / 2))
    assert clean < blind < leaking and blind == pytest.approx(1.0)
    exact = torch.exp(0.5 * (own - other).square().mean(dim=1))
    assert leaking == pytest.approx(float(exact.mean())) and clean == pytest.approx(float((1 / exact).mean()))
    assert torch.isfinite(counterfactual(own, other, 1e6 * own))


def test_the_global_code_is_read_from_parts_that_cover_the_series_or_from_one_by_chance() -> None:
    model, reads_all = built("glr"), built("glr", part=1.0)
    reads_all.load_state_dict(model.state_dict())
    assert isinstance(model, GLR) and isinstance(reads_all, GLR)
    features = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(0))
    parts = [reads_all.read_global(features[:, start : start + 2]) for start in (0, 2, 3)]
    assert torch.allclose(model.read_global(features), torch.stack(parts).mean(dim=0), atol=1e-6)
    drawn = [model.read_global(features, torch.Generator().manual_seed(seed), draw=True) for seed in range(20)]
    possible = [reads_all.read_global(features[:, start : start + 2]) for start in range(4)]
    found = {next(at for at, one in enumerate(possible) if torch.allclose(one, read, atol=1e-6)) for read in drawn}
    assert found == {0, 1, 2, 3}


def test_glr_weighs_the_mean_error_of_an_observed_value_against_the_divergences_of_a_window_and_of_a_series() -> None:
    model, (x, observed) = built("glr"), gappy()
    assert isinstance(model, GLR)
    moment = Moment(generator=torch.Generator().manual_seed(0))
    terms = model.loss(Batch(x, torch.arange(len(x)), observed), moment)
    again = torch.Generator().manual_seed(0)
    whole, local = model.posterior(x, observed, again, draw=True)
    codes = Codes(whole + standard_normal(whole, again), local.sample(again))
    error = model.backbone.error(model.decode(codes), x, observed)
    torch.testing.assert_close(terms["reconstruction"], error.sum() / observed.sum())
    divergence = local.kl_divergence(model.prior(x.shape[1]))
    torch.testing.assert_close(terms["kl_local"], divergence.sum() / (len(x) * x.shape[1]))
    weighed = 0.1 * (terms["kl_local"] + terms["kl_global"]) + terms["counterfactual"]
    torch.testing.assert_close(terms["total"], terms["reconstruction"] + weighed)


# --- all methods over windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SIZES))
def test_what_is_missing_changes_no_code_and_no_loss(name: str) -> None:
    model, (x, observed) = built(name), gappy()
    other = torch.where(observed, x, 1e6)

    def codes(x: torch.Tensor, observed: torch.Tensor | None) -> torch.Tensor:
        found = model.encode(x, observed)
        return torch.cat([found.static.flatten(), found.dynamics.flatten()])

    def terms(x: torch.Tensor, observed: torch.Tensor | None) -> list[float]:
        batch, moment = Batch(x, torch.arange(len(x)), observed), Moment(generator=torch.Generator().manual_seed(0))
        return [float(term.detach()) for term in model.loss(batch, moment).values()]

    assert torch.equal(codes(x, observed), codes(other, observed))
    assert terms(x, observed) == terms(other, observed)
    assert not torch.equal(codes(x, None), codes(other, None))


@pytest.mark.parametrize("variant", ["full", "without_loss", "without_subtraction"])
def test_with_the_subtraction_a_constant_added_to_a_series_changes_no_dynamics(variant: str) -> None:
    model, (x, observed) = built("dbse", variant=variant), gappy()
    shift = torch.randn(len(x), 1, 1, x.shape[-1], generator=torch.Generator().manual_seed(2))
    plain, shifted = model.encode(x, observed), model.encode(x + shift, observed)
    same = torch.allclose(plain.dynamics, shifted.dynamics, atol=1e-5)
    assert same == (variant != "without_subtraction")
    assert not torch.allclose(plain.static, shifted.static, atol=1e-2)


def test_an_anchor_of_the_settings_is_the_one_that_is_read_and_that_the_loss_sets_apart() -> None:
    model, (x, observed) = built("dbse"), gappy()
    assert torch.equal(model.encode(x, observed).static, model.encode(x, observed, anchor=2).static)  # type: ignore[call-arg]
    others = x.clone()
    others[:, [0, 1, 3]] += 1
    assert torch.equal(model.encode(x).static, model.encode(others).static)
    batch = Batch(x, torch.arange(len(x)), observed)
    terms = model.loss(batch, Moment(generator=torch.Generator().manual_seed(0)))
    all_same = built("dbse", variant="without_loss").loss(batch, Moment(generator=torch.Generator().manual_seed(0)))
    whole = terms["reconstruction"] + terms["anchor"]
    assert float(whole) == pytest.approx(float(all_same["reconstruction"]), rel=1e-5) and float(terms["anchor"]) > 0


def test_methods_without_a_static_code_say_so() -> None:
    for name in ("vae", "gp_vae"):
        model, (x, observed) = built(name), gappy()
        assert model.static_dim == 0 and model.encode(x, observed).static.shape == (3, 0)
        assert METHODS[name].reason("sample_static") == f"{name} has no static code."
        assert isinstance(model, VAE | GPVAE) and model.sample_dynamics(2, 4).shape == (2, 4, 4)
