"""Models small enough for a test to train."""

import dataclasses
from typing import Any

import torch

from seqdisent_core.domains.images import Images, ImagesConfig
from seqdisent_core.methods import DBSE, Batch, DBSEConfig
from seqdisent_core.training import Recipe, TrainingConfig

SMALL = DBSEConfig(static_dim=8, dynamics_dim=4, hidden_dim=16, posterior_hidden_dim=8, initial_std=0.0)
IMAGES = ImagesConfig(width=4, feature_dim=16)
QUICK = TrainingConfig(steps=6, batch=4, sparse_share=0.5, sparse_batch=6, sparse_frames=3, ema_decay=0.9)


def small_recipe(training: TrainingConfig = QUICK, **changes: Any) -> Recipe:
    """A DBSE over images, 64 px; changes: of either's settings, by name."""
    images = {field.name for field in dataclasses.fields(ImagesConfig)}
    network = dataclasses.replace(IMAGES, **{name: value for name, value in changes.items() if name in images})
    model = dataclasses.replace(SMALL, **{name: value for name, value in changes.items() if name not in images})
    return Recipe("dbse", model, "images", network, training)


def small_dbse(**changes: Any) -> DBSE:
    model = small_recipe(**changes).build()
    assert isinstance(model, DBSE) and isinstance(model.backbone, Images)
    return model


def batch_of(clip: torch.Tensor, partner: torch.Tensor | None = None) -> Batch:
    """Clips (batch, time, ...) as a batch of a training step."""
    return Batch(clip, torch.arange(len(clip)), partner=partner)
