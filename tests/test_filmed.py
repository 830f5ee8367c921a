"""Swaps of people's own films, measured: what is read, written and summed up, and said where the judge fails."""

import json
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from media import photograph, smooth_frames

from seqdisent_core.assets import asset
from seqdisent_core.cli import main
from seqdisent_core.errors import DataError
from seqdisent_core.evaluation.filmed import (
    JudgePython,
    filmed_sheet,
    judge_films,
    read_folder,
    read_made,
    rebuilt_summary,
    summary,
    swap_pairs,
    write_made,
)
from seqdisent_core.evaluation.filmed_judge import Seen, follows, judge
from seqdisent_core.evaluation.filmed_looks import looks, mean, write_still
from seqdisent_core.evaluation.self_reenactment import FACE, SIDE, middle, pixel_figures, reenact_themselves
from seqdisent_core.faces.reading import FaceClip, read_face
from seqdisent_core.media.video import probe_video, read_video, write_video
from seqdisent_core.methods import Method
from seqdisent_core.reenactment.pairs import Subject, subject
from seqdisent_core.weights import sha256_of_files

NAMES = ("person_000_happiness", "person_005_surprise", "person_010_disgust")


read_at = partial(read_face, size=128)  # as the model for films reads them


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films of faces, and one of none."""
    folder = tmp_path_factory.mktemp("films")
    for name in NAMES:
        shutil.copy(asset("examples") / f"{name}.mp4", folder)
    write_video(folder / "waves.mp4", smooth_frames(20, 96, 96), 20.0)
    return folder


@pytest.fixture(scope="module")
def read(folder: Path) -> tuple[list[Subject], dict[str, str]]:
    """Whom the folder shows, and which films were left out."""
    return read_folder(folder, read_at, lambda what: None)


@pytest.fixture(scope="module")
def subjects(read: tuple[list[Subject], dict[str, str]]) -> list[Subject]:
    return read[0]


def test_clips_without_a_face_are_left_out_and_why(
    folder: Path, read: tuple[list[Subject], dict[str, str]], tmp_path: Path
) -> None:
    found, left_out = read
    assert [one.clip.source.stem for one in found] == list(NAMES)
    assert list(left_out) == ["waves.mp4"] and "No face" in left_out["waves.mp4"]
    photograph(tmp_path / "photo.png", read_video(folder / f"{NAMES[0]}.mp4")[0][0]).rename(tmp_path / "photo.mp4")
    for name in NAMES[:2]:
        shutil.copy(folder / f"{name}.mp4", tmp_path)
    found, left_out = read_folder(tmp_path, read_at, lambda what: None)
    assert len(found) == 2 and list(left_out) == ["photo.mp4"] and "no movement" in left_out["photo.mp4"]
    (tmp_path / f"{NAMES[0]}.mp4").unlink()
    with pytest.raises(DataError, match="fewer than two"):
        read_folder(tmp_path, read_at, lambda what: None)


def test_every_ordered_pair_and_every_clip_itself_is_made_at_each_step(subjects: list[Subject], tmp_path: Path) -> None:
    said: list[str] = []
    all_made = swap_pairs(
        Method.from_pretrained("wild"),
        subjects,
        tmp_path,
        steps=[2, 0],
        progress=said.append,
    )
    assert list(all_made) == [2, 0] and len(said) == 6
    for at in all_made.values():
        assert len(at.swaps) == 6 and len(at.rebuilt) == 3 and len(at.seconds) == 3
        assert all(driver.parent == subjects[0].clip.source.parent for _, driver, _ in at.swaps), "all of it was read"
    judge = JudgePython(Path(sys.executable), tmp_path)  # a real Python, without the judge's packages
    with pytest.raises(DataError, match=r"The judge stopped and said: .*--judge-python"):
        judge_films(all_made[0], judge)
    films = tmp_path / "2"
    for folder in (tmp_path / "0", films):
        made = {path.stem for path in folder.glob("*.mp4")}
        assert made == {f"{person}_by_{driver}" for person in NAMES for driver in NAMES}
    tuned, untuned = (read_video(tmp_path / at / f"{NAMES[0]}_by_{NAMES[1]}.mp4")[0] for at in ("2", "0"))
    assert not np.array_equal(tuned, untuned)
    driver = next(one for one in subjects if one.clip.source.stem == NAMES[1])
    film = probe_video(films / f"{NAMES[0]}_by_{NAMES[1]}.mp4")
    assert film.fps == pytest.approx(driver.clip.fps) and film.width == subjects[0].source.picture.shape[1]
    facts = {"seed": 0, "clips_sha256": sha256_of_files(one.clip.source for one in subjects)}
    write_made(all_made, facts, tmp_path)
    assert read_made(tmp_path) == (all_made, facts), "as another machine finds them, to judge them"
    sheet = tmp_path / "sheets" / "all.png"
    filmed_sheet(subjects, films, sheet, columns=4, side=32)
    assert iio.imread(sheet).shape == (9 * 36, 4 * 36, 3)
    for path in (sheet, *films.glob("*.mp4")):
        assert b"compositeWithTrainedAlgorithmicMedia" in path.read_bytes(), "it says that a model made it"


def test_a_driver_of_which_a_part_was_read_is_judged_by_that_part(folder: Path, tmp_path: Path) -> None:
    frames, fps = read_video(folder / f"{NAMES[0]}.mp4", max_fps=30.0)
    write_video(tmp_path / "late.mp4", np.concatenate([np.zeros_like(frames).repeat(3, axis=0), frames]), fps)
    shutil.copy(folder / f"{NAMES[1]}.mp4", tmp_path)
    found, _ = read_folder(tmp_path, read_at, lambda what: None)
    late = found[0].clip
    assert late.start > 2 * len(frames) and len(late.frames) <= len(frames)
    made = swap_pairs(Method.from_pretrained("wild"), found, tmp_path / "made", steps=[0])
    drivers = {driver.stem: driver for _, driver, _ in (*made[0].swaps, *made[0].rebuilt)}
    assert drivers[NAMES[1]].parent == tmp_path and drivers["late"].parent == tmp_path / "made" / "drivers"
    part = read_video(drivers["late"], max_fps=30.0)[0]
    assert len(part) == len(late.frames)
    assert np.abs(part[-1].astype(int) - frames[-1]).mean() < 3


def test_a_driver_that_had_to_be_turned_is_judged_upright(folder: Path, tmp_path: Path) -> None:
    frames, fps = read_video(folder / f"{NAMES[0]}.mp4")
    write_video(tmp_path / "lying.mp4", np.rot90(frames, axes=(1, 2)), fps)
    shutil.copy(folder / f"{NAMES[1]}.mp4", tmp_path)
    found, _ = read_folder(tmp_path, read_at, lambda what: None)
    made = swap_pairs(Method.from_pretrained("wild"), found, tmp_path / "made", steps=[0])
    lying = next(driver for _, driver, _ in made[0].swaps if driver.stem == "lying")
    assert np.abs(read_video(lying)[0].astype(int) - frames).mean() < 3


def test_a_second_half_is_made_of_what_the_first_half_shows(folder: Path, tmp_path: Path) -> None:
    frames, fps = read_video(folder / f"{NAMES[1]}.mp4", max_fps=30.0)
    still = np.concatenate([frames, frames[-1:].repeat(len(frames), axis=0)])  # nothing moves in its second half
    write_video(tmp_path / "still.mp4", still, fps)
    clip = read_at(tmp_path / "still.mp4")
    asked: list[FaceClip] = []

    def last_of_half(half: FaceClip) -> FaceClip:
        asked.append(half)
        return replace(half, anchor=len(half.frames) - 1)

    method = Method.from_pretrained("wild")
    made = reenact_themselves(method, [subject(clip)], last_of_half, tmp_path / "made", steps=[2, 0])
    split = middle(clip)
    assert split == len(still) // 2 and np.array_equal(asked[0].frames, clip.frames[:split])
    figures = {}
    for at, (films,) in made.items():
        real, rate = read_video(films.real, max_fps=30.0)
        assert real.shape == (len(still) - split, SIDE, SIDE, 3) and rate == pytest.approx(clip.fps)
        shown = {name: read_video(path, max_fps=30.0)[0] for name, path in films.made.items()}
        figures[at] = {name: pixel_figures(real, frames) for name, frames in shown.items()}
        rim = (SIDE - FACE) // 2
        cropped = replace(clip, frames=real[:, rim:-rim, rim:-rim], transforms=clip.transforms[split:]).at_size(128)
        assert np.abs(cropped.frames.astype(int) - clip.frames[split:]).mean() < 3, "the square is the clip's"
    assert figures[0]["no_motion"]["psnr"] > 35 and figures[0]["no_motion"]["ssim"] > 0.95
    assert figures[0]["no_motion"] == figures[2]["no_motion"]
    assert 15 < figures[0]["own_pixels"]["psnr"] < 35 and figures[0]["own_pixels"] != figures[2]["own_pixels"]
    assert figures[2]["ours"]["psnr"] > figures[2]["own_pixels"]["psnr"], "the film's own pixels are nearer to it"


def test_a_second_half_moves_as_the_real_one_does_though_the_first_half_stands_still(
    folder: Path, tmp_path: Path
) -> None:
    frames, fps = read_video(folder / f"{NAMES[1]}.mp4", max_fps=30.0)
    write_video(tmp_path / "late.mp4", np.concatenate([frames[:1].repeat(len(frames), axis=0), frames]), fps)
    person = subject(read_at(tmp_path / "late.mp4"))
    method = Method.from_pretrained("wild")
    ((films,),) = reenact_themselves(method, [person], lambda half: half, tmp_path / "made", steps=[0]).values()
    real, _ = read_video(films.real, max_fps=30.0)
    psnr = {name: pixel_figures(real, read_video(path, max_fps=30.0)[0])["psnr"] for name, path in films.made.items()}
    assert psnr["ours"] > psnr["no_motion"] + 1.5 and psnr["own_pixels"] > psnr["no_motion"] + 0.3


def test_where_a_film_is_split_the_face_is_in_view(subjects: list[Subject]) -> None:
    short = subjects[0].clip
    assert middle(short) is None, "too short for two clips"
    clip = replace(short, frames=short.frames[:10].repeat(4, axis=0))
    assert middle(clip) == 20
    assert middle(replace(clip, occluded=(19, 20))) == 22
    assert middle(replace(clip, occluded=tuple(range(8, 30)))) == 31
    assert middle(replace(clip, occluded=tuple(range(6, 30)))) is None, "too little of the first half is in view"


def test_a_still_film_has_neither_flicker_nor_changes(subjects: list[Subject], tmp_path: Path) -> None:
    person = subjects[0]
    still = write_still(person, tmp_path)
    picture = person.source.picture
    frames = picture[None].repeat(6, axis=0)
    write_video(tmp_path / "still.mp4", frames, 20.0)
    found = looks(tmp_path / "still.mp4", still)
    assert found["flicker"] < 0.1 and (found["changed"] or 0) < 0.001
    frames[1::2] = np.clip(picture.astype(int) + 40, 0, 255)
    write_video(tmp_path / "flashing.mp4", frames, 20.0)
    assert looks(tmp_path / "flashing.mp4", still)["flicker"] > 15


def test_two_films_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    for ending in ("mp4", "mov"):
        shutil.copy(folder / f"{NAMES[0]}.mp4", tmp_path / f"ann.{ending}")
    with pytest.raises(DataError, match=r"ann\.mov and ann\.mp4"):
        read_folder(tmp_path, read_at, lambda what: None)


def test_shares_are_over_all_films_and_a_film_without_a_face_is_no_success() -> None:
    def row(person: bool, correlation: float | None, both: bool) -> dict:
        return {"person": person, "expression_corr": correlation, "both": both}

    rows = [row(True, 0.8, True), row(True, 0.5, False), row(False, 0.9, False), row(False, None, False)]
    assert summary(rows) == {
        "films": 4,
        "unreadable": 1,
        "person": 0.5,
        "expression": 0.5,
        "both": 0.25,
        "expression_corr": pytest.approx((0.8 + 0.5 + 0.9) / 4),
    }
    rebuilt = rebuilt_summary(rows)
    assert rebuilt["person"] is None and rebuilt["both"] is None and "same film" in rebuilt["why"]
    assert rebuilt["expression"] == 0.5


class Known:
    """Stands where the networks do: what films show is known, measures over time and an embedding each."""

    def __init__(self, **films: tuple[np.ndarray, list[float]]) -> None:
        self.films = {name: self._seen(measures, np.array(who)) for name, (measures, who) in films.items()}

    def _seen(self, measures: np.ndarray, who: np.ndarray) -> Seen:
        two = measures[:, :2]
        return Seen(measures, two, two[:, None], two, two, who)

    def describe(self, film: Path) -> Seen:
        return self.films[film.stem]


def test_the_judge_gives_known_answers() -> None:
    wave = 0.3 + 0.1 * np.sin(np.linspace(0, 9, 40))[:, None] * np.array([1.0, 0.2, 0.1, 0.0])
    turned, still, hidden = 0.6 - wave, np.full((40, 4), 0.3), wave.copy()
    hidden[:10] = np.nan
    assert follows(wave, wave) == pytest.approx(1) and follows(wave, turned) == pytest.approx(-1)
    assert follows(wave, still) == pytest.approx(0) and follows(still, wave) is None
    assert follows(wave, hidden) == pytest.approx(1) and follows(wave, np.full((40, 4), np.nan)) is None
    films = Known(
        ann=(still, [1, 0]),
        ben=(wave, [0, 1]),
        good=(wave, [0.8, 0.1]),
        ghost=(hidden, [0.8, 0.1]),
        copy=(wave, [0, 1]),
    )
    ann, ben = Path("ann.mp4"), Path("ben.mp4")
    good, ghost, copy = (judge(films, ann, ben, Path(f"{name}.mp4")) for name in ("good", "ghost", "copy"))
    assert good["person"] and good["both"] and good["faces_found"] == 1
    assert ghost["person"] and not ghost["both"] and ghost["faces_found"] == 0.75
    assert not copy["person"] and not copy["both"] and copy["expression_corr"] == pytest.approx(1)


def test_the_command_says_in_a_sentence_what_the_judge_lacks(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate-filmed", folder, "--judge-python", sys.executable, "--models", tmp_path]
    arguments += ["--out", tmp_path / "filmed.json", "--films", tmp_path / "made", "--steps", "0"]
    assert main([str(argument) for argument in arguments]) == 1
    said = capsys.readouterr().err
    assert "The judge stopped" in said and "Traceback" not in said
    assert not (tmp_path / "made").exists(), "it is asked before films are made for it"
    assert not (tmp_path / "filmed.json").exists()


def test_films_made_without_a_judge_wait_for_one(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips, films, out = tmp_path / "clips", tmp_path / "made", tmp_path / "filmed.json"
    clips.mkdir()
    for name in (NAMES[1], "waves"):
        shutil.copy(folder / f"{name}.mp4", clips)
    frames, fps = read_video(folder / f"{NAMES[0]}.mp4", max_fps=30.0)
    write_video(clips / f"{NAMES[0]}.mp4", np.concatenate([frames, frames[::-1]]), fps)  # so long that it has halves
    making = ["evaluate-filmed", str(clips), "--films", str(films)]
    assert main([*making, "--steps", "0", "--note", "a trial"]) == 0
    assert "waves.mp4 was left out" in "".join(capsys.readouterr())
    judging = ["--judge-python", sys.executable, "--models", str(tmp_path), "--out", str(out)]
    for wrong, why in (
        ([*judging[:2]], "all three"),
        (["--made"], "all three"),
        ([*judging, "--made", "--note", "another"], "no videos are generated"),
        ([*judging, "--made"], "The judge stopped"),
    ):
        assert main([*making, *wrong]) == 1
        assert why in capsys.readouterr().err and not out.exists()
    other = tmp_path / "python"  # what another environment's judge would print, whatever it is shown
    row = {"static": "a", "driver": "b", "person": True, "expression_corr": 0.9, "faces_found": 1.0, "both": True}
    row |= {"gaze": 0.5, "lids": None, "eyes": 0.8, "mouth": None, "akd": 7.0, "aed": 0.2, "worst": [[0.2, 9.0]]}
    other.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\n"
        f"for _ in json.loads(pathlib.Path(sys.argv[3]).read_text()):\n    print({json.dumps(row)!r})\n"
    )
    other.chmod(0o755)
    three = (tmp_path / "static.mp4", tmp_path / "driver.mp4", tmp_path / "result.mp4")
    assert len(JudgePython(other, tmp_path).judge([three] * 20_000)) == 20_000, "more than a command line holds"
    assert main([*making, "--judge-python", str(other), *judging[2:], "--made"]) == 0
    result = json.loads(out.read_text(encoding="utf-8"))
    assert result["note"] == "a trial"
    assert result["clips"] == list(NAMES[:2]) and list(result["left_out"]) == ["waves.mp4"]
    assert result["command"].count("evaluate-filmed") == 2 and " && " in result["command"]
    (measured,) = result["measured"]
    assert measured["detail"] and measured["steps"] == measured["seconds"] == 0 and measured["swaps"]["films"] == 2
    assert measured["swaps"]["both"] == 1 and len(measured["reconstruction_rows"]) == 2 and "detail" not in result
    selves, alive, clean = (measured[key] for key in ("self", "alive", "clean"))
    assert [one["film"] for one in selves["rows"]] == [NAMES[0]] and selves["films"] == 1
    for name in ("ours", "own_pixels", "no_motion"):
        assert (selves[name]["akd"], selves[name]["eyes"], selves[name]["mouth"]) == (7.0, 0.8, None)
        assert selves[name]["psnr"] == mean([one[name]["psnr"] for one in selves["rows"]]) > 10
    assert alive["swaps"] == {"gaze": 0.5, "gaze_films": 2, "lids": None, "lids_films": 0}
    assert alive["self"] == {**alive["swaps"], "gaze_films": 1}
    assert clean["eyes"] == pytest.approx(0.8) and clean["mouth"] is None and clean["changed"] < 0.01
    assert iio.imread(films / "0_worst.png").shape[1] == 8 * 192

    made = read_made(films)[0]
    gone = made[0].rebuilt[0][2]
    kept = gone.read_bytes()
    gone.unlink()
    with pytest.raises(DataError, match=f"{gone.name} is not there"):
        read_made(films)
    gone.write_bytes(kept)
    shutil.copy(clips / f"{NAMES[1]}.mp4", clips / f"{NAMES[0]}.mp4")
    with pytest.raises(DataError, match="have changed"):
        read_made(films)
    with pytest.raises(DataError, match="what films it holds"):
        read_made(tmp_path)
    good = json.loads((films / "films.json").read_text())
    lists = {**good["films"]["0"], "swaps": [["a.mp4", "b.mp4"]]}
    for wrong in ([], 7, None, {}, {**good, "films": []}, {**good, "films": {}}, {**good, "films": {"0": lists}}):
        (films / "films.json").write_text(json.dumps(wrong))
        with pytest.raises(DataError, match="what films it holds"):
            read_made(films)
