"""Time series as people use them: the model that ships, the object behind the page, and the page in a browser."""

import gzip
import json
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import ROOT, Visit, is_shown
from gradio.data_classes import FileData
from test_app import in_both_themes, out_of_sight

from pages import model
from pages.series import page as series_page
from seqdisent_core.cli import main
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.latents import StudioCodes
from seqdisent_core.series_studio import KnownSeries, SeriesStudio, shipped_series, train_studio

if TYPE_CHECKING:
    from seqdisent_core.series_studio import Series

_WAIT = 60_000  # milliseconds; how long a busy machine may take, not how long it should
TEMP = series_page.FEATURES.index("TEMP")


@pytest.fixture(scope="module")
def studio() -> SeriesStudio:
    return model.series_studio()


@pytest.fixture(scope="module")
def months() -> "list[Series]":
    return shipped_series()


def csv_of(values: np.ndarray, path: Path, names: tuple[str, ...] = ("TEMP", "PRES")) -> Path:
    """A CSV file of one series: an hour a row, two features of the model; what is NaN is an empty cell."""
    at = [series_page.FEATURES.index(name) for name in names]
    cells = [["" if np.isnan(value) else f"{value}" for value in row] for row in values[:, at]]
    lines = [f"{hour},mine,{','.join(row)}" for hour, row in enumerate(cells)]
    path.write_text("\n".join([f"time,series,{','.join(names)}", *lines]) + "\n")
    return path


def test_what_the_page_offers_is_what_ships(studio: SeriesStudio, months: "list[Series]") -> None:
    assert tuple(month.name for month in months) == series_page.MONTHS
    assert studio.known.features == series_page.FEATURES and len(studio.known.names) == 576
    assert months[0].values.shape == (672, 10) and studio.anchor == 15


def test_a_month_is_rebuilt_and_a_swap_brings_the_other_season(studio: SeriesStudio, months: "list[Series]") -> None:
    january, july = months[0].values, months[6].values
    rebuilt = studio.decode(studio.encode(january))
    assert np.nanmean(np.abs(rebuilt - january)[:, TEMP]) < 2.5
    warmer, colder = studio.swap(january, july)
    assert studio.means(warmer)[TEMP] > studio.means(january)[TEMP] + 15
    assert studio.means(colder)[TEMP] < studio.means(july)[TEMP] - 15


def test_what_stands_in_a_gap_is_not_read_and_shifts_stay_out_of_the_dynamics(
    studio: SeriesStudio, months: "list[Series]"
) -> None:
    values = months[3].values.copy()
    values[100:130] = np.nan
    plain, shifted = studio.encode(values), studio.encode(values + studio.known.deviation * 0.5)
    assert np.allclose(plain.dynamics, shifted.dynamics, atol=1e-4)
    assert not np.allclose(plain.static, shifted.static, atol=1e-2)


def test_static_codes_find_months_of_the_same_season(studio: SeriesStudio, months: "list[Series]") -> None:
    for month in (months[0], months[6]):
        near = studio.nearest(studio.encode(month.values).static, without=month.name)
        apart = [(int(one.label) - int(month.name[-2:])) % 12 for one in near]
        assert all(min(gap, 12 - gap) <= 2 for gap in apart) and month.name not in {one.name for one in near}
        assert [one.distance for one in near] == sorted(one.distance for one in near)
    own = studio.known.names.index(months[0].name)
    assert studio.nearest(studio.known.static[own], 1)[0] == (months[0].name, "01", 0.0)
    assert np.allclose(studio.place(studio.known.static[own], 1), studio.known.places[own])


def test_samples_keep_the_static_code_and_are_the_same_with_the_same_seed(
    studio: SeriesStudio, months: "list[Series]"
) -> None:
    static = studio.encode(months[6].values).static
    first, second = studio.sample(static, 2, seed=1)
    assert np.array_equal(first, studio.sample(static, 2, seed=1)[0]) and not np.array_equal(first, second)
    cold = studio.encode(months[0].values).static
    assert first[:, TEMP].mean() > studio.sample(cold, 1, seed=1)[0][:, TEMP].mean() + 10


