"""What every method offers: swapping, sampling, every measure and every page are written once, over this."""

import copy
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_args

import torch
from huggingface_hub import ModelCard, ModelHubMixin
from torch import Tensor, nn

from seqdisent_core import checkpoints
from seqdisent_core.domains import Backbone
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods.gaussians import standard_normal
from seqdisent_core.settings import Settings

Ability = Literal["encode", "sample_static", "sample_dynamics", "anchor"]
ABILITIES: tuple[Ability, ...] = get_args(Ability)
_LACKS: Mapping[Ability, str] = {
    "encode": "has no encoder, so it cannot take a given sequence apart",
    "sample_static": "has no prior of static codes",
    "sample_dynamics": "has no prior of dynamics",
    "anchor": "does not read the static code from one frame",
}
BACKBONE = "backbone."  # of the names of weights in a model; saved files leave it out


@dataclass(frozen=True)
class Codes:
    """What sequences become: `static` (batch, static_dim), `dynamics` (batch, time, dynamics_dim)."""

    static: Tensor
    dynamics: Tensor

    def joined(self) -> Tensor:
        """[s, d_t] of each step: (batch, time, static_dim + dynamics_dim)."""
        repeated = self.static[:, None].expand(-1, self.dynamics.shape[1], -1)
        return torch.cat([repeated, self.dynamics], dim=2)


@dataclass(frozen=True)
class Batch:
    """Sequences of one training step.

    * x: float (batch, time, *element), pictures in [0, 1].
    * observed: bool, of x's shape, False where a value is missing; None: nothing is.
    * index: int (batch,), which sequences of the set they are.
    * views: augmented copies of the sequences, of x's shape, and their motion, those that the method names.
    * partner: int (batch,), whose dynamics in the batch reconstruct each sequence, where two persons do the very same;
      None for its own.
    * group: int (batch,), which longer sequence of the set each one is a piece of, for methods that hold its pieces
      together; None: each is whole by itself.
    * truth: what a renderer knows of each element, (batch, time, ...), as the backbone's `error_with_truth` compares
      it, and "state" (batch, time, state_dim), what the dynamics should tell; empty where nobody knows.
    """

    x: Tensor
    index: Tensor
    observed: Tensor | None = None
    views: Mapping[str, Tensor] = field(default_factory=dict)
    partner: Tensor | None = None
    group: Tensor | None = None
    truth: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """When in a training a loss is asked for, and the generator of its draws (None: torch's own).

    step counts from 0, of `steps`; set_size: sequences of the training set; batch: of them a step.
    """

    step: int = 0
    steps: int = 1
    set_size: int = 1
    batch: int = 1
    generator: torch.Generator | None = None


