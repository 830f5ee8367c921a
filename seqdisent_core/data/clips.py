"""Labelled clips on disk: three layouts, one type, splits in which all labels appear.

A rendered set (set.json, labels.csv and files of clips, see facekit.sets), a folder `person/expression/*.mp4`, or a
CSV file with the columns file, a column a label (label_columns) and, if wanted, split.
"""

import csv
import hashlib
import io
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple

import numpy as np

from seqdisent_core.data.labels import (
    ANEW,
    FACE_LABELS,
    PLAIN_COLUMNS,
    LabelColumns,
    Labels,
    check_label_names,
    combined,
    label_columns,
    labels_of,
    planned_columns,
    selected,
)
from seqdisent_core.data.shards import Shard, ShardedFrames
from seqdisent_core.errors import ConfigError, DataError, FaceError, VideoError

SPLITS = ("train", "validation", "test")
VIDEO_FRAMES = 15  # as in MUG
MAX_REACH = 8  # sides of a stored picture in sides of the crop
_HASHED = 64  # clips at a time: of a set of any size, some MB
VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".gif")


@dataclass(frozen=True)
class Clips:
    """Clips of one length and size with their labels.

    frames: uint8 (clips, frames, height, width, 3), read when they are indexed; an array is taken, too. static,
    dynamic: the labels of each group by name, one or more: of what stays in a clip (person; skin, hair, ...) and of
    what changes (expression, action). split: str (clips,), each one of SPLITS. name: what a result file calls this set.
    identity: whom each clip shows, where a set says so beside its static labels, as Sprites does of its characters, who
    are others in each split.

    Raises DataError where a group has no label, or names are none that labels can have (check_label_names).
    """

    frames: ShardedFrames
    static: dict[str, Labels]
    dynamic: dict[str, Labels]
    split: np.ndarray
    name: str
    identity: Labels | None = None

    def __post_init__(self) -> None:
        check_label_names(tuple(self.static), tuple(self.dynamic), self.name)
        if not isinstance(self.frames, ShardedFrames):
            object.__setattr__(self, "frames", ShardedFrames([self.frames]))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def labels(self) -> dict[str, Labels]:
        """Every label by name, the static ones first."""
        return {**self.static, **self.dynamic}

    @property
    def identities(self) -> Labels:
        """Whom or what each clip shows: `identity`, or else each combination of static values, by its number.

        Clips of one identity should have one static code.
        """
        return self.identity or combined(self.static)

    def part(self, split: str) -> "Clips":
        """The clips of one split, in their order, with the same numbering of labels.

        Raises DataError if the set has no clip in that split.
        """
        rows = np.flatnonzero(self.split == split)
        if len(rows) == 0:
            raise DataError(
                f"{self.name} has no {split} clips. Give 3 or more clips of each {' and '.join(self.labels)}, or say "
                "in a CSV file's column split which clip is for train, validation and test."
            )
        return self.select(rows)

    def select(self, rows: np.ndarray) -> "Clips":
        """The clips with these numbers, int (n,), in that order, with the same numbering of labels.

        No frame is read or copied.
        """
        return replace(
            self,
            frames=self.frames.select(rows),
            static=selected(self.static, rows),
            dynamic=selected(self.dynamic, rows),
            split=self.split[rows],
            identity=self.identity and self.identity.select(rows),
        )

    def check_seen_in_train(self) -> None:
        """Raises DataError where a clip has a value of a label that no train clip has, as `check_known`."""
        self.check_known(selected(self.labels, np.flatnonzero(self.split == "train")))

    def check_known(self, train: dict[str, Labels]) -> None:
        """Raises DataError where a clip has a value of a label that `train` does not show: nothing can have learnt it.

        train: the labels of the train clips, with the same numbering.
        """
        for name, label in self.labels.items():
            unseen = ~np.isin(label.values, train[name].values)
            if unseen.any():
                first, count = int(np.argmax(unseen)), len(np.unique(label.values[unseen]))
                more = f" (and {count - 1} more values)" if count > 1 else ""
                raise DataError(
                    f"{self.name} has {name} {label.names[label.values[first]]!r}{more} in its {self.split[first]} "
                    f"split and not in train, so it cannot be learnt. Split the set so that train has every {name}."
                )

    def sha256(self) -> str:
        """SHA-256 (hex) of frames and labels: the same clips in the same order, whatever they were read from."""
        # Identities and one dynamic label, then all other labels: hashes in result files began so, with no other there.
        who, ((_, does), *further) = self.identities, self.dynamic.items()
        digest = hashlib.sha256(repr((self.frames.shape, who.names, does.names)).encode())
        for start in range(0, len(self), _HASHED):
            digest.update(self.frames[start : start + _HASHED].data)
        digest.update(who.values.astype("<i8").tobytes() + does.values.astype("<i8").tobytes())
        digest.update("\n".join(map(str, self.split)).encode())
        others = [(name, label) for name, label in self.static.items() if label is not who]
        for name, label in (*others, *further):
            digest.update(repr((name, label.names)).encode() + label.values.astype("<i8").tobytes())
        return digest.hexdigest()


