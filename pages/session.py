"""Clips that go along from page to page: kept on the server, and found again by a random token in the browser.

Nothing of a face is in the browser's storage; without its token nobody finds a clip, and soon it is forgotten.
"""

import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from gradio.state_holder import StateHolder

from pages.store import STORE, Held
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

PLACES = ("first", "second")  # of the page Swap: where a clip stands there
_RESULT = "result"  # where what was made of the clips is kept
MOST_VISITORS = 20  # whose clips are kept at once; the one who was longest away is forgotten first

_TOKEN_BYTES, _TOKEN_LETTERS = 32, 43
_SECRET = secrets.token_hex(16)


class _Kept(NamedTuple):
    held: Held  # a FaceClip, or what was made of two
    source: Path | None
    until: float


class Sessions:
    """What visitors have in the two places of Swap, by their token. Safe to share by threads."""

    def __init__(
        self,
        keep_seconds: float | None = None,
        most: int = MOST_VISITORS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keep_seconds, self._most, self._clock = keep_seconds, most, clock
        self._kept: dict[str, dict[str, _Kept]] = {}  # who came last stands last
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def __len__(self) -> int:
        """How many visitors have a clip here."""
        self.sweep()
        return len(self._kept)

    def keep(self, token: str, place: str, clip: "FaceClip | None") -> None:
        """Put a clip into a place ("first", "second"), or empty it. Tokens that none of ours could be keep nothing."""
        if place in PLACES:
            self._keep(token, place, clip, None if clip is None else clip.source)

    def keep_result(self, token: str, result: Any) -> None:
        """Put what was made of the clips beside them, or None."""
        self._keep(token, _RESULT, result, None)

    def _keep(self, token: str, place: str, clip: Any, source: Path | None) -> None:
        if len(token) != _TOKEN_LETTERS:
            return
        with self._lock:
            places = self._kept.pop(token, {})
            before = places.pop(place, None)
            if clip is not None:
                until = self._clock() + (self._keep_seconds or limits().keep_seconds)
                if before is not None and source is not None and before.source == source:
                    until = before.until  # another anchor of a film does not make its file live longer
                places[place] = _Kept(STORE.hold(clip), source, until)
            if places:
                self._kept[token] = places
            while len(self._kept) > self._most:
                self._kept.pop(next(iter(self._kept)))
        self.sweep()

    def clips(self, token: str) -> "dict[str, FaceClip]":
        """What stands in which place, the first place first."""
        self.sweep()
        with self._lock:
            places = self._kept.get(token, {})
            clips = {place: STORE.get(places[place].held) for place in PLACES if place in places}
        return {place: clip for place, clip in clips.items() if clip is not None}

    def result(self, token: str) -> Any:
        """What was made of the clips, or None."""
        self.sweep()
        with self._lock:
            kept = self._kept.get(token, {}).get(_RESULT)
            return None if kept is None else STORE.get(kept.held)

    def forget(self, token: str) -> None:
        """Empties both places, and forgets what was made."""
        with self._lock:
            self._kept.pop(token, None)
        self.sweep()

    def sweep(self) -> None:
        """Forget what has been here too long; happens by itself when its time has come."""
        with self._lock:
            now = self._clock()
            for token, places in list(self._kept.items()):
                for place in [place for place, kept in places.items() if kept.until <= now]:
                    del places[place]
                if not places:
                    del self._kept[token]
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
            if self._kept:
                soonest = min(kept.until for places in self._kept.values() for kept in places.values())
                self._timer = threading.Timer(soonest - now, self.sweep)
                self._timer.daemon = True
                self._timer.start()


SESSIONS = Sessions()  # of all visitors of this server


def forget_visitors(holder: StateHolder, after: float) -> None:
    """Drops what Gradio holds of visitors who have done nothing for `after` seconds.

    It keeps what it last showed each of them, pictures of their faces included, and drops nothing by itself before
    thousands have come.
    """
    now = datetime.now()
    for visitor, last in list(holder.time_last_used.items()):
        if (now - last).total_seconds() > after:
            forget_session(holder, visitor)


def forget_session(holder: StateHolder, session: str) -> None:
    """Drops what Gradio holds of a page, pictures of faces included, and ends what is read for it.

    To be called on the server's own loop, where Gradio changes it, too.
    """
    holder.delete_state(session)
    holder.session_data.pop(session, None)
    holder.time_last_used.pop(session, None)


def browser_token() -> gr.BrowserState:
    """A visitor's token, the same on all pages; give it `token_of` when the page loads."""
    return gr.BrowserState("", storage_key="seqdisent", secret=_SECRET)


def token_of(given: object) -> str:
    """The browser's token, or a new one where it has none."""
    if isinstance(given, str) and len(given) == _TOKEN_LETTERS:
        return given
    return secrets.token_urlsafe(_TOKEN_BYTES)
