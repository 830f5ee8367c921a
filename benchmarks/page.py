"""How long the pages keep people waiting: the first page, two clips to two swaps, new samples, the latent map.

    python benchmarks/page.py [--repeats 5] [--chromium PATH]

Writes results/benchmark_page.json. The clips are 5 seconds of 1280 x 720 at 25 frames a second, made of two example
clips. Waiting counts from handing both files to the page until all four films can play; Swap is pressed as soon as it
can be, with tuning left out; then pressed again with it, until the first preview of the results and until the films;
and once more beside a program that takes one core for itself. The model's share is measured apart, on the same two
faces, and so is the command, as a whole. Memory is the most that a process holds which reads one long film's face, the
model and torch included. Other pages are opened by their links, on a visitor's first visit; the map counts
as usable when its dots are there to point at, a hover when the clip beside the dot shows.
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
from seqdisent_core.machine import hardware
from seqdisent_core.reporting import write_result
from seqdisent_core.studio import FILMED, Studio

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ("person_000_happiness.mp4", "person_005_surprise.mp4")
SECONDS = 5
READ = """
import re, sys
from pathlib import Path
from seqdisent_core.studio import FILMED, Studio
Studio.from_pretrained(FILMED).read_face(sys.argv[1])
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""  # not ru_maxrss: that begins with what the process that started this one held
WAITS = {
    "start": "From `python app.py` to the first page",
    "swap": "From two 5-second 720p clips to two swapped films in the page, untuned",
    "press": "Of it from the button to the films",
    "preview": "From the button to the first preview, tuned",
    "tuned": "From the button to the films, tuned",
    "busy": "From the button to the films, tuned, while another program takes one core",
    "command": "`seqdisent swap --seconds 0` of two such clips, the whole command",
    "model": "Swapping two such films, the model and the moved pixels",
    "reading": "Reading one such face, alone",
    "long": "Reading a face in 10 seconds of 1080p, alone",
    "change": "From one page to another",
    "samples": "From the button to 8 new clips of 15 frames",
    "map": "From the link to both latent maps",
    "hover": "From a dot to its clip moving beside it",
}


def long_film(folder: Path, name: str, *, height: int = 720, seconds: float = SECONDS) -> Path:
    """An example, again and again, in the middle of a wide film, at 25 frames a second."""
    path = folder / f"{height}_{name}"
    wide = f"scale={height}:{height},pad={height * 16 // 9}:{height}:(ow-iw)/2:0:gray,fps=25,format=yuv420p"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", "-stream_loop", "-1"]
    subprocess.run([*command, "-i", asset("examples") / name, "-vf", wide, "-t", str(seconds), path], check=True)
    return path


