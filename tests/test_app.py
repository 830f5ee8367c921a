"""The app in a real browser: clips are dropped in, come back swapped, and everything that can go wrong is said."""

import base64
import inspect
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event
from typing import TYPE_CHECKING, Any

import gradio as gr
import httpx
import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np
import pytest
from conftest import FIRST, SECOND, Served, Visit, Visitor, free_port, is_shown, tab_to
from gradio.data_classes import FileData
from gradio.route_utils import delete_files_created_by_app
from gradio.state_holder import StateHolder
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from media import photograph
from starlette import requests

import app
from app import build
from pages import face_reading, model, status
from pages.belongings import BELONGINGS
from pages.face_reading import Latest
from pages.player import Show
from pages.session import forget_visitors
from pages.swap import making as swap_making
from pages.swap import page as swap_page
from pages.swap import tuning as swap_tuning
from pages.swap.hero import people
from pages.swap.result import Stage, Swapped, Wish
from seqdisent_core.assets import asset
from seqdisent_core.faces.reading import read_face
from seqdisent_core.limits import limits
from seqdisent_core.media.video import probe_video, read_video

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

_ROOT = Path(__file__).resolve().parent.parent
_PLAYERS = ".sd-stage video"
_WAIT = 60_000  # milliseconds; how long a busy machine may take, not how long it should
_QUICK = ("-preset", "ultrafast", "-pix_fmt", "yuv420p")  # how films are written that nobody looks at
_OUT_OF_SIGHT = """() => {
    const out = [...document.querySelectorAll('.sd *')].filter((element) => {
        const box = element.getBoundingClientRect();
        const hidden = element.closest('.sd-hidden') || element.closest('.sd-film') || !box.width;
        return !hidden && (box.left < -1 || box.right > innerWidth + 1);
    }).map((element) => element.outerHTML.slice(0, 120));
    return document.documentElement.scrollWidth > innerWidth ? [...out, 'the page'] : out;
}"""
COUNTED_DOWN = """() => {
    let left = 3; // seconds until a recording starts, which nobody waits for here
    const later = window.setTimeout;
    window.setTimeout = (work, wait, ...by) => later(work, wait === 1000 && left-- > 0 ? 20 : wait, ...by);
}"""
_COLOURS = """[...document.querySelectorAll(at)].slice(0, 1).map((one) => getComputedStyle(one))
    .map((style) => style.backgroundColor + style.fill)"""
