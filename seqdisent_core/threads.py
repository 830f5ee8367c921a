"""How threads share the cores and the memory, decided before libraries are imported; it holds for the whole process.

Only commands and the app call it, which own theirs.
"""

import ctypes
import math
import os
import sys
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container: "200000 100000" is two cores, "max 100000" all


def share_cores(quota: Path = _QUOTA) -> None:
    """Threads that wait soon sleep instead of spinning, and a container's quota counts as its cores.

    A spinning thread takes a core that another program could use, and on a machine with a busy core it delays each
    step of ours; one that sleeps at once is woken late, and small layers then take twice as long. What the environment
    says already stays as it is.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # GNU's OpenMP, on Linux: some ten microseconds,
    os.environ.setdefault("OMP_WAIT_POLICY", "ACTIVE")  # and a tenth of that, not a hundredth, with many threads
    os.environ.setdefault("KMP_BLOCKTIME", "1")  # LLVM's and Intel's, in milliseconds
    cores = _cores_of(quota)
    if cores is not None and cores < (os.cpu_count() or 1):
        os.environ.setdefault("OMP_NUM_THREADS", str(cores))


def share_heap() -> None:
    """All threads take memory from one heap, where the C library is glibc, and use again what any of them has freed.

    Else each of up to eight a core keeps as much as its own largest film took, since next to nothing is given back
    (`machine.keep_freed_memory`). To be called before threads begin.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(-8, 1)  # M_ARENA_MAX


def _cores_of(quota: Path) -> int | None:
    """The whole cores of a cgroup's quota, at least one; None where there is none."""
    try:
        granted, period = quota.read_text(encoding="ascii").split()
        return max(1, math.floor(int(granted) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no such file; "max"
        return None
