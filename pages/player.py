"""Clips that play in step, under one play button and one scrubber, with their frames as a strip beneath."""

import time
from pathlib import Path

import gradio as gr
import numpy as np
from gradio.data_classes import FileData, GradioModel
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder
from pydantic import Field

from pages.belongings import Work
from pages.clip_input import picture
from pages.web import web

STRIP_FRAMES = 8


class Words(GradioModel):
    """A piece of a sentence in one of the two hues ("who", "does") or in none ("")."""

    text: str
    hue: str = ""


class Download(GradioModel):
    """A file to keep, and the words on its button."""

    label: str
    file: FileData


class Ask(GradioModel):
    """A button that asks the page for something: an event `ask` with this `name` and the clip's index (-1: of all).

    said: the words for screen readers, which hold those of `label`. lead: quiet words before the button.
    """

    name: str
    label: str
    said: str
    lead: str = ""


class ShownClip(GradioModel):
    """One clip on the stage.

    caption: whose face it is and what it does, in the two hues. alt: the same as plain words.
    made: False for what was given, True for what the model made. column: clips of one column share their time.
    strip: the frames side by side, as a data URL, or none. sound: whether the film has any.
    reading: what the judge sees in it, a line each.
    square: of a film of a whole picture, where the face is: six numbers of a CSS matrix, from the film drawn 1000
    pixels wide to a square of 1000. whole: of a film of a face alone, the film of the whole picture.
    """

    file: FileData
    caption: list[Words]
    alt: str
    made: bool
    column: int
    fps: float
    strip: str = ""
    sound: bool = False
    downloads: list[Download] = Field(default_factory=list)
    reading: list[Words] = Field(default_factory=list)
    asks: list[Ask] = Field(default_factory=list)
    square: list[float] = Field(default_factory=list)
    whole: FileData | None = None


class Show(GradioModel):
    """All clips of a stage in reading order, the headings of its columns, and one line on what was taken whence.

    Without columns the clips fill a plain grid, four to a row, for which there may be many. asks: buttons for them all.
    calm: the page stays where it is when they appear, since nobody asked for them, or they are in sight already.
    arrows: clips come as driver, result, driver, result, with an arrow from each driver to its result. Of clips with a
    `square`, faces or whole films are shown, as the visitor likes. note: why what is shown is not what was wished last;
    the clips are dimmed then, and play on as they are where nothing else has changed.
    """

    clips: list[ShownClip]
    columns: list[str]
    line: list[Words]
    asks: list[Ask] = Field(default_factory=list)
    calm: bool = False
    arrows: bool = False
    note: str = ""


class Fetched(GradioModel):
    """A file that the browser saves; `turn` makes two of the same differ."""

    file: FileData
    turn: int


def fetched(path: Path) -> Fetched:
    """A file on the server, to be saved by the browser at once."""
    return Fetched(file=shown_file(path), turn=time.monotonic_ns() % 2**31)


def fetcher() -> gr.HTML:
    """Nothing to see: the browser saves each `Fetched` that becomes its value."""
    hidden = gr.HTML(None, html_template="", js_on_load=web("fetch.js"), elem_classes="sd-fetch")
    hidden.data_model = Fetched
    return hidden


def player(*, elem_id: str | None = None) -> gr.HTML:
    """A stage for a `Show`, its value: every clip in step, by mouse and by keyboard (space, arrows, Home, End).

    Event: `ask` (a button of the show was pressed; its data holds `name` and `clip`).

    Files of the show are copied to where visitors may ask for them, and deleted when old. For that, give it a Show or
    None, never an update such as gr.skip(): Gradio would make a new component of it, whose files it forgets.
    """
    stage = gr.HTML(
        html_template=web("player.html"),
        js_on_load=web("elements.js") + web("player.js"),
        apply_default_css=False,
        elem_id=elem_id,
    )
    stage.data_model = Show  # on the instance: beside the source of a subclass, Gradio writes a stub file
    return stage


def shown_file(path: Path) -> FileData:
    """A file on the server as the player wants it."""
    return FileData(path=str(path), orig_name=path.name)


KEPT: set[str] = set()  # paths of `kept_file`, for the app to delete with all else that it made


def kept_file(path: Path, work: Work) -> FileData:
    """A copy of a film among the files that the app serves, until it is deleted by its age: it can be shown again.

    Raises SeqdisentError where the work that made it is over.
    """
    kept = save_file_to_cache(path, cache_dir=get_upload_folder())
    KEPT.add(kept)
    work.note([Path(kept)])
    work.check()
    return shown_file(Path(kept))


def strip(frames: np.ndarray) -> str:
    """Evenly spaced frames of uint8 (frames, height, width, 3) side by side, first and last included: a data URL."""
    at = np.linspace(0, len(frames) - 1, STRIP_FRAMES).round().astype(int)
    return picture(np.concatenate(list(frames[at]), axis=1))
