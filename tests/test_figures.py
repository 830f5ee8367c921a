"""Every figure shown is one that a result file holds, and the result file is of the checkpoint that ships."""

import json
import tomllib
from pathlib import Path

import pytest

from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import load_method, sha256_of
from seqdisent_core.errors import DataError
from seqdisent_core.evaluation.report import with_figures
from seqdisent_core.runs import read_training

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"


def test_the_readme_shows_the_figures_of_the_result_files() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_figures(text, RESULTS) == text, "stale: run `seqdisent report README.md`"


def test_the_result_file_is_of_the_shipped_checkpoint_and_judge() -> None:
    result = json.loads((RESULTS / "facekit52_dbse.json").read_text(encoding="utf-8"))
    checkpoint = asset("checkpoints/facekit52")
    assert result["model"]["checkpoint_sha256"] == sha256_of(checkpoint)
    assert result["judge"]["sha256"] == sha256_of(asset("checkpoints/facekit52_judge"))
    assert result["training"] == read_training(checkpoint)
    assert result["model"]["parameters"] == sum(p.numel() for p in load_method(checkpoint).parameters())


def test_a_text_without_marks_and_a_folder_without_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="marks"):
        with_figures("no marks", RESULTS)
    with pytest.raises(DataError, match="evaluate"):
        with_figures("<!-- figures: begin --><!-- figures: end -->", tmp_path)


def test_a_space_installs_what_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == project["dependencies"]


def test_a_space_takes_every_file_without_large_file_storage() -> None:
    large = [
        path for path in asset("checkpoints").parent.rglob("*") if path.is_file() and path.stat().st_size >= 10_000_000
    ]
    assert large == []
