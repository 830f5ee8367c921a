"""What the tests share: a real browser, the real app with the shipped checkpoint, and no silent skips where asked."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import imageio_ffmpeg
import pytest
from filelock import FileLock
from media import bad_files_in, make_bad_files

from pages.quick_import import without_stubs
from seqdisent_core.assets import asset

if TYPE_CHECKING:
    import gradio as gr
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

ROOT = Path(__file__).resolve().parent.parent
THREADS = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME", "OMP_NUM_THREADS")
_CHROMIUM = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
FIRST, SECOND = "person_000_happiness.mp4", "person_005_surprise.mp4"  # examples that differ in person and expression


# Files that take longest, so that no worker begins one of them when the others are nearly done.
_FIRST = (
    *("test_app", "test_lecture", "test_sample_page", "test_cli", "test_faces", "test_store", "test_results_page"),
    *("test_filmed", "test_wild", "test_latent_page", "test_personalising", "test_facekit", "test_contract"),
    *("test_processes", "test_examples", "test_compare_page", "test_docs", "test_deploy", "test_video", "test_door"),
    *("test_series_page", "test_training", "test_speech_page", "test_measures", "test_mcp", "test_voices"),
    *("test_studio", "test_anywhere", "test_cluster", "test_readme"),
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A worker a core and one more, since tests wait for browsers and processes, but up to four.

    None for a single file, whose tests would all go to one of them.
    """
    if len(config.args) == 1 and Path(config.args[0].partition("::")[0]).is_file():
        return 0
    return min(4, 1 + (os.cpu_count() or 1))


