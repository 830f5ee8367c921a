"""Packing people's films into a set: read once, taken up again, and what cannot be used is named."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from seqdisent_core import cli
from seqdisent_core.assets import asset
from seqdisent_core.data import load_clips, pack_films
from seqdisent_core.errors import DataError
from seqdisent_core.media import write_video

PEOPLE = {"anna": "person_000_happiness.mp4", "ben": "person_005_surprise.mp4"}


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Three films of each of two persons, as a user has them."""
    for person, film in PEOPLE.items():
        place = tmp_path / "films" / person / "joy"
        place.mkdir(parents=True)
        for take in range(3):
            shutil.copy(asset("examples") / film, place / f"{take}.mp4")
    return tmp_path / "films"


@pytest.fixture
def blank(films: Path) -> Path:
    """Another film among them, which shows no face."""
    return write_video(films / "ben" / "joy" / "9.mp4", np.full((12, 96, 96, 3), 128, np.uint8), 12)


def table(out: Path) -> list[dict[str, str]]:
    with (out / "labels.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_packed_set_is_what_its_films_are(films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqdisent_core.data.packing.SHARD_BYTES", 4 * 5 * 32 * 32 * 3)
    told: list[tuple[int, int]] = []
    packed = pack_films(films, tmp_path / "set", frames=5, size=32, progress=lambda *now: told.append(now))
    assert (packed.clips, packed.left_out, told[-1]) == (6, (), (6, 6))
    unpacked, again = load_clips(films, frames=5, size=32), load_clips(packed.out, size=32)
    assert again.sha256() == unpacked.sha256() and again.name == "films"
    assert sorted(path.name for path in packed.out.iterdir()) == [
        "clips_0000.npy",
        "clips_0001.npy",
        "labels.csv",
        "set.json",
    ]


