"""Methods and backbones by name: how a model is built from a recipe or a saved configuration."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from seqdisent_core.domains import BACKBONES
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods.cdsvae import CDSVAE
from seqdisent_core.methods.contract import BACKBONE, Method
from seqdisent_core.methods.dbse import DBSE
from seqdisent_core.methods.dsvae import DSVAE
from seqdisent_core.methods.exchange import Exchange
from seqdisent_core.methods.fhvae import FHVAE
from seqdisent_core.methods.glr import GLR
from seqdisent_core.methods.gp_vae import GPVAE
from seqdisent_core.methods.mocogan import MoCoGAN
from seqdisent_core.methods.rwae import RWAE
from seqdisent_core.methods.s3vae import S3VAE
from seqdisent_core.methods.skd import SKD
from seqdisent_core.methods.spyl import SPYL
from seqdisent_core.methods.vae import VAE
from seqdisent_core.settings import Settings

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (CDSVAE, DBSE, DSVAE, Exchange, FHVAE, GLR, GPVAE, MoCoGAN, RWAE, S3VAE, SKD, SPYL, VAE)
}


def build(method: str, model: Settings, backbone: str, network: Settings) -> Method:
    """A new model of these settings, its weights from torch's global generator.

    Raises ConfigError where the method compares views that the backbone does not have, or where a weight of the method
    would be stored under the name of one of the backbone's.
    """
    kind = METHODS[method]
    missing = [view for view in kind.views if view not in BACKBONES[backbone].views]
    if missing:
        raise ConfigError(f"{method} compares the views {', '.join(missing)}, which {backbone} does not have.")
    built = kind(model, BACKBONES[backbone](network, model.code_dim))  # type: ignore[attr-defined]
    stored = [name.removeprefix(BACKBONE) for name in built.state_dict()]
    twice = sorted({name for name in stored if stored.count(name) > 1})
    if twice:
        raise ConfigError(f"{method} has weights of the same name as {backbone}, {twice[0]}. Rename its own.")
    return built


def read_parts(config: Any) -> tuple[str, Settings, str, Settings]:
    """Names and settings of a method and its backbone from {"method": {"name": ...}, "backbone": {"name": ...}}.

    Raises ConfigError for an unknown name or setting.
    """
    method, model = _part(config, "method", {name: kind.config_type for name, kind in METHODS.items()})
    backbone, network = _part(config, "backbone", {name: kind.config_type for name, kind in BACKBONES.items()})
    return method, model, backbone, network


def _part(config: Mapping[str, Any], part: str, known: Mapping[str, type[Settings]]) -> tuple[str, Settings]:
    values = config.get(part)
    if not isinstance(values, dict) or values.get("name") not in list(known):
        given = values.get("name") if isinstance(values, dict) else values
        raise ConfigError(f"The {part} is {given!r}; known are: {', '.join(known)}.")
    name = values["name"]
    return name, known[name].from_dict({key: value for key, value in values.items() if key != "name"})


def in_parts(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A saved model's configuration as `read_parts` reads it.

    Models that were saved before there were backbones have one flat object, of a DBSE over images.
    """
    if not isinstance(config.get("method"), str) or "backbone" in config:
        return config
    backbone = {field.name for field in dataclasses.fields(BACKBONES["images"].config_type)}  # type: ignore[arg-type]
    rest = {key: value for key, value in config.items() if key != "method" and key not in backbone}
    return {
        "method": {"name": config["method"], **rest},
        "backbone": {"name": "images", **{key: value for key, value in config.items() if key in backbone}},
    }
