"""The first words of the page "Swap", and the two example people with whom it can be tried at one press."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from pages import model
from pages.clip_input import served_file
from pages.web import web
from seqdisent_core.assets import asset

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

_CODE = """
<div class="sd"><details class="sd-code"><summary>The same in Python</summary><code>\
from seqdisent_core.studio import Studio

studio = Studio.from_pretrained("wild")
faces = map(studio.read_face, ("first.mp4", "second.mp4"))
*_, pair = studio.personalise(*faces)
swap = pair.swap()</code></details></div>
"""


def hero() -> gr.HTML:
    """Headline, looping strip, and the button that tries it. Event: `start`."""
    folder = asset("teaser")
    gr.set_static_paths([folder])
    return gr.HTML(
        html_template=web("hero.html"),
        js_on_load=web("hero.js"),
        apply_default_css=False,
        elem_id="hero",
        film=served_file(folder / "teaser.mp4"),
        poster=served_file(folder / "teaser.jpg"),
    )


@cache
def people() -> tuple[Path, Path]:
    """The two example clips that the strip shows."""
    names = json.loads((asset("teaser") / "teaser.json").read_text(encoding="utf-8"))
    return asset("examples") / f"{names['first']}.mp4", asset("examples") / f"{names['second']}.mp4"


def read_people() -> "list[FaceClip]":
    """The faces in them. Raises VideoError or FaceError."""
    studio = model.film_studio()
    from seqdisent_core.machine import one_each

    with ThreadPoolExecutor(2, initializer=one_each) as readers:
        return list(readers.map(studio.read_face, people()))


def python_code() -> gr.HTML:
    """The same in Python, at the foot."""
    return gr.HTML(_CODE, apply_default_css=False)
