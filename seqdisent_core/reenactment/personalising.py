"""A model tuned to the people of two clips in seconds: their static codes and the decoder; as a rule nothing else.

The encoders stay, so what dynamics mean stays, and a swap is read as before. What is weighed: the clips themselves,
decoded and as their anchor frame warped; what the untuned model draws for codes from its priors (rehearsal), so that
the decoder forgets nobody; what the encoders read back from swaps of the two (return), so that a swap keeps its person
and its movement; and what the untuned model says is visible (mask), or decoded pixels would take the place of the
warped ones, which are sharper.
"""

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import torch
from torch import Tensor, nn

from seqdisent_core.domains.images import FrameDecoder, as_clip
from seqdisent_core.machine import Cores, picture_dtype
from seqdisent_core.methods import Anchored, Codes
from seqdisent_core.reenactment.tuning import USUAL, Film, Tuning, TuningErrors, strayed
from seqdisent_core.reenactment.windows import encode_in_windows

STEPS = 75  # of tuning, unless somebody says otherwise: more of them bring nothing that can be measured
AVERAGE = 0.9  # decay of the averaged weights and codes that are given: good at any step, with no schedule to end
BRANCH = 3.0  # times as long steps of the motion branch as of the rest of the decoder: its field is smooth


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

    def on(self, device: torch.device) -> "Tuned":
        """The same on a device: itself where it is there, or a copy."""
        if self.method.device == device:
            return self
        codes = tuple(Codes(code.static.to(device), code.dynamics.to(device)) for code in self.codes)
        return replace(self, method=copy.deepcopy(self.method).to(device), codes=codes)


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
    untuned = _learning(method.for_inference(picture_dtype(method.device)))
    films = []
    for clip, anchor, out in zip(clips, anchors, occluded or [()] * len(clips), strict=True):
        frames = as_clip(clip, method.device)
        read = encode_in_windows(untuned, frames, anchor, occluded=out)
        films.append(Film(frames, anchor, np.setdiff1d(np.arange(len(clip)), out), read, _copied(read)))
    limit = inf if seconds is None else seconds
    most = STEPS if steps is None else steps
    given = _sharing(method, _weights(method, tuning) if limit and most else [])
    kept = [_copied(film.read) for film in films]
    averages: list[Tensor] = [*_weights(given, tuning), *_free(kept, tuning)]
    nbytes = _bytes_of([*(_weights(given, tuning) if limit and most else []), *_values(kept)])
    spent, last, done, error = 0.0, 0.0, 0, float("nan")

    def state() -> Tuned:
        return Tuned(given, tuple(_copied(code) for code in kept), done, spent, error, nbytes)

    yield state()
    if not limit or not most:  # the first optimiser takes torch a second to make (see `prepare`)
        yield state()
        return
    cores, tuned = Cores(), _learning(copy.deepcopy(method).eval().requires_grad_(False))
    # Convolutions are faster so, backwards, too.
    tuned.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    weights, free = _weights(tuned, tuning), _free([film.code for film in films], tuning)
    learnt: list[Tensor] = [value.requires_grad_() for value in (*weights, *free)]
    decoder = tuned.backbone.decoder
    branch = {id(weight) for weight in decoder.motion_parameters()} if isinstance(decoder, FrameDecoder) else set()
    groups = [
        {"params": [one for one in weights if id(one) not in branch], "lr": tuning.learning_rate},
        {"params": [one for one in weights if id(one) in branch], "lr": BRANCH * tuning.learning_rate},
        {"params": free, "lr": 10 * tuning.learning_rate},
    ]
    # betas: the squares' memory is a hundred steps long, and STEPS are fewer.
    optimiser = torch.optim.Adam([group for group in groups if group["params"]], betas=(0.9, 0.99))
    errors = TuningErrors(tuned, untuned, tuned if tuning.learns == "all" else untuned, films, tuning, seed)
    while spent < limit and done < most:
        began = time.perf_counter()
        with cores.shared():
            own, total = errors.step()
            if tuning.learns_dynamics:
                total = total + tuning.near * strayed(films)
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


def _learning(method: Anchored) -> Anchored:
    """The same with LSTMs that a gradient can go back through."""
    for part in method.modules():
        if isinstance(part, nn.LSTM):  # cuDNN goes back through one in training mode alone; it does the same in both
            part.train()
            part.flatten_parameters()  # a copy's weights lie apart, which cuDNN would mend at each call
    return method


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
