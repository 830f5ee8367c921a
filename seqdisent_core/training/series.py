"""Training on windows of time series: small sets that lie in memory, and models that train in a minute."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.methods import Batch, Method, Moment, with_views
from seqdisent_core.training.optimisers import learning_rate_scale, make_optimisers
from seqdisent_core.training.recipes import Recipe

CLIP = 10.0  # norm of a gradient above which it is scaled down: single windows hold errors of measurement


_OF_PICTURES = ("sparse_share", "least_frames", "pair_share", "ema_decay", "colour_gain", "mirror")


class SeriesWindows(NamedTuple):
    """Normalised series as methods take them: x float32, observed bool, both (series, time, window, features)."""

    x: Tensor
    observed: Tensor


def train_series(
    recipe: Recipe, train: SeriesWindows, progress: Callable[[float], None] = lambda share: None
) -> tuple[Method, float]:
    """A recipe's model, trained on the CPU, in evaluation mode, and the seconds that it took.

    progress: called with the share of the steps that is done. Raises ConfigError for settings that only pictures have,
    SeqdisentError when the loss stops being a number.
    """
    config, started = recipe.training, time.perf_counter()
    given = [name for name in _OF_PICTURES if getattr(config, name)]
    if given:
        raise ConfigError(f"{given[0]} is a setting for pictures. Set it to 0 to train on time series.")
    torch.manual_seed(config.seed)
    model = recipe.build().train()
    optimisers = {turn: make_optimisers(model.turn_parameters(turn), config) for turn in model.turns}
    peaks = {turn: [one.param_groups[0]["lr"] for one in own] for turn, own in optimisers.items()}
    count = min(config.batch, len(train.x))
    for step in range(config.steps):
        chosen = torch.from_numpy(np.random.default_rng([config.seed, step, 0]).choice(len(train.x), count, False))
        generator = torch.Generator().manual_seed(int(np.random.default_rng([config.seed, step, 1]).integers(2**62)))
        batch = with_views(model, Batch(train.x[chosen], chosen, train.observed[chosen]), generator)
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
    return model.eval(), time.perf_counter() - started
