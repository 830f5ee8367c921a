"""Estimates of information that losses of several methods are made of: between codes, and between pairs of codes."""

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize, relu

from seqdisent_core.methods.gaussians import Gaussian


def log_density(at: Tensor, of: Gaussian) -> Tensor:
    """log N(at; mean, variance) in nats of every point under every Gaussian, summed over the last dim.

    at: (..., n, dim), of: (..., m, dim) -> (..., n, m). The squares are multiplied out, so that all pairs are two
    products of matrices; in float64, whose digits that takes, where the device has it.

    Differs from the public code of C-DSVAE and SPYL, which hands log-variances to a density of log-deviations.
    """
    exact = torch.float32 if at.device.type == "mps" else torch.float64
    with torch.autocast(at.device.type, enabled=False):
        point, mean, log_variance = (x.to(exact) for x in (at, of.mean, of.log_variance))
        precision = torch.exp(-log_variance)
        own = (mean.square() * precision + log_variance + math.log(2 * math.pi)).sum(dim=-1)
        squares = point.square() @ precision.mT - 2 * point @ (mean * precision).mT
        return (-0.5 * (squares + own[..., None, :])).to(at.dtype)


def mutual_information(
    static: Gaussian, dynamics: Gaussian, static_draw: Tensor, dynamics_draw: Tensor, set_size: int
) -> Tensor:
    """MI(s; d_t) in nats by minibatch-weighted sampling (Chen et al. 2018), mean over batch and time.

    static: (batch, static_dim), dynamics: (batch, time, dynamics_dim), posteriors of `set_size` sequences' batch, and
    a draw of each. log q(.) is estimated by logsumexp_j log q(. | x_j) - log(batch * set_size), and negative terms
    count as zero, as in Bai et al. 2021. Where posteriors of a batch overlap, the estimate is log(set_size) too high: a
    constant.
    """
    count = len(static_draw)
    each = log_density(static_draw, static)[:, :, None]
    others = Gaussian(dynamics.mean.transpose(0, 1), dynamics.log_variance.transpose(0, 1))
    steps = log_density(dynamics_draw.transpose(0, 1), others).permute(1, 2, 0)  # draw i under the posterior of j, time
    weight = math.log(count * set_size)
    joint, alone, moving = (x.logsumexp(dim=1) - weight for x in (each + steps, each, steps))
    return relu(joint - alone - moving).mean()


def cosines(first: Tensor, second: Tensor) -> Tensor:
    """Cosines of the angles of (n, dim) and (m, dim): (n, m)."""
    return normalize(first, dim=1) @ normalize(second, dim=1).T


def contrastive_loss(positive: Tensor, negative: Tensor, temperature: float) -> Tensor:
    """InfoNCE (van den Oord et al. 2018), mean over n: cosines with a positive (n,), and with negatives (n, m).

    -log(e^(p/temperature) / (e^(p/temperature) + sum of e^(n/temperature))).
    """
    every = torch.cat([positive[:, None], negative], dim=1) / temperature
    return (every.logsumexp(dim=1) - positive / temperature).mean()


def pairwise_contrastive_loss(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """InfoNCE of two views of one batch, (batch, dim) each: row i of the one is the positive of row i of the other, and
    all other rows of both are negatives, 2 batch - 2 (SimCLR, Chen et al. 2020)."""
    count = len(first)
    both = torch.cat([first, second])
    angles = cosines(both, both)
    place = torch.arange(2 * count, device=both.device)
    other = place.roll(count)
    negative = (place != place[:, None]) & (place != other[:, None])
    return contrastive_loss(angles[place, other], angles[negative].view(2 * count, -1), temperature)
