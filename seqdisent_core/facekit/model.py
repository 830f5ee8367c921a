"""The linear 3D face model that all clips are drawn from: ICT FaceKit (Li et al. 2020, MIT licence).

Two sources hold the same data: `ict_facekit.npz`, or the folder FaceXModel of the public repository
ICT-VGL/ICT-FaceKit, whose OBJ files each hold all vertex positions of one shape.
"""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqdisent_core.errors import DataError

# Vertex of each of the 68 Multi-PIE landmarks; part of the model's fixed topology, so the same for both sources.
LANDMARKS68 = (
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443,
    268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075, 1147,
    4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732, 5708, 5695, 2081,
    0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
)  # fmt: skip
NEUTRAL = "generic_neutral_mesh.obj"
_EXPRESSION_STARTS = ("Pupil", "brow", "cheek", "eye", "jaw", "mouth", "nose")


@dataclass(frozen=True)
class FaceModel:
    """A face = neutral + sum of identity offsets + sum of expression offsets; positions in cm, +y up, +z forward.

    neutral: float32 (vertices, 3). identity: (modes, vertices, 3), one unit of weight is one standard deviation.
    expression: (shapes, vertices, 3), weights in [0, 1]. triangles, triangle_uv: int32 (triangles, 3) into
    vertices and uv. uv: float32 (corners, 2). triangle_material: int8 (triangles,) into materials.
    """

    neutral: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    expression_names: tuple[str, ...]
    triangles: np.ndarray
    triangle_uv: np.ndarray
    uv: np.ndarray
    triangle_material: np.ndarray
    materials: tuple[str, ...]
    landmarks: np.ndarray

    def triangles_of(self, *names: str) -> np.ndarray:
        """Row numbers, int64 (n,), of the triangles of these materials, in the order of the triangles."""
        wanted = [i for i, name in enumerate(self.materials) if name in names]
        return np.flatnonzero(np.isin(self.triangle_material, wanted))


def read_face_model(source: str | Path) -> FaceModel:
    """Read the model from `ict_facekit.npz` or from a folder of OBJ files (FaceXModel).

    Raises DataError if the source is missing, cut off or not this model.
    """
    source = Path(source)
    if source.is_dir():
        return _read_folder(source)
    if not source.is_file():
        raise DataError(f"There is no face model at {source}. Give ict_facekit.npz or the folder FaceXModel.")
    try:
        with np.load(source) as data:
            return FaceModel(
                data["neutral"], data["identity"], data["expression"], tuple(map(str, data["expression_names"])),
                data["triangles"], data["triangle_uv"], data["uv"], data["triangle_material"],
                tuple(map(str, data["materials"])), data["landmarks68"],
            )  # fmt: skip
    except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{source.name} is not a FaceKit model: {error}. Download it again.") from error


def source_hash(source: str | Path) -> str:
    """SHA-256 (hex) of the npz, or of the names and contents of an OBJ folder's files."""
    source = Path(source)
    if source.is_file():
        return hashlib.sha256(source.read_bytes()).hexdigest()
    if not (source / NEUTRAL).is_file():
        raise DataError(f"There is no face model at {source}. Give ict_facekit.npz or the folder FaceXModel.")
    digest = hashlib.sha256()
    for path in sorted(source.glob("*.obj")):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _read_folder(folder: Path) -> FaceModel:
    neutral_path = folder / NEUTRAL
    if not neutral_path.is_file():
        raise DataError(f"The folder {folder.name} has no {NEUTRAL}. Give the folder FaceXModel of ICT-FaceKit.")
    neutral = _vertices(neutral_path)
    modes = sorted(folder.glob("identity*.obj"))
    shapes = [p for p in sorted(folder.glob("*.obj")) if p.stem.startswith(_EXPRESSION_STARTS)]
    if not modes or not shapes:
        raise DataError(f"The folder {folder.name} has no identity or expression files. Copy all of FaceXModel.")
    corners = _corners(neutral_path)
    return FaceModel(
        neutral,
        _offsets(modes, neutral),
        _offsets(shapes, neutral),
        tuple(path.stem for path in shapes),
        *corners,
        np.array(LANDMARKS68, dtype=np.int32),
    )


def _vertices(path: Path) -> np.ndarray:
    rows = [line.split()[1:4] for line in path.read_text().splitlines() if line.startswith("v ")]
    try:
        return np.array(rows, dtype=np.float32).reshape(-1, 3)
    except ValueError as error:
        raise DataError(f"{path.name} is not a whole OBJ file: {error}. Copy it again.") from error


def _offsets(paths: list[Path], neutral: np.ndarray) -> np.ndarray:
    offsets = np.empty((len(paths), *neutral.shape), dtype=np.float16)
    for row, path in enumerate(paths):
        positions = _vertices(path)
        if positions.shape != neutral.shape:
            raise DataError(f"{path.name} has {len(positions)} vertices, {NEUTRAL} has {len(neutral)}. Copy it again.")
        offsets[row] = positions - neutral
    return offsets


def _corners(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]:
    """Triangles, their texture corners, uv, material of each triangle and the materials' names, of one OBJ file."""
    uv: list[list[str]] = []
    names: list[str] = []
    triangles: list[list[list[int]]] = []  # (triangle, corner, (vertex, uv))
    material: list[int] = []
    current = -1
    for line in path.read_text().splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "vt":
            uv.append(rest.split()[:2])
        elif word == "usemtl":
            if rest.strip() not in names:
                names.append(rest.strip())
            current = names.index(rest.strip())
        elif word == "f":
            corners = [[int(number or 1) - 1 for number in part.split("/")[:2]] for part in rest.split()]
            for second in range(1, len(corners) - 1):  # a fan: quads become two triangles
                triangles.append([corners[0], corners[second], corners[second + 1]])
                material.append(current)
    # Names in alphabetical order, as in the npz: material numbers don't depend on the order of the file.
    order = sorted(names)
    renumber = np.array([order.index(name) for name in names] or [0], dtype=np.int8)
    table = np.array(triangles, dtype=np.int32).reshape(-1, 3, 2)
    return (
        table[:, :, 0].copy(),
        table[:, :, 1].copy(),
        np.array(uv, dtype=np.float32).reshape(-1, 2),
        renumber[np.array(material, dtype=np.int64)] if material else np.zeros(0, np.int8),
        tuple(order),
    )
