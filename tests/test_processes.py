"""Two processes by `accelerate launch` on the CPU train as one does, and end together."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import two_processes
from small import QUICK, small_recipe
from test_clips import rendered_set
from two_processes import ALIKE, STOPPED, Weighing

from seqdisent_core.training import Trainer, TrainingConfig
from seqdisent_core.training.loop import PATIENCE

ROOT = Path(__file__).resolve().parent.parent
LAUNCH = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes=2", "--num_machines=1"]
LAUNCH += ["--mixed_precision=no", "--dynamo_backend=no"]  # --multi_gpu is accelerate's word for several processes


def launched(arguments: list[str], **settings: Any) -> subprocess.Popen[str]:
    search = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": search, "OMP_NUM_THREADS": "1", "MASTER_PORT": "0"}
    return subprocess.Popen(
        [*LAUNCH, *arguments], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def a_set(folder: Path, training: TrainingConfig) -> None:
    """A set to train on, and a recipe."""
    (folder / "set").mkdir(parents=True)
    rendered_set(folder / "set", size=64)
    (folder / "recipe.json").write_text(json.dumps(small_recipe(training).to_dict()))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The folder, and what each process found."""
    folder = tmp_path_factory.mktemp("both")
    a_set(folder / "spoken", replace(QUICK, steps=1))
    running = launched([two_processes.__file__, str(folder)])
    said, _ = running.communicate(timeout=240)
    assert running.returncode == 0, said
    return folder, [json.loads((folder / f"{process}.json").read_text()) for process in (0, 1)]


Both = tuple[Path, list[dict[str, Any]]]


def test_two_processes_with_one_batch_between_them_train_as_one(both: Both, tmp_path: Path) -> None:
    alone = two_processes.alike(tmp_path)
    for found in both[1]:
        assert found["processes"] == 2
        np.testing.assert_allclose(found["alike"]["losses"], alone["losses"], rtol=1e-5)
        for name, value in alone["weights"].items():  # type: ignore[attr-defined]
            np.testing.assert_allclose(found["alike"]["weights"][name], value, rtol=1e-5, atol=1e-7)
    untrained = Weighing().state_dict()
    assert all(
        np.abs(np.array(value) - untrained[name].numpy()).max() > 1e-3 for name, value in alone["weights"].items()
    )  # type: ignore[attr-defined]


def test_noise_and_batch_norm_are_each_processs_own_and_change_a_loss_by_little(both: Both, tmp_path: Path) -> None:
    alone = two_processes.dbse_losses(tmp_path)
    first, second = (found["dbse"] for found in both[1])
    assert first == second, "what is told is the whole batch's"
    assert first[0] == pytest.approx(alone[0], rel=0.02)
    assert first[-1] == pytest.approx(alone[-1], rel=0.1) and first[-1] < 0.8 * first[0]


def test_a_loss_that_is_no_number_in_one_process_ends_both_at_the_same_step(both: Both) -> None:
    first, second = (found["broken"] for found in both[1])
    assert first == second and "stopped being a number" in first["said"]


def test_an_interrupt_that_one_process_hears_ends_both_with_a_whole_step_saved(both: Both, tmp_path: Path) -> None:
    folder, found = both
    assert [one["stopped"] for one in found] == [{"stopped": True, "step": STOPPED}] * 2
    trainer = Trainer(Weighing(), ALIKE, two_processes.labelled_clips().part("train"), folder / "stopped", cpu=True)
    model = trainer.run()  # goes on in one process
    assert [(run["processes"], run["steps"]) for run in trainer.runs] == [
        (2, [0, STOPPED]),
        (1, [STOPPED, ALIKE.steps]),
    ]
    for name, value in found[0]["alike"]["weights"].items():
        torch.testing.assert_close(model.state_dict()[name], torch.tensor(value), rtol=1e-5, atol=1e-7)


def test_a_process_waits_for_another_as_long_as_validation_may_take(both: Both) -> None:
    assert [found["waits"] for found in both[1]] == [PATIENCE.total_seconds()] * 2


def test_of_several_processes_one_speaks(both: Both) -> None:
    folder, found = both[0] / "spoken", [one["spoken"] for one in both[1]]
    assert [one["code"] for one in found] == [0, 0]
    written = {"model": str(folder / "run" / "model"), "run": str(folder / "run")}
    assert json.loads(found[0]["out"])["written"] == written and found[1]["out"] == ""
    assert [one["err"].count("training:   0%") for one in found] == [1, 0]
    assert json.loads((folder / "run" / "model" / "training.json").read_text())["processes"] == 2


def test_ctrl_c_in_a_terminal_ends_all_processes_with_a_state_to_go_on_from(
    tmp_path: Path,
) -> None:
    a_set(tmp_path, replace(QUICK, steps=100_000))
    given = [str(tmp_path / name) for name in ("recipe.json", "set", "out")]
    running = launched(["--module", "seqdisent_core.cli", "train", *given, "--look-every=2", "--cpu"])
    looked, until = tmp_path / "out" / "looks.jsonl", time.monotonic() + 200
    while not looked.exists() and running.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
    running.send_signal(signal.SIGINT)  # the launcher's own process, as a terminal does
    said, _ = running.communicate(timeout=100)
    assert said.count("seqdisent: stopped") == 2, said
    state = torch.load(tmp_path / "out" / "state.pt", weights_only=True)
    (run,) = state["runs"]
    assert run["processes"] == 2 and run["steps"] == [0, state["step"]] and state["step"] >= 2 and run["seconds"] > 0
