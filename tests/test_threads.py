"""Threads on a busy machine: they soon sleep while they wait; a container's quota counts, and so do other programs."""

import ctypes
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT, THREADS

from seqdisent_core.machine import LOOK, Cores, free_cores, one_each
from seqdisent_core.threads import share_cores


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREADS:
        monkeypatch.setenv(name, "")  # so that it is as before afterwards
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)


@pytest.mark.parametrize(
    ("quota", "threads"),
    [("200000 100000", "2"), ("50000 100000", "1"), ("max 100000", None), ("800000 100000", None), ("torn", None)],
)
def test_a_containers_quota_decides_how_many_threads_there_are(quota: str, threads: str | None, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    share_cores(tmp_path / "cpu.max")
    assert os.environ.get("OMP_NUM_THREADS") == threads
    assert os.environ["GOMP_SPINCOUNT"] == "10000"


def test_what_the_environment_says_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    share_cores(tmp_path / "none")
    assert os.environ["GOMP_SPINCOUNT"] == "7" and os.environ["KMP_BLOCKTIME"] == "1"


def test_commands_decide_it_before_torch_is_there() -> None:
    code = (
        "import os, sys, seqdisent_core.cli as it\n"
        "try: it.main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(os.environ.get('GOMP_SPINCOUNT'), 'torch' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name not in THREADS}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "10000 False", done.stderr


_IN_TURN = """
import sys, threading
from seqdisent_core.threads import share_heap

if sys.argv[1] == "one":
    share_heap()
turns, done = threading.Semaphore(1), threading.Barrier(9)

def work():
    with turns:
        pieces = [bytearray(100_000) for _ in range(300)]
        del pieces
    done.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
done.wait()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_threads_use_again_what_another_has_freed() -> None:
    """Eight that need 30 MB in turn keep 30 MB with one heap, and each its own else."""
    keeping = os.environ | {"MALLOC_TRIM_THRESHOLD_": str(2**31 - 1), "MALLOC_MMAP_MAX_": "0"}
    held = {}
    for heaps in ("one", "many"):
        command = [sys.executable, "-c", _IN_TURN, heaps]
        done = subprocess.run(command, cwd=ROOT, env=keeping, capture_output=True, text=True, check=True)
        held[heaps] = int(done.stdout) / 1024  # MB
    assert held["many"] - held["one"] > 100


def test_the_app_decides_it_before_torch_is_there(app_alone: dict[str, Any]) -> None:
    assert app_alone["started"]["spins"] == "10000" and "torch" not in app_alone["started"]["imported"]


@pytest.mark.parametrize(
    ("most", "cores", "others", "threads"),
    [(2, 2, 0.0, 2), (2, 2, 0.3, 2), (2, 2, 0.7, 1), (2, 2, 2.0, 1), (8, 8, 3.2, 5), (2, 16, 4.0, 2), (1, 4, 0.0, 1)],
)
def test_threads_are_as_many_as_cores_are_free(most: int, cores: int, others: float, threads: int) -> None:
    assert free_cores(most, cores, others) == threads


@contextmanager
def busy_programs(count: int) -> Iterator[None]:
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@contextmanager
def busy_threads(count: int) -> Iterator[None]:
    """Of this process; they hold nothing that others need."""
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            hashlib.pbkdf2_hmac("sha256", b"", b"", 50_000)

    others = [threading.Thread(target=work) for _ in range(count)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        ended.set()
        for other in others:
            other.join()


@pytest.mark.parametrize("busy", [busy_programs, busy_threads])
def test_beside_others_who_take_every_core_one_thread_is_used_and_afterwards_all_again(
    busy: Callable[[int], AbstractContextManager[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the real count of cores
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with busy(os.cpu_count() or 1):
            cores = Cores()
            with cores.shared() as at_first:
                assert at_first == torch.get_num_threads() == 2, "nothing is known yet"
                time.sleep(4 * LOOK)
            with cores.shared() as then:
                assert then == torch.get_num_threads() == 1
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_thread_beside_others_has_none_of_its_own_and_they_keep_theirs() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1, initializer=one_each) as beside, ThreadPoolExecutor(1) as other:
            assert beside.submit(torch.get_num_threads).result() == 1
            assert other.submit(torch.get_num_threads).result() == torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
