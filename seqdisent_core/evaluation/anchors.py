"""Codes of clips whose static code is read from a random frame, where a method reads it from one frame."""

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.methods import BATCH, Anchored, Codes, Method


@torch.no_grad()
def encode_at(method: Method, clips: Clips, anchors: np.ndarray) -> Codes:
    """Posterior means of many clips on the CPU, each with the anchor frame of its own: int (clips,).

    Of a method that reads the static code from all frames, which an anchor does not change.
    """
    frames = as_training_tensor(clips)
    static: list[Tensor] = []
    dynamics: list[Tensor] = []
    for start in range(0, len(frames), BATCH):
        x = frames[start : start + BATCH].to(method.device).float() / 255
        codes = method.encode(x) if not isinstance(method, Anchored) else _at_own(method, x, anchors[start:][: len(x)])
        static.append(codes.static.cpu())
        dynamics.append(codes.dynamics.cpu())
    return Codes(torch.cat(static), torch.cat(dynamics))


def _at_own(method: Anchored, x: Tensor, anchors: np.ndarray) -> Codes:
    features = method.frame_features(x)
    order, parts = [], []
    for anchor in np.unique(anchors):
        rows = torch.from_numpy(np.flatnonzero(anchors == anchor))
        order.append(rows)
        parts.append(method.encode_features(features[rows.to(features.device)], anchor=int(anchor)))
    back = torch.cat(order).argsort().to(features.device)
    return Codes(torch.cat([p.static for p in parts])[back], torch.cat([p.dynamics for p in parts])[back])


def without_anchor(dynamics: Tensor, anchors: np.ndarray) -> np.ndarray:
    """Dynamics (clips, time, dims) of all frames but each clip's anchor, concatenated: (clips, (time - 1) dims)."""
    time = dynamics.shape[1]
    kept = torch.arange(time)[None] != torch.from_numpy(anchors)[:, None]
    return dynamics[kept].view(len(dynamics), -1).numpy()
