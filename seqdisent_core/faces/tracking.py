"""Follows one face through a film, and notices where the film cuts to another picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from seqdisent_core.faces.alignment import (
    Pose,
    cut_out,
    face_turn,
    inverse,
    pose_transform,
    surroundings,
    transform_points,
    wrapped,
)
from seqdisent_core.faces.finder import SEEK_SIDES, Face, FaceFinder

# The finder looks every second frame, and each time a little differently (zoom; pixels across and down): its points err
# with how the face lies on its grid, and so those errors average out.
FIND_EVERY = 2
DITHER = ((1.0, (0, 0)), (0.9, (6, -12)), (1.1, (-10, 8)), (0.95, (-4, 4)), (1.05, (10, -6)))
SAME_PLACE = 0.5  # a face that moved by more than this part of its crop's side between two frames is another one,
SAME_PLACE_SLACK = 0.1  # and so much more for each frame it wasn't seen in, up to a whole side
SAME_SIZE = 1.6  # or that grew or shrank by more than this factor
PULL = 0.1  # so much of the way the carried pose goes to the finder's each time: it shakes, the flow drifts slowly

# The flow between two frames is taken in a square of so many pixels and crop sides, at a grid of points over the upper
# face, in crop sides: it stays clear of mouth and jaw.
FLOW_SIDE, FLOW_REACH = 160, 1.6
FLOW_GRID = np.stack(np.meshgrid(np.linspace(0.12, 0.88, 9), np.linspace(0.06, 0.56, 7)), axis=-1).reshape(-1, 2)
FLOW_LEAST = 16  # of the 63 points must be followed there and back, ending within FLOW_SLIP pixels of the start
FLOW_SLIP = 0.5  # a point that comes back further off was lost on the way
LIGHT_KEPT = 0.05  # the flow takes points to keep their brightness: a larger change of all of it is taken out before
# Two pictures of the square show one face where its inner part, shifted by some pixels, correlates so highly: of shaken
# films it does by 0.98, and of 380 pairs of people, of whom the flow takes 14 for one face, by up to 0.88.
LOOK, LOOK_AROUND, SAME_LOOK = (slice(32, 128),) * 2, (slice(24, 136),) * 2, 0.9
# Below this it is another face: of 132 pairs of rendered people in one place the flow loses 107, of whom two in three
# are below; one person with two expressions has 0.69 or more, and the flow loses none.
OTHER_LOOK = 0.6
OTHER_SCORE = 0.8  # the finder's least: a face that a hand covers looks otherwise, too, but hardly like a face
# That square stays put until the face has moved by so many crop sides, grown by so much or rolled by so many radians.
STAY_PLACE, STAY_SIZE, STAY_ROLL = 0.1, 0.15, 0.03

# Pictures below either have changed hard: of 28 pairs of filmed people 27 do, of 528 frames of shaken films none (their
# likeness is 0.69 or more).
HISTOGRAM_KEPT, LIKENESS_KEPT = 0.6, 0.6
COARSE, SHIFT = 16, 2  # cells a side in which shapes are compared, and cells by which a shaken camera may shift them


@dataclass(frozen=True)
class Sighting:
    """The followed face in one frame.

    pose, turn: as the finder sees them (`face_pose`, `face_turn`), None in the frames between. moved: float64 (4,),
    change of x, y, log side and roll since the frame before, by the flow of the upper face; None where that cannot be
    told, and then there is a pose. other: whether the face looks like another one than in the frame before.
    """

    pose: Pose | None
    turn: float | None
    moved: np.ndarray | None
    other: bool = False


class FaceFollower:
    """Follows one face: the finder says where it is, optical flow how it moved, which is far finer."""

    _last_gray: np.ndarray  # the last frame's part in the flow's square

    def __init__(self, finder: FaceFinder, frame: np.ndarray, face: Face) -> None:
        self._finder = finder
        self._missed, self._since, self._looks = 0, 0, 0
        self.pose = face.pose
        looks = [self._find(frame) or face for _ in DITHER]
        self.pose = Pose(*np.median([look.pose for look in looks], axis=0))
        self.first = Sighting(self.pose, float(np.median([face_turn(look.points) for look in looks])), None)
        self._lay_square(frame)

    def step(self, frame: np.ndarray) -> Sighting | None:
        """The face in the next frame, None if it isn't there."""
        before = self._last_gray
        self._last_gray = self._gray(frame, self._cut)
        moved = self._flow(before, self._last_gray, self._cut) if self._missed == 0 else None
        if moved is not None:
            self.pose = _sum(self.pose, moved)
        self._since += 1
        face, other = None, False
        if moved is None or self._since >= FIND_EVERY:
            face = self._find(frame)
            if face is None:
                self._missed += 1
                return None
            self._since = 0
            if moved is None and self._missed == 0:
                moved, other = self._leap(before, frame, face.pose)
                other = other and face.score >= OTHER_SCORE
                self.pose = self.pose if moved is None else _sum(self.pose, moved)
            self.pose = face.pose if moved is None else _drawn(self.pose, face.pose)
        self._missed = 0
        if _left(self.pose, self._square):
            self._lay_square(frame)
        return Sighting(face.pose, face_turn(face.points), moved, other) if face else Sighting(None, None, moved)

    def _find(self, frame: np.ndarray) -> Face | None:
        """The face by the finder: near its last place, or else anywhere in reach."""
        zoom, shift = DITHER[self._looks % len(DITHER)]
        self._looks += 1
        near = self._finder.seek_near(frame, self.pose, zoom, shift)
        return self._mine(near) or self._mine(self._finder.seek(frame, SEEK_SIDES[:1]))

    def _mine(self, faces: list[Face]) -> Face | None:
        """The one among faces that can be the followed one: near and of about its size."""
        place = min(1.0, SAME_PLACE + SAME_PLACE_SLACK * self._missed) * self.pose.side
        near = [face for face in faces if _distance(face.pose, self.pose) <= place]
        mine = [face for face in near if 1 / SAME_SIZE <= face.pose.side / self.pose.side <= SAME_SIZE]
        return min(mine, key=lambda face: _distance(face.pose, self.pose), default=None)

    def _lay_square(self, frame: np.ndarray) -> None:
        """Lays the flow's square around the face as it is now."""
        self._square = self.pose
        self._cut = surroundings(self.pose, FLOW_SIDE, FLOW_REACH)
        self._last_gray = self._gray(frame, self._cut)

    def _gray(self, frame: np.ndarray, cut: np.ndarray) -> np.ndarray:
        return cv2.cvtColor(cut_out(frame, cut, FLOW_SIDE), cv2.COLOR_RGB2GRAY)

    def _flow(self, before: np.ndarray, gray: np.ndarray, cut: np.ndarray) -> np.ndarray | None:
        """Change of the pose between two pictures of the square, the second taken by the transform `cut`.

        None if too few points can be followed.
        """
        to_square = inverse(pose_transform(self.pose, 1))
        start = transform_points(transform_points(FLOW_GRID - 0.5, to_square), self._cut).astype(np.float32)
        gain = float(before.mean() / max(gray.mean(), 1.0))
        if abs(gain - 1) > LIGHT_KEPT:
            gray = cv2.convertScaleAbs(gray, alpha=gain)  # for this one comparison
        end, there = _follow(before, gray, start)
        again, back = _follow(gray, before, end)
        good = there & back & (np.linalg.norm(again - start, axis=1) < FLOW_SLIP)
        if good.sum() < FLOW_LEAST:
            return None
        first, second = transform_points(start[good], inverse(self._cut)), transform_points(end[good], inverse(cut))
        return _similarity(first, second, self.pose)

    def _leap(self, before: np.ndarray, frame: np.ndarray, found: Pose) -> tuple[np.ndarray | None, bool]:
        """Change of the pose to that found in a frame, by a flow that begins there: the camera moved too far for one
        that begins where the face was. None where the face looks otherwise there; and whether it is another one.
        """
        cut = self._cut.copy()
        cut[:, 2] -= cut[:, :2] @ np.array([found.x - self.pose.x, found.y - self.pose.y])
        gray = self._gray(frame, cut)
        likeness = float(cv2.matchTemplate(before[LOOK_AROUND], gray[LOOK], cv2.TM_CCOEFF_NORMED).max())
        return self._flow(before, gray, cut) if likeness >= SAME_LOOK else None, likeness < OTHER_LOOK


