"""What a processor computes in, and what a library leaves alone."""

import ast
import json
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from small import QUICK, small_dbse, small_recipe
from test_training import squares

import seqdisent_core
from seqdisent_core.machine import has_bf16_units
from seqdisent_core.methods import Method, run_lstm
from seqdisent_core.runs import train_run
from seqdisent_core.studio import Studio
from seqdisent_core.training import Trainer

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("units", "has"),
    [(("avx512_bf16",), True), (("amx_bf16",), True), (("bf16",), True), (("avx512_f", "avx2"), False), ((), False)],
)
def test_bf16_is_used_where_a_processor_has_units_for_it(
    monkeypatch: pytest.MonkeyPatch, units: tuple[str, ...], has: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(units, True), raising=False)
    assert has_bf16_units(CPU) == has


def test_few_sequences_that_are_only_read_are_read_in_one_thread_and_all_others_in_all() -> None:
    before, used, lstm = torch.get_num_threads(), [], torch.nn.LSTM(2, 3, batch_first=True)
    lstm.register_forward_pre_hook(lambda *_: used.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        with torch.no_grad():
            run_lstm(lstm, torch.zeros(8, 5, 2))
            run_lstm(lstm, torch.zeros(64, 5, 2))
        run_lstm(lstm, torch.zeros(8, 5, 2))
        used.append(torch.get_num_threads())
    finally:
        torch.set_num_threads(before)
    assert used == [1, 2, 2, 2]


@pytest.mark.parametrize(("unit", "used"), [("avx512_bf16", "bf16"), ("avx2", "float32")])
def test_a_recipe_in_bf16_says_in_what_it_was_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unit: str, used: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {unit: True}, raising=False)
    recipe = small_recipe(replace(QUICK, precision="bf16", steps=2))
    for stop_after in (1, None):
        train_run(recipe, squares(), tmp_path, cpu=True, stop_after=stop_after)
    told = json.loads((tmp_path / "model" / "training.json").read_text())
    assert told["precision"] == used
    assert [run["steps"] for run in told["runs"]] == [[0, 1], [1, 2]], "each run has its machine and its seconds"
    assert all(run["hardware"] == told["hardware"] and run["seconds"] > 0 for run in told["runs"])


def test_without_units_bf16_and_float32_are_the_same_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def first_loss(precision: str) -> float:
        torch.manual_seed(0)
        config = replace(QUICK, precision=precision)  # type: ignore[arg-type]
        trainer = Trainer(small_dbse(), config, squares().part("train"), tmp_path, cpu=True)
        return float(trainer.advance()["total"].detach())

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {}, raising=False)
    assert first_loss("bf16") == first_loss("no")


def test_bf16_pictures_are_float32_ones_to_the_eye(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("facekit52", "wild"):
        method = Method.from_pretrained(name)
        random = torch.Generator().manual_seed(0)
        static = method.sample_static(1, random)[0].numpy()
        dynamics = method.sample_dynamics(1, 8, random)[0].detach().numpy()
        decoded = []
        for unit in ("avx512_bf16", "avx2"):
            monkeypatch.setattr(torch.cpu, "get_capabilities", lambda unit=unit: {unit: True}, raising=False)
            decoded.append(Studio(method, "cpu").decode(static, dynamics).astype(int))
        assert 0 < np.abs(decoded[0] - decoded[1]).max() <= 4
        assert np.abs(decoded[0] - decoded[1]).mean() < 0.5


def test_only_commands_and_workers_change_how_the_process_keeps_its_memory() -> None:
    """Who imports the library has a process of their own, in which other things run."""
    root = Path(seqdisent_core.__file__).parent
    callers = {
        path.relative_to(root).parts[0]
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "keep_freed_memory"
    }
    assert callers == {"commands", "cluster.py"}


def test_workers_that_run_these_tests_share_the_cores() -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    share = max(1, (os.cpu_count() or 1) // workers)
    assert torch.get_num_threads() <= share and cv2.getNumThreads() <= share
