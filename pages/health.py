"""Whether the server works: at once whether it answers, and by a swap whether it does what it is for."""

import asyncio
import logging
import time

from pages import model, status
from seqdisent_core.cluster import call
from seqdisent_core.errors import SeqdisentError


class Trial:
    """A swap of two examples, tried when somebody asks; its outcome holds for some seconds, whoever asks."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until, self._works = -1.0, False
        self._lock = asyncio.Lock()

    async def works(self) -> bool:
        """Whether the swap worked; where it did not, the log says why."""
        async with self._lock:
            if time.monotonic() >= self._until:
                self._works = await asyncio.to_thread(_tried)
                self._until = time.monotonic() + self._seconds
            return self._works


def _tried() -> bool:
    try:
        studio = model.film_studio()
        from seqdisent_core.machine import one_each
        from seqdisent_core.trial import try_swap

        one_each()  # beside what visitors have under way
        call(try_swap, studio)
    except SeqdisentError as error:
        logging.getLogger("seqdisent").error("/health/swap: %s", error)
        return False
    except Exception as error:  # as of any visitor's swap: the server goes on
        status.log_place(error)
        return False
    return True
