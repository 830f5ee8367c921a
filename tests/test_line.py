"""Those who wait: what they are told, what goes beside a tuning, who goes first, and what ends with who has gone."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from conftest import FIRST, SECOND, Served
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from test_app import AMAZED, ANGRY, example, until
from test_door import ask, held, join

from pages import line
from pages.line import place_in_line
from pages.readings import Readings
from pages.swap import endpoint as swap_endpoint
from pages.swap import tuning
from seqdisent_core.media import read_video
from seqdisent_core.reenactment import STEPS


def asked_swap(served: Served, session: str) -> None:
    """Asks for a swap of two examples, tuned, as a page does."""
    (swap,) = [fn for fn in served.demo.fns.values() if fn.api_name == "swap"]
    files = [{"path": str(example(name)), "meta": {"_type": "gradio.FileData"}} for name in (FIRST, SECOND)]
    body = {"data": [*files, 60, 1, "all", False], "fn_index": swap._id, "session_hash": session}
    ask(served, "POST", "gradio_api/queue/join", json=body).raise_for_status()


@contextmanager
def messages(served: Served, session: str) -> Iterator[Iterator[dict[str, Any]]]:
    """What a page hears of its jobs, as long as somebody listens."""
    address = f"{served.address}gradio_api/queue/data?session_hash={session}"
    with httpx.stream("GET", address, timeout=60) as answer:
        yield (json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line.startswith("data: "))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[int], Event]]:
    """The steps of a tuning as they are done, and whether it has ended."""
    done, ended, tuned = list[int](), Event(), swap_endpoint.tuned

    def watched(*given: Any) -> Iterator[Any]:
        try:
            for pair in tuned(*given):
                done.append(pair.tuned.steps)
                yield pair
        finally:
            ended.set()

    monkeypatch.setattr(swap_endpoint, "tuned", watched)
    yield done, ended


def test_samples_are_made_beside_a_tuning_which_ends_when_its_client_has_gone(
    served: Served, steps: tuple[list[int], Event]
) -> None:
    done, ended = steps
    asked_swap(served, "tuning")
    with messages(served, "tuning"):
        until(lambda: bool(done))
        event = join(served).json()["event_id"]
        assert "event: complete" in ask(served, "GET", f"gradio_api/call/sample/{event}").text
        assert not ended.is_set()
    assert ended.wait(60) and done[-1] < STEPS
    until(lambda: not any(served.demo._queue.active_jobs))


def test_a_tuning_is_shortened_while_somebody_else_waits(
    served: Served, steps: tuple[list[int], Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "SHORT_STEPS", 1)
    done, ended = steps
    asked_swap(served, "first")
    with messages(served, "first"):
        until(lambda: bool(done))
        asked_swap(served, "second")
        with messages(served, "second"):
            assert ended.wait(60) and done[-1] < STEPS
    until(lambda: not any(served.demo._queue.active_jobs) and not len(served.demo._queue))


def test_a_tuning_stands_still_for_what_is_quick_but_not_for_long(
    served: Served, steps: tuple[list[int], Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    longest, waited, (done, ended) = 2.0, list[float](), steps

    def watched(request: Any) -> None:
        began = time.monotonic()
        line.let_quick_go_first(request)
        waited.append(time.monotonic() - began)

    monkeypatch.setattr(line, "_LONGEST", longest)
    monkeypatch.setattr(swap_endpoint, "let_quick_go_first", watched)
    with held(served):
        asked_swap(served, "tuning")
        with messages(served, "tuning"):
            until(lambda: bool(waited))
            assert waited[-1] < longest  # nobody asks for anything quick
            join(served, session="quick")
            until(lambda: waited[-1] >= longest)
            so_far = len(done)
            until(lambda: len(done) > so_far)
    assert ended.wait(60)


def test_a_page_that_waits_is_told_how_many_are_before_it_and_how_long_that_takes(served: Served) -> None:
    (place,) = [fn for fn in served.demo.fns.values() if fn.fn is place_in_line][:1]
    with held(served):
        for session in ("before", "between", "waiting"):
            assert join(served, session=session).status_code == 200
        until(lambda: any(served.demo._queue.active_jobs))
        body = {"data": [], "fn_index": place._id, "session_hash": "waiting"}
        assert ask(served, "POST", "gradio_api/queue/join", json=body).status_code == 200
        with messages(served, "waiting") as heard:
            told = next(message for message in heard if message["msg"] == "process_generating")
        (html,) = told["output"]["data"]
    assert "Waiting for your turn: 2 jobs are before yours, about " in html


def test_the_place_in_line_of_a_job_that_did_not_wait_leaves_what_the_job_says(served: Served) -> None:
    (place,) = [fn for fn in served.demo.fns.values() if fn.fn is place_in_line][:1]
    body = {"data": [], "fn_index": place._id, "session_hash": "served at once"}
    assert ask(served, "POST", "gradio_api/queue/join", json=body).status_code == 200
    with messages(served, "served at once") as heard:
        told = next(message for message in heard if message["msg"] == "process_completed")
    (left,) = told["output"]["data"]
    assert left["__type__"] == "update" and "value" not in left


def test_two_visitors_who_swap_at_once_get_their_own_people(served: Served) -> None:
    asked = [[example(name) for name in names] for names in ((FIRST, SECOND), (ANGRY, AMAZED))]
    given = {path: first_picture(path) for paths in asked for path in paths}

    def swap(paths: list[Path]) -> list[Path]:
        client = Client(served.address, verbose=False)
        files = [handle_file(str(path)) for path in paths]
        made = [first_picture(film) for film in client.predict(*files, 0, 1, "all", False, api_name="/swap")[:2]]
        return [max(given, key=lambda path: np.corrcoef(picture, given[path])[0, 1]) for picture in made]

    with ThreadPoolExecutor(2) as visitors:
        assert list(visitors.map(swap, asked)) == asked


def first_picture(film: Path | str) -> np.ndarray:
    frames, _ = read_video(film, max_seconds=0.2)
    return cv2.resize(frames[0], (64, 64)).ravel()


def test_no_visitor_takes_a_second_place_to_read_while_another_waits_for_one() -> None:
    readings, came, free, held = Readings(2), Event(), Event(), ExitStack()

    def other() -> None:
        with readings.place("another", lambda: None):
            came.set()
            free.wait(60)

    def look() -> None:
        held.close()  # a place is free from now on, and nobody else knows of it yet
        if came.is_set():
            raise TimeoutError

    with readings.place("one", look):
        held.enter_context(readings.place("one", look))  # nobody else is there
        thread = Thread(target=other)
        thread.start()
        until(lambda: readings.waiting == 1)
        with pytest.raises(TimeoutError), readings.place("one", look):
            pass
        free.set()
        thread.join(60)


def test_who_waits_no_longer_for_a_place_to_read_takes_none() -> None:
    readings = Readings(1)

    def left() -> None:
        raise TimeoutError

    with readings.place("one", left):
        with pytest.raises(TimeoutError), readings.place("another", left):
            pass
        assert readings.waiting == 0
    with readings.place("another", left):
        pass
