"""Glasses: two rims, a bridge and two temples as a mesh of thin tubes, and two lenses that a window is mirrored in."""

from typing import NamedTuple

import numpy as np

_RIM, _BRIDGE, _TEMPLE = 28, 7, 9  # points along each
_CORNERS = 4  # of a tube's cross section
# Open lines, each with its number of points: the rims end where they began.
_LINES = (_RIM, _RIM, _BRIDGE, _TEMPLE, _TEMPLE)
POINTS = sum(_LINES) * _CORNERS
_RINGS = 12  # of a lens, from its middle outwards
LENS_POINTS = 2 * _RINGS * _RIM
_CURVE = 0.06  # how much a lens's normal turns, in radians a cm
_EAR = 1.0  # cm, depth at which the temples reach the ears
_COLOURS = (
    (0.05, 0.05, 0.06),
    (0.2, 0.11, 0.06),
    (0.42, 0.4, 0.38),
    (0.5, 0.38, 0.2),
    (0.12, 0.14, 0.25),
    (0.4, 0.08, 0.1),
)


class Glasses(NamedTuple):
    """frames: float32 (POINTS, 3) in cm. lenses, normals: float32 (LENS_POINTS, 3). colour: of the frames, RGB."""

    frames: np.ndarray
    lenses: np.ndarray
    normals: np.ndarray
    colour: np.ndarray


def triangles() -> np.ndarray:
    """int64 (triangles, 3) into the POINTS points of frames."""
    faces, first = [], 0
    for count in _LINES:
        for along in range(count - 1):
            for corner in range(_CORNERS):
                a = first + along * _CORNERS + corner
                b = first + along * _CORNERS + (corner + 1) % _CORNERS
                faces += [(a, b, a + _CORNERS), (b, b + _CORNERS, a + _CORNERS)]
        first += count * _CORNERS
    return np.array(faces)


def lens_triangles() -> np.ndarray:
    """int64 (triangles, 3) into the LENS_POINTS points of lenses."""
    lens, ring, along = np.meshgrid(np.arange(2), np.arange(_RINGS - 1), np.arange(_RIM - 1), indexing="ij")
    first = ((lens * _RINGS + ring) * _RIM + along).ravel()
    return np.concatenate(
        [np.stack([first, first + 1, first + _RIM], 1), np.stack([first + 1, first + _RIM + 1, first + _RIM], 1)]
    )


def fit(landmarks: np.ndarray, skin: np.ndarray, seed: int) -> Glasses:
    """The glasses that `seed` names on a face with these 68 landmarks (68, 3) and points of skin (n, 3), in cm."""
    rng = np.random.default_rng(seed)
    wide, high = rng.uniform(2.2, 2.8), rng.uniform(1.6, 2.5)
    round_, thick = rng.uniform(2.0, 4.5), rng.choice([0.045, 0.07, 0.12, 0.17])
    eyes = np.stack([landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)])
    eyes = eyes[np.argsort(eyes[:, 0])]
    drop = rng.uniform(-0.1, 0.4)
    turn = np.linspace(0, 2 * np.pi, _RIM)
    rims, middles = [], []
    for eye in eyes:
        middle = np.sign(eye[0]) * max(abs(eye[0]) + 0.15, 0.95 + wide)  # the nose is between them
        x = middle + wide * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / round_)
        y = eye[1] - drop + high * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2 / round_)
        rims.append(np.stack([x, y, -0.035 * x**2], 1))
        middles.append(np.array([middle, eye[1] - drop, -0.035 * middle**2]))
    both = np.concatenate(rims)
    front = eyes[:, 2].mean() + 1.5
    front += np.clip((_surface_depth(skin, both[:, :2]) + 0.1 - both[:, 2] - front).max(), 0, 1.2)  # on the nose
    forward = np.array([0, 0, front])
    rims, middles = [rim + forward for rim in rims], [middle + forward for middle in middles]
    frames = [*rims, _bridge(rims, skin, eyes[0, 1] + 0.35)]
    frames += [_temple(rim, side, skin, thick) for rim, side in zip(rims, (-1, 1), strict=True)]
    lenses = [_lens(rim, middle) for rim, middle in zip(rims, middles, strict=True)]
    return Glasses(
        np.concatenate([_tube(line, thick) for line in frames]).astype(np.float32),
        np.concatenate([points for points, _ in lenses]).astype(np.float32),
        np.concatenate([normals for _, normals in lenses]).astype(np.float32),
        np.array(_COLOURS[int(rng.choice(len(_COLOURS), p=[0.4, 0.2, 0.15, 0.1, 0.1, 0.05]))]),
    )