class SceneWatch:
    """Tells whether a picture differs hard from the one before, in its colours or its coarse shapes.

    Not PySceneDetect's ContentDetector: it finds the same cuts, takes each tenth frame of a shaken camera for one as
    well, and eight times as long.
    """

    def __init__(self) -> None:
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def changed(self, frame: np.ndarray) -> bool:
        """Whether uint8 (height, width, 3) `frame` is another picture than the last one given."""
        small = cv2.resize(frame[:: max(1, frame.shape[0] // 90), :: max(1, frame.shape[1] // 90)], (64, 64))
        colours = cv2.calcHist([small], [0, 1, 2], None, [6, 6, 6], [0, 256] * 3).ravel() / small[..., 0].size
        shapes = cv2.resize(small, (COARSE, COARSE), interpolation=cv2.INTER_AREA).mean(axis=2, dtype=np.float32)
        last, self._last = self._last, (colours, shapes)
        if last is None:
            return False
        kept = float(np.minimum(last[0], colours).sum())
        inner = np.ascontiguousarray(shapes[SHIFT:-SHIFT, SHIFT:-SHIFT])
        likeness = float(cv2.matchTemplate(last[1], inner, cv2.TM_CCOEFF_NORMED).max())
        return kept < HISTOGRAM_KEPT or likeness < LIKENESS_KEPT


def _follow(first: np.ndarray, second: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points of one gray picture lie in another (pyramidal Lucas-Kanade), and which were found."""
    end, found, _ = cv2.calcOpticalFlowPyrLK(
        first, second, points, np.empty_like(points), winSize=(13, 13), maxLevel=2, minEigThreshold=2e-4
    )
    return end, found[:, 0] == 1


def _similarity(start: np.ndarray, end: np.ndarray, pose: Pose) -> np.ndarray:
    """float64 (4,): what the similarity that takes points `start` to `end` does to a pose's x, y, log side, roll.

    Least squares in complex numbers, end = factor * start + shift, with Huber weights in five rounds. Steadier than
    cv2.estimateAffinePartial2D, whose inliers change from frame to frame: crops of filmed people shake a tenth less.
    """
    origin = complex(pose.x, pose.y)
    before = (start[:, 0] + 1j * start[:, 1] - origin) / pose.side
    after = (end[:, 0] + 1j * end[:, 1] - origin) / pose.side
    weight = np.ones(len(before))
    for _ in range(5):
        weight = weight / weight.sum()
        middle, goal = weight @ before, weight @ after
        spread = max(float(weight @ np.abs(before - middle) ** 2), 1e-12)
        factor = (weight @ ((before - middle).conj() * (after - goal))) / spread
        away = np.abs(after - goal - factor * (before - middle))
        weight = np.minimum(1.0, max(float(np.median(away)), 1e-4) / np.maximum(away, 1e-9))
    shift = (goal - factor * middle) * pose.side
    return np.array([shift.real, shift.imag, np.log(max(abs(factor), 1e-6)), np.angle(factor)])


def _sum(pose: Pose, moved: np.ndarray) -> Pose:
    x, y, growth, roll = moved.tolist()
    return Pose(pose.x + x, pose.y + y, pose.side * float(np.exp(growth)), pose.roll + roll)


def _drawn(pose: Pose, goal: Pose) -> Pose:
    """A pose drawn a little towards another, against the flow's slow drift."""
    goal = goal._replace(roll=pose.roll + wrapped(goal.roll - pose.roll))
    return Pose(*(value + PULL * (aim - value) for value, aim in zip(pose, goal, strict=True)))


def _left(pose: Pose, square: Pose) -> bool:
    """Whether a face has moved too far from where the flow's square was laid around it."""
    growth = abs(float(np.log(pose.side / square.side)))
    place = _distance(pose, square) / square.side
    return place > STAY_PLACE or growth > STAY_SIZE or abs(wrapped(pose.roll - square.roll)) > STAY_ROLL


def _distance(first: Pose, second: Pose) -> float:
    return float(np.hypot(first.x - second.x, first.y - second.y))
