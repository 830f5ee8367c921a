"""What odd and hostile files come to: the table by its rows, and one file of each kind read again."""

import json
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from media import H264, SMALL, drawn
from odd_films import GROUPS, LEAST_ALIKE, outcome_of

from pages.files import visitors_file
from seqdisent_core.errors import VideoError
from seqdisent_core.faces.reading import FaceClip, read_face
from seqdisent_core.media import file_name, probe_video

ROWS = json.loads((ROOT / "results" / "robustness.json").read_text(encoding="utf-8"))["rows"]
FILMS = {film.name: film for films in GROUPS.values() for film in films}
READ = (  # one of each kind, those that were read wrong once among them
    *("camcorder.dv", "interlaced.mpg", "wrong_note.mp4", "tilted_135.mp4", "4k_face.mp4", "8k_face.mp4"),
    *("tilted_210.mp4", "1_a_second.mp4", "50000_a_second.mp4", "no_rate.avi", "both_ends.ts", "noise_before.mp4"),
    *("billions.png", "nested.mp4", "concat.m3u8", "reference.mov", "drawing.svg", "zip_behind.mp4", "two\nlines.mp4"),
    *("x" * 296 + ".mp4", "far_left.mp4", "smiley.mp4", "two_people.mp4", "somebody_else.mp4", "lying.jpg"),
)


def test_the_table_has_every_file_and_none_comes_to_anything_else_than_it_should() -> None:
    assert [(row["group"], row["file"]) for row in ROWS] == [
        (group, film.name) for group, films in GROUPS.items() for film in films
    ]
    assert [row["file"] for row in ROWS if row["kind"] != FILMS[row["file"]].kind] == []
    assert [row["file"] for row in ROWS if row["alike"] is not None and row["alike"] < LEAST_ALIKE] == []
    assert len(ROWS) == len(FILMS) >= 100


def test_who_is_refused_or_warned_is_told_why_in_a_line_that_names_no_folder() -> None:
    for row in ROWS:
        assert bool(row["said"]) == (row["kind"] != "read"), row
        assert "\n" not in row["said"] and "/tmp" not in row["said"], row
        assert row["kind"] != "refused" or row["said"].endswith("."), row
        name = file_name(Path(row["file"]))
        assert row["kind"] != "refused" or name in row["said"], row


@pytest.mark.parametrize("name", READ)
def test_a_file_of_each_kind_comes_to_what_the_table_says(name: str, tmp_path: Path) -> None:
    def read(path: Path) -> FaceClip:
        return read_face(path, size=64)

    got = outcome_of(FILMS[name], read, tmp_path)
    (row,) = [row for row in ROWS if row["file"] == name]
    assert (got.kind, got.said, got.frames, got.fps) == tuple(row[key] for key in ("kind", "said", "frames", "fps"))
    assert not got.is_wrong


@pytest.fixture(scope="module")
def whole_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn(tmp_path_factory.mktemp("whole") / "film.mp4", SMALL, *H264, "-movflags", "+faststart")


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.dictionaries(st.integers(0, 1499), st.integers(0, 255), min_size=1, max_size=8))
def test_a_header_with_any_bytes_changed_ends_in_figures_or_in_a_sentence(
    whole_film: Path, changes: dict[int, int]
) -> None:
    content = bytearray(whole_film.read_bytes())
    for at, value in changes.items():
        content[at] = value
    path = whole_film.with_name("changed.mp4")
    path.write_bytes(content)
    try:
        info = probe_video(path)
    except VideoError as error:
        assert str(error).startswith("changed.mp4 ") and str(error).endswith(".")
    else:
        assert info.width > 0 and info.height > 0 and info.fps > 0


PARTS = ("..", ".", "", "/", "etc", "passwd", "%2e%2e", "\0", "app.py", "~", "\udcff", "C:\\", "file:", str(ROOT))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=4), min_size=1, max_size=8).map("/".join))
def test_no_path_of_any_letters_leads_to_a_file_that_is_not_a_visitors(path: str) -> None:
    assert visitors_file(path) is None
