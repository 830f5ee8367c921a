"""Whether the server works: at once whether it answers, and by a swap whether it does what it is for."""

import asyncio
import time
from collections.abc import Callable

from pages import model, status
from seqdisent_core.errors import SeqdisentError


class Trial:
    """A swap of two examples, tried when somebody asks; its outcome holds for some seconds, whoever asks."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._until, self._failure = -1.0, ""
        self._lock = asyncio.Lock()

    async def failure(self) -> str:
        """What went wrong with the swap, as a sentence; empty where it worked."""
        async with self._lock:
            if self._clock() >= self._until:
                self._failure = await asyncio.to_thread(_tried)
                self._until = self._clock() + self._seconds
            return self._failure


def _tried() -> str:
    try:
        studio = model.film_studio()
        from seqdisent_core.machine import one_each
        from seqdisent_core.trial import try_swap

        one_each()  # beside what visitors have under way
        try_swap(studio)
    except SeqdisentError as error:
        return str(error)
    except Exception as error:  # as of any visitor's swap: the server goes on
        status.log_place(error)
        return status.OUR_FAULT
    return ""
