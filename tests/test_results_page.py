"""The page "Results" in a real browser: its figures are those of the files, and all of it is within reach."""

import csv
import io
import json
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import pytest
from conftest import Visit, is_shown
from test_app import in_both_themes, lasting

from pages.made_films import showcases
from pages.results import page as results
from pages.results.films import words_on
from seqdisent_core.assets import asset
from seqdisent_core.cli import main
from seqdisent_core.media.video import probe_video
from seqdisent_core.reporting.charts import charts
from seqdisent_core.reporting.export import figures_csv, figures_json
from seqdisent_core.reporting.filmed_tables import read_filmed
from seqdisent_core.reporting.result_files import percent, read_results
from seqdisent_core.weights import sha256_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

_WAIT = 60_000  # milliseconds; how long a busy machine may take, not how long it should
_FILMS = "#showcase video"
_MAIN = "facekit52_dbse"
_OURS = ("Generation", "Leakage", "Swaps and reconstructions", "Fréchet distance", "KL divergence and active units")
_ROW = ("static_acc", "dynamic_acc", "gap")
# Nothing may reach beyond the sides of the window, nor a cell beyond those of its table, which would cut it off.
_OUT = """() => [...document.querySelectorAll('.sd *')].filter((element) => {
    const box = element.getBoundingClientRect();
    const around = element.parentElement.closest('.sd-table-box, .sd-chart')?.getBoundingClientRect();
    const fine = element.closest('.sd-hidden') || !box.width;
    return !fine && (box.left < (around?.left ?? 0) - 1 || box.right > (around?.right ?? innerWidth) + 1);
}).map((element) => element.outerHTML.slice(0, 120))"""
_FILLED = """(bars) => bars.map((bar) => parseFloat(getComputedStyle(bar.querySelector('i')).backgroundSize))"""
# axe takes its time for each of ten thousand elements: of rows that differ in their words alone one is left, and one
# chart.
_LEAVE_ONE_OF_EACH = r"""() => {
    const seen = new Set();
    const rows = [...document.querySelectorAll('.sd-table tbody tr')];
    const alike = rows.filter((row) => {
        const look = row.closest('table').className + row.outerHTML.replace(/>[^<]*</g, '><');
        return seen.has(look) || !seen.add(look);
    });
    for (const row of alike) row.remove();
    for (const chart of [...document.querySelectorAll('.sd-chart')].slice(1)) chart.replaceChildren();
    return alike.length;
}"""


def opened(visit: Visit, **size: int) -> "Page":
    page = visit("results", ready=".sd-chart-bars", **size)
    is_shown(page, _FILMS, 7)
    return page


def unfolded(page: "Page") -> "Page":
    page.evaluate("document.querySelectorAll('.sd details').forEach((one) => { one.open = true; })")
    page.evaluate("document.querySelectorAll('.sd-more[aria-expanded=false]').forEach((one) => one.click())")
    return page


