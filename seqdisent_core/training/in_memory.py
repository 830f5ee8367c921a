"""Training on sequences that lie in memory, of time series and of speech: models that train in minutes."""

import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.methods import Batch, Method, Moment, with_views
from seqdisent_core.training.optimisers import learning_rate_scale, make_optimisers
from seqdisent_core.training.recipes import Recipe

CLIP = 10.0  # norm of a gradient above which it is scaled down: single windows hold errors of measurement
_FITTED = 128  # sequences that `fit` gets at once
_OF_PICTURES = ("sparse_share", "least_frames", "pair_share", "ema_decay", "colour_gain", "mirror")


class Sequences(NamedTuple):
    """Sequences as methods take them: x float32, observed bool, both (sequences, time, *element).

    group: int (sequences,), which longer one each is a piece of; None where they are whole.
    """

    x: Tensor
    observed: Tensor
    group: Tensor | None = None


def train_in_memory(
    recipe: Recipe, train: Sequences, progress: Callable[[float], None] = lambda share: None
) -> tuple[Method, float]:
    """A recipe's model, trained on the CPU, in evaluation mode, and the seconds that it took.

    progress: called with the share of the steps that is done. Raises ConfigError for settings that only pictures have,
    SeqdisentError when the loss stops being a number.
    """
    config, started = recipe.training, time.perf_counter()
    given = [name for name in _OF_PICTURES if getattr(config, name)]
    if given:
        raise ConfigError(f"{given[0]} is a setting for pictures. Set it to 0 to train on other sequences.")
    torch.manual_seed(config.seed)
    model = recipe.build().train()
    optimisers = {turn: make_optimisers(model.turn_parameters(turn), config) for turn in model.turns}
    peaks = {turn: [one.param_groups[0]["lr"] for one in own] for turn, own in optimisers.items()}
    count = min(config.batch, len(train.x))
    for step in range(config.steps):
        chosen = torch.from_numpy(np.random.default_rng([config.seed, step, 0]).choice(len(train.x), count, False))
        generator = torch.Generator().manual_seed(int(np.random.default_rng([config.seed, step, 1]).integers(2**62)))
        group = None if train.group is None else train.group[chosen]
        batch = Batch(train.x[chosen], chosen, train.observed[chosen], group=group)
        batch = with_views(model, batch, generator)
        moment = Moment(step, config.steps, len(train.x), count, generator)
        scale = learning_rate_scale(step, config.steps, config.schedule, config.warmup_steps)
        for turn in model.turns:
            model.zero_grad()
            total = model.loss(batch, moment, turn)["total"]
            if not torch.isfinite(total):
                raise SeqdisentError(f"The loss stopped being a number at step {step}. Lower the learning rate.")
            total.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            for optimiser, peak in zip(optimisers[turn], peaks[turn], strict=True):
                optimiser.param_groups[0]["lr"] = peak * scale
                optimiser.step()
        progress((step + 1) / config.steps)
    model.eval()
    model.fit(train.x.split(_FITTED))
    return model, time.perf_counter() - started


def weights_sha256(model: Method) -> str:
    """SHA-256 (hex) of a model's weights, as a file of them would have it."""
    return hashlib.sha256(save({name: value.contiguous() for name, value in model.state_dict().items()})).hexdigest()
