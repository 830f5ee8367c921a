"""The page "Latent map" for programs: the endpoint `/map_place`, a file in, its places and neighbours out."""

from typing import Any

import gradio as gr

from pages import model
from pages.clip_input import asked_file
from pages.latent_data import latent_map, placed
from seqdisent_core.errors import SeqdisentError

_API = """A clip of a face, put into both latent maps.

Returns where its static code lies (x, y), where its dynamics codes lie (x, y a frame), and the nearest known persons
and expressions, each with the share of the ten nearest clips that show it."""


def bind() -> None:
    """A named endpoint: a file in, JSON out. Nobody sees its components."""
    with gr.Column(visible=False):
        clip = asked_file("A clip of a face")
        gr.Button().click(
            place_file,
            clip,
            gr.JSON(label="Its places and neighbours"),
            preprocess=False,  # or gr.File would leave an empty file behind
            api_name="map_place",
            api_description=_API,
            concurrency_id=model.QUEUE,
            concurrency_limit=1,
        )


def place_file(clip: dict[str, Any] | None) -> dict[str, Any]:
    """A video file in; its places, and the nearest persons and expressions, out. Raises gr.Error with a sentence."""
    if clip is None:
        raise gr.Error("A clip is needed: give clip, a video file.", print_exception=False)
    try:
        studio = model.studio()
        return placed(latent_map().place(studio.encode(studio.read_face(clip["path"]).frames)))
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error