def test_figures_are_those_of_the_file_and_what_stands_behind_a_row_and_films_are_chosen_by_the_keyboard(
    visit: Visit,
) -> None:
    page = opened(visit)
    assert page.evaluate("scrollY") == 0, "the films took the page with them"
    result = read_results(results.RESULTS)["facekit52"][_MAIN]
    button = page.locator(".sd-behind").first
    button.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    facts = page.locator(".sd-behind-facts:visible")
    behind = facts.inner_text()
    for expected in (
        result["command"],
        f"seed {result['seed']}",
        result["model"]["checkpoint_sha256"],
        result["judge"]["sha256"],
        result["hardware"],
        f"{result['training']['steps']:,} steps",
        f"{result['training']['seconds'] / 60:.0f} minutes",
        f"{result['training']['data']['clips']:,} training clips",
    ):
        assert expected in behind
    page.keyboard.press("Enter")
    facts.wait_for(state="hidden")
    more = page.locator(".sd-more").first
    assert not page.locator(".sd-table").first.locator("tbody").nth(1).is_visible()
    more.focus()
    page.keyboard.press("Enter")
    assert page.locator(".sd-table").first.locator("tbody").nth(1).is_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert waiting.value.path().read_text(encoding="utf-8") == figures_csv(results.RESULTS)
    for name, showcase in showcases().items():
        page.locator(f".sd-films [data-name={name}]").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(
            "(name) => [...document.querySelectorAll('#showcase video')].length === 8 && "
            "[...document.querySelectorAll('#showcase video')].every((film) => film.src.includes(`/${name}/`) "
            "&& film.readyState >= 3)",
            arg=name,
        )
        of_set = [one for found in read_results(results.RESULTS).values() for one in found.values()]
        wanted = unescape(words_on(showcase, of_set))
        page.wait_for_function("(all) => all.includes(document.querySelector('.sd-films-words').innerText)", arg=wanted)
        assert "no result file" not in page.locator(".sd-films-words").inner_text()
    assert percent(result["metrics"]["leakage_latent"]["dynamics"]["static_acc"]) in words_on(
        showcases()["full"], [result]
    )
    assert "no result file" in words_on(showcases()["full"], [])

    unfolded(page)
    metrics = result["metrics"]
    sections = {
        name: page.locator(".sd-results", has=page.get_by_role("heading", name=name, exact=True))
        for name in (*_OURS, "Filmed people", "Published figures")
    }
    row = sections["Generation"].locator("tbody tr", has_text=_MAIN).first
    shown = row.locator("td").first.inner_text()
    assert shown == percent(metrics["generation"]["acc"])
    assert float(shown.split()[0]) == pytest.approx(100 * metrics["generation"]["acc"]["mean"], abs=0.051)
    row = sections["Leakage"].locator("tbody tr", has_text=_MAIN).first
    leaks = [metrics["leakage_generation"][kept][key] for kept in ("static", "dynamics") for key in _ROW]
    assert row.locator("td").all_inner_texts() == [percent(figure) for figure in leaks]

    assert page.locator(".sd-chart").count() == len(charts(results.RESULTS))
    bars = page.locator("[data-chart=facekit52_leakage_latent_dynamics] dd")
    shares = bars.evaluate_all("(bars) => bars.map((bar) => parseFloat(bar.querySelector('b').innerText))")
    assert shares[:2] == pytest.approx(
        [100 * metrics["leakage_latent"]["dynamics"][key]["mean"] for key in _ROW[:2]], abs=0.051
    )
    assert bars.evaluate_all(_FILLED) == pytest.approx(shares, abs=0.1), "a bar is as long as it says"
    chances = bars.evaluate_all("(bars) => bars.map((bar) => parseFloat(bar.style.getPropertyValue('--chance')))")
    assert chances[:2] == pytest.approx([100 * result["chance"][name] for name in ("person", "expression")], abs=0.01)
    without = read_results(results.RESULTS)["facekit52"][f"{_MAIN}_without_subtraction"]["metrics"]
    filmed = read_filmed(results.RESULTS)["filmed"]
    leak, leak_without = (100 * m["leakage_latent"]["dynamics"]["static_acc"]["mean"] for m in (metrics, without))
    assert page.locator(".sd-short-figure").all_inner_texts() == [
        f"{100 * filmed['measured'][0]['swaps']['both']:.0f} %",
        f"{100 * metrics['swap']['expression']['mean']:.1f} %",
        f"{leak:.1f} % instead of {leak_without:.1f} %",
    ]
    row = sections["Filmed people"].locator("tbody tr", has_text="filmed").first
    at = filmed["measured"][0]
    assert f"{at['swaps']['expression_corr']:.2f}" in row.locator("td").all_inner_texts()
    for name, section in sections.items():
        assert ("MoCoGAN" in section.inner_text()) == (name == "Published figures"), "published beside ours"


def test_a_phone_shows_all_of_it_and_axe_finds_nothing_serious_in_light_and_dark(visit: Visit) -> None:
    page = opened(visit, width=390, height=844)
    page.locator(".sd-behind").first.click()
    unfolded(page)
    for width in (390, 620, 800, 1000, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        assert lasting(page, lambda: page.evaluate(_OUT)) == [], width
    assert page.evaluate(_LEAVE_ONE_OF_EACH) > 100
    assert in_both_themes(page) == []
    facts = page.locator(".sd-behind-facts:visible").bounding_box()
    assert facts and facts["x"] >= 0 and facts["x"] + facts["width"] <= 1280


def test_all_figures_are_taken_away_as_they_stand_in_the_files() -> None:
    result = json.loads((results.RESULTS / f"{_MAIN}.json").read_text(encoding="utf-8"))
    assert json.loads(figures_json(results.RESULTS))[_MAIN] == result
    lines = list(csv.DictReader(io.StringIO(figures_csv(results.RESULTS))))
    found = {(line["file"], line["figure"]): line for line in lines}
    assert len(found) == len(lines), "no two lines have one name"
    swap, line = result["metrics"]["swap"]["person"], found[_MAIN, "metrics.swap.person"]
    assert (float(line["value"]), float(line["std"]), int(line["n"])) == (swap["mean"], swap["std"], swap["n"])
    both = read_filmed(results.RESULTS)["filmed"]["measured"][0]["swaps"]["both"]
    assert float(found["filmed", "measured.0.swaps.both"]["value"]) == both


def test_films_are_small_and_of_the_checkpoint_that_they_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["showcase", str(asset("checkpoints/facekit52")), "--out", str(tmp_path), "--json"]) == 0
    assert Path(json.loads(capsys.readouterr().out)["written"]["about"]) == tmp_path / "showcase.json"
    made = json.loads((tmp_path / "showcase.json").read_text(encoding="utf-8"))
    shipped = showcases()["full"]
    assert {**made, "command": None} == {**shipped.about, "command": None}
    assert made["checkpoint_sha256"] == sha256_of(asset("checkpoints/facekit52"))
    for showcase in showcases().values():
        assert len(showcase.about["films"]) == 8
        for film in showcase.about["films"]:
            path = showcase.folder / film["file"]
            assert path.stat().st_size < 60_000
            assert probe_video(path).width == 256


def test_nothing_heavy_is_imported_while_the_page_shows(app_alone: dict[str, Any]) -> None:
    assert not {"torch", "cv2", "plotly", "sklearn"} & set(app_alone["shown"])


def test_without_result_files_a_sentence_stands_in_their_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    with gr.Blocks() as demo:
        results.layout(demo)
    shown = "".join(str(block.value) for block in demo.blocks.values() if isinstance(block, gr.HTML))
    assert "result files are missing" in shown and "sd-problem" in shown
