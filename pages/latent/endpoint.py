"""The page "Latent map" for programs: the endpoint `/map_place`, a file in, its places and neighbours out."""

from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path
from typing import Any

import gradio as gr

from pages import model, status
from pages.file_endpoint import asked_file
from pages.latent.data import latent_map
from seqdisent_core.cluster import call
from seqdisent_core.errors import SeqdisentError


def bind() -> None:
    """A named endpoint and tool: a file in, JSON out. Nobody sees its components."""
    with gr.Column(visible=False):
        clip = asked_file("A clip of a face")
        gr.Button().click(
            place_on_map,
            clip,
            gr.JSON(label="Its places and neighbours"),
            preprocess=False,  # or gr.File would leave an empty file behind
            api_name="map_place",
            api_description=getdoc(place_on_map),
            concurrency_id=model.QUEUE,
            concurrency_limit=1,
        )


# The name and the words are what the page of the endpoint and, as a tool, a language model reads.
def place_on_map(clip: dict[str, Any] | None) -> Iterator[Any]:
    """Put a clip of a face into both latent maps: whom of the known persons and which expression it is near.

    Args:
        clip: The film, a video file that was uploaded to this app, with one face in sight.

    Returns:
        JSON: where its static code lies (x, y), where its dynamics codes lie (x, y a frame), and the nearest known
        persons and expressions, each with the share of the ten nearest clips that show it.
    """
    from seqdisent_core.jobs import read

    if clip is None:
        raise gr.Error("A clip is needed: give clip, a video file.", print_exception=False)
    path = Path(clip["path"])
    try:
        studio = model.studio()
        face = yield from status.meanwhile(lambda report: call(read, studio, path, report=report), None)
        yield latent_map().place(studio.encode_face(face.require_movement())).to_dict()
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error
