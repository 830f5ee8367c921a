"""A place to drop a clip: file, camera or example; and under it the face that was found, or what is wrong."""

import base64
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import gradio as gr
import numpy as np
from gradio.components.base import Component
from gradio.data_classes import FileData
from gradio_client.utils import encode_file_path, is_http_url_like  # type: ignore[import-untyped]
from PIL import Image

from pages.files import made_here, visitors_file
from pages.names import person_and_expression
from pages.web import web
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

Part = TypeVar("Part", bound=Component)

NOT_HERE = "That file is not on this server, or no longer: files are deleted after half an hour. Upload it first."
NOT_A_FILE = "That is a link, not a file. Save it to your device first, then choose the saved file here."

_PHOTOGRAPH = "A photograph can be moved; it has no movement to give."
MOST_SECONDS = 10.0  # of a film that are used at once
_STRIP_FRAMES = 24  # of a moving picture
_ANCHORS, _ANCHOR_SIDE = 3, 96  # so many frames are offered, so large in pixels
_ORDINALS = ("Largest", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th")


@dataclass(frozen=True)
class Kind:
    """What a drop zone takes: what it asks for; a hint; files that a browser offers; what to do with one too large.

    live: what records one, if anything does.
    """

    asks: str
    hint: str
    accept: str
    shorter: str
    live: Literal["camera", "microphone", ""] = ""


FACE = Kind(
    "Drop a video of a face here",
    "a few seconds, one person, face to the camera",
    "video/*,image/gif,image/webp,image/jpeg,image/png,.mkv,.avi,.mov",
    "Cut it to a few seconds or save it at a smaller size.",
    "camera",
)
RECORDING = Kind(
    "Drop a recording of a voice here",
    "a few seconds, one person; the sound of a video, too",
    "audio/*,video/*,.wav,.flac,.opus,.mkv",
    "Cut it to a few seconds.",
    "microphone",
)
TABLE = Kind(
    "Drop a CSV file here", "as it is, or compressed (.csv.gz)", ".csv,.gz,text/csv", "Leave columns or rows out."
)


def clip_input(
    title: str,
    *,
    kind: Kind = FACE,
    examples: Sequence[Path] = (),
    photographs: bool = False,
    elem_id: str | None = None,
) -> gr.HTML:
    """Drop zone for one clip: a file of any kind, a recording, or one of the examples; or for another kind of file.

    Its value is the uploaded file (FileData) or None. Events: `upload` (a new value), `example` (its data holds the
    `name` of an example), `trim` (other seconds of the same film), `clear` (the clip was taken away, or is about to be
    replaced), `remove` (nothing stands there any more). The data of each holds `turn`, a count that only grows, and of
    `upload` and `trim` the part of the film that was chosen, if it was: `start` and `seconds`.
    What is wrong with a file is for the reader of faces to say, so nothing is refused here but what is too large.
    photographs: whether the zone says that it takes them, too.
    An event may give it a file as its value: then that one stands there as chosen, without an event of its own.
    Components made inside it (`with clip_input(...):`) stand between the chosen clip and the examples.
    """
    zone = gr.HTML(
        label=title,
        html_template=web("clip_input.html"),
        js_on_load=web("elements.js") + web("recorder.js") + web("clip_input.js"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["sd", "sd-drop"],
        title=title,
        **asdict(kind),
        examples=[_served(path) for path in examples],
        most_megabytes=limits().upload_megabytes,
        not_a_file=NOT_A_FILE,
        photographs=photographs,
        most_seconds=MOST_SECONDS,
    )
    return refuse_links(zone)


class OnlyFile(FileData):
    """A video file. An address in its place is refused."""  # the page of the endpoint shows these words

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> "OnlyFile":
        if isinstance(obj, str):
            raise gr.Error(NOT_A_FILE, print_exception=False)
        return super().model_validate(obj, **options)


def refuse_links(component: Part) -> Part:
    """Makes `component` refuse, with a sentence (gr.Error), web addresses, which Gradio would go and fetch.

    Files that nobody brought or made here are refused, too, were it by a link that lies among those which somebody did.
    """
    keep = component.async_move_resource_to_block_cache

    async def checked(place: str | Path | None) -> str | None:
        if place is not None and is_http_url_like(str(place)):
            raise gr.Error(NOT_A_FILE, print_exception=False)
        if place is not None and visitors_file(place) is None and not made_here(place):
            raise gr.Error(NOT_HERE, print_exception=False)
        return await keep(place)

    component.data_model = OnlyFile
    component.async_move_resource_to_block_cache = checked  # type: ignore[method-assign, assignment]
    return component


def found_face(*, elem_id: str | None = None) -> gr.HTML:
    """What was found in a clip: HTML of `found()` or of `status`. Event: `select` (its data: `face` or `anchor`)."""
    return gr.HTML(
        value="",
        html_template='<div class="sd sd-found" aria-live="polite">${value || ""}</div>',
        js_on_load=web("found_face.js"),
        apply_default_css=False,
        elem_id=elem_id,
    )


def _served(path: Path) -> dict[str, Any]:
    """An example as its button needs it. The folder must be among the static paths."""
    person, expression = person_and_expression(path.stem)
    return {"name": path.name, "person": person, "expression": expression, "file": served_file(path)}


def served_file(path: Path) -> dict[str, Any]:
    """A file of the project with its address, as the parts of a page take it. Its folder must be a static path."""
    url = f"/gradio_api/file={encode_file_path(str(path))}"
    return {"path": str(path), "url": url, "meta": {"_type": "gradio.FileData"}}


def found(clip: "FaceClip", *, anchors: bool = False) -> str:
    """HTML of the face found in a clip: where it is, notes, and the other faces.

    anchors: frames are offered to choose the anchor from.
    """
    count, seconds = len(clip.frames), len(clip.frames) / clip.fps
    long = f"{count} frames, {seconds:.1f} s."
    notes = "".join(f"<li>{escape(note)}</li>" for note in clip.notes)
    return (
        f'<div class="sd-face"><figure class="sd-where"><div class="sd-framed"><img alt="A frame of the clip with the '
        f'found face in a square" src="{picture(clip.preview)}">{_others(clip)}</div>'
        f'</figure><div class="sd-facts"><p><strong>Face found.</strong> <span class="sd-quiet">'
        f"{_PHOTOGRAPH if clip.still else long}</span></p>"
        f"{f'<ul>{notes}</ul>' if notes else ''}{_chooser(clip.faces, clip.face)}"
        f"{_anchors(clip) if anchors and not clip.still else ''}</div></div>"
    )


def _others(clip: "FaceClip") -> str:
    """A button over each of the other faces in the picture, for the pointer; the chooser is for everyone."""
    height, width = clip.preview.shape[:2]
    return "".join(
        f'<button type="button" class="sd-other" tabindex="-1" aria-hidden="true" title="Take this face" '
        f'data-face="{index}" '
        f'style="left:{(x - side / 2) / width:.1%};top:{(y - side / 2) / height:.1%};width:{side / width:.1%};'
        f'height:{side / height:.1%}"></button>'
        for index, (x, y, side) in enumerate(clip.squares.tolist())
        if len(clip.squares) > 1 and index != clip.face
    )


def _chooser(faces: int, chosen: int) -> str:
    if faces < 2:
        return ""
    buttons = "".join(
        f'<button type="button" class="sd-button sd-small" data-face="{index}" '
        f'aria-pressed="{"true" if index == chosen else "false"}">{_ORDINALS[index]}</button>'
        for index in range(min(faces, len(_ORDINALS)))
    )
    return f'<div class="sd-chooser" role="group" aria-label="Which face to take"><span>Face</span>{buttons}</div>'


def _anchors(clip: "FaceClip") -> str:
    """Frames to choose the anchor from: the one taken, and others evenly over the clip."""
    anchor = clip.anchor
    even = np.linspace(0, len(clip.frames) - 1, _ANCHORS).round().astype(int)
    offered = even.copy()
    offered[np.abs(even - anchor).argmin()] = anchor
    buttons = "".join(
        f'<button type="button" class="sd-anchor" data-anchor="{index}" '
        f'aria-pressed="{"true" if index == anchor else "false"}" '
        f'aria-label="Take the frame at {index / clip.fps:.1f} s as the reference frame"><img alt="" '
        f'src="{picture(clip.frames[index], _ANCHOR_SIDE)}"></button>'
        for index in sorted(set(offered.tolist()))
    )
    return (
        '<div class="sd-chooser" role="group" aria-label="Reference frame">'
        '<span class="sd-quiet"><b>Reference frame</b>: neutral, eyes forward</span>'
        f'<div class="sd-anchors">{buttons}</div></div>'
    )


def moving(frames: np.ndarray, seconds: float, alt: str) -> str:
    """A clip as a film of one picture: frames side by side, moved along behind a window by CSS."""
    chosen = frames[np.linspace(0, len(frames) - 1, min(_STRIP_FRAMES, len(frames))).round().astype(int)]
    sheet = np.concatenate(list(chosen), axis=1)
    return (
        f'<div class="sd-film" role="img" aria-label="{escape(alt)}" style="--frames:{len(chosen)};'
        f'--seconds:{max(seconds, 0.6):.2f}s;background-image:url({picture(sheet)})"></div>'
    )


def picture(pixels: np.ndarray, most: int | None = None) -> str:
    """Pixels, uint8 (height, width, 3), as a data URL: no file is left behind and nobody else can ask for it.

    most: pixels of the longer side, at most.
    """
    buffer, image = io.BytesIO(), Image.fromarray(pixels)
    if most is not None:
        image.thumbnail((most, most))
    image.save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
