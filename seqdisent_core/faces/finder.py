"""Finds faces in a picture with YuNet: a box and five points each.

Source: Wu, Peng, Yu: YuNet: A Tiny Millisecond-level Face Detector (2023); the weights are in demo_assets/face_finder.
It sees faces of about 10 to 300 pixels, so a picture is looked at in several sizes when a face is first sought.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from seqdisent_core.assets import asset
from seqdisent_core.faces.alignment import Pose, cut_out, face_pose, inverse, surroundings, transform_points
from seqdisent_core.weights import check_shipped

MODEL = "face_finder/face_detection_yunet_2023mar.onnx"
SEEK_SIDES = (320, 640, 128)  # longer sides of the pictures a new face is sought in: usual, small and huge faces
SEEK_MARGIN = 0.25  # of the picture, added all round in the smallest: a face may fill the frame
SEEK_SCORE = 0.7  # of 1; with less, more leaves and shadows are faces
NEAR_SCORE = 0.5  # around a face's last place less proof is enough
# A face is looked at closely in a square of so many pixels, which is so many crop sides wide: with smaller faces YuNet
# reports a fifth of the head's roll only.
NEAR_SIDE, NEAR_REACH = 320, 1.45
# Of 14 people, the finder gives upright faces 0.94 or more, those that lie or are upside down up to 0.93.
UPRIGHT_SCORE = 0.92
LEAST_PICTURE = 16  # pixels a side: enlarged from fewer, stripes look like faces
OVERLAP = 0.3  # boxes sharing more than this (intersection over union) are one face


@dataclass(frozen=True)
class Face:
    """One face in one picture, in its pixels.

    points: float64 (5, 2): eyes, nose tip, mouth corners, those on the picture's left first; box: x, y, width, height;
    score: 0 to 1.
    """

    points: np.ndarray
    box: tuple[float, float, float, float]
    score: float

    @cached_property
    def pose(self) -> Pose:
        return face_pose(self.points)


def find_faces(frame: np.ndarray) -> list[Face]:
    """All faces in a uint8 RGB frame (height, width, 3), largest first; the smallest are 1.5 % of its longer side."""
    return FaceFinder().seek(frame)


class FaceFinder:
    """YuNet for some picture sizes. Not for several threads at once: make one each."""

    def __init__(self) -> None:
        self._networks: dict[tuple[int, int], cv2.FaceDetectorYN] = {}

    def seek(self, frame: np.ndarray, sides: Iterable[int] = SEEK_SIDES) -> list[Face]:
        """Faces anywhere in a uint8 RGB frame, seen in any of the sizes `sides`; largest first."""
        found: list[Face] = []
        if min(frame.shape[:2]) < LEAST_PICTURE:
            return found
        for side in sides:
            picture, back = _shrink(frame, side, SEEK_MARGIN if side == min(SEEK_SIDES) else 0.0)
            for guess in self._detect(picture, SEEK_SCORE, back):
                face = self._confirmed(frame, guess)
                if face is not None and all(_overlap(face.box, known.box) < OVERLAP for known in found):
                    found.append(face)
        return sorted(found, key=lambda face: -face.pose.side)

    def seek_near(
        self, frame: np.ndarray, pose: Pose, zoom: float = 1.0, shift: tuple[int, int] = (0, 0)
    ) -> list[Face]:
        """Faces in a level square around a pose, which is `zoom` times wider than usual and shifted by some pixels."""
        cut = surroundings(pose, NEAR_SIDE, zoom * NEAR_REACH)
        cut[:, 2] += shift
        return self._detect(cut_out(frame, cut, NEAR_SIDE), NEAR_SCORE, inverse(cut))

    def is_upright(self, frame: np.ndarray, face: Face, least: float = UPRIGHT_SCORE) -> bool:
        """Whether a face that was found is upright, by a score of at least `least`.

        The finder takes many a face that lies on its side or upside down for an upright one, but its square turned by
        quarters or by half looks more like a face then.
        """
        if face.score < least:
            return False
        cut = surroundings(face.pose, NEAR_SIDE, NEAR_REACH)
        square = cut_out(frame, cut, NEAR_SIDE)
        turned = (self._detect(np.ascontiguousarray(np.rot90(square, turn)), NEAR_SCORE, cut) for turn in range(4))
        own, *others = [max((one.score for one in found), default=0.0) for found in turned]
        return own >= max(others)

    def _confirmed(self, frame: np.ndarray, guess: Face) -> Face | None:
        """A face looked at closely, where it is one: leaves and shadows look like faces in one size only."""
        near = [face for face in self.seek_near(frame, guess.pose) if _overlap(face.box, guess.box) >= OVERLAP]
        face = max(near, key=lambda face: face.score, default=None)
        return face if face is not None and face.score >= SEEK_SCORE else None

    def _detect(self, picture: np.ndarray, score: float, back: np.ndarray) -> list[Face]:
        height, width = picture.shape[:2]
        network = self._networks.get((width, height))
        if network is None:  # kept by size: changing a network's size costs more than a detection
            model = asset(MODEL)
            check_shipped(model)
            network = cv2.FaceDetectorYN.create(str(model), "", (width, height), NEAR_SCORE, OVERLAP, 100)
            self._networks[width, height] = network
        rows = network.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
        return (
            []
            if rows is None
            else [_face(row, back) for row in rows.astype(np.float64) if row[-1] >= score and np.isfinite(row).all()]
        )


def _face(row: np.ndarray, back: np.ndarray) -> Face:
    """YuNet's row (box, points, score), taken through a transform."""
    x, y, width, height = row[:4]
    corners = transform_points(np.array([[x, y], [x + width, y], [x, y + height], [x + width, y + height]]), back)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    points = transform_points(row[4:14].reshape(5, 2), back)
    return Face(points, (left, top, right - left, bottom - top), float(row[14]))


def _shrink(frame: np.ndarray, side: int, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """A frame scaled to a longer side (margins included), and the transform back to its pixels."""
    height, width = frame.shape[:2]
    scale = side / (max(height, width) * (1 + 2 * margin))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    edge = round(margin * max(size))
    if edge:
        picture = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    across, down = width / size[0], height / size[1]
    back = np.array([[across, 0.0, (0.5 - edge) * across - 0.5], [0.0, down, (0.5 - edge) * down - 0.5]])
    return picture, back


def _overlap(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(1e-9, first[2] * first[3] + second[2] * second[3] - shared)
