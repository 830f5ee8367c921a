"""The truth that `seqdisent render wild` writes beside its clips, read as training asks for it."""

from pathlib import Path

import numpy as np

from seqdisent_core.data.shards import Shard, ShardedFrames, mapped
from seqdisent_core.errors import ConfigError

ANCHORS = 2  # frames of a clip that motion leads to
PARTS = ("anchors", "motion", "visible", "foreground", "records")
_MARKS = ((36, 42), (42, 48), (48, 68))  # landmarks of the right eye, the left eye and the mouth
DEGREES, _GAZE = 20.0, 5.0  # of head pose and of gaze that count as much as a shape that is fully there
_OPEN = 0.3  # opening over width of an eye that is wide open
STATE_DIM = 57 + 3 + 4 + 2  # shapes, head pose, gaze, lids
HEAD, LIDS = slice(57, 59), slice(-2, None)  # of a state: yaw and pitch, whose unit is DEGREES; openings of the eyes


class FilmTruth:
    """What the renderer knows of the clips of a set of parallel pairs.

    Raises ConfigError where the set has no truth beside its clips.
    """

    def __init__(self, frames: ShardedFrames, name: str) -> None:
        self.frames = frames
        if not self.known(frames):
            raise ConfigError(
                f"This recipe trains on what a renderer knows of each frame, and {name} does not have it. Use a set "
                "that `seqdisent render wild` made."
            )

    @staticmethod
    def known(frames: ShardedFrames) -> bool:
        """Whether the set has truth beside its clips."""
        return all(
            isinstance(shard, Shard) and all(part_path(shard.path, part).exists() for part in PARTS)
            for shard in frames.shards
        )

    def _part(self, clip: int, part: str) -> np.ndarray:
        number, place = self.frames.rows[clip].tolist()
        shard = self.frames.shards[number]
        assert isinstance(shard, Shard)
        return mapped(part_path(shard.path, part), shard.modified)[place]

    def anchors(self, clip: int) -> list[int]:
        """The frames that motion leads to."""
        return [int(frame) for frame in self._part(clip, "anchors")]

    def state(self, clip: int, times: np.ndarray) -> np.ndarray:
        """What the face does in these frames, float32 (n, STATE_DIM), as `read` has it."""
        return _state(self._part(clip, "records")[times])

    def read(self, clip: int, anchor: int, times: np.ndarray, crops: np.ndarray, size: int) -> dict[str, np.ndarray]:
        """Frames of a clip, cropped anew, and their truth.

        anchor: which of its anchors; times: int (n,), the anchor frame first; crops: float (n, 3), middle (right, down)
        and side of the crop of each, in sides of the rendered picture; size: pixels a side.

        * frames: uint8 (n, size, size, 3); motion: float32 (n, 2, 64, 64), visible and foreground: float32 (n, 64, 64)
          in [0, 1], all as rendered; crop, anchor_crop: float32 (n, 3), as given.
        * parts: float32 (n, 3, 3), place and radius of the eyes and the mouth in the crop, in its sides.
        * state: float32 (n, STATE_DIM), shapes, head pose, gaze and lids, each of a size near 1.
        """
        import cv2

        number, place = self.frames.rows[clip].tolist()
        shard = self.frames.shards[number]
        assert isinstance(shard, Shard)
        stored = shard.array()[place]
        side = stored.shape[1]
        pictures = np.empty((len(times), size, size, 3), np.uint8)
        for into, time, (x, y, wide) in zip(pictures, times.tolist(), crops.tolist(), strict=True):
            scale = wide * side / size
            shift = [part * side - 0.5 - scale * (0.5 * size - 0.5) for part in (x, y)]
            back = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            cv2.warpAffine(stored[time], back, (size, size), into, flags, cv2.BORDER_REPLICATE)
        records = self._part(clip, "records")[times]
        marks = (records["landmarks"] - crops[:, None, :2]) / crops[:, None, 2:] + 0.5
        return {
            "frames": pictures,
            "motion": np.moveaxis(self._part(clip, "motion")[anchor, times].astype(np.float32), -1, 1),
            "visible": self._part(clip, "visible")[anchor, times].astype(np.float32) / 255,
            "foreground": self._part(clip, "foreground")[times].astype(np.float32) / 255,
            "crop": crops.astype(np.float32),
            "anchor_crop": np.repeat(crops[:1], len(times), 0).astype(np.float32),
            "parts": np.stack([_part_of(marks[:, first:last]) for first, last in _MARKS], 1).astype(np.float32),
            "state": _state(records),
        }


def part_path(path: Path, part: str) -> Path:
    """Where a part of a file of clips is: the frames ("") of pairs_0000.npy there, others in pairs_0000.motion.npy."""
    return path.with_name(f"{path.stem}.{part}.npy") if part else path


def _part_of(marks: np.ndarray) -> np.ndarray:
    """Middle and half the width of a part, (n, 3), from its landmarks (n, marks, 2)."""
    return np.concatenate([marks.mean(1), 0.5 * np.ptp(marks[..., :1], axis=1)], 1)


def _state(records: np.ndarray) -> np.ndarray:
    gaze = records["gaze"].reshape(len(records), -1)
    parts = [records["weights"], records["pose"][:, :3] / DEGREES, gaze / _GAZE, records["lids"] / _OPEN]
    return np.concatenate(parts, 1).astype(np.float32)
