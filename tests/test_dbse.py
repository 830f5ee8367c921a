"""The model: its divergences against known answers, and the properties that make it what it is."""

import math
from dataclasses import replace

import pytest
import torch
from small import SMALL, batch_of, small_dbse

from seqdisent_core.domains.images import ImagesConfig
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods import DBSE, Codes, DBSEConfig, Method, Moment
from seqdisent_core.methods.gaussians import Gaussian, kl_divergence


def small_model(**changes: object) -> DBSE:
    torch.manual_seed(0)
    return small_dbse(**changes).eval()


def at(seed: int) -> Moment:
    return Moment(generator=torch.Generator().manual_seed(seed))


def random_clip(batch: int = 2, frames: int = 5, size: int = 64) -> torch.Tensor:
    return torch.rand(batch, frames, 3, size, size, generator=torch.Generator().manual_seed(1))


def test_kl_of_two_gaussians_is_the_textbook_value() -> None:
    q = Gaussian(torch.tensor([1.0]), torch.tensor([math.log(4.0)]))
    p = Gaussian(torch.tensor([3.0]), torch.tensor([math.log(9.0)]))
    expected = math.log(3 / 2) + (4 + 4) / (2 * 9) - 0.5
    assert kl_divergence(q, p).item() == pytest.approx(expected, rel=1e-6)
    assert kl_divergence(q).item() == pytest.approx(0.5 * (4 + 1 - 1 - math.log(4)), rel=1e-6)
    assert kl_divergence(q, q).item() == pytest.approx(0, abs=1e-7)


def test_draws_of_a_gaussian_have_its_mean_and_spread() -> None:
    wide = Gaussian(torch.full((20_000,), 2.0), torch.full((20_000,), math.log(9.0)))
    draws = wide.sample(torch.Generator().manual_seed(0))
    assert draws.mean().item() == pytest.approx(2, abs=0.1)
    assert draws.std().item() == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_codes_and_frames_have_their_shapes_at_every_size(size: int) -> None:
    model = small_model(frame_size=size)
    codes = model.encode(random_clip(2, 3, size))
    assert codes.static.shape == (2, 8)
    assert codes.dynamics.shape == (2, 3, 4)
    decoded = model.decode(codes)
    assert decoded.shape == (2, 3, 3, size, size)
    assert decoded.min() >= 0 and decoded.max() <= 1


def test_squares_of_pixels_taken_together_come_apart_again_at_their_place() -> None:
    large = small_model(frame_size=128, patch=2)
    assert len(large.backbone.encoder.layers) == len(small_model().backbone.encoder.layers) + 1, (
        "no block more than for 64 px"
    )
    clip = random_clip(size=128)
    codes = large.encode(clip)
    assert large.decode(codes).shape == clip.shape
    squares, back = large.backbone.encoder.layers[0], large.backbone.decoder.layers[-2]
    torch.testing.assert_close(back(squares(clip[0])), clip[0])
    with pytest.raises(ConfigError, match="do not divide"):
        ImagesConfig(frame_size=64, patch=2)


@pytest.mark.parametrize("frames", [1, 2, 40])
def test_a_clip_may_have_any_length(frames: int) -> None:
    assert small_model().encode(random_clip(1, frames)).dynamics.shape == (1, frames, 4)


@pytest.mark.parametrize("normalise", [False, True])
def test_a_constant_added_to_every_feature_changes_no_dynamics(normalise: bool) -> None:
    model = small_model(normalise_difference=normalise)
    features = torch.randn(2, 5, 16, dtype=torch.float64)
    shifted = features + torch.randn(2, 1, 16, dtype=torch.float64)
    torch.testing.assert_close(model.subtract_anchor(features, 0), model.subtract_anchor(shifted, 0))


