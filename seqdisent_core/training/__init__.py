"""Settings, recipes, batches, optimisers and the loop."""

from seqdisent_core.training.batches import Steps
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.in_memory import Sequences, train_in_memory, weights_sha256
from seqdisent_core.training.loop import LOG_EVERY, STATE, Progress, Trainer, averaged_weights, process_state
from seqdisent_core.training.optimisers import learning_rate_scale
from seqdisent_core.training.presets import PRESETS, preset
from seqdisent_core.training.recipes import Recipe, fast, sprites
from seqdisent_core.training.rivals import OURS, RIVALS, equal, published_settings, with_steps
from seqdisent_core.training.series_recipes import SIZES, SeriesSizes, anchor_recipe, recipes_of, series_recipes
from seqdisent_core.training.sheet import model_sheet
from seqdisent_core.training.speech_recipes import speech_recipes, voices

__all__ = [
    "LOG_EVERY",
    "OURS",
    "PRESETS",
    "RIVALS",
    "SIZES",
    "STATE",
    "Progress",
    "Recipe",
    "Sequences",
    "SeriesSizes",
    "Steps",
    "Trainer",
    "TrainingConfig",
    "anchor_recipe",
    "averaged_weights",
    "equal",
    "fast",
    "learning_rate_scale",
    "model_sheet",
    "preset",
    "process_state",
    "published_settings",
    "recipes_of",
    "series_recipes",
    "speech_recipes",
    "sprites",
    "train_in_memory",
    "voices",
    "weights_sha256",
    "with_steps",
]
