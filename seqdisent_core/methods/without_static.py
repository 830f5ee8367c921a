"""What methods share whose code is one vector a step, with no static one."""

from abc import abstractmethod
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from seqdisent_core.methods.contract import Codes, Method


class OverSteps(Protocol):
    """A distribution over the codes of all steps, (batch, time, dynamics_dim)."""

    @property
    def mean(self) -> Tensor: ...

    def sample(self, generator: torch.Generator | None, /) -> Tensor: ...


class WithoutStatic(Method):
    """Encodes by the means or a draw of a posterior over all steps, and decodes each step from its own code alone."""

    abilities = frozenset({"encode", "sample_dynamics"})
    lacks: ClassVar = {"sample_static": "has no static code"}
    static_dim = 0

    @abstractmethod
    def posterior(self, x: Tensor, observed: Tensor | None = None) -> OverSteps:
        """q(z_1:T | x_1:T), over (batch, time, dynamics_dim)."""

    def encode(self, x: Tensor, observed: Tensor | None = None, generator: torch.Generator | None = None) -> Codes:
        posterior = self.posterior(x, observed)
        z = posterior.mean if generator is None else posterior.sample(generator)
        return Codes(z[:, 0, :0], z)

    def decode(self, codes: Codes) -> Tensor:
        return self.backbone.decode_sequences(codes.dynamics)