def test_the_anchor_slot_is_zero_in_evaluation_and_noise_in_training() -> None:
    model = small_model()
    features = torch.randn(2, 5, 16)
    assert model.subtract_anchor(features, 3)[:, 3].abs().max() == 0
    model.train()
    noisy = model.subtract_anchor(features, 3, torch.Generator().manual_seed(0))
    again = model.subtract_anchor(features, 3, torch.Generator().manual_seed(0))
    assert noisy[:, 3].std() > 0.5
    torch.testing.assert_close(noisy, again)
    torch.testing.assert_close(noisy[:, :3], (features - features[:, 3:4])[:, :3])


def test_the_static_code_is_read_from_the_anchor_alone() -> None:
    model = small_model()
    clip = random_clip()
    changed = clip.clone()
    changed[:, [0, 1, 3, 4]] = 0
    torch.testing.assert_close(model.encode(clip, anchor=2).static, model.encode(changed, anchor=2).static)
    assert not torch.equal(model.encode(clip, anchor=2).static, model.encode(clip, anchor=0).static)
    torch.testing.assert_close(model.encode(clip, anchor=-1).static, model.encode(clip, anchor=4).static)


def test_a_causal_posterior_does_not_see_later_frames() -> None:
    clip, changed = random_clip(), random_clip()
    changed[:, 3:] = 0
    causal, both = small_model(posterior="causal"), small_model()
    torch.testing.assert_close(causal.encode(clip).dynamics[:, :3], causal.encode(changed).dynamics[:, :3])
    assert not torch.allclose(both.encode(clip).dynamics[:, :3], both.encode(changed).dynamics[:, :3])
    with pytest.raises(ConfigError, match="does not see later frames"):
        replace(SMALL, posterior="causal", normalise_difference=True)  # a mean over all frames


def test_without_subtraction_a_still_clip_shows_in_the_dynamics_and_with_it_never() -> None:
    still = [random_clip(1, 1).expand(-1, 5, -1, -1, -1), torch.zeros(1, 5, 3, 64, 64)]
    for variant, leaks in (
        ("full", False),
        ("without_loss", False),
        ("without_subtraction", True),
        ("without_both", True),
    ):
        model = small_model(variant=variant)
        one, other = (model.encode(clip).dynamics for clip in still)
        assert torch.allclose(one, other, atol=1e-5) is not leaks, variant


def test_encoding_is_deterministic_in_evaluation() -> None:
    model = small_model()
    torch.testing.assert_close(
        model.encode(random_clip()).dynamics, model.encode(random_clip()).dynamics, rtol=0, atol=0
    )


def test_a_clip_swapped_with_itself_is_its_reconstruction() -> None:
    model = small_model()
    codes, again = model.encode(random_clip()), model.encode(random_clip())
    one, other = Codes(codes.static, again.dynamics), Codes(again.static, codes.dynamics)
    torch.testing.assert_close(model.decode(one), model.decode(other))


def test_the_teacher_forced_prior_is_the_recursion() -> None:
    prior = small_model().prior
    drawn = prior.sample(3, 6, torch.Generator().manual_seed(2))
    means = prior.sample(3, 6, torch.Generator().manual_seed(2), means=True)
    torch.testing.assert_close(prior(drawn).mean, means)
    assert not torch.allclose(drawn, means)
    cold = prior.sample(3, 6, torch.Generator().manual_seed(2), temperature=0.0)
    torch.testing.assert_close(prior(cold).mean, cold, atol=1e-4, rtol=0)


def test_the_objective_is_the_weighted_sum_of_its_terms() -> None:
    model = small_model(kl_cycle_steps=100)
    model.train()
    clip = random_clip()
    terms = model.loss(batch_of(clip), Moment(25, 100, generator=torch.Generator().manual_seed(3)))
    config = model.config
    expected = (
        config.weight_reconstruction * terms["reconstruction"]
        + config.weight_anchor * terms["anchor"]
        + 0.5 * config.weight_static * terms["kl_static"]
        + 0.5 * config.weight_dynamics * terms["kl_dynamics"]
    )
    torch.testing.assert_close(terms["total"], expected)


