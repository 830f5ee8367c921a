"""One room a kind of element, each with a backbone for the methods."""

from seqdisent_core.domains.backbone import Backbone
from seqdisent_core.domains.images import Images
from seqdisent_core.domains.series import Windows
from seqdisent_core.domains.speech import Spectra

BACKBONES: dict[str, type[Backbone]] = {backbone.name: backbone for backbone in (Images, Spectra, Windows)}

__all__ = ["BACKBONES", "Backbone"]
