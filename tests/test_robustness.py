"""What odd and hostile files come to: the table by its rows, and one file of each kind read again."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from media import H264, SMALL, drawn
from odd_films import GROUPS, LEAST_ALIKE, outcome_of

from pages.files import visitors_file
from seqdisent_core.errors import VideoError
from seqdisent_core.faces.reading import FaceClip, read_face
from seqdisent_core.media import file_name, probe_video

ROWS = json.loads((ROOT / "results" / "robustness.json").read_text(encoding="utf-8"))["rows"]
FILMS = {film.name: film for films in GROUPS.values() for film in films}
READ = (  # one of each kind, those that were read wrong once among them
    *("camcorder.dv", "interlaced.mpg", "wrong_note.mp4", "tilted_135.mp4"),
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


def test_a_header_with_any_byte_changed_ends_in_figures_or_in_a_sentence(tmp_path: Path) -> None:
    whole = drawn(tmp_path / "film.mp4", SMALL, *H264, "-movflags", "+faststart").read_bytes()
    random = np.random.default_rng(0)
    for _ in range(25):
        changed = np.frombuffer(whole, np.uint8).copy()
        changed[random.integers(0, 1500, 8)] = random.integers(0, 256, 8)
        path = tmp_path / "changed.mp4"
        path.write_bytes(changed.tobytes())
        try:
            info = probe_video(path)
        except VideoError as error:
            assert str(error).startswith("changed.mp4 ") and str(error).endswith(".")
        else:
            assert info.width > 0 and info.height > 0 and info.fps > 0


@pytest.mark.parametrize("seed", range(3))
def test_no_path_of_any_letters_leads_to_a_file_that_is_not_a_visitors(seed: int) -> None:
    random = np.random.default_rng(seed)
    parts = ["..", ".", "", "/", "etc", "passwd", "%2e%2e", "\0", "app.py", "~", "\udcff", "C:\\", "file:", str(ROOT)]
    for _ in range(300):
        path = "/".join(random.choice(parts, random.integers(1, 9)))
        assert visitors_file(path) is None, path
