r"""The weights file of a saved network and its hash, by which result files and maps name it. Needs no torch.

What ships has its hashes in `demo_assets/SHA256SUMS`, as sha256sum writes them. Whoever ships other weights writes it
anew, in `demo_assets`: git ls-files | grep -E '\.(safetensors|npz|onnx)$' | xargs sha256sum > SHA256SUMS
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError

WEIGHTS = "model.safetensors"
SUMS = "SHA256SUMS"  # hash and path of each file of weights and arrays in demo_assets


def sha256_of_files(paths: Iterable[Path]) -> str:
    """One hash of several files, hex, whatever they are called."""
    each = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
    return hashlib.sha256("".join(each).encode()).hexdigest()


def sha256_of(folder: str | Path) -> str:
    """Hash of a checkpoint's weights file, hex."""
    return hashlib.sha256((Path(folder) / WEIGHTS).read_bytes()).hexdigest()


def check_shipped(file: Path) -> None:
    """Raises ConfigError where a file comes with the package and is not the one whose hash was recorded.

    A file that lies elsewhere, or that is not recorded, is let be: it is a person's own.
    """
    sums, file = asset(SUMS), file.resolve()
    recorded = {sums.parent / name: sha256 for sha256, name in map(str.split, sums.read_text().splitlines())}
    if file in recorded and file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() != recorded[file]:
        raise ConfigError(
            f"{file} is not the file that comes with the package: its hash is another than in {SUMS}. Install "
            "seqdisent again, or restore the file."
        )
