"""The form of the page "Sample": what to generate, of which clip, how many and how varied; only what a mode needs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import status
from pages.clip_input import clip_input, found_face, picture
from pages.events import AT_ONCE
from pages.face_reading import FaceReader, Latest, latest
from pages.player import shown_file
from pages.progress import progress
from pages.session import SESSIONS
from pages.web import web
from seqdisent_core.assets import asset
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.studio import Studio

_MODES = [
    ("New movements for a person", "person"),
    ("New people for a movement", "movement"),
    ("Person and movement", "both"),
    ("Between two clips", "between"),
    ("Along a direction", "along"),
]
_FITTED = (
    "People are sampled from a normal distribution fitted to those the model knows, not from its prior N(0, I), which "
    "mostly gives blurred faces."
)
_LINES = {  # in plain words, and how it is done
    "person": (
        "The person of your clip stays; each new clip has another movement.",
        "Movements are sampled from the prior.",
    ),
    "movement": ("The movement of your clip stays, in full length; new people perform it.", _FITTED),
    "both": (
        "No clip is needed: new people make new movements.",
        f"Movements are sampled from the prior. {_FITTED}",
    ),
    "between": (
        "The person, or the movement, goes from the first clip to the second in even steps; the rest stays the first "
        "clip's.",
        "People are interpolated along an arc: on a straight line the middle would be a blurred average.",
    ),
    "along": (
        "Your clip changes step by step in one of the ways in which movements, or people, differ most. Each direction "
        "is named after what changes visibly.",
        "The steps go from 2.5 standard deviations below the mean to 2.5 above.",
    ),
}
_FEATURES = ("eyes", "mouth", "lips", "brows")
_FACTORS = [("Who it is", "static"), ("What it does", "dynamics")]
GO = "Make the clips"
_OTHER_SEED = "() => Math.floor(Math.random() * 1000000)"


@dataclass(frozen=True)
class Place:
    """A place for a clip, what is known of the clip in it, and the visitor's clips of Swap as buttons."""

    drop: gr.HTML
    seen: gr.HTML
    kept: gr.HTML
    face: gr.State  # FaceClip | None
    last: gr.State  # face_reading.Latest: what came last


@dataclass(frozen=True)
class Form:
    """The controls are: mode, factor, static direction, dynamics direction, count, frames, temperature, seed.

    Beneath them stand the button and what is under way, or missing.
    """

    mode: gr.Radio
    controls: list[Any]
    first: Place
    second: Place
    go: gr.Button
    work: gr.HTML


def form() -> Form:
    """Lays the form out; what a mode does not need is there but not shown, and keeps its value."""
    with gr.Column(elem_id="sample-form"):
        mode = gr.Radio(_MODES, value="person", label="What should be generated?", elem_id="sample-mode")
        lines = "".join(
            f'<p class="sd-for-{name}">{escape(plain)} <span class="sd-quiet">{escape(how)}</span></p>'
            for name, (plain, how) in _LINES.items()
        )
        gr.HTML(f'<div class="sd sd-mode-lines" aria-live="polite">{lines}</div>', apply_default_css=False)
        with gr.Row(equal_height=False):
            with gr.Column(min_width=320, elem_classes="sd-needs-clip"):
                first = clip_place("The clip", "sample-clip")
            with gr.Column(min_width=320, elem_classes="sd-needs-second"):
                second = clip_place("The second clip", "sample-second")
            with gr.Column(min_width=320, elem_classes="sd-card"):
                controls = [mode, *_controls()]
                go = gr.Button(GO, variant="primary", interactive=False, elem_classes="sd-go", elem_id="make")
                work = progress()
    return Form(mode, controls, first, second, go, work)


def clip_place(title: str, name: str, *, photographs: bool = False) -> Place:
    """A place for a clip, with the examples, and `name` as the id of its elements."""
    examples = sorted(asset("examples").glob("*.mp4"))
    with clip_input(title, examples=examples, photographs=photographs, elem_id=name) as drop:
        seen = found_face(elem_id=f"{name}-face")
        kept = kept_clips()
    face = gr.State(None, time_to_live=limits().keep_seconds)
    return Place(drop, seen, kept, face, latest())


