"""Settings, recipes, batches, optimisers and the loop."""

from seqdisent_core.training.batches import Steps
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.loop import Progress, Trainer, process_state
from seqdisent_core.training.optimisers import learning_rate_scale
from seqdisent_core.training.recipes import PRESETS, Recipe, preset
from seqdisent_core.training.series import SeriesWindows, train_series
from seqdisent_core.training.series_recipes import SIZES, anchor_recipe, series_recipes
from seqdisent_core.training.sheet import model_sheet

__all__ = [
    "PRESETS",
    "SIZES",
    "Progress",
    "Recipe",
    "SeriesWindows",
    "Steps",
    "Trainer",
    "TrainingConfig",
    "anchor_recipe",
    "learning_rate_scale",
    "model_sheet",
    "preset",
    "process_state",
    "series_recipes",
    "train_series",
]
