"""What every page shows while people wait and when something fails, and work that tells how far it is."""

import logging
import math
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from html import escape
from typing import Generic, TypeVar

Result = TypeVar("Result")
Shown = TypeVar("Shown")
Report = Callable[[float], None]

OUR_FAULT = "Something went wrong on our side. Try again; if it stays so, load the page again."
NO_MEMORY = (
    "The server has too little memory for this just now. Use shorter or smaller clips, leave out learning the faces, "
    "or try again in a few minutes."
)
NO_DISK = "The disk of this demo is full. Try again in some minutes."
NO_GPU = "The server's GPU has failed, and nothing can be made until the server is started again. Try again later."

_SECONDS_BETWEEN_NEWS = 0.15
_MEMORY_WORDS = ("out of memory", "allocate memory", "ALLOC_FAILED")  # of torch, the system and cuBLAS
_DISK_WORDS = ("No space left", "disk is full")  # of the system and of the core
_GPU_WORDS = "CUDA error"  # torch's; it says that each later call fails, too


def log_fault(error: BaseException) -> str:
    """The sentence for a visitor about an error that is not theirs.

    Logs what kind of error came up and where, but not its message, which may name a visitor's film.
    """
    log, where = logging.getLogger("seqdisent"), "".join(traceback.format_tb(error.__traceback__))
    log.error("%s\n%s", type(error).__name__, where)
    traceback.clear_frames(error.__traceback__)  # or what they hold, a model and its gradients, stays until collected
    said = str(error)
    if isinstance(error, MemoryError) or any(words in said for words in _MEMORY_WORDS):
        return NO_MEMORY
    if any(words in said for words in _DISK_WORDS):
        return NO_DISK
    if _GPU_WORDS in said:
        log.error("The GPU has failed, and this process cannot use it again: restart the server.")
        return NO_GPU
    return OUR_FAULT


def problem(sentence: str) -> str:
    """HTML of a failure: the sentence, in place of what would have been there, read out at once."""
    return f'<div class="sd-problem" role="alert"><p>{escape(sentence)}</p></div>'


def waiting(before: int = 0, seconds: float = 0.0) -> str:
    """HTML until those who pressed before are served: so many, which takes about so many seconds."""
    if not before:
        return stages(("Waiting for your turn",), 0)
    people = "1 job is" if before == 1 else f"{before} jobs are"
    return stages((f"Waiting for your turn: {people} before yours, about {5 * math.ceil(seconds / 5)} s",), 0)


def ready(sentence: str) -> str:
    """HTML of the end of a wait."""
    return f'<p class="sd-hint-line">{escape(sentence)}</p>'


def stages(
    names: Sequence[str], now: int, fraction: float | None = None, left: float | None = None, *, busy: bool = False
) -> str:
    """HTML of work under way: which of the stages is done, which is on, and how far it is.

    now: index of the stage that is on. fraction: 0 to 1 of that stage, or of all where `left` is given, None where
    nobody knows. left: seconds until all is done. busy: it takes longer than was told before.
    """
    kinds = ["sd-done" if at < now else "sd-now" if at == now else "sd-next" for at in range(len(names))]
    lines = "".join(
        f'<li class="{kind}"{" aria-current=step" if kind == "sd-now" else ""}>{escape(name)}</li>'
        for name, kind in zip(names, kinds, strict=True)
    )
    soon = "" if left is None else f"about {max(1, round(left))} s left{', the machine is busy' if busy else ''}"
    clock = f'<p class="sd-left sd-quiet">{soon}</p>' if soon else ""
    return f'<ol class="sd-stages">{lines}</ol>{bar(fraction, ", ".join(filter(None, (names[now], soon))))}{clock}'


def bar(fraction: float | None, words: str = "") -> str:
    """HTML of a progress bar at `fraction` (0 to 1), or one that only moves where nobody knows.

    words: what is under way, for those who hear the page.
    """
    role = f'role="progressbar" aria-label="Progress" aria-valuetext="{escape(words or "Under way")}"'
    if fraction is None:
        return f'<div class="sd-bar sd-unknown" {role}><i></i></div>'
    share = f"{100 * min(max(fraction, 0.0), 1.0):.0f}"
    return f'<div class="sd-bar" {role} aria-valuenow="{share}"><i style="width:{share}%"></i></div>'


class _Left(BaseException):
    """Ends work whose page was closed or whose clip was replaced: nobody waits for it any more."""


class Job(Generic[Result]):
    """`work(report)` in a thread of its own. Iterating gives how far it said it is (0 to 1), some times a second.

    `result` is there once the iteration has ended; it raises what `work` raised. When the iteration is left early, or
    `stop` is called because nobody wants the result any more, the next `report` inside `work` ends that too.
    """

    def __init__(self, work: Callable[[Report], Result]) -> None:
        self._work = work
        self._latest = 0.0
        self._left = threading.Event()
        self._future: Future[Result] | None = None

    def __iter__(self) -> Iterator[float]:
        pool = ThreadPoolExecutor(max_workers=1)
        self._future = pool.submit(self._work, self._report)
        try:
            while wait([self._future], _SECONDS_BETWEEN_NEWS).not_done:
                yield self._latest
        except GeneratorExit:
            self.stop()
            raise
        finally:
            pool.shutdown(wait=False)  # Gradio leaves on the server's own loop, where nobody may wait

    def stop(self) -> None:
        """Ends the work soon, and the iteration with it; `stopped` says so from now on."""
        self._left.set()

    @property
    def stopped(self) -> bool:
        """Whether the work was given up: there is no result then."""
        return self._left.is_set()

    @property
    def result(self) -> Result:
        """What `work` returned."""
        assert self._future is not None, "iterate over the job first"
        return self._future.result()

    def _report(self, fraction: float) -> None:
        if self._left.is_set():
            raise _Left
        self._latest = fraction


def meanwhile(work: Callable[[Report], Result], shown: Shown) -> Generator[Shown, None, Result]:
    """What `work(report)` returns; until then, `shown` some times a second.

    For events that show nothing on the way: they give way so that the work ends soon after whoever waits has gone.
    """
    job = Job(work)
    for _ in job:
        yield shown
    return job.result
