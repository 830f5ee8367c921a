"""Labelled face clips rendered from the ICT FaceKit 3D face model (Li et al. 2020, MIT licence).

The renderer itself (facekit.renderer) is imported where it is used: it needs the extra `render`.
"""

from seqdisent_core.facekit.acting import Performance, perform, risen
from seqdisent_core.facekit.anywhere import render_facekit_any
from seqdisent_core.facekit.improvising import improvise, sample_light
from seqdisent_core.facekit.model import read_face_model
from seqdisent_core.facekit.pairs import render_pairs
from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.sets import draw_clip, render_facekit52
from seqdisent_core.facekit.surface import Surface
from seqdisent_core.facekit.wild import render_wild, sample_varied_person

__all__ = [
    "Performance",
    "Person",
    "Surface",
    "draw_clip",
    "improvise",
    "perform",
    "read_face_model",
    "render_facekit52",
    "render_facekit_any",
    "render_pairs",
    "render_wild",
    "risen",
    "sample_light",
    "sample_varied_person",
]
