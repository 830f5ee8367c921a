"""Clips and tuned models of all visitors in memory, within a limit of bytes; what was used longest ago goes first.

What a session keeps between two events is a handle (`Held`); when the session is gone, so is what it held.
"""

import inspect
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

import gradio as gr

from seqdisent_core.limits import limits


class Held:
    """A handle: `value` is what it stands for, None once others needed the memory."""

    def __init__(self, value: Any, nbytes: int) -> None:
        self.value, self.nbytes = value, nbytes


class Store:
    """What is held, by all handles that somebody still has. Safe to share by threads."""

    def __init__(self, most: Callable[[], int]) -> None:
        """most: gives the limit in bytes."""
        self._most = most
        self._held: OrderedDict[int, weakref.ref[Held]] = OrderedDict()  # by the value; used last stands last
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        with self._lock:
            return sum(held.nbytes for held in self._there())

    def hold(self, value: Any) -> Held:
        """A handle for something large; the same one for the very same thing."""
        with self._lock:
            known = self._held.get(id(value), lambda: None)()
            held = known if known is not None and known.value is value else Held(value, size_of(value))
            self._held[id(value)] = weakref.ref(held)
            self._held.move_to_end(id(value))
            total, most = sum(held.nbytes for held in self._there()), self._most()
            for other in self._there():
                if total <= most or other is held:
                    break
                other.value = None
                total -= other.nbytes
            return held

    def get(self, held: Held) -> Any:
        """What a handle stands for, used now; None where it had to go."""
        with self._lock:
            if id(held.value) in self._held:
                self._held.move_to_end(id(held.value))
            return held.value

    def _there(self) -> list[Held]:
        """The handles that somebody has and that stand for something; the others are forgotten."""
        for key, known in list(self._held.items()):
            held = known()
            if held is None or held.value is None:
                del self._held[key]
        return [held for known in self._held.values() if (held := known()) is not None]

    def behind(self, demo: gr.Blocks) -> None:
        """Puts what is large in the states of an app behind handles; its functions take and give the things."""
        for event in demo.fns.values():
            if event.fn is not None and any(isinstance(part, gr.State) for part in (*event.inputs, *event.outputs)):
                kept = {at for at, part in enumerate(event.outputs) if isinstance(part, gr.State)}
                event.fn = self._with_handles(event.fn, kept, len(event.outputs))

    def _with_handles(self, work: Callable[..., Any], kept: set[int], count: int) -> Callable[..., Any]:
        def taken(given: Iterable[Any]) -> list[Any]:
            return [self.get(one) if isinstance(one, Held) else one for one in given]

        def handed(made: Any) -> Any:
            if count == 1:
                return self._handle(made) if kept else made
            if not isinstance(made, tuple | list):
                return made
            return tuple(self._handle(one) if at in kept else one for at, one in enumerate(made))

        if inspect.isgeneratorfunction(work):

            @wraps(work)
            def going(*given: Any) -> Iterator[Any]:
                for made in work(*taken(given)):
                    yield handed(made)

            return going

        @wraps(work)
        def once(*given: Any) -> Any:
            return handed(work(*taken(given)))

        return once

    def _handle(self, value: Any) -> Any:
        return self.hold(value) if size_of(value) else value


STORE = Store(lambda: limits().store_megabytes * 2**20)  # of all visitors of this server


def size_of(value: Any) -> int:
    """Bytes of a clip, a pair, what was made of them, or a list of those; 0 for everything else."""
    if isinstance(value, list):
        return sum(map(size_of, value))
    return getattr(value, "nbytes", 0)