def split_of_takes(takes: int) -> tuple[str, ...]:
    """The split of each of a person's takes of one expression: the last sixth test, the sixth before validation.

    At least one take each when there are three or more; with fewer, all are for training.
    """
    held = max(1, round(takes / 6)) if takes >= 3 else 0
    return ("train",) * (takes - 2 * held) + ("validation",) * held + ("test",) * held


def load_clips(path: str | Path, *, frames: int | None = None, size: int = 64) -> Clips:
    """Read a rendered set, a folder person/expression/*.mp4 or a CSV file.

    * frames: length of the clips; longer and shorter ones are sampled evenly from first to last frame; None for a
      rendered set's own, and 15 for videos.
    * size: pixels a side.

    A CSV file has a line a clip with the columns file, a label each (static:NAME or dynamic:NAME; person, expression
    and action say no more than that) and, if wanted, split. In a user's own videos the largest face is found, followed
    and cropped (faces.read_face). Clips without a split get one by their order among those of the same labels
    (split_of_takes).

    Raises DataError if the set is missing, unfinished or mislabelled, or a video in it holds no usable face.
    """
    path = Path(path)
    if (path / "set.json").exists():
        return _from_shards(path, frames, size)
    films = films_of(path)
    clips = np.stack([films.read(row, frames or VIDEO_FRAMES, size) for row in films.rows])
    assign_splits(films)
    return _labelled(ShardedFrames([clips]), films.rows, films.columns, films.name)


def _from_shards(folder: Path, frames: int | None, size: int) -> Clips:
    about, table = read_plan(folder), folder / "labels.csv"
    again = f"Run the {'packing' if 'films' in about else 'rendering'} again: it goes on where it stopped."
    columns = planned_columns(about, folder.name)
    rows = _rows(_table(table), table.name, ("file", "index", "split", *columns.all)) if table.exists() else []
    if not rows:
        raise DataError(f"The set in {folder.name} is not finished. {again}")
    _check_rows(rows, folder.name, again)
    if about.get("clips", len(rows)) != len(rows):
        raise DataError(
            f"The set.json in {folder.name} says {about['clips']!r} clips, and its labels.csv names {len(rows)}. "
            f"{again}"
        )
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
    reach = about.get("reach", 1.0)  # of rendered sets whose pictures are wider than the crop that models see
    if not isinstance(reach, int | float) or not 1 <= reach <= MAX_REACH:
        raise DataError(f"The set.json in {folder.name} says a reach of {reach!r}; it is 1 to {MAX_REACH}. {ANEW}")
    clips = ShardedFrames(list(shards.values()), places, frames=frames, size=size, reach=reach)
    return _labelled(clips, rows, columns, str(about.get("name", folder.name)))


