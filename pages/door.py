"""What of the server may be asked for at all, by whom and how often: an ASGI middleware around Gradio's app.

Gradio answers more than these pages need: events past the queue, recordings, links to what somebody else was shown.
Only what the pages, the named endpoints and the tools ask for goes through.
"""

import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.responses import JSONResponse, PlainTextResponse

from pages import links, status
from pages.files import visitors_file
from pages.health import Trial
from pages.line import place_in_line
from pages.shares import Recent, Uploads, visitor_at
from seqdisent_core.limits import Limits

if TYPE_CHECKING:
    from gradio.queueing import Event

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_HEALTH, _SWAPS = "/health", "/health/swap"
_NO_SWAP = "No swap could be made. The server's log says why."
_SHARED = re.compile(r"/shared/([^/]+)")
_API = "/gradio_api"
_FILE, _UPLOAD, _TOOLS, _AT_ONCE = f"{_API}/file=", f"{_API}/upload", f"{_API}/mcp", f"{_API}/run/"
_SESSION = r"[\w -]{0,64}"  # a session's name, which is kept and put into others; those of Gradio have 11 to 36 letters
_GET = re.compile(  # no longer than a file's name may be
    r"/(config/?|theme\.css|favicon\.ico|robots\.txt|manifest\.json|(static|assets|svelte)/.{1,250})"
    rf"|{_API}/(info/?|theme\.css|app_id/?|startup-events|queue/data|call/(v2/)?\w+/\w+)"
    rf"|{_API}/heartbeat/{_SESSION}"
)
_POST = re.compile(rf"{_API}/(upload|queue/join|cancel|reset/?|run/predict/?|call/(v2/)?\w+/?)")
_JOIN = re.compile(rf"{_API}/(queue/join|call/(v2/)?\w+/?)")
_CLOSED = "There is nothing here for visitors. The pages and the endpoints are listed under API at the foot of a page."
_NO_NAME = "The name of a session has at most 64 letters, digits, dashes and spaces."
_NO_JOB = "There is no such job here. Load the page again; the endpoints are listed under API at its foot."
_TOO_LARGE = "That request is too large. Upload files, and give their paths."
_AROUND = 65536  # bytes of an upload that are not the file
_LEAST = 65536  # bytes that a file counts for, however small it is: the disk has only so many places for files
_CALLER = b"x-seqdisent-caller"  # for whom the tools' own client asks, with a word that only this process knows
_WORD = secrets.token_hex(16)
COUNT_EVERY = 0.5  # seconds
_MOST_REASONS = 1000  # sentences kept until their pages ask for them

_reasons: OrderedDict[str, str] = OrderedDict()  # by page


def note_reason(session: str, sentence: str) -> None:
    """Why a page's job brings nothing, until the page asks for it."""
    _reasons[session] = sentence
    _reasons.move_to_end(session)
    while len(_reasons) > _MOST_REASONS:
        _reasons.popitem(last=False)


def why_failed(request: gr.Request) -> str:
    """HTML for a job that brought nothing: why it was not let in, or what went wrong on our side."""
    return status.problem(_reasons.pop(request.session_hash or "", status.OUR_FAULT))


