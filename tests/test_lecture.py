"""The lecture: what it shows is the shipped model's, and a real browser turns its pages as a speaker does."""

import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

import imageio.v3 as iio
import numpy as np
import pytest
from conftest import FIRST, Visitor, free_port, is_shown
from test_app import COUNTED_DOWN, lasting, serious_findings

from pages.lecture import pictures
from pages.lecture.handout import write_handout
from pages.lecture.start import check
from pages.lecture.steps import Control, Step, Talk
from pages.made_films import MODELS
from seqdisent_core.assets import asset
from seqdisent_core.cli import main
from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.lecture import TERMS, Live, Material, likeness, material, subtracted
from seqdisent_core.media.synthetic import label
from seqdisent_core.reporting import read_comparison
from seqdisent_core.weights import sha256_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_ROOT = Path(__file__).resolve().parent.parent
_WAIT = 60_000
_SMALL = """() => [...document.querySelectorAll('.stMain *')].filter((element) => {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const shown = element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().width;
    return text && shown && parseFloat(getComputedStyle(element).fontSize) < 28;
}).map((element) => `${element.tagName}: ${element.textContent.slice(0, 60)}`)"""
_BELOW = """() => {
    const end = document.querySelector('.st-key-lx_bar').getBoundingClientRect().top;
    const shown = [...document.querySelectorAll('.stMain :is(h1, p, b, dt, dd, td, figure, img, svg, button)')]
        .filter((element) => !element.closest('.st-key-lx_bar, .st-key-lx_hidden') && element.checkVisibility());
    return shown.filter((element) => element.getBoundingClientRect().bottom > end + 1)
        .map((element) => `${element.tagName}: ${element.textContent.slice(0, 60)}`);
}"""
_OFF_A_PHONE = """(width) => {
    const boxes = [...document.querySelectorAll('.st-key-lx_bar :is(button, a)')].map((e) => e.getBoundingClientRect());
    const small = boxes.filter((box) => Math.min(box.width, box.height) < 40).length; // than fingers need
    const lines = new Set(boxes.map((box) => Math.round(box.y))).size;
    const wide = document.querySelector('.stMain').scrollWidth > width;
    return [...(small ? [`${small} small buttons`] : []), ...(lines === 1 ? [] : [`${lines} lines`]),
            ...(wide ? ['too wide'] : [])];
}"""

_PRESS_WHEN_TURNED = """() => {
    const before = document.querySelector('h1').textContent;
    new MutationObserver((_, watch) => {
        const now = document.querySelector('h1')?.textContent;
        if (!now || now === before) return;
        watch.disconnect();
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""

_FEATURES = "() => [...document.querySelectorAll('.js-plotly-plot')].map((chart) => chart.data[0].z)"
_SHEETS = r"""() => [0, 1, 2].map((at) => document.querySelector('.lx-films').style.getPropertyValue(`--sheet-${at}`)
    .match(/base64,([\w+/=]+)/)[1])"""
_HEAR = """() => {
    document.hears = new BroadcastChannel(new URLSearchParams(location.search).get('talk'));
    document.hears.onmessage = ({ data }) => { document.told = data; };
}"""

_NO_FACE = """() => {
    const later = window.setTimeout;
    window.setTimeout = (work, wait, ...by) => later(work, wait < 1000 ? wait : wait / 4, ...by); // counts down faster
    navigator.mediaDevices.getUserMedia = async () => {
        const wall = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
        setInterval(() => wall.getContext('2d').fillRect(0, 0, 320, 240), 40);
        return wall.captureStream(25);
    };
}"""


@contextmanager
def running(stdout: IO[str], stderr: IO[str]) -> Iterator[str]:
    """`seqdisent lecture --json`, until it is ready; its address."""
    port = free_port()
    command = [sys.executable, "-m", "seqdisent_core.cli", "lecture", "--port", str(port), "--json"]
    process = subprocess.Popen(command, cwd=_ROOT, stdout=stdout, stderr=stderr, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, "the lecture ended by itself"
                time.sleep(0.1)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the lecture has written to its standard output."""
    return tmp_path_factory.mktemp("lecture") / "told"


