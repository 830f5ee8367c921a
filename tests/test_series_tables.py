"""Tables of time series: known codes get known figures, the test is never used for a choice, gaps reach no figure."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seqdisent_core.cli import main
from seqdisent_core.data import Labels
from seqdisent_core.domains.series import OIL, SeriesSet
from seqdisent_core.domains.series.sets import split_for_choices
from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.evaluation import SeriesTable, about_series, series_rows
from seqdisent_core.evaluation.predictors import (
    Part,
    Parts,
    accuracy_of_class,
    accuracy_of_discriminant,
    error_of_number,
    outcome_scores,
)
from seqdisent_core.reporting.series_tables import anchors_table, published_series_table, series_tables
from seqdisent_core.training import Sequences, series_recipes, train_in_memory

SPLIT = np.tile(["train", "train", "train", "validation", "test"], 40)
COUNT = len(SPLIT)


def parts(static: torch.Tensor, target: torch.Tensor, dynamics: torch.Tensor | None = None) -> Parts:
    """Codes and targets of COUNT series by SPLIT."""
    moving = torch.zeros(COUNT, 3, 2) if dynamics is None else dynamics
    rows = [torch.from_numpy(np.flatnonzero(part == SPLIT)) for part in ("train", "validation", "test")]
    last = torch.full((COUNT,), moving.shape[1] - 1)
    first, second, third = (Part(static[of], moving[of], last[of], target[of]) for of in rows)
    return first, second, third


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_a_class_is_told_from_codes_that_show_it_and_from_no_others() -> None:
    classes = torch.arange(COUNT) % 4
    shown = 3 * torch.eye(4)[classes] + 0.1 * drawn(COUNT, 4)
    assert accuracy_of_class(parts(shown, classes), 4, seed=0) == 1.0
    assert accuracy_of_discriminant(parts(shown, classes)) == 1.0
    for blind in (drawn(COUNT, 4), torch.ones(COUNT, 4)):
        assert accuracy_of_class(parts(blind, classes), 4, seed=0) < 0.5
        assert accuracy_of_discriminant(parts(blind, classes)) < 0.5


def test_an_outcome_is_told_from_dynamics_up_to_the_last_observed_window() -> None:
    outcome = (torch.arange(COUNT) % 3 == 0).long()
    dynamics = torch.zeros(COUNT, 3, 2)
    dynamics[:, 1, 0] = 3.0 * outcome
    dynamics[:, 2] = 50.0 * drawn(COUNT, 2)  # of windows in which nothing was observed
    seen = parts(torch.zeros(COUNT, 2), outcome, dynamics)
    first, second, third = (part._replace(last=torch.ones_like(part.last)) for part in seen)
    assert outcome_scores((first, second, third), seed=0) == {"auprc": 1.0, "auroc": 1.0}
    scores = outcome_scores(parts(drawn(COUNT, 2), outcome), seed=0)
    assert scores["auroc"] < 0.75 and scores["auprc"] < 0.7


def test_a_number_of_each_window_is_told_from_its_own_code() -> None:
    dynamics = drawn(COUNT, 3, 2)
    target = 20 + 5 * dynamics[..., 0]
    assert error_of_number(parts(drawn(COUNT, 2), target, dynamics), seed=0) < 0.5
    assert error_of_number(parts(drawn(COUNT, 2), target, dynamics.flip(0)), seed=0) > 3


def test_the_validation_decides_what_is_kept_and_the_test_does_not() -> None:
    classes = torch.arange(COUNT) % 4
    train, held, test = parts(3 * torch.eye(4)[classes], classes)
    wrong = held._replace(target=(held.target + 1) % 4)
    assert accuracy_of_class((train, wrong, test), 4, seed=0) < 0.9, "the first weights are those that fit it best"
    shuffled = test._replace(target=test.target.flip(0))
    assert accuracy_of_class((train, held, shuffled), 4, seed=0) < accuracy_of_class((train, held, test), 4, seed=0)


def oil_set(count: int = 15, steps: int = 48) -> SeriesSet:
    """A set as ETTh1 is: six loads, and a temperature that the first of them gives."""
    random = np.random.default_rng(0)
    values = random.standard_normal((count, steps, 6)).astype(np.float32)
    return SeriesSet(
        "etth1",
        tuple(f"month {number}" for number in range(count)),
        ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL"),
        values,
        random.random(values.shape) < 0.8,
        {"month": Labels(np.zeros(count, np.int64), ("01",))},
        {"published": SPLIT[:count]},
        {OIL: 20 + values[..., 0]},
    )


def two_rows(series: SeriesSet) -> list[dict[str, float | None]]:
    """Figures of DBSE after two steps, and of a forest."""
    table = SeriesTable(series, 24, 1)
    recipe = series_recipes("etth1")["dbse"]
    recipe = replace(recipe, model=replace(recipe.model, anchor=1), training=replace(recipe.training, steps=2))
    rows = series_rows(table, {"dbse": recipe})
    return [dict(row.run(0, lambda share: None).figures) for row in (rows[0], rows[1])]


def test_what_is_missing_changes_no_figure() -> None:
    series = oil_set()
    spoilt = replace(series, values=np.where(series.observed, series.values, 1e6).astype(np.float32))
    assert two_rows(series) == two_rows(spoilt)
    assert about_series(SeriesTable(series, 24, 1))["data"] == about_series(SeriesTable(spoilt, 24, 1))["data"]


def test_the_anchor_is_chosen_without_the_test_series(tmp_path: Path) -> None:
    series = oil_set(steps=15 * 24)  # the published anchor is window 14
    held = series.splits["published"] == "test"
    choice = split_for_choices(series.splits["published"])
    assert (choice[held] == "unused").all() and set(choice[~held]) == {"train", "validation", "test"}
    assert (choice[series.splits["published"] == "validation"] == "test").all()
    spoilt = replace(
        series, values=series.values + 100 * held[:, None, None], splits={**series.splits, "choice": choice}
    )
    figures = []
    for of in (replace(series, splits=spoilt.splits), spoilt):
        of.save(tmp_path / f"set{len(figures)}")
        given = ["etth1", str(tmp_path / f"set{len(figures)}"), "--out", str(tmp_path / f"t{len(figures)}.json")]
        assert main(["benchmark", *given, "--anchors", "--steps", "1", "--seeds", "1", "--rows", "window 1"]) == 0
        figures.append(json.loads((tmp_path / f"t{len(figures)}.json").read_text())["rows"]["window 1"]["figures"])
    assert figures[0] == figures[1]


def test_the_command_fills_a_table_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    series = oil_set(steps=28 * 24)  # as a month has; the anchor is window 27
    series.save(tmp_path / "set")
    given = ["benchmark", "etth1", str(tmp_path / "set"), "--out", str(tmp_path / "t.json"), "--steps", "1"]
    assert main([*given, "--rows", "vae", "glr", "--seeds", "1"]) == 0
    assert "glr: oil_temperature_mae" in capsys.readouterr().out
    assert main([*given, "--rows", "vae", "--seeds", "2"]) == 0
    table = json.loads((tmp_path / "t.json").read_text())
    assert [len(table["rows"][name]["runs"]) for name in ("vae", "glr")] == [2, 1]
    assert table["protocol"]["series"] == {"train": 9, "validation": 3, "test": 3}
    assert table["rows"]["vae"]["settings"]["training"]["steps"] == 1 and table["data"]["sha256"] == series.sha256()
    assert main([*given, "--rows", "best"]) == 1
    assert "There is no row 'best'; choose of: dbse" in capsys.readouterr().err
    assert main([*given, "--split", "station"]) == 1
    assert "etth1 has no split 'station'" in capsys.readouterr().err
    assert main(["benchmark", "air_quality", str(tmp_path / "set"), "--out", "x"]) == 1
    assert "holds the set etth1" in capsys.readouterr().err


def test_a_recipe_for_pictures_or_a_loss_that_is_no_number_is_refused() -> None:
    x = torch.zeros(2, 2, 24, 6)
    train = Sequences(x, torch.ones_like(x, dtype=torch.bool))
    recipe = series_recipes("etth1")["vae"]
    with pytest.raises(ConfigError, match="ema_decay is a setting for pictures"):
        train_in_memory(replace(recipe, training=replace(recipe.training, ema_decay=0.9)), train)
    with pytest.raises(SeqdisentError, match="The loss stopped being a number at step 0"):
        train_in_memory(recipe, Sequences(x / 0, train.observed))


def table_file(folder: Path, name: str, measures: dict[str, float], label: str = "month") -> None:
    """A result file of a benchmark with one row of two runs, and a forest of one."""

    def row(runs: int, steps: int) -> dict[str, object]:
        figures = {of: {"mean": value, "std": 0.01, "n": runs} for of, value in measures.items()}
        return {"settings": {}, "runs": [{"seed": 0, "steps": steps, "seconds": 9.0}] * runs, "figures": figures}

    counts = {"train": 3, "validation": 1, "test": 1}
    about = {"protocol": {"series": counts}, "hardware": "2 cores", "command": "here", "chance": {label: 0.25}}
    rows = {"dbse": row(2, 200), "forest on the input": row(1, 0)}
    (folder / f"{name}.json").write_text(json.dumps({**about, "rows": rows}))


def test_tables_are_read_from_result_files_with_budget_and_chance(tmp_path: Path) -> None:
    table_file(tmp_path, "air_quality", {"month": 0.5})
    table_file(tmp_path, "etth1", {"oil_temperature_mae": 2.5}, label="none")
    table_file(tmp_path, "air_quality_anchor", {"month": 0.5})
    tables = series_tables(tmp_path)
    assert "| dbse | 50.0 ± 1.0 % | 200, 9 s | 2 |" in tables
    assert "| forest on the input | 50.0 % | 9 s | 1 |" in tables
    assert "| chance: the most common class | 25.0 % | – | – |" in tables and "| dbse | 2.500 ± 0.010 |" in tables
    assert "| window | Air Quality: month from s |" in anchors_table(tmp_path)
    assert "| DBSE | 56.87 ± 0.34 | 65.87 ± 0.01 |" in published_series_table()
