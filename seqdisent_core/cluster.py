"""Work done here or, where a Ray cluster is set, on one of its workers: each an actor that holds the models.

The set-up is in docs/serving.md. Ray is imported only where a cluster is set.
"""

import logging
import os
import socket
import subprocess
import tempfile
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.limits import limits
from seqdisent_core.threads import share_cores, share_heap

if TYPE_CHECKING:
    from seqdisent_core.parcels import Parcel, Places
    from seqdisent_core.studio import Studio

Result = TypeVar("Result")

TRIES = 3  # of one call whose workers die
_NEWS_EVERY = 0.25  # seconds
_REACH_WITHIN, _START_WITHIN = 5.0, 120.0  # seconds
_TOLD, _MADE, _FAILED = "told", "made", "failed"  # kinds of answers
_ENOUGH, _LEFT = "enough", "left"  # orders
_UNSET = "or unset SEQDISENT_DEMO_CLUSTER"

_logger = logging.getLogger("seqdisent")


def call(work: Callable[..., Result], *given: Any, report: Callable[[Any], Any] | None = None, **named: Any) -> Result:
    """What `work(*given, report=report, **named)` returns or raises, done here or on a worker; blocks until then.

    work: a function of a module of this package; what it takes, tells and returns can be pickled. Files that paths name
    go along, and what is written into a folder that a path names lies in it afterwards if a path returned names it.
    report: what `work` tells on the way, the latest of every quarter of a second. Where it returns a true value, so
    does `report` inside `work` from then on; where it raises, `work` ends at its next one. None: `work` takes none.

    If the worker dies, another does it again from the start. Raises SeqdisentError if that happens TRIES times.
    """
    if _pool is not None:
        return _pool.call(work, given, named, report)
    return work(*given, **named) if report is None else work(*given, report=report, **named)


def workers() -> int:
    """How many calls the cluster does at once; 0 where none is set."""
    return 0 if _pool is None else _pool.size


def connect() -> None:
    """From now on, until `disconnect`, calls are done by the cluster that the limits name, if they name one.

    Raises ConfigError where Ray is not installed, the cluster cannot be reached, or has no room for a worker.
    """
    global _pool
    if limits().cluster and _pool is None:
        _reach(limits().cluster)
        try:
            _pool = _Pool(limits().cluster_workers)
        except ConfigError:
            _leave()
            raise


def disconnect() -> None:
    """Ends the workers; calls are done here again."""
    global _pool
    if _pool is not None:
        _pool = None
        _leave()


def described() -> str:
    """Which cluster is set and whether it is reached, in words."""
    if not limits().cluster:
        return "none is set"
    try:
        _reach(limits().cluster)
    except ConfigError as error:
        return str(error)
    try:
        options, room = _room()
    finally:
        _leave()
    each = "a core and a GPU" if "num_gpus" in options else "a core"
    return f"{limits().cluster} is reached; workers that it has room for, {each} each: {room}"


def _reach(address: str) -> None:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # it would send figures to its makers
    try:
        import ray
        from ray.exceptions import RayError
    except ImportError:
        raise ConfigError(
            f"A cluster needs Ray, which is not installed. Run: python -m pip install '.[cluster]', {_UNSET}."
        ) from None
    host, _, port = address.rpartition(":")
    local: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        if host:
            socket.create_connection((host, int(port)), _REACH_WITHIN).close()  # Ray itself would try for minutes
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **local)
    except (OSError, RuntimeError, ValueError, RayError) as error:  # ConnectionError, of Ray, is an OSError
        raise ConfigError(
            f"The cluster {address} cannot be reached ({type(error).__name__}). Start Ray there and on this machine as "
            f"docs/serving.md says, {_UNSET}."
        ) from None


def _leave() -> None:
    import ray

    ray.shutdown()


def _room() -> tuple[dict[str, int], int]:
    """What each worker takes of the cluster, and how many workers it has room for.

    A core each: torch on one of them does more swaps in all than on two for each. And a GPU, where there are any.
    """
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cores, gpus = ([int(node.get(kind, 0)) for node in nodes] for kind in ("CPU", "GPU"))
    if any(gpus):
        return {"num_cpus": 1, "num_gpus": 1}, sum(map(min, cores, gpus))
    return {"num_cpus": 1}, sum(cores)