@pytest.fixture(scope="module")
def lecture(told: Path) -> Iterator[str]:
    """A lecture that runs; its address. At its end, one JSON document is all that it has told programs."""
    said = told.with_name("said")
    with told.open("w") as out, said.open("w") as err, running(stdout=out, stderr=err) as address:
        yield address
    assert json.loads(told.read_text())["command"]  # Streamlit says elsewhere that it stops
    assert "URL" not in said.read_text()  # Streamlit looks for none: on all addresses that asks a host elsewhere


Opened = Callable[..., "Page"]


@pytest.fixture(scope="module")
def visitor(chromium: "Browser", lecture: str) -> Iterator[Visitor]:
    """A speaker's browser at the lecture."""
    size = {"width": 1280, "height": 720}  # also of the windows that the lecture opens
    with chromium.new_context(viewport=size, permissions=["camera"], reduced_motion="reduce") as context:
        yield Visitor(context, f"{lecture}/", alive="_stcore/health")


@pytest.fixture
def opened(visitor: Visitor) -> Iterator[Opened]:
    """Opens the lecture at a step; at the end, no error in the console and nothing asked of another host."""

    def open_at(step: str = "", *, width: int = 1280, height: int = 720, before: str = "") -> "Page":
        page = visitor.new_page(width, height)
        page.add_init_script(before)
        page.goto(f"{visitor.address}?step={step}")
        at(page, Talk().find(step))
        return page

    yield open_at
    visitor.leave()


def at(page: "Page", number: int) -> None:
    """Waits until a step is shown whole."""
    name = Talk().steps[number].name
    is_shown(page, f".lx-where[data-step={name}]")
    is_shown(page, f".st-key-lx_{name.replace('-', '_')} h1[data-number='{number}']")


def says(page: "Page", words: str) -> None:
    """Waits until a page shows these words."""
    said = "(words) => (document.body?.innerText ?? '').replace(/\\s+/g, ' ').includes(words)"
    page.wait_for_function(said, arg=words, polling=50, timeout=_WAIT)


def can_be_read(page: "Page", number: int, theme: str) -> None:
    """A step, by the last row of a hall."""
    name = Talk().steps[number].name
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    assert lasting(page, lambda: page.evaluate(_SMALL)) == [], name
    assert lasting(page, lambda: page.evaluate(_BELOW)) == [], name
    assert serious_findings(page, theme) == [], name


def test_the_shipped_material_is_of_the_shipped_checkpoint() -> None:
    known = material()
    assert known.about["checkpoint_sha256"] == sha256_of(asset("checkpoints/facekit52"))
    assert known.names == sorted(path.stem for path in asset("examples").glob("*.mp4"))
    sheets = ["given", "samples", *known.names, *(f"ablation_{model}" for model in MODELS)]
    assert all(known.sheet(name).stat().st_size > 10_000 for name in sheets)


def test_the_features_are_what_the_shipped_model_reads() -> None:
    from seqdisent_core.studio import Studio

    studio = Studio.from_pretrained()
    name = FIRST.removesuffix(".mp4")
    read = studio.features(studio.read_face(asset("examples") / FIRST).frames)
    assert np.abs(read - material().features[name]).max() < 0.02


def test_subtracting_makes_people_who_do_the_same_more_alike() -> None:
    """What the step says of one pair holds for each of the six, and by no mere chance of any two clips."""
    known = material()
    before, after = known.features, {name: subtracted(rows, 0) for name, rows in known.features.items()}
    same: dict[bool, list[float]] = {True: [], False: []}
    for one, other in combinations(known.names, 2):
        equal = one.rpartition("_")[2] == other.rpartition("_")[2]
        same[equal].append(likeness(after[one], after[other]))
        if equal:
            assert likeness(after[one], after[other]) > likeness(before[one], before[other])
    assert np.mean(same[True]) > np.mean(same[False]) + 0.3


