"""What a model draws for a clip's codes: frames, and how each comes from the anchor frame."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.domains.images import Drawn, Field, Images, as_frames
from seqdisent_core.methods import Anchored, Codes

_UNSEEN = (-30.0, 30.0)  # logits of what is surely not visible, and surely the person
_BATCH = 64  # frames drawn at a time, which bounds memory


@dataclass(frozen=True)
class DrawnFrames:
    """Frames and their motion as arrays.

    * decoded: uint8 (frames, size, size, 3).
    * near: float32 (frames, cells, cells, 4), on the frame: motion right and down in sides, visible and foreground in
      [0, 1]; around: the same on a square that reaches beyond it (domains.images.REACH).
    """

    decoded: np.ndarray
    near: np.ndarray
    around: np.ndarray


def draws_motion(method: Anchored) -> bool:
    """Whether a person's own pixels can be moved by this model; else its own are shown in their place."""
    return isinstance(method.backbone, Images) and method.backbone.config.motion


def draw(method: Anchored, codes: Codes) -> Drawn:
    """Frames and motion for codes of a batch of one or more; frames of all clips in a row."""
    return draw_joined(method, codes.joined().flatten(0, 1))


def draw_joined(method: Anchored, codes: Tensor) -> Drawn:
    """Frames and motion for codes (n, code_dim). Without motion, the anchor frame shows nothing of the frames."""
    if isinstance(method.backbone, Images) and method.backbone.config.motion:
        return method.backbone.draw(codes)
    frames = method.backbone.decode(codes)
    nothing = Field(
        frames.new_zeros(len(frames), 2, 2, 2), *(frames.new_full((len(frames), 1, 2, 2), v) for v in _UNSEEN)
    )
    return Drawn(frames, nothing, nothing)


@torch.no_grad()
def draw_frames(method: Anchored, static: Tensor, dynamics: Tensor) -> DrawnFrames:
    """static (1, dim), dynamics (1, frames, dim): of a clip of any length."""
    times = range(0, dynamics.shape[1], _BATCH)
    pieces = [draw(method, Codes(static, dynamics[:, at : at + _BATCH])) for at in times]
    return DrawnFrames(
        np.concatenate([as_frames(piece.frames) for piece in pieces]),
        np.concatenate([_array(piece.near) for piece in pieces]),
        np.concatenate([_array(piece.around) for piece in pieces]),
    )


@torch.no_grad()
def decode_frames(method: Anchored, static: Tensor, dynamics: Tensor) -> np.ndarray:
    """The frames alone, uint8 (frames, size, size, 3)."""
    times = range(0, dynamics.shape[1], _BATCH)
    pieces = [method.decode(Codes(static, dynamics[:, at : at + _BATCH]))[0] for at in times]
    return np.concatenate([as_frames(piece) for piece in pieces])


def _array(field: Field) -> np.ndarray:
    joined = torch.cat([field.motion, field.visible.sigmoid(), field.foreground.sigmoid()], 1)
    return joined.permute(0, 2, 3, 1).cpu().numpy()
