"""The part of the model that a camera in front can see: points, triangles, normals, occlusion."""

from dataclasses import dataclass

import numpy as np

from seqdisent_core.facekit.model import FaceModel

SKIN = ("M_Face",)
EYES = ("M_ScleraLeft", "M_ScleraRight")
LASHES = ("M_EyeLashes",)
UNTEXTURED = ("M_BackHead", "M_GumsTongue", "M_Teeth")
_CLOSED = tuple(name for name in SKIN + EYES + UNTEXTURED)  # never seen from behind


@dataclass(frozen=True)
class Part:
    """What one texture covers: points are (vertex, uv) pairs, so that a seam has two points at one vertex."""

    vertex: np.ndarray  # int64 (points,) into Surface's vertices
    uv: np.ndarray  # float32 (points, 2)
    triangles: np.ndarray  # int64 (triangles, 3) into this part's points
    material: np.ndarray  # str (points,)


class Surface:
    """The visible vertices of a FaceModel, with bases as (weights, vertices * 3) float32 matrices.

    turned_away: triangles whose normal points further back than this are left out: -0.3 is 17 degrees, more than a
    head turns away from a camera in front.
    """

    def __init__(self, model: FaceModel, turned_away: float = -0.3):
        normal = vertex_normals(model.neutral, model.triangles)
        keep = []
        for name in SKIN + EYES + LASHES + UNTEXTURED:
            rows = model.triangles_of(name)
            if name in _CLOSED:
                rows = rows[normal[model.triangles[rows]].mean(1)[:, 2] > turned_away]
            keep.append(rows)
        rows = np.sort(np.concatenate(keep))
        self.vertices, flat = np.unique(model.triangles[rows], return_inverse=True)
        self.triangles = flat.reshape(-1, 3)
        self.neutral = model.neutral[self.vertices].astype(np.float32)
        self.identity = model.identity[:, self.vertices].reshape(len(model.identity), -1).astype(np.float32)
        self.expression = model.expression[:, self.vertices].reshape(len(model.expression), -1).astype(np.float32)
        self.expression_names = model.expression_names
        self.landmarks = np.searchsorted(self.vertices, model.landmarks)
        parts = [self._part(model, rows, names) for names in (SKIN, EYES, LASHES, UNTEXTURED)]
        self.skin, self.eyes, self.lashes, self.untextured = parts
        self.solid = np.ones(len(self.vertices), bool)
        self.solid[self.lashes.vertex] = False  # lashes keep no light away
        edges = np.concatenate([self.triangles[:, [0, 1]], self.triangles[:, [1, 2]], self.triangles[:, [2, 0]]])
        edges = np.unique(np.sort(edges, axis=1), axis=0)
        self.edges = np.concatenate([edges, edges[:, ::-1]])
        self._valence = np.maximum(np.bincount(self.edges[:, 0], minlength=len(self.vertices)), 1)

    def _part(self, model: FaceModel, rows: np.ndarray, names: tuple[str, ...]) -> Part:
        rows = rows[np.isin(rows, model.triangles_of(*names))]
        pair = np.stack([model.triangles[rows].ravel(), model.triangle_uv[rows].ravel()], 1)
        points, first, flat = np.unique(pair, axis=0, return_index=True, return_inverse=True)
        material = np.array(model.materials)[np.repeat(model.triangle_material[rows], 3)[first]]
        vertex = np.searchsorted(self.vertices, points[:, 0])
        return Part(vertex, model.uv[points[:, 1]].astype(np.float32), flat.reshape(-1, 3), material)

    def shape(self, weights: np.ndarray) -> np.ndarray:
        """Neutral face, float32 (vertices, 3), of identity weights (modes,)."""
        modes = np.asarray(weights, dtype=np.float32)
        return self.neutral + (modes @ self.identity[: len(modes)]).reshape(-1, 3)

    def motion(self, weights: np.ndarray) -> np.ndarray:
        """Offsets, float32 (frames, vertices, 3), of expression weights (frames, shapes)."""
        return (np.asarray(weights, dtype=np.float32) @ self.expression).reshape(len(weights), -1, 3)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """Unit normals, float32 (vertices, 3), of positions (vertices, 3)."""
        return vertex_normals(points, self.triangles)

    def smoothed(self, values: np.ndarray) -> np.ndarray:
        """Mean over each vertex's neighbours of values (vertices,) or (vertices, columns)."""
        columns = values.reshape(len(values), -1)
        sums = [
            np.bincount(self.edges[:, 0], columns[self.edges[:, 1], c], len(values)) for c in range(columns.shape[1])
        ]
        return (np.stack(sums, 1) / self._valence[:, None]).reshape(values.shape).astype(np.float32)


def vertex_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals, float32 (vertices, 3)."""
    corner = points[triangles]
    across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    flat = triangles.ravel()
    sums = [np.bincount(flat, np.repeat(across[:, axis], 3), len(points)) for axis in range(3)]
    normal = np.stack(sums, 1)
    return (normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def openness(points: np.ndarray, normals: np.ndarray, directions: np.ndarray, blockers: np.ndarray) -> np.ndarray:
    """How much of the sky each vertex sees, float32 (vertices,) in [0, 1]: baked ambient occlusion.

    points, normals: (vertices, 3); directions: (n, 3) unit vectors towards the sky; blockers: (m, 3) points in the way.
    """
    seen = np.zeros(len(points), dtype=np.float32)
    weight = np.full(len(points), 1e-6, dtype=np.float32)
    for direction in directions:
        facing = np.maximum(normals @ direction, 0).astype(np.float32)
        seen += facing * ~occluded(points, direction, blockers)
        weight += facing
    return seen / weight


def occluded(points: np.ndarray, direction: np.ndarray, blockers: np.ndarray, cell: float = 0.35) -> np.ndarray:
    """Whether something stands between each point and a far light in this direction: bool (vertices,).

    Seen from the light, blockers (m, 3) are sorted into square cells of `cell` cm; a point well behind the foremost
    of its cell is occluded.
    """
    helper = np.array([0.0, 1.0, 0.0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    across = np.cross(helper, direction)
    across /= np.linalg.norm(across)
    basis = np.stack([across, np.cross(direction, across), direction], 1).astype(np.float32)
    place, block = basis.T @ points.T, basis.T @ blockers.T  # (3, points): across, up, towards the light
    low = np.minimum(place[:2].min(1), block[:2].min(1))[:, None]
    column, cover = ((place[:2] - low) / cell).astype(np.int32), ((block[:2] - low) / cell).astype(np.int32)
    height, width = np.maximum(column.max(1), cover.max(1)) + 1
    front = np.full(int(width) * int(height), -1e9, dtype=np.float32)
    np.maximum.at(front, cover[0] * width + cover[1], block[2])
    return place[2] < front[column[0] * width + column[1]] - 1.6 * cell
