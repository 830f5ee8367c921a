"""Labelled clips: layouts, splits, and what is said when a set does not fit."""

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from media import photograph

from seqdisent_core.assets import asset
from seqdisent_core.data import EXPRESSIONS, Clips, Labels, load_clips, split_of_takes
from seqdisent_core.errors import DataError
from seqdisent_core.media.video import read_video


def rendered_set(folder: Path, persons: int = 2, takes: int = 3, frames: int = 5, size: int = 16) -> np.ndarray:
    """A set as the renderer writes it, of random pictures."""
    rng = np.random.default_rng(0)
    clips = rng.integers(0, 256, (persons, 6 * takes, frames, size, size, 3), dtype=np.uint8)
    lines = []
    for person in range(persons):
        np.save(folder / f"person_{person:03d}.npy", clips[person])
        for index in range(6 * takes):
            expression, take = divmod(index, takes)
            split = split_of_takes(takes)[take]
            lines.append(
                [f"person_{person:03d}.npy", index, f"person_{person:03d}", EXPRESSIONS[expression], take, split]
            )
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "index", "person", "expression", "take", "split"], *lines])
    (folder / "set.json").write_text(json.dumps({"name": "facekit52"}))
    return clips


@pytest.mark.parametrize("takes", range(3, 40))
def test_every_split_gets_at_least_one_take_and_train_most(takes: int) -> None:
    splits = split_of_takes(takes)
    assert len(splits) == takes
    assert splits.count("validation") == splits.count("test") >= 1
    assert splits.count("train") >= splits.count("test")


def test_of_twelve_takes_the_last_two_are_test_and_the_two_before_validation() -> None:
    assert split_of_takes(12) == ("train",) * 8 + ("validation",) * 2 + ("test",) * 2


def test_one_or_two_takes_are_all_for_training() -> None:
    assert split_of_takes(2) == ("train", "train")


def test_a_rendered_set_comes_back_as_written(tmp_path: Path) -> None:
    written = rendered_set(tmp_path)
    clips = load_clips(tmp_path, frames=5, size=16)
    assert np.array_equal(clips.frames, written.reshape(-1, 5, 16, 16, 3))
    person, expression = clips.static["person"], clips.dynamic["expression"]
    assert person.names == ("person_000", "person_001") and expression.names == EXPRESSIONS
    assert clips.name == "facekit52"
    assert person.values.tolist() == [0] * 18 + [1] * 18
    assert expression.values.tolist() == [e for _ in range(2) for e in range(6) for _ in range(3)]


def test_every_person_and_expression_is_in_every_split(tmp_path: Path) -> None:
    rendered_set(tmp_path)
    clips = load_clips(tmp_path, frames=5, size=16)
    for split in ("train", "validation", "test"):
        part = clips.part(split)
        assert set(part.split) == {split}
        labels = zip(*(label.values for label in part.labels.values()), strict=True)
        assert set(labels) == {(p, e) for p in range(2) for e in range(6)}


def test_of_a_set_with_wider_pictures_the_middle_is_read(tmp_path: Path) -> None:
    clips = rendered_set(tmp_path)
    plan = json.loads((tmp_path / "set.json").read_text())
    (tmp_path / "set.json").write_text(json.dumps(plan | {"reach": 2.0}))
    read = load_clips(tmp_path, frames=5, size=8)
    assert np.array_equal(read.frames[0], clips[0, 0][:, 4:12, 4:12])
    assert np.array_equal(
        read.part("test").frames[0], clips[0][read.split[: len(clips[0])] == "test"][0][:, 4:12, 4:12]
    )
    for reach in (0.5, 1e9, float("nan"), float("inf"), "2"):
        (tmp_path / "set.json").write_text(json.dumps(plan | {"reach": reach}))
        with pytest.raises(DataError, match=f"a reach of {reach!r}; it is 1 to 8"):
            load_clips(tmp_path)


def test_another_length_keeps_first_and_last_frame_and_another_size_the_mean(tmp_path: Path) -> None:
    written = rendered_set(tmp_path)
    clips = load_clips(tmp_path, frames=3, size=16)
    assert np.array_equal(clips.frames[0], written[0, 0, [0, 2, 4]])
    small = load_clips(tmp_path, frames=5, size=8)
    assert small.frames.shape == (36, 5, 8, 8, 3)
    assert abs(np.mean(small.frames) - written.mean()) < 1


