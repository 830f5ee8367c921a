"""Every figure shown is one that a result file holds, and the result file is of the checkpoint that ships."""

import json
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pages.swap.tuning import SHORT_STEPS
from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import read_training
from seqdisent_core.errors import DataError
from seqdisent_core.methods import Method
from seqdisent_core.reenactment.personalising import STEPS, USUAL
from seqdisent_core.reporting.charts import charts, write_charts
from seqdisent_core.reporting.filmed_tables import (
    filmed_looks_table,
    filmed_pairs_table,
    filmed_self_table,
    filmed_table,
    read_filmed,
)
from seqdisent_core.reporting.published import published_tables
from seqdisent_core.reporting.report import PLACES, with_figures
from seqdisent_core.reporting.result_files import read_results
from seqdisent_core.reporting.serving_table import SHORTENED, cluster_table, replicas, serving_table
from seqdisent_core.weights import sha256_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"
TEXTS = (
    "README.md",
    "docs/results.md",
    "docs/filmed.md",
    "docs/training.md",
    "docs/rivals.md",
    "docs/series.md",
    "docs/speech.md",
    "docs/speed.md",
    "docs/robustness.md",
    "docs/serving.md",
)


@pytest.mark.parametrize("name", TEXTS)
def test_texts_show_the_figures_of_the_result_files(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert with_figures(text, RESULTS) == text, f"stale: run `seqdisent report {name}`"


def test_every_place_for_figures_is_in_a_text() -> None:
    texts = "".join((ROOT / name).read_text(encoding="utf-8") for name in TEXTS)
    assert [name for name in PLACES if f"<!-- {name}: begin -->" not in texts] == []


def test_the_result_file_is_of_the_shipped_checkpoint_and_judge() -> None:
    result = json.loads((RESULTS / "facekit52_dbse.json").read_text(encoding="utf-8"))
    checkpoint = asset("checkpoints/facekit52")
    assert result["model"]["checkpoint_sha256"] == sha256_of(checkpoint)
    assert result["judge"]["sha256"] == sha256_of(asset("checkpoints/facekit52_judge"))
    assert result["training"] == read_training(checkpoint)
    assert result["model"]["parameters"] == sum(p.numel() for p in Method.from_pretrained(checkpoint).parameters())


def test_the_figures_of_filmed_people_are_of_the_shipped_checkpoint() -> None:
    result = json.loads((RESULTS / "filmed.json").read_text(encoding="utf-8"))
    assert result["checkpoint_sha256"] == sha256_of(asset("checkpoints/wild"))
    assert result["tuning"] == USUAL.to_dict(), "measured with other settings than people get"
    assert STEPS in [at["steps"] for at in result["measured"]]
    rows = read_filmed(RESULTS)
    assert len(filmed_table(RESULTS).splitlines()) == 2 + sum(len(r["measured"]) for r in rows.values())
    names = result["clips"]
    assert len(filmed_pairs_table(RESULTS).splitlines()) == 2 + len(names)


def test_a_pair_that_shows_the_wrong_person_stands_in_brackets(tmp_path: Path) -> None:
    def row(static: str, driver: str, person: bool, correlation: float | None) -> dict:
        return {"static": static, "driver": driver, "person": person, "expression_corr": correlation}

    measured = {"steps": 75, "rows": [row("a.v1", "b", True, 0.71), row("b", "a.v1", False, 0.6)]}
    measured["reconstruction_rows"] = [row("a.v1", "a.v1", False, 0.9), row("b", "b", False, None)]
    (tmp_path / "filmed.json").write_text(json.dumps({"clips": ["a.v1", "b"], "measured": [measured]}))
    assert filmed_pairs_table(tmp_path).splitlines()[2:] == ["| a.v1 | 0.90 | 0.71 |", "| b | (0.60) | – |"]
    with pytest.raises(DataError, match="evaluate-filmed"):
        read_filmed(tmp_path / "elsewhere")


def test_what_films_look_like_has_rows_where_it_was_measured(tmp_path: Path) -> None:
    figures = {"psnr": 24.31, "ssim": 0.81, "akd": 4.26, "aed": None, "eyes": 0.72, "mouth": 0.7, "flicker": 1.234}
    ways = {"ours": figures, "own_pixels": {**figures, "psnr": None}, "no_motion": figures}
    alive = {"gaze": 0.512, "gaze_films": 3, "lids": None, "lids_films": 0}
    looked_at = {
        "steps": 75,
        "self": {"films": 2, "real": {"flicker": 2.0}, **ways, "rows": []},
        "alive": {"swaps": alive, "reconstructions": alive, "self": alive},
        "clean": {"eyes": 0.8, "mouth": None, "flicker": 0.4, "changed": 0.00124},
    }
    older = {"steps": 75, "rows": [], "reconstruction_rows": []}
    (tmp_path / "filmed.json").write_text(json.dumps({"clips": ["a"], "measured": [older]}))
    assert len(filmed_self_table(tmp_path).splitlines()) == len(filmed_looks_table(tmp_path).splitlines()) == 2
    nobody = {**looked_at, "self": {"films": 0, "rows": []}}
    measured = {"clips": ["a"], "measured": [older, looked_at, nobody]}
    (tmp_path / "filmed_more.json").write_text(json.dumps(measured))
    assert filmed_self_table(tmp_path).splitlines()[2:] == [
        "| `filmed_more`, 75 steps | warped | 24.3 | 0.810 | 4.3 | – | 72% | 70% | 1.23 |",
        "| `filmed_more`, 75 steps | decoded alone | – | 0.810 | 4.3 | – | 72% | 70% | 1.23 |",
        "| `filmed_more`, 75 steps | no motion | 24.3 | 0.810 | 4.3 | – | 72% | 70% | 1.23 |",
        "| `filmed_more`, 75 steps | real frames | – | – | – | – | – | – | 2.00 |",
    ]
    swaps, rebuilt, *_ = filmed_looks_table(tmp_path).splitlines()[2:]
    assert swaps == "| `filmed_more`, 75 steps | swaps | 0.51 | 3 | – | 0 | 80% | – | 0.40 | 0.12% |"
    assert rebuilt == "| `filmed_more`, 75 steps | reconstructions | 0.51 | 3 | – | 0 | – | – | – | – |"


def test_visitors_need_as_many_replicas_as_what_they_ask_for_takes_time() -> None:
    assert SHORTENED == SHORT_STEPS / STEPS
    assert replicas(100, 8.4) == 10, "840 s of work in 120 s, of which a replica computes 84"
    assert replicas(1, 0.1) == 1
    rows = [row.split(" | ") for row in serving_table(RESULTS).splitlines()[2:6]]
    (whole,), (shortened,), (untuned,), _ = ([float(row[1].split()[0])] for row in rows)
    assert shortened == pytest.approx(untuned + SHORTENED * (whole - untuned), abs=0.1)


def test_visitors_of_a_cluster_need_workers_and_processes_of_the_page(tmp_path: Path) -> None:
    seconds = {"worker, untuned": 16.8, "worker, tuned for all of its steps": 66.8}
    page = {"page, untuned": 0.84, "page, tuned for all of its steps": 1.84}
    entries = [{"what": what, "value": value, "unit": "s"} for what, value in (seconds | page).items()]
    result = {"command": "python x", "hardware": "2 cores", "entries": entries}
    (tmp_path / "cluster.json").write_text(json.dumps(result))
    rows = cluster_table(tmp_path).splitlines()[2:5]
    assert rows[2] == "| Swap, untuned | 16.8 s | 0.84 s | 2 + 1 | 20 + 1 | 200 + 10 |"
    assert rows[1].startswith("| Swap, tuned while others wait | 40.8 s | 1.32 s |")


def test_a_text_without_marks_and_a_folder_without_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="marks"):
        with_figures("no marks", RESULTS)
    for name in ("figures", "rivals"):  # the one needs certain files; the other would be emptied
        with pytest.raises(DataError, match="There is no result file in"):
            with_figures(f"<!-- {name}: begin --><!-- {name}: end -->", tmp_path)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(DataError, match="evaluate"):
        with_figures("<!-- figures: begin --><!-- figures: end -->", tmp_path)


