"""Answers that nobody fetches: kept for those who come late, but neither for good nor without a bound."""

import asyncio
from dataclasses import replace
from datetime import datetime

import gradio as gr
import pytest
from conftest import Served
from gradio.server_messages import ProcessCompletedMessage
from test_app import until
from test_door import held, join

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
    assert unfetched(served, "never") and "never" in queue.pending_event_ids_session
    monkeypatch.setattr(app, "limits", lambda: replace(limits(), keep_seconds=0.1))
    until(lambda: "never" not in {*queue.pending_messages_per_session, *queue.pending_event_ids_session})


def test_who_waits_long_for_a_turn_gets_the_answer(served: Served) -> None:
    with held(served):
        event = join(served).json()["event_id"]
        answers.forget_answers(served.demo._queue, {}, -1)
        assert event in served.demo._queue.pending_messages_per_session


def test_of_too_much_that_nobody_fetches_who_has_most_loses_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, now = gr.Blocks()._queue, datetime.now()
    for session, pictures in {"little": ["a" * 50], "much": ["b" * 40, "c" * 40, "d" * 20]}.items():
        messages = queue.pending_messages_per_session[session] = asyncio.Queue()
        for picture in pictures:
            messages.put_nowait(ProcessCompletedMessage(output={"data": [{"value": picture}]}, success=True))
    monkeypatch.setattr(answers, "MOST_LETTERS", 120)
    answers.forget_answers(queue, {"little": now, "much": now}, 60)
    left = queue.pending_messages_per_session
    assert (left["little"].qsize(), left["much"].qsize()) == (1, 2)
    assert left["much"].get_nowait().output["data"] == [{"value": "c" * 40}]