def _bridge(rims: list[np.ndarray], skin: np.ndarray, height: float) -> np.ndarray:
    """Points of the bridge from rim to rim, over the nose."""
    inner = [rim[np.argmin(np.abs(rim[:, 0]) * 4 + np.abs(rim[:, 1] - height))] for rim in rims]
    share = np.linspace(0, 1, _BRIDGE)[:, None]
    bridge = inner[0] * (1 - share) + inner[1] * share
    arch = np.sin(np.pi * share[:, 0])
    bridge[:, 1] += 0.35 * arch
    bridge[:, 2] += arch * max(0.3, float((_surface_depth(skin, bridge[:, :2]) - bridge[:, 2]).max()) + 0.15)
    return bridge


def _temple(rim: np.ndarray, side: int, skin: np.ndarray, thick: float) -> np.ndarray:
    """Points of a temple from the rim to the ear, outside the head."""
    outer = rim[np.argmax(side * rim[:, 0] * 4 + rim[:, 1])]
    ear = np.array([side * 7.4, outer[1] - 0.1, _EAR])
    back = np.linspace(0, 1, _TEMPLE)[:, None]
    temple = outer * (1 - back) + ear * back
    temple[:, 0] = side * np.maximum(side * temple[:, 0], _outside(skin, temple, side) + thick)
    return temple


def _lens(rim: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and unit normals, (_RINGS * _RIM, 3), of the lens that a rim holds."""
    rings = np.linspace(0.02, 1, _RINGS)[:, None, None]
    lens = (middle + rings * (rim - middle)).reshape(-1, 3)
    x, y = lens[:, 0], lens[:, 1]
    normal = np.stack([0.07 * x + _CURVE * (x - middle[0]), _CURVE * (y - middle[1]), np.ones(len(x))], 1)
    return lens, normal / np.linalg.norm(normal, axis=1, keepdims=True)


def reflections(normals: np.ndarray, window: np.ndarray) -> np.ndarray:
    """How bright a window is mirrored, float32 (n,) in [0, 1], where a lens has these normals (n, 3).

    window: (4,), direction right and up, half its width and height, in mirrored radians.
    """
    mirrored = 2 * normals[:, 2:] * normals - [0, 0, 1]
    across, up = np.abs(mirrored[:, :2] - window[:2]).T / window[2:, None]
    pane = 1 - 0.8 * np.exp(-((across / 0.09) ** 2))  # two panes
    return (np.clip((1 - across) / 0.25, 0, 1) * np.clip((1 - up) / 0.25, 0, 1) * pane).astype(np.float32)


def _surface_depth(skin: np.ndarray, places: np.ndarray) -> np.ndarray:
    """How far forward the face reaches near places (n, 2) in the picture's plane, (n,) in cm."""
    near = np.hypot(*(skin[None, :, :2] - places[:, None]).transpose(2, 0, 1)) < 0.4
    return np.where(near, skin[None, :, 2], -100).max(1)


def _outside(skin: np.ndarray, line: np.ndarray, side: int) -> np.ndarray:
    """How far out to this side the head reaches near points of a line (n, 3), (n,) in cm; 0 where it is not near."""
    near = np.hypot(*(skin[None, :, 1:] - line[:, None, 1:]).transpose(2, 0, 1)) < 0.5
    near &= side * skin[None, :, 0] > 4
    return np.where(near, side * skin[None, :, 0], 0).max(1)


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