@pytest.fixture
def some_results(tmp_path: Path) -> Path:
    """The shipped result, an ablation that lacks a figure, a second seed, one with a note, and a benchmark."""
    result = json.loads((RESULTS / "facekit52_dbse.json").read_text(encoding="utf-8"))
    (tmp_path / "facekit52_dbse.json").write_text(json.dumps(result))
    (tmp_path / "again.json").write_text(json.dumps({**result, "note": "another objective"}))
    recipe = result["training"]["recipe"]
    other = {**result["training"], "recipe": {**recipe, "training": {**recipe["training"], "seed": 1}}}
    (tmp_path / "once_more.json").write_text(json.dumps({**result, "training": other}))
    result["model"]["variant"] = "without_subtraction"
    result["metrics"]["generation"] = {"acc": None, "is": None, "h_y_given_x": None, "h_y": None, "why": "none"}
    del result["metrics"]["leakage_latent"], result["metrics"]["frechet"]
    (tmp_path / "an_ablation.json").write_text(json.dumps(result))
    shutil.copy(RESULTS / "benchmark_page.json", tmp_path)
    return tmp_path


def test_result_files_are_found_by_what_they_hold_full_models_first(some_results: Path) -> None:
    assert {name: list(found) for name, found in read_results(some_results).items()} == {
        "facekit52": ["facekit52_dbse", "once_more", "again", "an_ablation"]
    }