def test_a_csv_of_some_features_is_read_with_gaps_and_another_is_refused(
    studio: SeriesStudio, months: "list[Series]", tmp_path: Path
) -> None:
    (mine,) = studio.read_csv(csv_of(months[6].values[:100], tmp_path / "mine.csv"))
    assert mine.name == "mine" and mine.values.shape == (672, 10)
    assert np.allclose(mine.values[:100, TEMP], months[6].values[:100, TEMP], equal_nan=True)
    assert np.isnan(mine.values[100:]).all() and np.isnan(mine.values[:, 0]).all()
    assert studio.decode(studio.encode(mine.values)).shape == (672, 10)
    for text, said in (
        ("time,series,noise\n0,a,1\n", "has the column noise, which is none of: PM2.5"),
        ("time,series,TEMP\n0,a,NA\n", "has no series with values"),
        ("time,series,TEMP\n0,a,\n1,a,\n700,a,1\n", "a series without a value in its first 672 steps"),
        ("time,series,TEMP\n0,a,warm\n", "Line 2 of bad.csv has 'warm' as TEMP"),
    ):
        (tmp_path / "bad.csv").write_text(text)
        with pytest.raises(DataError, match=said):
            studio.read_csv(tmp_path / "bad.csv")


def test_a_csv_that_would_fill_memory_is_refused_however_small_it_is(studio: SeriesStudio, tmp_path: Path) -> None:
    head = "time,series,TEMP\n"
    long = "".join(f"0,{name},1\n1,{name},1\n99999,{name},1\n" for name in range(120))
    many = "".join(f"0,{name},1\n" for name in range(1600))
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress((head + "\n" * 20_000_000).encode()))
    assert packed.stat().st_size < 100_000
    with pytest.raises(DataError, match=r"packed\.csv\.gz has over 5 MB of text"):
        studio.read_csv(packed)
    for text in (long, many):
        (tmp_path / "bad.csv").write_text(head + text)
        with pytest.raises(DataError, match=r"bad\.csv has \d+ series of up to \d+ steps: too many"):
            studio.read_csv(tmp_path / "bad.csv")


@pytest.mark.parametrize("rows", ["-1e308,a,1\n1e308,a,1\n", "-1e308,a,1\n0,b,1\n1e308,a,1\n"])
def test_times_that_cannot_be_counted_are_said(studio: SeriesStudio, tmp_path: Path, rows: str) -> None:
    (tmp_path / "bad.csv").write_text(f"time,series,TEMP\n{rows}")
    with pytest.raises(DataError, match="Check its times"):
        studio.read_csv(tmp_path / "bad.csv")


def test_a_set_of_ones_own_is_trained_on_and_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    rows = [f"{name},{hour},{name + random.random():.3f}" for name in range(8) for hour in range(24)]
    (tmp_path / "own.csv").write_text("\n".join(["series,time,heat", *rows]))
    assert main(["pack", "series", str(tmp_path / "own.csv"), str(tmp_path / "set")]) == 0
    given = [str(tmp_path / "set"), str(tmp_path / "model"), "--window", "6", "--steps", "3"]
    assert main(["train-series", *given]) == 0
    trained = SeriesStudio.from_pretrained(tmp_path / "model")
    assert trained.known.label == "" and trained.known.names == tuple(map(str, range(8)))
    (first, *_) = trained.read_csv(tmp_path / "own.csv")
    codes = trained.encode(first.values)
    assert codes.static.shape == (8,) and codes.dynamics.shape == (4, 8)
    assert np.allclose(codes.static, trained.known.static[0], atol=1e-5)
    assert main(["train-series", *given[:2], "--window", "7"]) == 1
    assert "no whole number of windows of 7 steps" in capsys.readouterr().err
    (tmp_path / "model" / "series.json").write_text("{")
    with pytest.raises(ConfigError, match="is damaged"):
        KnownSeries.load(tmp_path / "model")
    with pytest.raises(ConfigError, match="is no model of time series"):
        KnownSeries.load(tmp_path)


