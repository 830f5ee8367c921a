"""A person's own face in movements that are sampled from the prior."""

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from media import photograph
from streamlit.testing.v1 import AppTest

from seqdisent_core.assets import asset
from seqdisent_core.cli import main
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.latents import FPS, new_movement
from seqdisent_core.latents.sampling import draw_dynamics, draw_movement
from seqdisent_core.lecture import LIVE_SIDE, Live, learn, take_apart
from seqdisent_core.media import read_video
from seqdisent_core.reenactment import OwnFace, own_faces, subject
from seqdisent_core.studio import Studio

FILM = asset("examples") / "person_010_disgust.mp4"


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio.from_pretrained("wild", device="cpu")


@pytest.fixture(scope="module")
def face(studio: Studio) -> OwnFace:
    return next(studio.learn_face(studio.read_face(FILM), seconds=0))


def film(face: OwnFace, **asked: float) -> np.ndarray:
    return np.stack(list(new_movement(face, frames=20, **asked))).astype(int)  # type: ignore[arg-type]


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Grey levels, the mean over pixels and colours."""
    return float(np.abs(one.astype(int) - other).mean())


def test_a_movement_begins_and_ends_at_the_anchor_frame_and_leaves_it_in_between(face: OwnFace) -> None:
    made, filmed = film(face, seed=1), face.subject.source.picture
    assert made.shape == (20, *filmed.shape)
    assert max(apart(made[0], filmed), apart(made[-1], filmed)) < 0.5
    assert min(apart(frame, filmed) for frame in made[6:14]) > 1


def test_a_seed_gives_the_same_movement_and_another_seed_another(face: OwnFace) -> None:
    first, again, other = film(face, seed=1), film(face, seed=1), film(face, seed=2)
    assert np.array_equal(first, again)
    assert apart(first, other) > 0.5


def test_a_movement_is_smooth_where_the_prior_alone_trembles(studio: Studio) -> None:
    def steps(path: np.ndarray) -> float:
        return float(np.linalg.norm(np.diff(path, axis=0), axis=1).mean())

    for seed in (1, 2, 3):
        prior = draw_dynamics(studio.method, 30, 1.0, seed)
        assert steps(draw_movement(studio.method, 30, 1.0, seed)) < 0.4 * steps(prior)


def test_less_variety_is_less_movement(face: OwnFace) -> None:
    filmed = face.subject.source.picture
    calm, wild = (np.mean([apart(film(face, seed=seed, temperature=t), filmed) for seed in (1, 2)]) for t in (0, 1))
    assert calm < 0.8 * wild


def test_a_photograph_is_learnt_and_moved(studio: Studio, tmp_path: Path) -> None:
    clip = studio.read_face(photograph(tmp_path / "one.png", read_video(FILM)[0][0]))
    *_, face = own_faces(studio.method, subject(clip), steps=1, every=60, head=studio.head)
    assert face.tuned.steps == 1
    made = film(face, seed=1)
    assert apart(made[10], made[0]) > 1


@pytest.fixture(scope="module")
def live(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """As in the lecture: the film itself is deleted as soon as it was read."""
    film = Path(shutil.copy(FILM, tmp_path_factory.mktemp("live")))
    live = take_apart(studio, film, asset("examples") / "person_044_surprise.mp4")
    film.unlink()
    return live


def test_the_audiences_face_is_taken_apart_moved_and_learnt_when_its_film_is_gone(studio: Studio, live: Live) -> None:
    said: list[str] = []
    learnt = learn(live, studio, said.append, steps=4)
    assert learnt.face.tuned.steps == 4 and "step 4 of 75" in said[-2]
    assert live.given is learnt.given and live.given.shape == live.rebuilt.shape == learnt.rebuilt.shape
    for one in (live, learnt):
        for made, least in ((one.moved, 2), (one.sampled, 1)):
            assert made.shape[1:] == (LIVE_SIDE, LIVE_SIDE, 3)
            assert max(apart(frame, made[0]) for frame in made) > least
    assert apart(learnt.rebuilt, live.given) < apart(live.rebuilt, live.given)


def test_a_clip_stays_in_the_lecture_beside_why_its_face_could_not_be_learnt(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step() -> None:
        from pages.lecture.live import show_made

        show_made()

    monkeypatch.setattr("pages.lecture.live._MOST_SECONDS", 0)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a script that runs takes its place
    script = AppTest.from_function(step, default_timeout=120)
    wrong = replace(live, change=live.change[:, 1:], seconds=10.0)  # fails once the face is learnt
    script.session_state["live"], script.session_state["live learn"] = wrong, True
    script.run()
    assert [one.value for one in script.error] == ["A change is (frames, 64); this one is (15, 63)."]
    assert script.session_state["live"] is wrong and [one.label for one in script.button] == ["Learn this face"]
    durations = re.findall(r"--seconds:([\d.]+)s", "".join(one.proto.body for one in script.get("html")))
    assert durations == ["10.000"] * 3 + [f"{len(live.sampled) / FPS:.3f}"]


def test_what_cannot_be_made_is_said(face: OwnFace) -> None:
    for wrong, word in (
        ({"frames": 7}, "frames is 7"),
        ({"temperature": 3.0}, "temperature is 3"),
        ({"seed": -1}, "seed"),
    ):
        with pytest.raises(SeqdisentError, match=word):
            new_movement(face, **wrong)  # type: ignore[arg-type]
    with pytest.raises(SeqdisentError, match=r"\(frames, 64\); this one is \(9, 63\)"):
        face.frames(np.zeros((9, 63), np.float32))


def test_the_command_writes_films_of_the_face_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--count", "1", "--frames", "8", "--seed", "7", "--device", "cpu", "--json"]
    main(["sample", "--face", str(FILM), "--seconds", "0", "--out", str(tmp_path), *asked])
    told = json.loads(capsys.readouterr().out)
    assert set(told["written"]) == {"01_seed_7", "01_seed_7_gif", "sheet"}
    frames, fps = read_video(told["written"]["01_seed_7"])
    assert (len(frames), fps) == (8, 15.0)
    for wrong, word in (
        (["--face", str(FILM), "--movement", str(FILM)], "seqdisent swap"),
        (["--seconds", "3"], "--face"),
        (["--face", str(FILM), "--count", "17"], "clips is 17"),
    ):
        assert main(["sample", *wrong, "--out", str(tmp_path)]) == 1
        assert word in capsys.readouterr().err
