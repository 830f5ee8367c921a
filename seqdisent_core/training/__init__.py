"""Settings, recipes, batches, optimisers and the loop."""

from seqdisent_core.training.batches import Steps
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.loop import STATE, Progress, Trainer, averaged_weights, process_state
from seqdisent_core.training.optimisers import learning_rate_scale
from seqdisent_core.training.recipes import PRESETS, Recipe, preset
from seqdisent_core.training.sheet import model_sheet

__all__ = [
    "PRESETS",
    "STATE",
    "Progress",
    "Recipe",
    "Steps",
    "Trainer",
    "TrainingConfig",
    "averaged_weights",
    "learning_rate_scale",
    "model_sheet",
    "preset",
    "process_state",
]
