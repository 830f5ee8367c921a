"""Frame encoder and frame decoder.

The convolutional stacks follow DCGAN (Radford et al. 2016) as Berman et al. 2024 use them: 4x4 kernels, stride 2,
batch norm, leaky ReLU 0.2. A frame of 64 px passes four such blocks; each doubling of the frame adds one.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from seqdisent_core.domains.images.motion_branch import Field, MotionBranch, hidden_layers

FRAME_SIZES = (64, 128, 256)


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
        self.layers: nn.Module = nn.Sequential(*layers)

    def forward(self, frames: Tensor) -> Tensor:
        return self.layers(frames.contiguous(memory_format=torch.channels_last)).flatten(1)


class FrameDecoder(nn.Module):
    """Codes to frames, each frame on its own: (n, code_dim) -> (n, 3, size, size) in (0, 1); patch as above."""

    def __init__(self, frame_size: int, width: int, code_dim: int, patch: int = 1, *, motion: bool = False) -> None:
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
        self.layers: nn.Module = nn.Sequential(*layers)
        self.motion: MotionBranch | None = MotionBranch(code_dim, *outputs[-2:]) if motion else None

    def forward(self, codes: Tensor) -> Tensor:
        return self.layers(codes[:, :, None, None].contiguous(memory_format=torch.channels_last))

    def draw(self, codes: Tensor) -> tuple[Tensor, Field, Field]:
        """The frames, and how they come from the anchor frame: near and around, as MotionBranch says."""
        assert self.motion is not None
        frames, hidden = hidden_layers(
            self.layers, codes[:, :, None, None].contiguous(memory_format=torch.channels_last)
        )
        return frames, *self.motion(codes, *hidden[-2:])

    def motion_parameters(self) -> list[nn.Parameter]:
        """Those of the part that draws motion."""
        return [] if self.motion is None else list(self.motion.parameters())
