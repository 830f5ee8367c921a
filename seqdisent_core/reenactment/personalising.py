"""A model tuned to the people of two clips in seconds: their static codes and the decoder; as a rule nothing else.

The encoders stay, so what dynamics mean stays, and a swap is read as before. Three errors are weighed: the clips
themselves; what the untuned model draws for codes from its priors (rehearsal), so that the decoder forgets nobody; and
what the encoders read back from swaps of the two (return), so that a swap keeps its person and its movement.
"""

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from seqdisent_core.domains.images import as_clip, motion_weights
from seqdisent_core.machine import Cores, picture_dtype
from seqdisent_core.methods import Anchored, Codes
from seqdisent_core.reenactment.windows import encode_in_windows
from seqdisent_core.settings import Settings, settings

STEPS = 75  # of tuning, unless somebody says otherwise: more of them bring nothing that can be measured
AVERAGE = 0.9  # decay of the averaged weights and codes that are given: good at any step, with no schedule to end
FRAMES = 12  # of each clip a step, and as many of rehearsal: few, so that seconds hold many steps
RETURN_FRAMES = 8  # of a swap that is read back: few, as that takes both networks
MOTION = 2.0  # weight of what moves, as the model was trained with (`motion_weight` of the preset wild)


@settings
class Tuning(Settings):
    """How a model is tuned to people; docs/filmed.md says what each setting does to the figures.

    * learns: the static codes alone, the decoder with them, the clips' dynamics codes too, or all weights besides (the
      encoders' by what they read back from swaps).
    * learning_rate: of the weights, Adam's; codes take ten times as long steps.
    * rehearsal: weight, beside the clips' own error, of what the untuned model draws for codes from its priors.
    * back: weight of a swap read again.
    * near: weight of dynamics codes against what was read, by their variance over the clip's time.
    """

    learns: Literal["static", "decoder", "dynamics", "all"] = "decoder"
    learning_rate: float = 1e-3
    rehearsal: float = 1.0
    back: float = 0.02
    near: float = 0.02

    @property
    def learns_dynamics(self) -> bool:
        return self.learns in ("dynamics", "all")


USUAL = Tuning()


@dataclass(frozen=True)
class Tuned:
    """A model after some seconds of tuning, and the codes of its clips.

    method: whose weights that are learnt are the caller's own, the others being in memory once, with the model that was
    tuned; codes: of each clip, a batch of one; steps; seconds: spent on them alone; error: mean squared error of a
    colour value in the clips, over the latest steps; nbytes: of the weights and codes that are its own.
    """

    method: Anchored
    codes: tuple[Codes, ...]
    steps: int
    seconds: float
    error: float
    nbytes: int

    def kept(self) -> "Tuned":
        """A copy on the CPU, which stays as it is while the tuning goes on."""
        codes = tuple(Codes(code.static.cpu(), code.dynamics.cpu()) for code in self.codes)
        method = copy.deepcopy(self.method).cpu()
        return replace(self, method=method, codes=codes, nbytes=_bytes_of([*method.parameters(), *_values(codes)]))


def prepare() -> None:
    """Has torch load what it needs for its first optimiser, which takes a second, before somebody waits for it."""
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


def personalise(
    method: Anchored,
    clips: Sequence[np.ndarray],
    anchors: Sequence[int],
    tuning: Tuning = USUAL,
    *,
    seconds: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    every: float = 2.0,
    occluded: Sequence[Sequence[int]] | None = None,
) -> Iterator[Tuned]:
    """Tune a copy of a model to clips, uint8 (frames, size, size, 3) each; `method` itself stays as it is.

    * anchors: the frame each static code is read from.
    * occluded: of each clip, frames in which the face is out of sight; nothing is learnt from them.
    * steps: how many (None: STEPS); seconds: until when another one is begun, at most.

    Gives the state before the first step, then about every `every` seconds, and at the end; stop whenever you like. The
    state's model goes on changing with the next one asked for.
    """
    tuned = copy.deepcopy(method).eval().requires_grad_(False)
    untuned = method.for_inference(picture_dtype(method.device))
    for part in (*tuned.modules(), *untuned.modules()):
        if isinstance(part, nn.LSTM):  # cuDNN goes back through one in training mode alone; it does the same in both
            part.train()
            part.flatten_parameters()  # a copy's weights lie apart, which cuDNN would mend at each call
    frames = [as_clip(clip, method.device) for clip in clips]
    unseen = occluded or [()] * len(clips)
    reader = tuned if tuning.learns == "all" else untuned
    read = [
        encode_in_windows(untuned, clip, anchor, occluded=out)
        for clip, anchor, out in zip(frames, anchors, unseen, strict=True)
    ]
    seen = [np.setdiff1d(np.arange(len(clip)), out) for clip, out in zip(frames, unseen, strict=True)]
    codes = [_copied(code) for code in read]
    weights = _weights(tuned, tuning)
    free = _free(codes, tuning)
    learnt: list[Tensor] = [value.requires_grad_() for value in (*weights, *free)]
    limit = inf if seconds is None else seconds
    most = STEPS if steps is None else steps
    given = _sharing(method, _weights(method, tuning) if limit and most else [])
    kept = [_copied(code) for code in read]
    averages: list[Tensor] = [*_weights(given, tuning), *_free(kept, tuning)]
    random = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    nbytes = _bytes_of([*(_weights(given, tuning) if limit and most else []), *_values(kept)])
    spent, last, done, error = 0.0, 0.0, 0, float("nan")

    def state() -> Tuned:
        return Tuned(given, tuple(_copied(code) for code in kept), done, spent, error, nbytes)

    cores = Cores()
    yield state()
    if not limit or not most:  # the first optimiser takes torch a second to make (see `prepare`)
        yield state()
        return
    groups = [{"params": weights, "lr": tuning.learning_rate}, {"params": free, "lr": 10 * tuning.learning_rate}]
    # betas: the squares' memory is a hundred steps long, and STEPS are fewer.
    optimiser = torch.optim.Adam([group for group in groups if group["params"]], betas=(0.9, 0.99))
    while spent < limit and done < most:
        began = time.perf_counter()
        with cores.shared():
            shown = [np.sort(random.choice(at, min(FRAMES, len(at)), replace=False)) for at in seen]
            own = torch.stack(
                [
                    _error(_decode(tuned, Codes(code.static, code.dynamics[:, at])), clip[at][None])
                    for code, clip, at in zip(codes, frames, shown, strict=True)
                ]
            ).mean()
            total = own
            if tuning.rehearsal and weights:
                total = total + tuning.rehearsal * _rehearse(untuned, tuned, generator)
            if tuning.back and len(clips) > 1:
                total = total + tuning.back * _return(tuned, reader, codes, anchors, random)
            if tuning.near and tuning.learns_dynamics:
                total = total + tuning.near * _strayed(codes, read)
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


