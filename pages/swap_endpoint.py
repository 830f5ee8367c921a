"""The page "Swap" for programs: the endpoint `/swap`, two files in, two films and two sentences out."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from pages import model
from pages.clip_input import asked_file
from pages.swap_result import NAMES, said
from seqdisent_core.errors import SeqdisentError

_API = """Two films of faces, swapped: each person does what the other one did.

seconds: for which the model is tuned to the two people, 0 to 60; strength: of the movement, 0 to 1.5.
Returns the first person's film doing what the second does (an MP4), the second person's film doing what the first
does (an MP4), and a sentence on each."""
_MOST_SECONDS = 60


def bind() -> None:
    """The same as a named endpoint: two files in, two films and two sentences out. Nobody sees its components."""
    with gr.Column(visible=False):
        first, second = (asked_file(f"The {name} clip") for name in NAMES)
        seconds = gr.Number(20, label="Seconds of tuning to the two people")
        strength = gr.Number(1, label="Strength of the movement")
        films = [gr.File(label=f"The {who} person's film") for who in NAMES]
        words = [gr.Textbox(label=f"What the {who} film shows") for who in NAMES]
        gr.Button().click(
            swap_files,
            [first, second, seconds, strength],
            [*films, *words],
            preprocess=False,  # or gr.File would leave an empty file behind for each
            api_name="swap",
            api_description=_API,
            concurrency_id=model.QUEUE,
            concurrency_limit=1,
        )


def swap_files(
    first: dict[str, Any] | None, second: dict[str, Any] | None, seconds: Any, strength: Any
) -> Iterator[tuple[str, str, str, str]]:
    """Two video files in; two MP4 files and a sentence on each out. Raises gr.Error with a sentence."""
    from seqdisent_core.driving import check_strength
    from seqdisent_core.films import write_swapped

    if first is None or second is None:
        raise gr.Error("Two clips are needed: give first and second, each a video file.", print_exception=False)
    if not isinstance(seconds, int | float) or not 0 <= seconds <= _MOST_SECONDS:
        raise gr.Error(f"seconds is {seconds!r}; it must be 0 to {_MOST_SECONDS}.", print_exception=False)
    if not isinstance(strength, int | float):
        raise gr.Error(f"strength is {strength!r}; it must be a number.", print_exception=False)
    try:
        check_strength(strength)
        studio = model.film_studio()
        faces = [studio.read_face(given["path"]) for given in (first, second)]
        *_, pair = studio.personalise(*faces, seconds=seconds)
        swap = pair.swap(strength=strength)
        with TemporaryDirectory() as folder:
            films = [str(write_swapped(swap, who, Path(folder), faces)) for who in (0, 1)]
            yield films[0], films[1], said("first", "second"), said("second", "first")
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error
