"""Parsers of our own, given anything: what they read is whole, or they refuse it in a sentence."""

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from media import H264, SMALL, drawn

from seqdisent_core.data.labels import label_columns
from seqdisent_core.domains.series import read_csv_like
from seqdisent_core.errors import ConfigError, DataError, VideoError
from seqdisent_core.media import file_name
from seqdisent_core.media.video import _Source
from seqdisent_core.methods import DBSEConfig
from seqdisent_core.methods.registry import in_parts, read_parts
from seqdisent_core.reporting.cards import with_measured
from seqdisent_core.reporting.report import with_figures

repeatable = settings(max_examples=150, deadline=None, derandomize=True)

NUMBERS = ("0", "1", "2", "3.5", "-4", "1e300", "-1e308", "1e-320", "1_0", "\u0663", "inf", "nan", "", "NA")
TIMES = ("2013-03-01T05:00", "2013-03-02", "0001-01-01", "9999-12-31T23:59+00:00", "2013-W01-1", "1e18", "1e-9")
CELL = st.sampled_from((*NUMBERS, "x", '"', '"a,b"', "\0", "\r")) | st.text(max_size=4)
ROW = st.tuples(st.sampled_from((*NUMBERS, *TIMES)), st.sampled_from("ab "), CELL, CELL)
HEADS = ("time,series,heat,flow", "heat,time,series,flow", "time,series,heat,heat", "time,series,heat,dust", "")
TABLE = st.builds(
    lambda head, rows: "\n".join([head, *map(",".join, rows)]).encode(),
    st.sampled_from(HEADS) | st.just(HEADS[0]),
    st.lists(ROW, max_size=6),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parsed")


@repeatable
@given(TABLE | st.binary(max_size=60), st.sampled_from(("own.csv", "own.csv.gz")), st.integers(0, 40))
def test_any_table_is_series_or_refused_by_its_name(folder: Path, content: bytes, name: str, cut: int) -> None:
    path = folder / name
    packed = gzip.compress(content, mtime=0) if path.suffix == ".gz" else content
    path.write_bytes(packed[: len(packed) - cut] if cut > 20 else packed)
    try:
        names, values = read_csv_like(path, ("heat", "flow"), 6)
    except DataError as error:
        assert name in str(error) and str(error).endswith(".")
    else:
        assert values.shape == (len(names), 6, 2) and len(set(names)) == len(names) > 0
        assert not np.isinf(values).any() and not np.isnan(values).all(axis=(1, 2)).any()


@pytest.fixture(scope="module")
def film(folder: Path) -> _Source:
    return _Source.inspect(drawn(folder / "film.mp4", SMALL, *H264))


STREAM = (
    *(", 640x480", ", 1x1", ", 0x480", ", 99999x2", ", 16384x16384", ", 640x", ", 640x480 [SAR 4:3 DAR 16:9]"),
    *(", 640x480 [SAR 0:1", ", 640x480 [SAR 1:99999999", ", 2x2 [SAR 99999999999:1", ", 25 fps", ", 0 fps", ", . fps"),
    *(
        ", 1.2.3 fps",
        ", 29.97 tbr",
        ", 90k tbn",
        ", 25 tbn",
        ", 1k tbr",
        ", 9999999k tbr",
        ", 0.0001 fps",
        ", yuv420p(pc)",
    ),
    *(", yuva420p", ", smpte2084", "\n    alpha_mode : 1", "\n    Display Matrix: rotation of -90.00 degrees"),
    *("\n    Display Matrix: rotation of -.- degrees", "vp9", "none", "h264 (High)"),
)


@repeatable
@given(st.lists(st.sampled_from(STREAM) | st.text(max_size=6), max_size=8), st.sampled_from(("mov", "gif")))
def test_what_ffmpeg_says_of_a_stream_is_figures_or_refused(film: _Source, said: list[str], container: str) -> None:
    source = replace(film, video="0: Video: " + "".join(said), container=container)
    try:
        info = source.info()
    except VideoError as error:
        assert str(error).startswith("film.mp4 ") and str(error).endswith(".")
    else:
        assert info.width > 0 and info.height > 0 and info.fps > 0 and source.rate() > 0
        assert source.filters((64, 64), source.rate(), 0, 0, ())


@repeatable
@given(st.text(max_size=100))
def test_any_name_is_told_in_a_short_line(name: str) -> None:
    told = file_name(Path(name))
    assert told.isprintable() and 0 < len(told) <= 60


COLUMN = st.sampled_from(("person", "expression", "action", "static:hair", "dynamic:", "file", "split", "static:psnr"))


@repeatable
@given(st.lists(COLUMN | st.text(max_size=5) | st.text(max_size=5).map("static:{}".format), max_size=5))
def test_any_columns_hold_labels_of_both_groups_or_are_refused(columns: list[str]) -> None:
    try:
        found = label_columns(columns, "own.csv")
    except DataError as error:
        assert "own.csv" in str(error)
    else:
        assert found.static and found.dynamic and set(found.all) <= set(columns)


JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from((*DBSEConfig().to_dict(), "name", "self", "kind", "__dataclass_self__")) | st.text(max_size=5)
PART = st.dictionaries(NAMES, JSON, max_size=3)


@repeatable
@given(PART | JSON)
def test_any_settings_come_back_the_same_or_are_refused(values: Any) -> None:
    try:
        made = DBSEConfig.from_dict(values)
    except ConfigError as error:
        assert str(error).endswith(".")
    else:
        assert DBSEConfig.from_dict(made.to_dict()) == made


@repeatable
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "method": st.just("dbse") | st.builds(lambda part: {**part, "name": "dbse"}, PART) | JSON,
            "backbone": st.just({"name": "images"}) | JSON,
            "frame_size": JSON,
        },
    )
)
def test_any_configuration_names_a_method_and_a_backbone_or_is_refused(config: dict[str, Any]) -> None:
    try:
        method, _, backbone, _ = read_parts(in_parts(config))
    except ConfigError as error:
        assert str(error).endswith(".") or "known are: " in str(error)
    else:
        assert (method, backbone) == ("dbse", "images")


def marks(name: str) -> SearchStrategy[str]:
    parts = (f"<!-- {name}: begin -->", f"<!-- {name}: end -->", "words", "\n", "<!-- ")
    return st.lists(st.sampled_from(parts), max_size=7).map("".join)


@repeatable
@given(marks("measured"))
def test_a_card_with_marks_anywhere_keeps_its_own_words(card: str) -> None:
    try:
        made = with_measured(card, [], "")
    except DataError as error:
        assert str(error).endswith(".")
    else:
        own = re.sub("<!-- measured: begin -->.*<!-- measured: end -->", "", card, flags=re.S)
        assert with_measured(made, [], "") == made and made.count("words") == own.count("words")


@repeatable
@given(marks("cluster"))
def test_a_text_with_marks_anywhere_gets_its_figures_or_is_refused(text: str) -> None:
    try:
        made = with_figures(text, ROOT / "results")
    except DataError as error:
        assert str(error).endswith(".")
    else:
        assert with_figures(made, ROOT / "results") == made
