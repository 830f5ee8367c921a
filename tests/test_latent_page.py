"""The page "Latent map" in a real browser: dots that move, are picked, swapped, and joined by an own clip's star."""

import json
import re
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from conftest import FIRST, Served, Visit, is_shown
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from media import photograph
from test_app import in_both_themes, out_of_sight

from pages import model
from pages.latent import page as latent
from pages.latent.data import latent_map, plotly_script
from pages.latent.swap import swapped
from pages.session import SESSIONS, token_of
from seqdisent_core.assets import asset
from seqdisent_core.cli import main
from seqdisent_core.errors import ConfigError
from seqdisent_core.media.video import read_video
from seqdisent_core.reporting import LatentMap, Named

if TYPE_CHECKING:
    from playwright.sync_api import Page

_WAIT = 60_000  # milliseconds; how long a busy machine may take, not how long it should
_DOT = """([map, clip]) => {
    const plot = document.querySelector(`.sd-map-field[data-map=${map}] .sd-map-plot`);
    const box = plot.getBoundingClientRect();
    const { x, y } = plot.data[0];
    const [left, right] = plot.layout.xaxis.range;
    const [low, high] = plot.layout.yaxis.range;
    return [box.left + ((x[clip] - left) / (right - left)) * box.width,
            box.top + (1 - (y[clip] - low) / (high - low)) * box.height];
}"""


def opened(visit: Visit, **how: int) -> "Page":
    page = visit("map", **how)
    is_shown(page, ".sd-map-drawn", 1)
    return page


def label(known: LatentMap, name: str, clip: int) -> str:
    values, names = known.labels[name]
    return names[values[clip]]


def alone(factor: str, expression: str) -> int:
    """A clip of that expression that no other dot lies near to in a map, so that a mouse can only mean this one."""
    known = latent_map()
    places = known.static_places if factor == "static" else known.dynamics_places[:, known.apex]
    away = np.linalg.norm(places[:, None] - places, axis=2) + np.eye(len(places)) * 1e6
    values, names = known.labels["expression"]
    wanted = values == names.index(expression)
    return int(np.where(wanted, away.min(axis=1), 0).argmax())


def dot(page: "Page", factor: str, clip: int) -> tuple[float, float]:
    page.locator(f".sd-map-field[data-map={factor}]").scroll_into_view_if_needed()
    x, y = page.evaluate(_DOT, [factor, clip])
    return x, y


def are_shown(page: "Page", selector: str, count: int) -> None:
    """Waits until there are so many of them."""
    page.wait_for_function("([what, count]) => document.querySelectorAll(what).length === count", arg=[selector, count])


def films_are_shown(page: "Page") -> None:
    is_shown(page, "#picked video", 3)
    page.wait_for_function("[...document.querySelectorAll('#picked video')].every((video) => video.readyState >= 3)")


