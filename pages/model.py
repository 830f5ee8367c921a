"""The one model that all pages share: loaded after the first page is up, never twice."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.studio import Studio, Swap

QUEUE = "model"  # concurrency_id of every event that runs the model: one at a time, in the order they came

_lock = threading.Lock()
_studio: "Studio | None" = None


def studio() -> "Studio":
    """The shared Studio; the first call loads it, which takes seconds (it imports torch), and others wait for that.

    Raises ConfigError if the shipped checkpoint is missing or does not fit.
    """
    global _studio
    with _lock:
        if _studio is None:
            from seqdisent_core.studio import Studio

            _studio = Studio.from_pretrained()
        return _studio


def warm_up() -> None:
    """Starts to load the model in the background: called when a page has shown itself."""
    if _studio is None:
        threading.Thread(target=studio, name="load the model", daemon=True).start()


def swap(first: "FaceClip", second: "FaceClip") -> "Swap":
    """Each person doing what the other does: the one place of the pages that wants a GPU for it."""
    return studio().swap(first, second)
