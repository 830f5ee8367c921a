"""Where a face sits in its crop, kept steady over time.

Five points (eyes, nose tip, mouth corners) give a pose: where, how large, how far rolled. Poses are smoothed along the
clip and become similarity transforms, which cut level, steady crops from brows to chin.
All coordinates are OpenCV's: (0, 0) is the middle of the first pixel.
"""

from typing import NamedTuple

import cv2
import numpy as np

# The layout of a crop, in sides of its square, y downwards. It is the layout of the drawn set the model learns from,
# whose square reaches from 1.3 cm above the brows to 1.3 cm below the chin: where the finder sees the eyes and the
# mouth's corners in it, so that cutting a drawn clip out again gives the same clip (median of 150 clips).
EYES_X = 0.5
EYES_Y = 0.223
MOUTH_Y = 0.656
EYE_MOUTH = MOUTH_Y - EYES_Y  # from the eyes' middle to the mouth's
EYE_MOUTH_TO_EYES = 1.07  # eyes' middle to mouth over left eye to right, of the same head facing the camera

# Half windows of smoothing, in seconds. The finder's points are right on average and shake; optical flow is smooth and
# drifts: over the long window the former corrects the latter. Size is a median over even more of the past: an opening
# mouth stretches the face for a second and must not zoom the crop out.
LONG_SECONDS = 1.0
SHORT_SECONDS = 0.1
SIZE_SECONDS = 3.0  # of the past
SHAKEN = 0.12  # sides by which the speed changes from one frame to the next if a camera is shaken; 0.08 is a quick head
SLIP, ROLL_SLIP = 0.01, 0.02  # deviations beyond this, in sides and radians, pull less: outliers shake no crop


class Pose(NamedTuple):
    """How a face lies in a picture.

    x, y: the middle between the eyes, in pixels; side: of the crop's square, in pixels; roll: radians, clockwise.
    """

    x: float
    y: float
    side: float
    roll: float

    @property
    def middle(self) -> np.ndarray:
        """Middle of the crop's square, float64 (2,), in pixels."""
        down = (0.5 - EYES_Y) * self.side
        return np.array([self.x - down * np.sin(self.roll), self.y + down * np.cos(self.roll)])


def face_pose(points: np.ndarray) -> Pose:
    """Pose of a face from its points, float (5, 2): two eyes, nose tip, two mouth corners, the picture's left first.

    The larger of eye-to-mouth and (scaled) eye-to-eye distance counts: nodding shortens the one, turning the other.
    """
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    across = points[1] - points[0]
    length = max(float(np.hypot(*(mouth - eyes))), EYE_MOUTH_TO_EYES * float(np.hypot(*across)), 1e-6)
    return Pose(float(eyes[0]), float(eyes[1]), length / EYE_MOUTH, float(np.arctan2(across[1], across[0])))


def face_turn(points: np.ndarray) -> float:
    """How far the nose tip lies beside the face's middle, over the distance of the eyes.

    0 is facing the camera, its sign is the side; 0.5, with the nose below one eye, is turned by some 45 degrees, and
    more is reached beyond (seen on drawn heads).
    """
    across = points[1] - points[0]
    middle = (points[:2].mean(axis=0) + points[3:].mean(axis=0)) / 2
    return float((points[2] - middle) @ across) / max(float(across @ across), 1e-6)


def wrapped(angle: float) -> float:
    """The same angle between -pi and pi."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


class PoseTrack:
    """Poses of one face in consecutive frames, smoothed; they come one by one and are asked for in order."""

    def __init__(self, fps: float) -> None:
        self._long, self._short = max(2, round(LONG_SECONDS * fps)), max(2, round(SHORT_SECONDS * fps))
        self._past = max(2, round(SIZE_SECONDS * fps))
        self._found: list[np.ndarray] = []  # by the finder; NaN where it didn't look or saw nothing
        self._moved: list[np.ndarray] = []  # since the first frame, by the flow
        self._steady: list[np.ndarray] = []
        self._last = -1  # where the finder found it last

    def __len__(self) -> int:
        return len(self._found)

    @property
    def ahead(self) -> int:
        """So many later frames are looked at for a smoothed pose, where there are so many."""
        return self._long + self._short

    def add(self, found: Pose | None, moved: np.ndarray | None, held: int = 0) -> None:
        """Adds a frame, after `held` ones in which nothing is known of the face.

        moved: float (4,), change of the pose since the last frame, its third being of log side; where it is None,
        `found` must be given, and the frames since the last known pose are taken to move evenly.
        """
        pose = np.full(4, np.nan) if found is None else np.array(found)
        if self._last < 0:
            self._found, self._moved, self._last = [pose], [np.zeros(4)], 0
            return
        before = self._found[self._last] + self._moved[-1] - self._moved[self._last]
        if found is not None:
            pose[3] = before[3] + wrapped(found.roll - before[3])
        step = (pose - before) / (held + 1) if moved is None else moved
        for _ in range(held):
            self._found.append(np.full(4, np.nan))
            self._moved.append(self._moved[-1] + step)
        self._found.append(pose)
        self._moved.append(self._moved[-1] + step)
        if found is not None:
            self._last = len(self._found) - 1

    def smooth(self, index: int) -> Pose:
        """Smoothed pose of frame `index`; `ahead` later frames must have come, or none will any more."""
        low, high = max(0, index - self._short), min(len(self), index + self._short + 1)
        while len(self._steady) < high:
            self._steady.append(self._steady_pose(len(self._steady)))
        time, near = np.arange(low, high) - index, np.array(self._steady[low:high])
        if _jolt(near) > SHAKEN:
            return Pose(*near[index - low].tolist())  # the crop goes with the face, or else the face would shake in it
        x, y, side, roll = (_line_at_zero(time, near[:, k], self._short) for k in range(4))
        return Pose(x, y, side, roll)

    def _steady_pose(self, index: int) -> np.ndarray:
        """float (4,): the flow's pose, brought to where the finder sees the face over the long window."""
        low, high = max(0, index - self._long), min(len(self), index + self._long + 1)
        found, moved = np.array(self._found[low:high]), np.array(self._moved[low:high])
        seen = ~np.isnan(found[:, 0])
        time, drift = np.arange(low, high)[seen] - index, (found - moved)[seen]
        side = float(np.nanmedian([pose[2] for pose in self._found[max(0, index - self._past) : high]]))
        x, y, roll = (
            self._moved[index][k] + _level(time, drift[:, k], self._long, slip)
            for k, slip in ((0, SLIP * side), (1, SLIP * side), (3, ROLL_SLIP))
        )
        return np.array([x, y, side, roll])


