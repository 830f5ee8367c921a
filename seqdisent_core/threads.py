"""How numerical libraries share the cores, decided before they are imported; it holds for the whole process.

Only commands and the app call it, which own theirs.
"""

import math
import os
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


def _cores_of(quota: Path) -> int | None:
    """The whole cores of a cgroup's quota, at least one; None where there is none."""
    try:
        granted, period = quota.read_text(encoding="ascii").split()
        return max(1, math.floor(int(granted) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no such file; "max"
        return None
