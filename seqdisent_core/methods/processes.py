"""Gaussian processes over time: kernels, posteriors with a banded precision, and the divergence between both."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from seqdisent_core.methods.gaussians import standard_normal

JITTER = 1e-3  # on a kernel's diagonal, as in GP-VAE's code


def cauchy(time: int, length: float) -> Tensor:
    """Covariance of a process at steps 0, 1, ..., float64 (time, time): 1 / (1 + (lag / length)^2), and JITTER."""
    return 1 / (1 + _lags(time).square() / length**2) + JITTER * torch.eye(time, dtype=torch.float64)


def radial(time: int, length: float) -> Tensor:
    """As `cauchy`, by the radial basis function exp(-lag^2 / (2 length^2))."""
    return torch.exp(-0.5 * _lags(time).square() / length**2) + JITTER * torch.eye(time, dtype=torch.float64)


def _lags(time: int) -> Tensor:
    steps = torch.arange(time, dtype=torch.float64)
    return steps[:, None] - steps


class ProcessPrior:
    """Independent processes N(0, K_d), one a dimension of z; factor: Cholesky factors of K, (dims, time, time)."""

    def __init__(self, covariances: Sequence[Tensor], like: Tensor) -> None:
        self.factor = torch.linalg.cholesky(torch.stack(list(covariances))).to(like.device, torch.float32)

    def sample(
        self, count: int, generator: torch.Generator | None = None, *, temperature: float = 1.0, means: bool = False
    ) -> Tensor:
        """Draws (count, time, dims); with `means` each step's conditional mean given the steps drawn before it."""
        dims, time, _ = self.factor.shape
        noise = temperature * standard_normal(self.factor.new_empty(count, time, dims), generator)
        factor = self.factor.tril(-1) if means else self.factor
        return torch.einsum("dts,nsd->ntd", factor, noise)


@dataclass(frozen=True)
class BandedGaussian:
    """A normal distribution over time whose precision is tridiagonal, for each sequence and dimension of z.

    The precision is B B^T, with B upper bidiagonal. mean, diagonal (above 0): (batch, time, dims); above: (batch,
    time - 1, dims), B's entries beside the diagonal. Source: Fortuin et al. 2020, whose paper has B^T B and code this.
    """

    mean: Tensor
    diagonal: Tensor
    above: Tensor

    def factor(self) -> Tensor:
        """B^-T, lower triangular, whose square B^-T B^-1 is the covariance: (batch, dims, time, time)."""
        banded = torch.diag_embed(self.diagonal.transpose(1, 2)) + torch.diag_embed(self.above.transpose(1, 2), 1)
        unit = torch.eye(banded.shape[-1], device=banded.device)
        return torch.linalg.solve_triangular(banded.transpose(2, 3), unit, upper=False)

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """One draw, (batch, time, dims), differentiable in all parameters."""
        noise = standard_normal(self.mean, generator)
        return self.mean + torch.einsum("ndts,nsd->ntd", self.factor(), noise)

    def kl_divergence(self, prior: ProcessPrior) -> Tensor:
        """KL(q || prior) in nats of each sequence and dimension, (batch, dims).

        1/2 [tr(K^-1 S) + m^T K^-1 m - time + log det K + log det B B^T], S the covariance.
        """
        solved = torch.linalg.solve_triangular(prior.factor, self.factor(), upper=False)
        mean = torch.linalg.solve_triangular(prior.factor, self.mean.transpose(1, 2)[..., None], upper=False)
        determinants = prior.factor.diagonal(dim1=1, dim2=2).log().sum(dim=1) + self.diagonal.log().sum(dim=1)
        squares = solved.square().sum(dim=(2, 3)) + mean.square().sum(dim=(2, 3))
        return 0.5 * (squares - self.mean.shape[1]) + determinants


class BandedHead(nn.Module):
    """Linear mean and band of the precision: (batch, time, inputs) -> BandedGaussian over (batch, time, outputs).

    The diagonal is above 1, so that each step, given the steps before it, has a variance below 1; by itself it may have
    a larger one. Differs from GP-VAE's code: entries beside the diagonal have any sign, since its positive ones make
    neighbouring steps anticorrelated.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mean, self.diagonal = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)
        self.above = nn.Linear(inputs, outputs)

    def forward(self, features: Tensor) -> BandedGaussian:
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            diagonal = 1 + softplus(self.diagonal(features))
            return BandedGaussian(self.mean(features), diagonal, self.above(features[:, :-1]))
