"""One swap from end to end: the check of `seqdisent doctor` and of `/health/swap`."""

import tempfile
from pathlib import Path

from seqdisent_core.assets import asset
from seqdisent_core.films import write_moved
from seqdisent_core.reenactment import pairs, subjects
from seqdisent_core.studio import Studio


def try_swap(studio: Studio) -> int:
    """Swaps two of the examples, tuned for one step, writes a film and reads it again: how many frames it has.

    Raises SeqdisentError.
    """
    first, second = (studio.read_face(path) for path in sorted(asset("examples").glob("*.mp4"))[::5][:2])
    *_, pair = pairs(studio.method, subjects(first, second), steps=1, every=1.0)
    with tempfile.TemporaryDirectory() as folder:
        film = write_moved(pair.frames(0, 1), 0, Path(folder), (first, second))
        return len(studio.read_face(film).frames)