def test_the_hash_depends_on_pictures_and_labels(tmp_path: Path) -> None:
    rendered_set(tmp_path)
    clips = load_clips(tmp_path, frames=5, size=16)
    same = load_clips(tmp_path, frames=5, size=16)
    assert clips.sha256() == same.sha256()
    frames = np.array(clips.frames)
    assert replace(clips, frames=frames).sha256() == clips.sha256(), "wherever the frames are"
    frames[3, 2, 1, 0, 0] ^= 1
    assert clips.sha256() != replace(clips, frames=frames).sha256()
    turned = {"person": clips.static["person"].select(np.arange(36)[::-1])}
    relabelled = Clips(clips.frames, turned, clips.dynamic, clips.split, clips.name)
    assert clips.sha256() != relabelled.sha256()


def dressed_set(folder: Path, plan: dict, columns: str = "person,expression") -> None:
    """The set of `rendered_set` with the columns hat and coat, its plan, and other names for its two columns."""
    rendered_set(folder)
    head, *lines = (folder / "labels.csv").read_text().split()
    dressed = [f"{line},hat {number % 3},coat {number % 2}" for number, line in enumerate(lines)]
    (folder / "labels.csv").write_text("\n".join([f"{head},hat,coat".replace("person,expression", columns), *dressed]))
    (folder / "set.json").write_text(json.dumps({"name": "sprites", **plan}))


def test_hashes_of_sets_are_those_that_result_files_and_checkpoints_name(tmp_path: Path) -> None:
    """Each computed before labels came in groups."""
    rendered_set(tmp_path)
    clips = load_clips(tmp_path)
    assert clips.sha256() == "1ae22acce55fea872a294d450a5b6c1247b884ae8fef28812c53539e1f03912f"
    assert clips.part("test").sha256() == "bb8a6cb309e2f300d576fefe875be7f9fe3333ca5d067f28585e412eb27f2c19"
    old = ({"attributes": ["hat", "coat"]}, "person,expression")
    new = ({"static": ["hat", "coat"], "dynamic": ["action"], "identity": "character"}, "character,action")
    for plan, columns in (old, new):
        dressed_set(tmp_path, plan, columns)
        clips = load_clips(tmp_path)
        assert (tuple(clips.static), tuple(clips.dynamic)) == (("hat", "coat"), ("action",))
        assert clips.identities.names == ("person_000", "person_001")
        assert clips.sha256() == "73d5d216a32be3e353135ec7dbc24201a66c42a0aa9eac8a434ff8645cf05f1e"
        assert clips.part("test").sha256() == "79e0f187e516c15b47dd71c847959609f5230ce89935e7c028b8f6a4aaed4b8b"


def test_every_label_is_in_the_hash(tmp_path: Path) -> None:
    dressed_set(tmp_path, {"static": ["hat", "person"], "dynamic": ["coat", "expression"]})
    clips = load_clips(tmp_path)
    assert clips.identities.names[0] == "hat 0, person_000" and len(clips.identities.names) == 6
    hashes = {clips.sha256()}
    for group in ("static", "dynamic"):
        for name, label in getattr(clips, group).items():
            other = Labels((label.values + 1) % len(label.names), label.names)
            hashes.add(replace(clips, **{group: {**getattr(clips, group), name: other}}).sha256())
    assert len(hashes) == 5


def test_a_csv_names_any_number_of_labels_and_splits_by_all_of_them(tmp_path: Path) -> None:
    film = asset("examples") / "person_000_happiness.mp4"
    head = "file,person,static:hair,dynamic:action,dynamic:the mood,note"
    rows = [f"{film},anna,{hair},Wave,calm,{number}" for hair in ("red", "grey") for number in range(3)]
    (tmp_path / "list.csv").write_text("\n".join([head, *rows]))
    clips = load_clips(tmp_path / "list.csv", frames=2)
    assert [*clips.static] == ["person", "hair"] and [*clips.dynamic] == ["action", "the mood"]
    assert clips.static["hair"].names == ("grey", "red") and clips.dynamic["action"].names == ("wave",)
    assert clips.split.tolist() == ["train", "validation", "test"] * 2


