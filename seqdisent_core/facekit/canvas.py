"""The frontal canvas that skin and eyes are painted on, and its way into the model's UV space."""

import cv2
import numpy as np

from seqdisent_core.facekit.surface import Part

PER_CM = 40  # pixels a centimetre: hairs of the brows are about one pixel wide
_AT_ONCE = 2_000  # triangles, so that memory stays small
LEFT, TOP, WIDTH, HEIGHT = -10.0, 13.0, 20.0, 30.0  # cm on the mean face

_columns = (np.arange(int(WIDTH * PER_CM)) + 0.5) / PER_CM + LEFT
_rows = TOP - (np.arange(int(HEIGHT * PER_CM)) + 0.5) / PER_CM
X, Y = (grid.astype(np.float32) for grid in np.meshgrid(_columns, _rows))  # cm, of each canvas pixel


def pixels(points: np.ndarray) -> np.ndarray:
    """Canvas pixels, int32 (n, 2) as (column, row), of points (n, 2) in cm, kept inside."""
    place = np.stack([points[:, 0] - LEFT, TOP - points[:, 1]], 1) * PER_CM
    return np.clip(place, 0, [X.shape[1] - 1, X.shape[0] - 1]).astype(np.int32)


def blob(x: float, y: float, wide: float, high: float) -> np.ndarray:
    """A Gaussian spot of height 1, float32 canvas; sizes are standard deviations in cm."""
    return np.exp(-0.5 * (((X - x) / wide) ** 2 + ((Y - y) / high) ** 2)).astype(np.float32)


def noise(rng: np.random.Generator, scale: float) -> np.ndarray:
    """Smooth noise of standard deviation 1 and a grain of about `scale` cm, float32 canvas."""
    step = max(1, int(scale * PER_CM / 2))
    small = rng.normal(0, 1, (X.shape[0] // step + 3, X.shape[1] // step + 3)).astype(np.float32)
    wide = cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.8), (X.shape[1], X.shape[0]), interpolation=cv2.INTER_CUBIC)
    return wide / wide.std()


def polygon(points: np.ndarray) -> np.ndarray:
    """A filled polygon of points (n, 2) in cm: float32 canvas, 1 inside."""
    layer = np.zeros(X.shape, np.uint8)
    cv2.fillPoly(layer, [pixels(points)], 255, cv2.LINE_AA)
    return layer.astype(np.float32) / 255.0


def stroke_layer(lines: list[np.ndarray], values: list[int], width: float) -> np.ndarray:
    """Open lines of points (n, 2) in cm, drawn `width` cm wide with these grey values: uint8 canvas."""
    layer = np.zeros(X.shape, np.uint8)
    for line, value in zip(lines, values, strict=True):
        cv2.polylines(layer, [pixels(line)], False, int(value), max(1, round(width * PER_CM)), cv2.LINE_AA)
    return layer


def texel_positions(part: Part, positions: np.ndarray, size: int) -> np.ndarray:
    """Where each texel lies: float32 (size, size, 3) in cm, row 0 at v = 0, gaps filled from their neighbours.

    positions: (vertices, 3) of the surface. Positions are interpolated across triangles; the last one drawn is kept.
    """
    grid = np.zeros((size, size, 3), np.float32)
    known = np.zeros((size, size), np.float32)
    place = part.uv[:, :2] % 1.0000001 * (size - 1)
    for start in range(0, len(part.triangles), _AT_ONCE):
        triangles = part.triangles[start : start + _AT_ONCE]
        spot = place[triangles]
        low, high = np.floor(spot.min(1)).astype(int), np.ceil(spot.max(1)).astype(int)
        edge1, edge2 = spot[:, 1] - spot[:, 0], spot[:, 2] - spot[:, 0]
        area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
        usable = ((high - low).max(1) <= size // 8) & (np.abs(area) >= 1e-9)  # others wrap around the texture's edge
        wide, tall = (high - low + 1).T * usable
        number = np.repeat(np.arange(len(triangles)), wide * tall)  # the triangle of each texel of all their boxes
        within = np.arange(len(number)) - np.repeat(np.cumsum(wide * tall) - wide * tall, wide * tall)
        columns, rows = low[number, 0] + within % wide[number], low[number, 1] + within // wide[number]
        dx, dy = columns - spot[number, 0, 0], rows - spot[number, 0, 1]
        second = (dx * edge2[number, 1] - dy * edge2[number, 0]) / area[number]
        third = (edge1[number, 0] * dy - edge1[number, 1] * dx) / area[number]
        inside = (second >= -0.02) & (third >= -0.02) & (second + third <= 1.02)
        share = np.stack([1 - second - third, second, third], -1)[inside]
        corners = positions[part.vertex[triangles[number[inside]]]]
        grid[rows[inside], columns[inside]] = np.einsum("nc,ncx->nx", share, corners)
        known[rows[inside], columns[inside]] = 1
    return _fill(grid, known)


def _fill(grid: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Spread known texels outwards, so that filtering never meets an empty texel."""
    for _ in range(24):
        total = cv2.blur(grid * known[..., None], (5, 5))
        weight = cv2.blur(known, (5, 5))
        fresh = (known == 0) & (weight > 1e-6)
        grid[fresh] = total[fresh] / weight[fresh][:, None]
        known = np.where(fresh, 1, known).astype(np.float32)
    return grid


def to_uv(canvas: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Carry a canvas (height, width, channels) into UV space: (size, size, channels), row 0 at v = 0."""
    columns = (where[..., 0] - LEFT) * PER_CM - 0.5
    rows = (TOP - where[..., 1]) * PER_CM - 0.5
    return cv2.remap(canvas, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
