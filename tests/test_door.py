"""The door: what of the server may be asked for, by whom and how often; each guard by what passes without it."""

import asyncio
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from conftest import FIRST, Served, is_shown, serve
from gradio import routes
from gradio_client import Client  # type: ignore[import-untyped]
from mcp import ClientSession
from test_app import choose, example, until
from test_mcp import asked

from pages import model
from pages.door import visitor_of
from pages.shares import Recent, Uploads, visitor_at
from seqdisent_core.errors import ConfigError
from seqdisent_core.limits import Limits, limits, limits_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SMALL = {  # limits that are soon reached; visitors are told apart by X-Forwarded-For
    "UPLOAD_MEGABYTES": "1",
    "VISITOR_MEGABYTES": "2",
    "ALL_MEGABYTES": "8",
    "BODY_KILOBYTES": "64",
    "SESSION_WAITING": "1",
    "ADDRESS_JOBS": "3",
    "COMPUTE_SECONDS": "0.4",
    "PROXIES": "127.0.0.1",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The real app with small limits."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            patch.setenv(f"SEQDISENT_DEMO_{name}", value)
        limits.cache_clear()
        with serve(tmp_path_factory.mktemp("small")) as app:
            patch.undo()
            limits.cache_clear()
            yield app


def ask(served: Served, method: str, path: str, *, of: str = "", **how: Any) -> httpx.Response:
    """A request as of a visitor of that address."""
    headers = {"x-forwarded-for": of} if of else {}
    return httpx.request(method, f"{served.address}{path}", headers=headers, timeout=60, **how)


def join(served: Served, *, of: str = "", session: str | None = None) -> httpx.Response:
    """Asks for a job that runs a model."""
    data = [None, "both", 1, 8, 1, 0]
    if session is None:
        return ask(served, "POST", "gradio_api/call/sample", of=of, json={"data": data})
    (sample,) = [fn for fn in served.demo.fns.values() if fn.api_name == "sample"]
    body = {"data": data, "fn_index": sample._id, "session_hash": session}
    return ask(served, "POST", "gradio_api/queue/join", of=of, json=body)


@contextmanager
def held(app: Served) -> Iterator[None]:
    """While it lasts no model answers; at its end nobody's job is left."""
    free, studio, queue = Event(), model.studio, app.demo._queue
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "studio", lambda: free.wait(60) and studio())
        yield
        for each in queue.event_queue_per_concurrency_id.values():
            each.queue.clear()
        free.set()
        until(lambda: not any(queue.active_jobs))


@pytest.fixture
def busy(small: Served) -> Iterator[None]:
    """Somebody's job runs and does not end."""
    with held(small):
        assert join(small, of="10.9.9.9").status_code == 200
        until(lambda: any(small.demo._queue.active_jobs))
        yield


CLOSED = [
    ("POST", "gradio_api/run/sample", {"json": {"data": [None, "both", 1, 8, 1, 0]}}),
    ("POST", "gradio_api/api/sample", {"json": {"data": [None, "both", 1, 8, 1, 0]}}),
    ("POST", "gradio_api/process_recording", {"files": {"video": b"film"}}),
    (
        "POST",
        "gradio_api/component_server",
        {"json": {"data": 1, "component_id": 1, "session_hash": "a", "fn_name": "b"}},
    ),
    (
        "POST",
        "gradio_api/component_server/",
        {"json": {"data": 1, "component_id": 1, "session_hash": "a", "fn_name": "b"}},
    ),
    ("GET", "gradio_api/deep_link?session_hash=somebody", {}),
    ("GET", "gradio_api/stream/a/b/1/playlist-file", {}),
    ("GET", "gradio_api/custom_component/html/client/component/index.js", {}),
    ("GET", "gradio_api/proxy=https://huggingface.co/", {}),
    ("GET", "gradio_api/file=http://127.0.0.1:1/film.mp4", {}),
    ("GET", f"gradio_api/file/{example(FIRST)}", {}),
    ("GET", "gradio_api/openapi.json", {}),
    ("GET", "gradio_api/queue/status", {}),
    ("GET", "gradio_api/upload_progress?upload_id=one", {}),
    ("GET", f"static/{'x' * 300}", {}),
    ("GET", "gradio_api/token", {}),
    ("GET", "gradio_api/user", {}),
    ("GET", "monitoring", {}),
    ("GET", "monitoring/summary", {}),
    ("GET", "gradio_api/runs", {}),
    ("GET", "gradio_api/vibe-code/", {}),
    ("GET", "gradio_api/mcp/sse", {}),
    ("GET", "logout", {}),
    ("POST", "login", {"data": {"username": "a", "password": "b"}}),
    ("PUT", "gradio_api/upload", {}),
]


