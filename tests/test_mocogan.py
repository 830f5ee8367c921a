"""MoCoGAN: two turns that move one side each, and what its generator learns."""

import pytest
import torch
from small import IMAGES, batch_of
from test_training import squares
from torch import Tensor, nn
from vectors import Vectors, VectorsConfig

from seqdisent_core.errors import ConfigError
from seqdisent_core.methods import Codes, Method, Moment
from seqdisent_core.methods.mocogan import MoCoGAN, MoCoGANConfig
from seqdisent_core.training import Recipe, Trainer, TrainingConfig

SIZES = MoCoGANConfig(content_dim=4, motion_dim=3, categories=2, hidden_dim=8)


def small_gan(**changes: object) -> MoCoGAN:
    torch.manual_seed(0)
    config = MoCoGANConfig.from_dict(SIZES.to_dict() | changes)
    return MoCoGAN(config, Vectors(VectorsConfig(), config.code_dim))


def sampled(model: MoCoGAN, count: int, time: int) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        return model.decode(Codes(model.sample_static(count, generator), model.sample_dynamics(count, time, generator)))


def take_turn(model: MoCoGAN, turn: str, x: Tensor, optimiser: torch.optim.Optimizer, step: int = 0) -> None:
    model.zero_grad()
    generator = torch.Generator().manual_seed(step)
    model.loss(batch_of(x), Moment(step, 1000, generator=generator), turn)["total"].backward()
    optimiser.step()


@pytest.mark.parametrize("turn", ["adversary", "model"])
def test_a_turn_moves_all_of_its_side_and_nothing_of_the_other(turn: str) -> None:
    model = small_gan()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    own = {id(p) for p in model.turn_parameters(turn)}
    take_turn(model, turn, torch.rand(4, 5, 4), torch.optim.Adam(model.turn_parameters(turn), lr=1e-2))
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {name for name, p in model.named_parameters() if id(p) in own}


def test_the_turns_share_all_parameters_between_them() -> None:
    model = small_gan()
    sides = [{id(p) for p in model.turn_parameters(turn)} for turn in model.turns]
    assert not sides[0] & sides[1] and sides[0] | sides[1] == {id(p) for p in model.parameters()}


def test_the_trainer_zeroes_all_gradients_before_each_turn(tmp_path) -> None:
    """What the generator's loss leaves on the critics must not be learnt from in the critics' turn, nor the reverse."""
    torch.manual_seed(0)
    config = TrainingConfig(steps=2, batch=4, learning_rate=1e-3, precision="no")
    model = Recipe("mocogan", SIZES, "images", IMAGES, config).build()
    seen: list[tuple[str, list[bool]]] = []
    kept = type(model).loss

    def noting(self: MoCoGAN, batch, moment, turn="model"):
        seen.append((turn, [p.grad is None for p in self.parameters()]))
        return kept(self, batch, moment, turn)

    model.__class__ = type("Noting", (MoCoGAN,), {"loss": noting})
    Trainer(model, config, squares().part("train"), tmp_path, cpu=True).run()
    assert [turn for turn, _ in seen] == ["adversary", "model"] * 2
    assert all(all(none) for _, none in seen)


def test_it_learns_where_a_toy_set_lies() -> None:
    """Real vectors lie at 2 in two places and at -1 in the others; the untrained generator's lie near 0."""
    model, meant = small_gan(), torch.tensor([2.0, 2.0, -1.0, -1.0])
    optimisers = {turn: torch.optim.Adam(model.turn_parameters(turn), 5e-3, (0.5, 0.999)) for turn in model.turns}
    assert (sampled(model, 64, 5).mean(dim=(0, 1)) - meant).abs().max() > 1
    for step in range(275):
        noise = torch.randn(32, 5, 4, generator=torch.Generator().manual_seed(step))
        for turn in model.turns:
            take_turn(model, turn, meant + 0.3 * noise, optimisers[turn], step)
    assert (sampled(model, 64, 5).mean(dim=(0, 1)) - meant).abs().max() < 0.6


def test_one_category_and_one_content_hold_for_a_whole_sequence() -> None:
    dynamics = small_gan().sample_dynamics(20, 6, torch.Generator().manual_seed(0))
    category = dynamics[:, :, 3:]
    assert (category == category[:, :1]).all() and (category.sum(dim=2) == 1).all()
    assert category[:, 0].sum(dim=0).min() > 0, "both categories occur"
    motion = dynamics[:, :, :3]
    assert (motion[:, 1:] != motion[:, :-1]).any(dim=2).all()


def test_it_takes_nothing_apart_and_says_so() -> None:
    model = small_gan()
    assert isinstance(model.backbone.decoder, nn.Module) and "encode" not in model.abilities
    with pytest.raises(ConfigError, match="mocogan has no encoder, so it cannot take a given sequence apart"):
        model.encode(torch.zeros(1, 5, 4))


def test_a_saved_generator_makes_the_same_sequences(tmp_path) -> None:
    torch.manual_seed(0)
    model = Recipe("mocogan", SIZES, "images", IMAGES, TrainingConfig()).build().eval()
    model.save_pretrained(tmp_path)
    again = Method.from_pretrained(tmp_path)
    assert isinstance(again, MoCoGAN)
    assert torch.equal(sampled(model, 2, 3), sampled(again, 2, 3))
