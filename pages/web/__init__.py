"""Styles and scripts, a file a piece of a page."""

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
FAVICON = _FOLDER / "favicon.png"


def web(name: str) -> str:
    """Text of `pages/web/<name>`."""
    return (_FOLDER / name).read_text(encoding="utf-8")