def test_a_constant_added_to_every_frame_is_subtracted_again() -> None:
    features = np.random.default_rng(0).normal(size=(15, 8)).astype(np.float32)
    assert np.allclose(subtracted(features + 3, 4), subtracted(features, 4), atol=1e-5)
    assert not subtracted(features, 4)[4].any()


def test_the_lecture_subtracts_as_the_model_does() -> None:
    import torch

    from seqdisent_core.methods import Method

    rows = next(iter(material().features.values()))
    read = Method.from_pretrained("facekit52").subtract_anchor(torch.from_numpy(rows)[None], 3)[0]
    assert np.allclose(subtracted(rows, 3), read.numpy(), atol=1e-4)


def test_a_clip_from_the_audience_is_subtracted_as_its_own_model_does() -> None:
    import torch

    from seqdisent_core.methods import Method
    from seqdisent_core.studio import FILMED

    frames, rows = np.zeros((3, 8, 8, 3), np.uint8), next(iter(material().features.values()))
    read = Method.from_pretrained(FILMED).subtract_anchor(torch.from_numpy(rows)[None], 3)[0]
    live = Live(frames, frames, frames, frames, rows, 3, 1.0, None, rows)  # type: ignore[arg-type]  # no face is asked for
    assert np.allclose(live.subtracted, read.numpy())


def test_material_that_is_missing_is_said_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="seqdisent lecture --prepare"):
        Material.load(tmp_path)


def test_the_loss_is_the_sum_of_its_weighted_terms() -> None:
    step = next(step for step in Talk().steps if step.name == "loss")
    terms = next(iter(material().terms.values()))
    total = sum(material().about["weights"][term] * terms[term] for term in TERMS)
    assert f"{total:,.0f}" in str(step.shown()[-1])
    assert f"{total - material().about['weights']['anchor'] * terms['anchor']:,.0f}" in str(step.shown(anchor=0)[-1])


def test_every_method_that_encodes_is_a_dot_with_its_name_beside_it() -> None:
    plane, _ = Talk().steps[Talk().find("methods")].shown()
    found = dict(re.findall(r"--x:([\d.]+)%;--y:[\d.]+%\"><i></i><b>([^<]+)</b>", str(plane)))
    rows = {row["name"]: row["figures"] for row in read_comparison(asset("compare"))["rows"]}
    read = {name: figures["probe_static_dynamic_acc"] for name, figures in rows.items()}
    assert read.pop("mocogan") is None
    assert sorted(map(float, found)) == sorted(round(100 * figure["mean"], 1) for figure in read.values())
    assert {"DBSE", "Exchange", "SPYL", "C-DSVAE"} < set(found.values())


def test_names_of_dots_keep_clear_of_dots_and_of_one_another() -> None:
    shown = [("first", 50, 50, "ours"), ("second", 50.5, 50, "quiet"), ("at the very end", 96, 60, "quiet")]
    drawn = pictures.dots(shown, (10, 20), ("across", "up"))
    sides = re.findall(r"lx-(\w+)\" style=[^>]+><i></i><b>([^<]+)</b>", drawn)
    assert sides == [("left", "first"), ("right", "second"), ("left", "at the very end")]
    assert 'lx-along" style="--at:10.0%' in drawn and 'lx-across" style="--at:20.0%' in drawn