def _check_rows(rows: list[dict[str, str]], name: str, again: str) -> None:
    """Raises DataError where a line of a set's labels.csv has a wrong file or split, or names a clip a second time."""
    named = set()
    for row in rows:
        file, index, split = row["file"], row["index"], row["split"]
        if PureWindowsPath(file).name != file:  # with / or \ or a drive, on any system
            raise DataError(f"labels.csv in {name} names {file}, which is in another folder. {again}")
        if split not in SPLITS:
            raise DataError(
                f"labels.csv in {name} has the split {split!r}. A split is one of {', '.join(SPLITS)}. {again}"
            )
        clip = (file, int(index) if index.isdecimal() else index)
        if clip in named:
            raise DataError(f"labels.csv in {name} names clip {index} of {file} twice. {again}")
        named.add(clip)


def read_plan(folder: Path) -> dict[str, Any]:
    """What a set's set.json says of it. Raises DataError where that cannot be read."""
    try:
        plan = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    except ValueError:
        plan = None
    if not isinstance(plan, dict):
        raise DataError(f"The set.json in {folder.name} cannot be read. {ANEW}")
    return plan


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
    """People's films: a row each, with the column file (from `base` on), one a label, and split if that is given."""

    base: Path
    name: str
    columns: LabelColumns
    rows: list[dict[str, str]]

    def read(self, row: dict[str, str], frames: int, size: int) -> np.ndarray:
        """The largest face of a film, uint8 (frames, size, size, 3). Raises DataError where the film has none."""
        from seqdisent_core.faces import read_face  # brings OpenCV: only those who read films wait for it

        try:
            clip = read_face(self.base / row["file"], size=size).require_movement()
        except (FaceError, VideoError) as error:
            raise DataError(f"{row['file']} cannot be used: {error}") from error
        return ShardedFrames([clip.frames[None]], frames=frames)[0]


def films_of(path: Path) -> Films:
    """The films that a folder person/expression/*.mp4 or a CSV file names.

    Raises DataError where there are none, one is not there, or a label is missing or wrong.
    """
    if path.is_file() and path.suffix.lower() == ".csv":
        table = _table(path)
        table = table._replace(columns=[_column(column) for column in table.columns])
        if len(table.columns) == 1 and (";" in table.columns[0] or "\t" in table.columns[0]):
            raise DataError(f"The columns of {path.name} must be separated by commas. Save it again as CSV UTF-8.")
        columns = label_columns(table.columns, path.name)
        films = Films(path.parent, path.stem, columns, _rows(table, path.name, ("file", *columns.all)))
        if not films.rows:
            raise DataError(f"{path.name} names no clips. Write one line a clip: {','.join(('file', *columns.all))}.")
    elif not path.is_dir():
        raise DataError(f"There are no clips at {path}. Give a folder of clips or a CSV file.")
    else:
        found = [p.relative_to(path) for p in sorted(path.glob("*/*/*")) if is_film(p)]
        rows = [{"file": str(p), "person": p.parts[0], "expression": p.parts[1]} for p in found]
        films = Films(path, path.name, label_columns(FACE_LABELS, path.name), rows)
        if not rows:
            raise DataError(
                f"{path.name} holds no clips. Put them in folders person/expression/, such as anna/anger/1.mp4."
            )
        for row in rows:
            if (shown := _in_utf8(row["file"])) != row["file"]:
                raise DataError(f"The name of {shown} in {path.name} is not in UTF-8. Rename it.")
    _check_splits(films)
    for row in films.rows:
        if not (films.base / row["file"]).is_file():
            raise DataError(f"{row['file']} is named in {films.name} but not there. Correct its name or take it out.")
    return films


def is_film(path: Path) -> bool:
    """By its name; one that begins with a dot is hidden, or holds what macOS notes beside a film (._1.mp4)."""
    return path.suffix.lower() in VIDEO_ENDINGS and not path.name.startswith(".")


def _in_utf8(name: str) -> str:
    """A file's name with a mark for each byte that is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")


def _column(name: str) -> str:
    """A user's name of a column as `label_columns` knows it: File as file, Static: hair as static:hair."""
    first, colon, label = name.strip().partition(":")
    known = PLAIN_COLUMNS if colon else ("file", "split", *(column for of in PLAIN_COLUMNS.values() for column in of))
    word = first.strip().lower()
    return f"{word}{colon}{label.strip()}" if word in known else name.strip()


