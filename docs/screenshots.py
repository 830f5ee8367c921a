"""Takes the screenshots of the documentation, with the real app in a real browser.

    python docs/screenshots.py

starts the app and the lecture, drives a headless Chromium (SEQDISENT_CHROMIUM, or the
system's), and writes docs/pictures/<page>.png, 1280 pixels wide, in 256 colours. Needs the extra `test`.
"""

import argparse
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 900
MOST_BYTES = 400_000
SECONDS = 60.0  # that a busy machine may take for one step
_CHROMIUM = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")


def swap(page: Page) -> None:
    """Two example clips, tuned to and swapped."""
    for place, example in (("first", 0), ("second", -1)):
        page.locator(f"#{place}-clip .sd-thumb").nth(example).click()
        page.locator(f"#{place}-face .sd-face").wait_for()
    page.get_by_role("button", name="Swap", exact=True).click()
    page.locator(".sd-stage video").nth(3).wait_for()
    _films_stand_at(page, ".sd-stage video", 0.5)


def sample(page: Page) -> None:
    """The face of an example, learnt, in movements that are sampled."""
    page.locator("#mine-clip .sd-thumb").nth(2).click()
    page.locator("#mine-clip-face .sd-face").wait_for()
    page.wait_for_selector("#move:not([disabled])")
    page.locator("#move").click()
    page.locator("#moved video").nth(3).wait_for()
    page.wait_for_selector("#move:not([disabled])")
    _films_stand_at(page, "#moved video", 0.5)


def latent_map(page: Page) -> None:
    """Both maps, with all their dots."""
    page.locator(".sd-map-drawn").nth(1).wait_for()


def compare(page: Page) -> None:
    """One pair, swapped by every method."""
    page.locator("#compared video").nth(3).wait_for()
    _films_stand_at(page, "#compared video", 0.5)


def results(page: Page) -> None:
    """The figures of leakage."""
    page.locator(".sd-chart-bars").first.wait_for()
    page.get_by_role("heading", name="Leakage", exact=True).evaluate("(heading) => heading.scrollIntoView()")


def series(page: Page) -> None:
    """Two months of air, swapped."""
    page.locator(".sd-drawn").nth(3).wait_for()
    page.get_by_role("heading", name="Swap", exact=True).evaluate("(heading) => heading.scrollIntoView()")


def speech(page: Page) -> None:
    """A woman's and a man's recording, swapped."""
    page.locator(".sd-track audio").nth(3).wait_for()
    page.locator("#speaker-map .sd-drawn").wait_for()
    page.locator("#swaps").evaluate("(part) => part.scrollIntoView()")


def lecture(page: Page) -> None:
    """The step of the lecture that subtracts."""
    page.locator("h1").first.wait_for()
    page.locator(".js-plotly-plot, img").first.wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")


PAGES: dict[str, tuple[str, Callable[[Page], None], int]] = {  # name -> path, what is done there, pixels from the top
    "swap": ("", swap, 1400),
    "sample": ("sample", sample, 1285),
    "map": ("map", latent_map, 1290),
    "compare": ("compare", compare, 1420),
    "series": ("series", series, HEIGHT),
    "speech": ("speech", speech, 1300),
    "results": ("results", results, HEIGHT),
}


def _films_stand_at(page: Page, films: str, share: float) -> None:
    """Every film loaded, and at the same share of its length; they stand, since the browser asks for little motion."""
    page.wait_for_function(f"[...document.querySelectorAll('{films}')].every((film) => film.readyState >= 3)")
    page.eval_on_selector_all(
        films,
        "(all, share) => all.forEach((film) => { film.pause(); film.currentTime = share * film.duration; })",
        share,
    )
    page.wait_for_function(f"[...document.querySelectorAll('{films}')].every((film) => !film.seeking)")


@contextmanager
def browser() -> Iterator[Browser]:
    named = os.environ.get("SEQDISENT_CHROMIUM")
    found = named or next((path for path in map(shutil.which, _CHROMIUM) if path), None)
    if found is None:
        raise SystemExit("There is no Chromium. Install it, or name it in SEQDISENT_CHROMIUM.")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@contextmanager
def served(*command: str) -> Iterator[str]:
    """A server in a process of its own, on a free port; its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, *command, "--port", str(port)],
            cwd=ROOT,
            env=os.environ | {"GRADIO_TEMP_DIR": folder},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}/"
            _wait_for(address, process)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # what it started, too
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"Nothing answers at {address}.")


def take(opened: Browser, address: str, act: Callable[[Page], None], out: Path, *, height: int = HEIGHT) -> None:
    """One page's picture: what a window shows, or so many pixels from the page's top."""
    context = opened.new_context(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(1000 * SECONDS)
    page.goto(address)
    act(page)
    page.wait_for_function("[...document.querySelectorAll('.sd-thumb video')].every((film) => film.readyState >= 2)")
    page.mouse.move(2, 2)
    page.wait_for_timeout(800)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=height > HEIGHT))).convert("RGB")
    context.close()
    write_small(picture.crop((0, 0, picture.width, min(picture.height, height))), out)


def write_small(picture: Image.Image, out: Path) -> None:
    """A PNG of at most MOST_BYTES: as many colours of its own as fit."""
    out.parent.mkdir(parents=True, exist_ok=True)
    for colours in (256, 128, 64, 32):
        held = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(held, "PNG", optimize=True)
        if held.tell() <= MOST_BYTES:
            out.write_bytes(held.getvalue())
            return
    raise SystemExit(f"{out.name} is larger than {MOST_BYTES} bytes even in 32 colours.")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(PAGES)}, lecture (default: all)")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures (default: docs/pictures)")
    chosen = parser.parse_args(arguments)
    names = chosen.names or [*PAGES, "lecture"]
    with browser() as opened:
        wanted = [name for name in names if name in PAGES]
        if wanted:
            with served("app.py") as address:
                for name in wanted:
                    path, act, height = PAGES[name]
                    take(opened, address + path, act, chosen.out / f"{name}.png", height=height)
        if "lecture" in names:
            with served("-m", "seqdisent_core.cli", "lecture") as address:
                take(opened, f"{address}?step=subtract", lecture, chosen.out / "lecture.png")
    for path in sorted(chosen.out.glob("*.png")):
        print(f"{path}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
