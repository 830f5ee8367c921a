"""Time series: sets as they are published, gaps that reach nothing, and levels that reach no dynamics."""

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from made_series import air_lines, gappy, labelled_series, own_set, stay_lines, write_station, write_stays

from seqdisent_core.cli import main
from seqdisent_core.commands.sets import SERIES
from seqdisent_core.domains.series import READERS, SeriesSet, Windows, WindowsConfig
from seqdisent_core.errors import DataError

SHARED = Path(os.environ.get("SEQDISENT_SERIES", Path(__file__).parents[2] / "shared" / "data"))
MARCH, YEAR = datetime(2013, 3, 1), 365 * 24


def published(name: str) -> Path:
    if not (SHARED / name).exists():
        pytest.skip(f"no set {name}: put it under {SHARED}, or name its folder in SEQDISENT_SERIES")
    return SHARED / name


# --- reading -----------------------------------------------------------------------------------------------------


def test_stays_are_hourly_means_and_those_that_say_too_little_are_counted(tmp_path: Path) -> None:
    stays = {number: stay_lines(number, icu_type=number % 4 + 1) for number in range(10, 20)}
    stays[30] = stay_lines(30)[:6]  # descriptors only
    stays[31] = stay_lines(31, hours=39)
    stays[32] = [line for line in stay_lines(32) if ",MAP," in line or ":00," in line or "Glucose" in line]
    stays[10].append("48:00,Temp,-1")
    read = READERS["physionet2012"](write_stays(tmp_path / "a", stays, deaths=(11,)))
    assert read.left_out == {
        "record with descriptors only": 1,
        "stay of under 40 hours": 1,
        "stay with over 60% of its values missing": 1,
    }
    assert read.values.shape == (10, 48, 10) and read.observed.all()
    assert read.values[0, 5, read.features.index("MAP")] == pytest.approx((3 + 3 + 5 + 3 + 5 + 5) / 2)
    assert read.labels["icu_type"].values.tolist() == [number % 4 for number in range(10, 20)]
    assert read.labels["mortality"].values.tolist() == [0, 1, *[0] * 8]
    assert read.splits["published"][:2].tolist() == ["test", "test"] and "test" not in read.splits["published"][2:]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("47:59,Temp,warm", r"Line \d+ of 11.txt has 'warm' as Temp\. Write a number"),
        ("00:05,Temp,37", r"Line \d+ of 11.txt goes back in time, to 00:05"),
        ("noon,Temp,37", r"Line \d+ of 11.txt has the time 'noon'"),
        ("49:00,Temp,37", r"Line \d+ of 11.txt has the time '49:00'"),
        ("47:59", r"Line \d+ of 11.txt has '' as a value"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        READERS["physionet2012"](write_stays(tmp_path / "a", {11: [*stay_lines(11), line]}))


def test_station_months_are_cut_and_those_of_gaps_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "air"
    lines = air_lines("Wanliu", MARCH, 90 * 24, missing=range(31 * 24, 61 * 24))
    write_station(folder, "Wanliu", lines)
    write_station(folder, "Dongsi", air_lines("Dongsi", datetime(2016, 3, 1), 92 * 24))
    read = READERS["air_quality"](folder)
    assert read.left_out == {"month with over 60% of its values missing": 1}
    shown = ["Dongsi 2016-03", "Dongsi 2016-04", "Dongsi 2016-05", "Wanliu 2013-03", "Wanliu 2013-05"]
    assert list(read.names) == shown and read.values.shape == (5, 672, 10)
    assert read.labels["month"].names[read.labels["month"].values[0]] == "03" and len(read.labels["month"].names) == 12
    assert (read.splits["published"] == "test").tolist() == [True, True, True, False, False]
    assert all(set(read.splits[choice][:3]) == {"unused"} for choice in read.choices())
    assert read.choices() == ("choice_2015", "choice_2014", "choice_2013")
    assert set(read.splits["station"][3:]) == {"test"} and set(read.splits["station"][:3]) == {"train"}
    write_station(folder, "Wanliu", air_lines("Wanliu", MARCH, 40 * 24))  # it ends within April
    assert READERS["air_quality"](folder).left_out == {"month of under 672 hours": 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[:9] + lines[10:], "has a later hour, 2013-03-01 09:00 after 2013-03-01 07:00"),
        (lambda lines: [*lines[:9], lines[8], *lines[9:]], "has the same hour again"),
        (lambda lines: [*lines[:9], lines[3], *lines[9:]], "has an earlier hour"),
        (lambda lines: [*lines[:9], lines[9].replace(",3.8,", ",dusty,", 1), *lines[10:]], "has 'dusty' as PM2.5"),
        (lambda lines: [*lines[:9], lines[9] + ",1", *lines[10:]], "another number of columns than its header"),
        (lambda lines: [lines[0].replace("DEWP", "DEW"), *lines[1:]], "lacks the column DEWP"),
    ],
)
def test_a_station_that_cannot_be_read_is_named(tmp_path: Path, change: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        READERS["air_quality"](write_station(tmp_path / "a", "Wanliu", change(air_lines("Wanliu", MARCH, 24))))  # type: ignore[operator]


def test_ones_own_csv_is_put_on_an_even_grid_with_gaps(tmp_path: Path) -> None:
    rows = ["a,0,1,2", "a,2,3,", "b,0,1,NA", "b,1,5,6", "c,10,1,1", "c,13,2,2", "d,0,,"]
    read = own_set(tmp_path, "series,time,heat,flow\n" + "\n".join(rows))
    assert read.features == ("heat", "flow") and read.names == ("a", "b", "c")
    assert read.left_out == {"series without a value": 1}
    assert read.observed[0].tolist() == [[True, True], [False, False], [True, False], [False, False]]
    assert read.values[2, :, 0].tolist() == [1, 0, 0, 2]
    assert sorted(read.splits["published"]) == ["test", "train", "validation"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,0,1", "a,1,warm"], "Line 3 of own.csv has 'warm' as heat"),
        (["a,1,1", "a,0,1"], "Line 3 of own.csv has a time before the one above it in the series a: 0"),
        (["a,1,1", "a,1,2"], "Line 3 of own.csv has the same time twice in the series a: 1"),
        (["a,0,1", "b,0,1"], "own.csv has 2 series with values; it takes 3"),
        (["a,0,1", "b,0,1", "c,0,1", "c,1,1", "c,2.5,1"], "The times of the series c in own.csv are uneven"),
        (["a,soon,1"], "Line 2 of own.csv has 'soon' as a time"),
        (["a,0"], "Line 2 of own.csv has another number of columns"),
        ([",0,1"], "Line 2 of own.csv names no series"),
        (["a,0,1", "b,0,1", "c,0,1", "c,1,1", "c,1000000,1"], "has over 100000 steps of 1"),
        ([], "own.csv has no rows"),
    ],
)
def test_a_csv_that_is_no_set_of_series_is_refused_with_its_line(tmp_path: Path, rows: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        own_set(tmp_path, "\n".join(["series,time,heat", *rows]) + "\n")


def test_packing_says_what_was_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(SERIES) == set(READERS), "the command offers what there are readers of"
    folder = write_stays(tmp_path / "a", {11: stay_lines(11), 12: stay_lines(12), 13: stay_lines(13)[:6]})
    assert main(["pack", "physionet2012", str(folder), str(tmp_path / "set")]) == 0
    said = capsys.readouterr().out
    assert "2 series of 48 steps" in said and "Left out: 1 × record with descriptors only." in said
    assert main(["pack", "physionet2012", str(folder), str(tmp_path / "x"), "--size", "32"]) == 1
    assert main(["pack", "etth1", str(tmp_path / "none"), str(tmp_path / "x")]) == 1
    assert "There is nothing at" in capsys.readouterr().err


def test_a_set_comes_back_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    made = labelled_series()
    made.save(tmp_path / "set")
    back = SeriesSet.load(tmp_path / "set")
    assert back.sha256() == made.sha256() and back.labels["kind"].names == ("low", "high")
    assert np.array_equal(back.step_targets["load"], made.step_targets["load"])
    replace(made, values=made.values + 1).save(tmp_path / "other")
    (tmp_path / "set" / "series.npz").write_bytes((tmp_path / "other" / "series.npz").read_bytes())
    with pytest.raises(DataError, match="is damaged"):
        SeriesSet.load(tmp_path / "set")
    with pytest.raises(DataError, match="no packed set of series"):
        SeriesSet.load(tmp_path)
    with pytest.raises(DataError, match="holds something else"):
        made.save(tmp_path)


def test_normalising_reads_only_observed_values_of_the_training_series() -> None:
    made = labelled_series()
    held = made.splits["published"] != "train"
    shifted = made.values + 100 * held[:, None, None]
    other = replace(made, values=np.where(made.observed, shifted, 1e6).astype(np.float32))
    plain, spoilt = made.normalised(), other.normalised()
    assert np.allclose(plain.values[~held], spoilt.values[~held])
    seen = plain.values[~held][plain.observed[~held]]
    assert abs(seen.mean()) < 1e-3 and seen.std() == pytest.approx(1, abs=1e-3)
    assert (plain.values[~plain.observed] == 0).all() and spoilt.values.max() == 10


def test_the_published_stays_are_read_whole() -> None:
    read = READERS["physionet2012"](published("physionet2012") / "set-a.tar.gz")
    assert (len(read), read.left_out["record with descriptors only"]) == (1784, 3)
    assert len(read) + sum(read.left_out.values()) == 4000


def test_published_months_are_read_whole(tmp_path: Path) -> None:
    station = "PRSA_Data_Wanliu_20130301-20170228.csv.gz"
    (tmp_path / station).symlink_to(published("air_quality") / station)
    read = READERS["air_quality"](tmp_path)
    assert len(read) == 48 and 0.9 < read.observed.mean() < 1
    months = READERS["etth1"](published("etth1"))
    assert len(months) == 23 and months.left_out == {"month of under 672 hours": 1}
    assert (months.splits["published"] == "test").sum() == 6 and not np.isnan(
        months.step_targets["oil_temperature"]
    ).any()


# --- windows -----------------------------------------------------------------------------------------------------


def windows() -> Windows:
    torch.manual_seed(0)
    return Windows(WindowsConfig(window=6, features=5, step_dim=8, hidden_dim=7), code_dim=4).eval()


def test_what_is_missing_reaches_neither_features_nor_errors() -> None:
    backbone, (x, observed) = windows(), gappy()
    other = torch.where(observed, x, 1e6)
    assert torch.equal(backbone.encode_sequences(x, observed), backbone.encode_sequences(other, observed))
    decoded = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    assert torch.equal(backbone.error(decoded, x, observed), backbone.error(decoded, other, observed))
    assert not torch.equal(backbone.error(decoded, x), backbone.error(decoded, other))


def test_differences_of_windows_do_not_see_a_constant_added_to_a_series() -> None:
    backbone, (x, observed) = windows(), gappy()
    shift = torch.randn(len(x), 1, 1, x.shape[-1], generator=torch.Generator().manual_seed(2))

    def differences(x: torch.Tensor) -> torch.Tensor:
        features = backbone.encode_sequences(x, observed)
        return features - features[:, 2:3]

    assert torch.allclose(differences(x), differences(x + shift), atol=1e-5)
    assert not torch.allclose(backbone.encode_sequences(x, observed), backbone.encode_sequences(x + shift, observed))


def test_a_level_that_a_window_lacks_is_that_of_the_nearest_window_before_it_or_else_after_it() -> None:
    backbone, x = windows(), torch.arange(4.0)[None, :, None, None].expand(1, 4, 6, 5)
    observed = torch.ones(x.shape, dtype=torch.bool)
    observed[:, :2, :, 0] = False
    observed[:, 2, :, 1] = False
    observed[:, :, :, 2] = False
    levels = backbone.encode_sequences(x, observed)[0, :, :4].T
    assert levels.tolist() == [[2, 2, 2, 3], [0, 1, 1, 3], [0, 0, 0, 0], [0, 1, 2, 3]]


def test_the_error_is_the_gaussian_likelihood() -> None:
    backbone, (x, _) = windows(), gappy()
    with torch.no_grad():
        backbone.scale.copy_(torch.linspace(-2, 2, 5))
    scale = 0.05 + 0.45 * torch.sigmoid(backbone.scale)
    decoded = torch.zeros_like(x)
    exact = -torch.distributions.Normal(decoded, scale).log_prob(x).sum(dim=(2, 3))
    constant = 0.5 * np.log(2 * np.pi) * x[0, 0].numel()
    assert torch.allclose(backbone.error(decoded, x), exact - constant, rtol=1e-4)


def test_which_values_are_missing_is_part_of_the_error() -> None:
    backbone, (x, observed) = windows(), gappy()
    decoded = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    scale = 0.05 + 0.45 * torch.sigmoid(backbone.scale)
    values = torch.distributions.Normal(decoded, scale).log_prob(x) + 0.5 * np.log(2 * np.pi)
    gaps = torch.distributions.Bernoulli(logits=backbone.measured(decoded)).log_prob(observed.float())
    exact = -(torch.where(observed, values, 0.0) + gaps).sum(dim=(2, 3))
    assert torch.allclose(backbone.error(decoded, x, observed), exact, rtol=1e-4)
