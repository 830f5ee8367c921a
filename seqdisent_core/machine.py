"""The machine that runs this: what it is called, its versions, what it computes in, and how its memory is kept."""

import copy
import ctypes
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import psutil  # type: ignore[import-untyped]
import torch
from threadpoolctl import ThreadpoolController, threadpool_limits
from torch import nn

from seqdisent_core import __version__
from seqdisent_core.errors import ConfigError

LOOK = 0.25  # seconds; processors' times are counted in hundredths

_Network = TypeVar("_Network", bound=nn.Module)


def hardware(device: torch.device) -> str:
    """The GPU or processor that `device` is, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"Apple GPU ({_processor()})"
    return f"{os.cpu_count()} CPU cores ({platform.machine()}, {_processor()})"


def software() -> dict[str, str]:
    """The versions that a figure or a model was made by."""
    return {"seqdisent": __version__, "torch": str(torch.__version__)}


def has_bf16_units(device: torch.device) -> bool:
    """Whether `device` multiplies bf16 in hardware. Where it only emulates bf16, float32 is faster and more exact."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "mps":
        return True  # every Apple GPU that torch supports; it has no query for it
    able: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # torch 2.10 and later
    return any(able.get(unit) for unit in ("amx_bf16", "avx512_bf16", "bf16"))  # the last one is ARM's


def place(network: _Network, device: str | None = None) -> _Network:
    """A network in evaluation mode on a device, by default the GPU if there is one: itself where it is so, or a copy.

    Raises ConfigError for a device that this machine does not have, or that has no memory left.
    """
    mps = torch.backends.mps.is_available()
    name = device or ("cuda" if torch.cuda.is_available() else "mps" if mps else "cpu")
    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": mps}
    absent = ConfigError(f"There is no device {name!r} here. Choose cpu, or leave the device out.")
    if not usable.get(name.partition(":")[0]):
        raise absent
    try:
        there = torch.empty(0, device=name).device  # "cuda" with its number
        if next(network.parameters()).device == there and not any(part.training for part in network.modules()):
            return network
        return copy.deepcopy(network).to(there).eval()
    except torch.OutOfMemoryError:
        raise ConfigError(f"The device {name} has no memory left. Close what uses it, or choose cpu.") from None
    except RuntimeError:  # a number that no device has
        raise absent from None


def picture_dtype(device: torch.device) -> torch.dtype:
    """What a studio reads and draws pictures in: bf16 on processors that have units for it, else float32.

    It moves codes, which vary by 1, by 0.01, and pixels by 1 or 2 of 255; result files are computed in float32.
    """
    return torch.bfloat16 if device.type == "cpu" and has_bf16_units(device) else torch.float32


class Cores:
    """Lets torch use as many threads as there are cores that all others leave free just now.

    Two threads on a core that somebody else uses are several times slower than one, as each waits for the other at
    every layer. Others are other programs, and threads of this one that read films, say, for other people.
    """

    def __init__(self) -> None:
        self._most = self._free = torch.get_num_threads()
        self._passed = self._others = 0.0  # seconds within `shared`, and of processors for others meanwhile

    @contextmanager
    def shared(self) -> Iterator[int]:
        """While it lasts so many threads are used; decided anew after every LOOK seconds of it."""
        if self._passed >= LOOK:
            self._free = free_cores(self._most, os.cpu_count() or 1, self._others / self._passed)
            self._passed = self._others = 0.0
        torch.set_num_threads(self._free)
        before = _used()
        try:
            yield self._free
        finally:
            passed, busy, own = (now - then for now, then in zip(_used(), before, strict=True))
            self._passed += passed
            self._others += busy - own * self._free  # torch's other threads are as busy as this one
            torch.set_num_threads(self._most)


def one_each() -> None:
    """In this Python thread torch starts no others from now on: for threads that run side by side.

    Each would have threads of its own besides, more in all than there are cores, and then GNU's OpenMP lets all of them
    spin a tenth as long: what is tuned meanwhile takes half as long again.
    """
    torch.get_num_threads()  # gives a new thread as many as all have, which the next line lowers
    threadpool_limits(1, user_api="openmp")


@cache
def _openmp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")


def one_thread() -> AbstractContextManager[object]:
    """While it lasts torch starts no other threads from this Python thread: for work of many small steps.

    Each step waits for all threads, which takes no time where every one has a core, and where others use these up to a
    thousand times as long as the step.
    """
    torch.get_num_threads()  # as in `one_each`
    return _openmp().limit(limits=1)


def free_cores(most: int, cores: int, others: float) -> int:
    """Of `cores`, those that are left by others who use `others` of them, at most `most` and at least 1."""
    return max(1, min(most, round(cores - others)))


def _used() -> tuple[float, float, float]:
    """Seconds that have passed, that processors were busy, and that they were for this thread."""
    every = psutil.cpu_times()
    idle = every.idle + getattr(every, "iowait", 0.0)
    guest = getattr(every, "guest", 0.0) + getattr(every, "guest_nice", 0.0)  # counted in user and nice, too
    return time.monotonic(), sum(every) - idle - guest, time.thread_time()


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def keep_freed_memory() -> None:
    """Has the C library keep what is freed, where it is glibc: every step asks for the same large blocks again.

    Given back to the system, they come back as pages to be cleared, which takes time at every step on a CPU. It holds
    for the whole process, so only commands and scripts call it, which own theirs.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, value in ((-4, 0), (-1, 2**31 - 1)):  # M_MMAP_MAX, M_TRIM_THRESHOLD
            mallopt(option, value)


class PeakMemory:
    """The most memory that something has taken, above what was taken when this was made.

    On a GPU what torch allocates there; else what this process holds, as far as `look` is called meanwhile.
    """

    def __init__(self, device: torch.device) -> None:
        self._gpu = device if device.type == "cuda" else None
        self._most = 0
        if self._gpu is not None:
            torch.cuda.reset_peak_memory_stats(self._gpu)
            self._before = torch.cuda.memory_allocated(self._gpu)
            return
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
        if trim is not None:
            trim(0)  # what was freed before and kept would be taken for none
        self._before = psutil.Process().memory_info().rss

    def look(self) -> None:
        """Notes what is held now."""
        if self._gpu is None:
            self._most = max(self._most, psutil.Process().memory_info().rss - self._before)

    @property
    def gigabytes(self) -> float:
        """The most so far, in GB of 10^9 bytes."""
        if self._gpu is not None:
            return (torch.cuda.max_memory_allocated(self._gpu) - self._before) / 1e9
        return self._most / 1e9
