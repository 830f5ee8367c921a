"""The page "Latent map": where clips lie by who a face is, and where by what it does."""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status
from pages.clip_input import clip_input, found_face, picture
from pages.door import why_failed
from pages.events import AT_ONCE, BUSY
from pages.face_reading import Latest, latest
from pages.latent import endpoint as latent_endpoint
from pages.latent.data import latent_map, points_of, served_paths, shown_name
from pages.latent.swap import swapped, write_show
from pages.player import player
from pages.privacy import privacy, visitor
from pages.progress import progress
from pages.sample.form import Place, kept_clips, offered, readings_of
from pages.session import SESSIONS
from pages.swap.making import FILMS_READY
from pages.web import web
from seqdisent_core.assets import asset
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits
from seqdisent_core.reporting import NEIGHBOURS

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.reporting import Named

_SCRIPTS = ("elements.js", "plotly.js", "latent_map.js", "latent_map_marks.js", "latent_map_bar.js")
_STAGES = ("Swapping", "Writing the films")
_INTRO = """
<div class="sd sd-intro">
  <h1>Two maps<br>of the same clips</h1>
  <div class="sd-lede">
  <p>Each dot is a test clip and stands in both maps. Static map: by its <span class="sd-who">static</span> code, which
  gives one cluster per person, with all six expressions in it. Dynamics map: by its <span
  class="sd-does">dynamics</span> codes, which give one cluster per expression, with all persons in it; in the first
  frames, when every face is neutral, there is only one.</p></div>
  <details class="sd-code"><summary>The same in Python</summary><code>\
from seqdisent_core.reporting import LatentMap
from seqdisent_core.studio import Studio

studio = Studio.from_pretrained()
known = LatentMap.load("demo_assets/map", "demo_assets/checkpoints/facekit52")
known.place(studio.encode_face(studio.read_face("me.mp4")))</code></details>
</div>
"""
_OWN = """
<div class="sd sd-map-own-head"><h2>Place my own clip</h2>
<p>Your clip is placed in both maps as a large outlined star. The model knows only rendered faces: the nearest persons
are its guess, not a likeness.</p></div>
"""
_PRIVACY = (
    "Use a clip of somebody who agrees to it. It is deleted when you close the page, and within an hour of its last "
    "use; nothing is sent anywhere else."
)
_LISTED = 5  # of the nearest persons or expressions
_STAR = (
    "Your clip is the large outlined star in both maps above; the dashed line is its path over time. The expressions "
    f"are those of its {NEIGHBOURS} nearest clips by the codes of all frames; the star in their map shows one frame, "
    "and stands in the middle while the face is nearly neutral."
)
_NEAR = '<div class="sd sd-found" aria-live="polite">${value || ""}</div>'
# In the browser, which knows at once whether there is anything to wait for.
_WAIT_FOR_SWAP = (
    f"() => [document.querySelectorAll('#maps .sd-map-full').length === 2 ? {json.dumps(status.waiting())} : '', null]"
)


def layout(demo: gr.Blocks) -> None:
    """Lays the page out and binds its events; call it inside the Blocks context."""
    gr.HTML(_INTRO, apply_default_css=False)
    try:
        points = json.dumps(points_of(latent_map()), separators=(",", ":"))
    except SeqdisentError as error:
        gr.HTML(f'<div class="sd">{status.problem(str(error))}</div>', apply_default_css=False)
        return
    gr.set_static_paths(served_paths())
    maps = gr.HTML(
        None,
        html_template=web("latent_map.html"),
        js_on_load="\n".join(map(web, _SCRIPTS)),
        apply_default_css=False,
        elem_id="maps",
        points=points,
    )
    work, stage, picks = progress(), player(elem_id="picked"), latest()
    maps.pick(None, None, [work, stage], js=_WAIT_FOR_SWAP, **AT_ONCE)
    maps.pick(note_pick, picks, [work, stage], **AT_ONCE)
    swapping = maps.swap(swap_picked, picks, [work, stage], **BUSY)
    swapping.failure(why_failed, None, work, **AT_ONCE)
    _own_clip(demo, maps)
    latent_endpoint.bind()


