"""What jobs have brought and nobody has fetched: how long, and how much of it, is kept.

Gradio keeps messages for a page or program until it listens, and those of one that never does for good.
"""

from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

from pages.belongings import texts_in

MOST_LETTERS = 100 * 2**20  # of all messages that wait, about a byte each; pictures are written in letters


def forget_answers(queue: Any, last_used: MutableMapping[str, datetime], after: float) -> None:
    """Drops what sessions without a job have not fetched for `after` seconds, and what is too much of it all.

    queue: Gradio's; last_used: when a job of each session ran, now for those that have none there. Of too much, the
    session that has most loses its oldest.
    To be called on the server's own loop, where Gradio changes them, too.
    """
    waiting, asked = queue.pending_messages_per_session, queue.pending_event_ids_session
    busy, now = {event.session_hash for event in queue.event_ids_to_events.values()}, datetime.now()
    for session in {*waiting, *asked} - busy:
        if (now - last_used.setdefault(session, now)).total_seconds() > after:
            waiting.pop(session, None)
            asked.pop(session, None)
    letters = {session: [_letters(message) for message in each._queue] for session, each in waiting.items()}
    while sum(map(sum, letters.values())) > MOST_LETTERS:
        fullest = max(letters, key=lambda session: sum(letters[session]))
        waiting[fullest].get_nowait()
        letters[fullest].pop(0)


def _letters(message: Any) -> int:
    return sum(map(len, texts_in(getattr(message, "output", None))))
