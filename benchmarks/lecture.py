"""How long the lecture keeps an audience waiting: its first step, and each further one.

    python benchmarks/lecture.py [--repeats 5] [--chromium PATH]

Writes results/benchmark_lecture.json. The first step counts from opening the address, in a browser that was never
there, to its title and pictures and until keys are listened to; the others from the key to the same of the next step,
the slowest of them apart.
"""

import argparse
import shlex
import statistics
import sys
import time
import urllib.request
from pathlib import Path

import torch
from page import entry, running
from playwright.sync_api import Page, sync_playwright

from seqdisent_core.machine import hardware
from seqdisent_core.reporting import write_result

ROOT = Path(__file__).resolve().parent.parent
_SHOWN = """(number) => document.lecture?.press && document.querySelector('[class*=st-key-lx_] h1')
    && document.querySelector('.lx-where')?.innerText.startsWith(`${number} of`)
    && [...document.querySelectorAll('.stPlotlyChart')].every((chart) => chart.querySelector('.main-svg'))"""


def wait_for_server(address: str) -> None:
    """Asks until the lecture answers."""
    while True:
        try:
            urllib.request.urlopen(f"{address}_stcore/health", timeout=5).close()
            return
        except OSError:  # nobody listens yet
            time.sleep(0.05)


def shown_after(page: Page, number: int, since: float) -> float:
    """Waits until the step of that number is shown whole; seconds."""
    page.wait_for_function(_SHOWN, arg=number, polling="raf")
    return time.perf_counter() - since


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    waits: dict[str, list[float]] = {"first": [], "further": [], "slowest": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=options.chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        for _ in range(options.repeats):
            with running("-m", "seqdisent_core.cli", "lecture") as address:
                wait_for_server(address)
                page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
                start = time.perf_counter()
                page.goto(address)
                waits["first"].append(shown_after(page, 1, start))
                turned = []
                steps = int(page.locator(".lx-where").inner_text().rpartition(" ")[2])
                for number in range(2, steps + 1):
                    page.wait_for_timeout(1000)  # nobody turns faster in a talk
                    start = time.perf_counter()
                    page.keyboard.press("PageDown")
                    turned.append(shown_after(page, number, start))
                waits["further"].append(statistics.median(turned))
                waits["slowest"].append(max(turned))
        browser.close()
    words = {
        "first": "Lecture: from opening it to the first step",
        "further": "Lecture: from a key to the next step, median of all",
        "slowest": "Lecture: from a key to the next step, the slowest",
    }
    result = {
        "command": shlex.join(["python", "benchmarks/lecture.py", *sys.argv[1:]]),
        "hardware": hardware(torch.device("cpu")),
        "threads": torch.get_num_threads(),
        "entries": [entry(words[name], taken) for name, taken in waits.items()],
    }
    write_result(result, ROOT / "results" / "benchmark_lecture.json")


if __name__ == "__main__":
    main()
