"""One person's film made to do what another's does: as long as the driver, in the person's own picture."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.detail import Source, carry_detail, paste_decoded
from seqdisent_core.methods.contract import Codes, Method
from seqdisent_core.sheets import as_frames

_BATCH = 64


@torch.no_grad()
def decode_frames(method: Method, static: Tensor, dynamics: Tensor) -> np.ndarray:
    """static (1, dim), dynamics (1, frames, dim) -> uint8 (frames, size, size, 3), of a clip of any length."""
    pieces = [method.decode(static, dynamics[:, at : at + _BATCH])[0] for at in range(0, dynamics.shape[1], _BATCH)]
    return np.concatenate([as_frames(piece) for piece in pieces])


def drive(
    method: Method,
    person: Codes,
    driver: Codes,
    source: Source,
    *,
    anchors: tuple[int, int] = (0, 0),
    strength: float = 1.0,
    detail: bool = True,
) -> Iterator[np.ndarray]:
    """Frames of the person's picture `source`, uint8 (height, width, 3), doing what the driver's clip does.

    person, driver: codes of a batch of one; anchors: the frames that their static codes were read from, the person's
    being the one of `source`. strength: 0 stays at the driver's anchor frame, 1 moves as much as the driver, more
    exaggerates. detail: the source's own pixels are moved (detail.py), or the model's own pixels are shown.
    """
    rest = driver.dynamics[:, anchors[1], None]
    decoded = decode_frames(method, person.static, rest + strength * (driver.dynamics - rest))
    if not detail:
        return paste_decoded(source, decoded)
    still = decode_frames(method, person.static, person.dynamics[:, anchors[0], None])[0]
    return carry_detail(source, still, decoded)