def pytest_configure(config: pytest.Config) -> None:
    """Workers share the processor, and so do the processes that their tests start: else their threads only wait.

    And Gradio is imported as the app imports it, whichever test comes first.
    """
    workers = config.getoption("numprocesses", None) or 1  # workers inherit what is said here before they start
    for name in ("OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(name, str(max(1, (os.cpu_count() or 1) // workers)))
    without_stubs()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first; all others stay in their order."""
    names = {name: number for number, name in enumerate(_FIRST)}
    items.sort(key=lambda item: names.get(item.path.stem, len(names)))


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


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """`made_once(name, make)`: a folder that `make` has filled, once for all workers of this run."""
    own = tmp_path_factory.getbasetemp()
    of_all = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder, unfinished = of_all / name, of_all / f"{name}_unfinished"
        with FileLock(of_all / f"{name}.lock"):
            if not folder.exists():
                unfinished.mkdir(exist_ok=True)
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return once


@pytest.fixture(scope="session")
def bad_files(made_once: MadeOnce) -> dict[str, tuple[Path, str]]:
    """Every file of media.BAD_FILES: name -> (file, the word expected, or 'ok'). Tests only read them."""
    return bad_files_in(made_once("bad files", make_bad_files))


_APP_ALONE = """
import json, os, sys
import app

heavy = ("torch", "cv2", "plotly", "ray", "sklearn", "vtkmodules")
told = {}
try:
    app.main(["-h"])
except SystemExit:
    told["started"] = {"spins": os.environ.get("GOMP_SPINCOUNT"), "imported": [n for n in heavy if n in sys.modules]}
app.build()
told["stubs"] = sys.modules["gradio.component_meta"].create_or_modify_pyi.__module__
told["built"] = [name for name in heavy if name in sys.modules]
from pages import made_films
from pages.results import films
for one in made_films.showcases().values():
    films.show_of(one)
told["shown"] = [name for name in heavy if name in sys.modules]
print(json.dumps(told))
"""


@pytest.fixture(scope="session")
def app_alone(made_once: MadeOnce) -> dict[str, Any]:
    """What a process has heavy in it that runs the app: `started` by a person, `built`, and with all films `shown`."""

    def make(folder: Path) -> None:
        told = {name: value for name, value in os.environ.items() if name not in THREADS}
        done = subprocess.run(
            [sys.executable, "-c", _APP_ALONE], cwd=ROOT, env=told, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        (folder / "told.json").write_text(done.stdout.splitlines()[-1])

    return json.loads((made_once("app alone", make) / "told.json").read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def camera_film(made_once: MadeOnce) -> Path:
    """What the browser's pretended camera sees: an example, raw, over and over."""

    def make(folder: Path) -> None:
        example = asset("examples") / FIRST
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-stream_loop", "8", "-i", example]
        scaled = ["-vf", "scale=320:320,fps=20,format=yuv420p"]
        subprocess.run([*command, *scaled, folder / "camera.y4m"], check=True)

    return made_once("camera", make) / "camera.y4m"


@pytest.fixture(scope="session")
def chromium(camera_film: Path) -> "Iterator[Browser]":
    """A headless Chromium (SEQDISENT_CHROMIUM, or the system's) by Playwright."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    named = os.environ.get("SEQDISENT_CHROMIUM")
    found = named or next((path for path in map(shutil.which, _CHROMIUM) if path), None)
    if found is None:
        pytest.skip("no Chromium: install it, or name it in SEQDISENT_CHROMIUM")
    arguments = [
        *("--no-sandbox", "--disable-background-networking", "--process-per-site"),
        *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
        f"--use-file-for-fake-video-capture={camera_film}",
    ]
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


def free_port() -> int:
    """A port of this machine that nothing listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Served(NamedTuple):
    """The app, in this process; its address; the folder in which it keeps visitors' files."""

    demo: "gr.Blocks"
    address: str
    folder: Path


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """The real app with the shipped checkpoint, on a free port; visitors' files are kept in `folder`."""
    import app

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        patch.setattr(tempfile, "tempdir", None)  # the app sets it; a folder deep in a test's is too long for a socket
        demo = app.build()
        yield Served(demo, app.start(demo, host="127.0.0.1", port=free_port(), block=False), folder)
        demo.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app that all tests share."""
    with serve(tmp_path_factory.mktemp("gradio")) as one:
        yield one


def is_shown(page: "Page", selector: str, at: int = 0) -> None:
    """Waits until an element is visible, the one `at` of all that a selector finds.

    Asked in the page itself, many times a second; Playwright's own waits soon ask only every half second.
    """
    found = "([selector, at]) => document.querySelectorAll(selector)[at]"
    visible = f"{found}?.checkVisibility({{ visibilityProperty: true }})"
    page.wait_for_function(visible, arg=[selector, at], polling=50, timeout=60_000)


class Visitor:
    """A browser's context that the tests of a module share, and what went wrong in its pages.

    A page at `alive`, a path that gives a few bytes, stays open: all pages of a site share one process, which lives as
    long as one of them, and with it the scripts that it has compiled.
    """

    def __init__(self, context: "BrowserContext", address: str, alive: str) -> None:
        self.context, self.address = context, address
        context.set_default_timeout(60_000)  # milliseconds; how long a busy machine may take, not how long it should
        self._stays = context.new_page()
        self._stays.goto(address + alive)
        self._troubles: list[str] = []
        context.on("console", self._heard)
        context.on("request", self._asked)
        context.on("weberror", lambda error: self._troubles.append(str(error.error)))

    def _heard(self, message: "ConsoleMessage") -> None:
        if message.type == "error":
            self._troubles.append(message.text)

    def _asked(self, request: "Request") -> None:
        place = urlsplit(request.url)
        if place.scheme not in ("data", "blob") and place.netloc != urlsplit(self.address).netloc:
            self._troubles.append(request.url)

    def new_page(self, width: int, height: int) -> "Page":
        """A page as of somebody who was never here before."""
        page = self.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        of_all = {"origin": self.address.rstrip("/"), "storageTypes": "cookies,local_storage"}
        self.context.new_cdp_session(page).send("Storage.clearDataForOrigin", of_all)
        return page

    def reload(self, page: "Page") -> None:
        """Reloads a page, which breaks off what it waits for: that it says so then is no trouble."""
        page.evaluate("0")  # what it has said until now is heard by then
        troubles = self._troubles.copy()
        page.reload(wait_until="commit")
        self._troubles[:] = troubles
        page.wait_for_load_state()

    def leave(self) -> None:
        """Closes the pages; fails where a console had an error, or anything was asked of another host."""
        pages = [page for page in self.context.pages if page is not self._stays]
        for page in pages:
            page.evaluate("0")  # what it has said until now is heard by then
        troubles = self._troubles.copy()
        for page in pages:
            page.close()  # which breaks off what it waits for, and it says so
        self._troubles.clear()
        assert not troubles


@pytest.fixture(scope="module")
def visitor(chromium: "Browser", served: Served) -> "Iterator[Visitor]":
    """The browser, at the app, of somebody who wants little motion: films that loop take a core of their own."""
    with chromium.new_context(reduced_motion="reduce") as context:
        yield Visitor(context, served.address, alive="health")


Visit = Callable[..., "Page"]


def tab_to(page: "Page", selector: str) -> None:
    """Presses the tabulator until it comes to an element."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


@pytest.fixture
def visit(visitor: Visitor) -> Iterator[Visit]:
    """Opens a page of the app, `visit(path="", width=1280, height=900)`, and waits for an element `ready`.

    moving: films play by themselves and dots fly, as for those who have not asked for less.
    At the end the test fails where the browser's console had an error, or anything was asked of another host.
    """

    def open_page(
        path: str = "", *, width: int = 1280, height: int = 900, ready: str = ".sd-thumb", moving: bool = False
    ) -> "Page":
        page = visitor.new_page(width, height)
        if moving:
            page.emulate_media(reduced_motion="no-preference")
        page.goto(visitor.address + path)
        is_shown(page, ready)
        return page

    yield open_page
    visitor.leave()
