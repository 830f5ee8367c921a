"""Films that visitors share: each behind a link that nobody can guess, for a while, also once their page is closed.

A film lies at `shared/<whose it is>/<token>.<from where>.mp4` among what visitors bring. Its age is that of its file,
whose it is a hash of the browser's token, so any process that shares the folder serves it, counts it and deletes it.
"""

import hashlib
import re
import secrets
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from math import ceil, inf
from pathlib import Path

from gradio.utils import get_upload_folder
from starlette.responses import FileResponse, HTMLResponse, Response

from pages.belongings import Work
from pages.player import KEPT
from pages.web import web
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

_OF_ONE_ADDRESS = 4  # an address has a quarter of the room at most: browsers' tokens are to be had by the thousand
_TOKEN_BYTES = 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # as secrets.token_urlsafe gives it
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'",
}
_GONE = "There is no film at this link, or no longer: links to films end after a while."


def how_long() -> str:
    """For how long a link is good, in words."""
    return _minutes(limits().keep_seconds)


def folder() -> Path:
    """Where the films lie, made where it is missing."""
    place = Path(get_upload_folder()) / "shared"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def check_room(visitor: str, address: str) -> None:
    """Raises SeqdisentError where a visitor or an address has all the links that one may have, or all visitors have.

    visitor: the token of their browser.
    """
    own = sum(_age(film) <= limits().keep_seconds for film in _of(visitor).glob("*.mp4"))
    if own >= limits().links:
        raise SeqdisentError(
            f"You have {own} links to share already, which is as many as one visitor may. Each ends after {how_long()}."
        )
    most, from_there = limits().links_megabytes * 2**20, folder().glob(f"*/*.{_place(address)}.mp4")
    if sum(map(_size, from_there)) >= most / _OF_ONE_ADDRESS:
        raise SeqdisentError(
            f"From your network as many films are shared as from one may be. Try again in {how_long()}."
        )
    taken, free = sum(map(_size, folder().glob("*/*"))), shutil.disk_usage(folder()).free
    if taken >= most or free <= limits().free_megabytes * 2**20:
        raise SeqdisentError(f"There is no room for more films to share just now. Try again in {how_long()}.")


def keep(film: Path, visitor: str, address: str, work: Work) -> str:
    """Copies a film to behind a new link and returns its token.

    Raises SeqdisentError where the work that made it is over: its owner had all deleted.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    kept = _of(visitor) / f"{token}.{_place(address)}.mp4"
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    KEPT.add(str(kept))  # goes with all else when the app is stopped
    part = kept.with_suffix(".part")
    shutil.copyfile(film, part)
    part.replace(kept)
    try:
        work.check()  # after it is there: what is deleted now is found
    except SeqdisentError:
        kept.unlink(missing_ok=True)
        raise
    return token


def delete(visitor: str) -> None:
    """Deletes all films that a visitor shares."""
    for film in _of(visitor).glob("*"):
        with suppress(OSError):  # deleted by its age meanwhile
            film.unlink()


def told(token: str, film: str) -> str:
    """HTML of a new link, which the place for what is under way makes whole and offers to copy.

    film: which one it shows, in words.
    """
    return (
        f'<div class="sd-link"><p><strong>{escape(film)}</strong>: anyone with this link can watch it for '
        f'{how_long()}, also after you close this page. "Delete everything of mine now" ends it.</p>'
        f'<input type="text" readonly data-link="shared/{escape(token)}" aria-label="Link to share">'
        '<button type="button" class="sd-button sd-small">Copy link</button></div>'
    )


def answer(name: str) -> Response:
    """What is at /shared/<name>: the page of a token, or its film, whole or in ranges; 404 where there is none."""
    token = name.removesuffix(".mp4")
    film = _found(token)
    if film is None:
        return HTMLResponse(_page(f"<p>{_GONE}</p>"), 404, _HEADERS)
    if name != token:
        return FileResponse(film, headers=_HEADERS, media_type="video/mp4")
    # What a player has at its foot hides the mark in the picture.
    shown = (
        f'<div class="film"><video controls loop playsinline preload="metadata" src="{token}.mp4"></video>'
        "<span>synthetic</span></div>"
    )
    left = max(0.0, limits().keep_seconds - _age(film))
    end = datetime.fromtimestamp(time.time() + left, UTC)
    words = (
        "<p>Made with seqdisent. On the left the driver, a film as it was given; on the right the result, another "
        "person who does what the driver does. The result is <strong>synthetic</strong>; it never happened.</p>"
        f"<p>This link works until {end:%H:%M} UTC, for {_minutes(left)} more.</p>"
    )
    return HTMLResponse(_page(shown + words), headers=_HEADERS)


def _minutes(seconds: float) -> str:
    minutes = max(1, ceil(seconds / 60))
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _of(visitor: str) -> Path:
    return folder() / hashlib.sha256(visitor.encode()).hexdigest()


def _place(address: str) -> str:
    """From where a film was shared, in so few letters that nobody can tell the address by them."""
    return hashlib.sha256(address.encode()).hexdigest()[:4]


def _found(token: str) -> Path | None:
    if not _TOKEN.fullmatch(token):
        return None
    films = folder().glob(f"*/{token}.*.mp4")
    return next((film for film in films if _age(film) <= limits().keep_seconds), None)


def _age(film: Path) -> float:
    """Seconds since it was made, or until then where the clock was set back; for ever where it has gone meanwhile."""
    try:
        return abs(time.time() - film.stat().st_mtime)
    except OSError:
        return inf


def _size(film: Path) -> int:
    try:
        return film.stat().st_size
    except OSError:  # deleted meanwhile
        return 0


def _page(content: str) -> str:
    light, dark = web("tokens.css").split(".dark", 1)
    style = f"{light}@media (prefers-color-scheme: dark) {{ :root{dark} }}\n{web('shared.css')}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f"<title>A shared film: seqdisent</title><style>{style}</style></head>"
        f"<body><main><h1>A shared film</h1>{content}"
        '<p><a href="../">Swap two faces yourself</a></p></main></body></html>'
    )
