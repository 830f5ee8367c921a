"""Frames of pictures: the networks that read and draw them, and where they move."""

from seqdisent_core.domains.images.motion import motion_weights
from seqdisent_core.domains.images.networks import FRAME_SIZES, FrameDecoder, FrameEncoder
from seqdisent_core.domains.images.pictures import as_frames, as_training_tensor

__all__ = [
    "FRAME_SIZES",
    "FrameDecoder",
    "FrameEncoder",
    "as_frames",
    "as_training_tensor",
    "motion_weights",
]
