"""What jobs have brought and nobody has fetched: how long, and how much of it, is kept.

Gradio keeps messages for a page or program until it listens, and those of one that never does for good.
"""

import asyncio
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

from gradio.utils import LRUCache

from pages.belongings import texts_in

MOST_LETTERS = 100 * 2**20  # of all messages that wait, about a byte each; pictures are written in letters
ITSELF = 2000  # letters that a message counts for besides those of its texts
_SESSIONS = 2000  # as many as Gradio keeps


class _Messages(asyncio.Queue[Any]):
    """Those that wait for one session; `letters` of all of them."""

    letters = 0

    def _put(self, item: Any) -> None:
        letters = _letters(item)
        self.letters += letters
        super()._put((letters, item))

    def _get(self) -> Any:
        letters, item = super()._get()
        self.letters -= letters
        return item


class Unfetched(LRUCache[str, Any]):
    """In place of what Gradio's queue keeps messages in, by session: what waits is weighed as it comes and goes.

    Who stops to listen twice is taken out twice, at which Gradio's own would fail and leave a task behind for good.
    """

    def __init__(self) -> None:
        super().__init__(_SESSIONS)

    def __setitem__(self, session: str, messages: Any) -> None:
        super().__setitem__(session, _Messages())

    def __delitem__(self, session: str) -> None:
        if session in self:
            super().__delitem__(session)


def forget_answers(queue: Any, last_used: MutableMapping[str, datetime], after: float) -> None:
    """Drops what sessions without a job have not fetched for `after` seconds, and what is too much of it all.

    queue: Gradio's, with `Unfetched` messages; last_used: when a job of each session ran, now for those that have none
    there. Of too much, the session that has most loses its oldest.
    To be called on the server's own loop, where Gradio changes them, too.
    """
    waiting, asked = queue.pending_messages_per_session, queue.pending_event_ids_session
    busy, now = {event.session_hash for event in queue.event_ids_to_events.values()}, datetime.now()
    for session in {*waiting, *asked} - busy:
        if (now - last_used.setdefault(session, now)).total_seconds() > after:
            waiting.pop(session, None)
            asked.pop(session, None)
    while sum(messages.letters for messages in waiting.values()) > MOST_LETTERS:
        max(waiting.values(), key=lambda messages: messages.letters).get_nowait()


def _letters(message: Any) -> int:
    return ITSELF + sum(map(len, texts_in(getattr(message, "output", None))))
