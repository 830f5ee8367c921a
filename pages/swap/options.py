"""How the films of the page "Swap" shall be; what can't be with the clips that are there is disabled and says why."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

_PLAY = [("Once", "once"), ("Three times", "loop"), ("There and back", "boomerang")]
_ONE_FILM = "A photograph has no movement to give: there is one film."
_STANDS, _GOES_ON = (
    "A photograph stands still.",
    "Whole video: the head moves as filmed, with the other's expression.",
)


@dataclass(frozen=True)
class Options:
    """The controls, which may be changed once the films are there, too."""

    strength: gr.Slider
    pixels: gr.Radio
    play: gr.Radio
    transfer: gr.Radio
    films: gr.Radio
    goes_on: gr.Radio

    @property
    def wish(self) -> list[Any]:
        """In the order of `Wish`."""
        return [self.strength, self.pixels, self.play, self.transfer, self.films, self.goes_on]

    @property
    def limited(self) -> list[Any]:
        """Those that `limits` gives."""
        return [self.play, self.films, self.goes_on]

    @staticmethod
    def limits(first: "FaceClip | None", second: "FaceClip | None") -> tuple[gr.Radio, gr.Radio, gr.Radio]:
        """What two clips allow."""
        clips = [clip for clip in (first, second) if clip is not None]
        if not clips:
            return tuple(gr.Radio(interactive=True, info=info) for info in ("", "", _GOES_ON))
        from seqdisent_core.films import MOST_REPEATED, NO_LOOP

        long = any(len(clip.frames) > MOST_REPEATED for clip in clips)
        play = gr.Radio(value="once", interactive=False, info=NO_LOOP) if long else gr.Radio(interactive=True, info="")
        one = any(clip.still for clip in clips)
        films = gr.Radio(interactive=not one, info=_ONE_FILM if one else "")
        goes_on = (
            gr.Radio(value=False, interactive=False, info=_STANDS) if one else gr.Radio(interactive=True, info=_GOES_ON)
        )
        return play, films, goes_on


def options() -> Options:
    """Lays them out, folded."""
    with gr.Accordion("Options", open=False, elem_id="options"), gr.Row(elem_classes="sd-wishes", equal_height=False):
        strength = gr.Slider(
            *(0, 1.5, 1.0), step=0.1, label="Strength", info="0: no movement. 1: as filmed.", elem_id="strength"
        )
        pixels = gr.Radio(
            [("Sharp (recommended)", "film"), ("Raw model output", "model")],
            value="film",
            label="Pixels",
            elem_id="pixels",
        )
        transfer = gr.Radio(
            [("Expression and head", "all"), ("Expression only", "expression"), ("Head only", "head")],
            value="all",
            label="Transfer",
            elem_id="transfer",
        )
        play = gr.Radio(_PLAY, value="once", label="Play", elem_id="play")
        films = gr.Radio(
            [("Both films", "both"), ("First person only", "first"), ("Second person only", "second")],
            value="both",
            label="Make",
            elem_id="films",
        )
        goes_on = gr.Radio(
            [("One frame", False), ("Whole video", True)],
            value=False,
            label="Around the face",
            info=_GOES_ON,
        )
    return Options(strength, pixels, play, transfer, films, goes_on)
