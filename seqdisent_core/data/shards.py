"""Frames of clips in arrays or memory-mapped files: what is asked for is read, and nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np

from seqdisent_core.errors import DataError

# What np.load raises of a file that is missing, cut off or damaged.
UNREADABLE = (OSError, ValueError, EOFError, OverflowError, SyntaxError, TokenError, BadZipFile)
MAPPED = 128  # files that a process keeps mapped; each takes a file descriptor, of which macOS allows 256


@dataclass(frozen=True)
class Shard:
    """A .npy file of clips, uint8 (clips, frames, height, width, 3), as it was when the set was opened."""

    path: Path
    shape: tuple[int, ...]
    modified: int  # nanoseconds

    @classmethod
    def of(cls, path: Path) -> "Shard":
        """Raises DataError where the file is missing, cut off, or holds something else."""
        modified = path.stat().st_mtime_ns if path.exists() else 0
        stored = mapped(path, modified)
        if stored.dtype != np.uint8 or stored.ndim != 5 or stored.shape[4] != 3 or not stored.size:
            raise DataError(f"{path.name} holds {stored.dtype} {stored.shape} and no clips.")
        return cls(path, stored.shape, modified)

    def array(self) -> np.ndarray:
        return mapped(self.path, self.modified)


@lru_cache(maxsize=MAPPED)
def mapped(path: Path, modified: int) -> np.ndarray:
    """modified: of the file, so that one that was written anew is mapped anew."""
    try:
        return np.asarray(np.load(path, mmap_mode="r"))  # a plain array: slicing a memmap takes ten times as long
    except UNREADABLE as error:
        raise DataError(f"{path.name} is missing or cut off.") from error


def unmap() -> None:
    """Keeps no file mapped that nobody reads just now: Windows replaces none that is."""
    mapped.cache_clear()


class ShardedFrames:
    """The frames of many clips, uint8 (clips, frames, size, size, 3), indexed as an array and read only then.

    shards: arrays or Shards, (clips, frames, height, width, 3) each. rows: int (clips, 2), for each clip the number of
    its shard and its place in it; None for all clips in their order. frames: clips of another length are sampled evenly
    from the first to the last frame. size: pixels a side; frames of another size are resized when they are read. reach:
    stored pictures are so many times as wide as the crop around the face that is read out of their middle.
    """

    def __init__(
        self,
        shards: "Sequence[np.ndarray | Shard]",
        rows: np.ndarray | None = None,
        *,
        frames: int | None = None,
        size: int | None = None,
        reach: float = 1.0,
    ) -> None:
        self.shards, self.reach = tuple(shards), reach
        if rows is None:
            rows = np.array([(number, clip) for number, one in enumerate(self.shards) for clip in range(one.shape[0])])
        self.rows = rows.reshape(-1, 2)
        length, height, width, colours = self.shards[0].shape[1:]
        picture = (size, size) if size else (round(height / reach), round(width / reach))
        self.shape = (len(self.rows), frames or length, *picture, colours)

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, rows: np.ndarray) -> "ShardedFrames":
        """The clips with these numbers, int (n,), in that order; nothing is read."""
        chosen = ShardedFrames(self.shards, self.rows[rows], frames=self.shape[1], reach=self.reach)
        chosen.shape = (len(chosen), *self.shape[1:])
        return chosen

    def __getitem__(self, key: Any) -> np.ndarray:
        """As of an array: clips by an int, a slice or int array; frames by (clips, times), int arrays that broadcast.

        times may be a slice. Raises IndexError for a number that is not there.
        """
        clips, times = key if isinstance(key, tuple) else (key, slice(None))
        clips_of, times_of = np.arange(self.shape[0])[clips], np.arange(self.shape[1])[times]
        picture = self.shape[2:]
        if isinstance(times, slice):  # the same times of each clip, which are read at once
            read = np.empty((*clips_of.shape, *times_of.shape, *picture), np.uint8)
            for into, clip in zip(read.reshape(-1, len(times_of), *picture), clips_of.ravel().tolist(), strict=True):
                into[:] = self._read(clip, times_of)
            return read
        if isinstance(clips, slice):  # all these times of all these clips
            clips_of = clips_of[:, None]
        clips_of, times_of = np.broadcast_arrays(clips_of, times_of)
        read = np.empty((*clips_of.shape, *picture), np.uint8)
        each = zip(read.reshape(-1, *picture), clips_of.ravel().tolist(), times_of.ravel().tolist(), strict=True)
        for into, clip, time in each:
            into[:] = self._read(clip, time)
        return read

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[clip] for clip in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)  # all of them, in memory

    def _read(self, clip: int, times: int | np.ndarray) -> np.ndarray:
        number, place = self.rows[clip].tolist()
        shard = self.shards[number]
        stored = (shard.array() if isinstance(shard, Shard) else shard)[place]
        if len(stored) != self.shape[1]:
            times = np.linspace(0, len(stored) - 1, self.shape[1]).round().astype(int)[times]
        height, width = (round(side / self.reach) for side in stored.shape[1:3])
        top, left = (stored.shape[1] - height) // 2, (stored.shape[2] - width) // 2
        return resized(stored[times][..., top : top + height, left : left + width, :], self.shape[2])


def resized(frames: np.ndarray, size: int) -> np.ndarray:
    """uint8 (..., height, width, 3) as (..., size, size, 3)."""
    height, width, colours = frames.shape[-3:]
    if (height, width) == (size, size):
        return frames
    import cv2

    way = cv2.INTER_AREA if height > size else cv2.INTER_CUBIC
    each = [cv2.resize(one, (size, size), interpolation=way) for one in frames.reshape(-1, height, width, colours)]
    return np.stack(each).reshape(*frames.shape[:-3], size, size, colours)
