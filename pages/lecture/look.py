"""How the lecture looks: the tokens of every page, its own style, the fonts that come with Gradio; nothing fetched."""

import base64
import functools
from importlib.util import find_spec
from pathlib import Path

from pages.web import web


@functools.cache
def style() -> str:
    """One style element."""
    tokens = web("tokens.css").replace(".dark {", "@media screen and (prefers-color-scheme: dark) { :root {", 1) + "}"
    return f"<style>{_fonts()}{tokens}{web('lecture.css')}</style>"


def _fonts() -> str:
    """IBM Plex Sans, held in the style itself. Asking where Gradio is imports nothing of it."""
    spec = find_spec("gradio")
    assert spec is not None and spec.submodule_search_locations, "gradio is among the dependencies"
    folder = Path(spec.submodule_search_locations[0]) / "templates/frontend/static/fonts/IBMPlexSans"
    faces = []
    for name, weight in (("Regular", 400), ("Bold", 700)):
        held = base64.b64encode((folder / f"IBMPlexSans-{name}.woff2").read_bytes()).decode()
        faces.append(
            f"@font-face{{font-family:'IBM Plex Sans';font-weight:{weight};"
            f"src:url(data:font/woff2;base64,{held}) format('woff2')}}"
        )
    return "".join(faces)