@pytest.mark.parametrize(("method", "path", "how"), CLOSED, ids=[f"{method} {path}"[:50] for method, path, _ in CLOSED])
def test_what_no_page_needs_is_not_there(served: Served, method: str, path: str, how: dict[str, Any]) -> None:
    with httpx.stream(method, f"{served.address}{path}", timeout=60, **how) as answer:
        assert answer.status_code == 404
        assert "nothing here for visitors" in answer.read().decode()


def test_no_event_gets_past_the_queue_by_its_number(served: Served) -> None:
    (sample,) = [fn for fn in served.demo.fns.values() if fn.api_name == "sample"]
    body = {"data": [None, "both", 1, 8, 1, 0], "fn_index": sample._id, "session_hash": "somebody"}
    answer = ask(served, "POST", "gradio_api/run/predict", json=body)
    assert answer.status_code == 404 and "join the queue" in answer.text


def test_the_server_says_at_once_that_it_is_well(small: Served, busy: None) -> None:
    assert ask(small, "GET", "health").json() == {"status": "ok"}


def test_a_swap_that_failed_is_told_to_all_who_ask_until_it_is_tried_again_and_the_reason_to_the_log_alone(
    small: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[None] = []

    def gone() -> None:
        tried.append(None)
        raise ConfigError("There is no model in /srv/demo.")

    monkeypatch.setattr(model, "film_studio", gone)
    answers = [ask(small, "GET", "health/swap") for _ in range(2)]
    told = {"status": "No swap could be made. The server's log says why."}
    assert [(one.status_code, one.json()) for one in answers] == [(503, told)] * 2
    assert len(tried) == 1 and "There is no model in /srv/demo." in caplog.text


def test_a_swap_is_tried_for_this_machine_alone_and_not_for_whom_a_proxy_passes_on(small: Served) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.3"), timeout=60) as another:
        answers = [another.get(f"{small.address}health/swap")]
    answers.append(ask(small, "GET", "health/swap", of="127.0.0.1"))
    answers.append(httpx.get(f"{small.address}health/swap", headers={"forwarded": "for=10.0.0.1"}, timeout=60))
    assert [one.status_code for one in answers] == [404] * 3


def test_a_request_that_is_too_large_is_refused(small: Served) -> None:
    answer = ask(small, "POST", "gradio_api/call/swap", json={"data": ["x" * 70_000]})
    assert (answer.status_code, answer.json()["detail"][:29]) == (413, "That request is too large. Up")
    assert ask(small, "POST", "gradio_api/mcp/", content=b"x" * 70_000).status_code == 413


def test_a_session_whose_name_would_fill_memory_is_refused(small: Served) -> None:
    name = "x" * 65
    (first, *_) = small.demo.fns
    body = {"data": ["", False], "fn_index": first, "session_hash": name}
    assert ask(small, "POST", "gradio_api/run/predict", json=body).status_code == 422
    assert join(small, of="10.0.4.1", session=name).status_code == 422
    assert ask(small, "GET", f"gradio_api/heartbeat/{name}").status_code == 404


def test_a_session_whose_name_would_keep_all_others_from_ending_their_jobs_is_refused(small: Served) -> None:
    answer = join(small, of="10.0.4.2", session="one<gradio-sep>two")  # which Gradio puts between names
    assert (answer.status_code, answer.json()["detail"][:22]) == (422, "The name of a session ")


def test_the_session_of_a_program_may_say_that_it_is_there(small: Served) -> None:
    with httpx.stream("GET", f"{small.address}gradio_api/heartbeat/{uuid.uuid4()}", timeout=60) as answer:
        assert answer.status_code == 200 and "ALIVE" in next(answer.iter_text())


def test_a_session_begins_without_a_copy_of_all_pages(small: Served) -> None:
    body = {"data": ["", False], "fn_index": next(iter(small.demo.fns)), "session_hash": "light"}
    assert ask(small, "POST", "gradio_api/run/predict", json=body).status_code == 200
    assert len(small.demo.app.state_holder["light"].config_values) < 5


def send(served: Served, megabytes: float, *, of: str, announced: bool = True) -> httpx.Response:
    """Uploads a file; not announced, its size is seen only as it comes."""
    content = b"\0" * int(megabytes * 2**20)
    request = httpx.Request("POST", served.address, files={"files": ("film.mp4", content)})
    headers = {"content-type": request.headers["content-type"], "x-forwarded-for": of}
    body = request.read()
    parts = body if announced else iter([body[at : at + 2**16] for at in range(0, len(body), 2**16)])
    return httpx.post(f"{served.address}gradio_api/upload", content=parts, headers=headers, timeout=60)


def files_in(served: Served) -> set[Path]:
    return {path for path in served.folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("announced", [True, False])
def test_uploads_are_limited_a_request_a_visitor_and_in_all(small: Served, announced: bool) -> None:
    before, network = files_in(small), "10.1" if announced else "10.2"
    answer = send(small, 1.2, of=f"{network}.0.1", announced=announced)
    assert answer.status_code == 413 and answer.text.startswith("That is larger than 1 MB.")
    until(lambda: files_in(small) == before)
    limit = Uploads(replace(Limits(), upload_megabytes=1, visitor_megabytes=2, all_megabytes=3))
    for visitor, sentence in (("first", "You have sent 2 MB"), ("second", "There is no room")):
        while (refused := limit.refusal(visitor, 2**20, 2**20, small.folder)) is None:
            limit.note(visitor, 2**20)
        assert refused[0] == (413 if visitor == "first" else 507) and refused[1].startswith(sentence)


def test_small_files_count_for_the_places_on_the_disk_that_they_take(small: Served) -> None:
    films = [("files", (f"{number}.mp4", b"0")) for number in range(40)]
    before = files_in(small)
    answer = ask(small, "POST", "gradio_api/upload", of="10.1.0.8", files=films)
    assert answer.status_code == 413 and answer.text.startswith("You have sent 2 MB")
    until(lambda: files_in(small) == before)


@pytest.mark.parametrize("named", ['name="files"', 'name="other"; filename="film.mp4"'])
def test_what_is_no_file_is_not_gathered_in_memory_but_refused(small: Served, named: str) -> None:
    before = files_in(small)
    body = f"--x\r\nContent-Disposition: form-data; {named}\r\n\r\nfilm\r\n--x--\r\n".encode()
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = httpx.post(f"{small.address}gradio_api/upload?upload_id=one", content=body, headers=headers, timeout=60)
    assert (answer.status_code, answer.text[:44]) == (400, "Every part of an upload must be a file: its ")
    assert files_in(small) == before


def test_parts_of_a_file_are_had_as_they_are_asked_for(small: Served) -> None:
    (path,) = ask(
        small, "POST", "gradio_api/upload", of="10.1.0.7", files={"files": ("film.mp4", b"0123456789")}
    ).json()

    def part(wanted: bytes) -> tuple[int, bytes]:
        headers = {"range": wanted, "x-said": "by me"}
        answer = httpx.get(f"{small.address}gradio_api/file={path}", headers=headers, timeout=60)
        assert "x-said" not in answer.headers
        return answer.status_code, answer.content

    assert [part(wanted) for wanted in (b"bytes=2-4", b"bytes=7-", b"bytes=-1")] == [
        (206, b"234"),
        (206, b"789"),
        (206, b"9"),
    ]
    code, several = part(b"bytes=0-1,8-9")
    assert code == 206 and b"bytes 0-1/10\r\n\r\n01" in several and b"bytes 8-9/10\r\n\r\n89" in several
    odd = (b"bytes=1-2-3", b"bytes=\xb2-\xb3", b"bytes=" + b"1" * 5000 + b"-2", b"bytes=4-2", b"bytes=99-100")
    assert [part(wanted)[0] for wanted in odd] == [400, 400, 400, 400, 416]


def test_a_folder_for_uploads_that_was_cleared_away_is_made_again(small: Served) -> None:
    shutil.rmtree(small.folder)
    assert send(small, 0.1, of="10.1.0.9").status_code == 200


@pytest.fixture(scope="module")
def guest(chromium: "Browser", small: Served) -> "Iterator[Page]":
    """A page of the app with small limits, for all tests here."""
    with chromium.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(small.address)
        is_shown(page, ".sd-thumb")
        yield page


def test_the_page_says_why_a_film_may_not_be_sent(small: Served, guest: "Page", tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(example(FIRST).read_bytes() + b"\0" * (900 * 1024))
    for _ in range(3):
        send(small, 0.9, of="127.0.0.1")
    choose(guest, "first", film)
    is_shown(guest, "#first-clip .sd-trouble [role=alert]")
    assert "You have sent 2 MB" in guest.locator("#first-clip .sd-trouble").inner_text()


def test_a_page_says_what_is_lost_when_another_server_answers_than_before(guest: "Page") -> None:
    guest.reload()
    is_shown(guest, ".sd-thumb")
    assert not guest.locator("#lost").count()
    guest.evaluate("sessionStorage.setItem('seqdisent-server', 'another')")
    guest.reload()
    is_shown(guest, "#lost [role=alert]")
    assert guest.locator("#lost").inner_text().startswith("Another server answers now.")


def test_a_page_may_have_so_many_jobs_waiting_and_an_address_so_many_under_way(small: Served, busy: None) -> None:
    assert join(small, of="10.0.0.1", session="one").status_code == 200
    refused = join(small, of="10.0.0.1", session="one")
    assert refused.status_code == 429 and refused.json()["detail"].startswith("1 of your jobs are waiting already.")
    assert join(small, of="10.0.0.1", session="two").status_code == 200
    assert join(small, of="10.0.0.1").status_code == 200
    refused = join(small, of="10.0.0.1", session="three")
    assert refused.status_code == 429 and refused.json()["detail"].startswith("You have too many jobs running already.")
    assert join(small, of="10.0.0.2", session="four").status_code == 200, "somebody else may"


def test_no_way_to_write_the_number_of_a_job_gets_past_the_limits(small: Served, busy: None) -> None:
    (sample,) = [fn for fn in small.demo.fns.values() if fn.api_name == "sample"]

    def asked(number: object) -> int:
        body = {"data": [None, "both", 1, 8, 1, 0], "fn_index": number, "session_hash": "one"}
        return ask(small, "POST", "gradio_api/queue/join", of="10.0.0.5", json=body).status_code

    assert asked(sample._id) == 200
    assert [asked(number) for number in (str(sample._id), float(sample._id), f" {sample._id}")] == [422, 429, 422]


def test_a_job_that_is_not_there_or_gets_too_little_is_said_to_be_so(served: Served) -> None:
    body = {"data": [], "fn_index": 10**6, "session_hash": "one"}
    paths = ("run/predict", "queue/join", "call/nothing", "call/v2/nothing")
    answers = [ask(served, "POST", f"gradio_api/{path}", json=body) for path in paths]
    assert [(one.status_code, one.json()["detail"][:29]) for one in answers] == [
        (422, "There is no such job here. Lo")
    ] * 4
    event = ask(served, "POST", "gradio_api/call/swap", json={"data": []}).json()["event_id"]
    told = ask(served, "GET", f"gradio_api/call/swap/{event}").text
    assert "This takes 6 inputs, and 0 were given." in told


def test_who_has_computed_much_lets_others_go_first(small: Served, busy: None) -> None:
    somebody = "10.9.9.9"  # whose job runs
    assert join(small, of=somebody).status_code == 200, "nobody else waits"
    assert join(small, of="10.0.0.3").status_code == 200

    def refused() -> bool:
        answer = join(small, of=somebody)
        return answer.status_code == 429 and answer.json()["detail"].startswith("You have reached your limit")

    until(refused)


def test_the_page_says_why_a_job_may_not_join(small: Served, busy: None, guest: "Page") -> None:
    for session in ("a", "b", "c"):
        assert join(small, of="127.0.0.1", session=session).status_code == 200
    guest.locator("#second-clip .sd-thumb").first.click()
    is_shown(guest, "#second-face [role=alert]")
    assert guest.locator("#second-face [role=alert]").inner_text().startswith("You have too many jobs running already.")


def test_a_program_is_told_why_its_job_may_not_join(small: Served, busy: None) -> None:
    client = Client(small.address, verbose=False)
    client.submit(mode="both", api_name="/sample")
    until(lambda: len(small.demo._queue) == 1)
    with pytest.raises(httpx.HTTPStatusError, match="429 Too Many Requests"):
        client.predict(mode="both", api_name="/sample")


def test_forwarded_addresses_are_believed_of_named_proxies_alone(served: Served) -> None:
    most = limits().address_jobs
    with held(served):
        answers = [join(served, of=f"10.0.1.{number}").status_code for number in range(most + 1)]
    assert answers == [200] * most + [429]


def test_the_tools_caller_is_known_though_one_client_asks_for_all(small: Served, busy: None) -> None:
    headers = {"x-forwarded-for": "10.0.0.7", "x-seqdisent-caller": "10.0.0.8"}

    def waiting() -> list[str]:
        queues = small.demo._queue.event_queue_per_concurrency_id.values()
        return [visitor_of(event) for queue in queues for event in queue.queue]

    async def call(session: ClientSession) -> list[str]:
        calling = asyncio.create_task(session.call_tool("sample", {"mode": "both", "count": 1}))
        await asyncio.to_thread(until, lambda: bool(waiting()))
        found = waiting()
        calling.cancel()  # nobody's job ends here
        with suppress(asyncio.CancelledError):
            await calling
        return found

    assert asked(small, call, headers) == ["10.0.0.7"]


def test_logs_name_no_film(
    small: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    film = "/somewhere/anna.mp4"

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left", film)

    monkeypatch.setattr(model, "studio", fail)
    event = join(small, of="10.0.2.1").json()["event_id"]
    told = ask(small, "GET", f"gradio_api/call/sample/{event}", of="10.0.2.1").text
    assert "The disk of this demo is full. Try again in some minutes." in told
    monkeypatch.setattr(routes, "upload_fn", fail)
    assert send(small, 0.1, of="10.0.2.1").status_code == 507
    said = [*(record.getMessage() for record in caplog.records), *capfd.readouterr()]
    assert sum("OSError" in line and "in fail" in line for line in said) >= 2
    assert not [line for line in said if "anna" in line]


def test_what_was_taken_is_forgotten_after_a_while() -> None:
    now = [0.0]
    recent = Recent(60, clock=lambda: now[0])
    recent.note("one", 30)
    now[0] = 40
    recent.note("one", 5)
    recent.note("other", 7)
    assert (recent.of("one"), recent.of("other"), recent.of_all()) == (35, 7, 42)
    now[0] = 61
    assert (recent.of("one"), recent.of_all()) == (5, 12)
    now[0] = 200
    assert (recent.of("one"), recent.of("other"), recent.of_all()) == (0, 0, 0)
    for _ in range(1000):  # as an upload in small pieces
        recent.note("one", 1)
    assert recent.of("one") == 1000 and len(recent._noted) == 1
    now[0] = 202
    recent.note("one", 0)  # as an upload that ends late
    now[0] = 300
    assert recent.of_all() == 0 and not recent._sums


def test_a_household_is_one_visitor() -> None:
    assert visitor_at("2001:db8::1") == visitor_at("2001:db8::2:3") != visitor_at("2001:db8:0:1::1")
    assert visitor_at("10.0.0.1") != visitor_at("10.0.0.2")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WAITING", "0", "waiting is 0; it must be at least 1."),
        ("WAITING", "many", "waiting is 'many'; it must be a whole number."),
        ("WEIGHTING", "3", "Unknown setting weighting."),
        ("PROXIES", "10.0.0.1, nginx", "proxies has 'nginx'"),
        ("KEEP_SECONDS", "5000", "delete_seconds must be more than keep_seconds"),
    ],
)
def test_wrong_limits_get_a_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=r"^Environment variables SEQDISENT_DEMO_\.\.\.: " + sentence):
        limits_of({f"SEQDISENT_DEMO_{name}": value})


def test_limits_come_from_the_environment_and_a_space_names_its_proxies() -> None:
    assert limits_of({"SEQDISENT_DEMO_COMPUTE_SECONDS": "7", "SEQDISENT_CHROMIUM": "here"}).compute_seconds == 7
    assert (limits_of({}).proxies, limits_of({"SPACE_ID": "somebody/demo"}).proxies) == ("", "10.0.0.0/8")


@pytest.mark.parametrize("name", ["DECODER_MEGABYTES", "DELETE_SECONDS"])
def test_a_limit_that_no_system_has_is_refused_at_the_start_and_not_at_the_first_film(name: str) -> None:
    with pytest.raises(ConfigError, match="at most"):
        limits_of({f"SEQDISENT_DEMO_{name}": "99999999999"})


def test_a_body_of_more_depth_than_can_be_read_is_refused(served: Served) -> None:
    answer = ask(served, "POST", "gradio_api/queue/join", content=b"[" * 50_000)
    assert answer.status_code == 422