class Door:
    """The middleware. computed: seconds of computing by visitor in the last minute, counted by `count_computing`."""

    def __init__(self, app: Asgi, limits: Limits, computed: Recent) -> None:
        self._app, self._limits, self._computed = app, limits, computed
        self._uploads = Uploads(limits)
        self._trial = Trial(limits.health_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._answer(scope, receive, noted)
        except Exception as error:  # else uvicorn would log it whole
            said = status.log_fault(error)
            if not started:
                await JSONResponse({"detail": said}, 507 if said == status.NO_DISK else 500)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"]).removeprefix(_below(scope))
        headers = Headers(scope=scope)
        if path == _HEALTH:
            return await JSONResponse({"status": "ok"})(scope, receive, send)
        if path == _SWAPS and _is_local(scope, headers):  # a swap costs seconds: it is for who runs the server
            works = await self._trial.works()
            said, code = ("ok", 200) if works else (_NO_SWAP, 503)
            return await JSONResponse({"status": said}, code)(scope, receive, send)
        shared = _SHARED.fullmatch(path)
        if shared and scope["method"] in ("GET", "HEAD"):
            return await links.answer(shared[1])(scope, receive, send)
        if not self._is_open(scope, path):
            return await JSONResponse({"detail": _CLOSED}, 404)(scope, receive, send)
        scope["visitor"] = _visitor(scope, headers)
        if path == _UPLOAD:
            return await self._upload(scope, receive, send)
        if path.startswith(_FILE) and "range" in headers:  # what is not spelt "bytes" Gradio leaves to who can read it
            _add_header(scope, b"range", headers["range"].replace("bytes", "Bytes", 1))
        if scope["method"] != "POST":
            return await self._app(scope, receive, send)
        body = await _read(receive, self._limits.body_kilobytes * 1024)
        if body is None:
            return await JSONResponse({"detail": _TOO_LARGE}, 413)(scope, receive, send)
        given = _object(body)
        if not re.fullmatch(_SESSION, str(given.get("session_hash"))):
            return await JSONResponse({"detail": _NO_NAME}, 422)(scope, receive, send)
        joins, at_once = _JOIN.fullmatch(path), path.startswith(_AT_ONCE)
        if joins or at_once:
            job = _job(scope, path, given)
            if job is None:
                return await JSONResponse({"detail": _NO_JOB}, 422)(scope, receive, send)
            sentence = self._no_room(scope, job, given.get("session_hash")) if joins else None
            if sentence is not None:
                return await JSONResponse({"detail": sentence}, 429)(scope, receive, send)
        if at_once:  # Gradio takes this path for all of its address, with what a proxy put before it
            _add_header(scope, b"x-gradio-server", f"{scope['scheme']}://{headers.get('host', '')}{_below(scope)}")
        if path.startswith(_TOOLS):  # their client asks the queue from this machine, with the headers of the caller
            _add_header(scope, _CALLER, f"{_WORD} {scope['visitor']}")
        return await self._app(scope, _again(body, receive), send)

    def _is_open(self, scope: Scope, path: str) -> bool:
        method = scope["method"]
        if path.rstrip("/") == _TOOLS:
            return method in ("GET", "POST", "DELETE")
        if method == "POST":
            return _POST.fullmatch(path) is not None
        if method not in ("GET", "HEAD"):
            return False
        if path.startswith(_FILE):
            return visitors_file(path.removeprefix(_FILE)) is not None
        pages = [page[0] for page in scope["app"].get_blocks().pages]
        return path.strip("/") in pages or _GET.fullmatch(path) is not None

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes an upload on while it is counted; past a limit Gradio deletes what has come and we say which."""
        visitor, folder = scope["visitor"], Path(scope["app"].uploaded_file_dir)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # where somebody has cleared all temporary files
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        announced = max(0, int(length) - _AROUND) if length.isdigit() else 0
        refusal = self._uploads.refusal(visitor, announced, announced, folder)
        begins = b"--" + parse_options_header(headers.get("content-type"))[1].get(b"boundary", b"")  # each file
        came, end = 0, b""

        async def counted() -> Message:
            nonlocal came, end, refusal
            message = await receive()
            body = message.get("body", b"")
            came += len(body)
            seen = end + body
            count, end = len(body) + seen.count(begins) * _LEAST, seen[1 - len(begins) :]
            refusal = self._uploads.refusal(visitor, came - _AROUND, count, folder)
            self._uploads.note(visitor, count)
            if refusal is not None:
                raise MultiPartException("exceeded maximum allowed size")  # at which Gradio deletes what has come
            return message

        async def unless_refused(message: Message) -> None:
            if refusal is None:
                await send(message)

        if refusal is None:
            # Without a query: for an id that stands there, Gradio would count for good what nobody asks for.
            await self._app({**scope, "query_string": b""}, counted, unless_refused)
        if refusal is not None:
            code, sentence = refusal
            await PlainTextResponse(sentence, code)(scope, receive, send)

    def _no_room(self, scope: Scope, job: Any, session: Any) -> str | None:
        """Why a job may not join the queue now; None if it may."""
        waits, beside = job.concurrency_limit is not None, job.fn is place_in_line
        queue = scope["app"].get_blocks()._queue
        sentence = self._refusal(queue, scope["visitor"], session, waits=waits, beside=beside)
        if sentence is not None and isinstance(session, str):
            note_reason(session, sentence)
        return sentence

    def _refusal(self, queue: Any, visitor: str, session: Any, *, waits: bool, beside: bool) -> str | None:
        limits = self._limits
        waiting: list[Event] = [event for each in queue.event_queue_per_concurrency_id.values() for event in each.queue]
        others = any(visitor_of(event) != visitor for event in waiting)
        if waits and others and self._computed.of(visitor) >= limits.compute_seconds:
            return "You have reached your limit for this minute, and others are waiting. Try again in a minute."
        own = [event for event in (*waiting, *_running(queue)) if visitor_of(event) == visitor]
        if sum((event.fn.fn is place_in_line) == beside for event in own) >= limits.address_jobs:
            return "You have too many jobs running already. Wait until one is ready, then try again."
        if not waits:
            return None
        if len(waiting) >= limits.waiting:
            return f"All {limits.waiting} places of the queue are taken. Try again in a minute."
        own = [event for event in waiting if event.session_hash == session]
        if len(own) >= limits.session_waiting and visitor_of(own[0]) == visitor:
            return f"{len(own)} of your jobs are waiting already. Wait until one is ready, then try again."
        return None


async def count_computing(queue: Any, computed: Recent) -> None:
    """Notes who has a job running; to be called every COUNT_EVERY seconds."""
    for event in _running(queue):
        if event.fn.fn is not place_in_line:
            computed.note(visitor_of(event), COUNT_EVERY)


def _running(queue: Any) -> "list[Event]":
    return [event for job in queue.active_jobs if job for event in job]


def visitor_of(event: "Event") -> str:
    """Who asked for a job."""
    return str(event.request.scope["visitor"])


def _visitor(scope: Scope, headers: Headers) -> str:
    """Who asks: the address, as uvicorn has it from a proxy that is believed; or for whom our tools ask."""
    word, _, caller = headers.get(_CALLER.decode(), "").partition(" ")
    if secrets.compare_digest(word.encode(), _WORD.encode()):
        return caller
    return visitor_at((scope.get("client") or ("",))[0])


def _is_local(scope: Scope, headers: Headers) -> bool:
    """Whether a request comes from this machine, and not by way of a proxy."""
    host = (scope.get("client") or ("",))[0]
    return host in ("127.0.0.1", "::1") and not any(name in headers for name in ("forwarded", "x-forwarded-for"))


def _job(scope: Scope, path: str, given: dict[str, Any]) -> Any:
    """The event that is asked for, by its number or by its name; None if there is none."""
    name, jobs = path.rstrip("/").rpartition("/")[2], scope["app"].get_blocks().fns.values()
    by_number = name in ("join", "predict")
    return next((fn for fn in jobs if (fn._id == given.get("fn_index") if by_number else fn.api_name == name)), None)


def _below(scope: Scope) -> str:
    """The path of another site under which a proxy serves the app, "" where it has a site of its own."""
    return str(scope.get("root_path", ""))


def _add_header(scope: Scope, name: bytes, value: str) -> None:
    scope["headers"] = [*(pair for pair in scope["headers"] if pair[0] != name), (name, value.encode())]


async def _read(receive: Receive, most: int) -> bytes | None:
    """The whole body of a request; None if it has more bytes than it may, or its sender has gone."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most or message["type"] != "http.request":
            return None
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once more; then what else comes, such as that the sender has gone."""
    told = False

    async def first_the_body() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return first_the_body


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):  # which Gradio will say
        return {}
    return given if isinstance(given, dict) else {}
