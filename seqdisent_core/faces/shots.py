"""Takes a film frame by frame and cuts the stretches out of it in which one face is followed without a break.

At most about a second of frames is held, as smoothing looks that far ahead.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np

from seqdisent_core.faces.alignment import Pose, PoseTrack, cut_out, pose_transform
from seqdisent_core.faces.finder import SEEK_SIDES, Face, FaceFinder
from seqdisent_core.faces.tracking import FaceFollower, SceneWatch, Sighting

LEAST_FRAMES = 8  # usable ones, in which the face is seen: a third of a second of most films
LEAST_SIDE = 48  # pixels of the crop's square in the source; a smaller face has nothing left to show
HOLD_SECONDS = 1.0  # so long a face may be out of sight: what it does there is guessed
LOST_SECONDS = 0.2  # at the end of a film, from which on it is said that the face was lost
OTHERS_SECONDS = 0.4  # so long a k-th face is waited for once a first one is seen: single frames may lack it
PREVIEW_WIDTH = 640  # pixels, at most: it is shown on a page
OTHER_RATE = 10.0  # frames a second; in slower films one face may look like another in the next frame
_PIECE = 1.0  # crop sides to each side of the face's middle that are kept of a waiting frame


@dataclass
class Shot:
    """A stretch in which one face is followed.

    start: its first frame; preview: that frame, `preview_scale` times its size; faces: all that are in it, the largest
    first; seen: frames in which the face was seen; occluded: the numbers of those, between seen ones, in which it was
    not; turns, sides: as the finder saw them; crops: uint8 (size, size, 3); transforms: float64 (2, 3).
    """

    start: int
    size: int
    track: PoseTrack
    preview: np.ndarray
    preview_scale: float
    faces: tuple[Pose, ...]
    seen: int = 0
    occluded: list[int] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    sides: list[float] = field(default_factory=list)
    crops: list[np.ndarray] = field(default_factory=list)
    transforms: list[np.ndarray] = field(default_factory=list)
    ended_by: Literal["the film", "a cut", "a loss"] = "the film"
    _waiting: deque[tuple[np.ndarray, np.ndarray]] = field(default_factory=deque)  # pieces of frames, their corners

    def add(self, frame: np.ndarray, follower: FaceFollower, sighting: Sighting, held: list[np.ndarray]) -> None:
        """Takes a frame in which the face is seen, and those just before it in which it wasn't."""
        if sighting.pose is not None and sighting.turn is not None:
            self.turns.append(abs(sighting.turn))
            self.sides.append(sighting.pose.side)
        first = self.seen + len(self.occluded)
        self.occluded += range(first, first + len(held))
        self.seen += 1
        self.track.add(sighting.pose, sighting.moved, len(held))
        self._waiting.extend((before, np.zeros(2)) for before in held)
        self._waiting.append(_piece(frame, follower))
        self.cut(keep=self.track.ahead)

    def cut(self, keep: int = 0) -> None:
        """Cuts the face out of the waiting frames, the last `keep` excepted."""
        while len(self._waiting) > keep:
            piece, corner = self._waiting.popleft()
            transform = pose_transform(self.track.smooth(len(self.crops)), self.size)
            of_piece = transform.copy()
            of_piece[:, 2] += transform[:, :2] @ corner
            self.crops.append(cut_out(piece, of_piece, self.size))
            self.transforms.append(transform)