def _own_clip(demo: gr.Blocks, maps: gr.HTML) -> None:
    """A place for a clip of one's own, those of Swap at hand; what is found in it is put into the maps."""
    gr.HTML(_OWN, apply_default_css=False)
    token = visitor(demo)
    with clip_input("My clip", examples=sorted(asset("examples").glob("*.mp4")), elem_id="own-clip") as drop:
        seen = found_face()
        near = gr.HTML("", html_template=_NEAR, apply_default_css=False, elem_id="own-near")
        kept = kept_clips()
    privacy(token, _PRIVACY)
    face = gr.State(None, time_to_live=limits().keep_seconds)
    for event in readings_of(Place(drop, seen, kept, face, latest()), token, model.studio):
        event.failure(why_failed, None, seen, **AT_ONCE)
        event.then(wait_for_place, face, [maps, near], **AT_ONCE).then(place_face, face, [maps, near], **BUSY)
    demo.load(offer, token, kept, **AT_ONCE)


def offer(token: str) -> str:
    """The visitor's clips of Swap, without photographs, which have no dynamics to place."""
    return offered({place: clip for place, clip in SESSIONS.clips(token).items() if not clip.still})


# Gradio looks the hints of the following up to find the event, so they may not name what is imported for types alone.
def note_pick(last: Latest, event: gr.EventData) -> tuple[Any, Any]:
    """Ends the swap of what was picked before; with fewer than two clips picked, the stage is empty."""
    return ("", None) if last.begins(event) and len(event.clips) < 2 else (gr.skip(), gr.skip())


def swap_picked(last: Latest, event: gr.EventData) -> Iterator[tuple[Any, Any]]:
    """Swaps the two clips that were picked, stage by stage, unless others were picked since."""
    clips = [clip for clip in event.clips if isinstance(clip, int) and 0 <= clip < len(latent_map())]
    if len(clips) != 2 or not last.begins(event):
        yield gr.skip(), gr.skip()
        return
    turn = last.turn
    yield status.stages(_STAGES, 0), None
    try:
        first, second = clips
        films = swapped(first, second)
        if last.turn != turn:
            yield gr.skip(), gr.skip()
            return
        yield status.stages(_STAGES, 1), None
        with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
            show = write_show(first, second, films, Path(folder))
            yield (status.ready(FILMS_READY), show) if last.turn == turn else (gr.skip(), gr.skip())
    except SeqdisentError as error:
        yield status.problem(str(error)), None


def wait_for_place(face: "FaceClip | None") -> tuple[None, str]:
    """What is seen until those who came before are served; with no face, nothing."""
    return None, "" if face is None else status.waiting()


def place_face(face: "FaceClip | None") -> Iterator[tuple[Any, str]]:
    """Puts the face that was read into both maps, and lists what is near it."""
    if face is None:
        yield None, ""
        return
    yield None, status.stages(("Placing your clip",), 0)
    try:
        placement = latent_map().place(model.studio().encode_face(face.require_movement()))
        yield json.dumps(placement.to_dict()), _nearest(placement.near["person"], placement.near["expression"])
    except SeqdisentError as error:
        yield None, status.problem(str(error))


def _nearest(persons: "tuple[Named, ...]", expressions: "tuple[Named, ...]") -> str:
    return (
        f'<div class="sd-map-near"><p>{_STAR}</p>'
        f"{_list('Nearest known persons', 'who', persons)}"
        f"{_list('Nearest known expressions', 'does', expressions)}</div>"
    )


def _face(person: str) -> str:
    """A known person as an image: the first clip of the map that shows them, at its first frame."""
    labels = latent_map().labels["person"]
    clip = int((labels.values == labels.names.index(person)).argmax())
    return f'<img src="{picture(latent_map().clip(clip)[0])}" alt="">'


def _list(title: str, hue: str, near: "tuple[Named, ...]") -> str:
    shown = [
        (f"{_face(one.name) if hue == 'who' else ''}{escape(shown_name(one.name))}", one.share)
        for one in near[:_LISTED]
    ]
    if near[_LISTED:]:
        shown.append(("Others", sum(one.share for one in near[_LISTED:])))
    lines = "".join(
        f'<li><span>{name}</span><i style="--share:{share:.0%}"></i><span>{share:.0%}</span></li>'
        for name, share in shown
    )
    return f'<div style="--hue:var(--{hue})"><h3>{title}</h3><ul>{lines}</ul></div>'
