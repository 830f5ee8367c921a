"""Sequences whose elements are vectors, and a backbone for them: the smallest kind of data."""

import torch
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.settings import Settings, Size, settings

ANGLE = 0.7  # that the dynamics turn by in a step


@settings
class VectorsConfig(Settings):
    size: Size = 4
    hidden_dim: Size = 16


class Vectors(Backbone):
    """Vectors (n, size), read and written by a linear layer each; missing values count as zeros, and for no error."""

    name, config_type = "vectors", VectorsConfig

    def __init__(self, config: VectorsConfig, code_dim: int) -> None:
        super().__init__(config, code_dim)
        self.config, self.element, self.feature_dim = config, (config.size,), config.hidden_dim
        self.encoder, self.decoder = nn.Linear(config.size, config.hidden_dim), nn.Linear(code_dim, config.size)

    def encode(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        return self.encoder(x if observed is None else x * observed).float()

    def decode(self, codes: Tensor) -> Tensor:
        return self.decoder(codes).float()

    def error(self, decoded: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        error = (decoded - x).square()
        return (error if observed is None else error * observed).sum(dim=2)


def turning(count: int, time: int = 8, seed: int = 0) -> Tensor:
    """Sequences (count, time, 4): two numbers that stay, and a point that turns by ANGLE in each step."""
    generator = torch.Generator().manual_seed(seed)
    still = torch.rand(count, 1, 2, generator=generator).expand(-1, time, -1)
    start = 2 * torch.pi * torch.rand(count, 1, generator=generator)
    angle = start + ANGLE * torch.arange(time)
    return torch.cat([still, torch.stack([angle.cos(), angle.sin()], dim=2)], dim=2)
