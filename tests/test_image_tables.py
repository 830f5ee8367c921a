"""The table of methods on a set of clips: one command trains and measures, and goes on where it was stopped."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled import labelled_judge
from small import small_recipe
from test_contract import EVEN, write_set

from seqdisent_core.cli import main
from seqdisent_core.image_tables import FIGURES
from seqdisent_core.machine import PeakMemory
from seqdisent_core.reporting import with_figures
from seqdisent_core.training import RIVALS, equal, fast, with_steps


def given(folder: Path, *more: str) -> list[str]:
    """The command's arguments for a small set, judge and recipe, which are made where they are not there."""
    if not (folder / "set").exists():
        write_set(folder / "set")
        labelled_judge().save(folder / "judge", "")
        (folder / "base.json").write_text(json.dumps(small_recipe(EVEN).to_dict()))
    where = {"judge": "judge", "work": "work", "base": "base.json", "out": "table.json"}
    options = [part for name, at in where.items() for part in (f"--{name}", str(folder / at))]
    return ["benchmark", "images", str(folder / "set"), *options, "--cpu", *more]


def test_a_table_has_a_row_a_method_with_what_it_cannot_have_and_why(tmp_path: Path, capsys) -> None:
    assert main(given(tmp_path, "--seeds", "1", "--rows", "dbse", "mocogan", "--steps", "2")) == 0
    told = capsys.readouterr().out
    assert "mocogan: swap_static –, swap_dynamic –, psnr –" in told and "2 steps" in told
    table = json.loads((tmp_path / "table.json").read_text(), parse_constant=pytest.fail)
    assert list(table["rows"]) == ["dbse", "mocogan"] and table["data"]["name"] == "labelled"
    full, gan = table["rows"]["dbse"]["figures"], table["rows"]["mocogan"]["figures"]
    assert set(full) == set(FIGURES) and None not in full.values()
    assert gan["swap_static"] is None and gan["is"]["mean"] >= 1
    assert gan["why"] == "mocogan has no encoder, so it cannot take a given sequence apart."
    run = table["rows"]["dbse"]["runs"][0]
    assert run["parameters"] > 0 and run["memory_gb"] >= 0 and run["seconds"] >= 0 and run["steps"] == 2
    assert run["draws"]["swap_static"]["n"] == 5 and set(table["ceiling"]) >= {"static", "dynamic"}
    shown = with_figures("<!-- rivals: begin --><!-- rivals: end -->", tmp_path)
    assert f"| dbse | {100 * full['swap_static']['mean']:.1f} % |" in shown and "| mocogan | – | – |" in shown
    assert f"–: {gan['why']}" in shown and f"| dbse | 2 | {run['seconds'] / 60:.1f} | {run['parameters']:,} |" in shown
    trained = [path.name for path in (tmp_path / "work").iterdir()]

    assert main(given(tmp_path, "--seeds", "2", "--rows", "dbse", "--steps", "2")) == 0
    table = json.loads((tmp_path / "table.json").read_text())
    assert [one["seed"] for one in table["rows"]["dbse"]["runs"]] == [0, 1] and "mocogan" in table["rows"]
    assert table["rows"]["dbse"]["runs"][0] == run, "what was measured stays"
    assert table["rows"]["dbse"]["figures"]["psnr"]["n"] == 2
    assert len(list((tmp_path / "work").iterdir())) == len(trained) + 1


def test_a_text_has_a_sentence_where_no_table_has_been_measured(tmp_path: Path) -> None:
    assert "No table has been measured" in with_figures("<!-- rivals: begin --><!-- rivals: end -->", tmp_path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--rows", "best"), "There is no row 'best'; choose of: dbse, mocogan, dsvae"),
        (("--rows", "best", "--published"), "choose of: dbse_published, mocogan_published, dsvae_published"),
        (("--base", "spyl"), "--base spyl is no recipe of DBSE over images"),
        (("--base", "nothing"), "nothing is neither a preset"),
    ],
)
def test_rows_and_recipes_that_are_not_there_are_refused(more: tuple[str, ...], said: str, tmp_path: Path, capsys):
    assert main(given(tmp_path, *more)) == 1
    assert said in capsys.readouterr().err


def test_all_methods_have_the_same_steps_of_which_the_warm_up_stays_the_same_share() -> None:
    base = with_steps(fast(), 700)
    assert {equal(method, base).training.steps for method in RIVALS} == {700}
    assert equal("spyl", base).model.warm_up_steps == with_steps(equal("spyl"), 700).model.warm_up_steps == 35


def test_the_peak_of_memory_is_what_was_held_and_not_what_is_left() -> None:
    memory = PeakMemory(torch.device("cpu"))
    held = np.ones(50_000_000)  # 0.4 GB
    memory.look()
    del held
    memory.look()
    assert 0.3 < memory.gigabytes < 0.8
