"""What the renderer knows of each frame: which surface a pixel shows, where that is in another frame, who sees it.

A small rasteriser beside VTK's: it keeps the triangle and the place in it of every sample, so that the motion to any
other frame is exact and costs no second rendering.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqdisent_core.facekit.view import View, on_wall, wall_places

GRID = 64  # cells a side of the arrays of truth
SAMPLES = 2 * GRID  # samples a side that they are averaged from
SKIN, EYES, MOUTH, BODY, HAIR, GLASSES = range(6)  # classes of surface
_DEPTH = 0.6  # cm: nearer to what a frame shows than this, a surface of the same class is the one shown
_OPAQUE = 0.43  # opacity from which hair counts as hair


@dataclass(frozen=True)
class Solids:
    """The surfaces of one person: triangles, int64 (triangles, 3) into points, and their classes, int8 (triangles,).

    opacity: (height, width) of the hair's texture, row 0 at v = 0. uv: float32 (points, 2), of hair alone; elsewhere 0.
    two_sided: whether the hair's inner side is seen.
    """

    triangles: np.ndarray
    classes: np.ndarray
    uv: np.ndarray
    opacity: np.ndarray
    two_sided: bool


class Samples(NamedTuple):
    """What each sample of a frame shows: arrays (SAMPLES, SAMPLES), and (SAMPLES, SAMPLES, 3) for shares.

    triangle: int32, -1 for the background. shares: float32, of its corners. depth: float32, cm towards the camera, and
    far away for the background. classes: int8, -1 for the background.
    """

    triangle: np.ndarray
    shares: np.ndarray
    depth: np.ndarray
    classes: np.ndarray


class Motion(NamedTuple):
    """Truth of one frame seen from one anchor, on GRID x GRID cells.

    motion: float16 (GRID, GRID, 2), place in the anchor frame minus own place, right and down, in sides of the picture.
    visible: uint8 (GRID, GRID), 255 times the share of the cell that the anchor frame shows, too.
    """

    motion: np.ndarray
    visible: np.ndarray


def rasterise(solids: Solids, places: np.ndarray, depth: np.ndarray) -> Samples:
    """The foremost surface at each sample. places: (points, 2) in sides; depth: (points,) in cm towards the camera."""
    triangle, sample, shares = _covered(solids, places)
    near = np.einsum("nc,nc->n", shares, depth[solids.triangles[triangle]])
    order = np.argsort(near, kind="stable")  # of what is written to one sample the nearest stays
    shown = np.full(SAMPLES * SAMPLES, -1, np.int64)
    shown[sample[order]] = order
    (seen,) = np.nonzero(shown >= 0)
    chosen, square = shown[seen], (SAMPLES, SAMPLES)
    samples = Samples(
        np.full(len(shown), -1, np.int32),
        np.zeros((len(shown), 3), np.float32),
        np.full(len(shown), -1e9, np.float32),
        np.full(len(shown), -1, np.int8),
    )
    samples.triangle[seen], samples.shares[seen], samples.depth[seen] = triangle[chosen], shares[chosen], near[chosen]
    samples.classes[seen] = solids.classes[triangle[chosen]]
    return Samples(*(array.reshape(*square, *array.shape[1:]) for array in samples))


def _covered(solids: Solids, places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every sample that a triangle covers: int (n,) triangle, int (n,) sample, float32 (n, 3) shares of its corners."""
    spot = (places * SAMPLES - 0.5).astype(np.float32)  # sample (column, row) lies at whole numbers
    a, b, c = (spot[corner] for corner in solids.triangles.T)
    low = np.ceil(np.clip(np.minimum(np.minimum(a, b), c), 0, SAMPLES)).astype(np.int32)
    high = np.floor(np.clip(np.maximum(np.maximum(a, b), c), -1, SAMPLES - 1)).astype(np.int32)
    wide, tall = np.maximum(high - low + 1, 0).T
    count = wide * tall
    kept = np.flatnonzero(count)
    count = count[kept]
    triangle = np.repeat(kept, count)
    within = np.arange(len(triangle)) - np.repeat(np.cumsum(count) - count, count)
    row, column = np.divmod(within, wide[triangle])
    column, row = column + low[triangle, 0], row + low[triangle, 1]
    edge1, edge2 = b - a, c - a
    area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    area = np.where(np.abs(area) < 1e-9, np.inf, area)
    # Shares of the second and third corner are linear over the picture: one row of seven numbers a triangle.
    plane = np.stack([edge2[:, 1], -edge2[:, 0], -edge1[:, 1], edge1[:, 0]], 1) / area[:, None]
    plane = np.concatenate([plane, a, area[:, None]], 1)[triangle]
    dx, dy = column - plane[:, 4], row - plane[:, 5]
    second, third = dx * plane[:, 0] + dy * plane[:, 1], dx * plane[:, 2] + dy * plane[:, 3]
    (inside,) = np.nonzero((second >= 0) & (third >= 0) & (second + third <= 1) & np.isfinite(plane[:, 6]))
    triangle, sample, second, third = (v[inside] for v in (triangle, row * SAMPLES + column, second, third))
    shares = np.stack([1 - second - third, second, third], 1).astype(np.float32)
    (solid,) = np.nonzero(_solid(solids, triangle, shares, area))
    return triangle[solid], sample[solid], shares[solid]


