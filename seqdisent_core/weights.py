"""The weights file of a saved network and its hash, by which result files and maps name it. Needs no torch."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

WEIGHTS = "model.safetensors"


def sha256_of_files(paths: Iterable[Path]) -> str:
    """One hash of several files, hex, whatever they are called."""
    each = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
    return hashlib.sha256("".join(each).encode()).hexdigest()


def sha256_of(folder: str | Path) -> str:
    """Hash of a checkpoint's weights file, hex."""
    return hashlib.sha256((Path(folder) / WEIGHTS).read_bytes()).hexdigest()