def test_pointing_shows_the_clip_moving_two_picked_dots_are_swapped_and_time_moves_all(
    visit: Visit, tmp_path: Path
) -> None:
    """And colours and the legend are one for both maps."""
    from seqdisent_core.evaluation.judge import Judge

    page, known = opened(visit, moving=True), latent_map()
    first, second = alone("dynamics", "happiness"), alone("dynamics", "surprise")
    page.mouse.move(*dot(page, "dynamics", first))
    card = page.locator(".sd-map-card")
    card.wait_for(timeout=_WAIT)
    assert card.inner_text().startswith(label(known, "person", first).replace("_", " ").capitalize())
    moving = "getComputedStyle(document.querySelector('.sd-map-card .sd-film')).backgroundPositionX"
    before = page.evaluate(moving)
    page.wait_for_function(f"{moving} !== '{before}'")
    are_shown(page, ".sd-map-ring", 2)  # the dot is lit up in both maps
    for clip in (first, second):
        page.mouse.click(*dot(page, "dynamics", clip))
    are_shown(page, ".sd-map-picked", 4)
    are_shown(page, ".sd-map-dynamics .sd-map-path", 2)
    films_are_shown(page)
    judge = Judge.from_pretrained(asset("checkpoints/facekit52_judge"))
    links = page.locator("#picked").get_by_role("link", name="Download as MP4")
    for at, (who, does) in enumerate(((second, first), (first, second))):
        with page.expect_download() as waiting:
            links.nth(at).click()
        film = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(film)
        small = [cv2.resize(frame, (64, 64), interpolation=cv2.INTER_AREA) for frame in read_video(film)[0]]
        seen = judge.read(np.stack(small))
        assert seen.names == {"person": label(known, "person", who), "expression": label(known, "expression", does)}
    page.get_by_role("button", name="Clear").click()
    page.locator("#picked video").first.wait_for(state="detached", timeout=_WAIT)
    are_shown(page, ".sd-map-picked", 0)
    places = "[...document.querySelector('.sd-map-dynamics .sd-map-plot').data[0].x].slice(0, 5)"
    assert page.evaluate(places) == pytest.approx(known.dynamics_places[:5, known.apex, 0].tolist(), abs=0.006)
    page.locator(".sd-map-slider").focus()
    page.keyboard.press("Home")
    is_shown(page, ".sd-map-flying")
    page.locator(".sd-map-flying").wait_for(state="detached", timeout=_WAIT)
    assert page.evaluate(places) == pytest.approx(known.dynamics_places[:5, 0, 0].tolist(), abs=0.006)
    page.locator(".sd-map-now", has_text="frame 1 of 15").wait_for()
    colours = "[...document.querySelectorAll('.sd-map-plot')].map((plot) => plot.data[0].marker.color)"
    for by, count in (("person", 52), ("recording", 2), ("expression", 6)):
        page.locator(f".sd-map-colour input[value={by}]").check()
        are_shown(page, ".sd-map-chip", count)
        page.wait_for_function(f"(count) => {colours}.every((of) => new Set(of).size === count)", arg=count)
        left, right = page.evaluate(colours)
        assert left == right
        labels = known.recording if by == "recording" else known.labels[by].values
        assert len({(colour, label) for colour, label in zip(left, labels.tolist(), strict=True)}) == count
    expression = known.labels["expression"]
    page.get_by_role("button", name="fear", exact=True).click()
    shown = "document.querySelector('.sd-map-plot').data[0].marker.opacity.filter((value) => value > 0.5).length"
    page.wait_for_function(f"{shown} === {int((expression.values == expression.names.index('fear')).sum())}")


