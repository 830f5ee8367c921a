"""The networks as they are run once they are trained: the same answers, sooner."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class Folded(nn.Module):
    """A trained stack with its batch norms folded into the convolutions before them, run in one dtype, channels last.

    Equal to the stack in evaluation mode but for rounding: pixels differ by less than 1e-6 in float32, 0.002 in bf16.
    """

    def __init__(self, layers: nn.Sequential, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        folded: list[nn.Module] = []
        for layer in layers:
            if isinstance(layer, nn.BatchNorm2d):
                before = folded.pop()
                assert isinstance(before, nn.Conv2d | nn.ConvTranspose2d)
                folded.append(fuse_conv_bn_eval(before, layer, transpose=isinstance(before, nn.ConvTranspose2d)))
            else:
                folded.append(copy.deepcopy(layer))
        if isinstance(folded[0], nn.ConvTranspose2d) and folded[0].stride == (1, 1):
            folded[0] = _FromPoint(folded[0])
        self.layers = nn.Sequential(*folded).to(dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.prepared(x))

    def prepared(self, x: Tensor) -> Tensor:
        """The input as the layers take it."""
        return x.to(self.dtype).contiguous(memory_format=torch.channels_last)


class _FromPoint(nn.Module):
    """A transposed convolution of one point, as a matrix product: (n, inputs, 1, 1) -> (n, outputs, k, k)."""

    def __init__(self, layer: nn.ConvTranspose2d) -> None:
        super().__init__()
        self.side, self.outputs = layer.kernel_size[0], layer.out_channels
        self.product = nn.Linear(layer.in_channels, self.side**2 * self.outputs)
        self.product.weight.data = layer.weight.permute(2, 3, 1, 0).reshape(-1, layer.in_channels).contiguous()
        assert layer.bias is not None
        self.product.bias.data = layer.bias.repeat(self.side**2)

    def forward(self, x: Tensor) -> Tensor:
        return self.product(x.flatten(1)).view(-1, self.side, self.side, self.outputs).permute(0, 3, 1, 2)
