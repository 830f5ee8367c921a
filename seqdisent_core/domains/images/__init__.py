"""Frames of pictures: the networks that read and draw them, and where they move."""

from seqdisent_core.domains.images.backbone import Images, ImagesConfig
from seqdisent_core.domains.images.motion import motion_weights
from seqdisent_core.domains.images.networks import FRAME_SIZES, FrameEncoder
from seqdisent_core.domains.images.pictures import as_clip, as_frames, as_training_tensor

__all__ = [
    "FRAME_SIZES",
    "FrameEncoder",
    "Images",
    "ImagesConfig",
    "as_clip",
    "as_frames",
    "as_training_tensor",
    "motion_weights",
]