def _sharing(method: Anchored, learnt: Sequence[nn.Parameter]) -> Anchored:
    """A copy that has these weights for itself; all others lie in memory once, with the model's own, and stay."""
    apart = set(map(id, learnt))
    shared: dict[int, Tensor] = {
        id(weight): nn.Parameter(weight.detach(), requires_grad=False)
        for weight in method.parameters()
        if id(weight) not in apart
    }
    return copy.deepcopy(method, shared).eval().requires_grad_(False)


def _values(codes: Sequence[Codes]) -> list[Tensor]:
    return [value for code in codes for value in (code.static, code.dynamics)]


def _bytes_of(tensors: Sequence[Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _weights(method: Anchored, tuning: Tuning) -> list[nn.Parameter]:
    """Those that are learnt; of the decoder alone, as a rule."""
    if tuning.learns == "static":
        return []
    return list((method if tuning.learns == "all" else method.backbone.decoder).parameters())


def _free(codes: Sequence[Codes], tuning: Tuning) -> list[Tensor]:
    """The codes that are learnt."""
    dynamics = [code.dynamics for code in codes if tuning.learns_dynamics]
    return [code.static for code in codes] + dynamics


def _copied(codes: Codes) -> Codes:
    return Codes(codes.static.clone(), codes.dynamics.clone())


def _decode(tuned: Anchored, codes: Codes) -> Tensor:
    """What a model that learns draws, in bf16 where the processor has units for it."""
    dtype = picture_dtype(tuned.device)
    # Weights change at every step: a cast one may not be kept.
    with torch.autocast(tuned.device.type, dtype, enabled=dtype != torch.float32, cache_enabled=False):
        return tuned.decode(codes)


def _error(decoded: Tensor, meant: Tensor) -> Tensor:
    """Squared error a colour value, where the clip moves counted up to several times."""
    return ((decoded - meant).square() * motion_weights(meant, MOTION)).mean()


def _rehearse(untuned: Anchored, tuned: Anchored, generator: torch.Generator) -> Tensor:
    """How far the tuned decoder has moved from the untuned one for people and movements drawn from the priors."""
    static = untuned.sample_static(FRAMES // 2, generator)
    codes = Codes(static, untuned.sample_dynamics(FRAMES // 2, RETURN_FRAMES, generator)[:, -2:])
    with torch.no_grad():
        meant = untuned.decode(codes)
    return (_decode(tuned, codes) - meant).square().mean()


def _return(
    tuned: Anchored, reader: Anchored, codes: Sequence[Codes], anchors: Sequence[int], random: np.random.Generator
) -> Tensor:
    """A swap of a short run, read back: squared distance of its codes from what it was made of."""
    who = int(random.integers(len(codes)))
    other = (who + 1) % len(codes)
    static, others = codes[who].static, codes[other].dynamics
    start = int(random.integers(0, max(1, others.shape[1] - RETURN_FRAMES + 1)))
    dynamics = others[:, start : start + RETURN_FRAMES]
    still = others[:, anchors[other], None]
    swap = _decode(tuned, Codes(static, torch.cat([still, dynamics], dim=1)))
    again = reader.encode(swap)
    back = (again.dynamics[:, 1:] - dynamics.detach()).square().mean()
    return back + (again.static - static.detach()).square().mean()


def _strayed(codes: Sequence[Codes], read: Sequence[Codes]) -> Tensor:
    """How far dynamics codes are from what was read, in variances over the clip's time."""
    strayed = [
        ((now.dynamics - then.dynamics).square() / (then.dynamics.var(dim=1, keepdim=True) + 1e-3)).mean()
        for now, then in zip(codes, read, strict=True)
        if then.dynamics.shape[1] > 1  # a photograph's do not vary
    ]
    return torch.stack(strayed).mean()
