"""The page "Sample" in a real browser, its endpoints, and what goes along between it and the page "Swap"."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from conftest import FIRST, SECOND, Served, Visit, Visitor, is_shown, tab_to
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from media import photograph
from test_app import in_both_themes, lasting, out_of_sight

from pages.sample import own
from pages.sample import page as sample
from pages.sample.draw import Wanted, make
from pages.sample.result import as_face, show_of, stem
from pages.session import SESSIONS, Sessions, token_of
from seqdisent_core.assets import asset
from seqdisent_core.errors import FaceError
from seqdisent_core.faces.reading import FaceClip
from seqdisent_core.films import write_made
from seqdisent_core.media.video import read_video
from seqdisent_core.studio import VIEW_SIZE, Studio

if TYPE_CHECKING:
    from playwright.sync_api import Page

_WAIT = 60_000  # milliseconds; how long a busy machine may take, not how long it should
_FILMS = "#samples video"
_ONE_LINE = "[...document.querySelectorAll('.sd-mode-lines p')].filter((line) => line.checkVisibility()).length === 1"


def example(name: str) -> Path:
    return asset("examples") / name


def choose_drawn(page: "Page") -> None:
    """The modes of the 52 rendered people, in place of the visitor's own face."""
    page.locator("#sample-whose input[value=drawn]").check()


def choose_mode(page: "Page", mode: str) -> None:
    choose_drawn(page)
    page.locator(f"#sample-mode input[value={mode}]").check()


def set_count(page: "Page", count: int) -> None:
    page.locator("#sample-count input[type=number]").fill(str(count))
    page.keyboard.press("Tab")


def make_clips(page: "Page", count: int) -> None:
    is_shown(page, "#make:not([disabled])")
    page.locator("#make").click()
    clips_are_shown(page, count)


def clips_are_shown(page: "Page", count: int) -> None:
    is_shown(page, _FILMS, count - 1)
    page.wait_for_function(f"[...document.querySelectorAll('{_FILMS}')].every((video) => video.readyState >= 3)")
    is_shown(page, "#make:not([disabled])")
    assert page.locator(_FILMS).count() == count


def is_above(page: "Page", one: str, other: str) -> bool:
    """Whether an element comes before another on the page."""
    place = "([one, other]) => document.querySelector(one).compareDocumentPosition(document.querySelector(other))"
    return bool(page.evaluate(place, [one, other]) & 4)


def with_second_clip() -> int:
    """How many visitors have a second clip in Swap."""
    return sum("second" in SESSIONS.clips(token) for token in [*SESSIONS._kept])


