"""The variational methods' own maths, each on a case made by hand."""

import math

import pytest
import torch
from small import IMAGES, batch_of
from torch import Tensor, nn
from vectors import Vectors, VectorsConfig, turning

from seqdisent_core.domains import BACKBONES
from seqdisent_core.domains.images import Images
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods import Batch, Moment
from seqdisent_core.methods.cdsvae import CDSVAE, CDSVAEConfig
from seqdisent_core.methods.gaussians import Gaussian
from seqdisent_core.methods.registry import build
from seqdisent_core.methods.spyl import SPYL, SPYLConfig, pairwise_divergence
from seqdisent_core.methods.variational import Variational

SIZES = {"static_dim": 5, "dynamics_dim": 3, "hidden_dim": 8}
KINDS = {"cdsvae": (CDSVAE, CDSVAEConfig), "spyl": (SPYL, SPYLConfig)}


def over_vectors(name: str, **changes: object) -> Variational:
    torch.manual_seed(0)
    method, kind = KINDS[name]
    config = kind(**(SIZES | changes))
    return method(config, Vectors(VectorsConfig(), config.code_dim))


def moment(step: int = 0) -> Moment:
    return Moment(step, 10, 100, 6, torch.Generator().manual_seed(2))


def same(x: Tensor) -> Batch:
    """A batch whose views are the sequences themselves."""
    return Batch(x, torch.arange(len(x)), views={"shuffled": x, "recoloured": x})


@torch.no_grad()
@pytest.mark.parametrize("name", sorted(KINDS))
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
    none = dict.fromkeys((key for key in KINDS[name][1]().to_dict() if key.startswith("weight_")), 0.0)
    only = over_vectors(name, **none | {"weight_reconstruction": 3.0})
    terms = only.loss(same(turning(4)), moment())
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
    assert float(model.loss(x, moment(2))["contrast_static"]) == 0
    assert float(model.loss(x, moment(3))["contrast_static"]) > 0


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
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(120):
        optimiser.zero_grad()
        now = Moment(step, 120, 32, 32, torch.Generator().manual_seed(step))
        model.loss(batch_of(data), now)["total"].backward()
        optimiser.step()
    assert swaps_right(model.eval(), data)


@torch.no_grad()
def swaps_right(model: Variational, data: Tensor) -> bool:
    """Whether swaps of neighbours are nearer to what stays in the one and to what turns in the other."""
    codes = model.encode(data)
    swapped = model.decode(type(codes)(codes.static.roll(1, 0), codes.dynamics))
    expected = torch.cat([data.roll(1, 0)[..., :2], data[..., 2:]], dim=2)
    error, apart = (swapped - expected).square().mean(dim=(0, 1)), (data.roll(1, 0) - data).square().mean(dim=(0, 1))
    return bool((error < 0.5 * apart).all())
