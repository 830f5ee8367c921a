"""The endpoints as tools of a language model: the real client of the protocol, over the real app, on real films."""

import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from conftest import FIRST, SECOND, Served
from gradio.route_utils import delete_files_created_by_app
from gradio_client.utils import encode_file_path  # type: ignore[import-untyped]
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import CallToolResult, TextContent
from media import photograph

from seqdisent_core.assets import asset
from seqdisent_core.media.video import read_video

ROOT = Path(__file__).resolve().parent.parent
TOOLS = {"swap", "sample", "move_face", "interpolate", "place_on_map", "voice_swap"}
Answer = TypeVar("Answer")


def asked(
    served: Served,
    question: Callable[[ClientSession], Awaitable[Answer]],
    headers: dict[str, str] | None = None,
) -> Answer:
    """What a client of the protocol gets for its question."""

    async def ask() -> Answer:
        address = f"{served.address}gradio_api/mcp/"
        async with (
            create_mcp_http_client(headers) as http,
            streamable_http_client(address, http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await question(session)

    with ThreadPoolExecutor(1) as apart:  # the browser of other tests keeps a loop running in this thread
        return apart.submit(asyncio.run, ask()).result()


def called(served: Served, tool: str, **given: Any) -> CallToolResult:
    """A tool's answer, asked for as most programs do: with news of how far it is."""

    async def news(done: float, total: float | None, message: str | None) -> None: ...

    return asked(served, lambda session: session.call_tool(tool, given, progress_callback=news))


def words(answer: CallToolResult) -> list[str]:
    return [part.text for part in answer.content if isinstance(part, TextContent)]


def address_of(served: Served, path: Path | str) -> str:
    return f"{served.address}gradio_api/file={encode_file_path(str(path))}"


def uploaded(served: Served, name: str) -> str:
    """The address of an example, uploaded as Gradio's own tool for uploads does it."""
    with (asset("examples") / name).open("rb") as film:
        (path,) = httpx.post(f"{served.address}gradio_api/upload", files={"files": film}).json()
    return address_of(served, path)


def fetched(address: str, folder: Path) -> int:
    """How many frames the film at an address has."""
    film = folder / "fetched.mp4"
    film.write_bytes(httpx.get(address).raise_for_status().content)
    return len(read_video(film)[0])


def test_the_tools_are_the_endpoints_and_say_what_they_take(served: Served) -> None:
    tools = {tool.name: tool for tool in asked(served, lambda session: session.list_tools()).tools}
    assert set(tools) == TOOLS
    for tool in tools.values():
        assert tool.description and "Returns:" in tool.description
        for name, given in tool.inputSchema["properties"].items():
            assert given["description"], (tool.name, name)
    assert tools["swap"].inputSchema["required"] == ["first", "second"]
    assert "required" not in tools["sample"].inputSchema


def test_two_uploaded_films_come_back_swapped(served: Served, tmp_path: Path) -> None:
    films = {"first": uploaded(served, FIRST), "second": uploaded(served, SECOND)}
    answer = called(served, "swap", **films, seconds=0)
    first, second, *said = words(answer)
    assert not answer.isError
    assert fetched(first, tmp_path) == len(read_video(asset("examples") / SECOND)[0])
    assert fetched(second, tmp_path) == len(read_video(asset("examples") / FIRST)[0])
    assert said[0] == "The first person, doing what the second does"


def test_a_photograph_comes_back_moved_by_a_film(served: Served, tmp_path: Path) -> None:
    photo = photograph(tmp_path / "me.png", read_video(asset("examples") / FIRST)[0][0])
    with photo.open("rb") as picture:
        (path,) = httpx.post(f"{served.address}gradio_api/upload", files={"files": picture}).json()
    answer = called(served, "swap", first=uploaded(served, SECOND), second=address_of(served, path), seconds=0)
    assert not answer.isError, answer
    (film,) = [part for part in words(answer) if part.startswith("http")]
    assert fetched(film, tmp_path) == len(read_video(asset("examples") / SECOND)[0])
    assert words(answer)[-2:] == [
        "There is no film: the second clip is a photograph",
        "The second person, doing what the first does",
    ]


def test_an_example_is_placed_on_the_map_by_its_address(served: Served) -> None:
    answer = called(served, "place_on_map", clip=address_of(served, asset("examples") / FIRST))
    (placed,) = words(answer)
    assert not answer.isError and "person_000" in placed and "happiness" in placed


def test_people_are_drawn_without_a_clip_and_steps_go_between_two(served: Served) -> None:
    drawn = called(served, "sample", mode="both", count=1)
    films, readings = words(drawn)
    assert not drawn.isError and "seed_0.mp4" in films and "person_" in readings
    steps = called(served, "interpolate", first=uploaded(served, FIRST), second=uploaded(served, SECOND), count=3)
    films, readings = words(steps)
    assert not steps.isError and films.count("'url': 'http") == 3


def test_a_tool_answers_programs_that_want_no_news(served: Served) -> None:
    given = {"clip": uploaded(served, FIRST)}
    answer = asked(served, lambda session: session.call_tool("place_on_map", given))
    assert not answer.isError and "person_000" in words(answer)[0]


def test_addresses_elsewhere_are_refused_with_a_sentence_and_never_asked(served: Served) -> None:
    visits: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET  # noqa: N815

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        host = f"http://127.0.0.1:{other.server_port}"
        for address, sentence in (
            (f"{host}/film.mp4", "That is a link, not a file"),
            (f"{host}/gradio_api/file=/etc/hostname", "not on this server"),
            (f"{host}/gradio_api/file={host}/film.mp4", "not on this server"),
        ):
            answer = called(served, "place_on_map", clip=address)
            assert answer.isError and sentence in words(answer)[0], answer
        other.shutdown()
    assert visits == []


@pytest.mark.parametrize(
    "place",
    [
        "{root}/pyproject.toml",
        "{address}gradio_api/file={root}/pyproject.toml",
        "{address}gradio_api/file={folder}/../../../../../../../../etc/hostname",
        "{address}gradio_api/file={folder}/gone.mp4",
        "{private}",
        "{address}gradio_api/file={private}",
        "{address}gradio_api/file={link}",
        "file://{root}/pyproject.toml",
        "data:video/mp4;base64,AAAA",
        "",
    ],
)
def test_other_files_of_the_server_and_data_in_place_of_a_file_are_refused(
    served: Served, place: str, tmp_path: Path
) -> None:
    private = shutil.copy(asset("examples") / FIRST, tmp_path)  # which could be placed, if it might be read
    link = served.folder / ("0" * 64) / "link.mp4"
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(private)
    given = place.format(root=ROOT, address=served.address, folder=served.folder, private=private, link=link)
    answer = called(served, "place_on_map", clip=given)
    assert answer.isError and ("not on this server" in words(answer)[0] or "does not match" in words(answer)[0])
    link.unlink()


def test_a_tool_says_what_is_wrong_with_what_it_was_given(served: Served) -> None:
    clip = uploaded(served, FIRST)
    for tool, given, sentence in (
        ("swap", {"first": clip, "second": clip, "seconds": 100}, "it must be 0 to 60"),
        ("sample", {"mode": "person"}, "clip"),
        ("interpolate", {"first": clip, "second": clip, "factor": "hair"}, "not known"),
    ):
        answer = called(served, tool, **given)
        assert answer.isError and sentence in words(answer)[0], answer


def test_nothing_that_tools_brought_or_made_outlives_its_time(served: Served) -> None:
    called(served, "sample", clip=uploaded(served, FIRST), count=1)
    called(served, "place_on_map", clip="data:video/mp4;base64,AAAA")
    delete_files_created_by_app(served.demo, None)
    assert [path for path in served.folder.rglob("*") if path.is_file()] == []
