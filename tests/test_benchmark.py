"""Tables of methods: what is measured once stays, and only what another setting decides is measured anew."""

import json
from pathlib import Path
from typing import Any

import pytest

from seqdisent_core.errors import DataError
from seqdisent_core.evaluation import Row, Run, run_table
from seqdisent_core.evaluation.benchmark import Share

ABOUT = {"data": {"name": "made", "sha256": "0"}, "protocol": {"test": "held out"}, "hardware": "here"}


class Rows:
    """Two rows that give ten times the seed, and what was run."""

    def __init__(self, steps: int = 3) -> None:
        self.ran: list[tuple[str, int]] = []
        self.rows = [self.row("first", steps), self.row("second", 3)]

    def row(self, name: str, steps: int) -> Row:
        def run(seed: int, share: Share) -> Run:
            self.ran.append((name, seed))
            share(0.5)
            missing = {"other": None} if name == "second" else {"other": 1.0}
            return Run({"accuracy": 10.0 * seed, **missing}, steps, 0.25, why="" if name == "first" else "It has none.")

        return Row(name, {"steps": steps}, run)

    def table(self, out: Path, seeds: int = 2, **more: Any) -> dict[str, Any]:
        return run_table(self.rows, range(seeds), out, command="here", **{"about": ABOUT, **more})


def test_a_table_has_mean_and_deviation_of_each_row_over_its_seeds(tmp_path: Path) -> None:
    Rows().table(tmp_path / "t.json")
    table = json.loads((tmp_path / "t.json").read_text())
    first, second = table["rows"]["first"], table["rows"]["second"]
    assert first["figures"]["accuracy"] == {"mean": 5.0, "std": pytest.approx(50**0.5), "n": 2}
    assert [run["seed"] for run in first["runs"]] == [0, 1] and first["runs"][0]["steps"] == 3
    assert second["figures"]["other"] is None and second["figures"]["why"] == "It has none."
    assert table["hardware"] == "here" and table["data"] == ABOUT["data"]


def test_a_table_that_was_stopped_goes_on_at_the_next_run(tmp_path: Path) -> None:
    out, stopped = tmp_path / "t.json", Rows()

    def stop(done: float, runs: int, what: str) -> None:
        if done == 1.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.table(out, progress=stop)
    assert stopped.ran == [("first", 0), ("second", 0)]
    assert list(json.loads(out.read_text())["rows"]) == ["first"], "a row that has not been measured is none"
    later = Rows()
    told: list[tuple[float, int]] = []
    later.table(out, progress=lambda done, runs, what: told.append((done, runs)))
    assert later.ran == [("second", 0), ("first", 1), ("second", 1)]
    assert told[0] == (0.0, 3) and told[-1] == (3.0, 3)
    more = Rows()
    assert more.table(out, seeds=3)["rows"]["first"]["figures"]["accuracy"]["n"] == 3
    assert more.ran == [("first", 2), ("second", 2)]
    run_table(more.rows, range(3), out, command="all of it", about=ABOUT)
    assert len(more.ran) == 2 and json.loads(out.read_text())["command"] == "all of it"


def test_only_a_row_of_other_settings_is_measured_anew(tmp_path: Path) -> None:
    Rows().table(tmp_path / "t.json")
    other = Rows(steps=9)
    table = other.table(tmp_path / "t.json")
    assert other.ran == [("first", 0), ("first", 1)]
    assert table["rows"]["first"]["runs"][0]["steps"] == 9 and len(table["rows"]["second"]["runs"]) == 2


@pytest.mark.parametrize("part", ["data", "protocol"])
def test_a_table_of_another_set_or_protocol_is_not_mixed_with_this(tmp_path: Path, part: str) -> None:
    Rows().table(tmp_path / "t.json")
    with pytest.raises(DataError, match="another set or by another protocol"):
        Rows().table(tmp_path / "t.json", about={**ABOUT, part: {"name": "other"}})


@pytest.mark.parametrize("content", ["{", "[]", '{"data": 1}'])
def test_a_file_that_is_no_table_is_not_written_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(DataError, match="holds no table"):
        Rows().table(tmp_path / "t.json")
    assert (tmp_path / "t.json").read_text() == content
