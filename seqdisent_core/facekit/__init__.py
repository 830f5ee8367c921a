"""Draws labelled face clips from the ICT FaceKit 3D face model (Li et al. 2020, MIT licence)."""

from seqdisent_core.facekit.sets import draw_clip, render_facekit52
from seqdisent_core.facekit.wild import render_wild

__all__ = ["draw_clip", "render_facekit52", "render_wild"]
