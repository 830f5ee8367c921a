"""Glasses: two rims, a bridge and two temples, as one mesh of thin tubes that moves with the head."""

import numpy as np

_RIM, _BRIDGE, _TEMPLE = 28, 5, 7  # points along each
_CORNERS = 4  # of a tube's cross section
# Open lines, each with its number of points: the rims end where they began.
_LINES = (_RIM, _RIM, _BRIDGE, _TEMPLE, _TEMPLE)
POINTS = sum(_LINES) * _CORNERS


def triangles() -> np.ndarray:
    """int64 (triangles, 3) into POINTS points."""
    faces, first = [], 0
    for count in _LINES:
        for along in range(count - 1):
            for corner in range(_CORNERS):
                a = first + along * _CORNERS + corner
                b = first + along * _CORNERS + (corner + 1) % _CORNERS
                faces += [(a, b, a + _CORNERS), (b, b + _CORNERS, a + _CORNERS)]
        first += count * _CORNERS
    return np.array(faces)


def put_on(landmarks: np.ndarray, seed: int) -> np.ndarray:
    """Points, float32 (POINTS, 3) in cm, of the glasses that `seed` names on a face with these 68 landmarks (68, 3)."""
    rng = np.random.default_rng(seed)
    wide, high = rng.uniform(2.3, 3.0), rng.uniform(1.6, 2.5)
    round_, thick = rng.uniform(2.0, 4.5), rng.uniform(0.05, 0.2)
    eyes = np.stack([landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)])
    eyes = eyes[np.argsort(eyes[:, 0])]
    front = eyes[:, 2].mean() + 1.5
    drop = rng.uniform(-0.1, 0.4)
    turn = np.linspace(0, 2 * np.pi, _RIM)
    lines = []
    for eye in eyes:
        x = eye[0] + 0.25 * np.sign(eye[0]) + wide * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / round_)
        y = eye[1] - drop + high * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2 / round_)
        lines.append(np.stack([x, y, front - 0.035 * x**2], 1))
    inner = [line[np.argmin(np.abs(line[:, 0]))] for line in lines]
    share = np.linspace(0, 1, _BRIDGE)[:, None]
    bridge = inner[0] * (1 - share) + inner[1] * share
    bridge[:, 1] += (0.3 + 0.35 * high) * 0.6
    bridge[:, 2] += 0.5 * np.sin(np.pi * share[:, 0])
    lines.append(bridge)
    for line, side in zip(lines[:2], (-1, 1), strict=True):
        outer = line[np.argmax(side * line[:, 0])]
        ear = np.array([side * 7.6, outer[1] + 0.6, -1.0])
        back = np.linspace(0, 1, _TEMPLE)[:, None]
        temple = outer * (1 - back) + ear * back
        temple[:, 1] += 0.5 * high * np.sin(np.pi * np.minimum(back[:, 0] * 2, 1)) * 0.4
        lines.append(temple)
    return np.concatenate([_tube(line, thick) for line in lines]).astype(np.float32)


def _tube(line: np.ndarray, thick: float) -> np.ndarray:
    """A square tube around points (n, 3): (n * _CORNERS, 3)."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    helper = np.where(np.abs(along[:, 2:]) < 0.8, [[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]])
    first = np.cross(along, helper)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-6)
    second = np.cross(along, first)
    corners = [first + second, first - second, -first - second, -first + second]
    return np.stack([line + thick * corner for corner in corners], axis=1).reshape(-1, 3)
