"""Frames of films: the DCGAN stacks of Berman et al. 2024, and squared errors in which what moves may weigh more."""

import copy
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from seqdisent_core.domains.backbone import Backbone, shuffled
from seqdisent_core.domains.images.folding import Folded
from seqdisent_core.domains.images.motion import motion_weights
from seqdisent_core.domains.images.motion_branch import NEAR
from seqdisent_core.domains.images.networks import FRAME_SIZES, FrameDecoder, FrameEncoder
from seqdisent_core.domains.images.truth import Drawn, part_weights, truth_errors
from seqdisent_core.domains.images.views import CELLS, moving_cells, recoloured
from seqdisent_core.domains.images.warping import enlarged
from seqdisent_core.errors import ConfigError
from seqdisent_core.settings import Settings, Size, Weight, settings


@settings
class ImagesConfig(Settings):
    """Sizes of the networks; the defaults are the paper's for MUG.

    * frame_size: pixels a side, 64, 128 or 256; width: channels of the outermost block (64: 64-128-256-512).
    * patch: side of the squares of pixels that are taken together as one with more colours; with 2 the networks work on
      64 x 64 places of a frame of 128 px.
    * feature_dim: of g_t.
    * motion_weight, m (ours, off by default): squared errors count 1 + m sd / mean(sd), sd a pixel's deviation over the
      clip's time.
    * motion (ours, off by default): the decoder draws, beside a frame, how it comes from the anchor frame.
    """

    frame_size: int = 64
    patch: int = 1
    width: Size = 64
    feature_dim: Size = 128
    motion_weight: Weight = 0.0
    motion: bool = False

    def __post_init__(self) -> None:
        if self.frame_size not in FRAME_SIZES:
            raise ConfigError(f"Frames of {self.frame_size} px are not supported; choose one of {FRAME_SIZES}.")
        if self.patch < 1 or self.frame_size // self.patch not in FRAME_SIZES or self.frame_size % self.patch:
            raise ConfigError(f"Patches of {self.patch} px do not divide {self.frame_size} px into {FRAME_SIZES}.")
        if self.motion and self.frame_size // self.patch != NEAR:
            raise ConfigError(f"motion needs frames of {NEAR} places a side; choose frame_size {NEAR} times patch.")


class Images(Backbone):
    """Frames (n, 3, size, size) in [0, 1]; features in (-1, 1)."""

    name = "images"
    config_type = ImagesConfig
    views: ClassVar = {"shuffled": shuffled, "recoloured": recoloured, "motion": moving_cells}
    motion_dim = CELLS**2
    config: ImagesConfig
    decoder: FrameDecoder

    def __init__(self, config: ImagesConfig, code_dim: int) -> None:
        super().__init__(config, code_dim)
        self.config = config
        self.element = (3, config.frame_size, config.frame_size)
        self.feature_dim = config.feature_dim
        self.encoder = FrameEncoder(config.frame_size, config.width, config.feature_dim, config.patch)
        self.decoder = FrameDecoder(config.frame_size, config.width, code_dim, config.patch, motion=config.motion)

    def encode(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        self._check_whole(observed)
        return self.encoder(x).float()

    def decode(self, codes: Tensor) -> Tensor:
        return self.decoder(codes).float()

    def draw(self, codes: Tensor) -> Drawn:
        """Frames and their motion from the anchor frame, from codes (n, code_dim); for config.motion alone."""
        frames, near, around = self.decoder.draw(codes)
        return Drawn(frames.float(), near, around)

    def error_with_truth(self, codes: Tensor, x: Tensor, truth: Mapping[str, Tensor]) -> dict[str, Tensor]:
        drawn = self.draw(codes.flatten(0, 1))
        known = {name: value.flatten(0, 1) for name, value in truth.items()}
        frames = x.flatten(0, 1)
        anchor = x[:, :1].expand_as(x).flatten(0, 1)
        moving = motion_weights(x, self.config.motion_weight).expand(-1, x.shape[1], -1, -1, -1).flatten(0, 1)
        weights = moving * enlarged(part_weights(known["parts"], NEAR // 2), x.shape[-1])
        own = ((drawn.frames - frames).square() * weights).sum((1, 2, 3))
        errors = {"decoded": own, **truth_errors(drawn, frames, anchor, known, weights)}
        return {name: value.unflatten(0, x.shape[:2]) for name, value in errors.items()}

    def _check_whole(self, observed: Tensor | None) -> None:
        if observed is not None:
            raise ConfigError("Pictures are whole here: leave `observed` out.")

    def for_inference(self, dtype: torch.dtype) -> "Images":
        """A copy with batch norms folded into convolutions, which run in `dtype`."""
        copied = copy.deepcopy(self).eval().requires_grad_(False)
        places: list[tuple[nn.Module, str]] = [(copied.encoder, "layers"), (copied.decoder, "layers")]
        if copied.decoder.motion is not None:
            places += [(copied.decoder.motion, name) for name in ("up", "near", "around")]
        for part, name in places:
            layers = getattr(part, name)
            assert isinstance(layers, nn.Sequential)
            setattr(part, name, Folded(layers, dtype))
        return copied

    def error(self, decoded: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Squared errors, (batch, time): the Gaussian log-likelihood of the paper."""
        self._check_whole(observed)
        error = (decoded - x).square()
        if self.config.motion_weight:
            error = error * motion_weights(x, self.config.motion_weight)
        return error.sum(dim=(2, 3, 4))
