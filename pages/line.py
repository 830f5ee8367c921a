"""Who waits for the model: how many are before a visitor, how long that takes, and whether anybody comes after."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status

if TYPE_CHECKING:
    from gradio.queueing import Event

_LOOK_EVERY = 0.5  # seconds
_PATIENCE = 4  # looks until the job must have joined
_UNKNOWN = 10.0  # seconds that a job takes, until one of its kind has been done


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