def test_a_person_of_swap_moves_anew_and_one_sample_goes_back_to_be_swapped(
    visit: Visit, visitor: Visitor, tmp_path: Path
) -> None:
    page = visit(moving=True)
    page.locator("#first-clip .sd-thumb").first.click()
    is_shown(page, "#first-face .sd-face")
    page.get_by_role("link", name="Sample", exact=True).click()
    choose_drawn(page)
    page.locator("#sample-clip .sd-kept button").click(timeout=_WAIT)
    is_shown(page, "#sample-clip-face .sd-face")
    page.locator("#sample-clip .sd-name", has_text="Example: happiness").wait_for()
    set_count(page, 4)
    make_clips(page, 4)
    stage = page.locator("#samples")
    assert stage.locator(".sd-said").all_inner_texts() == ["Seed 0", "Seed 1", "Seed 2", "Seed 3"]
    seen = [text.partition(",")[0] for text in stage.locator(".sd-read.sd-who").all_inner_texts()]
    assert seen.count("Person 000") >= 3, seen
    stage.get_by_role("button", name="Pause").click()
    page.wait_for_function(f"[...document.querySelectorAll('{_FILMS}')].every((v) => v.paused && !v.seeking)")
    times = page.eval_on_selector_all(_FILMS, "(videos) => videos.map((video) => video.currentTime)")
    assert np.ptp(times) < 1e-3
    page.emulate_media(reduced_motion="reduce")  # films that loop take a core of their own

    kept = {}
    for name, press in {
        "mp4": stage.get_by_role("link", name="Download as MP4: seed 0"),
        "gif": stage.get_by_role("button", name="Download as GIF: seed 2"),
        "zip": stage.get_by_role("button", name="All as one ZIP"),
    }.items():
        with page.expect_download() as waiting:
            press.click()
        kept[name] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(kept[name])
    assert [path.name for path in kept.values()] == ["01_seed_0.mp4", "03_seed_2.gif", "samples.zip"]
    assert kept["gif"].read_bytes()[:4] == b"GIF8"
    with zipfile.ZipFile(kept["zip"]) as archive:
        assert archive.read("01_seed_0.mp4") == kept["mp4"].read_bytes()
        assert [one["seed"] for one in json.loads(archive.read("samples.json"))] == [0, 1, 2, 3]

    stage.get_by_role("button", name="Second clip in Swap: seed 3").click()
    stored = page.evaluate("Object.entries(localStorage).join()")
    assert len(stored) < 300, "more than a token is in the browser's storage"
    page.get_by_role("link", name="Open Swap").click(timeout=_WAIT)
    for place in ("first", "second"):
        is_shown(page, f"#{place}-face .sd-face")
    page.locator("#second-clip .sd-name", has_text="04_seed_3.mp4").wait_for()
    page.get_by_role("button", name="Swap", exact=True).click()
    page.get_by_role("button", name="Stop tuning and finish").click(timeout=_WAIT)
    is_shown(page, "#results video", 3)
    kept = with_second_clip()
    page.get_by_role("button", name="Second clip: remove").click()
    is_shown(page, "#swap[disabled]")
    assert lasting(page, lambda: ["the server still has it"] * (with_second_clip() >= kept)) == []
    visitor.reload(page)
    is_shown(page, "#first-face .sd-face")
    assert page.locator("#second-face .sd-face").count() == 0, "what was removed has come back"


def test_nothing_is_out_of_sight_and_axe_finds_nothing_serious_in_light_and_dark(visit: Visit) -> None:
    page = visit("sample")

    def on_a_phone_and_a_desk() -> list[str]:
        found = []
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(f"innerWidth === {width}")
            found += out_of_sight(page)
        return found

    for mode in ("person", "movement", "between", "along", "both"):
        choose_mode(page, mode)
        page.get_by_text("the nearest of them, who is a stranger").wait_for()
        assert on_a_phone_and_a_desk() == [], mode
        for asked, needed in (
            ("#sample-second", mode == "between"),
            ("#sample-frames", mode in ("person", "both")),
            ("#sample-factor", mode in ("between", "along")),
        ):
            page.locator(asked).wait_for(state="visible" if needed else "hidden", timeout=_WAIT)
        page.wait_for_function(_ONE_LINE)
        assert in_both_themes(page) == [], mode
    set_count(page, 5)
    make_clips(page, 5)
    page.wait_for_function("document.querySelector('#samples .sd-clock').textContent === '0.5 / 1.0 s'")
    assert is_above(page, "#samples", ".sd-privacy") and is_above(page, "#moved", ".sd-privacy")
    assert (on_a_phone_and_a_desk(), in_both_themes(page)) == ([], [])
    page.locator("#sample-seed input").fill("3000000000")
    page.locator("#make").click()
    alert = page.locator("#sample-form .sd-progress [role=alert]")
    alert.wait_for(timeout=_WAIT)
    assert "The number for seed is 3e+09. Choose one from 0 to" in alert.inner_text()
    assert page.locator(_FILMS).count() == 5, "what was made before is gone"
    assert page.locator("#sample-count input[type=number]").input_value() == "5"
    assert (on_a_phone_and_a_desk(), in_both_themes(page)) == ([], [])


def test_no_answer_to_the_pages_opening_undoes_what_was_chosen_meanwhile(served: Served) -> None:
    config = served.demo.get_config_file()
    named = {part["props"].get("elem_id"): part for part in config["components"]}
    buttons = {named[name]["id"] for name in ("make", "move")}
    opens = [event for event in config["dependencies"] if any(kind == "load" for _, kind in event["targets"])]
    assert opens and not any(buttons & set(event["outputs"]) for event in opens)
    assert "Add a film or a photograph" in named["own-work"]["props"]["value"]


