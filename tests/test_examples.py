"""The examples, run as they stand there: the notebook in a kernel, the document's commands on a tiny set."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seqdisent_core.assets import asset
from seqdisent_core.cli import main
from seqdisent_core.media.video import probe_video
from seqdisent_core.methods import Method

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NOTEBOOK = EXAMPLES / "quickstart.ipynb"
TRAINING = (EXAMPLES / "train_on_your_clips.md").read_text(encoding="utf-8")
SIX_OF_TWO = {  # the set that the document speaks of, of the example clips; each three times, one for each split
    ("anna", "happiness"): "person_000_happiness",
    ("anna", "surprise"): "person_005_surprise",
    ("ben", "happiness"): "person_027_happiness",
    ("ben", "surprise"): "person_044_surprise",
}


def cells() -> list[dict[str, Any]]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]  # type: ignore[no-any-return]


def test_the_notebook_runs_and_says_what_it_is_said_to() -> None:
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(EXAMPLES)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(output["text"] for output in outputs if output.get("name") == "stdout")
    assert "the judge sees person_000, fear\nthe judge sees person_049, happiness" in printed
    before, after = (re.search(rf"{at}: same expression (\S+), another expression (\S+)", printed) for at in "gu")
    assert before and after
    assert float(before[1]) < 0.3 and float(after[1]) > 0.4 and abs(float(after[2])) < 0.2
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    kept = [output for cell in cells() for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})]
    assert len(pictures) == len(kept) == 9


def test_the_notebook_as_it_is_kept_is_small_and_names_no_machine() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < 450_000
    assert not [output for cell in cells() for output in cell.get("outputs", ()) if output.get("name") == "stderr"]
    assert not re.search(r"/(home|Users|root|work|tmp)/", text)


def test_where_the_package_is_missing_the_notebook_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "".join(next(cell["source"] for cell in cells() if cell["cell_type"] == "code"))
    ran: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(subprocess, "run", lambda command, **more: ran.append(command))
    with pytest.raises(SystemExit, match="from its checkout"):
        exec(code, {})
    exec(code.replace('REPOSITORY = ""', 'REPOSITORY = "https://example.org/seqdisent"'), {})
    exec(code.replace('REPOSITORY = ""', 'REPOSITORY = "seqdisent.zip"'), {})
    with monkeypatch.context() as colab:  # where a dialog puts the archive beside the notebook
        files = SimpleNamespace(upload=lambda: {"chosen.zip": b""})
        colab.setitem(sys.modules, "google.colab", SimpleNamespace(files=files))  # type: ignore[misc]
        exec(code, {})
    (tmp_path / "seqdisent_core").mkdir()
    exec(code, {})
    wanted = ["git+https://example.org/seqdisent", "seqdisent.zip", str(tmp_path / "chosen.zip"), str(tmp_path)]
    assert [command[-1] for command in ran] == wanted


def test_a_persons_own_clips_become_a_model_its_figures_and_a_swap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for (person, expression), film in SIX_OF_TWO.items():
        folder = tmp_path / "clips" / person / expression
        folder.mkdir(parents=True)
        for take in (1, 2, 3):
            (folder / f"{take}.mp4").write_bytes((asset("examples") / f"{film}.mp4").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    shorter = {"judge": " --steps 2", "train": " --steps 2 --cpu", "swap": " --seconds 1"}
    for language, block in re.findall(r"```(bash|python)\n(.*?)```", TRAINING, re.DOTALL):
        if language == "python":
            exec(block, {})
            if "split" in block:
                wanted = "train 4 clips\nvalidation 4 clips\ntest 4 clips\nperson ('anna', 'ben')"
                assert wanted in capsys.readouterr().out
            continue
        for line in block.splitlines():
            command = line + shorter.get(line.split()[1], "")
            if command.startswith("seqdisent pack"):  # the first, as people type it; the others without its seconds
                subprocess.run(["sh", "-c", command], check=True)
            else:
                assert main(shlex.split(command)[1:]) == 0, (command, capsys.readouterr().err)
    for made in ("checked/set.png", "runs/mine/result.json", "runs/mine/result.png", "runs/mine/looks.jsonl"):
        assert (tmp_path / made).stat().st_size > 0, made
    assert Method.from_pretrained(tmp_path / "runs" / "mine" / "model").backbone.element == (3, 64, 64)
    assert json.loads((tmp_path / "runs" / "mine" / "result.json").read_text())["data"]["clips"] == 4
    assert list((tmp_path / "runs" / "mine" / "sheets").glob("*.png"))
    for folder, films in {"swapped": 2, "sampled_movements": 4, "sampled_people": 4, "between": 8}.items():
        assert len(list((tmp_path / folder).glob("*.mp4"))) == films, folder
    assert probe_video(next((tmp_path / "swapped").glob("first_*.mp4"))).width == 256