def test_a_remotes_keys_turn_every_step_which_the_last_row_and_a_phone_can_read_and_back(opened: Opened) -> None:
    """28 pixels and more at 1280, nothing below the bar, and axe finds nothing serious, in light and dark.

    And on a phone, all of it over a bar of one line.
    """
    page = opened()
    for number, step in enumerate(Talk().steps):
        if number:
            page.keyboard.press("PageDown")
            at(page, number)
        assert not page.get_by_test_id("stException").count()
        for theme in ("light", "dark") if number % 2 == 0 else ("dark", "light"):
            can_be_read(page, number, theme)
        for width in (390, 360):
            page.set_viewport_size({"width": width, "height": 844})
            assert lasting(page, lambda width=width: page.evaluate(_OFF_A_PHONE, width)) == [], step.name
        page.set_viewport_size({"width": 1280, "height": 720})
    page.keyboard.press("PageUp")
    at(page, len(Talk()) - 2)
    page.keyboard.press("Home")
    at(page, 0)
    page.keyboard.down("ArrowRight")
    page.keyboard.down("ArrowRight")  # held down, which is one press
    page.keyboard.up("ArrowRight")
    page.keyboard.press("ArrowRight")
    at(page, 2)
    page.get_by_role("button", name="Back").click()
    at(page, 1)
    page.reload(wait_until="commit")  # shows the same step, and hears keys as soon as it shows anything:
    page.wait_for_function("() => document.lecture")  # long before Streamlit has loaded what turns the steps
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    at(page, 3)


def test_a_weight_that_is_turned_changes_the_loss_at_once_and_every_run_tells_the_other_screens_its_step(
    opened: Opened,
) -> None:
    """Also one that shows the step it showed before, as where a quick press back cut the run between the two short."""
    page = opened("loss")
    page.wait_for_function("!!document.lecture?.press")  # its first run has told
    page.evaluate(_HEAR)
    before = page.locator(".lx-total").inner_text()
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(before) => document.querySelector('.lx-total').innerText !== before", arg=before)
    page.wait_for_function(f"document.told === {Talk().find('loss')}")
    at(page, Talk().find("loss"))  # the arrow turned the slider and not the step
    before = page.locator(".lx-total").inner_text()
    box = page.get_by_role("slider").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 80, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    page.wait_for_function("(before) => document.querySelector('.lx-total').innerText !== before", arg=before)
    assert page.evaluate("document.activeElement.type") == "range"
    page.keyboard.press("ArrowRight")
    at(page, Talk().find("loss") + 1)  # a slider that was dragged lets the talk go on


def test_bars_are_as_long_as_they_say(opened: Opened) -> None:
    bars = opened("leak", width=390, height=844).locator(".lx-bar dd")
    said = [float(figure.rstrip("%")) for figure in bars.locator("b").all_inner_texts()]
    long = [box["width"] for bar in bars.locator("i").all() if (box := bar.bounding_box())]
    assert max(said) > 90 > 30 > min(said)
    assert [width / max(long) for width in long] == pytest.approx([share / max(said) for share in said], abs=0.02)


def test_keys_turn_steps_after_a_choice_but_belong_to_the_list_while_it_is_open(opened: Opened) -> None:
    page, place = opened("ablations"), Talk().find("ablations")
    box = page.get_by_role("combobox").first
    box.click()
    page.keyboard.type("ours, n")  # filters the list
    page.keyboard.press("ArrowLeft")
    page.get_by_role("option", name=MODELS["without_subtraction"]).click()
    page.wait_for_function("() => document.querySelector('[role=combobox]').ariaExpanded === 'false'")
    page.wait_for_function("(name) => document.querySelector('[role=combobox]').value === name",
                           arg=MODELS["without_subtraction"])  # fmt: skip
    at(page, place)
    for key, number in (("ArrowRight", place + 1), ("ArrowLeft", place), (" ", place + 1)):  # there are boxes on both
        box.focus()
        page.keyboard.press(key)
        at(page, number)
    box.focus()
    with page.context.expect_page():
        page.keyboard.press("n")
    assert len(page.context.pages) == 3  # it, its notes, and the one that stays
    box.focus()
    page.keyboard.press("End")
    at(page, len(Talk()) - 1)


