"""Where things lie in a picture: a camera that looks straight ahead, and a wall behind whom it films."""

from typing import NamedTuple

import numpy as np

DISTANCE = 95.0  # cm from the camera to the face: a portrait lens
PLANE = 9.0  # cm, the depth at which a picture's side is measured
REACH = 1.7  # sides of a film's picture in sides of the tight crop: jaw, neck, ears, and room for a crop that slips


class View(NamedTuple):
    """A camera that looks straight ahead at (x, y) in cm: `side` cm fill the picture, it leans by `roll` radians."""

    x: float
    y: float
    side: float
    roll: float


def project(points: np.ndarray, view: View) -> np.ndarray:
    """Places, float (n, 2), right and down in sides of the picture, of points (n, 3) in cm."""
    scale = DISTANCE / (DISTANCE + PLANE - points[:, 2])
    return wall_places(points[:, :2] * scale[:, None], view)


def wall_places(points: np.ndarray, view: View) -> np.ndarray:
    """Places, float (n, 2) in sides, of points (n, 2) in cm of a wall at PLANE."""
    x, y = points[:, 0] - view.x, points[:, 1] - view.y
    cos, sin = np.cos(view.roll), np.sin(view.roll)
    return np.stack([0.5 + (x * cos - y * sin) / view.side, 0.5 - (x * sin + y * cos) / view.side], 1)


def on_wall(places: np.ndarray, view: View) -> np.ndarray:
    """Points, float (n, 2) in cm, that places (n, 2) in sides show of that wall: the way back."""
    right, up = (places[:, 0] - 0.5) * view.side, (0.5 - places[:, 1]) * view.side
    cos, sin = np.cos(view.roll), np.sin(view.roll)
    return np.stack([view.x + right * cos + up * sin, view.y - right * sin + up * cos], 1)
