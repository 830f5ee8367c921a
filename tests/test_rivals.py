"""The variational methods' own maths, each on a case made by hand."""

import math
from dataclasses import replace
from typing import ClassVar

import pytest
import torch
from small import IMAGES, batch_of
from torch import Tensor, nn
from vectors import Vectors, VectorsConfig, turning

from seqdisent_core.domains import BACKBONES
from seqdisent_core.domains.backbone import shuffled
from seqdisent_core.domains.images import Images
from seqdisent_core.domains.images.views import moving_cells
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods import Batch, Codes, Moment, with_views
from seqdisent_core.methods.cdsvae import CDSVAE, CDSVAEConfig
from seqdisent_core.methods.dsvae import DSVAE, DSVAEConfig
from seqdisent_core.methods.exchange import Exchange, ExchangeConfig
from seqdisent_core.methods.gaussians import Gaussian
from seqdisent_core.methods.registry import build
from seqdisent_core.methods.rwae import RWAE, RWAEConfig, discrepancy
from seqdisent_core.methods.s3vae import S3VAE, S3VAEConfig
from seqdisent_core.methods.spyl import SPYL, SPYLConfig, pairwise_divergence
from seqdisent_core.methods.variational import Variational

SIZES = {"static_dim": 5, "dynamics_dim": 3, "hidden_dim": 8}
KINDS = {
    "cdsvae": (CDSVAE, CDSVAEConfig),
    "dsvae": (DSVAE, DSVAEConfig),
    "exchange": (Exchange, ExchangeConfig),
    "rwae": (RWAE, RWAEConfig),
    "s3vae": (S3VAE, S3VAEConfig),
    "spyl": (SPYL, SPYLConfig),
}
BOUNDED = sorted(set(KINDS) - {"rwae"})  # those that have a lower bound


def over_vectors(name: str, **changes: object) -> Variational:
    torch.manual_seed(0)
    method, kind = KINDS[name]
    config = kind(**(SIZES | changes))
    return method(config, Moving(VectorsConfig(), config.code_dim))


def growing(x: Tensor, generator: torch.Generator) -> Tensor:
    """Which numbers of a step are larger than those of the step before; none of the first."""
    return torch.cat([torch.zeros_like(x[:, :1]), (x[:, 1:] > x[:, :-1]).float()], dim=1)


class Moving(Vectors):
    """Vectors with every view that a method compares."""

    views: ClassVar = {"shuffled": shuffled, "recoloured": lambda x, generator: x + 0.1, "motion": growing}
    motion_dim = 4


def moment(step: int = 0) -> Moment:
    return Moment(step, 10, 100, 6, torch.Generator().manual_seed(2))


def same(x: Tensor) -> Batch:
    """A batch whose views are the sequences themselves."""
    return Batch(x, torch.arange(len(x)), views={"shuffled": x, "recoloured": x, "motion": torch.zeros_like(x)})


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_step_over_another_kind_of_data_moves_every_parameter(name: str) -> None:
    model = over_vectors(name)
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    model.loss(with_views(model, batch_of(turning(4))), moment())["total"].backward()
    torch.optim.Adam(model.parameters(), lr=1e-2).step()
    assert [key for key, value in model.named_parameters() if torch.equal(value, before[key])] == []


@torch.no_grad()
@pytest.mark.parametrize("name", sorted(KINDS))
def test_values_that_are_missing_change_neither_codes_nor_errors(name: str) -> None:
    model, x = over_vectors(name), turning(4)
    observed = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.7
    other = torch.where(observed, x, 100.0)
    errors = [model.read(replace(same(one), observed=observed), moment().generator)[1] for one in (x, other)]
    assert errors[0] == errors[1] != model.read(same(other), moment().generator)[1]
    assert torch.equal(model.encode(x, observed).dynamics, model.encode(other, observed).dynamics)


