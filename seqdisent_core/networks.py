"""Frame encoder, frame decoder and the prior of the dynamics: the parts that methods are built from.

The convolutional stacks follow DCGAN (Radford et al. 2016) as Berman et al. 2024 use them: 4x4 kernels, stride 2,
batch norm, leaky ReLU 0.2. A frame of 64 px passes four such blocks; each doubling of the frame adds one.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from seqdisent_core.gaussians import Gaussian

FRAME_SIZES = (64, 128, 256)
LOG_VARIANCE_RANGE = (-10.0, 6.0)  # keeps exp() finite when a run starts badly; far outside what training reaches


def block_channels(frame_size: int, width: int) -> list[int]:
    """Channels of the strided blocks from the frame inwards: width, 2, 4, 8 times width, then 8 times width."""
    blocks = frame_size.bit_length() - 3
    return [width * min(2**i, 8) for i in range(blocks)]


class FrameEncoder(nn.Module):
    """Frames to features, each frame on its own: (n, 3, size, size) in [0, 1] -> (n, feature_dim) in (-1, 1).

    patch: side of the squares of pixels that are taken together as one with more colours (Shi et al. 2016), so that a
    large frame costs what a small one does.
    """

    def __init__(self, frame_size: int, width: int, feature_dim: int, patch: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(patch)] if patch > 1 else []
        inputs = 3 * patch**2
        for outputs in block_channels(frame_size // patch, width):
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
            inputs = outputs
        layers += [nn.Conv2d(inputs, feature_dim, 4, bias=False), nn.BatchNorm2d(feature_dim), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, frames: Tensor) -> Tensor:
        return self.layers(frames.contiguous(memory_format=torch.channels_last)).flatten(1)


class FrameDecoder(nn.Module):
    """Codes to frames, each frame on its own: (n, code_dim) -> (n, 3, size, size) in (0, 1); patch as above."""

    def __init__(self, frame_size: int, width: int, code_dim: int, patch: int = 1) -> None:
        super().__init__()
        outputs = block_channels(frame_size // patch, width)[::-1]
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(code_dim, outputs[0], 4, bias=False),
            nn.BatchNorm2d(outputs[0]),
            nn.LeakyReLU(0.2),
        ]
        for inputs, output in pairwise(outputs):
            layers += [
                nn.ConvTranspose2d(inputs, output, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(output),
                nn.LeakyReLU(0.2),
            ]
        layers += [nn.ConvTranspose2d(outputs[-1], 3 * patch**2, 4, stride=2, padding=1)]
        layers += [nn.PixelShuffle(patch), nn.Sigmoid()] if patch > 1 else [nn.Sigmoid()]
        self.layers = nn.Sequential(*layers)

    def forward(self, codes: Tensor) -> Tensor:
        return self.layers(codes[:, :, None, None].contiguous(memory_format=torch.channels_last))


class GaussianHead(nn.Module):
    """Linear mean and log-variance: (..., inputs) -> Gaussian over (..., outputs)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mean = nn.Linear(inputs, outputs)
        self.log_variance = nn.Linear(inputs, outputs)
        nn.init.zeros_(self.log_variance.weight)
        nn.init.zeros_(self.log_variance.bias)

    def forward(self, features: Tensor) -> Gaussian:
        with torch.autocast(features.device.type, enabled=False):  # codes keep all their digits under bf16
            features = features.float()
            return Gaussian(self.mean(features), self.log_variance(features).clamp(*LOG_VARIANCE_RANGE))


def run_lstm(lstm: nn.LSTM, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """All outputs and the last hidden states of an LSTM, in float32: under autocast a GPU would run it in float16."""
    with torch.autocast(inputs.device.type, enabled=False):
        outputs, (hidden, _) = lstm(inputs.float())
    return outputs, hidden


class DynamicsPrior(nn.Module):
    """p(d_t | d_<t): a two-layer LSTM that starts at d_0 = 0, with Gaussian heads (Berman et al. 2024)."""

    def __init__(self, dynamics_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.dynamics_dim = dynamics_dim
        self.lstm = nn.LSTM(dynamics_dim, hidden_dim, num_layers=2, batch_first=True)
        self.head = GaussianHead(hidden_dim, dynamics_dim)

    def forward(self, dynamics: Tensor) -> Gaussian:
        """The prior of every step given the steps before it, in one call: (batch, frames, dynamics_dim)."""
        shifted = torch.cat([torch.zeros_like(dynamics[:, :1]), dynamics[:, :-1]], dim=1)
        return self.head(run_lstm(self.lstm, shifted)[0])

    @torch.no_grad()
    def sample(
        self,
        count: int,
        frames: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        return_means: bool = False,
    ) -> Tensor:
        """Draw dynamics step by step: (count, frames, dynamics_dim).

        Each step is drawn with its standard deviation times `temperature` and fed on. With `return_means` the
        conditional means along that path are returned instead of the draws, as the published evaluation decodes.
        """
        weight = self.head.mean.weight
        step = torch.zeros(count, 1, self.dynamics_dim, device=weight.device, dtype=weight.dtype)
        state = None
        widening = 2 * math.log(max(temperature, 1e-6))
        path = []
        for _ in range(frames):
            hidden, state = self.lstm(step, state)
            here = self.head(hidden)
            step = Gaussian(here.mean, here.log_variance + widening).sample(generator)
            path.append(here.mean if return_means else step)
        return torch.cat(path, dim=1)
