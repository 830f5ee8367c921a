"""The wall behind filmed people: soft colours with frames, shelves and lamps out of focus, the same for a person."""

import cv2
import numpy as np

from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.view import REACH, View

_SIZE = 384  # pixels a side
_PICTURES = 2.5  # a side, so that a camera that follows never leaves it


def paint_wall(person: Person) -> np.ndarray:
    """The whole wall, float32 (_SIZE, _SIZE, 3), screen values up to 255."""
    rng = np.random.default_rng([person.paint_seed, 2])
    grid = (np.arange(_SIZE, dtype=np.float32) + 0.5) / _SIZE
    x, y = np.meshgrid(grid, grid)
    turn = rng.uniform(0, 2 * np.pi)
    slope = np.clip(0.5 + (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn), 0, 1)[..., None]
    first, second = (np.array(colour, np.float32) for colour in person.backdrop)
    wall = first + (second - first) * slope
    for _ in range(int(rng.integers(0, 14))):
        middle, half = rng.uniform(0, 1, 2) * _SIZE, rng.uniform(0.01, 0.16, 2) * _SIZE
        low, high = (middle - half).astype(int), (middle + half).astype(int)
        colour = np.clip(wall.mean((0, 1)) + rng.normal(0, 0.05 + person.backdrop_noise) + rng.normal(0, 0.07, 3), 0, 1)
        shape = cv2.rectangle if rng.random() < 0.75 else cv2.ellipse
        if shape is cv2.rectangle:
            cv2.rectangle(wall, low.tolist(), high.tolist(), colour.tolist(), -1, cv2.LINE_AA)
        else:
            cv2.ellipse(wall, middle.astype(int).tolist(), half.astype(int).tolist(), 0, 0, 360, colour.tolist(), -1)
    wall = cv2.GaussianBlur(wall, (0, 0), float(np.exp(rng.uniform(np.log(0.7), np.log(12)))))
    for _ in range(5):
        cx, cy, size = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.05, 0.2)
        patch = np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / size**2))[..., None]
        wall += patch * ((rng.normal() + 0.25 * rng.normal(size=3)) * person.backdrop_noise).astype(np.float32)
    return np.clip(wall, 0.02, 0.97) * 255


def wall_seen(wall: np.ndarray, side: float, centre: tuple[float, float], view: View, size: int) -> np.ndarray:
    """What a view shows of it, float32 (size, size, 3). side, centre: of a tight crop of the person, in cm."""
    scale = _SIZE / (_PICTURES * REACH * side)  # pixels of the wall a cm
    cos, sin = np.cos(view.roll), np.sin(view.roll)
    step = view.side / size * scale  # pixels of the wall a pixel of the picture
    turn = step * np.array([[cos, -sin], [sin, cos]])
    middle = np.array([(view.x - centre[0]) * scale, -(view.y - centre[1]) * scale]) + _SIZE / 2 - 0.5
    half = (size - 1) / 2
    matrix = np.column_stack([turn, middle - turn @ [half, half]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(wall, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT)