@torch.no_grad()
@pytest.mark.parametrize("name", BOUNDED)
def test_the_lower_bound_counts_elements_time_and_dims_and_is_a_mean_over_the_batch(name: str) -> None:
    model, x = over_vectors(name), turning(6)
    for head in (model.static_head, model.dynamics_head):  # type: ignore[union-attr]
        nn.init.zeros_(head.mean.weight)
        nn.init.ones_(head.mean.bias)
        nn.init.constant_(head.log_variance.bias, 1.0)
    nn.init.zeros_(model.prior.head.mean.weight)
    nn.init.zeros_(model.prior.head.mean.bias)
    terms = model.lower_bound(batch_of(x), torch.Generator().manual_seed(0))[1]
    each = 0.5 * (math.e + 1 - 1 - 1)  # KL(N(1, e) || N(0, 1))
    assert float(terms["kl_static"]) == pytest.approx(5 * each, rel=1e-5)
    assert float(terms["kl_dynamics"]) == pytest.approx(8 * 3 * each, rel=1e-5)
    twice = model.lower_bound(batch_of(torch.cat([x, x])), torch.Generator().manual_seed(0))[1]
    assert float(twice["kl_static"]) == pytest.approx(float(terms["kl_static"]), rel=1e-5)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_weights_of_zero_take_a_term_out_of_the_total(name: str) -> None:
    x = same(turning(4))
    none = dict.fromkeys((key for key in KINDS[name][1]().to_dict() if key.startswith("weight_")), 0.0)
    only = over_vectors(name, **none | {"weight_reconstruction": 3.0})
    terms = only.loss(x, moment())
    assert terms["total"].item() == pytest.approx(3 * terms["reconstruction"].item(), rel=1e-5)


def test_a_static_code_of_cdsvae_is_pulled_to_its_own_view_and_not_to_anothers() -> None:
    model = over_vectors("cdsvae")
    x = turning(6)
    alike = model.loss(same(x), moment())
    strangers = model.loss(Batch(x, torch.arange(6), views={"shuffled": x.roll(1, 0), "recoloured": x}), moment())
    assert alike["contrast_static"] < strangers["contrast_static"]
    assert alike["contrast_dynamics"] == strangers["contrast_dynamics"]


def test_cdsvae_refuses_a_kind_of_data_without_the_views_that_it_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKBONES, "vectors", Vectors)
    with pytest.raises(ConfigError, match="cdsvae compares the views shuffled, recoloured, which vectors does not"):
        build("cdsvae", CDSVAEConfig(), "vectors", VectorsConfig())


def test_spyl_takes_as_negatives_those_whose_posteriors_are_farthest() -> None:
    near, far = torch.zeros(1, 2), torch.full((1, 2), 4.0)
    flat = torch.zeros(2, 2)
    divergence = pairwise_divergence(Gaussian(near, flat[:1]), Gaussian(torch.cat([near, far]), flat))
    torch.testing.assert_close(divergence, torch.tensor([[0.0, 16.0]]))  # 1/2 (4^2 + 4^2)
    model = over_vectors("spyl")
    own = Gaussian(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2))
    bank = Gaussian(torch.tensor([[1.0, 0.1], [-9.0, 0.0]]), torch.zeros(2, 2))
    found = float(model._contrast(own, own, bank))  # type: ignore[operator]
    assert found == pytest.approx(math.log(1 + math.exp(-4)), rel=1e-4), (
        "cosines 1 with the positive, -1 with the farthest"
    )


def test_contrasts_of_spyl_begin_after_the_warm_up() -> None:
    model, x = over_vectors("spyl", warm_up_steps=3), batch_of(turning(4))
    assert model.loss(x, moment(2))["contrast_static"].item() == 0
    assert model.loss(x, moment(3))["contrast_static"].item() > 0


def test_what_spyl_decodes_for_contrast_leaves_the_averages_of_batch_norms() -> None:
    config = SPYLConfig(**SIZES)  # type: ignore[arg-type]
    torch.manual_seed(0)
    model = SPYL(config, Images(IMAGES, config.code_dim)).train()
    x = torch.rand(3, 4, 3, 64, 64)
    posterior = model.lower_bound(batch_of(x), torch.Generator().manual_seed(0))[0]
    before = {name: value.clone() for name, value in model.named_buffers() if "running" in name}
    model.contrasts(posterior, torch.Generator().manual_seed(0))
    after = dict(model.named_buffers())
    assert before and all(torch.equal(value, after[name]) for name, value in before.items())
    model.lower_bound(batch_of(x), None)
    assert not any(torch.equal(value, after[name]) for name, value in before.items()), "real ones still move them"


