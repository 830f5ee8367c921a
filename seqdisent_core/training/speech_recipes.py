"""Recipes of the table of speech: every method over the same networks of spectra and the same budget."""

from dataclasses import replace
from typing import Any

from seqdisent_core.domains.speech import SpectraConfig
from seqdisent_core.methods import DBSEConfig, FHVAEConfig
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.recipes import Recipe
from seqdisent_core.training.rivals import equal

_RIVALS = ("dsvae", "rwae", "s3vae", "skd", "cdsvae", "spyl")


def voices() -> Recipe:
    """DBSE for hearing swaps: as in `speech_recipes`, with larger networks and more steps, so that words stay.
    The code of the voice is small, so that it holds little else."""
    base = speech_recipes(1)["dbse"]
    return replace(
        base,
        model=replace(base.model, static_dim=32, dynamics_dim=48, posterior_hidden_dim=96, initial_log_variance=-4.0),
        network=replace(base.network, feature_dim=160, hidden_dim=384),
        training=replace(base.training, steps=2_000),
    )


def speech_recipes(groups: int) -> dict[str, Recipe]:
    """The recipe of each row by the method's name; groups: recordings of the largest training set, which FHVAE
    has means of.

    Sizes of s and d are the published ones. Chosen on the validation speakers, the same for every method: logarithms
    instead of magnitudes, and each segment begins with the mean frame of its recording, which is DBSE's anchor.
    """
    base = Recipe(
        "dbse",
        DBSEConfig(
            static_dim=128,
            dynamics_dim=128,
            hidden_dim=128,
            posterior_hidden_dim=64,
            weight_reconstruction=1.0,
            weight_anchor=3.0,
            weight_static=1.0,
            weight_dynamics=1.0,
            initial_std=0.0,
            initial_log_variance=-2.0,
        ),
        "spectra",
        SpectraConfig(mean_first=True),
        TrainingConfig(steps=600, batch=64, learning_rate=2e-3, schedule="cosine", warmup_steps=20, precision="no"),
    )
    shared: dict[str, Any] = {
        name: getattr(base.model, name) for name in ("static_dim", "dynamics_dim", "hidden_dim", "initial_log_variance")
    }
    fhvae = replace(base, method="fhvae", model=FHVAEConfig(**shared, groups=groups))
    return {"dbse": base, "fhvae": fhvae} | {method: equal(method, base) for method in _RIVALS}
