"""A video or a photograph -> one face: found, followed, levelled and cut out steadily, from brows to chin."""

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from seqdisent_core.errors import FaceError
from seqdisent_core.faces.alignment import inverse, transform_points
from seqdisent_core.faces.finder import Face, FaceFinder, find_faces
from seqdisent_core.faces.light import AS_FILMED, light_for, lit
from seqdisent_core.faces.shots import LEAST_FRAMES, LEAST_SIDE, Shot, ShotCutter
from seqdisent_core.media import FrameReader, LongestSide, file_name, open_video, probe_video, read_video

__all__ = ["Face", "FaceClip", "find_faces", "read_face"]

# Films are scaled to this longer side, and read again at the next where the face is then less than FINE crops large.
LONGEST_SIDES = (640, 1280)
FINE = 1.5
LOOKS = 12  # at a photograph, as if it were a film that stands still: its square errs by half as much as after one
# Where no face is seen for so long at the beginning, or none that is surely upright, the film is looked at turned, in
# so many pictures of that time.
SOON_SECONDS, SOON_PICTURES = 1.0, 5
BETTER = 0.03  # what a turn must add to the finder's score
TURNED = 0.55  # `face_turn` beyond which a face is turned away: by more than some 45 degrees
TURNED_MOSTLY, TURNED_PARTLY = 0.5, 0.1  # shares of the clip: an error, a note
SQUARE_COLOUR, SQUARE_EDGE = (255, 209, 71), (20, 20, 20)  # bright with a dark edge: seen on any picture
HIDDEN_SECONDS = 0.05  # from which on it is said that the face was out of sight
OUTSIDE = 0.1  # of the crops, beyond the picture's edge: a note
_TURN_NOTES = {
    1: "The picture lies on its side; it is turned by a quarter clockwise, in results too.",
    2: "The picture is upside down; it is turned by half, in results too.",
    3: "The picture lies on its side; it is turned by a quarter counterclockwise, in results too.",
}
_DARK_NOTE = "The picture is dark; it is lit up to read the face, and stays as it is in results."
_ORDINALS = ("largest", "second largest", "third largest", "fourth largest", "fifth largest")


@dataclass(frozen=True)
class FaceClip:
    """One face of a film, cut out; or of a photograph, in one frame.

    * frames: uint8 (frames, size, size, 3), RGB, the eyes level; fps: frames a second.
    * transforms: float32 (frames, 2, 3), pixels of the film as it is displayed, and turned, to those of the crop (the
      middle of a pixel at whole numbers).
    * notes: sentences a person should read.
    * faces: how many were found where this one was chosen; face: which of them it is, 0 for the largest.
    * preview: uint8 (height, width, 3), the first frame used, at most 640 pixels wide, the face's square drawn on it.
    * squares: float32 (faces, 3), middle x, y and side of each face's square in the preview, the largest first, where
      that is known.
    * start: which of the film's frames, at this rate, the first one is.
    * anchor: the frame that the static factor is read from.
    * occluded: frames, between others, in which the face is out of sight.
    * turn: quarters, clockwise, by which the film is turned so that the face is upright.
    * light: so many times as bright as the film are the frames and the preview, where it is dark (light.py).
    """

    frames: np.ndarray
    fps: float
    transforms: np.ndarray
    source: Path
    notes: tuple[str, ...]
    faces: int
    preview: np.ndarray
    start: int = 0
    squares: np.ndarray = field(default_factory=lambda: np.empty((0, 3), np.float32))
    anchor: int = 0
    face: int = 0
    occluded: tuple[int, ...] = ()
    turn: int = 0
    light: float = AS_FILMED

    @property
    def nbytes(self) -> int:
        """Of memory."""
        return self.frames.nbytes + self.transforms.nbytes + self.preview.nbytes

    @property
    def still(self) -> bool:
        """Whether it is a photograph: that has a person, and no movement to give."""
        return len(self.frames) == 1

    def require_movement(self) -> "FaceClip":
        """The clip itself. Raises FaceError for a photograph."""
        if self.still:
            raise FaceError(
                f"{file_name(self.source)} is a photograph, which has no movement to give. Choose a film in which the "
                "face moves."
            )
        return self

    def as_long_as(self, other: "FaceClip") -> "FaceClip":
        """A photograph as a film that stands still for as long as another clip lasts; a film itself."""
        if not self.still:
            return self
        count = len(other.frames)
        frames, transforms = (np.repeat(values, count, axis=0) for values in (self.frames, self.transforms))
        return replace(self, frames=frames, transforms=transforms, fps=other.fps)

    def at_size(self, size: int) -> "FaceClip":
        """The same clip with frames of size x size pixels."""
        scale = size / self.frames.shape[1]
        if scale == 1:
            return self
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        frames = np.stack([cv2.resize(frame, (size, size), interpolation=how) for frame in self.frames])
        transforms = self.transforms * np.float32(scale)
        transforms[:, :, 2] += 0.5 * scale - 0.5  # whole numbers are the middles of pixels
        return replace(self, frames=frames, transforms=transforms)