def test_the_notes_follow_the_talk_and_lead_it_and_their_clock_goes_on_when_its_title_is_shown_again(
    opened: Opened,
) -> None:
    page = opened()
    with page.context.expect_page() as waiting:
        page.keyboard.press("n")
    notes, steps, place = waiting.value, Talk().steps, 1
    says(notes, "Elapsed 0:00")
    page.keyboard.press("ArrowRight")
    at(page, place)
    notes.get_by_text(re.compile(r"Elapsed 0:\d[1-9], planned end")).wait_for()
    page.keyboard.press("Home")
    at(page, 0)
    says(notes, steps[0].notes[0])
    page.keyboard.press("ArrowRight")
    at(page, place)
    says(notes, steps[place].notes[0])
    assert not notes.get_by_text("Elapsed 0:00").count()
    assert steps[place].notes[0] not in page.locator(".stMain").inner_text()
    page.keyboard.press("ArrowRight")
    says(notes, steps[place + 1].notes[0])
    notes.keyboard.press("ArrowLeft")
    at(page, place)
    says(notes, steps[place].notes[0])
    page.evaluate(_PRESS_WHEN_TURNED)  # by a hand that is faster than the rest of the page
    notes.keyboard.press("ArrowRight")
    at(page, place + 2)
    with notes.expect_navigation():
        page.keyboard.press("n")  # once more
    assert len(page.context.pages) == 3  # it, its notes, and the one that stays
    page.close()
    with page.context.expect_page() as waiting:
        notes.get_by_role("link", name="Talk").click()
    at(waiting.value, place + 2)


def test_another_device_follows_the_notes_and_cannot_turn_the_talk(opened: Opened) -> None:
    page = opened("leak")
    place, steps = Talk().find("leak"), Talk().steps
    with page.context.expect_page() as waiting:
        page.keyboard.press("n")
    notes = waiting.value
    says(notes, f"Next: {steps[place + 1].title}")
    notes.get_by_text("These notes on another device").click()
    with page.context.expect_page() as waiting:
        notes.get_by_role("link", name="notes that only follow").click()
    follower = waiting.value
    assert "talk=" not in follower.url and follower.url != notes.url
    says(follower, steps[place].notes[0])
    assert not follower.get_by_role("button").count()
    follower.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Steps").click()
    page.get_by_role("button", name=steps[place + 2].title).click()
    says(follower, steps[place + 2].notes[0])
    at(page, place + 2)  # and not one further, by the key that was pressed before
    follower.goto(follower.url.rpartition("=")[0] + "=none")
    says(follower, "This link is of a talk that has ended")


def test_films_pause_and_stay_so_while_the_page_turns(opened: Opened) -> None:
    page = opened("sample")
    page.emulate_media(reduced_motion="no-preference")
    state = "getComputedStyle(document.querySelector('.lx-film')).animationPlayState"
    assert page.evaluate(state) == "running"
    page.get_by_label("Pause").check()
    page.keyboard.press("ArrowLeft")
    at(page, Talk().find("sample") - 1)
    assert page.evaluate(state) == "paused"


def brightness_of_mark(row: np.ndarray) -> float:
    """Grey levels by which the letters of the label stand out in a row of frames, (side, width, 3)."""
    mark = label(len(row))
    height, width = mark.shape[:2]
    letters, corner = mark[..., :3].mean(axis=2) > 120, row[-height:, -width:].mean(axis=2)
    return float(corner[letters].mean() - corner[~letters].mean())


def test_the_audience_is_filmed_and_taken_apart(opened: Opened) -> None:
    page = opened("live")
    page.evaluate(COUNTED_DOWN)
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Record 3 seconds").click()
    says(page, "with a sampled movement")
    page.get_by_role("button", name="Use the camera again", disabled=False).wait_for(timeout=_WAIT)
    is_shown(page, ".js-plotly-plot", 1)
    read, less = (np.array(rows) for rows in page.evaluate(_FEATURES))
    assert np.ptp(read - less, axis=1).max() < 0.01 < np.ptp(read, axis=1).max()  # the anchor's, of every frame
    pair, *own = (iio.imread(base64.b64decode(sheet)) for sheet in page.evaluate(_SHEETS))
    given, *made = (brightness_of_mark(row) for row in (*np.split(pair, 2), *own))
    assert min(made) > 50 > given  # what a model made says so


