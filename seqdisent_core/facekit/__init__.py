"""Labelled face clips rendered from a 3D face model."""

from seqdisent_core.facekit.acting import Performance, perform, risen
from seqdisent_core.facekit.head import Theatre
from seqdisent_core.facekit.improvising import improvise, scene
from seqdisent_core.facekit.model import read_face_model
from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.render import render_facekit52
from seqdisent_core.facekit.surface import Surface
from seqdisent_core.facekit.wild import extra, render_wild

__all__ = [
    "Performance",
    "Person",
    "Surface",
    "Theatre",
    "extra",
    "improvise",
    "perform",
    "read_face_model",
    "render_facekit52",
    "render_wild",
    "risen",
    "scene",
]
