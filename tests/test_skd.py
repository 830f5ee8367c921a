"""SKD: its operator on a linear system that is known, its codes, and what it learns."""

import cmath

import pytest
import torch
from small import IMAGES, QUICK, batch_of
from test_training import squares
from vectors import ANGLE, Vectors, VectorsConfig, turning

from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.methods import METHODS, Codes, Method, Moment
from seqdisent_core.methods.skd import SKD, SKDConfig, eigenvalue_loss, split_operator
from seqdisent_core.training import Recipe, Trainer, TrainingConfig


def rotation() -> torch.Tensor:
    """z_t = z_{t-1} C: two coordinates stay, two turn, all mixed by a matrix that hides which."""
    turn = torch.tensor([[cmath.exp(1j * ANGLE).real, cmath.exp(1j * ANGLE).imag]]).double()
    plain = torch.eye(4, dtype=torch.float64)
    plain[2:, 2:] = torch.stack([turn[0], turn[0].flip(0) * torch.tensor([-1.0, 1.0])])
    mixed = torch.randn(4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.linalg.inv(mixed) @ plain @ mixed


def test_the_static_eigenvectors_of_a_known_operator_are_those_that_stay() -> None:
    operator = rotation()
    split = split_operator(operator, static_size=2)
    assert split.static_columns == 2 and split.basis.shape == (4, 4)
    z = torch.randn(5, 4, dtype=torch.float64)
    now, then = z @ split.basis, z @ operator @ split.basis
    torch.testing.assert_close(now[:, :2], then[:, :2])
    assert not torch.allclose(now[:, 2:], then[:, 2:])


def test_a_conjugate_pair_counts_once() -> None:
    angles = [cmath.exp(1j * angle) for angle in (0.1, -0.1, 2.0, -2.0)]
    blocks = [torch.tensor([[z.real, z.imag], [-z.imag, z.real]], dtype=torch.float64) for z in (angles[0], angles[2])]
    assert split_operator(torch.block_diag(*blocks), static_size=1).static_columns == 2


def test_the_eigenvalue_loss_is_zero_where_static_ones_are_one_and_dynamic_ones_small() -> None:
    good = torch.diag(torch.tensor([1.0, 1.0, 0.3, 0.1], dtype=torch.float64))
    assert float(eigenvalue_loss(good, 2, 0.5)) == pytest.approx(0, abs=1e-12)
    off = torch.diag(torch.tensor([0.9, 1.0, 0.8, 0.1], dtype=torch.float64))
    assert float(eigenvalue_loss(off, 2, 0.5)) == pytest.approx(0.1**2 / 2 + 0.8)


class Plain(SKD):
    """SKD whose z_t are the elements themselves, so that the operator is that of the data."""

    def latents(self, x, observed=None, generator=None):
        return x

    def decode_latents(self, z, generator=None):
        return z


def test_fitted_to_a_linear_system_it_swaps_what_stays_exactly() -> None:
    model = Plain(SKDConfig(koopman_dim=4, static_size=2), Vectors(VectorsConfig(), 4)).eval()
    data = turning(30)
    model.fit(data.split(7))
    assert (model.static_dim, model.dynamics_dim) == (2, 2)
    codes = model.encode(data)
    torch.testing.assert_close(model.decode(codes), data, atol=1e-4, rtol=0)
    swapped = model.decode(Codes(codes.static.roll(1, 0), codes.dynamics))
    expected = torch.cat([data.roll(1, 0)[..., :2], data[..., 2:]], dim=2)
    torch.testing.assert_close(swapped, expected, atol=1e-4, rtol=0)


def test_codes_do_not_depend_on_the_batch_that_they_are_read_with() -> None:
    torch.manual_seed(0)
    model = SKD(SKDConfig(koopman_dim=6, static_size=2), Vectors(VectorsConfig(), 6)).eval()
    data = turning(12)
    model.fit([data])
    torch.testing.assert_close(model.encode(data).static[3:5], model.encode(data[3:5]).static)


def test_it_learns_a_toy_set_until_swaps_keep_what_stays_and_follow_what_turns() -> None:
    torch.manual_seed(0)
    config = SKDConfig(koopman_dim=8, static_size=2, dropout=0.0)
    model = SKD(config, Vectors(VectorsConfig(), 8))
    data = turning(64)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(300):
        optimiser.zero_grad()
        model.loss(batch_of(data), Moment(step, 300))["total"].backward()
        optimiser.step()
    model.eval().fit([data])
    codes = model.encode(data)
    swapped = model.decode(Codes(codes.static.roll(1, 0), codes.dynamics))
    expected = torch.cat([data.roll(1, 0)[..., :2], data[..., 2:]], dim=2)
    error, apart = (swapped - expected).square().mean(dim=(0, 1)), (data - expected).square().mean(dim=(0, 1))
    assert (error[:2] < 0.5 * apart[:2]).all()  # nearer to the other sequence's than to its own
    assert (error[2:] < 0.05 * data[..., 2:].square().mean(dim=(0, 1))).all()


def test_training_that_leaves_out_frames_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"skd needs even time steps, and sparse_share 0\.5 trains on others"):
        Recipe("skd", SKDConfig(), "images", IMAGES, QUICK)


def test_one_step_and_too_few_dimensions_are_refused() -> None:
    model = SKD(SKDConfig(koopman_dim=4, static_size=2), Vectors(VectorsConfig(), 4))
    with pytest.raises(ConfigError, match="2 steps or more"):
        model.loss(batch_of(turning(3, time=1)), Moment())
    with pytest.raises(ConfigError, match="below koopman_dim"):
        SKDConfig(koopman_dim=7)
    with pytest.raises(ConfigError, match="skd has no prior of dynamics"):
        model.sample_dynamics(1, 2)


def test_a_fitted_model_comes_back_from_its_folder_with_its_operator(tmp_path) -> None:
    torch.manual_seed(0)
    config = SKDConfig(koopman_dim=6, static_size=2)
    model = Recipe("skd", config, "images", IMAGES, TrainingConfig(steps=1)).build().eval()
    clip = torch.from_numpy(squares(takes=1).frames[:6]).permute(0, 1, 4, 2, 3).float() / 255
    model.fit([clip])
    model.save_pretrained(tmp_path)
    again = Method.from_pretrained(tmp_path)
    assert METHODS[again.name] is SKD and again.static_dim == model.static_dim
    assert torch.equal(model.encode(clip).static, again.encode(clip).static)


def test_something_stays_dynamic_however_many_eigenvalues_may_be_static() -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        operator = torch.randn(6, 6, generator=generator, dtype=torch.float64)
        split = split_operator(operator, static_size=5)
        assert split.static_columns <= 5 and split.basis.shape == (6, 6)


def test_a_run_that_diverges_ends_with_the_sentence_of_every_method(tmp_path) -> None:
    config = TrainingConfig(steps=30, batch=4, learning_rate=1e30)
    model = Recipe("skd", SKDConfig(koopman_dim=6, static_size=2), "images", IMAGES, config).build()
    with pytest.raises(SeqdisentError, match="The loss stopped being a number"):
        Trainer(model, config, squares().part("train"), tmp_path, cpu=True).run()
