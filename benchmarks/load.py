"""Many visitors at once: how long they wait, whether each gets its own people back, and what the server does meanwhile.

    python benchmarks/load.py [--clients 20] [--seconds 300] [--think 10] [--browsers 2] [--chromium PATH]

Writes results/load.json, or load_without_pause.json with --think 0. The app runs in a process of its own; each client
has an address of its own, and asks again some seconds after it is answered, as people take to look at it. Of four
clients one tunes and swaps, one swaps untuned, and two ask for what is quick: steps from one person to another, and a
place on the map. Some of those who swap untuned use the page Swap in a browser; all others are gradio_clients. Each
checks that what comes shows its own people: a swapped film's picture is more like its own clip than any of the
others', the judge sees both persons that it went between, and the map names its person. Health and memory are sampled
once a second, from another process. The clients, browsers included, run on the same processors, and get what the
server leaves of them, as if they were on machines of their own.
"""

import argparse
import functools
import os
import shlex
import statistics
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import httpx
import numpy as np
import psutil  # type: ignore[import-untyped]
import torch
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from page import ROOT, running
from playwright.sync_api import sync_playwright

from seqdisent_core.assets import asset
from seqdisent_core.machine import hardware
from seqdisent_core.media import read_video
from seqdisent_core.reporting import write_result

EXAMPLES = sorted(asset("examples").glob("*.mp4"))
QUICK = ("between", "map")
_SECOND = 1.0
_LAST = 19  # niceness


def _picture(film: Path) -> np.ndarray:
    frames, _ = read_video(film, max_seconds=0.2)
    return cv2.resize(cv2.cvtColor(frames[0], cv2.COLOR_RGB2GRAY), (64, 64), interpolation=cv2.INTER_AREA).ravel()


@functools.cache
def _pictures() -> list[np.ndarray]:
    """Of all examples, in their order."""
    return [_picture(film) for film in EXAMPLES]


def _person(film: Path) -> str:
    return film.stem.rpartition("_")[0]


def _step_aside() -> None:
    """Puts this process and all sessions that it has begun, such as browsers, behind the server on the processors."""
    os.setpriority(os.PRIO_PROCESS, 0, _LAST)
    for one in psutil.Process().children(recursive=True):
        group = Path(f"/proc/{one.pid}/autogroup")  # Linux shares processors between sessions first, and then by nice
        if group.exists() and os.getsid(one.pid) != os.getsid(0):
            group.write_text(str(_LAST))


class Visitor(threading.Thread):
    """One client. waits: seconds of each request by kind; told: expected and real ones from when it was told."""

    def __init__(self, number: int, address: str, until: float, think: float = 0.0) -> None:
        super().__init__()
        self.number, self._until, self._think = number, until, think
        self.waits: dict[str, list[float]] = {}
        self.told: list[tuple[float, float]] = []
        self.errors: list[str] = []
        self.refused = self.mixed = 0
        self._client = Client(address, headers={"X-Forwarded-For": f"10.0.0.{number + 1}"}, verbose=False)
        self._own = [EXAMPLES[(number + step) % len(EXAMPLES)] for step in (0, 5)]

    def run(self) -> None:
        self._ask_on((("tuned",), ("untuned",), ("between", "map"), ("map", "between"))[self.number % 4])

    def _ask_on(self, kinds: tuple[str, ...]) -> None:
        turn = 0
        while time.monotonic() < self._until:
            kind, began = kinds[turn % len(kinds)], time.monotonic()
            turn += 1
            try:
                right = getattr(self, f"_{kind}")()
            except httpx.HTTPStatusError as error:  # it had its share, and was told so
                self.refused += 1
                assert error.response.status_code == 429, error
                time.sleep(_SECOND)
                continue
            except Exception as error:  # what a visitor would see
                self.errors.append(f"{kind}: {type(error).__name__}: {error}"[:200])
                time.sleep(_SECOND)
                continue
            self.waits.setdefault(kind, []).append(time.monotonic() - began)
            self.mixed += not right
            time.sleep(self._think)

    def _ask(self, *given: Any, name: str) -> Any:
        job = self._client.submit(*given, api_name=name)
        told = None
        while not job.done():
            eta = job.status().eta
            told = (eta, time.monotonic()) if told is None and eta is not None else told
            time.sleep(0.1)
        result = job.result()
        if told is not None:
            self.told.append((told[0], time.monotonic() - told[1]))
        return result

    def _swap(self, seconds: float) -> bool:
        films = self._ask(*map(handle_file, map(str, self._own)), seconds, 1, "all", name="/swap")[:2]
        return all(self._nearest(film) == own for film, own in zip(films, self._own, strict=True))

    def _nearest(self, film: str) -> Path:
        seen = _picture(Path(film))
        return EXAMPLES[int(np.argmax([np.corrcoef(seen, picture)[0, 1] for picture in _pictures()]))]

    def _tuned(self) -> bool:
        return self._swap(60)

    def _untuned(self) -> bool:
        return self._swap(0)

    def _between(self) -> bool:
        _, seen = self._ask(*map(handle_file, map(str, self._own)), "static", 2, name="/interpolate")
        return [one["person"] for one in seen] == [_person(own) for own in self._own]

    def _map(self) -> bool:
        told = self._ask(handle_file(str(self._own[0])), name="/map_place")
        return bool(told["persons"][0]["name"] == _person(self._own[0]))


