"""How long the page keeps people waiting: from `python app.py` to the first page, and from two clips to two swaps.

    python benchmarks/page.py [--repeats 5] [--chromium PATH]

Writes results/benchmark_page.json. The clips are 5 seconds of 1280 x 720 at 25 frames a second, made of two example
clips. Waiting counts from handing both files to the page until all four films can play; Swap is pressed as soon as it
can be. Of it the model's share is measured apart, on the same two faces.
"""

import argparse
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg
import torch
from playwright.sync_api import Error, Page, sync_playwright

from seqdisent_core.assets import asset
from seqdisent_core.evaluation.results import hardware, write_result
from seqdisent_core.studio import Studio

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ("person_000_happiness.mp4", "person_005_surprise.mp4")
SECONDS = 5


def long_film(folder: Path, name: str) -> Path:
    """An example, again and again for 5 seconds, in the middle of a 720p film."""
    path = folder / name
    wide = "scale=720:720,pad=1280:720:(ow-iw)/2:0:gray,fps=25,format=yuv420p"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", "-stream_loop", "-1"]
    subprocess.run([*command, "-i", asset("examples") / name, "-vf", wide, "-t", str(SECONDS), path], check=True)
    return path


@contextmanager
def running_app() -> Iterator[str]:
    """`python app.py` on a free port, in a process of its own, ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def open_page(page: Page, address: str) -> None:
    """Asks until the app answers, then waits until both places for clips are there."""
    while True:
        try:
            page.goto(address)
        except Error:  # nobody listens yet
            time.sleep(0.05)
            continue
        page.locator("#second-clip .sd-choose").wait_for()
        return


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def swap_films(page: Page, films: list[Path]) -> None:
    for place, film in zip(("first", "second"), films, strict=True):
        page.locator(f"#{place}-clip input[type=file]").set_input_files(film)
    page.locator("#swap:not([disabled])").click(timeout=120_000)
    page.locator(".sd-stage video").nth(3).wait_for(timeout=120_000)
    page.wait_for_function("[...document.querySelectorAll('.sd-stage video')].every((video) => video.readyState >= 3)")


def measure(chromium: str, repeats: int, films: list[Path]) -> tuple[list[float], list[float]]:
    """Seconds to the first page, and from two films to two swaps; a new server and a new browser page each time."""
    starts, swaps = [], []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        for _ in range(repeats):
            page = browser.new_page()
            started = time.perf_counter()
            with running_app() as address:
                open_page(page, address)
                starts.append(time.perf_counter() - started)
                page.wait_for_timeout(6000)  # a visitor looks for a clip meanwhile, and the model is loaded
                started = time.perf_counter()
                swap_films(page, films)
                swaps.append(time.perf_counter() - started)
            page.close()
        browser.close()
    return starts, swaps


def entry(what: str, seconds: list[float]) -> dict[str, object]:
    spread = {"min": round(min(seconds), 3), "max": round(max(seconds), 3), "n": len(seconds)}
    return {"what": what, "value": round(statistics.median(seconds), 3), "unit": "s", **spread}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        films = [long_film(Path(folder), name) for name in EXAMPLES]
        starts, swaps = measure(chosen.chromium, chosen.repeats, films)
        studio = Studio.from_pretrained()
        first, second = (studio.read_face(film) for film in films)
        studio.swap(first, second)
        model = [seconds_of(lambda: studio.swap(first, second)) for _ in range(chosen.repeats)]
        reading = [seconds_of(lambda: studio.read_face(films[0])) for _ in range(chosen.repeats)]
    entries = [
        entry("From `python app.py` to the first page", starts),
        entry("From two 5-second 720p clips to two swaps in the page", swaps),
        entry("Of it the model, both swaps", model),
        entry("Of it reading one face, alone", reading),
    ]
    command = shlex.join(["python", "benchmarks/page.py", *sys.argv[1:]])
    result = {
        "command": command,
        "hardware": hardware(studio.method.device),
        "threads": torch.get_num_threads(),
        "entries": entries,
    }
    write_result(result, ROOT / "results" / "benchmark_page.json")
    for line in entries:
        print(line)


if __name__ == "__main__":
    main()