def test_what_was_stopped_goes_on_with_the_films_that_are_left(films: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        pack_films(films, out, frames=5, size=32, progress=stop)
    with pytest.raises(DataError, match=r"not finished\. Run the packing again"):
        load_clips(out, size=32)
    kept = {path: path.stat().st_mtime_ns for path in (out / "read").iterdir()}
    assert len(kept) >= 3

    def stop_later(done: int, total: int) -> None:
        assert all(path.stat().st_mtime_ns == time for path, time in kept.items()), "none is read again"

    assert pack_films(films, out, frames=5, size=32, progress=stop_later).clips == 6
    assert load_clips(out, size=32).sha256() == load_clips(films, frames=5, size=32).sha256()


def test_a_finished_set_is_not_packed_again(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    pack_films(films, out, frames=5, size=32)
    made = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert pack_films(films, out, frames=5, size=32).clips == 6
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == made


@pytest.mark.parametrize("damage", ["cut off", "deleted", "labels", "number"])
def test_a_damaged_set_is_mended_by_packing_again(
    damage: str, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqdisent_core.data.packing.SHARD_BYTES", 2 * 5 * 32 * 32 * 3)
    out = tmp_path / "set"
    pack_films(films, out, frames=5, size=32)
    whole, shard, labels = load_clips(out, size=32).sha256(), out / "clips_0001.npy", (out / "labels.csv").read_text()
    if damage == "cut off":
        shard.write_bytes(shard.read_bytes()[:-1])
    elif damage == "deleted":
        shard.unlink()
    elif damage == "labels":
        (out / "labels.csv").write_text(labels.replace("0001.npy,1", "0001.npy,0"))
    else:
        plan = json.loads((out / "set.json").read_text())
        (out / "set.json").write_text(json.dumps(plan | {"clips": 7}))
    if damage != "labels":  # that says which clip is of which film: without it, all are read again
        for film in ("anna/joy/0.mp4", "anna/joy/1.mp4", "ben/joy/1.mp4", "ben/joy/2.mp4"):
            size = (films / film).stat().st_size
            (films / film).write_bytes(bytes(size))  # of whole files of clips none is read again
    with pytest.raises(DataError, match="Run the packing again"):
        load_clips(out)

    def mapped(done: int, total: int) -> None:  # Windows would not let a mapped file be written anew
        maps = Path("/proc/self/maps")
        assert not maps.exists() or str(out) not in maps.read_text()

    assert pack_films(films, out, frames=5, size=32, progress=mapped).clips == 6
    assert load_clips(out, size=32).sha256() == whole and (out / "labels.csv").read_text() == labels
    assert not (out / "read").exists()


@pytest.mark.parametrize("size", [15, 513, 20000])
def test_a_size_that_no_set_has_is_refused(
    size: int, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["pack", str(films), str(tmp_path / "set"), "--size", str(size)]) == 1
    assert f"16 to 512 px a side, not at {size}." in capsys.readouterr().err and not (tmp_path / "set").exists()


def test_a_packed_set_is_exported_as_large_as_it_is(films: Path, tmp_path: Path) -> None:
    pack_films(films, tmp_path / "set", frames=2, size=96)
    given = ["export", str(tmp_path / "set"), str(tmp_path / "hub"), "--licence", "mit"]
    assert cli.main(given) == 0
    assert "2 frames of 96 x 96 px" in (tmp_path / "hub" / "README.md").read_text(encoding="utf-8")


def test_films_that_cannot_be_used_are_named_and_left_out_where_that_is_asked(
    films: Path, blank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, given = tmp_path / "set", ["--frames", "5", "--size", "32"]
    assert cli.main(["pack", str(films), str(out), *given]) == 1
    said = capsys.readouterr().err
    assert "1 of the 7 videos of films cannot be used" in said
    assert f"\n{Path('ben/joy/9.mp4')} cannot be used: No face was found" in said
    assert cli.main(["pack", str(films), str(out), *given, "--leave-out", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["figures"] == {"clips": 6, "left_out": 1} and "9.mp4 cannot be used" in told["notes"][0]
    assert {row["split"] for row in table(out) if row["person"] == "ben"} == {"train", "validation", "test"}
    assert pack_films(films, out, frames=5, size=32).left_out == tuple(told["notes"]), "finished, it says it again"


def test_bad_films_may_be_taken_out_and_the_rest_is_not_read_again(films: Path, blank: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="what has been read is kept"):
        pack_films(films, tmp_path / "set", frames=5, size=32)
    kept = {path.stat().st_ino for path in (tmp_path / "set" / "read").iterdir()}
    blank.unlink()
    seen: set[int] = set()
    pack_films(
        films,
        tmp_path / "set",
        frames=5,
        size=32,
        progress=lambda *_: seen.update(path.stat().st_ino for path in (tmp_path / "set" / "read").iterdir()),
    )
    assert len(kept) == 6 and seen == kept


def test_a_source_without_a_single_usable_film_makes_no_set(tmp_path: Path) -> None:
    place = tmp_path / "films" / "ann" / "joy"
    place.mkdir(parents=True)
    write_video(place / "1.mp4", np.full((12, 96, 96, 3), 128, np.uint8), 12)
    with pytest.raises(DataError, match="1 of the 1 videos"):
        pack_films(tmp_path / "films", tmp_path / "set", leave_out=True)


def test_a_folder_that_holds_something_else_is_refused(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    pack_films(films, out, frames=5, size=32)
    others: tuple[tuple[Path, int, int], ...] = ((films, 6, 32), (films, 5, 16))
    for source, frames, size in others:
        with pytest.raises(DataError, match="holds something else"):
            pack_films(source, out, frames=frames, size=size)
    (films / "ben" / "joy" / "2.mp4").unlink()
    with pytest.raises(DataError, match="holds something else than 5 frames of 32 px of these videos"):
        pack_films(films, out, frames=5, size=32)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="notes holds something else"):
        pack_films(films, tmp_path / "notes", frames=5, size=32)
    with pytest.raises(DataError, match="is a set already"):
        pack_films(out, tmp_path / "other")
