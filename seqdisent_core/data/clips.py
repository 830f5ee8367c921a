"""Labelled clips on disk: three layouts, one type, splits in which every person appears.

A rendered set (set.json, labels.csv and one file a person, see facekit.render), a folder `person/expression/*.mp4`,
or a CSV file with the columns file, person, expression and, if wanted, split.
"""

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqdisent_core.data.shards import Shard, ShardedFrames
from seqdisent_core.errors import ConfigError, DataError, FaceError, VideoError

EXPRESSIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
SPLITS = ("train", "validation", "test")
VIDEO_FRAMES = 15  # as in MUG
_HASHED = 64  # clips at a time: of a set of any size, some MB
VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".gif")


@dataclass(frozen=True)
class Labels:
    """values: int64 (clips,), numbers into names."""

    values: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class Clips:
    """Clips of one length and size with their labels.

    frames: uint8 (clips, frames, height, width, 3), read when they are indexed; an array is taken, too. person,
    expression: int64 (clips,), numbers into persons and expressions. split: str (clips,), each one of SPLITS. name:
    what a result file calls this set. attributes: what a person is recognised by where persons are not the same in all
    splits, as hair and clothes in Sprites.
    """

    frames: ShardedFrames
    person: np.ndarray
    expression: np.ndarray
    split: np.ndarray
    persons: tuple[str, ...]
    expressions: tuple[str, ...]
    name: str
    attributes: dict[str, Labels] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.frames, ShardedFrames):
            object.__setattr__(self, "frames", ShardedFrames([self.frames]))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def static_labels(self) -> dict[str, Labels]:
        """The labels that tell who it is, by name: the attributes where there are any, else the person."""
        return self.attributes or {"person": Labels(self.person, self.persons)}

    @property
    def labels(self) -> dict[str, Labels]:
        """Every label by name: those that tell who it is, then "expression" (or action), which tells what it does."""
        return {**self.static_labels, "expression": Labels(self.expression, self.expressions)}

    def part(self, split: str) -> "Clips":
        """The clips of one split, in their order, with the same numbering of persons and expressions.

        Raises DataError if the set has no clip in that split.
        """
        rows = np.flatnonzero(self.split == split)
        if len(rows) == 0:
            raise DataError(
                f"{self.name} has no {split} clips. Give 3 or more clips of each person and expression, or say in a "
                "CSV file's column split which clip is for train, validation and test."
            )
        return self.select(rows)

    def select(self, rows: np.ndarray) -> "Clips":
        """The clips with these numbers, int (n,), in that order, with the same numbering of persons and expressions.

        No frame is read or copied.
        """
        return replace(
            self,
            frames=self.frames.select(rows),
            person=self.person[rows],
            expression=self.expression[rows],
            split=self.split[rows],
            attributes={name: Labels(label.values[rows], label.names) for name, label in self.attributes.items()},
        )

    def sha256(self) -> str:
        """SHA-256 (hex) of frames and labels: the same clips in the same order, whatever they were read from."""
        digest = hashlib.sha256(repr((self.frames.shape, self.persons, self.expressions)).encode())
        for start in range(0, len(self), _HASHED):
            digest.update(self.frames[start : start + _HASHED].data)
        digest.update(self.person.astype("<i8").tobytes() + self.expression.astype("<i8").tobytes())
        digest.update("\n".join(map(str, self.split)).encode())
        for name, label in self.attributes.items():
            digest.update(repr((name, label.names)).encode() + label.values.astype("<i8").tobytes())
        return digest.hexdigest()


def split_of_takes(takes: int) -> tuple[str, ...]:
    """The split of each of a person's takes of one expression: the last sixth test, the sixth before validation.

    At least one take each when there are three or more; with fewer, all are for training.
    """
    held = max(1, round(takes / 6)) if takes >= 3 else 0
    return ("train",) * (takes - 2 * held) + ("validation",) * held + ("test",) * held