def test_a_new_result_file_gets_a_row_with_dashes_for_what_it_lacks(some_results: Path) -> None:
    for name in ("generation", "leakage", "swap", "likeness", "codes", "made"):
        made = with_figures(f"<!-- {name}: begin --><!-- {name}: end -->", some_results)
        rows = [line for line in made.splitlines() if "an_ablation" in line]
        assert rows, name
        assert all(line.count("|") == rows[0].count("|") for line in rows) or name == "leakage"
    generation = PLACES["generation"](some_results).splitlines()
    assert generation[3].startswith("| dbse, full, seed 1 (`once_more`) |")
    assert generation[4].startswith("| dbse, full, another objective (`again`) |")
    assert generation[5] == "| dbse, without subtraction (`an_ablation`) | – | – | – | – |"
    assert "ceiling" in generation[6] and generation[7] == "| chance | 16.7 % | 1.000 | 1.792 | – |"


def test_tables_say_what_the_result_file_holds(some_results: Path) -> None:
    metrics = json.loads((RESULTS / "facekit52_dbse.json").read_text(encoding="utf-8"))["metrics"]
    row = PLACES["generation"](some_results).splitlines()[2]
    assert f"{metrics['generation']['is']['mean']:.3f}" in row
    for kept in ("static", "dynamics"):
        assert f"{100 * metrics['leakage_latent'][kept]['gap']['mean']:.1f}" in PLACES["leakage"](some_results)


def test_published_figures_stand_alone_and_their_slips_are_named() -> None:
    text = published_tables()
    assert "MUG" in text and "may be compared" in text
    assert "DBSE (5.598, recomputed 5.703)" in text
    assert "printed 22.25, recomputed 22.50" in text
    assert "SPYL (" not in text and "SKD (" not in text, "their rows are right"


def test_charts_are_figures_that_plotly_draws_with_chance_beside(some_results: Path) -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    made = charts(some_results)
    assert {"facekit52_leakage_generation_static", "facekit52_leakage_latent_dynamics"} <= made.keys()
    assert [name for name in made if name.endswith("_confusion")] == ["facekit52_dbse_confusion"], "of the first alone"
    for chart in json.loads(json.dumps(made)).values():
        graph_objects.Figure(chart)
    bars = made["facekit52_leakage_generation_static"]
    assert [len(trace["x"]) for trace in bars["data"]] == [4, 4]
    assert [round(line["y0"], 1) for line in bars["layout"]["shapes"]] == [1.9, 16.7]
    assert all(abs(sum(row) - 100) < 1e-6 for row in made["facekit52_dbse_confusion"]["data"][0]["z"])


def test_charts_are_drawn_on_a_page_of_their_own(chromium: "Browser", some_results: Path, tmp_path: Path) -> None:
    page_file = tmp_path / "drawn" / "charts.html"
    write_charts(some_results, page_file)
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length")
    wanted = len(charts(some_results))
    page.wait_for_function("(count) => document.querySelectorAll('.js-plotly-plot').length === count", arg=wanted)
    page.close()


def test_a_space_installs_what_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == project["dependencies"]


def test_a_space_takes_every_file_without_large_file_storage() -> None:
    large = [
        path for path in asset("checkpoints").parent.rglob("*") if path.is_file() and path.stat().st_size >= 10_000_000
    ]
    assert large == []