def _solid(solids: Solids, triangle: np.ndarray, shares: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Which samples of triangles are opaque: all but the gaps in the hair and its inner side."""
    solid = np.ones(len(triangle), bool)
    (hair,) = np.nonzero(solids.classes[triangle] == HAIR)
    uv = np.einsum("nc,ncd->nd", shares[hair], solids.uv[solids.triangles[triangle[hair]]])
    height, width = solids.opacity.shape
    column = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    row = np.clip((uv[:, 1] * height).astype(int), 0, height - 1)
    # Rows run downwards here: what faces the camera turns the other way than in VTK.
    solid[hair] = (solids.opacity[row, column] > _OPAQUE) & (solids.two_sided | (area[triangle[hair]] < 0))
    return solid


def foreground(samples: Samples) -> np.ndarray:
    """uint8 (GRID, GRID): 255 times the share of each cell that the person covers."""
    return (_cells((samples.triangle >= 0).astype(np.float32)) * 255).round().astype(np.uint8)


def motion(
    solids: Solids,
    samples: Samples,
    view: View,
    anchor: Samples,
    anchor_places: np.ndarray,
    anchor_depth: np.ndarray,
    anchor_view: View,
) -> Motion:
    """Motion and visibility of a frame's samples in the anchor frame, whose points lie at these places and depths."""
    grid = (np.arange(SAMPLES, dtype=np.float32) + 0.5) / SAMPLES
    own = np.stack(np.meshgrid(grid, grid), -1)
    person = samples.triangle >= 0
    corners = solids.triangles[samples.triangle[person]]
    shares = samples.shares[person]
    there = wall_places(on_wall(own.reshape(-1, 2), view), anchor_view).reshape(own.shape).astype(np.float32)
    there[person] = np.einsum("nc,ncd->nd", shares, anchor_places[corners])
    visible = (
        _shown(anchor, there[~person], None, None),
        _shown(anchor, there[person], np.einsum("nc,nc->n", shares, anchor_depth[corners]), samples.classes[person]),
    )
    seen = np.zeros(person.shape, np.float32)
    seen[~person], seen[person] = visible
    moved = there - own
    # The mean over the larger of person and background: a mean over both would be a motion that nothing has.
    larger = np.repeat(np.repeat(_cells(person.astype(np.float32)) >= 0.5, 2, 0), 2, 1)
    weight = (larger == person).astype(np.float32)
    mean = _cells(moved * weight[..., None]) / np.maximum(_cells(weight), 1e-6)[..., None]
    return Motion(mean.astype(np.float16), (_cells(seen) * 255).round().astype(np.uint8))


def _shown(anchor: Samples, places: np.ndarray, depth: np.ndarray | None, classes: np.ndarray | None) -> np.ndarray:
    """Whether the anchor shows the surfaces at these places, bool (n,): one of 3 x 3 samples has class and depth.

    depth and classes: of the surfaces; None for the background, which has neither.
    """
    spot = np.floor(places * SAMPLES).astype(np.int32)
    column, row = np.clip(spot, 0, SAMPLES - 1).T
    inside = (spot[:, 0] == column) & (spot[:, 1] == row)
    if depth is None or classes is None:
        return inside & (anchor.triangle[row, column] < 0)
    padded_depth = np.pad(anchor.depth, 1, constant_values=-1e9)
    padded_class = np.pad(anchor.classes, 1, constant_values=-1)
    found = np.zeros(len(places), bool)
    for down in range(3):
        for right in range(3):
            near = np.abs(padded_depth[row + down, column + right] - depth) < _DEPTH
            found |= near & (padded_class[row + down, column + right] == classes)
    return inside & found


def points_shown(samples: Samples, places: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Whether a frame shows points of the skin at these places and depths, bool (n,): nothing nearer covers them."""
    spot = np.floor(places * SAMPLES).astype(np.int32)
    inside = ((spot >= 0) & (spot < SAMPLES)).all(1)
    column, row = np.clip(spot, 0, SAMPLES - 1).T
    padded = np.pad(samples.depth, 1, constant_values=-1e9)
    farthest = np.min([padded[row + down, column + right] for down in range(3) for right in range(3)], axis=0)
    return inside & (depth > farthest - _DEPTH)


def _cells(values: np.ndarray) -> np.ndarray:
    """Means over cells of 2 x 2 samples: (SAMPLES, SAMPLES, ...) -> (GRID, GRID, ...)."""
    rows = values[::2] + values[1::2]
    return np.asarray((rows[:, ::2] + rows[:, 1::2]) / 4)