class Method(nn.Module, ModelHubMixin, ABC):
    """A model of sequences (batch, time, *element) with one static code and dynamics, over a domain's backbone.

    A method says what it can do in `abilities`, and why it lacks an ability in `lacks`; measures and pages ask
    (`require`). Every draw takes a torch.Generator; without one `encode` gives means.

    * name: by which recipes and saved models call it; config_type: its settings, with a property `code_dim`, of the
      codes that its backbone decodes.
    * views: names of the backbone's views that its loss needs in a batch.
    * turns: one step trains each in this order, with an optimiser of its own on the parameters of `turn_parameters`.
    * even_steps: its loss needs neighbouring elements in their order, so training may not leave out any between.
    * uses_partner: its loss can reconstruct a sequence from its partner's dynamics (Batch.partner).

    save_pretrained(folder) writes config.json, model.safetensors and the model card; push_to_hub("owner/name") puts
    these on the Hugging Face Hub. Loaded, unchanged and saved again it is the same weights file, so what lies beside
    that (training.json, latents, the neutral frame) still belongs to it and goes along.

    card: the model card; empty: one that tells the sizes. stored_half: matrices and kernels are stored in float16, and
    all else as it is; else a model that is loaded again is the same to the bit.
    """

    name: ClassVar[str]
    config_type: ClassVar[type[Settings]]
    abilities: ClassVar[frozenset[Ability]]
    lacks: ClassVar[Mapping[Ability, str]] = {}
    views: ClassVar[tuple[str, ...]] = ()
    turns: ClassVar[tuple[str, ...]] = ("model",)
    even_steps: ClassVar[bool] = False
    uses_partner: ClassVar[bool] = False

    card: str = ""
    stored_half: bool = False
    _folder: Path | None = None  # that it was loaded from

    config: Any
    static_dim: int
    dynamics_dim: int

    def __init__(self, config: Any, backbone: Backbone) -> None:
        super().__init__()
        self.config, self.backbone = config, backbone

    # What a method does. Without the ability, a call raises ConfigError with the reason.

    def encode(self, x: Tensor, observed: Tensor | None = None, generator: torch.Generator | None = None) -> Codes:
        """Codes of sequences (batch, time, *element): posterior means, or a draw where there is a generator."""
        raise self._unable("encode")

    @abstractmethod
    def decode(self, codes: Codes) -> Tensor:
        """Sequences from codes, means of p(x | s, d): (batch, time, *element)."""

    def sample_static(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Static codes from their prior, N(0, I) of most methods: (count, static_dim)."""
        require(self, "sample_static")
        return standard_normal(torch.empty(count, self.static_dim, device=self.device), generator)

    def sample_dynamics(
        self,
        count: int,
        time: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        means: bool = False,
    ) -> Tensor:
        """Dynamics from their prior, (count, time, dynamics_dim), each step with its deviation times `temperature`.

        means: the conditional means along the sampled path, which the published evaluation decodes.
        """
        raise self._unable("sample_dynamics")

    @abstractmethod
    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """Named terms of a turn's objective, each summed over what it covers, mean over the batch; "total" is
        minimised."""

    def turn_parameters(self, turn: str) -> Iterable[nn.Parameter]:
        """What a turn learns; all parameters, as long as there is one turn."""
        return self.parameters()

    def fit(self, sequences: Iterable[Tensor]) -> None:
        """Called with the training set, float (batch, time, *element) each, before a model is validated or saved.

        For what is not learnt by steps, such as an operator that all batches share. As a rule there is nothing.
        """

    def for_inference(self, dtype: torch.dtype = torch.float32) -> Self:
        """A copy that encodes, decodes and samples, and does nothing else, as fast as it can.

        dtype: of the backbone's work; what comes out is float32 all the same. In float32 it differs by rounding.
        """
        fast = self.backbone.for_inference(dtype)
        return copy.deepcopy(self, {id(self.backbone): fast}).eval().requires_grad_(False)  # in the backbone's place

    # What is the same for all.

    def forward(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        return self.loss(batch, moment, turn)

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @classmethod
    def reason(cls, ability: Ability) -> str | None:
        """Why this method lacks an ability, as a sentence; None where it has it."""
        lack = cls.lack(ability)
        return None if lack is None else f"{cls.name} {lack}."

    @classmethod
    def lack(cls, ability: Ability) -> str | None:
        """The same as the end of a sentence, to be said of the method by another name of it."""
        return None if ability in cls.abilities else cls.lacks.get(ability, _LACKS[ability])

    def _unable(self, ability: Ability) -> ConfigError:
        return ConfigError(self.reason(ability) or f"{self.name} does not implement {ability}.")

    def check_sequences(self, x: Tensor) -> None:
        """Raises ConfigError unless x is (batch, time, *element) of the backbone."""
        if x.ndim < 2 or tuple(x.shape[2:]) != self.backbone.element:
            sizes = ", ".join(map(str, self.backbone.element))
            raise ConfigError(f"A clip must be (batch, frames, {sizes}); this is {tuple(x.shape)}.")

    @classmethod
    def from_pretrained(cls, source: str | Path, **download: Any) -> Self:  # type: ignore[override]
        """The saved model, on the CPU, in evaluation mode; called on Method, whichever method that is.

        source: the name of a model that comes with the package, a folder, or an id on the Hugging Face Hub, for which
        download holds what snapshot_download takes: revision, token, cache_dir, ... Raises ConfigError where it is
        none of them, a Path that is two of them, is damaged, is another method or needs an unknown backbone.
        """
        from seqdisent_core.methods.registry import build, in_parts, read_parts  # which imports every method

        folder = checkpoints.checkpoint_folder(source, **download)
        config, state = checkpoints.read_network(folder)
        model = checkpoints.new_network(lambda: build(*read_parts(in_parts(config))), config, state, source)
        if not isinstance(model, cls):
            raise ConfigError(f"{source} holds the method {model.name!r}, which is not a {cls.__name__}.")
        model.load_weights(state, source)
        model.stored_half = checkpoints.is_stored_half(folder)
        model._folder = folder
        return model.eval()

    def load_weights(self, state: Mapping[str, Tensor], source: str | Path) -> None:
        """Fill the model with stored weights. Raises ConfigError where their names or shapes are not its own."""
        names = {name.removeprefix(BACKBONE): name for name in self.state_dict()}
        checkpoints.load_weights(self, {names.get(name, name): value for name, value in state.items()}, source)

    def stored_state(self) -> dict[str, Tensor]:
        """The weights by the names that saved files have."""
        return {name.removeprefix(BACKBONE): value for name, value in self.state_dict().items()}

    def save_pretrained(self, save_directory: str | Path, **hub: Any) -> str | None:
        """Writes the folder; hub: as ModelHubMixin takes it. Raises ConfigError where it holds another model."""
        if self._folder is not None and not self.card:  # now, as the mixin begins by deleting the folder's config.json
            checkpoints.check_replaceable(Path(save_directory), self.stored_state(), half=self.stored_half)
        return super().save_pretrained(save_directory, **hub)

    def _save_pretrained(self, save_directory: Path) -> None:
        config = {"method": named(self.name, self.config), "backbone": named(self.backbone.name, self.backbone.config)}
        card = str(self.generate_model_card())
        with tempfile.TemporaryDirectory() as made:  # as the folder may be the one that the model came from
            fresh = Path(made)
            checkpoints.write_network(fresh, config, self.stored_state(), card, half=self.stored_half)
            if self._folder is not None and not self.card:
                checkpoints.copy_what_goes_along(self._folder, fresh)
            shutil.copytree(fresh, save_directory, dirs_exist_ok=True)

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """The card as it will be saved, unless the folder that the model came from has one that still holds."""
        return ModelCard(self.card or _BARE_CARD.format(method=self.name, model=self))


class Anchored(Method):
    """What methods have that read the static code from one frame: Studio and reenactment ask for it.

    A clip's frames are read by themselves, so that a frame that is read in many windows is encoded once.
    """

    def frame_features(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """g_t, what is read in each frame by itself: (batch, time, *element) -> (batch, time, feature_dim)."""
        return self.backbone.encode_sequences(x, observed)

    @abstractmethod
    def encode_features(
        self, features: Tensor, *, anchor: int | None = None, generator: torch.Generator | None = None
    ) -> Codes:
        """`encode` from what `frame_features` gave.

        anchor: index of the frame that the static code is read from; None for the one that it was trained with.
        """

    def encode(
        self,
        x: Tensor,
        observed: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        anchor: int | None = None,
    ) -> Codes:
        """Codes of sequences (batch, time, *element), the static one read from frame `anchor`, as in encode_features.

        Raises ConfigError for elements of another shape, or an anchor outside the sequence.
        """
        self.check_sequences(x)
        return self.encode_features(self.frame_features(x, observed), anchor=anchor, generator=generator)

    def check_anchor(self, features: Tensor, anchor: int) -> None:
        """Raises ConfigError for an anchor outside sequences of features, (batch, time, feature_dim)."""
        if not -features.shape[1] <= anchor < features.shape[1]:
            raise ConfigError(f"Anchor {anchor} lies outside a clip of {features.shape[1]} frames.")


def with_views(method: Method, batch: Batch, generator: torch.Generator | None = None) -> Batch:
    """The batch with those views of its sequences that the method's loss compares."""
    if not method.views:
        return batch
    drawn = generator or torch.Generator()
    return replace(batch, views={name: method.backbone.views[name](batch.x, drawn) for name in method.views})


def require(method: Method, *abilities: Ability) -> None:
    """Raises ConfigError with the reason where a method lacks one of these abilities."""
    for ability in abilities:
        if why := method.reason(ability):
            raise ConfigError(f"{why[:-1]}, which this needs. Choose another model.")


def anchored(method: Method) -> Anchored:
    """The method, if it reads the static code from one frame. Raises ConfigError with the reason where not."""
    require(method, "encode", "anchor")
    if not isinstance(method, Anchored):
        raise ConfigError(f"{method.name} lists the ability anchor and is no Anchored method. Derive it from Anchored.")
    return method


def named(name: str, config: Settings) -> dict[str, Any]:
    """A part of a recipe or a saved model as JSON has it."""
    return {"name": name, **config.to_dict()}


_BARE_CARD = """---
license: mit
library_name: seqdisent
tags: [sequential-disentanglement]
---
# {method}

Splits a sequence into a static factor (one code of {model.static_dim} numbers) and dynamics ({model.dynamics_dim}
numbers a step); elements are {model.backbone.element}. How it was trained is not recorded here.

    from seqdisent_core.methods import Method
    model = Method.from_pretrained("path/to/this/folder")
"""
