"""Threads on a busy machine: they sleep while they wait, and a container's quota counts."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, THREADS

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
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_the_environment_says_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    share_cores(tmp_path / "none")
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE" and os.environ["KMP_BLOCKTIME"] == "0"


def test_commands_decide_it_before_torch_is_there() -> None:
    code = (
        "import os, sys, seqdisent_core.cli as it\n"
        "try: it.main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(os.environ.get('OMP_WAIT_POLICY'), 'torch' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name not in THREADS}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "PASSIVE False", done.stderr


def test_the_app_decides_it_before_torch_is_there(app_alone: dict[str, Any]) -> None:
    assert app_alone["started"]["wait"] == "PASSIVE" and "torch" not in app_alone["started"]["imported"]
