"""Places in which films are read, few of them: no visitor takes a second one while another visitor waits for one."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_BETWEEN_LOOKS = 0.2  # seconds


class Readings:
    """So many places, which Gradio's own queue could not give: it would not let a reading be stopped."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._held, self._waiting = Counter[str](), Counter[str]()  # by visitor
        self._changed = threading.Condition()

    @contextmanager
    def place(self, visitor: str, look: Callable[[], object]) -> Iterator[None]:
        """A place for as long as it lasts. look: called while none is to be had; it may raise, to wait no longer."""
        with self._changed:
            self._waiting[visitor] += 1
            try:
                while not self._may(visitor):
                    self._changed.wait(_BETWEEN_LOOKS)
                    look()
                self._free -= 1
                self._held[visitor] += 1
            finally:
                self._leave(self._waiting, visitor)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._leave(self._held, visitor)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._waiting.total()

    def _may(self, visitor: str) -> bool:
        others = any(not self._held[other] for other in self._waiting if other != visitor)
        return self._free > 0 and not (self._held[visitor] and others)

    def _leave(self, counts: Counter[str], visitor: str) -> None:
        counts[visitor] -= 1
        if not counts[visitor]:
            del counts[visitor]
        self._changed.notify_all()