def test_one_press_counts_until_it_is_served_and_what_failed_shows_nothing_anew(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, shown = Event(), []
    monkeypatch.setattr(sample, "make", lambda *given: free.wait(_WAIT / 1000) and make(*given))
    monkeypatch.setattr(sample, "show_of", lambda made, folder: shown.append(made) or show_of(made, folder))
    page = visit("sample")
    choose_mode(page, "both")
    set_count(page, 1)
    is_shown(page, "#make:not([disabled])")
    page.locator("#make").click()
    page.get_by_role("listitem").get_by_text("Making the clips").wait_for(timeout=_WAIT)
    for mode in ("movement", "both"):
        with page.expect_response(lambda answer: "/run/" in answer.url):  # whether one may press now
            choose_mode(page, mode)
        assert page.locator("#make").is_disabled()
    free.set()
    clips_are_shown(page, 1)
    page.locator("#sample-seed input").fill("3000000000")
    page.locator("#make").click()
    is_shown(page, "#sample-form .sd-progress [role=alert]")
    is_shown(page, "#make:not([disabled])")
    assert len(shown) == 1


def test_new_clips_come_by_the_keyboard_alone(visit: Visit) -> None:
    page = visit("sample", moving=True)

    tab_to(page, "#sample-whose input[value=drawn]")
    page.keyboard.press("Space")
    tab_to(page, "#sample-mode input[value=both]")
    page.keyboard.press("Space")
    ring = page.evaluate("getComputedStyle(document.activeElement.closest('label')).outlineStyle")
    assert ring == "solid", "the focus is not to be seen"
    tab_to(page, "#sample-count input[type=range]")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    is_shown(page, "#make:not([disabled])")
    tab_to(page, "#make")
    page.keyboard.press("Enter")
    clips_are_shown(page, 2)
    tab_to(page, ".sd-stage")
    page.keyboard.press("Space")
    is_shown(page, "#samples .sd-stage[data-playing=false]")
    tab_to(page, "[aria-label='First clip in Swap: seed 0']")
    page.keyboard.press("Enter")
    is_shown(page, ".sd-sent")
    assert "Seed 0 stands ready in Swap as the first clip" in " ".join(page.locator(".sd-sent").inner_text().split())


def test_the_visitors_own_face_is_learnt_until_they_stop_it_and_moves_in_its_own_film(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit("sample", width=390)
    page.locator("#mine-clip .sd-thumb").nth(2).click()
    is_shown(page, "#mine-clip-face .sd-face")
    for name, number in (("count", 2), ("frames", 8), ("seed", 5)):
        page.locator(f"#own-{name} input[type=number]").fill(str(number))
        page.keyboard.press("Tab")
    is_shown(page, "#move:not([disabled])")
    page.locator("#move").click()
    page.get_by_role("button", name="Stop learning and finish").click()
    is_shown(page, "#moved video", 1)
    is_shown(page, "#move:not([disabled])")
    stage = page.locator("#moved")
    assert stage.locator(".sd-said").all_inner_texts() == ["Seed 5", "Seed 6"]
    assert not page.locator("#samples .sd-stage").is_visible()
    page.wait_for_function("[...document.querySelectorAll('#moved video')].every((video) => video.readyState >= 3)")
    found = out_of_sight(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("innerWidth === 1280")
    assert (found, out_of_sight(page), in_both_themes(page)) == ([], [], [])
    with page.expect_download() as waiting:
        stage.get_by_role("button", name="All as one ZIP").click()
    waiting.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["01_seed_5.mp4", "02_seed_6.mp4"]


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Client]:
    yield Client(served.address, verbose=False)


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio.from_pretrained()


@pytest.fixture(scope="module")
def faces(studio: Studio) -> list[FaceClip]:
    return [studio.read_face(example(name)) for name in (FIRST, SECOND)]


def test_a_seed_gives_the_same_frames_by_endpoint_page_and_python(
    client: Client, studio: Studio, faces: list[FaceClip], tmp_path: Path
) -> None:
    asked = {"mode": "person", "count": 2, "frames": 12, "temperature": 0.8, "seed": 41}
    films, seen = client.predict(handle_file(str(example(FIRST))), *asked.values(), api_name="/sample")
    alone = studio.sample_dynamics(studio.encode(faces[0].frames).static, count=1, frames=12, temperature=0.8, seed=42)[
        0
    ]
    made = make(Wanted(**asked), faces[0], None)  # type: ignore[arg-type]  # as the page does
    assert np.array_equal(made[1].sample.frames, alone.frames)
    film = write_made(tmp_path / "alone.mp4", alone.frames, 15, width=VIEW_SIZE)
    assert np.array_equal(read_video(films[1])[0], read_video(film)[0])
    assert [one["seed"] for one in seen] == [41, 42]
    assert seen[1]["person"] == "person_000"


def test_the_endpoints_draw_people_and_go_from_one_clip_to_another(client: Client) -> None:
    moved = handle_file(str(example(SECOND)))
    films, _ = client.predict(moved, "movement", 2, 15, 1, 3, api_name="/sample")
    assert len(read_video(films[0])[0]) == len(read_video(example(SECOND))[0])
    films, seen = client.predict(handle_file(str(example(FIRST))), moved, "static", 3, api_name="/interpolate")
    assert [one["name"] for one in seen] == ["0% of the way", "50% of the way", "100% of the way"]
    assert (seen[0]["person"], seen[-1]["person"]) == ("person_000", "person_005")
    assert [Path(film).name for film in films][1] == "02_50_percent_of_the_way.mp4"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"count": 17}, "number for clips is 17. Choose one from 1 to 16"),
        ({"count": 2.5}, "number for clips is 2.5. Choose a whole one"),
        ({"frames": 7}, "number for frames is 7. Choose one from 8 to 60"),
        ({"temperature": 2.1}, "number for temperature is 2.1. Choose one from 0 to 2"),
        ({"temperature": "hot"}, "number for temperature is missing or no number"),
        ({"seed": -1}, "number for seed is -1. Choose one from 0 to"),
        ({"seed": None}, "number for seed is missing or no number"),
        ({"mode": "dream"}, "The mode is not known"),
        ({"mode": "person"}, "The clip is missing"),
    ],
)
def test_the_endpoint_says_what_is_wrong(client: Client, wrong: dict[str, Any], sentence: str) -> None:
    asked = {"mode": "both", "count": 1, "frames": 8, "temperature": 1, "seed": 0, **wrong}
    with pytest.raises(AppError, match=sentence):
        client.predict(None, *asked.values(), api_name="/sample")


