"""The models that all pages share: loaded after the first page is up, never twice."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqdisent_core.studio import Studio

QUEUE = "model"  # concurrency_id of every event that runs a model: one at a time, in the order they came

_lock = threading.Lock()
_loaded: "dict[str, Studio]" = {}


def studio() -> "Studio":
    """The one for drawn people, of the pages Sample and Latent map, with its judge.

    The first call loads it, which takes seconds (it imports torch), and others wait for that. Raises ConfigError if
    the shipped checkpoint is missing or does not fit.
    """
    return _studio("drawn")


def film_studio() -> "Studio":
    """The one for people's own films, of the page Swap. As above."""
    return _studio("filmed")


def _studio(people: str) -> "Studio":
    with _lock:
        if people not in _loaded:
            from seqdisent_core.studio import FILMED, Studio

            _loaded[people] = Studio.from_pretrained(FILMED if people == "filmed" else None)
        return _loaded[people]


def warm_up() -> None:
    """Starts to load both in the background: called when a page has shown itself."""
    if len(_loaded) < 2:
        threading.Thread(target=lambda: (film_studio(), studio()), name="load the models", daemon=True).start()