def test_spyl_learns_until_swaps_keep_what_stays_and_follow_what_turns() -> None:
    model = over_vectors("spyl", hidden_dim=32, initial_log_variance=-4.0, weight_static=0.2, weight_dynamics=0.05)
    data = turning(32)
    learn(model, data, 120)
    assert swaps_right(model.eval(), data)


def learn(model: Variational, data: Tensor, steps: int) -> None:
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(steps):
        optimiser.zero_grad()
        now = Moment(step, steps, 32, 32, torch.Generator().manual_seed(step))
        model.loss(batch_of(data), now)["total"].backward()
        optimiser.step()


@torch.no_grad()
def swaps_right(model: Variational, data: Tensor, anchor: int | None = None) -> bool:
    """Whether swaps of neighbours are nearer to what stays in the one and to what turns in the other."""
    codes = model.encode(data) if anchor is None else model.encode(data, anchor=anchor)  # type: ignore[call-arg]
    swapped = model.decode(Codes(codes.static.roll(1, 0), codes.dynamics))
    expected = torch.cat([data.roll(1, 0)[..., :2], data[..., 2:]], dim=2)
    error, apart = (swapped - expected).square().mean(dim=(0, 1)), (data.roll(1, 0) - data).square().mean(dim=(0, 1))
    return bool((error < 0.5 * apart).all())


@torch.no_grad()
def test_dsvaes_full_posterior_of_the_dynamics_reads_all_steps_and_s_and_the_factorised_one_its_own_step() -> None:
    x = turning(3)
    other = x.clone()
    other[:, 2] += 1
    full, factorised = (over_vectors("dsvae", posterior=name) for name in ("full", "factorised"))
    moved = (full.encode(x).dynamics != full.encode(other).dynamics).any(dim=2)
    assert moved.all()
    moved = (factorised.encode(x).dynamics != factorised.encode(other).dynamics).any(dim=2)
    assert moved[:, 2].all() and not moved[:, [0, 1, *range(3, 8)]].any()
    features = full.backbone.encode_sequences(x)
    drawn = [full.posterior(features, lambda q, s=s: s + q.mean).dynamics.mean for s in (0.0, 1.0)]
    assert not torch.allclose(*drawn), "of another draw of s another q(d | x, s)"


def test_the_discrepancy_of_equal_samples_is_zero_and_grows_with_distance() -> None:
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    apart = [float(discrepancy(x, x + shift)) for shift in (0.0, 0.5, 1.0, 2.0, 4.0)]
    assert apart[0] == 0 and apart == sorted(apart)
    many = torch.stack([x, x + 1])
    torch.testing.assert_close(discrepancy(many, x), torch.tensor([0.0, apart[2]]))


def test_the_discrepancy_of_two_points_is_the_one_counted_by_hand() -> None:
    first, second = torch.zeros(1, 2), torch.tensor([[3.0, 4.0]])
    widths = [4 * scale for scale in (0.1, 0.2, 0.5, 1, 2, 5, 10)]
    expected = sum(2 - 2 * c / (c + 25) for c in widths)
    assert float(discrepancy(first, second)) == pytest.approx(expected, rel=1e-5)


@torch.no_grad()
def test_rwaes_dynamics_are_read_from_the_ones_before_and_its_elements_from_all_codes_so_far() -> None:
    model = over_vectors("rwae")
    features = model.backbone.encode_sequences(turning(2))
    still = model.posterior(features, lambda q: q.mean).dynamics.mean
    pushed = model.posterior(features, lambda q: q.mean + 1).dynamics.mean
    assert torch.equal(still[:, 0], pushed[:, 0]) and (still[:, 1:] != pushed[:, 1:]).any(dim=2).all()
    codes = model.encode(turning(2))
    later = codes.dynamics.clone()
    later[:, 4] += 1
    moved = (model.decode(codes) != model.decode(Codes(codes.static, later))).any(dim=2)
    assert moved[:, 4:].all() and not moved[:, :4].any()


