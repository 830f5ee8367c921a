"""Neck and clothes below a painted face, which end in no seam."""

import cv2
import numpy as np

from seqdisent_core.facekit.canvas import PER_CM, X, Y, noise, pixels
from seqdisent_core.facekit.mouth import in_mouth
from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.surface import Surface


def paint_collar(person: Person, canvas: np.ndarray) -> np.ndarray:
    """The painted skin, float32 (height, width, 3), with clothes below the neckline."""
    rng = np.random.default_rng([person.paint_seed, 6])
    folds = 1 + 0.06 * noise(rng, 0.6) * rng.uniform(0.3, 1) + 0.05 * noise(rng, 0.1) * rng.uniform(0, 1)
    cloth = (np.square(person.clothes) * folds[..., None]).astype(np.float32)
    covered = cv2.GaussianBlur(_clothed(person, X, Y).astype(np.float32), (0, 0), 0.03 * PER_CM)[..., None]
    edge = cv2.GaussianBlur(covered, (0, 0), 0.25 * PER_CM)[..., None]
    skin = canvas * (1 - 0.45 * edge * (1 - covered))  # the shadow of the hem
    return skin + covered * (cloth * (0.75 + 0.25 * edge) - skin)


def _clothed(person: Person, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether clothes cover points of the mean face seen from the front, bool."""
    rng = np.random.default_rng([person.paint_seed, 7])
    round_ = rng.random() < 0.6
    deep, wide = rng.uniform(0.5, 2.2), rng.uniform(3.5, 5.5)
    drop = np.clip(1 - (x / wide) ** 2, 0, 1) if round_ else np.clip(1 - np.abs(x) / wide, 0, 1) * 1.5
    return y < -11.2 + rng.uniform(-1.0, 0.6) - deep * drop - 0.04 * np.abs(x)


def neck_albedo(person: Person, surface: Surface, albedo: np.ndarray, canvas: np.ndarray) -> np.ndarray:
    """Albedo (points, 3) of what has no texture: the neck goes on with the colours where the painting ends.

    canvas: the painted skin, (height, width, 3).
    """
    part, albedo = surface.untextured, albedo.copy()
    place = surface.neutral[part.vertex]
    body = (part.material == "M_BackHead") & ~in_mouth(place, part.material)
    below = np.flatnonzero(body & (place[:, 1] < 2))
    clothed = _clothed(person, place[:, 0], place[:, 1])
    edge = np.flatnonzero(body & np.isin(part.vertex, surface.skin.vertex) & (place[:, 1] < 2) & ~clothed)
    at = pixels(place[edge, :2])
    colours = canvas[at[:, 1], at[:, 0]]
    apart = np.linalg.norm(place[below, None] - place[None, edge], axis=2)
    weight = np.exp((apart.min(1, keepdims=True) - apart) / 0.6)
    painted = weight @ colours / weight.sum(1, keepdims=True)
    skin = np.median(colours, axis=0)
    albedo[below] = skin + np.exp(-((apart.min(1) / 5) ** 2))[:, None] * (painted - skin)
    albedo[below[clothed[below]]] = np.square(person.clothes)
    return albedo.astype(np.float32)