def test_without_the_anchor_term_one_sum_covers_all_frames() -> None:
    full, without = small_model(), small_model(variant="without_loss")
    clip = random_clip()
    split = full.loss(batch_of(clip), at(3))
    whole = without.loss(batch_of(clip), at(3))
    torch.testing.assert_close(whole["reconstruction"], split["reconstruction"] + split["anchor"])
    assert whole["anchor"] == 0


def test_errors_where_things_move_count_more_and_nowhere_less() -> None:
    model = small_model(motion_weight=2.0)
    clip = torch.zeros(1, 4, 3, 64, 64)
    clip[:, ::2, :, :8] = 1
    moved, still = torch.zeros_like(clip), torch.zeros_like(clip)
    moved[..., :8, :] = 0.5
    still[..., 32:40, :] = 0.5
    unweighted = 0.25 * 3 * 8 * 64
    torch.testing.assert_close(model.backbone.error(clip + still, clip), torch.full((1, 4), unweighted))
    assert (model.backbone.error(clip + moved, clip) > 2 * unweighted).all()


@pytest.mark.parametrize("variant", ["full", "without_loss", "without_subtraction", "without_both"])
def test_one_step_moves_every_parameter(variant: str) -> None:
    model = small_model(variant=variant)
    model.train()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    model.loss(batch_of(random_clip()), at(0))["total"].backward()
    optimiser.step()
    still = [name for name, p in model.named_parameters() if torch.equal(p, before[name])]
    assert still == []


def test_a_saved_model_comes_back_to_the_bit(tmp_path) -> None:
    model = small_model()
    model.save_pretrained(tmp_path)
    again = Method.from_pretrained(tmp_path)
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    clip = random_clip()
    assert torch.equal(model.encode(clip).dynamics, again.encode(clip).dynamics)


def test_unknown_and_unfit_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="Unknown setting statics"):
        DBSEConfig.from_dict({"statics": 3})
    with pytest.raises(ConfigError, match="variant"):
        DBSEConfig(variant="best")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="64, 128, 256"):
        ImagesConfig(frame_size=100)
    with pytest.raises(ConfigError, match="static_dim"):
        DBSEConfig.from_dict({"static_dim": "64"})
    for name in ("weight_reconstruction", "weight_anchor", "weight_static", "weight_dynamics"):
        with pytest.raises(ConfigError, match=f"{name} is -1; it must be at least 0"):
            DBSEConfig.from_dict({name: -1})
    with pytest.raises(ConfigError, match="motion_weight is -1; it must be at least 0"):
        ImagesConfig.from_dict({"motion_weight": -1})
    with pytest.raises(ConfigError, match="initial_std"):
        DBSEConfig(initial_std=-0.1)
    for unfit in ({"decoded": 1}, {"decoded": 4, "anchor": 3}):
        with pytest.raises(ConfigError, match="decoded leaves out elements beside a first one"):
            DBSEConfig.from_dict(unfit)
    assert DBSEConfig.from_dict(SMALL.to_dict()) == SMALL


def test_a_clip_of_another_shape_and_an_anchor_outside_are_refused() -> None:
    with pytest.raises(ConfigError, match="64, 64"):
        small_model().encode(torch.zeros(1, 5, 3, 32, 32))
    with pytest.raises(ConfigError, match="Anchor 5"):
        small_model().encode(random_clip(), anchor=5)


def test_a_folder_that_is_no_checkpoint_is_refused_with_a_sentence(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"config\.json is missing"):
        Method.from_pretrained(tmp_path)
    model = small_model()
    model.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ConfigError, match="damaged"):
        Method.from_pretrained(tmp_path)
    model.save_pretrained(tmp_path / "list")
    (tmp_path / "list" / "config.json").write_text("[1, 2]")
    with pytest.raises(ConfigError, match="no settings by name"):
        Method.from_pretrained(tmp_path / "list")
