"""What the demo keeps of visitors, in memory and on the disk: how much, whose it is, and when it goes."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import httpx
import numpy as np
import pytest
from conftest import FIRST, ROOT, SECOND, Served, Visit, is_shown, serve
from test_app import choose, example, face_is_found, until

import app
from pages import links, model, privacy
from pages.belongings import BELONGINGS, Belongings, files_in
from pages.files import kept_folder, sweep
from pages.session import SESSIONS
from pages.store import Held, Store, size_of
from pages.swap.making import swap_faces
from pages.swap.result import LEAVING
from seqdisent_core.errors import ConfigError
from seqdisent_core.limits import limits
from seqdisent_core.reenactment import pairs, subjects

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_what_was_used_longest_ago_goes_first() -> None:
    store = Store(lambda: 250)
    first, second, third = (np.zeros(100, np.uint8) for _ in range(3))
    held = [store.hold(first), store.hold(second)]
    assert store.get(held[0]) is first and store.hold(second) is held[1] and store.nbytes == 200
    assert store.get(held[0]) is first  # used last
    held.append(store.hold(third))
    assert [store.get(one) is None for one in held] == [False, True, False] and store.nbytes == 200
    large = store.hold(np.zeros(1000, np.uint8))
    assert store.get(large) is not None, "what somebody has just made is there"
    assert [store.get(one) is None for one in held] == [True] * 3


def test_what_no_session_holds_any_more_takes_no_place() -> None:
    store = Store(lambda: 150)
    kept = store.hold(np.zeros(100, np.uint8))
    for _ in range(5):
        store.hold(np.zeros(40, np.uint8))
    gc.collect()
    assert store.nbytes == 100 and store.get(kept) is not None


def test_functions_take_and_give_the_things_and_states_have_handles() -> None:
    store, thing, seen = Store(lambda: 1000), np.arange(10, dtype=np.uint8), []

    def change(word: str, state: np.ndarray, request: gr.Request) -> tuple[str, np.ndarray, None]:
        seen.append(state)
        return word, thing, None

    def one_by_one(state: np.ndarray):  # type: ignore[no-untyped-def]
        seen.append(state)
        yield thing

    with gr.Blocks() as demo:
        word, kept, other = gr.Textbox(), gr.State(None), gr.State(None)
        gr.Button().click(change, [word, kept], [word, kept, other])
        gr.Button().click(one_by_one, kept, kept)
    store.behind(demo)
    first, second = (event.fn for event in demo.fns.values())
    assert first is not None and second is not None
    said, held, none = first("hello", None, None)
    assert (said, none) == ("hello", None) and isinstance(held, Held) and held.value is thing
    (again,) = second(held)
    assert again is held and seen[0] is None and seen[1] is thing


def test_a_swap_that_is_not_tuned_has_no_model_of_its_own_and_a_tuned_one_its_decoder() -> None:
    studio = model.film_studio()
    two = subjects(*(studio.read_face(example(name)) for name in (FIRST, SECOND)))
    *_, untuned = pairs(studio.method, two, seconds=0, every=1)
    *_, tuned = pairs(studio.method, two, steps=1, every=1)
    whole = sum(weight.nbytes for weight in studio.method.parameters())
    decoder = sum(weight.nbytes for weight in studio.method.backbone.decoder.parameters())
    places = [{weight.data_ptr() for weight in pair.tuned.method.parameters()} for pair in (untuned, tuned)]
    everybodys = {weight.data_ptr() for weight in studio.method.parameters()}
    assert places[0] == everybodys
    own = [weight for weight in tuned.tuned.method.parameters() if weight.data_ptr() not in everybodys]
    assert sum(weight.nbytes for weight in own) == decoder < 0.4 * whole
    assert untuned.tuned.nbytes < 0.01 * whole and decoder < tuned.tuned.nbytes < decoder + 0.01 * whole
    pictures = sum(source.picture.nbytes for one in two for source in (one.source, *one.faces))
    assert size_of(tuned) == sum(one.clip.nbytes for one in two) + pictures + tuned.tuned.nbytes


def test_a_file_that_two_brought_stays_until_both_have_gone(tmp_path: Path) -> None:
    belongings = Belongings()
    kept, elsewhere = tmp_path / "kept", tmp_path / "elsewhere"
    shared, alone = (kept / (digit * 64) / "film.mp4" for digit in "ab")
    for path in (shared, alone, elsewhere):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    data = [{"path": str(shared)}, ["replace", ["clips", 0], {"file": {"path": str(alone)}}], str(elsewhere), 3, None]
    for session, named in (("page", data), ("other", [str(shared)])):
        with belongings.work(session) as work:
            work.note(files_in(kept, named))
    belongings.opened("token", "page")
    belongings.opened("token", "next")
    belongings.closed("page")
    assert alone.exists(), "the visitor has another page open"
    belongings.closed("next")
    assert not alone.exists() and shared.exists() and elsewhere.exists()
    belongings.closed("other")
    assert not shared.exists() and elsewhere.exists()


def test_who_was_not_heard_of_for_long_is_taken_as_gone(tmp_path: Path) -> None:
    belongings, films = Belongings(), [tmp_path / f"{name}.mp4" for name in ("program", "never closed", "here")]
    belongings.opened("token", "never closed")
    belongings.opened("another", "here")
    for film in films:
        film.touch()
        with belongings.work(film.stem) as work:
            work.note([film])
    belongings.forget({"here"})
    assert all(film.exists() for film in films), "a page that was closed may have a next one, which is on its way"
    belongings.forget({"here"})
    assert [film.exists() for film in films] == [False, False, True]
    assert (belongings._owner, set(belongings._files)) == ({"here": "another"}, {"another"})


def test_who_calls_other_files_their_own_deletes_none_of_them(served: Served, tmp_path: Path) -> None:
    def asks(name: str, *data: object) -> Any:
        fn = next(fn for fn in served.demo.fns.values() if fn.name == name)
        body = {"data": data, "fn_index": fn._id, "session_hash": "hostile"}
        answer = httpx.post(f"{served.address}gradio_api/run/predict", json=body)
        return answer.raise_for_status().json()["data"]

    outside, unfinished = tmp_path / "film.mp4", served.folder / "tmpunfinished"
    shared = links.folder() / ("c" * 64) / "film.mp4"
    shared.parent.mkdir()
    for path in (outside, unfinished, shared):
        path.touch()
        token, _ = asks("opened", f"{served.folder}/{os.path.relpath(path, served.folder)}", False)
        asks("delete_all", token)
        assert path.exists()
    for path in (unfinished, shared):
        path.unlink()


@pytest.mark.parametrize("closed", [True, False])
def test_films_of_a_swap_that_is_left_midway_go_with_their_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    faces = [model.film_studio().read_face(example(name)) for name in (FIRST, SECOND)]
    BELONGINGS.opened("visitor", "left")
    request, untuned = gr.Request(session_hash="left"), False
    going = swap_faces(None, *faces, untuned, 1.0, "film", "once", "all", "both", False, request)
    assert "Making the films" in [next(going), next(going)][1].progress
    if closed:
        going.close()  # which does not wait for what is being written
        for thread in threading.enumerate():
            if thread.name == LEAVING:
                thread.join()
        assert not list(tmp_path.rglob("*.mp4")), "gone before its page is"
        BELONGINGS.closed("left")
    else:  # by the button, on this page or another one of the visitor's
        BELONGINGS.delete("visitor")
        *_, last = going
        assert "deleted" in last.progress and last.swapped == gr.skip() and last.stage is None
        BELONGINGS.closed("left")
    assert not list(tmp_path.rglob("*.mp4"))


def test_old_files_and_empty_folders_are_swept(tmp_path: Path) -> None:
    old, new, empty = tmp_path / "a" / "old.mp4", tmp_path / "b" / "new.mp4", tmp_path / "c" / "d"
    empty.mkdir(parents=True)
    for path in (old, new):
        path.parent.mkdir()
        path.touch()
    for path in (old, old.parent, empty):
        os.utime(path, (0, 0))
    of_the_future = tmp_path / "b" / "future.mp4"
    of_the_future.touch()
    os.utime(of_the_future, (time.time() + 1000,) * 2)  # the clock was set back
    (tmp_path / "b" / "link").symlink_to(ROOT)
    sweep(tmp_path, 100)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {"a", "b", "b/new.mp4", "b/link", "c"}
    assert (ROOT / "app.py").exists()


def test_a_folder_that_goes_meanwhile_does_not_end_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, gone, listed = tmp_path / "old.mp4", tmp_path / "gone", os.scandir
    old.touch()
    os.utime(old, (0, 0))
    gone.mkdir()

    def scandir(path: Any) -> Any:
        if Path(path) == gone:
            raise FileNotFoundError(path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    sweep(tmp_path, 100)
    assert not old.exists()


def test_what_goes_wrong_once_is_done_again() -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(len(done))
        if len(done) == 1:
            raise OSError("gone")

    async def go() -> None:
        await asyncio.wait_for(app._every(0.01, work), 0.3)

    with ThreadPoolExecutor(1) as apart, pytest.raises(TimeoutError):  # a browser's loop may run in this thread
        apart.submit(asyncio.run, go()).result()
    assert len(done) > 1


def test_files_that_have_gone_are_not_remembered_for_good(served: Served) -> None:
    path = str(served.folder / "gone.mp4")
    served.demo.upload_file_set.add(path)
    app._sweep(served.demo.app)
    assert path not in served.demo.upload_file_set


@pytest.mark.parametrize("named", ["home", "home/notes.txt", "home/notes.txt/kept"])
def test_a_folder_that_holds_somebodys_own_files_is_not_swept_but_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    notes = tmp_path / "home" / "notes.txt"
    notes.parent.mkdir()
    notes.touch()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / named))
    with pytest.raises(ConfigError, match=r"GRADIO_TEMP_DIR\.$"):
        kept_folder()


def test_a_folder_may_be_named_from_here_and_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("kept", ""):
        monkeypatch.setenv("GRADIO_TEMP_DIR", name)
        folder = kept_folder()
        (folder / ("a" * 64)).mkdir(exist_ok=True)
        assert folder.is_absolute() and kept_folder() == folder


def test_a_process_that_is_killed_leaves_films_to_be_swept_at_the_next_start(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept, work = tmp_path / "kept", tmp_path / "kept-work"
    told = {**os.environ, "GRADIO_TEMP_DIR": str(kept), "SEQDISENT_DEMO_PROXIES": ""}
    command = [sys.executable, "app.py", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.DEVNULL)
    until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
    with example(FIRST).open("rb") as film:
        httpx.post(f"http://127.0.0.1:{port}/gradio_api/upload", files={"files": film}).raise_for_status()
    (work / "half.mp4").touch()
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = list(tmp_path.rglob("*.mp4"))
    assert len(left) == 2
    for path in left:
        os.utime(path, (0, 0))
    with serve(kept):  # the next start, here
        until(lambda: not list(tmp_path.rglob("*.mp4")))


def names_of_clips() -> set[str]:
    """Of the films whose clips are at hand for other pages."""
    return {kept.source.name for places in SESSIONS._kept.values() for kept in places.values() if kept.source}


def left_of(served: Served, name: str) -> bool:
    """Whether a film of that name is still on the disk, or its clip at hand for other pages."""
    return name in names_of_clips() or name in {path.name for path in served.folder.rglob("*.mp4")}


def sessions_of(served: Served) -> set[str]:
    return set(served.demo.app.state_holder.session_data)


def with_a_clip(visit: Visit, tmp_path: Path, name: str) -> "Page":
    """The page Swap with an upload of this visitor's own in it: other bytes than anybody else's."""
    page = visit()
    film = tmp_path / name
    film.write_bytes(example(FIRST).read_bytes() + name.encode())
    choose(page, "first", film)
    face_is_found(page, "first")
    until(lambda: name in names_of_clips())
    return page


def test_everything_goes_at_once_when_its_owner_says_so(visit: Visit, served: Served, tmp_path: Path) -> None:
    other = visit("sample")
    others = sessions_of(served)
    page = with_a_clip(visit, tmp_path, "deleted.mp4")
    sessions = sessions_of(served) - others
    (token,) = (one for one, places in SESSIONS._kept.items() if "deleted.mp4" in str(places))
    with BELONGINGS.work("sharing") as work:
        link = links.keep(example(FIRST), token, "10.2.0.1", work)
    assert links.answer(link).status_code == 200
    with page.expect_navigation(), other.expect_navigation():
        page.get_by_role("button", name="Delete everything of mine now").click()
    is_shown(page, ".sd-thumb")
    for each in (page, other):
        each.get_by_role("status").filter(has_text="Deleted: your clips").wait_for()
    assert not left_of(served, "deleted.mp4")
    assert links.answer(link).status_code == 404
    until(lambda: not sessions & sessions_of(served))
    assert not page.locator("#first-face .sd-face").count()
    page.goto(f"{served.address}map")
    page.get_by_role("button", name="Delete everything of mine now").wait_for()
    assert not page.locator(".sd-deleted").inner_text()


def test_a_closed_page_frees_its_own_in_seconds_and_the_next_page_keeps_it(
    visit: Visit, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "limits", lambda: replace(limits(), left_seconds=5.0))
    others = sessions_of(served)
    page = with_a_clip(visit, tmp_path, "closed.mp4")
    (token,) = (one for one, places in SESSIONS._kept.items() if "closed.mp4" in str(places))
    page.goto(f"{served.address}sample")
    is_shown(page, ".sd-kept [data-place=first]")
    until(lambda: len(sessions_of(served) - others) == len(BELONGINGS.sessions(token)) == 1)  # the page Swap is gone
    assert left_of(served, "closed.mp4"), "the visitor is still here"
    monkeypatch.setattr(privacy, "limits", lambda: replace(limits(), closed_seconds=0.5, left_seconds=0.5))
    page.close()
    until(lambda: not sessions_of(served) - others and not left_of(served, "closed.mp4"))
