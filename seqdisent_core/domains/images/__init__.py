"""Frames of pictures: the networks that read and draw them, and where they move."""

from seqdisent_core.domains.images.backbone import Images, ImagesConfig
from seqdisent_core.domains.images.motion import motion_weights
from seqdisent_core.domains.images.motion_branch import REACH, Field
from seqdisent_core.domains.images.networks import FRAME_SIZES, FrameDecoder, FrameEncoder
from seqdisent_core.domains.images.pictures import as_clip, as_frames, as_training_tensor
from seqdisent_core.domains.images.truth import Drawn, composited
from seqdisent_core.domains.images.warping import enlarged, warp

__all__ = [
    "FRAME_SIZES",
    "REACH",
    "Drawn",
    "Field",
    "FrameDecoder",
    "FrameEncoder",
    "Images",
    "ImagesConfig",
    "as_clip",
    "as_frames",
    "as_training_tensor",
    "composited",
    "enlarged",
    "motion_weights",
    "warp",
]
