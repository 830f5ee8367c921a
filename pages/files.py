"""Where everything lies that visitors bring and get: one folder of this app's own, swept by age."""

import os
import re
import tempfile
import time
from contextlib import suppress
from getpass import getuser
from pathlib import Path

from gradio.route_utils import GradioMultiPartParser
from gradio.utils import get_upload_folder, is_static_file
from starlette.formparsers import MultiPartException

from seqdisent_core.errors import ConfigError

_ADDRESS_OF_ONE = re.compile(r"[0-9a-f]{64}")  # the folder of a file that Gradio keeps: its SHA-256
_OURS = re.compile(rf"{_ADDRESS_OF_ONE.pattern}|tmp\w+|shared|deep_links|vibe_edit_history")  # of Gradio and of the app


def kept_folder() -> Path:
    """The folder that GRADIO_TEMP_DIR names, or one of the app's own, made where it is missing.

    Raises ConfigError where it cannot be used, or holds somebody's own files: all in it is deleted by age.
    """
    named = os.environ.get("GRADIO_TEMP_DIR")
    folder = Path(named).resolve() if named else own_folder()
    try:
        work_folder(folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        other = next((path.name for path in folder.iterdir() if not _OURS.fullmatch(path.name)), None)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be used ({error.strerror}). Name another GRADIO_TEMP_DIR.") from None
    if other is not None:
        raise ConfigError(
            f"{folder} holds {other}, and all that is old there would be deleted. Name an empty one in GRADIO_TEMP_DIR."
        )
    return folder


def own_folder() -> Path:
    """The folder for temporary files of this user's demo, made where it is missing, closed to others.

    Raises ConfigError where somebody else made it.
    """
    folder = Path(tempfile.gettempdir()) / f"seqdisent-{getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.owner() != getuser():
        raise ConfigError(f"The folder {folder} is not yours. Remove it, or name another one in GRADIO_TEMP_DIR.")
    return folder


def work_folder(kept: Path) -> Path:
    """The folder beside `kept` for films while they are made, swept like it."""
    folder = kept.with_name(f"{kept.name}-work")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def visitors_file(path: str | Path) -> Path | None:
    """The file that a path names, links followed, if a visitor may have it: brought or made here, or an example.

    None for every other file of this machine, and for one that is not there.
    """
    try:
        file = Path(path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # not there; a NUL or too long; a circle of links
        return None
    kept = Path(get_upload_folder()).resolve()
    return file if lies_in(kept, file) or (file.is_file() and is_static_file(file)) else None


class OnlyFiles(GradioMultiPartParser):
    """Reads uploads: what is no file, Gradio's own would gather in memory, however much it is."""

    def on_headers_finished(self) -> None:
        """A part begins."""
        super().on_headers_finished()
        if self._current_part.file is None or self._current_part.field_name != "files":
            raise MultiPartException(
                "Every part of an upload must be a file: its name is files, and it has a filename."
            )


def lies_in(kept: Path, file: Path) -> bool:
    """Whether a file is there and its path is that of one that was brought or made: `kept`, its SHA-256, its name."""
    if file.parent.parent != kept or not _ADDRESS_OF_ONE.fullmatch(file.parent.name):
        return False
    return os.path.isfile(file)  # noqa: PTH113 - Path.is_file raises OSError for a name that is too long


def made_here(path: str | Path) -> bool:
    """Whether a file, links followed, lies among what this process makes; Gradio takes none of those from a visitor."""
    return Path(path).resolve().is_relative_to(Path(tempfile.gettempdir()).resolve())


def sweep(folder: Path, after: float) -> None:
    """Deletes files and empty folders that nobody has written to for `after` seconds, whoever left them.

    What the clock says is as far in the future goes, too: it was set back, by nobody knows how much.
    """
    for place, folders, files in os.walk(folder, topdown=False):  # not rglob, which fails where a folder goes meanwhile
        for path in (Path(place, name) for name in (*files, *folders)):
            with suppress(OSError):  # gone meanwhile; a folder that holds something
                if abs(time.time() - path.lstat().st_mtime) <= after:
                    continue
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