def test_a_photograph_is_no_clip_to_learn_from(tmp_path: Path) -> None:
    photograph(tmp_path / "anna.jpg", read_video(asset("examples") / "person_000_happiness.mp4")[0][0])
    (tmp_path / "list.csv").write_text("file,person,expression\nanna.jpg,anna,anger\n")
    with pytest.raises(DataError, match=r"anna\.jpg cannot be used: .* is a photograph, which has no movement to give"):
        load_clips(tmp_path / "list.csv")


def test_columns_are_known_in_capitals_and_between_spaces_and_all_plain_ones_are_labels(tmp_path: Path) -> None:
    film = asset("examples") / "person_000_happiness.mp4"
    head = " File,Person , EXPRESSION,action,Static: Hair,Split"
    (tmp_path / "list.csv").write_text(f"{head}\n{film},anna,Anger,Wave,red,test\n{film},anna,fear,sit,red,train\n")
    clips = load_clips(tmp_path / "list.csv", frames=2, size=16)
    assert [*clips.static] == ["person", "Hair"] and [*clips.dynamic] == ["expression", "action"]
    assert clips.dynamic["expression"].names == EXPRESSIONS and clips.dynamic["action"].names == ("sit", "wave")
    assert clips.split.tolist() == ["test", "train"]


def test_plans_that_name_no_labels_in_lists_are_refused(tmp_path: Path) -> None:
    for plan in ({"static": "hat"}, {"dynamic": [1]}, {"identity": 3}):
        dressed_set(tmp_path, plan)
        with pytest.raises(DataError, match="does not name its labels in lists"):
            load_clips(tmp_path)


def test_clips_without_a_group_or_with_one_name_in_both_are_refused() -> None:
    label = Labels(np.zeros(2, int), ("one",))
    for static, dynamic, sentence in (
        ({}, {"mood": label}, "no static label"),
        ({"hat": label}, {}, "no dynamic label"),
        ({"hat": label}, {"hat": label}, "a static and a dynamic label of the name 'hat'"),
    ):
        with pytest.raises(DataError, match=sentence):
            Clips(np.zeros((2, 1, 8, 8, 3), np.uint8), static, dynamic, np.full(2, "train"), "two")


def test_an_unfinished_set_says_so(tmp_path: Path) -> None:
    rendered_set(tmp_path)
    (tmp_path / "person_001.npy").unlink()
    with pytest.raises(DataError, match=r"person_001\.npy is missing"):
        load_clips(tmp_path)
    (tmp_path / "labels.csv").write_text("file,index,person,expression,split\n")
    with pytest.raises(DataError, match="not finished"):
        load_clips(tmp_path)
    (tmp_path / "labels.csv").unlink()
    with pytest.raises(DataError, match="not finished"):
        load_clips(tmp_path)


def test_what_a_set_says_wrongly_of_itself_is_said(tmp_path: Path) -> None:
    rendered_set(tmp_path)
    labels = (tmp_path / "labels.csv").read_text()
    for index in ("18", "-1", "one"):
        (tmp_path / "labels.csv").write_text(labels.replace("person_001.npy,17,", f"person_001.npy,{index},"))
        with pytest.raises(DataError, match=rf"names clip {index} of person_001\.npy, not there"):
            load_clips(tmp_path)
    for there, instead, sentence in (
        ("person_001.npy,17,", "person_001.npy,016,", r"names clip 016 of person_001\.npy twice"),
        ("person_001.npy,16,", "person_001.npy,17,", r"names clip 17 of person_001\.npy twice"),
        ("surprise,2,test", "surprise,2,exam", "has the split 'exam'"),
        (
            "person_001.npy,17,",
            "../other/person_001.npy,17,",
            r"\.\./other/person_001\.npy, which is in another folder",
        ),
        ("person_001.npy,17,", r"..\person_001.npy,17,", "in another folder"),
    ):
        assert there in labels
        (tmp_path / "labels.csv").write_text(labels.replace(there, instead))
        with pytest.raises(DataError, match=sentence):
            load_clips(tmp_path)
    (tmp_path / "labels.csv").write_text(labels)
    for plan, sentence in (
        ('{"name": ', r"cannot be read\. Pack or render it again into an empty folder"),
        ("[]", "cannot be read"),
        ('{"clips": 35}', "says 35 clips, and its labels.csv names 36"),
        ('{"attributes": ["hat"]}', "hat"),
    ):
        (tmp_path / "set.json").write_text(plan)
        with pytest.raises(DataError, match=sentence):
            load_clips(tmp_path)


