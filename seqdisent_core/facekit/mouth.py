"""Mouths that open in films: white teeth, a tongue, a dark throat."""

import numpy as np

from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.surface import Surface

_GUMS, _TONGUE, _THROAT = np.array([0.42, 0.14, 0.14]), np.array([0.5, 0.2, 0.19]), np.array([0.16, 0.045, 0.04])


def mouth_albedo(person: Person, surface: Surface, albedo: np.ndarray) -> np.ndarray:
    """Albedo (points, 3) of what has no texture, with the mouth's colours in it."""
    part = surface.untextured
    place, albedo = surface.neutral[part.vertex], albedo.copy()
    inside = in_mouth(place, part.material)
    albedo[part.material == "M_Teeth"] = np.square(person.teeth)
    gums = part.material == "M_GumsTongue"
    tongue = gums & (np.hypot(place[:, 0] / 1.7, (place[:, 1] + 3.9) / 1.3) < 1) & (place[:, 2] < 8.9)
    albedo[gums] = _GUMS
    albedo[tongue] = _TONGUE
    albedo[inside] = _THROAT
    return albedo.astype(np.float32)


def behind_lips(surface: Surface) -> np.ndarray:
    """How much further away the inside of the mouth is drawn, float32 (points, 3) in cm, so that lips cover it.

    Some faces' mouths open further than the bag behind their lips follows.
    """
    part = surface.untextured
    back = np.zeros((len(part.vertex), 3), np.float32)
    back[in_mouth(surface.neutral[part.vertex], part.material), 2] = 0.5
    back[part.material == "M_GumsTongue", 2] = 0.25
    back[part.material == "M_Teeth", 2] = 0.1
    return back


def mouth_light(surface: Surface, sky: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Openness to the sky (vertices,), with the light that lips let in as they part.

    points: (vertices, 3) of the moved head.
    """
    part, sky = surface.untextured, sky.copy()
    upper, lower = points[surface.landmarks[61:64]], points[surface.landmarks[[67, 66, 65]]]
    gap = float(np.linalg.norm(upper - lower, axis=1).mean())  # cm
    depth = np.clip((surface.neutral[part.vertex, 2] - 4) / 5, 0, 1)  # 1 at the front teeth
    let_in = 0.15 + 0.85 * np.clip((gap - 0.15) / 1.0, 0, 1)
    floor = let_in * np.where(part.material == "M_Teeth", 0.05 + 0.55 * depth, 0.05 + 0.3 * depth)
    floor[part.material == "M_BackHead"] = 0
    sky[part.vertex] = np.maximum(sky[part.vertex], floor)
    return sky


def in_mouth(place: np.ndarray, material: np.ndarray) -> np.ndarray:
    """The bag behind the lips, which the model counts to the back of the head."""
    inside = (np.abs(place[:, 0]) < 3.6) & (place[:, 1] > -5.9) & (place[:, 1] < -0.4) & (place[:, 2] > 0.7)
    return inside & (material == "M_BackHead")
