"""Soft light on a face: a key, a fill and a sky, occluded corners, creases that deepen as the face moves."""

import numpy as np

from seqdisent_core.facekit.acting import Light
from seqdisent_core.facekit.surface import Surface, occluded, openness

FULL = 1.7  # squared-light value that a vertex colour of 1 stands for
# Light that enters skin leaves it nearby, red furthest: red wraps around the terminator, blue hardly.
_WRAP = np.array([0.42, 0.24, 0.2], dtype=np.float32)


def sky_directions(count: int = 40) -> np.ndarray:
    """Even directions (n, 3) over the part of the sphere that a face sees: ahead, above, a little below."""
    step = np.arange(count * 2) + 0.5
    height = 1 - step / count
    turn = np.pi * (1 + 5**0.5) * step
    flat = np.sqrt(1 - height**2)
    ring = np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], 1)
    return ring[(ring[:, 2] > -0.25) & (ring[:, 1] > -0.65)]


_SKY = sky_directions()


def occlusion(surface: Surface, points: np.ndarray, hair: np.ndarray) -> np.ndarray:
    """Openness to the sky, float32 (vertices,), smoothed over the mesh; hair: (n, 3), points that occlude too."""
    blockers = np.concatenate([points[surface.solid], hair])
    seen = openness(points, surface.normals(points), _SKY, blockers)
    return surface.smoothed(surface.smoothed(seen)) * 0.6 + 0.4 * seen


def creases(surface: Surface, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """How concave the surface is at each vertex, about -1 (ridge) to 1 (furrow), float32 (vertices,)."""
    away = surface.smoothed(points) - points
    bend = (away * normals).sum(1) * 14
    return np.tanh(surface.smoothed(bend)).astype(np.float32)


def shade(surface: Surface, points: np.ndarray, open_sky: np.ndarray, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """Light falling on each vertex, float32 (vertices, 3), squared screen values, and gloss, float32 (vertices,)."""
    normals = surface.normals(points)
    shadow = occluded(points, light.key, points[surface.solid]).astype(np.float32)
    for _ in range(3):
        shadow = surface.smoothed(shadow)
    open_sky = np.clip(open_sky, 0, 1) ** 1.1
    total = np.zeros((len(points), 3), dtype=np.float32)
    for direction, colour, blocked in (
        (light.key, light.key_colour, 0.75 * shadow),
        (light.fill, light.fill_colour, 0),
    ):
        facing = normals @ direction
        wrapped = np.clip((facing[:, None] + _WRAP) / (1 + _WRAP), 0, 1)
        total += (wrapped**1.2 * np.asarray(colour)) * np.atleast_1d(1 - blocked)[:, None]
    up = 0.62 + 0.38 * normals[:, 1]
    # Occluded corners lose blue and green first: what light reaches them has passed through skin.
    dim = open_sky[:, None] ** np.array([0.85, 1.1, 1.15], dtype=np.float32)
    total = total * (0.25 + 0.75 * dim) + (up[:, None] * dim) * light.sky_colour
    furrow = creases(surface, points, normals)
    total *= np.clip(1 - 0.46 * furrow, 0.45, 1.22)[:, None]
    half = light.key + np.array([0, 0, 1.0])
    half /= np.linalg.norm(half)
    gloss = np.clip(normals @ half, 0, 1)
    gloss = 0.25 * (gloss**14 + gloss**48) * (1 - 0.8 * shadow) * open_sky
    return total, gloss.astype(np.float32)
