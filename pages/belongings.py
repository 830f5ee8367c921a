"""What belongs to whom: the files that a visitor brought or got, and the pages that they have open.

A visitor is known by the token of their browser, which all their pages share; a program is its one session.
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pages.session import SESSIONS


class Belongings:
    """By owner: files, and sessions that are open. Safe to share by threads."""

    def __init__(self) -> None:
        self._owner: dict[str, str] = {}  # by session
        self._files: dict[str, set[Path]] = {}  # by owner
        self._lock = threading.Lock()

    def opened(self, token: str, session: str) -> None:
        """A page of the visitor with this token has shown itself."""
        with self._lock:
            self._owner[session] = token
            if session in self._files:
                self._files.setdefault(token, set()).update(self._files.pop(session))

    def note(self, session: str, data: Any, folder: Path) -> None:
        """The files in `folder` that an event's data names, given or made, are the session's owner's."""
        found = {Path(text) for text in _texts(data) if text.startswith(f"{folder}/")}
        if found:
            with self._lock:
                self._files.setdefault(self._owner.get(session, session), set()).update(found)

    def sessions(self, token: str) -> list[str]:
        """The visitor's open pages."""
        with self._lock:
            return [session for session, owner in self._owner.items() if owner == token]

    def closed(self, session: str) -> None:
        """A page is gone; with the last one of its owner goes all that was theirs."""
        with self._lock:
            owner = self._owner.pop(session, session)
            if owner in self._owner.values():
                return
        self.delete(owner)

    def delete(self, owner: str) -> None:
        """Deletes an owner's clips and files, but for a file that somebody else brought, too."""
        SESSIONS.forget(owner)
        with self._lock:
            files = self._files.pop(owner, set())
            files -= {path for others in self._files.values() for path in others}
        for path in files:
            with suppress(OSError):  # deleted by its age meanwhile
                path.unlink()


BELONGINGS = Belongings()  # of all visitors of this server


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _texts(value)
