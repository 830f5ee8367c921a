"""The page "Sample" for programs: `/move_face` moves a face of one's own, `/sample` and `/interpolate` draw the 52."""

from collections.abc import Iterator
from functools import partial
from inspect import getdoc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from pages import model, status
from pages.file_endpoint import asked_file
from pages.line import let_quick_go_first
from pages.sample.draw import DRAWN_MODES, Made, Wanted, make, number, whole
from pages.sample.own import Asked
from pages.sample.result import readings, stem
from pages.swap.tuning import check_seconds, learnt, shortened
from seqdisent_core.cluster import call
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

Answer = Iterator[tuple[Any, Any]]  # paths of films; what the judge sees in each
_NOTHING_YET = None, None  # no skips, for which Gradio would make new components, whose files it forgets


def bind() -> None:
    """All as named endpoints and tools. Nobody sees their components."""
    with gr.Column(visible=False):
        clip, first, second = (asked_file(f"The {which}clip") for which in ("", "first ", "second "))
        mode = gr.Textbox("person", label='Mode: "person", "movement" or "both"')
        factor = gr.Textbox("static", label='What changes: "static" or "dynamics"')
        count, frames = gr.Number(8, label="How many clips"), gr.Number(15, label="Frames of each")
        temperature, seed = gr.Number(1.0, label="Temperature"), gr.Number(0, label="Seed of the first clip")
        answer = [gr.File(label="Films", file_count="multiple"), gr.JSON(label="What the judge sees")]
        common: dict[str, Any] = {"preprocess": False, "concurrency_id": model.QUEUE, "concurrency_limit": 1}
        for work, given in (
            (sample, [clip, mode, count, frames, temperature, seed]),
            (interpolate, [first, second, factor, count]),
        ):
            gr.Button().click(work, given, answer, api_name=work.__name__, api_description=getdoc(work), **common)
        face = asked_file("The clip")
        seconds = gr.Number(limits().tuning_seconds, label="Seconds of learning the face, at most")
        asked = [gr.Number(value, label=label) for value, label in ((4, "How many films"), (30, "Frames of each"))]
        gr.Button().click(
            move_face,
            [face, seconds, *asked, gr.Number(1.0, label="Temperature"), gr.Number(0, label="Seed of the first film")],
            gr.File(label="Films", file_count="multiple"),
            api_name="move_face",
            api_description=getdoc(move_face),
            **(common | {"concurrency_id": model.TUNING}),
        )


# Names and words are what the pages of the endpoints and, as tools, a language model reads.
def sample(
    clip: dict[str, Any] | None = None,  # may be left out; the others have what bind() puts into their components
    mode: Any = None,
    count: Any = None,
    frames: Any = None,
    temperature: Any = None,
    seed: Any = None,
) -> Answer:
    """Draw new clips of faces from the model: a known person in new movements, new people in a known movement, or both.

    People are sampled from a normal distribution fitted to the persons known.

    Args:
        clip: The film whose person or movement stays, a video file that was uploaded to this app; for mode person, a
            photograph will do; none for mode both.
        mode: "person" keeps the clip's person and draws movements, "movement" the other way round; "both" draws both.
        count: How many clips, 1 to 16.
        frames: How many frames each has, 8 to 60; as many as the clip has for "movement".
        temperature: How far from the mean is sampled, 0 to 2.
        seed: Of the first clip; each next one has one more.

    Returns:
        The films (MP4) and, for each, its seed and whom and what the judge sees in it.
    """
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
        yield from _answer(wanted, None if mode == "both" else clip)
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error


def move_face(
    clip: dict[str, Any] | None,
    seconds: Any,
    count: Any,
    frames: Any,
    temperature: Any,
    seed: Any,
    request: gr.Request,
) -> Iterator[Any]:
    """Give a person's own face new movements, sampled from the model: their own picture moves, not a rendered person's.

    Args:
        clip: A film of the person's face, a video file that was uploaded to this app; or a photograph (JPEG, PNG or
            WebP).
        seconds: For how long the model learns the face at most, 0 to 60. It ends after 75 steps in any case, and
            after half of them where others wait.
        count: How many films, 1 to 16.
        frames: How many frames each has, 8 to 60, 15 of them a second.
        temperature: How far from the mean is sampled, 0 to 2.
        seed: Of the first film; each next one has one more.

    Returns:
        The films (MP4), whole pictures of the clip.
    """
    from seqdisent_core.jobs import read

    if clip is None:
        raise gr.Error("The clip is missing: give a video file or a photograph.", print_exception=False)
    check_seconds(seconds)
    try:
        asked = Asked.of(count, frames, temperature, seed)
        given = model.film_studio(), Path(clip["path"])
        found = yield from status.meanwhile(lambda report: call(read, *given, report=report), None)
        for state in learnt(found, seconds, lambda steps: shortened(steps, request)):
            face = state
            yield None
            let_quick_go_first(request)
        with TemporaryDirectory() as folder:

            def write(report: status.Report) -> list[str]:
                return [
                    str(asked.film(at, face, Path(folder), full_size=True, report=report)) for at in range(asked.count)
                ]

            yield (yield from status.meanwhile(write, None))
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error


def interpolate(first: dict[str, Any] | None, second: dict[str, Any] | None, factor: Any, count: Any) -> Answer:
    """Go from one clip of a face to another in steps: from person to person, or from movement to movement.

    Args:
        first: The film to go from, a video file that was uploaded to this app.
        second: The film to go to, likewise.
        factor: What goes from the first clip's to the second's: "static" (who it is) or "dynamics" (what it does).
        count: How many steps, 1 to 16, both ends included.

    Returns:
        The films (MP4) and, for each, how far it is and whom and what the judge sees in it.
    """
    try:
        if factor not in ("static", "dynamics"):
            raise SeqdisentError('What changes is not known. Choose "static" or "dynamics".')
        wanted = Wanted(mode="between", count=whole("clips", count), factor=factor)
        yield from _answer(wanted, first, second)
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _answer(wanted: Wanted, first: dict[str, Any] | None, second: dict[str, Any] | None = None) -> Answer:
    from seqdisent_core.jobs import read

    def read_and_make(report: status.Report) -> list[Made]:
        read_one = partial(call, read, model.studio(), report=report)
        one, other = (None if given is None else read_one(Path(given["path"])) for given in (first, second))
        return make(wanted, one, other, report)

    made = yield from status.meanwhile(read_and_make, _NOTHING_YET)
    with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
        films = [Path(folder) / f"{stem(one, at)}.mp4" for at, one in enumerate(made)]
        for one, film in zip(made, films, strict=True):
            film.write_bytes(one.film)
        yield [str(film) for film in films], readings(made)
