"""Eyeballs, lashes, teeth and tongue: the white with its iris and pupil as a texture, the rest as vertex colours."""

import cv2
import numpy as np

from seqdisent_core.facekit.people import Person

_SIZE = 512
_SPAN = 1.7  # cm from the eye's axis to the picture's edge
IRIS, PUPIL = 0.68, 0.27  # radii in cm; the model's irises lie behind its opaque whites, so they are painted on these
_GUMS, _TEETH = np.array([0.36, 0.11, 0.11]), np.array([0.85, 0.8, 0.68])  # squared screen values


def paint_eye(person: Person, where: np.ndarray) -> np.ndarray:
    """Texture of an eyeball, float32 (size, size, 3), squared screen values, row 0 at v = 0.

    where: (size, size, 3), position in cm of each texel from the eyeball's centre.
    """
    rng = np.random.default_rng(person.paint_seed + 1)
    grid = (np.arange(_SIZE) + 0.5) / _SIZE * 2 * _SPAN - _SPAN
    x, y = np.meshgrid(grid, -grid)
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    white = np.array([0.74, 0.7, 0.67]) - 0.05 * person.age * np.array([0, 0.4, 1.0])
    eye = np.broadcast_to(white, (_SIZE, _SIZE, 3)).copy()
    rim = np.clip((radius - 0.8) / 0.7, 0, 1)[..., None]
    eye *= 1 - rim * np.array([0.22, 0.42, 0.42])
    spokes = sum(np.sin(angle * k + rng.uniform(0, 6.3)) * rng.normal(0, 0.5) for k in (7, 13, 21, 34, 47))
    colour = np.array(person.iris) ** 2
    iris = colour * (1 + 0.2 * np.asarray(spokes)[..., None]) * (1.25 - 0.5 * (radius / IRIS)[..., None] ** 3)
    iris *= 0.72 + 0.4 * np.clip(-y / IRIS + 0.3, 0, 1)[..., None]  # light from above gathers below
    ring = np.clip((IRIS - radius) / 0.1, 0, 1)[..., None]
    iris *= 0.3 + 0.7 * ring
    inside = np.clip((IRIS - radius) / 0.06 + 0.5, 0, 1)[..., None]
    eye = eye * (1 - inside) + np.clip(iris, 0, 1) * inside
    pupil = np.clip((PUPIL - radius) / 0.05 + 0.5, 0, 1)[..., None]
    eye = eye * (1 - pupil) + 0.004 * pupil
    for px, py, size, strength in ((-0.24, 0.3, 0.13, 1.0), (0.22, -0.2, 0.09, 0.25)):
        glint = np.exp(-((np.hypot(x - px, y - py) / size) ** 4))[..., None] * strength
        eye = eye * (1 - glint) + 1.0 * glint
    columns = ((where[..., 0] + _SPAN) / (2 * _SPAN) * _SIZE).astype(np.float32)
    rows = ((_SPAN - where[..., 1]) / (2 * _SPAN) * _SIZE).astype(np.float32)
    return cv2.remap(eye.astype(np.float32), columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def untextured_albedo(person: Person, material: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Albedo, float32 (points, 3), of what has no texture, by material and position (points, 3) on the mean face."""
    albedo = np.broadcast_to(np.array(person.skin) ** 2, (len(material), 3)).copy()
    albedo[material == "M_GumsTongue"] = _GUMS
    albedo[material == "M_Teeth"] = _TEETH * (1 - 0.15 * person.age * np.array([0.3, 0.6, 1.5]))
    back = material == "M_BackHead"
    if person.hair_style != "bald":
        scalp = back & (place[:, 1] > 5 + 0.6 * np.clip(place[:, 2], -4, 6)) & (place[:, 1] > 3)
        albedo[scalp] = np.array(person.hair) ** 2 * 0.8
    collar = np.clip((-place[:, 1] - 14.5 + 0.06 * place[:, 2]) / 0.8, 0, 1)[:, None] * back[:, None]
    return (albedo * (1 - collar) + np.array(person.clothes) ** 2 * collar).astype(np.float32)


def paint_lashes(person: Person) -> np.ndarray:
    """Texture with transparency, float32 (256, 512, 4): six bands of hairs, the upper three for the upper lid."""
    rng = np.random.default_rng(person.paint_seed + 4)
    v, u = np.meshgrid((np.arange(256) + 0.5) / 256, np.arange(512), indexing="ij")
    root = np.clip((v * 6 % 1) / 0.93, 0, 1)  # 0 at the tip, 1 at the lid
    strength = np.where(v > 0.5, 0.5 + 0.3 * person.female + 0.2 * person.makeup, 0.16 + 0.1 * person.makeup)
    hairs = np.clip(0.6 + 0.4 * np.interp(u, np.arange(512), rng.normal(0, 1.3, 512)), 0, 1)
    opacity = np.clip(strength * root**1.6 * hairs * 1.2, 0, 1)
    dark = np.full((256, 512, 3), 0.015)
    return np.concatenate([dark, opacity[..., None]], 2).astype(np.float32)
