"""Answers that nobody fetches: kept for those who come late, but neither for good nor without a bound."""

import asyncio
import gc
from dataclasses import replace
from datetime import datetime
from types import CoroutineType

import gradio as gr
import pytest
from conftest import Served
from gradio.server_messages import ProcessCompletedMessage
from test_app import until
from test_door import held, join
from test_line import messages

import app
from pages import answers
from seqdisent_core.limits import limits


def unfetched(served: Served, session: str) -> int:
    """Messages that wait for a session."""
    messages = served.demo._queue.pending_messages_per_session.get(session)
    return 0 if messages is None else messages.qsize()


def done(served: Served, session: str) -> None:
    """Has a job done for a session that does not listen."""
    assert join(served, session=session).status_code == 200
    queue = served.demo._queue
    until(lambda: session not in [event.session_hash for event in queue.event_ids_to_events.values()])


def test_an_answer_that_nobody_fetches_is_dropped_after_a_while(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = served.demo._queue
    done(served, "never")
    assert len(queue.event_analytics) == 1
    assert unfetched(served, "never") and "never" in queue.pending_event_ids_session
    monkeypatch.setattr(app, "limits", lambda: replace(limits(), keep_seconds=0.1))
    until(lambda: "never" not in {*queue.pending_messages_per_session, *queue.pending_event_ids_session})


def test_who_waits_long_for_a_turn_gets_the_answer(served: Served) -> None:
    with held(served):
        event = join(served).json()["event_id"]
        answers.forget_answers(served.demo._queue, {}, -1)
        assert event in served.demo._queue.pending_messages_per_session


def listeners(session: str) -> int:
    """Tasks that tell who listens for a session that the server is there."""
    works = [one for one in gc.get_objects() if type(one) is CoroutineType and one.cr_frame is not None]
    found = [one for one in works if "queue_data_helper" in one.__qualname__]
    return sum(one.cr_frame.f_locals.get("session_hash") == session for one in found)


def test_who_listens_twice_and_goes_leaves_no_task_behind(served: Served) -> None:
    with held(served):
        assert join(served, session="twice").status_code == 200
        with messages(served, "twice") as first, messages(served, "twice"):
            next(first)
            until(lambda: listeners("twice") == 2)
        until(lambda: not listeners("twice"))


def test_of_too_much_that_nobody_fetches_who_has_most_loses_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, now = gr.Blocks()._queue, datetime.now()
    queue.pending_messages_per_session = answers.Unfetched()
    for session, pictures in {"little": ["a" * 50], "much": ["b" * 40, "c" * 40, "d" * 20]}.items():
        queue.pending_messages_per_session[session] = asyncio.Queue()  # as Gradio does
        for picture in pictures:
            message = ProcessCompletedMessage(output={"data": [{"value": picture}]}, success=True)
            queue.pending_messages_per_session[session].put_nowait(message)
    monkeypatch.setattr(answers, "MOST_LETTERS", 120 + 4 * answers.ITSELF)
    answers.forget_answers(queue, {"little": now, "much": now}, 60)
    left = queue.pending_messages_per_session
    assert (left["little"].qsize(), left["much"].qsize()) == (1, 2)
    assert left["much"].get_nowait().output["data"] == [{"value": "c" * 40}]
