"""Who waits for the model: how many are before a visitor, how long that takes, and who goes before whom."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status
from seqdisent_core.cluster import workers

if TYPE_CHECKING:
    from gradio.queueing import Event

_LOOK_EVERY = 0.5  # seconds
_PATIENCE = 4  # looks until the job must have joined
_UNKNOWN = 10.0  # seconds that a job takes, until one of its kind has been done
_LOOK_OFTEN = 0.02  # seconds
_LONGEST = 0.5  # seconds that a tuning stands still at a time, of at least half a second's steps


async def place_in_line(request: gr.Request) -> AsyncIterator[Any]:
    """HTML of how many are before a page's first waiting job, and about how long they take, until it begins.

    An event of its own beside the job; its last words are the job's to replace. As Gradio sends once more what came
    last, or empties the place where nothing came, it ends with leaving the place as it is.
    """
    shown, patience = "", _PATIENCE
    while True:
        before = _before(_queue(request), str(request.session_hash))
        if before is not None:
            patience, html = 0, status.waiting(*before)
            if html != shown:
                shown = html
                yield html
        elif patience == 0:
            yield gr.skip()
            return
        patience = max(0, patience - 1)
        await asyncio.sleep(_LOOK_EVERY)


def others_wait(request: gr.Request) -> bool:
    """Whether somebody else waits until this page's job has been done that tunes."""
    line = _queue(request).event_queue_per_concurrency_id.get(model.TUNING)
    return line is not None and any(event.session_hash != request.session_hash for event in line.queue)


def let_quick_go_first(request: gr.Request) -> None:
    """Between steps of a tuning on this processor: waits for jobs that take about a second, so that they have it alone.

    Beside a tuning each takes several times as long. A tuning that has waited long enough goes on.
    """
    if workers() or model.film_studio().method.device.type != "cpu":
        return
    line = _queue(request).event_queue_per_concurrency_id.get(model.QUEUE)
    until = time.monotonic() + _LONGEST
    while line and (line.queue or line.current_concurrency) and time.monotonic() < until:
        time.sleep(_LOOK_OFTEN)


def _queue(request: gr.Request) -> Any:
    return request.request.scope["app"].get_blocks()._queue


def _before(queue: Any, session: str) -> tuple[int, float] | None:
    """How many jobs come before a page's first, those that run included, and their seconds; None if none waits."""
    for line in queue.event_queue_per_concurrency_id.values():
        at = next((at for at, event in enumerate(line.queue) if event.session_hash == session), None)
        if at is None or line.concurrency_limit is None:
            continue
        now = time.time()
        running = [(fn, now - began) for fn, starts in line.start_times_per_fn.items() for began in starts]
        ahead: list[Event] = line.queue[:at]
        left = sum(max(1.0, _usual(queue, fn) - spent) for fn, spent in running)
        return at + len(running), (left + sum(_usual(queue, event.fn) for event in ahead)) / line.concurrency_limit
    return None


def _usual(queue: Any, fn: Any) -> float:
    """Seconds that jobs of a kind took on average."""
    known = queue.process_time_per_fn.get(fn)
    return _UNKNOWN if known is None else float(known.avg_time)