@contextmanager
def running(*command: str) -> Iterator[str]:
    """A Python program that takes --port, on a free one, in a process of its own, ended afterwards; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, *command, "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def one_core_taken() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
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


APART = ("command", "model", "reading", "long")  # of WAITS, those that are not a page's


def seconds_of(work: Callable[..., object], *given: object) -> float:
    started = time.perf_counter()
    work(*given)
    return time.perf_counter() - started


def hand_over(page: Page, films: list[Path]) -> None:
    for place, film in zip(("first", "second"), films, strict=True):
        page.locator(f"#{place}-clip input[type=file]").set_input_files(film)
    page.locator("#swap:not([disabled])").wait_for(timeout=120_000)


def press_swap(page: Page) -> None:
    page.locator("#swap").click()
    films(page)


def films(page: Page) -> None:
    page.locator(".sd-stage:not(.sd-stale) video").nth(3).wait_for(timeout=120_000)  # not of an earlier swap
    page.wait_for_function("[...document.querySelectorAll('.sd-stage video')].every((video) => video.readyState >= 3)")


def preview(page: Page) -> None:
    page.locator("#swap:not([disabled])").click(timeout=120_000)
    page.locator(".sd-preview").wait_for(timeout=120_000)


def new_samples(page: Page) -> float:
    """Seconds from the button to eight new clips of 15 frames that can play, on the page Sample."""
    page.locator("#sample-whose input[value=drawn]").check()
    page.locator("#sample-clip .sd-thumb").first.click()
    button = page.locator("#make:not([disabled])")
    button.wait_for(timeout=120_000)
    started = time.perf_counter()
    button.click()
    page.locator(".sd-stage video").nth(7).wait_for(timeout=120_000)
    page.wait_for_function("[...document.querySelectorAll('.sd-stage video')].every((video) => video.readyState >= 3)")
    return time.perf_counter() - started


def measure(chromium: str, repeats: int, given: list[Path]) -> dict[str, list[float]]:
    """Seconds of each wait; a new server and a new browser page each time."""
    waits: dict[str, list[float]] = {name: [] for name in WAITS if name not in APART}
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        for _ in range(repeats):
            page = browser.new_page()
            started = time.perf_counter()
            with running("app.py") as address:
                open_page(page, address)
                waits["start"].append(time.perf_counter() - started)
                page.wait_for_timeout(6000)  # a visitor looks for a clip meanwhile, and the model is loaded
                page.get_by_label("Learn these two faces").uncheck()
                handed = seconds_of(hand_over, page, given)
                waits["press"].append(seconds_of(press_swap, page))
                waits["swap"].append(handed + waits["press"][-1])
                page.get_by_label("Learn these two faces").check()
                waits["preview"].append(seconds_of(preview, page))
                waits["tuned"].append(waits["preview"][-1] + seconds_of(films, page))
                with one_core_taken():
                    waits["busy"].append(seconds_of(preview, page) + seconds_of(films, page))
                waits["change"].append(seconds_of(follow, page, "Sample", "#sample-whose"))
                waits["samples"].append(new_samples(page))
                waits["map"].append(
                    seconds_of(
                        follow, page, "Latent map", ".sd-map-field[data-map=dynamics]:is(.sd-map-flying, .sd-map-drawn)"
                    )
                )
                waits["hover"].append(hover(page))
            page.close()
        browser.close()
    return waits


def follow(page: Page, link: str, sign: str) -> None:
    """Click a link in the bar of pages and wait for a sign of that page."""
    page.get_by_role("link", name=link, exact=True).click()
    page.locator(sign).first.wait_for(timeout=120_000)


def hover(page: Page) -> float:
    """Seconds from the mouse over a dot to its clip beside it, in the browser's own time."""
    return page.evaluate(
        """() => new Promise((done) => {
            const field = document.querySelector('.sd-map-field[data-map=dynamics]');
            field.scrollIntoView({ block: 'center' });
            const box = field.getBoundingClientRect();
            const seen = () => document.querySelector('.sd-map-card')?.offsetParent;
            let started = 0;
            const spots = [];
            for (let y = 0.1; y < 0.95; y += 0.03) for (let x = 0.1; x < 0.95; x += 0.03) spots.push([x, y]);
            const next = () => {
                if (started && seen()) return done((performance.now() - started) / 1000);
                const [x, y] = spots.shift() ?? [0.5, 0.5];
                started = performance.now();
                const at = { clientX: box.left + x * box.width, clientY: box.top + y * box.height };
                field.dispatchEvent(new PointerEvent('pointermove', { ...at, pointerType: 'mouse', bubbles: true }));
                if (seen()) return done((performance.now() - started) / 1000);
                requestAnimationFrame(next);
            };
            next();
        })"""
    )


def entry(what: str, seconds: list[float]) -> dict[str, object]:
    spread = {"min": round(min(seconds), 3), "max": round(max(seconds), 3), "n": len(seconds)}
    return {"what": what, "value": round(statistics.median(seconds), 3), "unit": "s", **spread}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given = [long_film(Path(folder), name) for name in EXAMPLES]
        long = long_film(Path(folder), EXAMPLES[0], height=1080, seconds=10)
        waits = measure(chosen.chromium, chosen.repeats, given)
        studio = Studio.from_pretrained(FILMED)
        clips = [studio.read_face(film) for film in given]

        def swap() -> None:
            *_, pair = studio.personalise(*clips, seconds=0)
            pair.swap()

        swap()
        model = [seconds_of(swap) for _ in range(chosen.repeats)]
        command = [sys.executable, "-m", "seqdisent_core.cli", "swap", *given, "--seconds", "0", "--out", folder]
        waits |= {
            "model": model,
            "reading": [seconds_of(studio.read_face, given[0]) for _ in range(chosen.repeats)],
            "long": [seconds_of(studio.read_face, long) for _ in range(chosen.repeats)],
            "command": [seconds_of(lambda: subprocess.run(command, check=True)) for _ in range(chosen.repeats)],
        }
        memory = subprocess.run([sys.executable, "-c", READ, long], capture_output=True, text=True, check=True)
    entries = [entry(what, waits[name]) for name, what in WAITS.items()]
    entries.append({"what": "Memory of a process that reads it", "value": int(memory.stdout) / 1024, "unit": "MB"})
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
