"""What a domain gives to every method: a network that knows the elements of its sequences."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from seqdisent_core.errors import ConfigError
from seqdisent_core.settings import Settings

View = Callable[[Tensor, torch.Generator], Tensor]  # (batch, time, *element) -> another look of the same sequences


class Backbone(nn.Module, ABC):
    """Encoder and decoder of single elements, and the likelihood of what was decoded.

    A method never asks what an element is. Where elements have gaps, `observed` is bool of the elements' shape, False
    where a value is missing; None: all are there.

    * name: by which recipes and saved models call it; config_type: its settings.
    * element: shape of one element, such as (3, 64, 64); feature_dim: of what `encode` gives.
    * decoder: the part that decodes; what is tuned to people who were never seen.
    * views: transformations that keep one factor and change the other, for methods that compare both (by name). The
      view "motion" tells what moves instead: 0 or 1, float (batch, time, motion_dim), for methods that predict it.
    """

    name: ClassVar[str]
    config_type: ClassVar[type[Settings]]
    views: ClassVar[Mapping[str, View]] = {}
    config: Any
    element: tuple[int, ...]
    feature_dim: int
    motion_dim: int = 0
    decoder: nn.Module

    @abstractmethod
    def __init__(self, config: Any, code_dim: int) -> None:
        """code_dim: of the codes that `decode` takes, which the method says."""
        super().__init__()

    @abstractmethod
    def encode(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Features of elements, each by itself: (n, *element) -> float32 (n, feature_dim)."""

    @abstractmethod
    def decode(self, codes: Tensor) -> Tensor:
        """Elements from codes, each by itself: (n, code_dim) -> float32 (n, *element)."""

    @abstractmethod
    def error(self, decoded: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Negative log-likelihood up to a constant, summed over the element: two (batch, time, *element) ->
        (batch, time)."""

    def error_with_truth(self, codes: Tensor, x: Tensor, truth: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Errors by name, (batch, time) each, of what codes (batch, time, code_dim) give, beside a renderer's truth.

        "decoded" is `error` of the decoded elements; the first element of each sequence is its anchor. Raises
        ConfigError where the backbone compares nothing with a truth.
        """
        raise ConfigError(f"The backbone {self.name} has no motion to compare with a renderer's truth.")

    def encode_sequences(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Features of all elements of sequences: (batch, time, *element) -> (batch, time, feature_dim)."""
        seen = None if observed is None else observed.flatten(0, 1)
        return self.encode(x.flatten(0, 1), seen).unflatten(0, x.shape[:2])

    def decode_sequences(self, codes: Tensor) -> Tensor:
        """Sequences from codes of all their elements: (batch, time, code_dim) -> (batch, time, *element)."""
        return self.decode(codes.flatten(0, 1)).unflatten(0, codes.shape[:2])

    def for_inference(self, dtype: torch.dtype) -> "Backbone":
        """A copy that only encodes and decodes, as fast as it can, in `dtype` where that is of use; float32 comes out.

        As a rule nothing but a copy in evaluation mode.
        """
        return copy.deepcopy(self).eval().requires_grad_(False)


def shuffled(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each sequence with its elements in another order of time: static kept, dynamics lost; any (batch, time, ...)."""
    order = torch.rand(x.shape[:2], generator=generator).argsort(dim=1).to(x.device)
    return x[torch.arange(len(x), device=x.device)[:, None], order]