def test_the_page_shows_gaps_as_gaps_and_names_what_it_cannot_read(months: "list[Series]", tmp_path: Path) -> None:
    values = months[0].values.copy()
    values[10:20] = np.nan
    june = series_page.MONTHS[5]
    mine = FileData(path=str(csv_of(values, tmp_path / "mine.csv")))
    found, first, second, words = series_page.read_own(mine, june, june)
    assert first.value == "mine" and second.value == june and "1 series read" in words
    _, swaps, said, places, near, made = series_page.show("mine", series_page.MONTHS[6], "TEMP", found, 0)
    measured, swapped = json.loads(swaps)[0]["data"]
    assert measured["y"][10:20] == [None] * 10 and None not in swapped["y"] and measured["connectgaps"] is False
    assert "mine: the mean of TEMP goes from" in said and "Nearest to mine" in near
    dots = json.loads(places)[0]["data"]
    assert len(dots) == 14 and sum(len(trace["x"]) for trace in dots) == 578
    assert len(json.loads(made)[0]["data"]) == series_page.SAMPLES
    (tmp_path / "bad.csv").write_text("time,series,TEMP\n1,a,2\n0,a,2\n")
    bad = FileData(path=str(tmp_path / "bad.csv"))
    none, first, second, problem = series_page.read_own(bad, "mine", june)
    assert (first.value, second.value) == (series_page.FIRST, june), "what a file brought goes with it"
    assert none == [] and "has a time before the one above it" in problem
    assert "goes from no value" in series_page.show("mine", series_page.MONTHS[6], "CO", found, 0)[2]


def test_the_page_in_a_browser_takes_a_csv_and_is_fit_for_all(
    visit: Visit, months: "list[Series]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, studio = Event(), model.series_studio
    monkeypatch.setattr(model, "series_studio", lambda: free.wait(_WAIT / 1000) and studio())
    page = visit("series", ready="#series-work .sd-stages")
    free.set()
    is_shown(page, ".sd-drawn", 3)
    assert page.locator("#series-work .sd-stages").count() == 0
    page.wait_for_function("document.title === 'Series · seqdisent'")
    page.locator("#series-csv input[type=file]").set_input_files(csv_of(months[6].values, tmp_path / "mine.csv"))
    page.locator("#series-said").get_by_text("mine: the mean of TEMP").wait_for(timeout=_WAIT)
    page.get_by_role("heading", name="Dynamics of mine").wait_for(timeout=_WAIT)
    jobs: list[str] = []
    page.on("request", lambda asked: jobs.append(asked.url) if "/queue/join" in asked.url else None)
    other = tmp_path / "other.csv"
    other.write_text((tmp_path / "mine.csv").read_text().replace("mine", "other"))
    page.locator("#series-csv input[type=file]").set_input_files(other)
    page.get_by_role("heading", name="Dynamics of other").wait_for(timeout=_WAIT)
    assert len(jobs) == 2, "a file that is replaced is read and shown once"
    page.get_by_role("button", name="My file: remove").click()
    page.get_by_role("heading", name=f"Dynamics of {series_page.FIRST}").wait_for(timeout=_WAIT)
    before = page.evaluate("document.querySelector('#samples .sd-chart-plot').data[0].y[0]")
    page.get_by_role("button", name="Sample again").click()
    changed = "before => document.querySelector('#samples .sd-chart-plot')?.data?.[0].y[0] !== before"
    page.wait_for_function(changed, arg=before)
    is_shown(page, ".sd-drawn", 3)
    assert in_both_themes(page, "#swaps .xtitle") == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("innerWidth === 390")
    assert out_of_sight(page) == []


def test_the_notebook_goes_from_a_csv_to_static_codes_in_ten_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = json.loads((ROOT / "examples" / "series.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(cells) == 10 and code[2].count("STEPS = 300") == 1
    names: dict[str, object] = {}
    for cell in code:
        exec(cell.replace("STEPS = 300", "STEPS = 2"), names)
    printed = capsys.readouterr().out
    assert "12 series of 672 steps of 3 features" in printed and "(8,)" in printed and "nearest to" in printed
    kept = "".join("".join(output["text"]) for cell in cells for output in cell.get("outputs", ()))
    assert "(8,)" in kept and "nearest to" in kept


def test_a_set_that_is_too_small_is_refused_before_it_is_trained_on(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("series,time,heat\na,0,1\nb,0,2\nc,0,3\n")
    from seqdisent_core.domains.series import READERS

    with pytest.raises(DataError, match="no whole number of windows"):
        train_studio(READERS["series"](tmp_path / "own.csv"), tmp_path / "model", command="here")


def test_codes_decode_to_the_units_of_the_source(studio: SeriesStudio) -> None:
    windows = studio.known.steps // studio.window
    zero = StudioCodes(np.zeros(8, np.float32), np.zeros((windows, 8), np.float32))
    assert 900 < studio.decode(zero)[:, series_page.FEATURES.index("PRES")].mean() < 1100
