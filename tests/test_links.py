"""Links to share a film: who may watch it, for how long, and what else they open, which is nothing."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from conftest import Served

import app
from pages import links
from pages.belongings import BELONGINGS
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

FILM = bytes(range(200))


def shared(tmp_path: Path, visitor: str, content: bytes = FILM, address: str = "10.2.0.1") -> str:
    """The token of a new link to a file of that content."""
    film = tmp_path / "film.mp4"
    film.write_bytes(content)
    with BELONGINGS.work("sharing") as work:
        return links.keep(film, visitor, address, work)


def age(token: str, seconds: float) -> Path:
    """Makes a film that old."""
    (film,) = links.folder().glob(f"*/{token}.*.mp4")
    os.utime(film, (time.time() - seconds,) * 2)
    return film


def test_a_link_opens_a_page_and_its_film_whole_and_in_ranges(served: Served, tmp_path: Path) -> None:
    link = f"{served.address}shared/{shared(tmp_path, 'opens')}"
    page = httpx.get(link)
    assert page.status_code == 200 and f'src="{link.rpartition("/")[2]}.mp4"' in page.text
    assert "synthetic" in page.text and "prefers-color-scheme: dark" in page.text
    whole, part = httpx.get(f"{link}.mp4"), httpx.get(f"{link}.mp4", headers={"range": "bytes=10-19"})
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, FILM, "video/mp4")
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, FILM[10:20], "bytes 10-19/200")
    for answer in (page, whole, part):
        told = [answer.headers[name] for name in ("cache-control", "referrer-policy", "x-robots-tag")]
        assert told == ["no-store", "no-referrer", "noindex"]
    assert (httpx.head(f"{link}.mp4").status_code, httpx.post(link).status_code) == (200, 404)


def test_a_link_ends_after_its_time_and_its_film_is_swept(served: Served, tmp_path: Path) -> None:
    old, young = (shared(tmp_path, "ends") for _ in range(2))
    film = age(old, limits().keep_seconds + 5)
    ends = age(young, limits().keep_seconds - 90).stat().st_mtime + limits().keep_seconds
    future = shared(tmp_path, "ends")
    age(future, -limits().keep_seconds - 5)  # the clock was set back
    for name in (old, f"{old}.mp4", future):
        answer = httpx.get(f"{served.address}shared/{name}")
        assert answer.status_code == 404 and "no longer" in answer.text and "<video" not in answer.text
    assert film.exists()
    app._sweep(served.demo.app)
    page = httpx.get(f"{served.address}shared/{young}")
    assert not film.exists() and page.status_code == 200
    until = f"{datetime.fromtimestamp(ends, UTC):%H:%M} UTC"
    assert f"This link works until {until}, for 2 minutes more." in page.text


def test_nothing_but_the_very_token_opens_anything(served: Served, tmp_path: Path) -> None:
    token = shared(tmp_path, "guarded")
    owner = age(token, 0).parent.name
    (links.folder().parent / f"{token}.mp4").write_bytes(FILM)  # as an upload may be called
    names = ["", "*", "%2a", "*.mp4", "?" * 22, "%3f" * 22, token[:-1], f"{token[:-1]}*", "A" * 22, f"{token}.gif"]
    names += [f"{token}.mp4.mp4", f"{token}.part", f"{token}/", f"{token}%00", f"{token}%0a", f"{owner}%2f{token}"]
    names += [
        f"%2e%2e%2f{token}.mp4",
        f"{owner}%2f..%2f{owner}%2f{token}.mp4",
        "%2e%2e%2f%2e%2e%2fapp.py",
        f"..{token}",
    ]
    answers = [(name, httpx.get(f"{served.address}shared/{name}").status_code) for name in names]
    assert [answer for answer in answers if answer[1] != 404] == []
    address = f"{served.address}gradio_api/file={links.folder()}/{owner}/{age(token, 0).name}"
    assert httpx.get(address).status_code == 404


def test_a_visitor_may_have_a_handful_of_links_and_all_of_them_so_many_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "kept"))
    tokens = []
    for _ in range(limits().links):
        links.check_room("one", "10.2.0.1")
        tokens.append(shared(tmp_path, "one"))
    with pytest.raises(SeqdisentError, match="You have 5 links to share already"):
        links.check_room("one", "10.2.0.1")
    links.check_room("other", "10.2.0.1")
    age(tokens[0], limits().keep_seconds + 5)
    links.check_room("one", "10.2.0.1")
    links.delete("one")
    assert [links.answer(token).status_code for token in tokens] == [404] * 5
    monkeypatch.setattr(links, "limits", lambda: replace(limits(), links_megabytes=1))
    kept = shared(tmp_path, "other", b"\0" * 2**20)
    with pytest.raises(SeqdisentError, match="no room"):
        links.check_room("one", "10.2.0.2")
    links.delete("one")
    assert links.answer(kept).status_code == 200, "it is somebody else's"


def test_who_takes_many_tokens_leaves_room_for_other_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(links, "limits", lambda: replace(limits(), links_megabytes=4))
    shared(tmp_path, "one", b"\0" * 2**20, "10.2.0.1")
    with pytest.raises(SeqdisentError, match="From your network"):
        links.check_room("another", "10.2.0.1")
    links.check_room("another", "10.2.0.2")
    links.delete("one")
    links.check_room("another", "10.2.0.1")


def test_a_film_whose_owner_had_all_deleted_while_it_was_made_gets_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "kept"))
    film = tmp_path / "film.mp4"
    film.write_bytes(FILM)
    with BELONGINGS.work("leaving") as work, pytest.raises(SeqdisentError, match="ended"):
        BELONGINGS.delete("leaving")
        links.keep(film, "leaver", "10.2.0.1", work)
    assert not list(links.folder().rglob("*.*"))