class ShotCutter:
    """Gathers the shots of a film: `add` each frame, then `close`.

    The first shot is enough if the face is seen in 8 of its frames: then `finished` is set and no more frames are
    needed; so it is where a face's square takes less than `least_side` pixels, and then it is `too_small`.
    faces: how many were found where the first shot begins, 0 where none was seen; upright: the surest of them is surely
    upright; none_chosen: faces were seen, but no `face`-th one.
    """

    def __init__(self, fps: float, size: int, face: int, *, least_side: float = 0.0) -> None:
        self._fps, self._size, self._face, self._least_side = fps, size, face, least_side
        self._finder, self._watch = FaceFinder(), SceneWatch()
        self._follower: FaceFollower | None = None
        self._held: list[np.ndarray] = []
        self._first_seen: int | None = None
        self.shots: list[Shot] = []
        self.count, self.faces, self.finished, self.too_small, self.upright = 0, 0, False, False, False

    @property
    def none_chosen(self) -> bool:
        return self._first_seen is not None and not self.shots

    def add(self, frame: np.ndarray) -> None:
        """Takes the next frame, uint8 (height, width, 3)."""
        changed = self._watch.changed(frame)
        if self._follower is not None:
            self._follow(frame, self._follower, changed)
        if self._follower is None and not self.finished:
            self._seek(frame)
        self.count += 1

    def close(self) -> None:
        """No more frames will come."""
        if self._follower is not None:
            self.shots[-1].cut()
            if len(self._held) > LOST_SECONDS * self._fps:
                self.shots[-1].ended_by = "a loss"

    def _follow(self, frame: np.ndarray, follower: FaceFollower, changed: bool) -> None:
        sighting = follower.step(frame)
        other = sighting is not None and sighting.other and self._fps >= OTHER_RATE
        if other or (changed and (sighting is None or sighting.moved is None)):
            self._end("a cut")
        elif sighting is not None:
            self.shots[-1].add(frame, follower, sighting, self._held)
            self._held = []
        else:
            self._held.append(frame)
            if len(self._held) > HOLD_SECONDS * self._fps:
                self._end("a loss")

    def _end(self, by: Literal["a cut", "a loss"]) -> None:
        self.shots[-1].ended_by = by
        self.shots[-1].cut()
        self._follower, self._held = None, []
        self.finished = len(self.shots) == 1 and self.shots[0].seen >= LEAST_FRAMES

    def _seek(self, frame: np.ndarray) -> None:
        """Begins a shot where the wanted face is seen."""
        # Looking for small faces costs most, so that they may wait for a moment.
        if self.count % 4 and not self._finder.seek(frame, SEEK_SIDES[:1]):
            return
        faces = self._finder.seek(frame)
        # Faces in the background, too small to be of use, don't count beside a larger one.
        faces = [face for face in faces if face.pose.side >= LEAST_SIDE] or faces[:1]
        if not faces:
            return
        chosen = self._face if not self.shots else min(self._face, len(faces) - 1)
        if not self.shots:
            self._first_seen = self.count if self._first_seen is None else self._first_seen
            self.faces = max(self.faces, len(faces))
            self.upright = self.upright or self._finder.is_upright(frame, max(faces, key=lambda face: face.score))
        if 0 <= chosen < len(faces):
            self._follower = FaceFollower(self._finder, frame, faces[chosen])
            self.shots.append(_new_shot(self.count, self._size, self._fps, frame, faces))
            self.shots[-1].add(frame, self._follower, self._follower.first, [])
            self.finished = self.too_small = self._follower.pose.side < self._least_side
        elif self._first_seen is not None:
            self.finished = self.count - self._first_seen >= OTHERS_SECONDS * self._fps


def _new_shot(start: int, size: int, fps: float, frame: np.ndarray, faces: Sequence[Face]) -> Shot:
    height, width = frame.shape[:2]
    scale = min(1.0, PREVIEW_WIDTH / width)
    preview = cv2.resize(frame, (round(width * scale), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    return Shot(start, size, PoseTrack(fps), preview, scale, tuple(face.pose for face in faces))


def _piece(frame: np.ndarray, follower: FaceFollower) -> tuple[np.ndarray, np.ndarray]:
    """The part of a frame around the followed face, and its corner: a film's whole frames would fill memory."""
    pose = follower.pose
    low = np.maximum(0, np.floor(pose.middle - _PIECE * pose.side)).astype(int)
    high = np.maximum(low + 1, np.ceil(pose.middle + _PIECE * pose.side).astype(int))
    piece = frame[low[1] : high[1], low[0] : high[0]]
    return (piece.copy(), low) if piece.size else (frame, np.zeros(2))
