"""One person's film made to do what another's does: as long as the driver, in the person's own picture."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.detail import Source, carry_detail, paste_decoded
from seqdisent_core.faces import FaceClip, film_frame
from seqdisent_core.methods.contract import Codes, Method
from seqdisent_core.sheets import as_frames
from seqdisent_core.windows import choose_anchor

_BATCH = 64
FPS = 30.0  # of a result, at most
PICTURE = 640  # pixels of a result's longer side, at most


@dataclass(frozen=True)
class Subject:
    """A person's clip made ready: the frame that is at rest, and the whole picture that it was cut out of."""

    clip: FaceClip
    anchor: int
    source: Source


def subject(clip: FaceClip, anchor: int | None = None) -> Subject:
    """Make a clip ready, at the frame `anchor` or the one that choose_anchor finds. Raises as film_frame does."""
    chosen = choose_anchor(clip.frames) if anchor is None else anchor
    return Subject(clip, chosen, Source(*film_frame(clip, chosen, max_side=PICTURE)))


@torch.no_grad()
def decode_frames(method: Method, static: Tensor, dynamics: Tensor) -> np.ndarray:
    """static (1, dim), dynamics (1, frames, dim) -> uint8 (frames, size, size, 3), of a clip of any length."""
    pieces = [method.decode(static, dynamics[:, at : at + _BATCH])[0] for at in range(0, dynamics.shape[1], _BATCH)]
    return np.concatenate([as_frames(piece) for piece in pieces])


def drive(
    method: Method,
    person: Subject,
    driver: Subject,
    codes: tuple[Codes, Codes],
    *,
    strength: float = 1.0,
    detail: bool = True,
) -> Iterator[np.ndarray]:
    """Frames of the person's picture, uint8 (height, width, 3), doing what the driver's clip does, as long as it.

    codes: of the person and of the driver, batches of one. strength: 0 stays at the driver's anchor frame, 1 moves as
    much as the driver, more exaggerates. detail: the picture's own pixels are moved (detail.py), or else the model's
    own are shown.
    """
    own, other = codes
    rest = other.dynamics[:, driver.anchor, None]
    decoded = decode_frames(method, own.static, rest + strength * (other.dynamics - rest))
    if not detail:
        return paste_decoded(person.source, decoded)
    still = decode_frames(method, own.static, own.dynamics[:, person.anchor, None])[0]
    return carry_detail(person.source, still, decoded)
