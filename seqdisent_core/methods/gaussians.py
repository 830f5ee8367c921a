"""Diagonal Gaussians: the draws and divergences that every method here is made of."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """A diagonal normal distribution; `mean` and `log_variance` are float tensors of one shape (..., dims)."""

    mean: Tensor
    log_variance: Tensor

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """One draw, differentiable in mean and variance (the reparameterisation of Kingma & Welling 2014)."""
        return self.mean + standard_normal(self.mean, generator) * torch.exp(0.5 * self.log_variance)


def standard_normal(like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """A draw from N(0, I), of another tensor's shape, type and device; by a CPU's generator it is the same on all."""
    where = like.device if generator is None else generator.device
    return torch.randn(like.shape, generator=generator, device=where, dtype=like.dtype).to(like.device)


def kl_divergence(q: Gaussian, p: Gaussian | None = None) -> Tensor:
    """KL(q || p) in nats, elementwise, of q's shape; p = None stands for N(0, I). The caller sums.

    1/2 [log v_p - log v_q + (v_q + (m_q - m_p)^2) / v_p - 1].
    """
    if p is None:
        return 0.5 * (q.log_variance.exp() + q.mean.square() - 1 - q.log_variance)
    gap = (q.log_variance - p.log_variance).exp() + (q.mean - p.mean).square() * torch.exp(-p.log_variance)
    return 0.5 * (p.log_variance - q.log_variance + gap - 1)