class _Pool:
    """The workers, and which of them are free. Safe to share by threads."""

    def __init__(self, most: int) -> None:
        """As many workers as there is room for, `most` at most; the first one is there when this returns."""
        import ray
        from ray.exceptions import RayError

        options, room = _room()
        self.size = min(room, most)
        if not self.size:
            raise ConfigError("No machine of the cluster has a core for a worker. Start Ray with more of them.")
        self._free: SimpleQueue[Any] = SimpleQueue()
        self._numbers = count()
        kept = {"max_restarts": -1, "scheduling_strategy": "SPREAD", "concurrency_groups": {"orders": 1}}
        made = ray.remote(**kept, **options)(Worker)
        begun = [self._free_when_ready(made.remote()) for _ in range(self.size)]
        try:
            first, _ = ray.wait(begun, num_returns=1, timeout=_START_WITHIN)
            ray.get(first)
        except RayError as error:
            raise ConfigError(
                f"No worker starts on the cluster ({type(error).__name__}). Install this version of seqdisent there."
            ) from None
        if not first:
            raise ConfigError(f"No worker of the cluster has started in {_START_WITHIN:g} s: others may use all of it.")

    def call(
        self, work: Callable[..., Any], given: Any, named: dict[str, Any], report: Callable[[Any], Any] | None
    ) -> Any:
        """As the module's."""
        from ray.exceptions import RayError

        from seqdisent_core.parcels import pack

        parcel, places = pack((work, given, named))
        for _ in range(TRIES):
            worker = self._free.get()
            try:
                return self._done_by(worker, parcel, places, report)
            except RayError as error:
                _logger.warning("A worker of the cluster was lost: %s", type(error).__name__)
            finally:
                self._free_when_ready(worker)
        raise SeqdisentError(f"The machines that worked on this failed, {TRIES} times in a row. Try again in a minute.")

    def _free_when_ready(self, worker: Any) -> Any:
        """Marks a worker as free once it has ended what it does, and has been started again if it died."""
        ready = worker.ready.options(max_task_retries=-1).remote()

        def note(done: "Future[Any]") -> None:
            if done.exception() is None:
                self._free.put(worker)

        ready.future().add_done_callback(note)
        return ready

    def _done_by(self, worker: Any, parcel: "Parcel", places: "Places", report: Callable[[Any], Any] | None) -> Any:
        import ray

        from seqdisent_core.parcels import opened_answer

        number, asked = next(self._numbers), False
        order = worker.order.options(concurrency_group="orders")
        try:
            for answer in worker.run.remote(number, parcel, report is not None):
                kind, what = ray.get(answer)
                if kind == _MADE:
                    return opened_answer(what, places)
                if kind == _FAILED:
                    raise what
                if report is not None and report(what) and not asked:
                    asked = True
                    order.remote(number, _ENOUGH)
        except BaseException:
            order.remote(number, _LEFT)
            raise
        raise AssertionError("a worker's last answer is what it made, or why not")


_pool: _Pool | None = None


class _Left(BaseException):
    """Ends work that nobody waits for any more."""


class Worker:
    """What a Ray actor is: does one call at a time, with the models in memory from the first one on."""

    def __init__(self) -> None:
        share_cores()  # before torch is imported
        share_heap()
        tempfile.tempdir, self.alive = _own_folder()
        self._orders: dict[int, str] = {}
        self._studios: dict[str, Studio] = {}

    def ready(self) -> int:
        """Loads the model for people's own films; gives the process's id."""
        from seqdisent_core.machine import keep_freed_memory
        from seqdisent_core.studio import FILMED

        keep_freed_memory()
        self._studio(FILMED)
        return os.getpid()

    def order(self, number: int, order: str) -> None:
        """Beside `run`: its call has been told enough, or nobody waits for it any more."""
        self._orders[number] = order

    def run(self, number: int, parcel: "Parcel", tells: bool) -> Iterator[tuple[str, Any]]:
        """Does a call: gives what it tells on the way, and in the end what it has made or why it has not."""
        latest: deque[Any] = deque(maxlen=1)

        def report(news: Any) -> bool:
            if self._orders.get(number) == _LEFT:
                raise _Left
            latest.append(news)
            return self._orders.get(number) == _ENOUGH

        with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
            done = thread.submit(self._work, parcel, Path(folder), {"report": report} if tells else {})
            while wait([done], _NEWS_EVERY).not_done:
                while latest:
                    yield _TOLD, latest.popleft()
        self._orders = {other: order for other, order in self._orders.items() if other > number}
        error = done.exception()
        if error is None:
            yield _MADE, done.result()
        elif isinstance(error, SeqdisentError):
            yield _FAILED, error
        elif not isinstance(error, _Left):  # without its message, which may name a visitor's film
            _logger.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            yield _FAILED, RuntimeError(f"{type(error).__name__} on a worker")

    def _work(self, parcel: "Parcel", folder: Path, more: dict[str, Any]) -> "Parcel":
        from seqdisent_core.parcels import opened, pack_answer

        (work, given, named), places = opened(parcel, folder, self._studio)
        return pack_answer(work(*given, **named, **more), places)

    def _studio(self, checkpoint: str) -> "Studio":
        from seqdisent_core.studio import Studio

        if checkpoint not in self._studios:
            self._studios[checkpoint] = Studio.from_pretrained(checkpoint)
        return self._studios[checkpoint]


def _own_folder() -> tuple[str, Any]:
    """A folder for temporary files that is deleted when this process ends, however it does; and the pipe that tells."""
    folder = tempfile.mkdtemp(prefix="seqdisent-worker-")
    # Waits until the other end of its pipe is closed, which no kill prevents. It is no child of this process nor of its
    # group, or Ray would end it, too.
    wait_and_delete = 'exec 3<&0; (cat <&3; rm -rf "$1") &'
    begun = subprocess.Popen(
        ["/bin/sh", "-c", wait_and_delete, "sh", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    begun.wait()
    return folder, begun.stdin
