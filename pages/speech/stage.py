"""The part of the page "Speech" that plays: four recordings with their spectrograms, two and two in step."""

import gradio as gr
from gradio.data_classes import FileData, GradioModel

from pages.player import Words
from pages.web import web


class Track(GradioModel):
    """One recording on the page. caption: in the two hues; alt: the same as plain words; made: by the model."""

    file: FileData
    caption: list[Words]
    alt: str
    made: bool
    picture: str
    seconds: float


class Heard(GradioModel):
    """Each driver and the swap that says the same: first's words, then the second's; notes: on the recordings."""

    tracks: list[Track]
    notes: list[str]


def stage(elem_id: str) -> gr.HTML:
    """A place for a `Heard`, its value. One track is heard at a time; those with the same words go on in step."""
    heard = gr.HTML(
        html_template='<section class="sd sd-speech" hidden><ul class="sd-quiet"></ul><div class="sd-tracks"></div>'
        "</section>",
        js_on_load=web("elements.js") + web("speech.js"),
        apply_default_css=False,
        elem_id=elem_id,
    )
    heard.data_model = Heard
    return heard