class OnPage(Visitor):
    """One who uses the page Swap, in a browser."""

    def __init__(self, chromium: str, number: int, address: str, until: float, think: float) -> None:
        super().__init__(number, address, until, think)
        self._chromium, self._address = chromium, address

    def run(self) -> None:
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--disable-background-networking"]
            browser = playwright.chromium.launch(executable_path=self._chromium, args=arguments)
            self._browser = browser
            _step_aside()
            self._ask_on(("page",))
            browser.close()

    def _page(self) -> bool:
        of = {"X-Forwarded-For": f"10.0.0.{self.number + 1}"}
        context = self._browser.new_context(extra_http_headers=of, reduced_motion="reduce")  # as never here before
        context.set_default_timeout(180_000)
        page = context.new_page()
        page.goto(self._address)
        for place, own in zip(("first", "second"), self._own, strict=True):
            page.locator(f"#{place}-clip input[type=file]").set_input_files(own)
            page.locator(f"#{place}-face .sd-face").wait_for()
        page.get_by_label("Learn these two faces").uncheck()
        page.get_by_role("button", name="Swap", exact=True).click()
        links = page.get_by_role("link", name="Download as MP4")
        links.nth(1).wait_for()
        seen = set()
        for link in links.all():
            with TemporaryDirectory() as folder:
                film = Path(folder) / "film.mp4"
                film.write_bytes(httpx.get(link.get_attribute("href") or "").content)
                seen.add(self._nearest(str(film)))
        context.close()
        return seen == set(self._own)


class Watch(threading.Thread):
    """Seconds of health checks, and the server's memory in MB, until it is told to end."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.health, self.memory, self.failed, self.ended = list[float](), list[float](), 0, threading.Event()
        port = int(address.rstrip("/").rpartition(":")[2])
        (own,) = {one.pid for one in psutil.net_connections("tcp") if one.laddr.port == port and one.status == "LISTEN"}
        self._address, self._server = address, psutil.Process(own)

    def run(self) -> None:
        while not self.ended.wait(_SECOND):
            began = time.monotonic()
            try:
                httpx.get(f"{self._address}health", timeout=30).raise_for_status()
            except httpx.HTTPError:
                self.failed += 1
            self.health.append(time.monotonic() - began)
            self.memory.append(self._server.memory_info().rss / 2**20)


def _entry(what: str, value: float, unit: str, **more: float) -> dict[str, Any]:
    return {"what": what, "value": round(value, 3), "unit": unit, **{name: round(at, 3) for name, at in more.items()}}


def _high(values: list[float], share: float = 0.95) -> float:
    return float(np.quantile(values, share)) if values else 0.0


def _wait_until(answers: Callable[[], bool]) -> None:
    while not answers():
        time.sleep(0.2)


def _is_up(address: str) -> bool:
    try:
        return httpx.get(f"{address}health").status_code == 200
    except httpx.HTTPError:
        return False


def entries_of(visitors: list[Visitor], watch: Watch) -> list[dict[str, Any]]:
    """What the visitors and the watch have seen, an entry a figure."""
    waits = {
        kind: [wait for one in visitors for wait in one.waits.get(kind, [])]
        for kind in ("tuned", "untuned", "page", *QUICK)
    }
    quick = [wait for kind in QUICK for wait in waits[kind]]
    entries = [
        _entry(f"From asking to the answer, {kind}", statistics.median(found), "s", p95=_high(found), n=len(found))
        for kind, found in (*waits.items(), ("all that is quick", quick))
        if found
    ]
    off = [abs(expected - real) / real for one in visitors for expected, real in one.told if real > 2]
    late = watch.memory[len(watch.memory) // 2 :]
    grown = statistics.mean(late[-len(late) // 5 :]) / statistics.mean(late[: len(late) // 5 or 1]) - 1
    return [
        *entries,
        _entry(
            "Told wait beside the real one, of those above 2 s", 100 * statistics.median(off or [0.0]), "%", n=len(off)
        ),
        _entry("Health check", statistics.median(watch.health), "s", max=max(watch.health), n=len(watch.health)),
        _entry("Memory of the server", max(watch.memory), "MB"),
        _entry("Growth of memory over the second half", 100 * grown, "%"),
        _entry("Answers that showed other people", sum(one.mixed for one in visitors), ""),
        _entry("Errors", sum(len(one.errors) for one in visitors) + watch.failed, ""),
        _entry("Refused, as having had their share", sum(one.refused for one in visitors), ""),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--think", type=float, default=10, help="seconds from an answer to the next request")
    parser.add_argument("--browsers", type=int, default=2, help="of the clients who swap untuned, in a browser")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    chosen = parser.parse_args()
    os.environ["SEQDISENT_DEMO_PROXIES"] = "127.0.0.1"  # whose word counts for where a client is
    load = os.getloadavg()[0]
    with running("app.py") as address:
        _wait_until(lambda: _is_up(address))
        watch = Watch(address)
        _step_aside()
        Client(address, verbose=False).predict(mode="both", count=1, api_name="/sample")  # the models are loaded
        until = time.monotonic() + chosen.seconds
        on_page = range(1, chosen.clients, 4)[: chosen.browsers]
        visitors = [
            OnPage(chosen.chromium, *given) if given[0] in on_page else Visitor(*given)
            for given in ((number, address, until, chosen.think) for number in range(chosen.clients))
        ]
        for thread in (watch, *visitors):
            thread.start()
        for visitor in visitors:
            visitor.join()
        watch.ended.set()
        watch.join()
    entries = entries_of(visitors, watch)
    result = {
        "command": shlex.join(["python", "benchmarks/load.py", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": hardware(torch.device("cpu")),
        "clients": chosen.clients,
        "seconds": chosen.seconds,
        "other_load": round(load, 1),
        "entries": entries,
        "memory_megabytes": [round(at) for at in watch.memory],
        "errors": [error for one in visitors for error in one.errors],
    }
    name = "load" if chosen.think else "load_without_pause"
    write_result(result, ROOT / "results" / f"{name}.json")
    for entry in entries:
        print(entry)


if __name__ == "__main__":
    main()
