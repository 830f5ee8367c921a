"""The models that all pages share: loaded once, after the first page is up (where GPUs are lent, one before it)."""

import functools
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from seqdisent_core.series_studio import Series, SeriesStudio
    from seqdisent_core.studio import Studio
    from seqdisent_core.voices import Recording, Voices

Work = TypeVar("Work", bound=Callable[..., Any])

# concurrency_id of every event that runs a model, one at a time of each, in the order they came: those that may tune,
# which takes half a minute, and all others, which go on beside them.
TUNING, QUEUE = "tuning", "model"
ZERO_GPU = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")  # a Space that lends GPUs for seconds

if ZERO_GPU:
    import spaces  # type: ignore[import-not-found]  # has to come before torch; such Spaces bring it

_lock = threading.Lock()
_loaded: "dict[str, Studio]" = {}


def studio() -> "Studio":
    """The one for rendered people, of the pages Sample and Latent map, with its judge.

    The first call loads it, which takes seconds (it imports torch), and others wait for that. Raises ConfigError if
    the shipped checkpoint is missing or does not fit.
    """
    return _studio("drawn")


def film_studio() -> "Studio":
    """The one for people's own films, of the page Swap. As above."""
    return _studio("filmed")


def tuning_studio() -> "Studio":
    """The same for what `on_gpu` has declared, which alone may run it."""
    return _loaded["lent"] if ZERO_GPU else film_studio()


@functools.cache
def series_studio() -> "SeriesStudio":
    """The one for time series, of the page Series; on the CPU. Raises ConfigError where it is missing."""
    from seqdisent_core.series_studio import SeriesStudio

    return SeriesStudio.from_pretrained()


@functools.cache
def shipped_series() -> "dict[str, Series]":
    """The series that ship, by name."""
    from seqdisent_core.series_studio import shipped_series

    return {series.name: series for series in shipped_series()}


@functools.cache
def voices() -> "Voices":
    """The one for speech, of the page Speech; on the CPU. Raises ConfigError where it is missing."""
    from seqdisent_core.voices import Voices

    return Voices.from_pretrained()


@functools.cache
def shipped_voices() -> "dict[str, tuple[Recording, str]]":
    """The recordings that ship, and what they say, by the name of the speaker on the page."""
    from seqdisent_core.voices import shipped_recordings

    genders = {"f": "Woman", "m": "Man"}
    return {
        f"{genders[one.gender]} {one.speaker}": (voices().read(one.file), one.words) for one in shipped_recordings()
    }


def on_gpu(seconds: Callable[..., float]) -> Callable[[Work], Work]:
    """Declares a function or generator that needs the GPU, for so many seconds by its arguments.

    On a Space that lends GPUs for seconds it runs in a process of its own: what it takes and gives is copied there and
    back and may lie on no GPU, and its errors lose their class. Everywhere else it is called as it is.
    """

    def declare(work: Work) -> Work:
        return spaces.GPU(work, duration=seconds) if ZERO_GPU else work

    return declare


def prepare() -> None:
    """Before the app is served: where GPUs are lent, the model has to lie on the GPU by then."""
    if ZERO_GPU:
        from seqdisent_core.studio import FILMED, Studio

        _loaded["lent"] = Studio.from_pretrained(FILMED, device="cuda")


def _studio(people: str) -> "Studio":
    with _lock:
        if people not in _loaded:
            from seqdisent_core.machine import keep_freed_memory
            from seqdisent_core.studio import FILMED, Studio

            keep_freed_memory()  # or each step of a tuning asks for its pages anew, which takes as long as the step
            # Where GPUs are lent there is none outside the functions declared for it, though torch is told so.
            device = "cpu" if ZERO_GPU else None
            _loaded[people] = Studio.from_pretrained(FILMED if people == "filmed" else None, device=device)
        return _loaded[people]


def warm_up() -> None:
    """Starts to load both in the background, and what tuning needs: called when a page has shown itself."""

    def load() -> None:
        film_studio()
        from seqdisent_core.reenactment import prepare

        prepare()
        studio()

    if not {"drawn", "filmed"} <= _loaded.keys():
        threading.Thread(target=load, name="load the models", daemon=True).start()
