"""Lights up films that are too dark for the face finder and the model, and darkens what is made of them."""

import cv2
import numpy as np

AS_FILMED = 1.0
_BRIGHT = 90  # percent of all values lie below the one that counts: a lamp in the picture does not
_DARK, _LIT = 50.0, 180.0  # that value in a dark film, at most, and what it becomes, of 255
_MOST = 40.0  # times as bright: there, two steps of 255 are all there was


def light_for(frames: np.ndarray) -> float:
    """How many times as bright uint8 frames must be to be well lit; AS_FILMED where they are not dark."""
    bright = max(float(np.percentile(frames, _BRIGHT)), 1.0)
    return min(_LIT / bright, _MOST) if bright < _DARK else AS_FILMED


def lit(frame: np.ndarray, light: float) -> np.ndarray:
    """A uint8 frame, `light` times as bright."""
    return frame if light == AS_FILMED else np.asarray(cv2.convertScaleAbs(frame, alpha=light))
