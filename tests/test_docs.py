"""The documents as a site: it builds without a warning, asks nothing of another host, and what it says can be done."""

import functools
import http.server
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from PIL import Image

from seqdisent_core.cli import _parser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")])
_RESOURCES = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: one warning, such as a broken link, and this fails."""
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("mkdocs is not installed")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    told = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return out


class _Fetched(HTMLParser):
    """The addresses that a browser fetches by itself for a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(_RESOURCES.get(tag, ""))
        if address and dict(attrs).get("rel") not in ("canonical", "next", "prev"):
            self.addresses.append(address)


def test_no_page_fetches_anything_of_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) >= 19
    for page in pages:
        found = _Fetched(page.read_text(encoding="utf-8")).addresses
        assert found and not [address for address in found if urlsplit(address).netloc], page
    for style in site.rglob("*.css"):
        outside = re.findall(r"(?:url\(|@import)\s*['\"]?\s*(?:https?:)?//[^)'\"]+", style.read_text(encoding="utf-8"))
        assert not outside, style


def test_a_browser_that_reads_and_searches_it_asks_nobody_else(site: Path, chromium: "Browser") -> None:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    def troubles(address: str) -> Iterator[str]:
        page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
        page.on("request", lambda asked: heard.append(asked.url) if not asked.url.startswith(address) else None)
        for path in ("", "quickstart/", "train_on_your_clips/", "reference/studio/", "why_it_works/"):
            page.goto(address + path, wait_until="networkidle")  # what a page left too early asks for is an error
        page.get_by_role("textbox", name="Search").press_sequentially("anchor")  # it listens to keys
        page.locator(".md-search-result__item").first.wait_for()
        page.context.close()
        yield from heard

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        assert [trouble for trouble in troubles(address) if not trouble.startswith(("data:", "blob:"))] == []
        server.shutdown()


def test_the_reference_names_what_there_is(site: Path) -> None:
    command = (site / "command_line" / "index.html").read_text(encoding="utf-8")
    for name in ("swap", "sample", "judge", "train", "evaluate", "render facekit52"):
        assert f"seqdisent {name}" in command
    for page, names in {
        "studio": ("Studio.read_face", "Studio.personalise", "SeqdisentError"),
        "latents": ("StudioCodes", "Latents.load"),
        "reenactment": ("Pair.swap", "Tuning"),
        "faces": ("FaceClip", "read_face"),
        "films": ("save_swap", "save_samples"),
        "data": ("load_clips", "Clips.part"),
        "methods": ("Method.encode", "DBSE.subtract_anchor", "DBSEConfig"),
        "training": ("TrainingConfig", "Trainer.run", "preset"),
        "evaluation": ("Judge", "swap_figures"),
    }.items():
        text = (site / "reference" / page / "index.html").read_text(encoding="utf-8")
        for name in names:
            assert re.search(rf'id="seqdisent_core\.[\w.]*{re.escape(name)}"', text), (page, name)


def test_the_notebook_is_on_the_site_with_its_pictures(site: Path) -> None:
    text = (site / "quickstart" / "index.html").read_text(encoding="utf-8")
    pictures = re.findall(r'<img alt="([^"]+)" src="\.\./(pictures/quickstart_\d\.png)"', text)
    assert len(pictures) == 9
    assert all((site / path).stat().st_size for _, path in pictures)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_a_document_shows_is_one(document: Path) -> None:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for line in "".join(block for language, block in blocks if language in ("", "bash")).splitlines():
        if line.startswith("seqdisent "):
            _parser().parse_args(shlex.split(line)[1:])


def test_what_is_shown_in_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "use_from_python.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo_assets").symlink_to(ROOT / "demo_assets")
    films, codes, tensors, network = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(films.replace("seconds=5", "seconds=0"), {})  # the tuning is tried with the README's example
    assert len(list((tmp_path / "swapped").glob("*.mp4"))) == 2
    names: dict = {}
    exec(codes, names)
    assert names["codes"].static.shape == (64,) and names["codes"].dynamics.shape[1] == 32
    assert len(names["moved"]) == 7 and len(names["samples"]) == 8
    exec(tensors, names)
    assert names["decoded"].shape == (2, 15, 3, 64, 64)
    call = network[network.index("films, readings") :]
    assert call in (ROOT / "README.md").read_text(encoding="utf-8"), "it is the README's, which a test of its own runs"


def test_pictures_of_the_pages_are_wide_and_small_and_can_be_taken_again(tmp_path: Path, chromium: "Browser") -> None:
    taken = {path.stem: path for path in (ROOT / "docs" / "pictures").glob("*.png")}
    assert {"swap", "sample", "map", "series", "results", "lecture"} <= taken.keys()
    command = [sys.executable, str(ROOT / "docs" / "screenshots.py"), "results", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path in (*taken.values(), tmp_path / "results.png"):
        assert path.stat().st_size <= 400_000
        assert Image.open(path).width == 1280
