"""The page "Swap" for programs: the endpoint `/swap`, two files in, two films and two sentences out."""

from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from pages import model
from pages.clip_input import asked_file
from pages.swap_result import NAMES, said
from seqdisent_core.errors import SeqdisentError

_API = """Two clips of faces, swapped: each person does what the other one did.

Returns the first person's face doing what the second does (an MP4), the second person's face doing what the first
does (an MP4), and a sentence on each."""


def bind() -> None:
    """The same as a named endpoint: two files in, two films and two sentences out. Nobody sees its components."""
    with gr.Column(visible=False):
        first, second = (asked_file(f"The {name} clip") for name in NAMES)
        films = [gr.File(label=f"The {who} person's film") for who in NAMES]
        words = [gr.Textbox(label=f"What the {who} film shows") for who in NAMES]
        gr.Button().click(
            swap_files,
            [first, second],
            [*films, *words],
            preprocess=False,  # or gr.File would leave an empty file behind for each
            api_name="swap",
            api_description=_API,
            concurrency_id=model.QUEUE,
            concurrency_limit=1,
        )


def swap_files(first: dict[str, Any] | None, second: dict[str, Any] | None) -> Iterator[tuple[str, str, str, str]]:
    """Two video files in; two MP4 files and a sentence on each out. Raises gr.Error with a sentence."""
    from seqdisent_core.films import save_swap

    if first is None or second is None:
        raise gr.Error("Two clips are needed: give first and second, each a video file.", print_exception=False)
    try:
        faces = [model.studio().read_face(given["path"]) for given in (first, second)]
        with TemporaryDirectory() as folder:
            files = save_swap(model.swap(*faces), folder, *faces)
            yield str(files.first), str(files.second), said("first", "second"), said("second", "first")
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error
