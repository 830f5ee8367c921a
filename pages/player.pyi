"""Clips that play in step, under one play button and one scrubber, with their frames as a strip beneath."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData, GradioModel

from pages.clip_input import picture
from pages.theme import web

STRIP_FRAMES = 8


class Download(GradioModel):
    """A file to keep, and the words on its button."""

    label: str
    file: FileData


class ShownClip(GradioModel):
    """One clip on the stage.

    title: its heading. who, does: whose face it is and whose dynamics it follows, in the two hues; may be empty.
    made: False for what was given, True for what the model made. column: clips of one column share their time.
    strip: the frames side by side, as a data URL. alt: what the clip shows, for those who do not see it.
    """

    file: FileData
    title: str
    who: str
    does: str
    made: bool
    column: int
    fps: float
    strip: str
    alt: str
    downloads: list[Download] = []


class Words(GradioModel):
    """A piece of a sentence in one of the two hues ("who", "does") or in none ("")."""

    text: str
    hue: str = ""


class Show(GradioModel):
    """All clips of a stage in reading order, the headings of its columns, and one line on what was taken whence."""

    clips: list[ShownClip]
    columns: list[str]
    line: list[Words]

from gradio.events import Dependency

class Player(gr.HTML):
    """A stage for `Show`: every clip in step, by mouse and by keyboard (space, arrow keys, Home, End)."""

    data_model = Show

    def __init__(self, *, elem_id: str | None = None, **props: Any):
        super().__init__(
            value=None,
            html_template=web("player.html"),
            js_on_load=web("player.js"),
            apply_default_css=False,
            elem_id=elem_id,
            **props,
        )

    def postprocess(self, value: Show | None) -> Show | None:  # type: ignore[override]
        """The files of `value` are copied to where visitors can ask for them, unless they lie there already."""
        return value

    def api_info(self) -> dict[str, Any]:
        return Show.model_json_schema()

    def example_payload(self) -> Any:
        return None

    def example_value(self) -> Any:
        return None

    def get_block_name(self) -> str:
        return "html"
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


def shown_file(path: Path) -> FileData:
    """A file on the server as the player wants it."""
    return FileData(path=str(path), orig_name=path.name)


def strip(frames: np.ndarray) -> str:
    """Evenly spaced frames of uint8 (frames, height, width, 3) side by side, first and last included: a data URL."""
    at = np.linspace(0, len(frames) - 1, STRIP_FRAMES).round().astype(int)
    return picture(np.concatenate(list(frames[at]), axis=1))