"""What every method offers: swapping, sampling, every metric and every page are written once, over this."""

import dataclasses
import shutil
import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

import torch
from huggingface_hub import ModelCard, ModelHubMixin
from torch import Tensor, nn

from seqdisent_core import checkpoints
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods.gaussians import Gaussian


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

    def check_least(self, least: float, *names: str) -> None:
        """Raises ConfigError where one of these settings lies below the least value that it may have."""
        for name in names:
            if not getattr(self, name) >= least:  # so that nan is refused, too
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be at least {least:g}.")

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


class Method(nn.Module, ModelHubMixin, ABC):
    """A model of clips (batch, frames, 3, height, width), float in [0, 1], with one static and one dynamic factor.

    save_pretrained(folder) writes config.json, model.safetensors and the model card; push_to_hub("owner/name") puts
    these on the Hugging Face Hub. Loaded, unchanged and saved again it is the same weights file, so what lies beside
    that (training.json, latents, what rest is) still belongs to it and goes along.

    card: the model card; empty: one that tells the sizes. stored_half: matrices and kernels are stored in float16, and
    all else as it is; else a model that is loaded again is the same to the bit.
    """

    card: str = ""
    stored_half: bool = False
    _folder: Path | None = None  # that it was loaded from

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
    def frame_features(self, clip: Tensor) -> Tensor:
        """What is read in each frame by itself: (batch, frames, 3, size, size) -> (batch, frames, feature_dim)."""

    @abstractmethod
    def encode_features(
        self, features: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None
    ) -> Posterior:
        """`encode` from what `frame_features` gave, so that a frame that is read in many windows is seen once."""

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

    @classmethod
    def from_pretrained(cls, source: str | Path, **download: Any) -> Self:  # type: ignore[override]
        """The saved model, on the CPU, in evaluation mode; called on Method, whichever method that is.

        source: the name of a model that comes with the package, a folder, or an id on the Hugging Face Hub, for which
        download holds what snapshot_download takes: revision, token, cache_dir, ... Raises ConfigError where it is
        none of them, a Path that is two of them, is damaged, or is another method.
        """
        from seqdisent_core.methods import METHODS  # which imports this file

        folder = checkpoints.checkpoint_folder(source, **download)
        config, state = checkpoints.read_network(folder)
        name = config.pop("method", None)
        known = {one: both for one, both in METHODS.items() if issubclass(both[1], cls)}
        if name not in known:
            raise ConfigError(f"{source} holds the method {name!r}; known are: {', '.join(known)}.")
        config_type, method_type = known[name]
        model = method_type(config_type.from_dict(config))
        checkpoints.load_weights(model, state, source)
        model.stored_half = checkpoints.is_stored_half(folder)
        model._folder = folder
        return model.eval()  # type: ignore[return-value]

    def save_pretrained(self, save_directory: str | Path, **hub: Any) -> str | None:
        """Writes the folder; hub: as ModelHubMixin takes it. Raises ConfigError where it holds another model."""
        if self._folder is not None and not self.card:  # now, as the mixin begins by deleting the folder's config.json
            checkpoints.check_replaceable(Path(save_directory), self.state_dict(), half=self.stored_half)
        return super().save_pretrained(save_directory, **hub)

    def _save_pretrained(self, save_directory: Path) -> None:
        config = {"method": self.name, **self.config.to_dict()}
        card = str(self.generate_model_card())
        with tempfile.TemporaryDirectory() as made:  # as the folder may be the one that the model came from
            fresh = Path(made)
            checkpoints.write_network(fresh, config, self.state_dict(), card, half=self.stored_half)
            if self._folder is not None and not self.card:
                checkpoints.copy_what_goes_along(self._folder, fresh)
            shutil.copytree(fresh, save_directory, dirs_exist_ok=True)

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """The card as it will be saved, unless the folder that the model came from has one that still holds."""
        return ModelCard(self.card or _BARE_CARD.format(method=self.name, model=self))


_BARE_CARD = """---
license: mit
library_name: seqdisent
tags: [sequential-disentanglement, video]
---
# {method}

Takes a clip apart into who is in it (one static code of {model.static_dim} numbers) and what it does
(dynamics, {model.dynamics_dim} numbers a frame), at {model.frame_size} px. How it was trained is not recorded here.

    from seqdisent_core.studio import Studio
    studio = Studio.from_pretrained("path/to/this/folder")
"""
