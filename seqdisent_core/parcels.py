"""What goes to another machine and comes back: values with the files that paths in them name, and models by name."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from seqdisent_core.studio import Studio


class Parcel(NamedTuple):
    """Pickled values; names and contents of files that they name; how many folders they name."""

    values: bytes
    files: list[tuple[str, bytes]]
    folders: int


class Places(NamedTuple):
    """Where the files and folders of a parcel are, in its order."""

    files: list[Path]
    folders: list[Path]


def pack(values: Any) -> tuple[Parcel, Places]:
    """A parcel of anything that can be pickled, and the places here that it names.

    A path of a file goes with what is in it; one of a folder, or of what is not yet in one, for what is written there;
    all others as they are. A Studio goes as the name of its checkpoint.
    """
    places = Places([], [])

    def name(value: Any) -> Any:
        if isinstance(value, Studio):
            return "studio", value.checkpoint, ""
        if not isinstance(value, Path):
            return None
        if value.is_file():
            return "file", _number(value, places.files), ""
        folder = value if value.is_dir() else value.parent
        return ("folder", _number(folder, places.folders), value.relative_to(folder).parts) if folder.is_dir() else None

    packed = _pickled(values, name)
    return Parcel(packed, [(file.name, file.read_bytes()) for file in places.files], len(places.folders)), places


def opened(parcel: Parcel, folder: Path, studio: Callable[[str], Studio]) -> tuple[Any, Places]:
    """The values of `pack` on another machine, their files and folders in an empty folder there; and where those are.

    studio: gives the one of a checkpoint by its name.
    """
    places = Places([], [])
    for at, (file, content) in enumerate(parcel.files):
        (folder / f"given_{at}").mkdir()
        places.files.append(folder / f"given_{at}" / file)
        places.files[at].write_bytes(content)
    for at in range(parcel.folders):
        places.folders.append(folder / f"made_{at}")
        places.folders[at].mkdir()

    def find(named: Any) -> Any:
        kind, which, rest = named
        if kind == "studio":
            return studio(which)
        return places.files[which] if kind == "file" else places.folders[which].joinpath(*rest)

    return _unpickled(parcel.values, find), places


def pack_answer(values: Any, places: Places) -> Parcel:
    """What was made of an opened parcel, with the files in its folders that paths name. places: as `opened` gave."""
    made: list[Path] = []

    def name(value: Any) -> Any:
        if not isinstance(value, Path):
            return None
        if value in places.files:
            return "file", places.files.index(value), None
        for at, folder in enumerate(places.folders):
            if value.is_relative_to(folder):
                content = _number(value, made) if value.is_file() else None
                return "folder", at, (value.relative_to(folder).parts, content)
        return None

    packed = _pickled(values, name)
    return Parcel(packed, [(file.name, file.read_bytes()) for file in made], len(places.folders))


def opened_answer(parcel: Parcel, places: Places) -> Any:
    """The values of `pack_answer` where `pack` was called; files are written to where they were meant to be."""

    def find(named: Any) -> Any:
        kind, which, rest = named
        if kind == "file":
            return places.files[which]
        path, content = places.folders[which].joinpath(*rest[0]), rest[1]
        if content is not None:
            path.write_bytes(parcel.files[content][1])
        return path

    return _unpickled(parcel.values, find)


def _number(one: Path, known: list[Path]) -> int:
    if one not in known:
        known.append(one)
    return known.index(one)


def _pickled(values: Any, name: Callable[[Any], Any]) -> bytes:
    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return name(value)

    stream = io.BytesIO()
    Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(values)
    return stream.getvalue()


def _unpickled(values: bytes, find: Callable[[Any], Any]) -> Any:
    class Unpickler(pickle.Unpickler):
        def persistent_load(self, named: Any) -> Any:
            return find(named)

    return Unpickler(io.BytesIO(values)).load()
