"""What was learnt of a model's codes from a rendered set, as a file beside the weights it belongs to."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar, Self

from seqdisent_core.errors import ConfigError
from seqdisent_core.weights import sha256_of


class LearntFile:
    """Base of the dataclasses that `seqdisent rest` writes into a checkpoint's folder, as JSON.

    file: its name there; sha256: of the checkpoint's weights.
    """

    file: ClassVar[str]
    sha256: str

    def save(self, folder: Path) -> None:
        """Write it into a checkpoint's folder."""
        path = folder / self.file
        path.unlink(missing_ok=True)  # a link in a cache of the Hub, to a file that belongs to its hash
        path.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")  # type: ignore[call-overload]

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Read from a checkpoint's folder, None where it has none. Raises ConfigError where it is another model's."""
        path = folder / cls.file
        if not path.exists():
            return None
        try:
            found = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError, RecursionError):
            raise ConfigError(f"{path} is damaged. Make it again: seqdisent rest {folder} --data SET") from None
        if found.sha256 != sha256_of(folder):
            raise ConfigError(f"{path} is of other weights. Make it again: seqdisent rest {folder} --data SET")
        return found