def test_a_still_picture_is_said_in_a_sentence_and_a_recording_without_a_face_frees_the_camera_again(
    opened: Opened, bad_files: dict[str, tuple[Path, str]]
) -> None:
    page = opened("live")
    page.locator("input[type=file]").set_input_files(bad_files["one_frame.mp4"][0])
    page.get_by_role("alert").filter(has_text="still picture").wait_for()
    assert "Traceback" not in page.locator(".stMain").inner_text()
    page.evaluate(_NO_FACE)
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Record 3 seconds").click()
    page.get_by_role("alert").filter(has_text="No face").wait_for()
    page.get_by_role("button", name="Use the camera again").click()
    page.get_by_role("button", name="Record 3 seconds").wait_for(timeout=_WAIT)


def test_without_a_camera_a_film_is_asked_for_and_there_is_an_example(opened: Opened) -> None:
    without = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"  # as where there is no https
    page = opened("live", before=without)
    page.get_by_text("choose a video below").wait_for(timeout=_WAIT)
    assert not page.get_by_role("button", name="Use the camera").count()
    page.get_by_role("button", name="Use an example clip").click()
    says(page, "with a sampled movement")
    page.get_by_role("button", name="Learn this face").wait_for()


def test_the_handout_needs_nothing_else(chromium: "Browser", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written from another folder, so that an installed package is asked for its own pages and figures."""
    monkeypatch.chdir(tmp_path)
    assert main(["lecture", "--handout", "talk.html"]) == 0
    with chromium.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "talk.html").as_uri())
        page.locator(".lx-chart .main-svg").first.wait_for()
        titles = page.locator("h1").all_inner_texts()
        told_apart = page.locator("section", has=page.get_by_role("heading", name="Ablations")).inner_text()
    assert [re.sub(r"\s+", " ", title) for title in titles] == [s.title for s in Talk().steps if not s.live]
    assert {urlsplit(url).scheme for url in asked} <= {"file", "data"}
    assert MODELS["published"] in told_apart and MODELS["published_without_subtraction"] in told_apart


def test_the_handout_shows_any_step_at_the_values_that_are_to_be_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = Control("turn", "Turn", 1, numbers=(1, 9, 1))
    step = Step("turn", "Turn", "", (), 1, lambda turn: [f"drawn at {turn}"], (turn,), printed=(2, 3))
    monkeypatch.setattr("pages.lecture.handout.Talk", lambda: Talk((step,)))
    write_handout(tmp_path / "talk.html")
    assert re.findall(r"drawn at (\d)", (tmp_path / "talk.html").read_text(encoding="utf-8")) == ["2", "3"]


def test_the_bar_of_pages_links_to_a_lecture_that_runs(chromium: "Browser", lecture: str) -> None:
    import app

    demo = app.build(lecture)
    try:
        with chromium.new_context(reduced_motion="reduce") as context:
            page = context.new_page()
            page.goto(app.start(demo, host="127.0.0.1", port=free_port(), block=False))
            link = page.get_by_role("link", name="Lecture")
            link.wait_for(timeout=_WAIT)
            assert (link.get_attribute("href") or "").rstrip("/") == lecture  # where all tests here open it
    finally:
        demo.close()


def test_the_command_tells_programs_where_it_runs_while_it_runs(lecture: str, told: Path) -> None:
    assert lecture in json.loads(told.read_text())["notes"][0]


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_a_port_that_there_is_not_is_said(port: int) -> None:
    with pytest.raises(ConfigError, match="ports are 1 to 65535"):
        check("127.0.0.1", port)


def test_pictures_or_figures_that_a_step_lacks_are_said_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr("pages.lecture.steps.RESULTS", tmp_path)
        with pytest.raises(SeqdisentError, match="no result file"):
            check("127.0.0.1", 8501)
    monkeypatch.setattr(Material, "sheet", lambda _, name: tmp_path / f"{name}.webp")
    with pytest.raises(ConfigError, match=r"given\.webp.*seqdisent lecture --prepare"):
        check("127.0.0.1", 8501)


def test_a_port_in_use_is_said_and_one_just_left_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ConfigError, match="it is in use"):
            check("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()  # the server's end goes first, so its port rests for a minute
    check("127.0.0.1", port)
