"""Faults of the machine in the middle of a tuning: a sentence that says what to do, and what comes next works."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from conftest import FIRST, SECOND, Served
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from test_app import example, until
from test_door import ask
from test_line import messages

from pages import model, status
from pages.session import PLACES, SESSIONS, token_of
from pages.swap import making
from seqdisent_core.media import write_recording
from seqdisent_core.reenactment import prepare

_MEMORY, _GPU = "too little memory for this just now. Use shorter", "GPU has failed"


def no_memory_on_a_gpu(*_: Any, **__: Any) -> NoReturn:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8 GiB.")


def no_memory_on_a_cpu(*_: Any, **__: Any) -> None:
    torch.empty(2**58)


def lost_gpu(*_: Any, **__: Any) -> NoReturn:
    raise torch.AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors might be reported later.")


@pytest.fixture
def fault(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The first step of each tuning fails, until it is undone."""
    monkeypatch.setattr(torch.optim.Adam, "step", request.param)
    yield monkeypatch


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [(no_memory_on_a_gpu, _MEMORY), (no_memory_on_a_cpu, _MEMORY), (lost_gpu, _GPU)],
    indirect=["fault"],
)
def test_a_program_is_told_what_to_do_when_a_tuning_fails_and_its_next_swap_works(
    served: Served, fault: pytest.MonkeyPatch, sentence: str
) -> None:
    client = Client(served.address, verbose=False)
    files = [handle_file(str(example(name))) for name in (FIRST, SECOND)]
    with pytest.raises(AppError, match=sentence):
        client.predict(*files, 60, api_name="/swap")
    fault.undo()
    assert client.predict(*files, 0, api_name="/swap")[2] == "The first person, doing what the second does"


@pytest.mark.parametrize("fault", [no_memory_on_a_gpu], indirect=True)
def test_a_page_is_told_what_to_do_when_a_tuning_fails_its_clips_stay_and_its_next_swap_works(
    served: Served, fault: pytest.MonkeyPatch
) -> None:
    session, token = "out of memory", token_of(None)
    swap, restored, failed = (
        next(fn for fn in served.demo.fns.values() if fn.name == name) for name in ("swap_faces", "restore", "failed")
    )

    def at_once(fn: Any, *data: Any) -> list[Any]:
        body = {"data": data, "fn_index": fn._id, "session_hash": session}
        answer = ask(served, "POST", "gradio_api/run/predict", json=body).raise_for_status()
        return answer.json()["data"]  # type: ignore[no-any-return]

    def swapped(tune: bool) -> dict[str, Any]:
        data = [None, None, None, tune, 1, "film", "once", "all", "both", False]
        body = {"data": data, "fn_index": swap._id, "session_hash": session}
        ask(served, "POST", "gradio_api/queue/join", json=body).raise_for_status()
        with messages(served, session) as heard:
            return next(message for message in heard if message["msg"] == "process_completed")

    for place, name in zip(PLACES, (FIRST, SECOND), strict=True):
        SESSIONS.keep(token, place, model.film_studio().read_face(example(name)))
    at_once(restored, token)
    ended = swapped(tune=True)
    assert not ended["success"] and _MEMORY in ended["output"]["error"]
    assert _MEMORY in at_once(failed, None)[0]
    fault.undo()
    ended = swapped(tune=False)
    assert ended["success"] and making.FILMS_READY in ended["output"]["data"][0]


def test_a_tuning_that_fails_leaves_no_model_in_memory(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    weights: list[weakref.ref[torch.Tensor]] = []

    def no_memory(optimiser: torch.optim.Adam, *_: Any, **__: Any) -> NoReturn:
        weights.append(weakref.ref(optimiser.param_groups[0]["params"][0]))
        no_memory_on_a_gpu()

    prepare()  # what torch keeps of the first optimiser of a process
    monkeypatch.setattr(torch.optim.Adam, "step", no_memory)
    files = [handle_file(str(example(name))) for name in (FIRST, SECOND)]
    gc.disable()  # which a GPU that is full does not call for
    try:
        with pytest.raises(AppError, match=_MEMORY):
            Client(served.address, verbose=False).predict(*files, 60, api_name="/swap")
        until(lambda: weights[0]() is None)
    finally:
        gc.enable()


@pytest.mark.parametrize("fault", [lost_gpu], indirect=True)
def test_who_runs_the_server_hears_of_a_lost_gpu(
    served: Served, fault: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(served, "GET", "health/swap").status_code == 503
    assert "restart the server" in caplog.text


def test_a_full_disk_is_for_a_visitor_to_wait_for_and_for_who_runs_a_command_to_mend() -> None:
    with pytest.raises(OSError, match=r"the disk is full\. Free some space and try again") as full:
        write_recording("/dev/full", np.zeros(100_000))
    assert status.log_fault(full.value) == "The disk of this demo is full. Try again in some minutes."
