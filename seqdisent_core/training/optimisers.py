"""Learning-rate and divergence schedules as pure functions of the step, and the optimisers of the recipes."""

import math
from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer


def learning_rate_scale(step: int, steps: int, schedule: str, warmup_steps: int = 0) -> float:
    """Factor on the learning rate at `step` of `steps`: linear warm-up, then constant or half a cosine to 1 %."""
    warm = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    if schedule == "constant":
        return warm
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(step / max(steps, 1), 1.0))))


def kl_scale(step: int, cycle_steps: int) -> float:
    """Factor on both divergences: 1, or in each cycle half a cosine from 0 to 1 over its first half, then 1.

    The cyclical annealing that the authors' public code means; that code then overwrites the weight of KL(s) with
    its product, which leaves 0 for the whole run. Here the weight itself never changes.
    """
    if not cycle_steps:
        return 1.0
    position = (step % cycle_steps) / cycle_steps
    return 1.0 if position >= 0.5 else 0.5 * (1 - math.cos(math.pi * position / 0.5))


class ConvolutionMuon(torch.optim.Muon):
    """torch's Muon, which takes matrices, over convolution kernels seen as matrices (first dim x all others).

    Each matrix shares its kernel's memory, so that a step on the one moves the other.
    """

    def __init__(self, kernels: Iterable[nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        self.kernels = list(kernels)
        # kernels lie in memory channels last where that is faster; a matrix has its columns in the same order
        last = [not kernel.is_contiguous() for kernel in self.kernels]
        self.orders = [(0, 2, 3, 1) if channels_last else (0, 1, 2, 3) for channels_last in last]
        self.matrices = [
            nn.Parameter(kernel.detach().permute(order).view(kernel.shape[0], -1))
            for kernel, order in zip(self.kernels, self.orders, strict=True)
        ]
        super().__init__(self.matrices, lr=lr, momentum=momentum, weight_decay=0.0)

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for kernel, matrix, order in zip(self.kernels, self.matrices, self.orders, strict=True):
            matrix.grad = None if kernel.grad is None else kernel.grad.permute(order).reshape(matrix.shape)
        super().step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        for kernel in self.kernels:
            kernel.grad = None


def make_optimisers(model: nn.Module, kind: str, learning_rate: float, muon_learning_rate: float) -> list[Optimizer]:
    """Adam over everything, or Muon over the convolutions and Adam over the rest."""
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    if kind == "adam":
        return [torch.optim.Adam(model.parameters(), lr=learning_rate, fused=fused)]
    kernels = [p for p in model.parameters() if p.ndim == 4]
    others = [p for p in model.parameters() if p.ndim != 4]
    return [ConvolutionMuon(kernels, muon_learning_rate), torch.optim.Adam(others, lr=learning_rate, fused=fused)]