def load_clips(path: str | Path, *, frames: int | None = None, size: int = 64) -> Clips:
    """Read a rendered set, a folder person/expression/*.mp4 or a CSV file (file, person, expression[, split]).

    * frames: length of the clips; longer and shorter ones are sampled evenly from first to last frame; None for a
      rendered set's own, and 15 for videos.
    * size: pixels a side.

    In a user's own videos the largest face is found, followed and cropped (faces.read_face). Clips without a split get
    one by their order within person and expression (split_of_takes).

    Raises DataError if the set is missing, unfinished or mislabelled, or a video in it holds no usable face.
    """
    path = Path(path)
    if (path / "set.json").exists():
        return _from_shards(path, frames, size)
    films = films_of(path)
    clips = np.stack([films.read(row, frames or VIDEO_FRAMES, size) for row in films.rows])
    assign_splits(films)
    return _labelled(ShardedFrames([clips]), films.rows, films.name)


def _from_shards(folder: Path, frames: int | None, size: int) -> Clips:
    about, labels = read_plan(folder), folder / "labels.csv"
    again = f"Run the {'packing' if 'films' in about else 'rendering'} again: it goes on where it stopped."
    named = about.get("attributes", ())
    rows = _rows(labels, ("file", "index", "person", "expression", "split", *named)) if labels.exists() else []
    if not rows:
        raise DataError(f"The set in {folder.name} is not finished. {again}")
    shards = {name: _shard(folder / name, about, again) for name in dict.fromkeys(row["file"] for row in rows)}
    if sum(shard.shape[0] for shard in shards.values()) != len(rows):
        raise DataError(f"The set in {folder.name} has other clips than its labels.csv names. {again}")
    number = {name: place for place, name in enumerate(shards)}
    places = np.empty((len(rows), 2), int)
    for place, row in zip(places, rows, strict=True):
        file, index = row["file"], row["index"]
        if not index.isdecimal() or int(index) >= shards[file].shape[0]:
            raise DataError(f"labels.csv in {folder.name} names clip {index} of {file}, not there. {again}")
        place[:] = number[file], int(index)
    clips = ShardedFrames(list(shards.values()), places, frames=frames, size=size)
    attributes = {name: _numbered([row[name] for row in rows]) for name in named}
    return replace(_labelled(clips, rows, str(about.get("name", folder.name))), attributes=attributes)


def read_plan(folder: Path) -> dict[str, Any]:
    """What a set's set.json says of it. Raises DataError where that cannot be read."""
    try:
        plan = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    except ValueError:
        plan = None
    if not isinstance(plan, dict):
        raise DataError(f"The set.json in {folder.name} cannot be read. Render into an empty folder.")
    return plan


def _numbered(values: list[str]) -> Labels:
    names = tuple(sorted(set(values)))
    return Labels(_numbers(values, names), names)


def _numbers(values: list[str], names: tuple[str, ...]) -> np.ndarray:
    """Which of the names each value is, int64 (values,)."""
    number = {name: place for place, name in enumerate(names)}
    return np.array([number[value] for value in values], dtype=np.int64)


def _shard(path: Path, plan: dict[str, Any], again: str) -> Shard:
    try:
        shard = Shard.of(path)
    except DataError as error:
        raise DataError(f"{error} {again}") from error
    frames, size = plan.get("frames", shard.shape[1]), plan.get("size", shard.shape[2])
    if shard.shape[1:4] != (frames, size, size):
        length, height, width = shard.shape[1:4]
        raise DataError(
            f"{path.name} has {length} frames of {width} x {height} px, and the set.json beside it says {frames} of "
            f"{size} x {size}. {again}"
        )
    return shard


class Films(NamedTuple):
    """People's films with their labels: rows with the columns file (from `base` on), person, expression[, split]."""

    base: Path
    name: str
    rows: list[dict[str, str]]

    def read(self, row: dict[str, str], frames: int, size: int) -> np.ndarray:
        """The largest face of a film, uint8 (frames, size, size, 3). Raises DataError where the film has none."""
        from seqdisent_core.faces import read_face  # brings OpenCV: only those who read films wait for it

        try:
            clip = read_face(self.base / row["file"], size=size)
        except (FaceError, VideoError) as error:
            raise DataError(f"{row['file']} cannot be used: {error}") from error
        return ShardedFrames([clip.frames[None]], frames=frames)[0]


