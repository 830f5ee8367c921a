"""A model tuned to the people of two clips in seconds: their static codes and the decoder, everything else as it was.

The encoders stay, so what dynamics mean stays, and a swap is read as before. Three errors are weighed: the clips
themselves; what the untuned model draws for codes of others (rehearsal), so that the decoder forgets nobody; and what
the encoders read back from swaps of the two (return), so that a swap keeps its person and its movement.
"""

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.methods.contract import Codes, Method
from seqdisent_core.methods.dbse import motion_weights
from seqdisent_core.windows import encode_in_windows

RATE = 1e-3  # Adam's, of the decoder; static codes take ten times as long steps
AVERAGE = 0.9  # decay of the averaged weights and codes that are given: good at any step, with no schedule to end
FRAMES = 12  # of each clip a step, and as many of rehearsal
RETURN_FRAMES = 8  # of a swap that is read back
REHEARSAL_WEIGHT, RETURN_WEIGHT = 1.0, 0.02


@dataclass(frozen=True)
class Tuned:
    """A model after some seconds of tuning, and the codes of its clips.

    method: a copy that is the caller's own; codes: of each clip, a batch of one; steps; seconds: spent on them alone;
    error: mean squared error of a colour value in the clips, over the latest steps.
    """

    method: Method
    codes: tuple[Codes, ...]
    steps: int
    seconds: float
    error: float


def personalise(
    method: Method,
    clips: Sequence[np.ndarray],
    anchors: Sequence[int],
    *,
    seconds: float = 20.0,
    steps: int | None = None,
    seed: int = 0,
    every: float = 2.0,
) -> Iterator[Tuned]:
    """Tune a copy of a model to clips, uint8 (frames, size, size, 3) each; `method` itself stays as it is.

    seconds: until when another step is begun; steps: at most so many. Gives the state before the first step, then about
    every `every` seconds, and at the end; stop whenever you like. The state's model goes on changing with the next one
    asked for. anchors: the frame each static code is read from.
    """
    tuned = copy.deepcopy(method).eval().requires_grad_(False)
    frames = [_as_tensor(clip, method.device) for clip in clips]
    codes = [encode_in_windows(method, clip, anchor) for clip, anchor in zip(frames, anchors, strict=True)]
    statics = [code.static.clone().requires_grad_() for code in codes]
    decoder = [parameter.requires_grad_() for parameter in tuned.decoder.parameters()]
    learnt = [*decoder, *statics]
    given = copy.deepcopy(tuned).requires_grad_(False)
    averages = [*given.decoder.parameters(), *(static.detach().clone() for static in statics)]
    optimiser = torch.optim.Adam(
        [{"params": decoder, "lr": RATE}, {"params": statics, "lr": 10 * RATE}], betas=(0.9, 0.99)
    )
    random = np.random.default_rng(seed)
    generator = torch.Generator(method.device).manual_seed(seed)
    spent, last, done, error = 0.0, 0.0, 0, float("nan")

    def state() -> Tuned:
        now = zip(averages[len(decoder) :], codes, strict=True)
        return Tuned(given, tuple(Codes(static.clone(), code.dynamics) for static, code in now), done, spent, error)

    yield state()
    while spent < seconds and (steps is None or done < steps):
        began = time.perf_counter()
        shown = [np.sort(random.choice(len(clip), min(FRAMES, len(clip)), replace=False)) for clip in frames]
        own = torch.stack(
            [
                _error(tuned.decode(s, c.dynamics[:, at]), clip[at][None])
                for s, c, clip, at in zip(statics, codes, frames, shown, strict=True)
            ]
        ).mean()
        total = own + REHEARSAL_WEIGHT * _rehearse(method, tuned, generator)
        if len(clips) > 1:
            total = total + RETURN_WEIGHT * _return(tuned, statics, codes, random)
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        done += 1
        with torch.no_grad():
            decay = min(AVERAGE, 1 - 1 / done)
            torch._foreach_lerp_(averages, [value.detach() for value in learnt], 1 - decay)
        error = float(own.detach()) if done == 1 else 0.8 * error + 0.2 * float(own.detach())
        spent += time.perf_counter() - began
        if spent - last >= every:
            last = spent
            yield state()
    yield state()


def _as_tensor(clip: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(clip)).to(device).permute(0, 3, 1, 2).float() / 255


def _error(decoded: Tensor, meant: Tensor) -> Tensor:
    """Squared error a colour value, where the clip moves counted up to several times."""
    return ((decoded - meant).square() * motion_weights(meant, 2.0)).mean()


def _rehearse(method: Method, tuned: Method, generator: torch.Generator) -> Tensor:
    """How far the tuned decoder has moved from the untuned one for people and movements drawn from the priors."""
    static = method.sample_static(FRAMES // 2, generator)
    dynamics = method.sample_dynamics(FRAMES // 2, RETURN_FRAMES, generator)[:, -2:]
    with torch.no_grad():
        meant = method.decode(static, dynamics)
    return (tuned.decode(static, dynamics) - meant).square().mean()


def _return(tuned: Method, statics: Sequence[Tensor], codes: Sequence[Codes], random: np.random.Generator) -> Tensor:
    """A swap of a short run, read back: squared distance of its codes from what it was made of."""
    who = int(random.integers(len(codes)))
    other = (who + 1) % len(codes)
    frames = codes[other].dynamics.shape[1]
    start = int(random.integers(0, max(1, frames - RETURN_FRAMES)))
    dynamics = codes[other].dynamics[:, start : start + RETURN_FRAMES]
    swap = tuned.decode(statics[who], dynamics)
    still = tuned.decode(statics[who], codes[who].dynamics[:, :1]).detach()
    read = tuned.encode(torch.cat([still, swap], dim=1)).mean
    back = (read.dynamics[:, 1:] - dynamics).square().mean()
    return back + (read.static - statics[who].detach()).square().mean()
