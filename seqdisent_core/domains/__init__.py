"""One room a kind of element, each with a backbone for the methods."""

from seqdisent_core.domains.backbone import Backbone
from seqdisent_core.domains.images import Images
from seqdisent_core.domains.series import Windows

BACKBONES: dict[str, type[Backbone]] = {backbone.name: backbone for backbone in (Images, Windows)}

__all__ = ["BACKBONES", "Backbone"]
