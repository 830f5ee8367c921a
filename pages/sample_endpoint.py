"""The page "Sample" for programs: `/sample` draws new clips, `/interpolate` goes from one clip to another."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model
from pages.clip_input import asked_file
from pages.sample_draw import DRAWN_MODES, Wanted, make, number, whole
from pages.sample_result import readings, stem
from seqdisent_core.errors import SeqdisentError

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

_SAMPLE = """New clips of faces, drawn from the model.

mode: "person" keeps the clip's person and draws what it does; "movement" keeps what it does and draws people, from a
normal distribution fitted to the persons known; "both" draws both and needs no clip.
count: 1 to 16. frames: 8 to 60 (as many as the clip has for "movement"). temperature: 0 to 2. seed: of the first clip;
each next one has one more.

Returns the films (MP4) and, for each, its seed and whom and what the judge sees in it."""
_INTERPOLATE = """The way from one clip to another.

factor: "static" goes from the first clip's person to the second's (on an arc), "dynamics" from the first clip's
movement to the second's; the other factor stays the first clip's. count: 1 to 16 steps, both ends included.

Returns the films (MP4) and, for each, how far it is and whom and what the judge sees in it."""

Answer = Iterator[tuple[list[str], list[dict[str, Any]]]]


def bind() -> None:
    """Both as named endpoints. Nobody sees their components."""
    with gr.Column(visible=False):
        clip, first, second = (asked_file(f"The {which}clip") for which in ("", "first ", "second "))
        mode = gr.Textbox("person", label='Mode: "person", "movement" or "both"')
        factor = gr.Textbox("static", label='What changes: "static" or "dynamics"')
        count, frames = gr.Number(8, label="How many clips"), gr.Number(15, label="Frames of each")
        temperature, seed = gr.Number(1.0, label="Temperature"), gr.Number(0, label="Seed of the first clip")
        answer = [gr.File(label="Films", file_count="multiple"), gr.JSON(label="What the judge sees")]
        common: dict[str, Any] = {"preprocess": False, "concurrency_id": model.QUEUE, "concurrency_limit": 1}
        for work, given, name, words in (
            (sample_files, [clip, mode, count, frames, temperature, seed], "sample", _SAMPLE),
            (interpolate_files, [first, second, factor, count], "interpolate", _INTERPOLATE),
        ):
            gr.Button().click(work, given, answer, api_name=name, api_description=words, **common)


def sample_files(
    clip: dict[str, Any] | None, mode: Any, count: Any, frames: Any, temperature: Any, seed: Any
) -> Answer:
    """A video file or nothing, and what is wanted, in; films and readings out. Raises gr.Error with a sentence."""
    try:
        if mode not in DRAWN_MODES:
            raise SeqdisentError('The mode is not known. Choose "person", "movement" or "both".')
        wanted = Wanted(
            mode=mode,
            count=whole("clips", count),
            frames=whole("frames", frames),
            temperature=number("temperature", temperature),
            seed=whole("seed", seed),
        )
        yield from _answer(wanted, None if mode == "both" else _face(clip))
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error


def interpolate_files(first: dict[str, Any] | None, second: dict[str, Any] | None, factor: Any, count: Any) -> Answer:
    """Two video files in; films and readings of the steps between them out. Raises gr.Error with a sentence."""
    try:
        if factor not in ("static", "dynamics"):
            raise SeqdisentError('What changes is not known. Choose "static" or "dynamics".')
        wanted = Wanted(mode="between", count=whole("clips", count), factor=factor)
        yield from _answer(wanted, _face(first), _face(second))
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _face(given: dict[str, Any] | None) -> "FaceClip | None":
    return None if given is None else model.studio().read_face(given["path"])


def _answer(wanted: Wanted, first: "FaceClip | None", second: "FaceClip | None" = None) -> Answer:
    made = make(wanted, first, second)
    with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
        films = [Path(folder) / f"{stem(one, at)}.mp4" for at, one in enumerate(made)]
        for one, film in zip(made, films, strict=True):
            film.write_bytes(one.film)
        yield [str(film) for film in films], readings(made)
