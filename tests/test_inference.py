"""Copies for inference: the same codes and pictures as the model they are of, in less work."""

import numpy as np
import pytest
import torch
from small import small_dbse
from torch import nn
from vectors import Vectors, VectorsConfig, turning

from seqdisent_core.methods import Codes, Method
from seqdisent_core.methods.skd import SKD, SKDConfig


@pytest.mark.parametrize("name", ["facekit52", "wild"])
def test_folded_networks_give_the_same_codes_and_pictures(name: str) -> None:
    model = Method.from_pretrained(name)
    fast = model.for_inference()
    size = model.backbone.element[-1]
    clip = torch.rand(2, 4, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        codes, again = model.encode(clip), fast.encode(clip)
        torch.testing.assert_close(again.static, codes.static, atol=1e-4, rtol=0)
        torch.testing.assert_close(again.dynamics, codes.dynamics, atol=1e-4, rtol=0)
        torch.testing.assert_close(fast.decode(codes), model.decode(codes), atol=1e-4, rtol=0)
    assert not [part for part in fast.backbone.modules() if isinstance(part, nn.BatchNorm2d)]


def test_in_bf16_pictures_stay_float32_and_the_same_to_the_eye() -> None:
    model = Method.from_pretrained("facekit52")
    with torch.inference_mode():
        codes = Codes(torch.zeros(1, model.static_dim), torch.zeros(1, 2, model.dynamics_dim))
        exact, fast = model.decode(codes), model.for_inference(torch.bfloat16).decode(codes)
    assert fast.dtype == torch.float32 and 0 < (fast - exact).abs().max() < 4 / 255


def test_a_copy_leaves_the_model_as_it_is_and_samples_the_same() -> None:
    model = small_dbse().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fast = model.for_inference()
    assert model.training and not any(part.training for part in fast.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(p.requires_grad for p in fast.parameters())
    draws = [one.eval().sample_dynamics(2, 5, torch.Generator().manual_seed(1)) for one in (model, fast)]
    assert torch.equal(*draws)


def test_a_backbone_without_batch_norm_is_copied_as_it_is() -> None:
    torch.manual_seed(0)
    model = SKD(SKDConfig(koopman_dim=4, static_size=2), Vectors(VectorsConfig(), 4)).eval()
    data = turning(3)
    with torch.inference_mode():
        assert np.array_equal(model.for_inference(torch.bfloat16).encode(data).static, model.encode(data).static)


def test_squares_of_pixels_are_folded_too() -> None:
    model = small_dbse(frame_size=128, patch=2).eval()
    codes = Codes(torch.randn(1, 8), torch.randn(1, 3, 4))
    with torch.inference_mode():
        torch.testing.assert_close(model.for_inference().decode(codes), model.decode(codes), atol=1e-5, rtol=0)
