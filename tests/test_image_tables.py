"""The table of methods on a set of clips: one command trains and measures, and goes on where it was stopped."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled import labelled_judge
from small import small_recipe
from test_contract import EVEN, write_set

from seqdisent_core.cli import main
from seqdisent_core.commands.training import read_recipe
from seqdisent_core.comparison import Comparison
from seqdisent_core.domains.images import as_clip, as_frames
from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.image_tables import FIGURES
from seqdisent_core.machine import PeakMemory, picture_dtype
from seqdisent_core.methods import Codes, Method
from seqdisent_core.reporting import in_order, with_figures
from seqdisent_core.training import OURS, RIVALS, equal, fast, with_steps


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
    assert run["draws"]["swap_static"]["n"] == 2 and set(table["ceiling"]) >= {"static", "dynamic"}
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
    check_comparison(tmp_path, capsys)


def check_comparison(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the page Compare shows, written from the table and the runs in `folder`."""
    given = ["comparison", str(folder / "table.json"), str(folder / "set"), str(folder / "compare")]
    assert main([*given, "--work", str(folder / "work")]) == 0
    shaken = with_large_weights(folder / "compare" / "dbse")
    known = Comparison(folder / "compare", "cpu")
    assert [row["name"] for row in known.about["rows"]] == ["dbse", "mocogan"]
    assert known.about["rows"][1]["why"] == "has no encoder, so it cannot take a given sequence apart"
    one, other = known.examples[0]
    assert (one.static != other.static) and (one.dynamic != other.dynamic)
    made = known.swap(one.frames, other.frames)
    assert list(made) == ["dbse"] and [film.shape for film in made["dbse"]] == [one.frames.shape] * 2
    fast = shaken.for_inference(picture_dtype(shaken.device))
    codes = fast.encode(torch.stack([as_clip(clip.frames, shaken.device) for clip in (one, other)]))
    meant = as_frames(fast.decode(Codes(codes.static, codes.dynamics.flip(0))))
    assert np.array_equal(made["dbse"], meant) and not np.array_equal(*meant)
    places = known.about["maps"]["dbse"]
    assert np.isfinite([places["static"], places["dynamics"]]).all()
    assert len(places["static"]) == len(places["dynamics"]) == len(known.about["mapped"]["dynamic"]["expression"])
    with pytest.raises(SeqdisentError, match=r"uint8 \(2 or more frames, 64, 64, 3\)"):
        known.swap(one.frames[:1], other.frames)
    capsys.readouterr()
    assert main([*given, "--work", str(folder / "set")]) == 1
    assert "There is no trained model of dbse" in capsys.readouterr().err
    assert main(["comparison", str(folder / "base.json"), *given[2:], "--work", str(folder / "work")]) == 1
    assert "base.json is no result file of seqdisent benchmark images" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="set holds no comparison"):
        Comparison(folder / "set")


def with_large_weights(folder: Path) -> Method:
    """The model in a folder, saved anew with weights by which codes matter: after two steps they hardly do."""
    model = Method.from_pretrained(folder)
    torch.manual_seed(0)
    for value in model.parameters():
        torch.nn.init.normal_(value, std=0.3)
    model.card = "---\nlicense: mit\n---\nOf a test."
    model.save_pretrained(folder)
    return Method.from_pretrained(folder)


def test_rows_are_sorted_from_best_to_worst_and_those_without_a_figure_are_last() -> None:
    rows = [
        {"name": name, "figures": {"psnr": of and {"mean": of}}} for name, of in (("a", 2.0), ("b", None), ("c", 3.0))
    ]
    assert [row["name"] for row in in_order(rows, "psnr")] == ["c", "a", "b"]
    rows = [{**row, "figures": {"static_changes_dynamic": row["figures"]["psnr"]}} for row in rows]
    assert [row["name"] for row in in_order(rows, "static_changes_dynamic")] == ["a", "c", "b"]


def test_a_text_has_a_sentence_where_no_table_has_been_measured(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
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
    assert {equal(method, base).training.steps for method in (*RIVALS, OURS)} == {700}
    assert equal("spyl", base).model.warm_up_steps == with_steps(equal("spyl"), 700).model.warm_up_steps == 35


def test_the_base_of_the_tables_is_fast_but_narrower_and_shorter() -> None:
    base = read_recipe(str(Path(__file__).parent.parent / "examples" / "table_base.json"))
    usual = with_steps(fast(), 800)
    model = replace(usual.model, hidden_dim=128, posterior_hidden_dim=64)
    assert base == replace(usual, model=model, network=replace(usual.network, width=24))


def test_the_peak_of_memory_is_what_was_held_and_not_what_is_left() -> None:
    memory = PeakMemory(torch.device("cpu"))
    held = np.ones(50_000_000)  # 0.4 GB
    memory.look()
    del held
    memory.look()
    assert 0.3 < memory.gigabytes < 0.8