class _Table(NamedTuple):
    """A CSV file: the names of its columns, and its lines, each with its number and its fields in their order."""

    columns: list[str]
    lines: list[tuple[int, list[str]]]


def _table(path: Path) -> _Table:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name} is not in UTF-8. Save it again as CSV UTF-8.") from None
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(table.line_num, fields) for fields in table if fields]
    except csv.Error as error:
        raise DataError(
            f"{path.name} cannot be read as CSV at line {table.line_num}: {error}. Is each quotation mark closed?"
        ) from None
    return _Table(lines[0][1], lines[1:]) if lines else _Table([], [])


def _rows(table: _Table, name: str, wanted: Sequence[str]) -> list[dict[str, str]]:
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        raise DataError(
            f"{name} lacks the column {', '.join(missing)}. Its first line must name the columns; they are: "
            f"{', '.join(table.columns)}."
        )
    twice = [column for column in (*wanted, "split") if table.columns.count(column) > 1]
    if twice:
        raise DataError(f"{name} has two columns {twice[0]}. Take one out, or rename it.")
    rows = []
    for number, fields in table.lines:
        row = dict(zip(table.columns, (field.strip() for field in fields), strict=False))
        empty = [column for column in wanted if not row.get(column)]
        if empty:
            raise DataError(f"Line {number} of {name} has no {', '.join(empty)}. Fill it in.")
        rows.append({column: row.get(column, "") for column in table.columns})
    return rows


def _check_splits(films: Films) -> None:
    given = [row.get("split", "") for row in films.rows]
    wrong = sorted({split for split in given if split and split not in SPLITS})
    if wrong:
        raise DataError(f"{films.name} has the split {wrong[0]!r}. A split is one of {', '.join(SPLITS)}.")
    if any(given) and not all(given):
        raise DataError(f"Only some clips of {films.name} have a split. Give one to every clip or to none.")


def assign_splits(films: Films) -> None:
    """Where no film has a split, give each one by its order among those of the same labels (split_of_takes)."""
    if films.rows[0].get("split"):
        return
    groups: dict[tuple[int, ...], list[dict[str, str]]] = defaultdict(list)
    labels = {**_labels(films.rows, films.columns.static), **_labels(films.rows, films.columns.dynamic)}
    for row, *values in zip(films.rows, *(label.values.tolist() for label in labels.values()), strict=True):
        groups[tuple(values)].append(row)
    for group in groups.values():
        ordered = sorted(group, key=lambda row: row["file"])
        for row, split in zip(ordered, split_of_takes(len(group)), strict=True):
            row["split"] = split


def _labels(rows: list[dict[str, str]], columns: dict[str, str]) -> dict[str, Labels]:
    return {label: labels_of(label, [row[column] for row in rows]) for label, column in columns.items()}


def _labelled(clips: ShardedFrames, rows: list[dict[str, str]], columns: LabelColumns, name: str) -> Clips:
    return Clips(
        clips,
        _labels(rows, columns.static),
        _labels(rows, columns.dynamic),
        np.array([row["split"] for row in rows]),
        name,
        Labels.of([row[columns.identity] for row in rows]) if columns.identity else None,
    )


def parallel_pairs(clips: Clips) -> np.ndarray:
    """Numbers of the two clips of each take that two persons play, int (takes, 2), of a set of parallel pairs.

    Raises ConfigError for another set.
    """
    who, does = clips.identities.values, combined(clips.dynamic).values
    takes, of, counts = np.unique(does, return_inverse=True, return_counts=True)
    pairs = np.argsort(of, kind="stable")
    if (counts != 2).any() or (who[pairs[::2]] == who[pairs[1::2]]).any():
        raise ConfigError(
            f"pair_share needs a set in which two persons play each take, such as wild; not {clips.name}."
        )
    return pairs.reshape(len(takes), 2)
