"""A packed set on disk: its arrays, and a set.json that says what it is and has the hash of what it holds."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from seqdisent_core.errors import DataError

_ABOUT = "set.json"


class _Hashed(Protocol):
    def sha256(self) -> str: ...


Set = TypeVar("Set", bound=_Hashed)


def write_packed(
    folder: Path, kind: str, file: str, packed: _Hashed, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Writes set.json, with the set's hash, and the arrays into `file`; kind: what the set is of, such as "series".

    Raises DataError where the folder holds anything else.
    """
    if folder.exists() and any(path.name not in (_ABOUT, file) for path in folder.iterdir()):
        raise DataError(f"{folder.name} holds something else than a set of {kind}. Choose an empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / file, **arrays)  # type: ignore[arg-type]
    told = json.dumps({**about, "sha256": packed.sha256()}, indent=1)
    (folder / _ABOUT).write_text(told + "\n", encoding="utf-8")


def read_packed(
    folder: Path, kind: str, file: str, make: Callable[[dict[str, Any], dict[str, np.ndarray]], Set]
) -> Set:
    """A set that `write_packed` wrote, made of what set.json says and of the arrays.

    Raises DataError where it is missing, damaged or no set of that kind.
    """
    if not (folder / file).exists() or not (folder / _ABOUT).exists():
        raise DataError(f"{folder} is no packed set of {kind}. `seqdisent pack` writes one.")
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        with np.load(folder / file) as stored:
            arrays = {name: stored[name] for name in stored.files}
        found = make(about, arrays)
        whole = found.sha256() == about["sha256"]
    except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, zipfile.BadZipFile):
        whole = False
    if not whole:
        raise DataError(f"The set in {folder.name} is damaged. Pack it again into an empty folder.")
    return found
