"""The one way from a clip to its codes: a long one in windows that overlap, each with the anchor frame before it."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.methods import Anchored, Codes

WINDOW = 24  # frames read together: about as many as the clips have that models are trained on
_BATCH = 8  # windows at a time, which bounds memory and keeps a processor busy
_FRAMES = 64  # frames whose features are read at a time, for the same reason


@torch.no_grad()
def encode_in_windows(
    method: Anchored, clip: Tensor, anchor: int = 0, window: int = WINDOW, occluded: Sequence[int] = ()
) -> Codes:
    """Posterior means of a clip of any length, (frames, 3, size, size) in [0, 1]: codes of a batch of one.

    In training each clip begins with its anchor frame, so here each piece does. A clip of up to `window` frames is one
    piece, the anchor put before it unless it is its first frame. A longer one is read in pieces of that length, half
    over half, the anchor put before each; where two pieces meet, their dynamics fade into each other.
    occluded: as in `bridged`.
    """
    frames = len(clip)
    seen = [method.frame_features(clip[None, at : at + _FRAMES])[0] for at in range(0, frames, _FRAMES)]
    features = bridged(torch.cat(seen), occluded)
    still = features[anchor : anchor + 1]
    if frames <= window:
        codes = method.encode_features((torch.cat([still, features]) if anchor else features)[None])
        return Codes(codes.static, codes.dynamics[:, -frames:])
    starts = sorted({*range(0, frames - window, max(1, window // 2)), frames - window})
    fade = torch.from_numpy(np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2).float().to(clip.device)
    total = torch.zeros(frames, method.dynamics_dim, device=clip.device)
    weight = torch.zeros(frames, 1, device=clip.device)
    static = None
    for first in range(0, len(starts), _BATCH):
        chosen = starts[first : first + _BATCH]
        pieces = torch.stack([torch.cat([still, features[s : s + window]]) for s in chosen])
        codes = method.encode_features(pieces)
        static = codes.static[:1] if static is None else static
        for start, dynamics in zip(chosen, codes.dynamics, strict=True):
            total[start : start + window] += fade[:, None] * dynamics[1:]
            weight[start : start + window] += fade[:, None]
    assert static is not None
    return Codes(static, (total / weight)[None])


def bridged(features: Tensor, occluded: Sequence[int]) -> Tensor:
    """Features of frames, (frames, dim); in occluded frames, between others, on the way from the last seen to the next.

    What hides a face is no movement of it: read as one, it takes the swapped face apart.
    """
    if not occluded:
        return features
    seen = torch.tensor(sorted(set(range(len(features))) - set(occluded)), device=features.device)
    at = torch.tensor(occluded, device=features.device)
    after = torch.searchsorted(seen, at)
    before, after = seen[after - 1], seen[after]
    share = ((at - before) / (after - before))[:, None].to(features.dtype)
    return features.index_copy(0, at, torch.lerp(features[before], features[after], share))
