"""The schedule of the learning rate as a pure function of the step, and the optimisers of the recipes."""

import math
from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from seqdisent_core.training.config import TrainingConfig


def learning_rate_scale(step: int, steps: int, schedule: str, warmup_steps: int = 0) -> float:
    """Factor on the learning rate at `step` of `steps`: linear warm-up, then constant or half a cosine to 1 %."""
    warm = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    if schedule == "constant":
        return warm
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(step / max(steps, 1), 1.0))))


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


def make_optimisers(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> list[Optimizer]:
    """Adam over everything, or Muon over the convolutions and Adam over the rest."""
    learnt = list(parameters)
    kernels = [p for p in learnt if p.ndim == 4] if config.optimizer == "muon" else []
    others = [p for p in learnt if p.ndim != 4] if config.optimizer == "muon" else learnt
    fused = learnt[0].device.type in ("cpu", "cuda")
    adam = torch.optim.Adam(others, lr=config.learning_rate, betas=(config.beta1, 0.999), fused=fused)
    return [ConvolutionMuon(kernels, config.muon_learning_rate), adam] if kernels else [adam]
