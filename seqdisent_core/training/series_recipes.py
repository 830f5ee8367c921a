"""Recipes of the tables of time series: every method over the same networks of windows and the same budget."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from seqdisent_core.domains.series import WindowsConfig
from seqdisent_core.methods import METHODS, DBSEConfig, SPYLConfig
from seqdisent_core.settings import Settings
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.recipes import Recipe

VARIANTS: tuple[Literal["full", "without_loss", "without_subtraction", "without_both"], ...] = (
    "full",
    "without_loss",
    "without_subtraction",
    "without_both",
)


@dataclass(frozen=True)
class SeriesSizes:
    """What differs between the sets.

    window: steps of an element, the published ones (Berman et al. 2024); features: of a step. published_anchor: index
    of the window that s is read from there; anchor: here, chosen by the results *_anchor.json. steps, batch: of
    training, the same for every method.
    """

    window: int
    features: int
    published_anchor: int
    anchor: int
    steps: int
    batch: int


SIZES: Mapping[str, SeriesSizes] = {
    "physionet2012": SeriesSizes(window=4, features=10, published_anchor=0, anchor=0, steps=300, batch=32),
    "air_quality": SeriesSizes(window=24, features=10, published_anchor=27, anchor=15, steps=300, batch=8),
    "etth1": SeriesSizes(window=24, features=6, published_anchor=14, anchor=27, steps=300, batch=8),
}


def series_recipes(name: str) -> dict[str, Recipe]:
    """The recipe of each row of a set's table, by the row's name; name: of SIZES."""
    return recipes_of(SIZES[name])


def recipes_of(sizes: SeriesSizes) -> dict[str, Recipe]:
    """The same for a set of any sizes.

    Sizes of codes are the published ones: s and d of 8 dimensions each, z of 16 where there is no s.
    """
    network = WindowsConfig(window=sizes.window, features=sizes.features)
    training = TrainingConfig(
        steps=sizes.steps, batch=sizes.batch, learning_rate=3e-3, schedule="cosine", warmup_steps=20, precision="no"
    )
    dbse = DBSEConfig(
        static_dim=8,
        dynamics_dim=8,
        hidden_dim=64,
        posterior_hidden_dim=32,
        anchor=sizes.anchor,
        weight_reconstruction=1.0,
        weight_anchor=3.0,
        weight_static=1.0,
        weight_dynamics=1.0,
        initial_std=0.0,
    )
    rows: dict[str, tuple[str, Settings]] = {
        "dbse" + ("" if variant == "full" else f" {variant}"): ("dbse", replace(dbse, variant=variant))
        for variant in VARIANTS
    }
    rows["spyl"] = ("spyl", SPYLConfig(static_dim=8, dynamics_dim=8, hidden_dim=32))
    rows |= {method: (method, METHODS[method].config_type()) for method in ("glr", "gp_vae", "vae")}
    return {row: Recipe(method, model, "windows", network, training) for row, (method, model) in rows.items()}


def anchor_recipe(name: str) -> Recipe:
    """DBSE as of `series_recipes`, trained with the published anchor: by this model an anchor is chosen."""
    recipe = series_recipes(name)["dbse"]
    return replace(recipe, model=replace(recipe.model, anchor=SIZES[name].published_anchor))