_SEEKS_THAT_TAKE_LONG = """async (at) => {
    const place = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'currentTime');
    const began = performance.now();
    const astray = new Set(document.querySelectorAll(at)); // those that were not sought yet
    let seeks = 0;
    Object.defineProperty(HTMLMediaElement.prototype, 'currentTime', { ...place, set(to) {
        seeks += 1;
        astray.delete(this);
        // as on a phone: when it is there, the others have gone on
        place.set.call(this, (to + this.duration - 0.4) % this.duration);
    } });
    // One that was set right just before waits for its turn, and may have come near meanwhile.
    for (let frame = 0; frame < 60 || (astray.size && performance.now() - began < 20000); frame += 1) {
        if (frame % 60 === 0)
            for (const film of astray) place.set.call(film, (film.currentTime + 0.4) % film.duration);
        await new Promise(requestAnimationFrame);
    }
    Object.defineProperty(HTMLMediaElement.prototype, 'currentTime', place);
    return [seeks, (performance.now() - began) / 1000];
}"""
_DROP_LINK = """(where) => {
    const data = new DataTransfer();
    data.setData('text/uri-list', 'https://example.org/film.mp4');
    document.querySelector(where).dispatchEvent(
        new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
_DROP = """([where, name, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type: 'video/mp4' }));
    for (const kind of ['dragenter', 'dragover', 'drop'])
        document.querySelector(where).dispatchEvent(
            new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def until(met: Callable[[], bool]) -> None:
    """Waits for it."""
    end = time.monotonic() + _WAIT / 1000
    while not met():
        assert time.monotonic() < end
        time.sleep(0.1)


# Examples whose swap the judge reads right without tuning.
ANGRY, AMAZED = "person_041_anger.mp4", "person_044_surprise.mp4"


def example(name: str) -> Path:
    return asset("examples") / name


def asked_for(request: "Request") -> int | None:
    """The number of the event that a page's request is about; None for all others."""
    given = request.post_data_json if "/run/" in request.url else None
    return given["fn_index"] if given else None


def choose(page: "Page", place: str, file: Path) -> None:
    """Gives a file to the file input of one of the two places."""
    page.locator(f"#{place}-clip input[type=file]").set_input_files(file)


def drop(page: "Page", place: str, file: Path) -> None:
    """Drags a file from outside onto one of the two places."""
    content = base64.b64encode(file.read_bytes()).decode()
    page.evaluate(_DROP, [f"#{place}-clip .sd-area", file.name, content])


def face_is_found(page: "Page", place: str) -> None:
    is_shown(page, f"#{place}-face .sd-face")


def pressed(page: "Page", *, tuned: bool = True) -> "Page":
    """The page with both examples in it, once Swap was pressed."""
    for place in ("first", "second"):
        page.locator(f"#{place}-clip .sd-thumb").first.click()
        face_is_found(page, place)
    page.get_by_label("Learn these two faces").set_checked(tuned)
    page.get_by_role("button", name="Swap", exact=True).click()
    return page


def results_are_shown(page: "Page", count: int = 4) -> None:
    is_shown(page, _PLAYERS, count - 1)
    page.wait_for_function(f"[...document.querySelectorAll('{_PLAYERS}')].every((video) => video.readyState >= 3)")


def stands_at(page: "Page") -> float:
    """The time at which all films stand once they do, which is that of the same frame."""
    films = f"[...document.querySelectorAll('{_PLAYERS}')]"
    page.wait_for_function(f"{films}.every((film) => film.paused && !film.seeking)")
    times: list[float] = page.evaluate(f"{films}.map((film) => film.currentTime)")
    assert np.ptp(times) < 1e-3
    return times[0]


def lasting(page: "Page", look: Callable[[], list[str]]) -> list[str]:
    """What a look at a page finds and still finds seconds later: what fades in or is being laid out is no fault."""
    for _ in range(20):
        if not (found := look()):
            break
        page.wait_for_timeout(250)
    return found


def serious_findings(page: "Page", theme: str = "light") -> list[str]:
    """What axe finds that keeps people out, as "rule: element"; in the dark theme, of what colours alone decide."""
    return lasting(page, lambda: _findings(page, theme))


def in_both_themes(page: "Page", drawn: str = "body") -> list[str]:
    """What axe finds in the light theme, and in the dark one, in which `?__theme=dark` sets the same class.

    drawn: something that a script has given its colour, which is another one in the dark.
    """
    found = serious_findings(page)
    light = page.evaluate(f"(at) => {_COLOURS}", drawn)
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_function(f"([at, light]) => {_COLOURS}.some((one) => one !== light[0])", arg=[drawn, light])
    found += serious_findings(page, "dark")
    page.evaluate("document.body.classList.remove('dark')")
    page.wait_for_function(f"([at, light]) => {_COLOURS}.some((one) => one === light[0])", arg=[drawn, light])
    return found


def _findings(page: "Page", theme: str) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    if page.evaluate("!!window.axe"):
        axe.axe_script = ""  # it is there already
    options = {"resultTypes": ["violations"]}  # of what is fine it would list every element
    if theme == "dark":
        options["runOnly"] = ["color-contrast"]
    findings = axe.run(page, options=options).response["violations"]
    return [
        f"{finding['id']}: {node['html'][:120]}"
        for finding in findings
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]


def out_of_sight(page: "Page") -> list[str]:
    """Elements that reach beyond the sides of the window, and the page where it is too wide."""
    return lasting(page, lambda: page.evaluate(_OUT_OF_SIGHT))


def test_two_dropped_clips_come_back_with_the_right_person_and_expression_until_one_is_removed(
    visit: Visit, tmp_path: Path
) -> None:
    from seqdisent_core.evaluation.judge import Judge

    page, first, second = visit(), AMAZED, ANGRY
    choose(page, "first", example(first))
    drop(page, "second", example(second))
    for place in ("first", "second"):
        face_is_found(page, place)
    page.get_by_label("Learn these two faces").uncheck()
    page.get_by_role("button", name="Swap", exact=True).click()
    results_are_shown(page)
    assert page.get_by_role("button", name="Improve the likeness").is_visible()
    assert page.get_by_text("Learn these two faces").count() == 1
    judge = Judge.from_pretrained(asset("checkpoints/facekit52_judge"))
    links = page.get_by_role("link", name="Download as MP4")
    assert links.count() == 2
    for at, (person, driver) in enumerate(((second, first), (first, second))):
        with page.expect_download() as waiting:
            links.nth(at).click()
        film = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(film)
        assert film.suffix == ".mp4"
        frames, _ = read_video(film)
        assert len(frames) == len(read_video(example(driver))[0])
        seen = judge.read(read_face(film, size=64).frames)
        who, does = person.rpartition("_")[0], Path(driver).stem.rpartition("_")[2]
        assert seen.names == {"person": who, "expression": does}
    page.get_by_role("button", name="First clip: remove").click()
    is_shown(page, "#swap[disabled]")
    page.locator("#first-face .sd-face").wait_for(state="detached")
    assert page.locator("#second-face .sd-face").is_visible()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Of an example's person, at rest, from a phone that was held upright."""
    frame = read_video(example(ANGRY))[0][0]
    return photograph(tmp_path / "me.jpg", np.rot90(np.pad(frame, ((60, 60), (0, 0), (0, 0)), mode="edge")), 6)


def test_a_photograph_does_what_a_film_does_and_stands_beside_it_unchanged(
    visit: Visit, photo: Path, tmp_path: Path
) -> None:
    from seqdisent_core.evaluation.judge import Judge

    page, driver = visit(), example(AMAZED)
    assert "or a photograph" in page.locator("#first-clip .sd-hint").inner_text()
    drop(page, "first", photo)
    face_is_found(page, "first")
    facts = page.locator("#first-face .sd-facts").inner_text()
    assert facts.endswith("A photograph can be moved; it has no movement to give.")
    assert page.locator("#first-face .sd-anchor").count() == 0
    drop(page, "second", driver)
    face_is_found(page, "second")
    page.get_by_text("The person in the photograph will do what the film shows.").wait_for(timeout=_WAIT)
    page.get_by_label("Learn these two faces").uncheck()
    page.get_by_role("button", name="Swap", exact=True).click()
    results_are_shown(page, 2)
    films = page.locator(_PLAYERS)
    assert films.count() == 2 and page.locator(".sd-strip img").count() == 2
    page.get_by_role("button", name="Options").click()
    page.get_by_label("Both films").wait_for()
    assert page.get_by_label("Both films").is_disabled()
    assert "there is one film" in page.locator("#films").inner_text()
    assert page.locator(".sd-tile.sd-made .sd-said").all_inner_texts() == ["First person, doing what the second does"]
    lefts = films.evaluate_all("(films) => films.map((film) => film.closest('figure').getBoundingClientRect().left)")
    assert lefts[0] < lefts[1], "the result stands beside its driver"
    lengths = films.evaluate_all("(films) => films.map((film) => film.duration)")
    assert np.ptp(lengths) < 0.05
    assert out_of_sight(page) == [] and serious_findings(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("innerWidth === 390")
    assert out_of_sight(page) == []
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as MP4").click()
    film = tmp_path / "made.mp4"
    waiting.value.save_as(film)
    frames, _ = read_video(film)
    assert frames.shape == (len(read_video(driver)[0]), 376, 256, 3)
    judge = Judge.from_pretrained(asset("checkpoints/facekit52_judge"))
    assert judge.read(read_face(film, size=64).frames).names == {"person": "person_041", "expression": "surprise"}
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download as GIF").click()
    assert Path(waiting.value.path()).read_bytes()[:4] == b"GIF8"
    before = films.nth(1).evaluate("(film) => film.src")
    page.get_by_label("There and back").check()
    page.wait_for_function("([at, old]) => (document.querySelectorAll(at)[1] || {src: old}).src !== old",
                           arg=[_PLAYERS, before], timeout=_WAIT)  # fmt: skip
    results_are_shown(page, 2)
    longer = films.evaluate_all("(films) => films.map((film) => film.duration)")
    assert np.ptp(longer) < 0.05 and longer[1] > 1.8 * lengths[1]


def test_the_preview_and_the_full_size_beside_a_photograph_are_of_the_one_result(photo: Path) -> None:
    picture = np.repeat(np.repeat(read_video(photo)[0][0], 3, axis=0), 3, axis=1)
    large = photograph(photo.with_name("large.png"), picture)
    faces = [model.film_studio().read_face(path) for path in (example(SECOND), large)]
    *_, pair = swap_tuning.tuned(*faces, 0)
    wish = Wish(1.0, "film", "once")
    tiles = swap_making._tiles(pair, wish)
    preview = swap_making._preview(pair, tiles, tiles)
    assert preview.count("<figure>") == 1 and "Second person" in preview
    with BELONGINGS.work("nobody") as work, Stage(pair, wish, work, {}) as stage:
        shares: list[float] = []
        made = stage.show(pair, shares.append).clips[1:]
    BELONGINGS.delete("nobody")
    assert len(shares) == wish.frames(*(one.clip for one in pair.subjects)) == len(faces[0].frames)
    assert shares == sorted(shares) and shares[-1] == 1
    assert [ask.name for clip in made for ask in clip.asks] == [
        f"second {one}" for one in ("large", "gif", "picture", "beside", "link")
    ]
    assert pair.full_size().frames(1, 0).shape[1:] == picture.shape


def test_two_photographs_are_answered_with_what_to_do_and_one_of_several_faces_can_be_chosen(
    visit: Visit, photo: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", example(FIRST), "-i", example(SECOND)]
    side_by_side = "[1]scale=200:200,pad=200:256:0:28[small];[0][small]hstack"
    subprocess.run([*command, "-filter_complex", side_by_side, *_QUICK, both], check=True)
    page = visit()
    for place in ("first", "second"):
        choose(page, place, photo)
        face_is_found(page, place)
    alert = page.locator("#hint [role=alert]")
    alert.wait_for()
    assert alert.inner_text() == (
        "Both clips are photographs, which have no movement to give. Replace one by a film in which the face moves."
    )
    is_shown(page, "#swap[disabled]")
    page.get_by_role("button", name="Second clip: remove").click()
    page.get_by_text("Add the second clip").wait_for()
    choose(page, "second", both)
    face_is_found(page, "second")
    is_shown(page, "#swap:not([disabled])")
    faces = page.locator("#second-face .sd-chooser button[data-face]")
    assert faces.all_inner_texts() == ["Largest", "2nd"]
    before = page.locator("#second-face .sd-where img").get_attribute("src")
    faces.nth(1).click()
    is_shown(page, "#second-face .sd-chooser button[data-face='1'][aria-pressed=true]")
    is_shown(page, "#second-face .sd-chooser button[data-face='1']:focus")
    assert page.locator("#second-face .sd-where img").get_attribute("src") != before
    page.locator("#second-face .sd-where").click(position={"x": 40, "y": 40})  # on the other one, in the picture
    is_shown(page, "#second-face .sd-chooser button[data-face='0'][aria-pressed=true]")


_SHIFTS = """window.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach((one) => one.hadRecentInput || shifts.push(one.value)))
        .observe({ type: 'layout-shift', buffered: true });"""


def test_the_first_screen_is_whole_and_one_press_leads_to_a_result_that_outlives_a_reload(
    visit: Visit, visitor: Visitor
) -> None:
    wanted = ("h1", ".sd-reel", ".sd-try", "#first-clip .sd-choose", "#second-clip .sd-choose", "#swap")
    wanted = (*wanted, "#first-clip .sd-thumb", "#second-clip .sd-thumb")
    for width, height in ((390, 844), (1280, 800)):
        page = visit(width=width, height=height)
        boxes = {at: page.locator(at).first.bounding_box() for at in wanted}
        below = {at: box for at, box in boxes.items() if not box or box["y"] + box["height"] > height}
        assert below == {}, width
        page.add_init_script(_SHIFTS)
        visitor.reload(page)
        page.get_by_role("button", name="Try with these two").click()
        results_are_shown(page)
        assert not page.locator("#first-clip .sd-reading").count() and page.locator("#learn").is_visible()
        page.wait_for_timeout(500)  # scrolled by then
        assert sum(page.evaluate("shifts")) < 0.1, width
    boxes = [page.locator(at).bounding_box() for at in (".sd-pair >> nth=1", ".sd-controls", ".sd-links >> nth=1")]
    assert all(box and box["y"] >= 0 and box["y"] + box["height"] <= 800 for box in boxes), boxes
    films = page.eval_on_selector_all(_PLAYERS, "(films) => films.map((film) => film.src)")
    page.get_by_role("button", name="Whole film").click()
    assert page.eval_on_selector_all(".sd-windowed", "(films) => films.length") == 0
    assert page.eval_on_selector_all(_PLAYERS, "(films) => films[0].src") != films[0]
    visitor.reload(page)
    results_are_shown(page)
    assert page.eval_on_selector_all(_PLAYERS, "(films) => films.map((film) => film.src)") == films
    page.locator("#second-clip .sd-thumb").last.click()
    page.get_by_text("Made with the earlier second clip.").wait_for(timeout=_WAIT)
    assert page.eval_on_selector_all(_PLAYERS, "(films) => films.map((film) => film.src)") == films
    with page.expect_download() as waiting:
        page.get_by_role("button", name="side by side").first.click()
    info = probe_video(Path(waiting.value.path()).rename(Path(waiting.value.path()).with_suffix(".mp4")))
    assert info.width == 2 * info.height
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Picture of driver").first.click()
    content = Path(waiting.value.path()).read_bytes()
    picture = iio.imread(content)
    assert b"compositeWithTrainedAlgorithmicMedia" in content and picture.shape[1] == 2 * picture.shape[0]
    driver = read_video(example(people()[0].name))[0]
    seen = [np.abs(picture[40:, : len(picture)] - frame[40:].astype(float)).mean() for frame in driver]
    assert 3 < np.argmin(seen) < 12, "the movement, and not the face at rest"
    page.get_by_role("button", name="Link to share").first.click()
    is_shown(page, ".sd-link input")
    assert page.locator(".sd-link strong").inner_text() == "Second person's film"
    link = page.locator(".sd-link input").input_value()
    assert link.startswith(f"{page.url}shared/")
    page.get_by_role("button", name="Copy link").click()
    page.locator(".sd-link button").filter(has_text=re.compile("Copied|Selected")).wait_for(timeout=_WAIT)
    selected = page.locator(".sd-link input").evaluate("(it) => it.value.slice(it.selectionStart, it.selectionEnd)")
    assert selected == link
    page.goto(link)
    page.wait_for_function("document.querySelector('video').videoWidth > 0", timeout=_WAIT)
    assert page.locator("video").evaluate("(film) => film.videoWidth / film.videoHeight") == 2
    demo = page.get_by_role("link", name="Swap two faces yourself").evaluate("(it) => it.href")
    assert demo == link.rpartition("shared/")[0]


def test_a_swap_goes_by_the_keyboard_alone_and_its_clips_play_in_step_and_stop_at_the_same_frame(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seqdisent_core.reenactment.pairs import Pair

    page = visit(moving=True)

    for place in ("first", "second"):
        tab_to(page, f"#{place}-clip .sd-thumb")
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid", "the focus is not to be seen"
        page.keyboard.press("Enter")
        face_is_found(page, place)
    is_shown(page, "#swap:not([disabled])")
    tab_to(page, "#tune input")
    page.keyboard.press(" ")
    tab_to(page, "#swap")
    page.keyboard.press("Enter")
    results_are_shown(page)
    is_shown(page, ".sd-stage[data-playing=true]")
    page.wait_for_function(f"document.querySelector('{_PLAYERS}').currentTime > 0.2")
    seeks, seconds = page.evaluate(_SEEKS_THAT_TAKE_LONG, _PLAYERS)
    assert seeks >= 4, "films of a second that stray are never sought"
    assert seeks <= 4 * (1 + np.ceil(seconds / 2)), "four films that stray are sought again and again"
    tab_to(page, ".sd-stage")
    page.keyboard.press(" ")
    is_shown(page, ".sd-stage[data-playing=false]")
    stands_at(page)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    frame = 1 / probe_video(example(FIRST)).fps
    assert stands_at(page) == pytest.approx(2.5 * frame, abs=0.01)
    for name, playing in (("Play", "true"), ("Pause", "false")):
        page.get_by_role("button", name=name, exact=True).click()
        is_shown(page, f".sd-stage[data-playing={playing}]")
    stands_at(page)
    page.locator(".sd-scrub").evaluate("(s) => { s.value = 0.4; s.dispatchEvent(new Event('input')); }")
    assert 0.39 < stands_at(page) < 0.48
    assert page.locator(".sd-strip img").count() == 4
    made: list[int] = []
    make = Pair.frames
    monkeypatch.setattr(Pair, "frames", lambda self, own, *by, **how: made.append(own) or make(self, own, *by, **how))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download as GIF").first.click()
    assert Path(waiting.value.suggested_filename).suffix == ".gif"
    assert Path(waiting.value.path()).read_bytes()[:4] == b"GIF8"
    assert made == [1], "one film is asked for, one is made"
    page.locator(_PLAYERS).first.dispatch_event("error")  # as where its file is not there any more
    page.get_by_text("This film was deleted after a while without use. Make it again.").wait_for()


def test_every_kind_of_bad_file_gets_its_sentence_and_the_other_clip_stays(
    visit: Visit, bad_files: dict[str, tuple[Path, str]], tmp_path: Path
) -> None:
    """One file of each sentence, and the odd names; test_video reads every file."""
    kinds = {word: name for name, (_, word) in bad_files.items() if word != "folder"}  # browsers send no folders
    assert len(kinds) >= 12
    page = visit()
    page.evaluate(_DROP_LINK, "#first-clip .sd-area")  # is refused before it is sent, as what is too large
    page.locator("#first-clip [role=alert]", has_text="That is a link").wait_for()
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.truncate(201 * 2**20)
    choose(page, "second", large)
    page.locator("#second-clip .sd-trouble [role=alert]", has_text="large.mp4 is larger than 200 MB").wait_for()
    page.locator("#first-clip .sd-thumb").first.click()
    face_is_found(page, "first")
    for name in (*kinds.values(), "-ünïcode, 100 % 映画 :) .mp4", "moov atom not found.mp4"):
        path, word = bad_files[name]
        choose(page, "second", path)
        is_shown(page, "#second-face [role=alert]")
        alert = page.locator("#second-face [role=alert]")
        sentence = alert.inner_text()
        assert (word in sentence) if word != "ok" else sentence.endswith("."), (name, sentence)
        assert "Traceback" not in sentence
        assert "/" not in sentence.replace(name, ""), sentence
        assert page.locator("#first-face .sd-face").is_visible()
        assert page.locator("#swap").is_disabled()
        page.get_by_role("button", name="Second clip: remove").click()
        alert.wait_for(state="detached")


def test_two_handles_choose_the_seconds_that_are_used(visit: Visit, tmp_path: Path) -> None:
    film = tmp_path / "ten_seconds.mp4"  # and a frame more
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-stream_loop", "10", "-i", example(FIRST)]
    subprocess.run([*command, "-vf", "fps=25", "-t", "10.04", *_QUICK, film], check=True)
    page = visit()
    choose(page, "first", film)
    face_is_found(page, "first")
    found = page.locator("#first-face .sd-facts").inner_text()
    assert "250 frames, 10.0 s" in found and "longer" not in found
    assert page.locator("#first-clip .sd-span").inner_text() == "0.0 to 10.0 s of 10.0 s"
    page.get_by_label("First clip: first second used").fill("8")
    page.get_by_text("8.0 to 10.0 s of 10.0 s").wait_for()
    page.get_by_text("50 frames, 2.0 s.").wait_for(timeout=_WAIT)


def test_tuning_is_seen_as_it_goes_until_it_is_told_to_end_and_films_are_made_again_as_they_are_wished(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seqdisent_core import films, reenactment
    from seqdisent_core.reenactment import personalising
    from seqdisent_core.reenactment.pairs import Pair

    for place in (reenactment, personalising):
        monkeypatch.setattr(place, "STEPS", 100_000)  # which nobody waits for
    monkeypatch.setattr(swap_making, "_BETWEEN", 0.5)
    tuned, looked_at = swap_making.tuned, Event()

    def resting(*given: Any) -> "Iterator[Pair]":
        """Takes no core while the page is looked at."""
        for pair in tuned(*given):
            yield pair
            looked_at.wait(_WAIT / 1000)

    monkeypatch.setattr(swap_making, "tuned", resting)
    written: list[Path] = []
    write, frames, free = films.write_given, Pair.frames, Event()
    monkeypatch.setattr(films, "write_given", lambda *by, **how: written.append(by[0]) or write(*by, **how))
    page = pressed(visit())
    page.get_by_text("Preview after 0 steps").wait_for()
    assert page.locator(".sd-preview .sd-film").count() == 4, "before and now, of both results"
    page.get_by_label("Pause the previews").check()
    assert "s left" in str(page.get_by_role("progressbar").get_attribute("aria-valuetext"))
    line = page.locator("#work .sd-now").bounding_box()
    assert line and line["height"] < 40 < line["width"], "what is under way is one line"
    boxes = [page.locator(at).bounding_box() for at in ("#work .sd-bar", "#enough", ".sd-preview")]
    assert all(box and box["y"] >= 0 and box["y"] + box["height"] <= 900 for box in boxes), boxes
    assert in_both_themes(page) == []
    looked_at.set()
    page.wait_for_function("parseInt(document.querySelector('.sd-preview p').textContent.split(' ')[2]) > 0")
    page.emulate_media(reduced_motion="no-preference")
    moves = "getComputedStyle(document.querySelector('.sd-preview .sd-film')).animationName"
    assert page.evaluate(moves) == "none", "also of those that have come since"
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Stop tuning and finish").click()
    results_are_shown(page)
    page.locator("#enough").wait_for(state="hidden")
    page.locator(".sd-preview").first.wait_for(state="detached")
    page.get_by_role("button", name="Half speed").click()
    film = page.locator(_PLAYERS).nth(1)
    page.get_by_role("button", name="Options").click()

    def again(before: str) -> str:
        page.wait_for_function("([at, old]) => (document.querySelectorAll(at)[1] || {src: old}).src !== old",
                               arg=[_PLAYERS, before], timeout=_WAIT)  # fmt: skip
        results_are_shown(page)
        return film.evaluate("(video) => video.src")  # type: ignore[no-any-return]

    once = film.evaluate("(video) => video.src")
    length = film.evaluate("(video) => video.duration")
    page.get_by_label("There and back").check()
    both_ways = again(once)
    assert film.evaluate("(video) => video.duration") > 1.8 * length
    assert page.eval_on_selector_all(_PLAYERS, "(videos) => videos.map((video) => video.playbackRate)") == [0.5] * 4
    assert len(written) == 4
    monkeypatch.setattr(Pair, "frames", lambda *by, **how: free.wait(_WAIT / 1000) and frames(*by, **how))
    page.get_by_role("button", name="Download as GIF").first.click()
    page.get_by_role("listitem").get_by_text("Writing the GIF").wait_for(timeout=_WAIT)
    page.get_by_role("button", name="Play", exact=True).click()
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.wait_for_timeout(200)  # until a look that was under way is over
    clock = page.locator(".sd-scrub").input_value()
    page.wait_for_timeout(500)
    assert page.locator(".sd-scrub").input_value() == clock, "in a tab that nobody sees, nothing is done"
    page.evaluate("delete document.hidden")
    page.wait_for_function("(old) => document.querySelector('.sd-scrub').value !== old", arg=clock)
    page.get_by_label("Raw model output").check()
    page.get_by_role("listitem").get_by_text("Waiting for your turn").wait_for(timeout=_WAIT)
    assert film.evaluate("(video) => video.src") == both_ways, "the films that are there stay until the new ones come"
    is_shown(page, ".sd-stage.sd-stale")
    all_videos = f"[...document.querySelectorAll({_PLAYERS!r})].every"
    page.wait_for_function(all_videos + "((video) => video.paused)")
    free.set()
    soft = again(both_ways)
    assert soft != once
    page.get_by_label("Head only").check()
    turned = again(soft)
    assert turned != soft
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_label("Whole video").check()
    page.get_by_text("A film goes on in its own pixels.").wait_for(timeout=_WAIT)
    assert film.evaluate("(video) => video.src") == turned, "films stay where they can't be as wished"
    page.wait_for_function(all_videos + "((video) => !video.paused)", timeout=_WAIT)
    page.get_by_label("Sharp (recommended)").check()
    page.get_by_text("A film goes on with its own turns of the head.").wait_for(timeout=_WAIT)
    page.get_by_label("Expression only").check()
    assert again(turned) != turned
    assert len(written) == 4, "what was given is written again though it plays as before"


def test_films_made_anew_give_way_to_a_swap_and_none_are_made_anew_of_clips_that_were_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from seqdisent_core.reenactment.pairs import Pair

    first, second = (model.film_studio().read_face(example(name)) for name in (FIRST, SECOND))
    *_, pair = swap_tuning.tuned(first, second, 0)
    swapped = Swapped(pair, {}, Show(clips=[], columns=[], line=[]), Wish(1.0, "film", "once"))
    last, wished = Latest(), (0.5, "film", "once", "all", "first", False, gr.Request(session_hash="hasty"))
    frames, free = Pair.frames, Event()
    monkeypatch.setattr(Pair, "frames", lambda *by, **how: free.wait(_WAIT / 1000) and frames(*by, **how))
    making = swap_making.again(swapped, first, second, None, last, *wished)
    (said, *dimmed), (_, *still) = next(making), next(making)
    assert dimmed == still == [swapped.noted("Updating …"), gr.skip()]
    assert ">Making the film<" in said, "one is wished"
    *_, hint, running = swap_making.wait(last)
    assert hint == "", "no clip is missing"
    free.set()
    assert list(making) == [], "it would come after the films of the swap"
    BELONGINGS.delete("hasty")
    other = replace(second, anchor=second.anchor + 1)
    for known, note in (
        ((first, second, running), "Updating …"),
        ((first, other, None), "Made with the earlier second clip. Press Swap to update it."),
    ):
        stays = (gr.skip(), swapped.noted(note))
        assert swap_making.wait_again(swapped, *known) == stays
        assert list(swap_making.again(swapped, *known, last, *wished)) == [(*stays, gr.skip())]


def test_a_film_that_was_made_smaller_can_be_had_in_full_size(visit: Visit, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", example(FIRST)]
    subprocess.run([*command, "-vf", "scale=720:720", *_QUICK, large], check=True)
    page = visit()
    choose(page, "first", large)
    page.locator("#second-clip .sd-thumb").first.click()
    for place in ("first", "second"):
        face_is_found(page, place)
    page.get_by_label("Learn these two faces").uncheck()
    page.get_by_role("button", name="Swap", exact=True).click()
    results_are_shown(page)
    assert page.eval_on_selector_all(_PLAYERS, "(films) => films.map((film) => film.videoWidth)")[1::2] == [256, 640]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Full size").click()  # one: the other film is as large as it came
    kept = waiting.value.path().rename(tmp_path / "kept.mp4")
    assert probe_video(kept).width == 720 and b"compositeWithTrainedAlgorithmicMedia" in kept.read_bytes()


def test_the_clip_that_came_last_is_the_one_that_counts_and_its_chosen_anchor_stays_with_it(
    visit: Visit, visitor: Visitor, served: Served, tmp_path: Path
) -> None:
    long = tmp_path / "long.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-stream_loop", "9", "-i", example(FIRST)]
    subprocess.run([*command, "-vf", "scale=720:720", *_QUICK, long], check=True)
    page = visit()
    choose(page, "first", long)
    is_shown(page, "#first-face .sd-reading")
    page.locator("#first-clip .sd-thumb").first.click()
    face_is_found(page, "first")
    until(lambda: not any(served.demo._queue.active_jobs))  # nor does the stopped reading bring anything more
    anchors = page.locator("#first-face .sd-anchor")
    is_shown(page, "#first-face .sd-anchor", 2)
    assert anchors.count() == 3 and page.locator("#first-face .sd-anchor[aria-pressed=true]").count() == 1
    last = anchors.last.get_attribute("data-anchor")
    fns = {number: inspect.unwrap(one.fn) for number, one in served.demo.fns.items() if one.fn}
    keeping = [number for number, fn in fns.items() if getattr(fn, "func", None) is swap_page._keep]
    with page.expect_event("requestfinished", lambda sent: asked_for(sent) in keeping):  # a reload would break it off
        anchors.last.click()  # what is shown of it comes after all that came before
    chosen = f"#first-face .sd-anchor[data-anchor='{last}'][aria-pressed=true]"
    is_shown(page, chosen)
    assert page.locator("#first-face .sd-reading").count() == 0
    assert "15 frames" in page.locator("#first-face .sd-facts").inner_text()
    assert page.locator("#first-clip .sd-name").inner_text() == "Example: happiness"
    visitor.reload(page)
    is_shown(page, chosen)


def test_a_clip_that_is_taken_away_while_it_waits_for_its_turn_is_not_read() -> None:
    reader, film = face_reading.FaceReader(model.film_studio), FileData(path=str(example("person_000_happiness.mp4")))
    last, turns = Latest(), [gr.EventData(None, {"turn": turn}) for turn in range(4)]
    of = gr.Request(requests.Request({"type": "http", "visitor": "this one"}))
    with ExitStack() as others:
        for other in ("another", "a third"):
            others.enter_context(face_reading.readings().place(other, lambda: None))
        reading = reader.upload(film, None, last, turns[1], of)
        next(reading)
        assert face_reading.clear(last, turns[2]) == ("", None)
        assert list(reading) == []
        assert list(reader.upload(film, None, last, turns[1], of)) == [], "it was sent before, and comes after"
        reading = reader.upload(film, None, last, turns[3], of)
        next(reading)
        assert face_reading.clear(last, turns[2]) == (gr.skip(), gr.skip()) and last.job is not None
    *_, (_, face) = reading
    assert face.frames.shape == (15, 128, 128, 3) and last.job is None


def test_a_page_that_is_closed_does_not_wait_for_its_work() -> None:
    free, ended = Event(), Event()

    def work(report: status.Report) -> None:
        free.wait(_WAIT / 1000)
        ended.set()
        report(1)

    going = iter(job := status.Job(work))
    next(going)
    going.close()
    assert job.stopped and not ended.is_set()
    free.set()
    assert ended.wait(_WAIT / 1000)


def test_no_gpu_is_asked_for_where_nobody_is_tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap_tuning, "_states", None)  # what asks for one
    faces = [model.film_studio().read_face(example(name)) for name in (FIRST, SECOND)]
    assert {pair.tuned.steps for pair in swap_tuning.tuned(*faces, 0)} == {0}


def test_uploads_that_were_broken_off_and_visitors_long_gone_are_forgotten_while_the_app_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(app, "limits", lambda: replace(limits(), sweep_seconds=0.1))
    old, new = tmp_path / "tmpold", tmp_path / "tmpnew"
    for path in (old, new):
        path.touch()
    os.utime(old, times=(0, 0))
    demo = build()
    app.start(demo, host="127.0.0.1", block=False)
    holder = demo.app.state_holder
    for visitor in ("gone", "here"):
        assert holder[visitor]
    holder.time_last_used["gone"] -= timedelta(seconds=limits().delete_seconds + 1)
    try:
        until(lambda: not old.exists() and "gone" not in holder)
    finally:
        demo.close(verbose=False)
    assert new.exists(), "this one may still be on its way"
    assert "here" in holder


def test_the_demo_tells_programs_its_address_and_deletes_what_visitors_brought_when_it_is_told_to_end(
    tmp_path: Path,
) -> None:
    """As a process of its own: with --json, one object and nothing else is on its standard output."""
    told = {**os.environ, "GRADIO_TEMP_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "seqdisent_core.cli", "demo", "--port", str(free_port()), "--json"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, cwd=_ROOT, env=told, **pipes) as process:
        assert process.stdout is not None
        printed = json.loads(process.stdout.readline())
        assert (set(printed), printed["written"]) == ({"command", "written", "figures", "notes"}, {})
        assert httpx.get(printed["figures"]["address"]).status_code == 200
        address = f"{printed['figures']['address']}gradio_api"
        with example(FIRST).open("rb") as film:
            (path,) = httpx.post(f"{address}/upload", files={"files": film}).raise_for_status().json()
        assert list(tmp_path.rglob("*.mp4"))
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        work = httpx.post(f"{address}/call/swap", json={"data": [file, file, 60, 1, "all", False]}).json()["event_id"]
        with (
            httpx.stream("GET", f"{address}/heartbeat/somebody", timeout=None),  # a page that is open
            httpx.stream("GET", f"{address}/call/swap/{work}", timeout=None),  # and one that waits for its films
        ):
            process.terminate()
            rest, _ = process.communicate(timeout=_WAIT / 1000)
    assert rest == ""
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_was_shown_to_a_visitor_is_forgotten_once_they_are_long_gone() -> None:
    demo = build()
    holder = StateHolder()
    holder.set_blocks(demo)
    face = next(number for number, block in demo.blocks.items() if block.elem_id == "first-face")
    job = next(
        number for number, block in demo.blocks.items() if getattr(block, "delete_callback", None) is face_reading.stop
    )
    readings = {visitor: status.Job(lambda report: None) for visitor in ("gone", "here")}
    for visitor, reading in readings.items():
        holder[visitor][job] = Latest(job=reading)
        holder[visitor]._update_value_in_config(face, "a picture of a face")  # as Gradio does with all that it shows
    holder.time_last_used["gone"] -= timedelta(seconds=limits().delete_seconds + 1)
    forget_visitors(holder, limits().delete_seconds)
    assert "gone" not in holder and "here" in holder
    assert (readings["gone"].stopped, readings["here"].stopped) == (True, False)
    assert any("a picture" in str(shown) for shown in holder["here"].components)
    assert not any("a picture" in str(shown) for shown in holder["gone"].components)


def test_a_clip_can_be_recorded_with_the_camera(visit: Visit) -> None:
    page = visit()
    page.evaluate(COUNTED_DOWN)
    page.get_by_role("button", name="First clip: use the camera").click()
    page.get_by_role("button", name="Record").click()
    face_is_found(page, "first")
    assert page.locator("#first-clip .sd-name").inner_text().startswith("camera.")


def test_a_phone_shows_every_state_and_axe_finds_nothing_serious_in_it_in_light_and_dark(visit: Visit) -> None:
    page = visit(width=390, height=844)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(252, 250, 246)"

    def looked_at() -> None:
        assert out_of_sight(page) == []
        page.set_viewport_size({"width": 1280, "height": 900})
        page.wait_for_function("innerWidth === 1280")
        assert in_both_themes(page) == []
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_function("innerWidth === 390")

    looked_at()
    for place in ("first", "second"):
        choose(page, place, Path(__file__))  # a sentence, with a file's name in it
        is_shown(page, f"#{place}-face [role=alert]")
    looked_at()
    results_are_shown(pressed(page, tuned=False))
    looked_at()


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Client]:
    yield Client(served.address, verbose=False)


def test_the_endpoint_swaps_two_files(client: Client) -> None:
    films_and_words = client.predict(
        first=handle_file(str(example(FIRST))),
        second=handle_file(str(example(SECOND))),
        seconds=0,
        api_name="/swap",
    )
    first_film, second_film, first_words, second_words = films_and_words
    assert len(read_video(first_film)[0]) == len(read_video(example(SECOND))[0])
    assert len(read_video(second_film)[0]) == len(read_video(example(FIRST))[0])
    assert first_words == "The first person, doing what the second does"
    assert second_words == "The second person, doing what the first does"


def test_the_endpoint_moves_a_photograph_and_says_why_there_is_one_film(client: Client, photo: Path) -> None:
    face, film = handle_file(str(photo)), handle_file(str(example(SECOND)))
    answers = client.predict(face, film, 0, api_name="/swap"), client.predict(film, face, 0, api_name="/swap")
    for own, answer in enumerate(answers):
        films, words = answer[:2], answer[2:]
        assert len(read_video(films[own])[0]) == len(read_video(example(SECOND))[0]) and films[1 - own] is None
        who = ("first", "second")
        assert words[own] == f"The {who[own]} person, doing what the {who[1 - own]} does"
        assert words[1 - own] == f"There is no film: the {who[own]} clip is a photograph"
    with pytest.raises(AppError, match="Both clips are photographs"):
        client.predict(face, face, 0, api_name="/swap")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (str(example(FIRST)), "That is a link, not a file"),
        ("https://example.org/film.mp4", "That is a link, not a file"),
        (handle_file("https://example.org/film.mp4"), "That is a link, not a file"),
        (handle_file(__file__), "not a video"),
        (None, "Two clips are needed"),
    ],
    ids=["a typed path", "a typed address", "a file's address", "no video", "nothing"],
)
def test_the_endpoint_says_what_is_wrong(client: Client, given: object, expected: str) -> None:
    with pytest.raises(AppError, match=expected):
        client.predict(first=given, second=handle_file(str(example(SECOND))), api_name="/swap")


def test_the_endpoint_says_what_it_takes(client: Client) -> None:
    clips = [handle_file(str(example(name))) for name in (FIRST, SECOND)]
    with pytest.raises(AppError, match="it must be 0 to 60"):
        client.predict(*clips, 100, api_name="/swap")
    with pytest.raises(AppError, match=r"it must be 0 to 1\.5"):
        client.predict(*clips, 0, 4, api_name="/swap")
    with pytest.raises(AppError, match="it must be one of all, expression, head"):
        client.predict(*clips, 0, 1, "mouth", api_name="/swap")
    with pytest.raises(AppError, match="it must be true or false"):
        client.predict(*clips, 0, 1, "all", "wall", api_name="/swap")


def test_only_what_is_meant_for_programs_is_offered_to_them(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert isinstance(endpoints, dict)
    named = {"/swap", "/sample", "/move_face", "/interpolate", "/map_place", "/voice_swap"}
    assert set(endpoints["named_endpoints"]) == named
    assert endpoints["unnamed_endpoints"] == {}


def test_files_of_the_project_are_not_served(served: Served, tmp_path: Path) -> None:
    def status(path: Path | str) -> int:
        return httpx.get(f"{served.address}gradio_api/file={path}").status_code

    def swap_of(**file: object) -> str:
        """How the endpoint answers a call that names a file by its path, as no client of Gradio would."""
        call = f"{served.address}gradio_api/call/swap"
        number = httpx.post(call, json={"data": [file, file, 0, 1, "all", False]}).json()["event_id"]
        return httpx.get(f"{call}/{number}", timeout=_WAIT / 1000).text

    assert status(example(FIRST)) == 200
    assert status(_ROOT / "pyproject.toml") == 404
    assert status(asset("checkpoints/facekit52") / "config.json") == 404
    private, meta = shutil.copy(example(FIRST), tmp_path), {"_type": "gradio.FileData"}
    with example(FIRST).open("rb") as film:
        (uploaded,) = httpx.post(f"{served.address}gradio_api/upload", files={"files": film}).json()
    assert status(uploaded) == 200
    assert "event: complete" in swap_of(path=uploaded, meta=meta)
    dots = f"{Path(uploaded).parent}/{os.path.relpath(private, Path(uploaded).parent)}"
    link, unfinished = Path(uploaded).with_name("link.mp4"), served.folder / "tmpunfinished"
    link.symlink_to(private)
    shutil.copy(private, unfinished)  # as somebody's upload that is on its way
    for place in (private, dots, dots.replace(".", "%2e").replace("../", "..%2f"), link, unfinished):
        assert status(place) == 404, place
    for place in (private, dots, str(link), str(unfinished)):  # each could be swapped as well, if it might be read
        for given in ({"meta": meta}, {}):
            assert swap_of(path=place, **given).startswith("event: error"), place
    for ours in (link, unfinished):
        ours.unlink()


def test_no_history_and_no_statistics_of_visitors_are_kept_and_what_is_too_large_is_refused(served: Served) -> None:
    assert httpx.get(f"{served.address}gradio_api/runs").status_code == 404
    assert httpx.get(f"{served.address}monitoring/summary").status_code == 404
    with TemporaryFile() as film:
        film.truncate(201 * 2**20)
        files = {"files": ("large.mp4", film)}
        refused = httpx.post(f"{served.address}gradio_api/upload", files=files, timeout=_WAIT / 1000)
    assert refused.status_code == 413


def test_everything_a_visitor_brought_or_got_can_be_deleted(served: Served, client: Client) -> None:
    client.predict(handle_file(str(example(FIRST))), handle_file(str(example(SECOND))), 0, api_name="/swap")
    assert list(served.folder.rglob("*.mp4"))
    delete_files_created_by_app(served.demo, None)
    assert [path for path in served.folder.rglob("*") if path.is_file()] == []
    assert served.demo.delete_cache is not None


def test_a_port_that_is_taken_gets_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SystemExit, match=r"^The app cannot listen .* choose another --port\.$"):
            app.main(["--port", str(taken.getsockname()[1])])


def test_an_error_in_a_console_or_a_request_to_another_host_fails_a_test(visitor: Visitor) -> None:
    for wrong in ("console.error('wrong')", "setTimeout(() => wrong())", "fetch('http://localhost:9/')"):
        page = visitor.new_page(1280, 900)
        page.goto(visitor.address)
        with page.context.expect_event("console" if "console" in wrong else "weberror" if "()" in wrong else "request"):
            page.evaluate(f"() => void {wrong}")
        with pytest.raises(AssertionError, match=r"wrong|localhost:9"):
            visitor.leave()
    visitor.leave()
