"""What belongs to whom: the files that a visitor brought or got, and the pages that they have open.

A visitor is known by the token of their browser, which all their pages share; a program is its one session.
"""

import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pages.files import lies_in
from pages.session import SESSIONS
from seqdisent_core.errors import SeqdisentError


class Belongings:
    """By owner: files, and sessions that are open. Safe to share by threads."""

    def __init__(self) -> None:
        self._owner: dict[str, str] = {}  # by session
        self._files: dict[str, set[Path]] = {}  # by owner
        self._works: set[Work] = set()
        self._missing: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def work(self, session: str) -> "Iterator[Work]":
        """For as long as something is under way for a session."""
        work = Work(self, session)
        with self._lock:
            self._works.add(work)
        try:
            yield work
        finally:
            with self._lock:
                self._works.discard(work)

    def opened(self, token: str, session: str) -> None:
        """A page of the visitor with this token has shown itself."""
        with self._lock:
            self._owner[session] = token
            if session in self._files:
                self._files.setdefault(token, set()).update(self._files.pop(session))

    def note(self, work: "Work", files: Iterable[Path]) -> None:
        """The files are the work's owner's, or go at once where nobody is left whose they could be."""
        with self._lock:
            if not work.over:
                self._files.setdefault(self._owner.get(work.session, work.session), set()).update(files)
                return
        self._delete(set(files))

    def sessions(self, token: str) -> list[str]:
        """The visitor's open pages."""
        with self._lock:
            return [session for session, owner in self._owner.items() if owner == token]

    def closed(self, session: str) -> None:
        """A page is gone and what was under way for it is over; with its owner's last one goes all that was theirs."""
        with self._lock:
            self._end(session)
            owner = self._owner.pop(session, session)
            if owner in self._owner.values():
                return
        self.delete(owner)

    def forget(self, alive: Collection[str]) -> None:
        """Takes pages as closed that are not among these now and were not the last time.

        Of programs, and of some pages, nobody hears that they are; others are about to be.
        """
        with self._lock:
            missing = {*self._owner, *self._files} - {*alive, *self._owner.values()}
            gone, self._missing = missing & self._missing, missing
        for session in gone:
            self.closed(session)

    def delete(self, owner: str) -> None:
        """Deletes an owner's clips and files, but for a file that somebody else brought, too; and ends their work."""
        SESSIONS.forget(owner)
        with self._lock:
            self._end(owner)
            files = self._files.pop(owner, set())
        self._delete(files)

    def _end(self, owner: str) -> None:
        for work in self._works:
            if owner in (work.session, self._owner.get(work.session)):
                work.over = True

    def _delete(self, files: set[Path]) -> None:
        with self._lock:
            files = files - {path for others in self._files.values() for path in others}
        for path in files:
            with suppress(OSError):  # deleted by its age meanwhile
                path.unlink()


class Work:
    """Something under way for a session, whose files are its owner's as soon as they are there.

    over: all that the owner had was deleted meanwhile, or the page was closed.
    """

    def __init__(self, belongings: Belongings, session: str) -> None:
        self._belongings, self.session, self.over = belongings, session, False

    def note(self, files: Iterable[Path]) -> None:
        """Files that were given or made; they are deleted at once where the work is over."""
        self._belongings.note(self, files)

    def check(self) -> None:
        """Raises SeqdisentError where the work is over."""
        if self.over:
            raise SeqdisentError("This was ended, and all that was made of it deleted.")


BELONGINGS = Belongings()  # of all visitors of this server


def files_in(folder: Path, data: Any) -> set[Path]:
    """The files brought or made in a folder that an event's data names; a visitor may write any path there."""
    named = {Path(text) for text in texts_in(data) if text.startswith(f"{folder}/")}
    return {path for path in named if lies_in(folder, path)}


def texts_in(data: Any) -> Iterator[str]:
    """All texts that an event's data has, at any depth."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts_in(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from texts_in(value)