def _jolt(poses: np.ndarray) -> float:
    """Largest change of speed among consecutive poses, float (frames, 4), in sides a frame."""
    changes = np.diff(poses[:, :2], n=2, axis=0)
    return float((np.hypot(*changes.T) / poses[1:-1, 2]).max(initial=0.0))


def _level(time: np.ndarray, values: np.ndarray, reach: int, slip: float) -> float:
    """Mean of values, in which times near `reach` and outliers count less; Huber weights in three rounds."""
    fade = np.cos(np.pi / 2 * time / (reach + 1)) ** 2
    level = float(np.median(values))
    for _ in range(3):  # by then the level moves by far less than a pixel
        weight = fade * np.minimum(1.0, slip / np.maximum(np.abs(values - level), 1e-9))
        level = float(weight @ values / weight.sum())
    return level


def _line_at_zero(time: np.ndarray, values: np.ndarray, reach: int) -> float:
    """Value at time 0 of a line fitted to (time, values), in which times near `reach` count less.

    A line, so that a steady movement isn't delayed where the clip begins or ends.
    """
    weight = np.cos(np.pi / 2 * time / (reach + 1)) ** 2
    weight = weight / weight.sum()
    middle, mean = weight @ time, weight @ values
    spread = weight @ (time - middle) ** 2
    slope = (weight @ ((time - middle) * (values - mean))) / spread if spread > 1e-6 else 0.0
    return float(mean - slope * middle)


def pose_transform(pose: Pose, size: int) -> np.ndarray:
    """float64 (2, 3): takes source pixels to those of a size x size crop, the eyes level at (EYES_X, EYES_Y)."""
    scale = size / pose.side
    cos, sin = scale * np.cos(pose.roll), scale * np.sin(pose.roll)
    turn = np.array([[cos, sin], [-sin, cos]])
    eyes = np.array([EYES_X * size - 0.5, EYES_Y * size - 0.5])
    return np.column_stack([turn, eyes - turn @ np.array([pose.x, pose.y])])


def surroundings(pose: Pose, size: int, reach: float) -> np.ndarray:
    """Like `pose_transform`, to a square with the same middle and `reach` times its sides."""
    transform = pose_transform(pose, size) / reach
    transform[:, 2] += (0.5 * size - 0.5) * (1 - 1 / reach)
    return transform


def cut_out(frame: np.ndarray, transform: np.ndarray, size: int) -> np.ndarray:
    """The size x size picture that `transform` (source to crop pixels) shows of a uint8 (height, width, 3) frame.

    Shrinking averages over all of the source's pixels; beyond the source its border goes on.
    """
    scale = float(np.sqrt(abs(np.linalg.det(transform[:, :2]))))
    fine = max(1, int(np.ceil(1 / scale - 0.05)))  # so many samples a pixel and direction, then averaged
    finer = fine * transform
    finer[:, 2] += 0.5 * (fine - 1)
    shape = (fine * size, fine * size)
    picture = cv2.warpAffine(frame, finer, shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return picture if fine == 1 else cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


def transform_points(points: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """float (n, 2) points through a (2, 3) transform."""
    return points @ transform[:, :2].T + transform[:, 2]


def inverse(transform: np.ndarray) -> np.ndarray:
    """The (2, 3) transform that goes back."""
    return np.asarray(cv2.invertAffineTransform(transform), dtype=np.float64)