def test_a_face_of_ones_own_comes_back_moved_in_its_whole_picture(client: Client) -> None:
    (film,) = client.predict(handle_file(str(example(FIRST))), 0, 1, 8, 1, 3, api_name="/move_face")
    frames, fps = read_video(film)
    own, _ = read_video(example(FIRST))
    assert (frames.shape, fps, Path(film).name) == ((8, *own.shape[1:]), 15.0, "01_seed_3.mp4")
    anchor = min(own, key=lambda frame: np.abs(frame.astype(int) - frames[0]).mean())
    first, middle = (np.abs(frame.astype(int) - anchor).mean() for frame in (frames[0], frames[4]))
    assert first < 3 < middle  # grey levels; the film is compressed
    for wrong, sentence in (([0, 17, 8, 1, 0], "clips is 17"), ([61, 1, 8, 1, 0], "it must be 0 to 60")):
        with pytest.raises(AppError, match=sentence):
            client.predict(handle_file(str(example(FIRST))), *wrong, api_name="/move_face")


def test_what_is_wrong_with_a_wish_for_movements_is_said_before_anything_is_learnt(faces: list[FaceClip]) -> None:
    asked = {"learn": True, "count": 4, "frames": 30, "temperature": 1, "seed": 0, "moved": None, "request": None}
    for clip, wrong, sentence in (
        (None, {}, own.GONE),
        (faces[0], {"frames": 7}, "number for frames is 7"),
        (faces[0], {"seed": None}, "number for seed is missing"),
        (faces[0], {"seed": 2**31 - 2}, "number for seed is"),
    ):
        (seen,) = own.learn_and_move(clip, **{**asked, **wrong})
        assert sentence in seen.work and "alert" in seen.work and seen.running is None


