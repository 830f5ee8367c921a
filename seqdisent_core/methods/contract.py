"""What every method offers: swapping, sampling, every metric and every page are written once, over this."""

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

import torch
from torch import Tensor, nn

from seqdisent_core.errors import ConfigError
from seqdisent_core.gaussians import Gaussian


@dataclass(frozen=True)
class Codes:
    """What a clip becomes: `static` (batch, static_dim), `dynamics` (batch, frames, dynamics_dim)."""

    static: Tensor
    dynamics: Tensor


@dataclass(frozen=True)
class Posterior:
    """q(s | x) and q(d_1:T | x)."""

    static: Gaussian
    dynamics: Gaussian

    @property
    def mean(self) -> Codes:
        return Codes(self.static.mean, self.dynamics.mean)

    def sample(self, generator: torch.Generator | None = None) -> Codes:
        return Codes(self.static.sample(generator), self.dynamics.sample(generator))


class Config:
    """Base of frozen setting dataclasses: checked where they are made, JSON round trip, an unknown key is an error."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            hint, value = hints[field.name], getattr(self, field.name)
            if get_args(hint) and get_origin(hint) is not tuple and isinstance(get_args(hint)[0], str):
                if value not in get_args(hint):
                    raise ConfigError(f"{field.name} is {value!r}; it must be one of {', '.join(get_args(hint))}.")
            elif hint in (int, float, bool, str) and not _fits(value, hint):
                raise ConfigError(f"{field.name} is {value!r}; it must be a {hint.__name__}.")

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, settings: Any) -> Self:
        """Settings from a JSON object. Raises ConfigError for anything else, unknown keys, and missing ones."""
        if not isinstance(settings, dict):
            raise ConfigError(f"Settings must be a JSON object of names and values; this is {settings!r}.")
        known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(settings) - known)
        if unknown:
            raise ConfigError(f"Unknown setting {', '.join(unknown)}. Known are: {', '.join(sorted(known))}.")
        needed = {
            field.name
            for field in dataclasses.fields(cls)  # type: ignore[arg-type]
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        if needed - set(settings):
            raise ConfigError(f"The settings lack {', '.join(sorted(needed - set(settings)))}.")
        return cls(**settings)


def _fits(value: object, hint: type) -> bool:
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


class Method(nn.Module, ABC):
    """A model of clips (batch, frames, 3, height, width), float in [0, 1], with one static and one dynamic factor."""

    name: ClassVar[str]
    config: Config
    frame_size: int
    static_dim: int
    dynamics_dim: int
    decoder: nn.Module  # draws frames from codes: what is tuned to people who were never seen

    @abstractmethod
    def encode(self, clip: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Posterior:
        """The posterior of both factors; `anchor` is the index of the frame that the static factor is read from."""

    @abstractmethod
    def decode(self, static: Tensor, dynamics: Tensor) -> Tensor:
        """Codes to a clip: (batch, static_dim), (batch, frames, dynamics_dim) -> (batch, frames, 3, size, size)."""

    @abstractmethod
    def sample_static(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw static codes from their prior: (count, static_dim)."""

    @abstractmethod
    def sample_dynamics(
        self,
        count: int,
        frames: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        return_means: bool = False,
    ) -> Tensor:
        """Draw dynamics from their prior: (count, frames, dynamics_dim)."""

    @abstractmethod
    def loss(
        self,
        clip: Tensor,
        kl_scale: float,
        generator: torch.Generator | None = None,
        dynamics_of: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Named terms of the objective, each summed over what it covers, mean over the batch; "total" is minimised.

        dynamics_of, int (batch,): each clip is rebuilt from its own static code and the dynamics of this one of the
        batch, another person who does the very same; None for its own.
        """

    def forward(
        self,
        clip: Tensor,
        kl_scale: float,
        generator: torch.Generator | None = None,
        dynamics_of: Tensor | None = None,
    ) -> dict[str, Tensor]:
        return self.loss(clip, kl_scale, generator, dynamics_of)

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device