def test_an_own_clip_becomes_a_star_by_the_keyboard_alone_and_who_waits_for_others_is_told(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is no longer picked goes at once."""
    free = Event()
    monkeypatch.setattr(latent, "swapped", lambda *picked: free.wait(_WAIT / 1000) and swapped(*picked))
    page = opened(visit)
    page.locator(".sd-map-field[data-map=static]").focus()
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid", "the focus is not to be seen"
    for key in ("ArrowRight", "Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("Writing the films").wait_for()
    page.locator("#own-clip .sd-thumb").first.focus()
    page.keyboard.press("Enter")
    page.locator("#own-near").get_by_text("Waiting for your turn").wait_for()
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Writing the films").wait_for(state="detached")
    page.locator(".sd-map-field[data-map=static]").focus()
    page.keyboard.press("ArrowRight")
    for _ in range(8):  # a dot picked and let go again takes no place in the queue, of which a page has two
        page.keyboard.press("Enter")
    assert not free.is_set()
    free.set()
    is_shown(page, "#own-near .sd-map-near li")
    is_shown(page, ".sd-map-static .sd-map-star")
    are_shown(page, ".sd-map-dynamics .sd-map-own", 1)
    persons, expressions = (page.locator("#own-near ul").nth(at).locator("li").first.inner_text() for at in (0, 1))
    person, _, expression = Path(FIRST).stem.rpartition("_")
    assert persons.startswith(person.replace("_", " ").capitalize())
    assert expressions.startswith(expression.capitalize())
    page.locator(".sd-map-field[data-map=static]").focus()
    for key in ("ArrowRight", "Enter", "ArrowRight", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    are_shown(page, ".sd-map-full", 2)
    page.locator(".sd-map-said", has_text="picked as number 2").wait_for(state="attached")
    films_are_shown(page)
    page.locator(".sd-map-field[data-map=static]").focus()
    page.keyboard.press("Escape")
    are_shown(page, ".sd-map-full", 0)
    page.get_by_role("button", name="My clip: remove").click()
    page.locator(".sd-map-star").first.wait_for(state="detached")


def test_a_phone_shows_all_of_it_and_axe_finds_nothing_serious_in_light_and_dark(visit: Visit) -> None:
    page = opened(visit, width=390, height=844)
    assert out_of_sight(page) == []
    page.locator(".sd-map-colour input[value=person]").check()
    clip = alone("static", "fear")
    page.mouse.move(*dot(page, "static", clip))
    is_shown(page, ".sd-map-card")
    assert out_of_sight(page) == []
    assert in_both_themes(page, ".sd-map-static .point") == []
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("innerWidth === 1280")
    assert out_of_sight(page) == []


def test_the_endpoint_places_a_file_as_the_command_does_and_says_what_is_wrong(
    served: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    client = Client(served.address, verbose=False)
    known = latent_map()
    placed = client.predict(clip=handle_file(str(asset("examples") / FIRST)), api_name="/map_place")
    person, _, expression = Path(FIRST).stem.rpartition("_")
    assert placed["persons"][0]["name"] == person
    assert placed["expressions"][0]["name"] == expression
    assert np.shape(placed["static"]) == (2,)
    assert np.shape(placed["dynamics"]) == (known.frames, 2)
    capsys.readouterr()
    assert main(["place", str(asset("examples") / FIRST), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"] == placed
    photo = photograph(tmp_path / "one.png", read_video(asset("examples") / FIRST)[0][0])
    with pytest.raises(AppError, match="is a photograph, which has no movement to give"):
        client.predict(clip=handle_file(str(photo)), api_name="/map_place")
    with pytest.raises(AppError, match="A clip is needed"):
        client.predict(clip=None, api_name="/map_place")
    with pytest.raises(AppError, match="That is a link"):
        client.predict(clip="https://example.org/film.mp4", api_name="/map_place")


def test_a_photograph_gets_its_sentence_in_place_of_a_star(tmp_path: Path) -> None:
    photo = photograph(tmp_path / "one.png", read_video(asset("examples") / FIRST)[0][0])
    *_, (star, words) = latent.place_face(model.studio().read_face(photo))
    assert star is None and "one.png is a photograph, which has no movement to give" in words


def test_of_swaps_clips_photographs_are_not_offered(tmp_path: Path) -> None:
    photo = photograph(tmp_path / "one.png", read_video(asset("examples") / FIRST)[0][0])
    token = token_of(None)
    for place, file in (("first", asset("examples") / FIRST), ("second", photo)):
        SESSIONS.keep(token, place, model.studio().read_face(file))
    assert "First clip of Swap" in latent.offer(token)
    assert "Second clip of Swap" not in latent.offer(token)


def test_shares_beyond_the_longest_bars_are_of_others() -> None:
    names, shares = latent_map().labels["person"].names[:8], (0.3, *[0.1] * 7)
    near = tuple(Named(name, share) for name, share in zip(names, shares, strict=True))
    shown = re.findall(r"<li>.*?(\w+)</span><i[^>]*></i><span>(\d+%)", latent._nearest(near, near[:1]))
    assert shown[5] == ("Others", "30%") and len(shown) == 7


def test_of_other_packages_only_plotlys_script_is_served(served: Served) -> None:
    import httpx

    def status(path: Path) -> int:
        return httpx.get(f"{served.address}gradio_api/file={path}").status_code

    assert status(plotly_script()) == 200
    assert status(plotly_script().with_name("widgetbundle.js")) == 404
    assert status(asset("map") / "map.safetensors") == 404


def test_a_map_that_is_refused_is_a_sentence_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    import gradio as gr

    def refused() -> None:
        raise ConfigError("The latent map belongs to another checkpoint.")

    monkeypatch.setattr(latent, "latent_map", refused)
    with gr.Blocks() as demo:
        latent.layout(demo)
    shown = [str(block.value) for block in demo.blocks.values() if isinstance(block, gr.HTML)]
    assert any("belongs to another checkpoint" in text for text in shown)