def films_of(path: Path) -> Films:
    """The films that a folder person/expression/*.mp4 or a CSV file names.

    Raises DataError where there are none, one is not there, or a label is missing or wrong.
    """
    if path.is_file() and path.suffix.lower() == ".csv":
        films = Films(path.parent, path.stem, _rows(path, ("file", "person", "expression")))
        if not films.rows:
            raise DataError(f"{path.name} names no clips. Write one line a clip: file,person,expression.")
    elif not path.is_dir():
        raise DataError(f"There are no clips at {path}. Give a folder of clips or a CSV file.")
    else:
        found = [p.relative_to(path) for p in sorted(path.glob("*/*/*")) if p.suffix.lower() in VIDEO_ENDINGS]
        rows = [{"file": str(p), "person": p.parts[0], "expression": p.parts[1]} for p in found]
        films = Films(path, path.name, rows)
        if not rows:
            raise DataError(
                f"{path.name} holds no clips. Put them in folders person/expression/, such as anna/anger/1.mp4."
            )
    _check_splits(films)
    for row in films.rows:
        if not (films.base / row["file"]).is_file():
            raise DataError(f"{row['file']} is named in {films.name} but not there. Correct its name or take it out.")
    return films


def _rows(path: Path, wanted: Sequence[str]) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name} is not in UTF-8. Save it again as CSV UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [column for column in wanted if column not in (reader.fieldnames or ())]
    if missing:
        raise DataError(f"{path.name} lacks the column {', '.join(missing)}. Its first line must name the columns.")
    rows = []
    for row in reader:
        empty = [column for column in wanted if not (row[column] or "").strip()]
        if empty:
            raise DataError(f"Line {reader.line_num} of {path.name} has no {', '.join(empty)}. Fill it in.")
        rows.append({column: (row[column] or "").strip() for column in (reader.fieldnames or ())})
    return rows


def _check_splits(films: Films) -> None:
    given = [row.get("split", "") for row in films.rows]
    wrong = sorted({split for split in given if split and split not in SPLITS})
    if wrong:
        raise DataError(f"{films.name} has the split {wrong[0]!r}. A split is one of {', '.join(SPLITS)}.")
    if any(given) and not all(given):
        raise DataError(f"Only some clips of {films.name} have a split. Give one to every clip or to none.")


def assign_splits(films: Films) -> None:
    """Fill in the column split where no film has one: by their order within person and expression (split_of_takes)."""
    if films.rows[0].get("split"):
        return
    groups: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in films.rows:
        groups[row["person"], row["expression"].lower()].append(row)
    for group in groups.values():
        ordered = sorted(group, key=lambda row: row["file"])
        for row, split in zip(ordered, split_of_takes(len(group)), strict=True):
            row["split"] = split


def _labelled(clips: ShardedFrames, rows: list[dict[str, str]], name: str) -> Clips:
    expressions = [row["expression"].lower() for row in rows]
    persons = tuple(sorted({row["person"] for row in rows}))
    # The six names keep the six numbers even when some are absent, so that one judge fits every such set.
    names = EXPRESSIONS if set(expressions) <= set(EXPRESSIONS) else tuple(sorted(set(expressions)))
    return Clips(
        clips,
        _numbers([row["person"] for row in rows], persons),
        _numbers(expressions, names),
        np.array([row["split"] for row in rows]),
        persons,
        names,
        name,
    )


def couples_of(clips: Clips) -> np.ndarray:
    """Numbers of the two clips of each take that two persons play, int (takes, 2), from a set drawn in couples.

    Raises ConfigError for another set.
    """
    takes, of, counts = np.unique(clips.expression, return_inverse=True, return_counts=True)
    pairs = np.argsort(of, kind="stable")
    if (counts != 2).any() or (clips.person[pairs[::2]] == clips.person[pairs[1::2]]).any():
        raise ConfigError(
            f"pair_share needs a set in which two persons play each take, such as wild; not {clips.name}."
        )
    return pairs.reshape(len(takes), 2)
