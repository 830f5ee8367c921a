"""What the tests share: a real browser, the real app with the shipped checkpoint, and no silent skips where asked."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import imageio_ffmpeg
import pytest

from seqdisent_core.assets import asset

if TYPE_CHECKING:
    import gradio as gr
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

_CHROMIUM = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
FIRST, SECOND = "person_000_happiness.mp4", "person_005_surprise.mp4"  # examples that differ in person and expression


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With SEQDISENT_NO_SKIPS=1 a test that was skipped has failed: what is not run there is not known to work.

    Except tests of an NVIDIA GPU, which only some machines have.
    """
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    needed = os.environ.get("SEQDISENT_NO_SKIPS") == "1" and item.get_closest_marker("gpu") is None
    if needed and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though SEQDISENT_NO_SKIPS=1: {report.longrepr}"


@pytest.fixture(scope="session")
def camera_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's pretended camera sees: an example, raw, over and over."""
    film = tmp_path_factory.mktemp("camera") / "camera.y4m"
    example = asset("examples") / FIRST
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-stream_loop", "8", "-i", example]
    subprocess.run([*command, "-vf", "scale=640:640,fps=20,format=yuv420p", film], check=True)
    return film


@pytest.fixture(scope="session")
def chromium(camera_film: Path) -> "Iterator[Browser]":
    """A headless Chromium (SEQDISENT_CHROMIUM, or the system's) by Playwright."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    named = os.environ.get("SEQDISENT_CHROMIUM")
    found = named or next((path for path in map(shutil.which, _CHROMIUM) if path), None)
    if found is None:
        pytest.skip("no Chromium: install it, or name it in SEQDISENT_CHROMIUM")
    arguments = [
        *("--no-sandbox", "--disable-background-networking"),
        *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
        f"--use-file-for-fake-video-capture={camera_film}",
    ]
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


class Served(NamedTuple):
    """The app, in this process; its address; the folder in which it keeps visitors' files."""

    demo: "gr.Blocks"
    address: str
    folder: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The real app with the shipped checkpoint, on a free port."""
    import app

    folder = tmp_path_factory.mktemp("gradio")
    with pytest.MonkeyPatch.context() as patch, socket.socket() as free:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        demo = app.build()
        yield Served(demo, app.start(demo, host="127.0.0.1", port=port, block=False), folder)
        demo.close()


Visit = Callable[..., "Page"]


@pytest.fixture
def visit(chromium: "Browser", served: Served) -> Iterator[Visit]:
    """Opens a page of the app, `visit(path="", width=1280, height=900)`, and waits for an element `ready`.

    At the end the test fails where the browser's console had an error, or anything was asked of another host.
    """
    troubles: list[str] = []
    host = urlsplit(served.address).netloc

    def heard(message: "ConsoleMessage") -> None:
        if message.type == "error":
            troubles.append(message.text)

    def asked(request: "Request") -> None:
        place = urlsplit(request.url)
        if place.scheme not in ("data", "blob") and place.netloc != host:
            troubles.append(request.url)

    def open_page(path: str = "", *, width: int = 1280, height: int = 900, ready: str = ".sd-thumb") -> "Page":
        page = chromium.new_context(viewport={"width": width, "height": height}).new_page()
        page.on("console", heard)
        page.on("request", asked)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(served.address + path)
        page.locator(ready).first.wait_for()
        return page

    yield open_page
    for context in chromium.contexts:
        context.close()
    assert not troubles
