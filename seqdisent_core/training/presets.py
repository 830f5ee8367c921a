"""Every recipe by name."""

from collections.abc import Callable
from functools import partial

from seqdisent_core.errors import ConfigError
from seqdisent_core.training.recipes import Recipe, fast, film, published, sprites, wild
from seqdisent_core.training.rivals import OURS, RIVALS, equal, published_settings

PRESETS: dict[str, Callable[[], Recipe]] = {
    "published": published,
    "fast": fast,
    "sprites": sprites,
    "wild": wild,
    "film": film,
    "sprites_published": partial(published_settings, "dbse"),
    **{method: partial(equal, method) for method in (*RIVALS, OURS)},
    **{f"{method}_published": partial(published_settings, method) for method in RIVALS},
}


def preset(name: str) -> Recipe:
    """The recipe of this name, one of PRESETS."""
    if name not in PRESETS:
        raise ConfigError(f"There is no preset {name!r}; choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]()
