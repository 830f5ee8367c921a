"""Codes of many clips, a batch at a time, over the contract of a method."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor

from seqdisent_core.methods.contract import Codes, Method

BATCH = 64


class Sliced(Protocol):
    """A tensor, or what gives one when it is sliced, as a set's frames that are read from files."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, key: Any, /) -> Tensor: ...


@torch.no_grad()
def encode_clips(method: Method, clips: Sliced, progress: Callable[[float], None] = lambda share: None) -> Codes:
    """Posterior means of many clips, uint8 (clips, frames, 3, size, size), on the CPU; progress: gets 0 to 1."""
    parts = []
    for start in range(0, len(clips), BATCH):
        parts.append(method.encode(clips[start : start + BATCH].to(method.device).float() / 255))
        progress(min(1.0, (start + BATCH) / len(clips)))
    return Codes(torch.cat([p.static for p in parts]).cpu(), torch.cat([p.dynamics for p in parts]).cpu())


@torch.no_grad()
def decode_batches(method: Method, static: Tensor, dynamics: Tensor) -> Iterator[Tensor]:
    """Decoded clips, float in [0, 1], a batch at a time, on the CPU."""
    for start in range(0, len(static), BATCH):
        part = slice(start, start + BATCH)
        yield method.decode(Codes(static[part].to(method.device), dynamics[part].to(method.device))).cpu()
