"""The weights file of a saved network and its hash, by which result files and maps name it. Needs no torch."""

import hashlib
from pathlib import Path

WEIGHTS = "model.safetensors"


def sha256_of(folder: str | Path) -> str:
    """Hash of a checkpoint's weights file, hex."""
    return hashlib.sha256((Path(folder) / WEIGHTS).read_bytes()).hexdigest()
