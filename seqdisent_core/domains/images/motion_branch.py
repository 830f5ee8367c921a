"""The part of a decoder that draws how a frame comes from the anchor frame."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqdisent_core.domains.images.folding import Folded

NEAR, AROUND = 64, 32  # cells a side of the two fields
REACH = 1.7  # sides of the square that the wide field covers, in sides of the frame, whose middle it shares
_MOTION_SCALE = 0.1  # sides: of the size that motions have, so that the network works on numbers near 1
_NEAR_WIDTH, _AROUND_WIDTH = 48, 24  # channels; what fits a file of 10 MB beside the rest


class Field(NamedTuple):
    """How a frame comes from the anchor frame, on a grid of cells (n, cells, cells), all float32.

    * motion: (n, 2, cells, cells), where the anchor frame has what a cell shows, minus the cell's own place, right and
      down, in sides of the frame.
    * visible: (n, 1, cells, cells), logits of whether the anchor frame shows it, too; foreground: of whether it is the
      person.
    """

    motion: Tensor
    visible: Tensor
    foreground: Tensor


class MotionBranch(nn.Module):
    """Draws motion and visibility beside the frame, as Siarohin et al. 2019 and Wang et al. 2022 have generators do.

    `near`, NEAR cells on the frame, from the decoder's own hidden layers; `around`, AROUND cells on a square REACH
    times as wide, from the codes alone: neck, hair and ears move smoothly.
    """

    def __init__(self, code_dim: int, coarse: int, fine: int) -> None:
        """coarse, fine: channels of the decoder's hidden layers at a quarter and half of NEAR."""
        super().__init__()
        self.up: nn.Module = nn.Sequential(*_doubling(coarse, _NEAR_WIDTH))
        self.near: nn.Module = nn.Sequential(
            nn.Conv2d(_NEAR_WIDTH + fine, _NEAR_WIDTH, 3, padding=1, bias=False),
            nn.BatchNorm2d(_NEAR_WIDTH),
            nn.LeakyReLU(0.2),
            *_doubling(_NEAR_WIDTH, 32),
            nn.Conv2d(32, 4, 3, padding=1),
        )
        self.around: nn.Module = nn.Sequential(
            nn.ConvTranspose2d(code_dim, _AROUND_WIDTH, 4, bias=False),
            nn.BatchNorm2d(_AROUND_WIDTH),
            nn.LeakyReLU(0.2),
            *_doubling(_AROUND_WIDTH, _AROUND_WIDTH),
            *_doubling(_AROUND_WIDTH, 16),
            *_doubling(16, 16),
            nn.Conv2d(16, 4, 3, padding=1),
        )
        for stack in (self.near, self.around):
            assert isinstance(stack, nn.Sequential)
            last = stack[-1]
            assert isinstance(last, nn.Conv2d) and last.bias is not None
            nn.init.normal_(last.weight, std=1e-3)  # at first nothing moves,
            last.bias.data = torch.tensor([0.0, 0.0, 2.0, 1.0])  # and most is visible

    def forward(self, codes: Tensor, coarse: Tensor, fine: Tensor) -> tuple[Field, Field]:
        near = self.near(torch.cat([self.up(coarse), fine], 1))
        return _field(near), _field(self.around(codes[:, :, None, None].contiguous(memory_format=torch.channels_last)))


def _doubling(inputs: int, outputs: int) -> list[nn.Module]:
    up = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)
    return [up, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]


def _field(drawn: Tensor) -> Field:
    drawn = drawn.float()
    return Field(_MOTION_SCALE * drawn[:, :2], drawn[:, 2:3], drawn[:, 3:4])


def hidden_layers(stack: nn.Module, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """What a stack gives, and what each of its activations gave on the way."""
    hidden: list[Tensor] = []
    if isinstance(stack, Folded):
        x = stack.prepared(x)
    layers = stack.layers if isinstance(stack, Folded) else stack
    assert isinstance(layers, nn.Sequential)
    for layer in layers:
        x = layer(x)
        if isinstance(layer, nn.LeakyReLU):
            hidden.append(x)
    return x, hidden