def test_each_mode_makes_what_was_asked_for(studio: Studio, faces: list[FaceClip]) -> None:
    from seqdisent_core.evaluation.judge import Reading

    first, second = faces
    for wanted, names, frames in (
        (Wanted("both", 2, 9, seed=5), ["seed 5", "seed 6"], 9),
        (Wanted("between", 2, factor="dynamics"), ["0% of the way", "100% of the way"], 15),
        (
            Wanted("along", 3, factor="dynamics", direction=studio.latents.directions[-1].name),
            ["-2.5 deviations", "+0.0 deviations", "+2.5 deviations"],
            15,
        ),
    ):
        made = make(wanted, first, second)
        assert [one.sample.name for one in made] == names
        assert len({stem(one, at) for at, one in enumerate(made)}) == len(made)
        assert {len(one.sample.frames) for one in made} == {frames}
        assert all(isinstance(one.reading, Reading) for one in made)


def test_of_a_photograph_the_person_can_be_kept_and_no_movement(
    studio: Studio, faces: list[FaceClip], tmp_path: Path
) -> None:
    face = studio.read_face(photograph(tmp_path / "one.jpg", read_video(example(FIRST))[0][0]))
    (made,) = make(Wanted("person", 1, 9), face, None)
    assert len(made.sample.frames) == 9 and made.reading is not None and made.reading.names["person"] == "person_000"
    assert len(make(Wanted("between", 2), faces[0], face)) == 2, "of the second clip, the person alone"
    for wanted in (Wanted("movement"), Wanted("along"), Wanted("between"), Wanted("between", factor="dynamics")):
        with pytest.raises(FaceError, match="has no movement to give"):
            make(wanted, face, faces[1])
    with pytest.raises(FaceError, match="has no movement to give"):
        make(Wanted("between", factor="dynamics"), faces[0], face)


def test_a_sample_is_a_face_like_any_that_was_read(studio: Studio) -> None:
    made = make(Wanted("both", 1), None, None)[0]
    clip = as_face(made, 0)
    frames, fps = read_video(clip.source)
    assert fps == clip.fps
    crop = cv2.warpAffine(frames[7], clip.transforms[7], (studio.size, studio.size), flags=cv2.INTER_AREA)
    assert np.abs(crop.astype(int) - clip.frames[7]).mean() < 6  # grey levels; the film is compressed
    shifted = np.abs(np.roll(crop, 1, axis=1).astype(int) - clip.frames[7]).mean()
    assert np.abs(crop.astype(int) - clip.frames[7]).mean() < shifted
    place = clip.source
    assert place.exists()
    del clip
    assert not place.exists(), "the film outlives its clip"


def test_a_session_forgets_after_its_time_and_holds_no_more_than_its_number(faces: list[FaceClip]) -> None:
    first, second = faces
    now = [0.0]
    sessions = Sessions(keep_seconds=100, most=2, clock=lambda: now[0])
    tokens = [token_of("") for _ in range(3)]
    assert len(set(tokens)) == 3
    assert token_of(tokens[0]) == tokens[0]
    sessions.keep(tokens[0], "first", first)
    now[0] = 60
    sessions.keep(tokens[0], "second", second)
    assert list(sessions.clips(tokens[0])) == ["first", "second"]
    assert sessions.clips(tokens[1]) == {}
    now[0] = 100
    assert list(sessions.clips(tokens[0])) == ["second"]
    sessions.keep(tokens[1], "first", first)
    sessions.keep(tokens[2], "first", first)
    assert len(sessions) == 2
    assert sessions.clips(tokens[0]) == {}, "the one who was longest away is forgotten first"
    sessions.keep(tokens[2], "first", None)
    sessions.keep("guessed", "first", first)
    sessions.keep(tokens[2], "third", first)
    assert len(sessions) == 1
    now[0] = 200
    assert len(sessions) == 0