def test_a_missing_place_and_an_empty_folder_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no clips at"):
        load_clips(tmp_path / "nowhere")
    with pytest.raises(DataError, match="person/expression/"):
        load_clips(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,person\na.mp4,anna\n", "no dynamic label; a set has one or more of each group"),
        ("file,person,expression\n", "names no clips"),
        ("file,person,expression\na.mp4,,anger\n", "Line 2 .* has no person"),
        ("file,person,expression,split\na.mp4,anna,anger,exam\n", "'exam'"),
        ("file,person,expression,split\na.mp4,anna,anger,test\nb.mp4,anna,anger,\n", "Only some"),
        ("file,person,expression\na.mp4,anna,anger\n", "a.mp4 is named in list but not there"),
        ("file,take,action\na.mp4,anna,run\n", "no static label"),
        ("file,person,static:person,action\na.mp4,anna,anna,run\n", "names the label 'person' twice"),
        ("file,static:mood,dynamic:mood\na.mp4,sad,sad\n", "a static and a dynamic label of the name 'mood'"),
        ("file,person,dynamic:psnr\na.mp4,anna,run\n", "'psnr', which is reserved"),
        ("file,person,dynamic:a.b\na.mp4,anna,run\n", r"'a\.b'\. A name has letters a to z, digits"),
        ("file;person;expression\na.mp4;anna;anger\n", "must be separated by commas"),
        ("file\tperson\texpression\na.mp4\tanna\tanger\n", "must be separated by commas"),
        ("name,who,expression\na.mp4,anna,anger\n", r"no static label.* Its columns are: name, who, expression\.$"),
        ("name,person,expression\na.mp4,anna,anger\n", "lacks the column file.*: name, person, expression"),
        ("file,File,person,expression\na.mp4,b.mp4,anna,anger\n", "has two columns file"),
        ('file,person,expression\na.mp4,"anna,anger\n', "cannot be read as CSV at line 2.*quotation mark"),
        ('"file,person\n', "cannot be read as CSV at line 1"),
        ("file,person,expression\n\na.mp4,anna\n", "Line 3 .* has no expression"),
        ("", "no static label"),
    ],
)
def test_a_wrong_csv_gets_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=sentence):
        load_clips(path)


def test_a_csv_of_another_encoding_says_how_to_save_it(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("file,person,expression\na.mp4,Zoë,anger\n".encode("cp1252"))
    with pytest.raises(DataError, match="CSV UTF-8"):
        load_clips(tmp_path / "list.csv")


def test_names_that_are_not_in_utf8_are_said_and_what_macos_notes_beside_a_film_is_none(tmp_path: Path) -> None:
    place = tmp_path / "anna" / "anger"
    place.mkdir(parents=True)
    shutil.copy(asset("examples") / "person_000_happiness.mp4", place / "1.mp4")
    (place / "._1.mp4").write_bytes(b"of the Finder")
    assert len(load_clips(tmp_path, frames=2, size=16)) == 1
    try:
        (place / os.fsdecode(b"caf\xe9.mp4")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    with pytest.raises(DataError, match=r"caf�\.mp4 in .* is not in UTF-8\. Rename it"):
        load_clips(tmp_path, frames=2, size=16)


def test_a_video_without_a_face_is_named(tmp_path: Path) -> None:
    from seqdisent_core.media.video import write_video

    place = tmp_path / "anna" / "anger"
    place.mkdir(parents=True)
    write_video(place / "grey.mp4", np.full((12, 96, 96, 3), 128, np.uint8), 12)
    with pytest.raises(DataError, match=r"grey\.mp4 cannot be used"):
        load_clips(tmp_path)


def test_a_split_without_clips_says_how_to_get_some(tmp_path: Path) -> None:
    rendered_set(tmp_path)
    train = load_clips(tmp_path, frames=5, size=16).part("train")
    with pytest.raises(DataError, match="no test clips"):
        train.part("test")


def test_importing_clips_brings_neither_torch_nor_vtk() -> None:
    code = "import sys, seqdisent_core.data.clips; print([m for m in sys.modules if m.startswith(('torch', 'vtk'))])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