def readings_of(
    place: Place, token: gr.BrowserState, studio: "Callable[[], Studio]", *, anchors: bool = False
) -> list[Any]:
    """Binds what brings a clip into a place, or takes it away; gives the events, to go on from.

    studio, anchors: as of `FaceReader`.
    """
    reader = FaceReader(studio, anchors=anchors)

    def take_kept(token: str, last: Latest, event: gr.EventData) -> tuple[Any, Any, Any]:
        """Puts one of the visitor's clips of Swap into the place."""
        last.take(None)
        kept = SESSIONS.clips(token).get(event.place)
        if kept is None:
            return None, status.problem("That clip was deleted after a while. Choose it again."), None
        clip = kept.at_size(studio().size)
        return shown_file(clip.source), reader.shown(clip), clip

    return [
        *reader.events(place.drop, place.seen, place.face, place.last),
        place.kept.select(take_kept, [token, place.last], [place.drop, place.seen, place.face], **AT_ONCE),
    ]


def kept_clips() -> gr.HTML:
    """A place for HTML of `offered`. Event: `select` (its data: the `place` of Swap)."""
    template = '<div class="sd sd-kept">${value || ""}</div>'
    return gr.HTML("", html_template=template, js_on_load=web("sample_kept.js"), apply_default_css=False)


def _controls() -> list[Any]:
    """The style shows each in the modes that need it, by its id or class."""
    factor = gr.Radio(_FACTORS, value="dynamics", label="What changes?", elem_id="sample-factor")
    names = _direction_names()
    directions = [
        gr.Radio(names[key], value=_first_choice(names[key]), label="Direction", elem_id=f"sample-{key}")
        for _, key in _FACTORS
    ]
    return [factor, *directions, *numbers("sample", most=16, count=8, frames=15)]


def numbers(name: str, *, most: int, count: int, frames: int) -> list[Any]:
    """How many clips, their frames, their variety and the first one's seed; `name` begins the ids of their elements."""
    counted = gr.Slider(1, most, count, step=1, label="How many clips", elem_id=f"{name}-count")
    long = gr.Slider(8, 60, frames, step=1, label="Frames of each, 15 a second", elem_id=f"{name}-frames")
    temperature = gr.Slider(*(0, 2, 1), step=0.1, label="Variety: 0 typical, 1 natural", elem_id=f"{name}-temperature")
    with gr.Row(elem_id=f"{name}-seed"):
        seed = gr.Number(0, precision=0, label="Seed of the first clip", min_width=120)
        other = gr.Button("Another seed", size="sm", min_width=120)
    other.click(None, None, seed, js=_OTHER_SEED, queue=False, api_visibility="private")
    return [counted, long, temperature, seed]


def _first_choice(names: list[str]) -> str | None:
    """The first direction of the eyes, the mouth or the brows; else the first."""
    return next((name for name in names if name.startswith(_FEATURES)), next(iter(names), None))


def _direction_names() -> dict[str, list[str]]:
    """By factor, from the file beside the checkpoint, since the model is not loaded yet. Without it there are none,
    and whoever asks for one is told why by the model."""
    path = asset("checkpoints/facekit52") / "latents.json"
    about = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {key: about.get(key, []) for _, key in _FACTORS}


def offered(clips: "Mapping[str, FaceClip]") -> str:
    """HTML of the visitor's clips of Swap, a button each; empty where there are none."""
    buttons = "".join(
        f'<button type="button" class="sd-button sd-small" data-place="{place}"><img alt="" '
        f'src="{picture(clip.frames[len(clip.frames) // 2])}">{place.capitalize()} clip of Swap</button>'
        for place, clip in clips.items()
    )
    return f'<span class="sd-quiet">already loaded on Swap</span><div class="sd-row">{buttons}</div>' if buttons else ""
