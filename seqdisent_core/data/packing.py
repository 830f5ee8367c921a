"""Packs people's films into a set: each face is found once, and not whenever the films are used."""

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqdisent_core.data.clips import VIDEO_FRAMES, Films, assign_splits, films_of, load_clips, read_plan
from seqdisent_core.data.shards import Shard, unmap
from seqdisent_core.errors import ConfigError, DataError

SIZES = (16, 512)  # pixels a side, from and to
SHARD_BYTES = 2**26  # of a file of clips: 8 GB are 120 files
READERS = 4  # films that are read side by side, where there are as many cores; each has a process that decodes it
_READ = "read"  # folder of the faces that have been read, until the set is whole


class Packed(NamedTuple):
    """A set's folder, how many clips it has, and a sentence for each film that was left out."""

    out: Path
    clips: int
    left_out: tuple[str, ...]


def pack_films(
    source: str | Path,
    out: str | Path,
    *,
    frames: int = VIDEO_FRAMES,
    size: int = 64,
    leave_out: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Packed:
    """Read the largest face of each film of a folder or CSV file (load_clips), and write them into `out` as a set.

    frames: of a clip; size: pixels a side. leave_out: go on without films that cannot be used. `progress` is called
    with (films done, films in all). What was stopped goes on, without reading again the faces that it had read; a
    finished set with a damaged file is mended, and only the films of that file are read again.

    `out` gets set.json, labels.csv and files clips_0000.npy, ..., uint8 (clips, frames, size, size, 3). Raises
    DataError where films cannot be used, with a line for each; and where `out` holds anything else than this set.
    ConfigError for a size that is not one of SIZES.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise ConfigError(f"A set is packed at {SIZES[0]} to {SIZES[1]} px a side, not at {size}.")
    if (Path(source) / "set.json").exists():
        raise DataError(f"{Path(source).name} is a set already. Give a folder of videos or a CSV file.")
    films, out = films_of(Path(source)), Path(out)
    labels = {
        group: list(names) for group, names in (("static", films.columns.static), ("dynamic", films.columns.dynamic))
    }
    plan = {"name": films.name, **labels, "frames": frames, "size": size, "films": _fingerprint(films)}
    found = _claim(out, plan)
    if found and not _is_whole(out):
        _keep(films, out)
        found = None
    if found:
        progress(len(films.rows), len(films.rows))
        return Packed(out, found["clips"], tuple(found["left_out"]))
    unusable = _read_all(films, out, frames, size, progress)
    used = films._replace(rows=[row for row in films.rows if row["file"] not in unusable])
    if unusable and not (leave_out and used.rows):
        count = len({row["file"] for row in films.rows})
        raise DataError(
            f"{len(unusable)} of the {count} videos of {films.name} cannot be used. Mend them or take them out, and "
            "pack again: what has been read is kept. With --leave-out the others are packed without them.\n"
            + "\n".join(unusable.values())
        )
    assign_splits(used)
    whole = {**plan, "clips": len(used.rows), "left_out": list(unusable.values())}
    write_whole(out / "set.json", (json.dumps(whole, indent=1) + "\n").encode())
    _write_clips(used, out, frames, size)
    shutil.rmtree(out / _READ)
    return Packed(out, len(used.rows), tuple(unusable.values()))


def _fingerprint(films: Films) -> str:
    """SHA-256 (hex) of the films' names, lengths in bytes and labels."""
    rows = [(sorted(row.items()), (films.base / row["file"]).stat().st_size) for row in films.rows]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _claim(out: Path, plan: dict[str, Any]) -> dict[str, Any] | None:
    """The set.json of the finished set in `out`, or None where it is still to be packed.

    Films may change as long as the set is not finished. Raises DataError where `out` holds anything else.
    """
    if not out.exists() or not any(out.iterdir()):
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / "set.json", (json.dumps({**plan, "films": ""}, indent=1) + "\n").encode())
        return None
    found, finished = read_plan(out) if (out / "set.json").exists() else {}, (out / "labels.csv").exists()
    fixed = plan if finished else {name: value for name, value in plan.items() if name != "films"}
    if "films" not in found or any(found.get(name) != value for name, value in fixed.items()):
        raise DataError(
            f"{out.name} holds something else than {plan['frames']} frames of {plan['size']} px of these videos of "
            f"{plan['name']}. Choose an empty folder."
        )
    return found if finished else None


