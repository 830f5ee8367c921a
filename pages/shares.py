"""What each visitor takes of the server: bytes that were sent here, and seconds of computing, over a while."""

import shutil
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from seqdisent_core.limits import Limits

MINUTE = 60.0
_MEGABYTE = 2**20
_TOGETHER = 1.0  # seconds within which amounts are kept as one: uploads come in pieces of any size


@dataclass
class _Noted:
    at: float
    visitor: str
    amount: float


class Recent:
    """Amounts by visitor, each forgotten after some seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._noted: deque[_Noted] = deque()
        self._latest: dict[str, _Noted] = {}  # by visitor
        self._sums: dict[str, float] = {}

    def note(self, visitor: str, amount: float) -> None:
        """Adds to what a visitor has taken."""
        now, noted = self._clock(), self._latest.get(visitor)
        if noted is None or now - noted.at >= _TOGETHER:
            noted = self._latest[visitor] = _Noted(now, visitor, 0.0)
            self._noted.append(noted)
        noted.amount += amount
        self._sums[visitor] = self._sums.get(visitor, 0.0) + amount

    def of(self, visitor: str) -> float:
        """What a visitor has taken in the last seconds."""
        self._forget()
        return self._sums.get(visitor, 0.0)

    def of_all(self) -> float:
        """What everybody has taken."""
        self._forget()
        return sum(self._sums.values())

    def _forget(self) -> None:
        while self._noted and self._noted[0].at <= self._clock() - self._seconds:
            noted = self._noted.popleft()
            self._sums[noted.visitor] -= noted.amount
            if self._latest[noted.visitor] is noted:
                del self._latest[noted.visitor], self._sums[noted.visitor]


class Uploads:
    """Counts what is sent here and says when it is too much."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sent = Recent(limits.delete_seconds + limits.sweep_seconds)  # for which files stay on the disk

    def note(self, visitor: str, count: int) -> None:
        """So many bytes have come."""
        self._sent.note(visitor, count)

    def refusal(self, visitor: str, of_request: int, more: int, folder: Path) -> tuple[int, str] | None:
        """The status and the sentence for an upload of so many bytes, `more` of them not noted yet; None if it may be.

        folder: where uploads are written.
        """
        limits = self._limits
        if of_request > limits.upload_megabytes * _MEGABYTE:
            return 413, f"That is larger than {limits.upload_megabytes} MB. Cut it to a few seconds or save it smaller."
        if self._sent.of(visitor) + more > limits.visitor_megabytes * _MEGABYTE:
            return 413, (
                f"You have sent {limits.visitor_megabytes} MB in half an hour, which is as much as one visitor may. "
                "Try again later, or send shorter clips."
            )
        free = shutil.disk_usage(folder).free - limits.free_megabytes * _MEGABYTE
        if self._sent.of_all() + more > limits.all_megabytes * _MEGABYTE or more > free:
            return 507, "There is no room for more clips just now. Try again in half an hour."
        return None


def visitor_at(host: str) -> str:
    """Whom an address stands for: itself, or the network of 64 bits that one household has in IPv6."""
    try:
        address = ip_address(host)
    except ValueError:  # a socket of this machine, say
        return host
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))
