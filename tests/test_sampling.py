"""New clips from the shipped checkpoint: seeds, what stays, what lies between, and where directions lead."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled import LabelMethod, dressed_clips, labelled_clips, labelled_judge
from test_cli import seqdisent

from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError, DataError, SeqdisentError
from seqdisent_core.latents import sampling
from seqdisent_core.latents.directions import Latents, find_latents
from seqdisent_core.latents.naming import name_dynamics, swell
from seqdisent_core.latents.sampling import StudioCodes
from seqdisent_core.media.video import read_video, write_video
from seqdisent_core.studio import Studio
from seqdisent_core.weights import sha256_of

CHECKPOINT = asset("checkpoints/facekit52")
FILM, OTHER = (asset("examples") / f"{name}.mp4" for name in ("person_000_happiness", "person_005_surprise"))


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def codes(studio: Studio) -> list[StudioCodes]:
    return [studio.encode(studio.read_face(film).frames) for film in (FILM, OTHER)]


def test_a_seed_gives_the_same_clip_alone_among_others_and_in_another_studio(
    studio: Studio, codes: list[StudioCodes]
) -> None:
    several = studio.sample_dynamics(codes[0].static, count=4, frames=20, seed=5)
    assert [sample.seed for sample in several] == [5, 6, 7, 8]
    alone = Studio.from_pretrained(device="cpu").sample_dynamics(codes[0].static, count=1, frames=20, seed=7)[0]
    np.testing.assert_array_equal(alone.frames, several[2].frames)
    assert np.abs(several[0].frames.astype(int) - several[1].frames).mean() > 1


def test_drawn_movements_keep_the_person_and_show_many_expressions(studio: Studio, codes: list[StudioCodes]) -> None:
    samples = [s for start in (0, 16) for s in studio.sample_dynamics(codes[0].static, count=16, seed=start)]
    readings = [studio.read(sample.frames) for sample in samples]
    assert sum(reading is not None and reading.names["person"] == "person_000" for reading in readings) >= 30
    assert len(Counter(reading.names["expression"] for reading in readings if reading)) >= 4


def test_drawn_people_do_what_the_clip_does_and_differ(studio: Studio, codes: list[StudioCodes]) -> None:
    samples = studio.sample_people(codes[1].dynamics, count=8)
    readings = [studio.read(sample.frames) for sample in samples]
    assert sum(reading is not None and reading.names["expression"] == "surprise" for reading in readings) >= 7
    faces = np.stack([sample.frames[0] for sample in samples]).astype(float)
    assert faces.std(axis=0).mean() > 8


def test_both_can_be_drawn_and_a_temperature_of_0_draws_the_mean(studio: Studio) -> None:
    first, second = studio.sample(count=2, frames=8, temperature=0.0)
    assert first.frames.shape == (8, studio.size, studio.size, 3)
    np.testing.assert_array_equal(first.codes.static, studio.latents.static_mean)
    np.testing.assert_allclose(first.codes.dynamics, second.codes.dynamics, atol=1e-4)
    np.testing.assert_allclose(first.frames.astype(int), second.frames, atol=1)  # where memory lies moves last digits


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"count": 0}, "clips is 0"),
        ({"count": 17}, "1 to 16"),
        ({"frames": 7}, "8 to 60"),
        ({"frames": 61}, "frames is 61"),
        ({"temperature": -0.1}, "0 to 2"),
        ({"temperature": float("nan")}, "temperature"),
        ({"seed": -1}, "seed"),
    ],
)
def test_numbers_outside_their_range_are_refused_with_it(studio: Studio, wrong: dict, word: str) -> None:
    with pytest.raises(SeqdisentError, match=word):
        studio.sample(**wrong)


def test_between_two_clips_the_ends_are_the_clips_and_the_middle_is_no_shorter(codes: list[StudioCodes]) -> None:
    first, second = codes
    way = [drawn.codes.static for drawn in sampling.between(first, second, "static", 9)]
    np.testing.assert_allclose(way[0], first.static, atol=1e-5)
    np.testing.assert_allclose(way[-1], second.static, atol=1e-5)
    lengths = np.linalg.norm(way, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(lengths[0], lengths[-1], 9), rtol=1e-4)
    angles = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairwise(way)]
    np.testing.assert_allclose(angles, angles[0], rtol=1e-4)  # equal steps
    same = sampling.between(first, first, "static", 3)[1].codes.static
    np.testing.assert_allclose(same, first.static, atol=1e-5)


def test_between_two_movements_of_different_length_the_longer_one_counts() -> None:
    first = StudioCodes(np.zeros(4, np.float32), np.zeros((5, 2), np.float32))
    second = StudioCodes(np.ones(4, np.float32), np.ones((9, 2), np.float32))
    way = sampling.between(first, second, "dynamics", 3)
    assert all(drawn.codes.dynamics.shape == (9, 2) for drawn in way)
    np.testing.assert_allclose(way[1].codes.dynamics, 0.5)
    assert all(not drawn.codes.static.any() for drawn in way)
    ramp = np.array([[0.0], [1.0], [2.0]], np.float32)
    np.testing.assert_allclose(sampling.in_frames(ramp, 5)[:, 0], [0, 0.5, 1, 1.5, 2])


def test_a_direction_of_the_dynamics_leads_where_its_name_says(studio: Studio) -> None:
    latents = studio.latents
    direction = next(d for d in latents.directions if d.factor == "dynamics" and "to surprise" in d.name)
    rest = StudioCodes(latents.static_mean, np.tile(latents.neutral, (15, 1)))
    samples = studio.move(rest, direction, steps=5)
    assert [sample.name for sample in samples][::2] == ["-2.5 deviations", "+0.0 deviations", "+2.5 deviations"]
    reading = studio.read(samples[-1].frames)
    assert reading is not None and reading.names["expression"] == "surprise"
    np.testing.assert_array_equal(samples[0].codes.dynamics[0], rest.dynamics[0])
    np.testing.assert_allclose(swell(15)[[0, 7, 14], 0], [0, 1, 0], atol=1e-6)


def test_directions_have_names_of_their_own_and_come_in_order_of_size(studio: Studio) -> None:
    for factor in ("static", "dynamics"):
        mine = [d for d in studio.latents.directions if d.factor == factor]
        assert len(mine) == len({d.name for d in mine}) == 6
        assert np.all(np.diff([np.linalg.norm(d.vector) for d in mine]) < 0)


def test_latents_come_back_and_those_of_another_model_are_refused(tmp_path: Path, studio: Studio) -> None:
    studio.latents.save(tmp_path)
    again = Latents.load(tmp_path, sha256_of(CHECKPOINT))
    np.testing.assert_array_equal(again.people, studio.latents.people)
    assert [d.name for d in again.directions] == [d.name for d in studio.latents.directions]
    with pytest.raises(ConfigError, match=r"another model.*seqdisent latents"):
        Latents.load(tmp_path, "0" * 64)
    (tmp_path / "latents.safetensors").write_bytes(b"no")
    with pytest.raises(ConfigError, match="damaged"):
        Latents.load(tmp_path, sha256_of(CHECKPOINT))


def test_json_that_is_no_latents_is_said_to_be_damaged(tmp_path: Path, studio: Studio) -> None:
    studio.latents.save(tmp_path)
    path = tmp_path / "latents.json"
    good = json.loads(path.read_text())
    wrong = ["{", "[]", "7", "null", '"static"', {name: good[name] for name in ("static", "dynamics")}]
    wrong += [{**good, "static": value} for value in (None, 3, "brows", [1] * 6, good["static"][1:])]
    wrong += [{**good, "checkpoint_sha256": 7}]
    for text in wrong:
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        with pytest.raises(ConfigError, match=r"is damaged\. Make them: seqdisent latents"):
            Latents.load(tmp_path, sha256_of(CHECKPOINT))
    replace(studio.latents, neutral=studio.latents.neutral[1:]).save(tmp_path)
    with pytest.raises(ConfigError, match="damaged"):
        Latents.load(tmp_path, sha256_of(CHECKPOINT))


def test_a_model_without_latents_says_how_they_are_made(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(CHECKPOINT / name, tmp_path)
    bare = Studio.from_pretrained(tmp_path, device="cpu")
    with pytest.raises(ConfigError, match="seqdisent latents"):
        bare.sample(count=1)
    assert bare.read(np.zeros((8, 64, 64, 3), np.uint8)) is None


def test_directions_whose_words_are_all_taken_are_numbered() -> None:
    dynamics, directions = np.zeros((3, 10), np.float32), np.zeros((7, 10), np.float32)  # none of them moves a thing
    names = name_dynamics(LabelMethod(), labelled_judge(), np.eye(4, dtype=np.float32), directions, dynamics)
    assert len(set(names)) == 7 and names[4:] == [f"{names[0]} {number}" for number in (2, 3, 4)]
    assert not any("head" in name for name in names)


def test_latents_are_not_named_by_a_judge_of_another_set() -> None:
    with pytest.raises(DataError, match="knows other labels"):
        find_latents(LabelMethod(), labelled_judge(), dressed_clips(), "a hash")


def test_how_people_differ_is_not_learnt_from_one_person() -> None:
    clips = labelled_clips()
    with pytest.raises(DataError, match="two or more"):
        alone = clips.select(np.flatnonzero(clips.static["person"].values == 0))
        find_latents(LabelMethod(), labelled_judge(), alone, "a hash")


def test_latents_and_rest_are_made_again_whatever_lies_there(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(CHECKPOINT / name, tmp_path)
    (tmp_path / "rest.json").write_text("damaged")
    done = seqdisent("rest", tmp_path, "--data", tmp_path / "nowhere", "--device", "cpu")
    assert done.returncode == 1 and "no clips at" in done.stderr
    done = seqdisent("latents", "nobody", "--data", tmp_path, "--judge", tmp_path, "--device", "cpu")
    assert done.returncode == 1 and "With the package come" in done.stderr


def test_the_command_draws_what_the_studio_draws(tmp_path: Path, studio: Studio, codes: list[StudioCodes]) -> None:
    done = seqdisent(
        "sample", "--person", FILM, "--count", 2, "--seed", 3, "--out", tmp_path, "--json", "--device", "cpu"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    lines = list(told["figures"].values())
    assert [line["seed"] for line in lines] == [3, 4] and lines[0]["judge"]["person"] == "person_000"
    film, fps = read_video(told["written"]["02_seed_4"])
    assert film.shape == (15, 256, 256, 3) and fps == sampling.FPS
    expected = studio.sample_dynamics(codes[0].static, count=1, seed=4)[0].frames
    small = film.reshape(15, 64, 4, 64, 4, 3).mean(axis=(2, 4))
    assert np.abs(small - expected).mean() < 6  # H.264 and the enlargement lie between
    assert (tmp_path / "sheet.png").exists() and len(list(tmp_path.glob("*.gif"))) == 2


def test_a_movement_that_stays_is_written_at_its_own_pace(tmp_path: Path) -> None:
    quick = write_video(tmp_path / "quick.mp4", read_video(FILM)[0], 20)
    options = ("--out", tmp_path, "--json", "--device", "cpu")
    for arguments, pace in ((("sample", "--movement", quick), 20), (("sample", "--person", quick), sampling.FPS)):
        done = seqdisent(*arguments, "--count", 1, *options)
        assert done.returncode == 0, done.stderr
        written = json.loads(done.stdout)["written"]
        assert read_video(written["01_seed_0"])[1] == pace
        assert all(Path(written[name]).exists() for name in ("01_seed_0_gif", "sheet"))


def test_a_person_and_a_movement_of_one_seed_are_drawn_apart(studio: Studio) -> None:
    known = replace(studio.latents, static_mean=np.zeros(4, np.float32), people=np.eye(4, dtype=np.float32))
    for seed in (0, 7):
        drawn = sampling.draw_person(known, 1.0, seed)
        assert np.abs(drawn - torch.randn(4, generator=torch.Generator().manual_seed(seed)).numpy()).max() > 0.1


def test_the_commands_refuse_what_cannot_be_in_one_line(tmp_path: Path) -> None:
    for arguments, words in (
        (("sample", "--person", FILM, "--movement", FILM), "Nothing is left to sample"),
        (("sample", "--count", 99), "1 to 16"),
        (("move", FILM, "up"), "Choose one of: skin"),
    ):
        done = seqdisent(*arguments, "--out", tmp_path)
        assert done.returncode == 1 and words in done.stderr and "Traceback" not in done.stderr