def require_frame(clip: FaceClip, index: int) -> None:
    """Raises FaceError where a clip has no frame of this index."""
    if not 0 <= index < len(clip.frames):
        raise FaceError(f"There is no frame {index} in a clip of {len(clip.frames)}.")


def film_pictures(
    clip: FaceClip, indices: Sequence[int], *, max_side: LongestSide = 1280
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The pictures that some frames of a clip were cut out of, uint8 (height, width, 3), and their transforms (2, 3).

    indices: in rising order. Pictures longer than `max_side` pixels are scaled down, and transforms are from the scaled
    ones' pixels to the crops'. Raises VideoError or FaceError if the film cannot be read any more, or a frame is not
    there.
    """
    for index in indices:
        require_frame(clip, index)
    first = [clip.start + index for index in indices]
    with closing(_pictures(clip, np.asarray(indices), max_side=max_side, only=first)) as frames:
        found = list(frames)
    if len(found) < len(indices):
        raise FaceError(f"{file_name(clip.source)} has become shorter since its face was read. Choose it again.")
    return found


def film_frames(
    clip: FaceClip, first: int, *, max_side: LongestSide = 1280
) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
    """As film_pictures gives them, pictures and transforms of a clip's frames from `first` on, one after another."""
    return _pictures(clip, np.arange(first, len(clip.frames)), max_side=max_side, first=clip.start + first)


def _pictures(clip: FaceClip, indices: np.ndarray, **how: Any) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
    seconds = (clip.start + len(clip.frames) + 1) / clip.fps
    with open_video(clip.source, max_fps=clip.fps, max_seconds=seconds, turn=clip.turn, **how) as reader:
        scale = max(reader.info.width, reader.info.height) / max(reader.size)
        yield from zip(reader, _from_source(clip.transforms[indices], scale), strict=False)


def read_face(
    path: str | Path,
    *,
    size: int = 64,
    face: int = 0,
    start_seconds: float = 0.0,
    max_seconds: float = 10.0,
    max_fps: float = 30.0,
    progress: Callable[[float], None] | None = None,
) -> FaceClip:
    """The `face`-th largest face (from 0) of a video as a clip of size x size pixels; `progress` gets 0 to 1.

    Of a photograph the clip has one frame (`FaceClip.still`). Of a video `max_seconds` are read at most, from
    `start_seconds` on.
    Which is k-th largest is decided where a face is first seen. Where the film cuts to another picture, or the face is
    gone for more than a second, the clip ends if 8 usable frames have come by then, else its longest part is taken.
    Raises VideoError if the file cannot be read, and FaceError if it has no face that can be used: none, lost, too
    small, turned away, seen in fewer than 8 frames of a film, no `face`-th one.
    """
    path = Path(path)

    def gather(side: int, wait: float = math.inf) -> tuple[ShotCutter, FrameReader]:
        """The film's shots, or those of its first `wait` seconds where no upright face is seen in them."""
        with open_video(
            path, max_fps=max_fps, max_seconds=start_seconds + max_seconds, max_side=side, turn=turn, first=first
        ) as reader:
            finer = max(reader.info.width, reader.info.height) > side and side != LONGEST_SIDES[-1]
            total = max(1.0, min(max_seconds, reader.info.seconds or max_seconds) * reader.fps)
            cutter = ShotCutter(reader.fps, size, face, least_side=FINE * size if finer else 0.0)
            for frame in chain.from_iterable(repeat(frame, LOOKS if reader.info.still else 1) for frame in reader):
                cutter.add(lit(frame, light))
                if progress is not None:
                    progress(min(1.0, cutter.count / total))
                if cutter.finished or (not cutter.upright and cutter.count >= wait * reader.fps):
                    break
            cutter.close()
        return cutter, reader

    turn, light, first = 0, AS_FILMED, 0
    if start_seconds > 0:
        info = probe_video(path)
        first = 0 if info.still else round(start_seconds * min(info.fps, max_fps))
    cutter, reader = gather(LONGEST_SIDES[0], SOON_SECONDS)
    if not cutter.upright:
        turn, light = _turn_and_light(path, max_fps, seen=cutter.faces > 0)
        cutter, reader = gather(LONGEST_SIDES[0])
    if cutter.too_small:
        cutter, reader = gather(LONGEST_SIDES[1])
    shot = _usable_shot(cutter, reader, face, max_seconds)
    still = reader.info.still
    prepared = [*([_TURN_NOTES[turn]] if turn else []), *([_DARK_NOTE] if light != AS_FILMED else [])]
    notes = [*reader.notes, *prepared, *_notes(shot, cutter, reader, face)]
    rounded = (reader.info.seconds or math.inf) < max_seconds + 0.05  # 10.0 seconds are not told to be longer than 10
    if reader.cut and not start_seconds and not rounded:
        notes.append(f"The clip is longer than {max_seconds:g} seconds; the first {max_seconds:g} are used.")
    if progress is not None:
        progress(1.0)
    longer = max(reader.info.width, reader.info.height)
    transforms = _from_source(np.stack(shot.transforms), max(reader.size) / longer).astype(np.float32)
    others = shot.faces if shot is cutter.shots[0] else ()  # `face` counts in the first shot
    squares = np.array([(*pose.middle, pose.side) for pose in others], np.float32).reshape(-1, 3) * shot.preview_scale
    shown = slice(-1, None) if still else slice(None)
    return FaceClip(
        np.stack(shot.crops)[shown],
        reader.fps,
        transforms[shown],
        path,
        tuple(notes),
        cutter.faces,
        _preview(shot),
        first + shot.start,
        squares,
        face=face,
        occluded=() if still else tuple(shot.occluded),
        turn=turn,
        light=light,
    )


def _turn_and_light(path: Path, max_fps: float, *, seen: bool) -> tuple[int, float]:
    """FaceClip's turn and light for a film at whose beginning a face is seen, or none."""
    frames, _ = read_video(path, max_fps=max_fps, max_seconds=SOON_SECONDS, max_side=LONGEST_SIDES[0])
    some = frames[np.unique(np.linspace(0, len(frames) - 1, SOON_PICTURES).round().astype(int))]
    light, finder = AS_FILMED if seen else light_for(some), FaceFinder()

    def upright(turn: int) -> float:
        scores = []
        for frame in some:
            turned = np.ascontiguousarray(np.rot90(lit(frame, light), -turn))
            surest = max(finder.seek(turned), key=lambda face: face.score, default=None)
            scores.append(surest.score if surest and finder.is_upright(turned, surest, least=0.0) else 0.0)
        return float(np.mean(scores))

    scores = [upright(turn) for turn in range(4)]
    best = int(np.argmax(scores))
    turn = best if scores[best] > scores[0] + BETTER else 0
    return turn, light if scores[turn] else AS_FILMED


def _from_source(transforms: np.ndarray, scale: float) -> np.ndarray:
    """Transforms (frames, 2, 3) of a film that was scaled, as those of the film itself."""
    result = transforms.copy()
    result[:, :, :2] *= scale
    result[:, :, 2] += transforms[:, :, :2].sum(axis=2) * (0.5 * scale - 0.5)
    return result


def _usable_shot(cutter: ShotCutter, reader: FrameReader, face: int, max_seconds: float) -> Shot:
    """The first shot with enough frames or the longest; FaceError where its face cannot be used."""
    name, shots = file_name(reader.info.path), cutter.shots
    seen = f"the first {max_seconds:g} seconds of {name}" if reader.cut else name
    if cutter.none_chosen:
        raise FaceError(_no_such_face(name, cutter.faces, face))
    if not shots:
        raise FaceError(
            f"No face was found in {seen}. Choose a clip in which a face looks towards the camera, upright, well lit "
            "and not too far away."
        )
    shot = shots[0] if shots[0].seen >= LEAST_FRAMES else max(shots, key=lambda shot: shot.seen)
    if shot.seen < LEAST_FRAMES:
        raise FaceError(_too_short(name, cutter.count) if cutter.count < LEAST_FRAMES else _lost(seen, shot))
    side = float(np.median(shot.sides))
    if side < LEAST_SIDE:
        shrunk = max(reader.size) < max(reader.info.width, reader.info.height)
        scaled = f" (of a picture scaled to {reader.size[0]} x {reader.size[1]})" if shrunk else ""
        raise FaceError(
            f"The face in {name} is too small: from brows to chin it takes {side:.0f} pixels{scaled}, and at least "
            f"{LEAST_SIDE} are needed. Choose a clip filmed from nearer, or cut the picture down to the face."
        )
    if np.mean(np.array(shot.turns) > TURNED) > TURNED_MOSTLY:
        mostly = "" if reader.info.still else " most of the time"
        raise FaceError(
            f"The face in {name} is turned away{mostly}. Choose a clip in which it looks towards the camera."
        )
    return shot


def _too_short(name: str, count: int) -> str:
    return (
        f"{name} is too short: it has {count} {_plural('frame', count)}, and at least {LEAST_FRAMES} with a face "
        "are needed. Choose a clip of a second or more."
    )


def _lost(name: str, shot: Shot) -> str:
    why = "the picture changes" if shot.ended_by == "a cut" else "it is out of sight"
    until = "" if shot.ended_by == "the film" else f" before {why}"
    return (
        f"The face in {name} is lost: it is seen for only {shot.seen} {_plural('frame', shot.seen)} in a row{until}, "
        f"and at least {LEAST_FRAMES} are needed. Choose a clip in which one face stays in view."
    )


def _no_such_face(name: str, faces: int, face: int) -> str:
    if faces == 1:
        return f"There is no face {face} in {name}: only one face was found. Choose face 0."
    return f"There is no face {face} in {name}: {faces} faces were found. Choose from 0, the largest, to {faces - 1}."


def _notes(shot: Shot, cutter: ShotCutter, reader: FrameReader, face: int) -> list[str]:
    """What a person should know of how the clip was made."""
    notes, fps, still = [], reader.fps, reader.info.still
    if cutter.faces > 1:
        which = _ORDINALS[face] if face < len(_ORDINALS) else f"{face + 1}th largest"
        notes.append(f"{cutter.faces} faces were found; the {which} is used.")
    if _share_outside(shot, reader.size) > OUTSIDE:
        notes.append("A part of the face is outside of the picture and is made up; the result may be poor.")
    turned = float(np.mean(np.array(shot.turns) > TURNED))
    if still:
        return [*notes, "The face is turned away; the result may be poor."] if turned > TURNED_PARTLY else notes
    start, end = shot.start / fps, (shot.start + len(shot.crops)) / fps
    if shot is not cutter.shots[0]:
        notes.append(f"The face isn't in view all the time; the longest part, {start:.1f} to {end:.1f} s, is used.")
    elif shot.ended_by == "a cut":
        notes.append(f"The film cuts to another picture at {end:.1f} s; the part before it is used.")
    elif shot.ended_by == "a loss":
        notes.append(f"The face is lost at {end:.1f} s; the part before that is used.")
    elif shot.start > fps / 2:
        notes.append(f"The clip begins at {start:.1f} s, where the face is first seen.")
    if len(shot.occluded) >= HIDDEN_SECONDS * fps:
        notes.append(
            f"The face is out of sight for {len(shot.occluded) / fps:.1f} s; what it does there is guessed from what "
            "comes before and after."
        )
    if turned > TURNED_PARTLY:
        notes.append(f"The face is turned away in {100 * turned:.0f} % of the clip; there the result may be poor.")
    return notes


def _share_outside(shot: Shot, size: tuple[int, int]) -> float:
    """The mean share of a shot's crops that lies beyond the edges of pictures of a size (width, height)."""
    steps = np.linspace(0, shot.size - 1, 9)
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    places = np.stack([transform_points(points, inverse(transform)) for transform in shot.transforms])
    return float(np.mean(((places < -0.5) | (places > np.array(size) - 0.5)).any(axis=2)))


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def _preview(shot: Shot) -> np.ndarray:
    """The shot's first frame with the square of its crop, corners rounded."""
    size, radius = shot.size, 0.08 * shot.size
    angles = np.linspace(0, np.pi / 2, 9)
    arc = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    turns = [np.array([[c, s], [-s, c]]) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * (size / 2 - radius) + size / 2 - 0.5
    outline = np.concatenate([corner + arc @ turn for corner, turn in zip(corners, turns, strict=True)])
    points = (transform_points(outline, inverse(shot.transforms[0])) + 0.5) * shot.preview_scale - 0.5
    fixed = np.round(points * 16).astype(np.int32).reshape(-1, 1, 2)  # sixteenths of a pixel, for OpenCV's shift=4
    picture = np.ascontiguousarray(shot.preview)
    width = max(1, round(max(picture.shape[:2]) / 320))
    for colour, line in ((SQUARE_EDGE, width + 2), (SQUARE_COLOUR, width)):
        cv2.polylines(picture, [fixed], True, colour, line, cv2.LINE_AA, 4)
    return picture
