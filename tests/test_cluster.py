"""The page's work on a Ray cluster of two workers, one of which is killed in the middle of a swap."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import imageio_ffmpeg
import psutil
import pytest
from conftest import FIRST, SECOND, Served, free_port, serve
from gradio_client import Client, handle_file
from test_app import example, until

from app import build
from pages import model
from pages.swap import endpoint as swap_endpoint
from pages.swap import making as swap_making
from seqdisent_core import cluster, jobs
from seqdisent_core.errors import ConfigError, SeqdisentError, VideoError
from seqdisent_core.limits import limits
from seqdisent_core.media import read_video
from seqdisent_core.parcels import Places, opened, opened_answer, pack, pack_answer
from seqdisent_core.reenactment import pairs, subjects

_NODE = {"num_cpus": 2, "object_store_memory": 100 * 2**20, "include_dashboard": False}


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`named(address)` sets the cluster of this process."""

    def name(address: str) -> None:
        monkeypatch.setenv("SEQDISENT_DEMO_CLUSTER", address)
        limits.cache_clear()

    yield name
    limits.cache_clear()


def test_what_goes_to_another_machine_comes_back_with_its_files(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    (here / "film.mp4").write_bytes(b"a film")
    gone = tmp_path / "gone" / "film.mp4"
    parcel, places = pack([here / "film.mp4", here, here / "new.gif", gone])
    (film, folder, new, unknown), places_there = opened(parcel, there, lambda name: pytest.fail(name))
    assert film.read_bytes() == b"a film" and film.name == "film.mp4" and unknown == gone
    assert film.is_relative_to(there) and new.parent == folder and not new.exists()
    new.write_bytes(b"made")
    answer = pack_answer({"made": new, "of": film, "none": folder / "none"}, places_there)
    back = opened_answer(answer, places)
    assert back == {"made": here / "new.gif", "of": here / "film.mp4", "none": here / "none"}
    assert {path.name: path.read_bytes() for path in here.iterdir()} == {"film.mp4": b"a film", "new.gif": b"made"}


def test_a_cluster_that_cannot_be_used_is_refused_at_the_start(
    named: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    named(f"127.0.0.1:{free_port()}")
    with pytest.raises(ConfigError, match=r"cannot be reached \(ConnectionRefusedError\)\. Start Ray"):
        build()
    assert "cannot be reached" in cluster.described() and not cluster.workers()
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install '\.\[cluster\]'"):
        build()
    named("ray://127.0.0.1:1")
    with pytest.raises(ConfigError, match="must be local, auto or one such as"):
        build()


def endless(report: Callable[[int], bool]) -> int:
    """Counts until that is enough."""
    for number in count():
        if report(number):
            return number
    raise AssertionError


def test_a_worker_ends_what_is_enough_and_what_nobody_waits_for_and_leaves_nothing_when_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    with patch.dict(os.environ):
        worker = cluster.Worker()
    parcel, _ = pack((endless, (), {}))
    answers = worker.run(1, parcel, True)
    kind, first = next(answers)
    worker.order(1, "enough")
    *_, (last_kind, answer) = answers
    assert (kind, last_kind) == ("told", "made") and opened_answer(answer, Places([], [])) >= first
    answers = worker.run(2, parcel, True)
    next(answers)
    worker.order(2, "left")
    assert {kind for kind, _ in answers} <= {"told"}
    folder = Path(str(tempfile.tempdir))
    assert list(folder.iterdir()) == []
    worker.alive.close()  # as the system does at the end of a process
    until(lambda: not folder.exists())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app with a cluster of its own."""
    from ray.cluster_utils import Cluster

    with ExitStack() as ending:
        here = ending.enter_context(pytest.MonkeyPatch.context())
        here.setattr(tempfile, "tempdir", None)  # a folder deep in a test's would be too long for a socket
        short = ending.enter_context(TemporaryDirectory(prefix="ray"))
        for name in ("TMPDIR", "RAY_TMPDIR"):
            here.setenv(name, short)
        here.setenv("RAY_USAGE_STATS_ENABLED", "0")
        begun = Cluster(initialize_head=True, head_node_args=_NODE)
        here.setenv("SEQDISENT_DEMO_CLUSTER", begun.address)
        limits.cache_clear()
        assert cluster.described().endswith("is reached; workers that it has room for, a core each: 2")
        with serve(tmp_path_factory.mktemp("gradio")) as app:
            yield app
        cluster.disconnect()
        begun.shutdown()
    limits.cache_clear()


def running() -> list[psutil.Process]:
    """The workers that do a call just now, by the name that Ray gives them meanwhile."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            found += [one] if one.cmdline()[:1] == ["ray::Worker.run"] else []
    return found


def held_by_workers() -> set[Path]:
    """Files that they have in their folders."""
    folders = Path(os.environ["RAY_TMPDIR"]).glob("seqdisent-worker-*")
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example five times over."""
    film = tmp_path_factory.mktemp("long") / "long.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-stream_loop", "4", "-i", example(SECOND)]
    subprocess.run([*command, "-c", "copy", film], check=True)
    return film


def test_a_swap_whose_worker_is_killed_is_done_again_and_comes_as_without_a_cluster(
    served: Served, long: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cluster.workers() == 2
    assert {fn.concurrency_limit for fn in served.demo.fns.values() if fn.concurrency_id == model.TUNING} == {2}
    shares, killed = list[float](), list[int]()

    def watched(work: Any, *given: Any, report: Any = None, **named: Any) -> Any:
        def told(share: float) -> Any:
            shares.append(share)
            if work is jobs.move and not killed:
                (busy,) = running()
                busy.send_signal(signal.SIGKILL)
                killed.append(busy.pid)
            return report(share)

        return cluster.call(work, *given, report=told, **named)

    monkeypatch.setattr(swap_endpoint, "call", watched)
    clips = [handle_file(str(path)) for path in (example(FIRST), long)]
    films = Client(served.address, verbose=False).predict(*clips, 0, api_name="/swap")[:2]
    assert killed and 0 < max(shares) <= 1
    until(lambda: not held_by_workers())
    studio = model.film_studio()
    faces = [jobs.read(studio, path, report=lambda share: None) for path in (example(FIRST), long)]
    *_, pair = pairs(studio.method, subjects(*faces), seconds=0, every=1.0, head=studio.head)
    for own, film in enumerate(films):
        how: Any = {"strength": 1, "transfer": "all", "goes_on": False}
        here = jobs.move(studio, pair, own, how, tmp_path, full_size=True).file
        assert Path(film).read_bytes() == here.read_bytes()


def test_a_tuning_shows_previews_and_ends_when_it_is_enough_or_nobody_waits(served: Served) -> None:
    clips = [model.film_studio().read_face(example(name)) for name in (FIRST, SECOND)]

    def swap() -> Iterator[swap_making.Seen]:
        wish = (1.0, "film", "once", "all", "first", False)
        return swap_making.swap_faces(None, *clips, True, *wish, SimpleNamespace(session_hash="s", request=asked))

    asked = SimpleNamespace(scope={"app": SimpleNamespace(get_blocks=lambda: served.demo)})
    left = swap()
    for seen in left:
        if "sd-preview" in str(seen.preview):
            break
    left.close()
    until(lambda: not running())
    *_, seen = _stopped(swap())
    assert seen.swapped.pair.tuned.steps < 75 and "The film is ready." in seen.progress
    kinds = [clip.made for clip in seen.stage.clips]
    assert kinds == [False, True] and not held_by_workers()
    for clip in seen.stage.clips:
        assert len(read_video(Path(clip.file.path))[0]) == 15


def _stopped(swap: Iterator[swap_making.Seen]) -> Iterator[swap_making.Seen]:
    """What a visitor sees of a swap who stops the tuning at the first preview."""
    for seen in swap:
        yield seen
        if "sd-preview" in str(seen.preview):
            swap_making.stop(seen.running)


def test_what_is_wrong_with_a_film_is_said_as_without_a_cluster(served: Served, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("words")
    with pytest.raises(VideoError, match=r"words\.mp4") as there:
        cluster.call(jobs.read, model.film_studio(), tmp_path / "words.mp4", report=lambda share: None)
    with pytest.raises(VideoError) as here:
        jobs.read(model.film_studio(), tmp_path / "words.mp4", report=lambda share: None)
    assert str(there.value) == str(here.value)


def test_work_that_kills_its_workers_ends_with_a_sentence(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "TRIES", 1)  # each costs a worker
    with pytest.raises(SeqdisentError, match="The machines that worked on this failed, 1 times in a row"):
        cluster.call(os._exit, 1)