def test_the_triplet_of_s3vae_has_the_same_sequence_as_its_positive_and_another_as_its_negative() -> None:
    model = over_vectors("s3vae", margin=7.0)
    x = turning(5)
    own, in_view = model.encode(x).static, model.encode(x.flip(1)).static
    batch = Batch(x, torch.arange(5), views={"shuffled": x.flip(1), "motion": torch.zeros_like(x)})
    apart = (own - in_view).norm(dim=1) - (own - own.roll(1, 0)).norm(dim=1)
    found = model.loss(batch, moment())["order"].item()
    assert found == pytest.approx(float((apart + 7).clamp_min(0).mean()), rel=1e-4)


def test_shuffling_exchanges_steps_within_a_sequence_and_never_sequences() -> None:
    x = torch.arange(6.0)[:, None, None] * 10 + torch.arange(5.0)[None, :, None]
    mixed = shuffled(x, torch.Generator().manual_seed(0))
    assert not torch.equal(mixed, x) and torch.equal(mixed.sort(dim=1).values, x)


def test_what_moves_in_a_clip_is_the_cell_where_a_square_moves() -> None:
    clip = torch.zeros(1, 3, 3, 63, 63)
    for step, at in enumerate((2, 6, 10)):  # within the upper left cell, which ends at 21
        clip[0, step, :, at : at + 5, at : at + 5] = 1
    cells = moving_cells(clip, torch.Generator())
    assert cells.shape == (1, 3, 9) and (cells.sum(dim=2) == 3).all() and (cells[0, :, 0] == 1).all()
    lower = moving_cells(clip.flip(3).flip(4), torch.Generator())
    assert (lower[0, :, 8] == 1).all()
    assert moving_cells(clip[:, :1], torch.Generator()).shape == (1, 1, 9)


def test_s3vae_is_pulled_to_tell_what_moves() -> None:
    model = over_vectors("s3vae")
    nn.init.zeros_(model.motion_head.weight)  # type: ignore[union-attr, arg-type]
    nn.init.constant_(model.motion_head.bias, 30.0)  # type: ignore[union-attr, arg-type]
    x = turning(4)
    views = {"shuffled": x, "motion": torch.ones_like(x)}
    assert model.loss(Batch(x, torch.arange(4), views=views), moment())["motion"].item() < 1e-6
    views["motion"] = torch.zeros_like(x)
    assert model.loss(Batch(x, torch.arange(4), views=views), moment())["motion"].item() == pytest.approx(30)


def exchange_terms(x: Tensor) -> dict[str, float]:
    model = over_vectors("exchange")
    nn.init.zeros_(model.common[-1].weight)  # type: ignore[index, union-attr]
    features = model.backbone.encode_sequences(x)
    with torch.no_grad():
        model.common[-1].bias.copy_(features.mean(dim=(0, 1)))  # type: ignore[index, union-attr]
        return {name: float(value) for name, value in model.loss(batch_of(x), moment()).items()}


def test_posteriors_of_exchange_agree_where_all_elements_are_the_same_and_only_there() -> None:
    x = turning(4)
    assert exchange_terms(x[:, :1].expand_as(x))["agreement"] == 0
    assert exchange_terms(x)["agreement"] > 0


def test_a_common_part_that_is_everybodys_mean_leaves_all_of_the_variance() -> None:
    assert exchange_terms(turning(4))["common"] == pytest.approx(1, rel=1e-4)


def test_exchange_learns_until_swaps_are_right_at_any_anchor() -> None:
    model = over_vectors("exchange", hidden_dim=32, initial_log_variance=-4.0, weight_static=0.2, weight_dynamics=0.05)
    assert isinstance(model, Exchange)
    data = turning(32)
    learn(model, data, 150)
    assert [swaps_right(model.eval(), data, anchor) for anchor in range(data.shape[1])] == [True] * data.shape[1]