def _is_whole(out: Path) -> bool:
    try:
        load_clips(out)
    except DataError:
        return False
    return True


def _keep(films: Films, out: Path) -> None:
    """Makes a damaged set one that was stopped: what its whole files of clips hold is kept as read.

    Nothing is, where labels.csv names other places than those where the clips were written.
    """
    (out / _READ).mkdir(exist_ok=True)
    plan = read_plan(out)
    try:
        with (out / "labels.csv").open(encoding="utf-8", newline="") as file:
            named = [(row["film"], row["file"], row["index"]) for row in csv.DictReader(file)]
    except (KeyError, ValueError, csv.Error):
        named = []
    known = {film for film, *_ in named}
    used = [row for row in films.rows if row["file"] in known]
    places = _places(len(used), plan["frames"], plan["size"])
    if named == [(row["file"], name, str(index)) for row, (name, index) in zip(used, places, strict=True)]:
        for row, (name, index) in zip(used, places, strict=True):
            try:
                shard = Shard.of(out / name)
            except DataError:
                continue
            if index < shard.shape[0] and shard.shape[1:3] == (plan["frames"], plan["size"]):
                write_whole(_place(films, row, out), _as_npy(shard.array()[index]))
    (out / "labels.csv").unlink()
    unmap()


def _places(clips: int, frames: int, size: int) -> list[tuple[str, int]]:
    """In which file each clip is, and its number there."""
    each = max(1, SHARD_BYTES // (frames * size * size * 3))
    return [(f"clips_{clip // each:04d}.npy", clip % each) for clip in range(clips)]


def _read_all(films: Films, out: Path, frames: int, size: int, progress: Callable[[int, int], None]) -> dict[str, str]:
    """Keeps the clip of each film in a file of its own; for those that cannot be used, a sentence by their name."""
    (out / _READ).mkdir(exist_ok=True)
    rows = list({row["file"]: row for row in films.rows}.values())  # a film may be named twice
    unusable = {}

    def read(row: dict[str, str]) -> None:
        place = _place(films, row, out)
        if not place.exists():
            write_whole(place, _as_npy(films.read(row, frames, size)))

    with ThreadPoolExecutor(min(READERS, os.cpu_count() or 1)) as readers:
        waiting = [readers.submit(read, row) for row in rows]
        try:
            for done, (row, one) in enumerate(zip(rows, waiting, strict=True), 1):
                try:
                    one.result()
                except DataError as error:
                    unusable[row["file"]] = str(error)
                progress(done, len(rows))
        except BaseException:  # Ctrl-C, a full disk: what waits is not read any more
            readers.shutdown(wait=False, cancel_futures=True)
            raise
    return unusable


def _place(films: Films, row: dict[str, str], out: Path) -> Path:
    """Where the clip of a film is kept; another one where the film has become another."""
    film = f"{row['file']} {(films.base / row['file']).stat().st_size}"
    return out / _READ / f"{hashlib.sha256(film.encode()).hexdigest()[:32]}.npy"


def _write_clips(films: Films, out: Path, frames: int, size: int) -> None:
    """The files of clips, and labels.csv last: stopped in between, it is no set."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    labels = {**films.columns.static, **films.columns.dynamic}
    writer.writerow(("file", "index", "film", *labels, "split"))
    placed = zip(films.rows, _places(len(films.rows), frames, size), strict=True)
    for name, of_file in groupby(placed, key=lambda one: one[1][0]):
        rows = [row for row, _ in of_file]
        write_whole(out / name, _as_npy(np.stack([np.load(_place(films, row, out)) for row in rows])))
        for index, row in enumerate(rows):
            writer.writerow((name, index, row["file"], *(row[column] for column in labels.values()), row["split"]))
    write_whole(out / "labels.csv", table.getvalue().encode())


def _as_npy(frames: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, frames)
    return content.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """All or nothing: a reader, or a run taken up again, never sees half a file."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
