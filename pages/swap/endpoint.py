"""The page "Swap" for programs: the endpoint `/swap`, two files in, two films (or one) and two sentences out."""

from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from pages import model, status
from pages.file_endpoint import asked_file
from pages.line import let_quick_go_first
from pages.swap.result import NAMES, said
from pages.swap.tuning import check_seconds, shortened, tuned
from seqdisent_core.cluster import call
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

_NOTHING_YET = None, None, "", ""  # no skips, for which Gradio would make new components, whose files it forgets


def bind() -> None:
    """A named endpoint and tool: two files in, two films and two sentences out. Nobody sees its components."""
    with gr.Column(visible=False):
        first, second = (asked_file(f"The {name} clip") for name in NAMES)
        seconds = gr.Number(limits().tuning_seconds, label="Seconds of tuning to the two people, at most")
        strength = gr.Number(1, label="Strength of the movement")
        transfer = gr.Textbox("all", label="What is transferred")
        goes_on = gr.Checkbox(False, label="Whether each person's film goes on around the face")
        films = [gr.File(label=f"The {who} person's film") for who in NAMES]
        words = [gr.Textbox(label=f"What the {who} film shows") for who in NAMES]
        gr.Button().click(
            swap,
            [first, second, seconds, strength, transfer, goes_on],
            [*films, *words],
            preprocess=False,  # or gr.File would leave an empty file behind for each
            api_name="swap",
            api_description=getdoc(swap),
            concurrency_id=model.TUNING,
            concurrency_limit=1,
        )


# The name and the words are what the page of the endpoint and, as a tool, a language model reads.
def swap(
    first: dict[str, Any] | None,
    second: dict[str, Any] | None,
    seconds: Any,
    strength: Any,
    transfer: Any,
    goes_on: Any,
    request: gr.Request,
) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Swap what two faces do: each person's film comes back with that person doing what the other one did.

    Args:
        first: A film of one person's face, a video file that was uploaded to this app; or a photograph (JPEG, PNG or
            WebP), which can be moved and has no movement to give.
        second: A film of another person's face, likewise; at most one of the two is a photograph.
        seconds: For how long the model is tuned to the two people at most, 0 to 60; its 75 steps take some 20 on two
            cores, and half of that while others wait.
        strength: Of the movement, 0 to 1.5; 1 is as it was.
        transfer: What of the movement is transferred: "all", "expression" (without turns of the head) or "head".
        goes_on: Whether each person's film goes on around the face, its head turning as filmed with the other one's
            expression, until one of both films ends; or else one picture of it stands still.

    Returns:
        The first person's film doing what the second does (an MP4), the second person's film doing what the first does
        (an MP4), and a sentence on each. The person whose film would be moved by a photograph gets none.
    """
    from seqdisent_core.jobs import move, read
    from seqdisent_core.reenactment import check_goes_on, check_strength, check_transfer

    if first is None or second is None:
        raise gr.Error("Two clips are needed: give first and second, each a video file.", print_exception=False)
    check_seconds(seconds)
    if not isinstance(strength, int | float):
        raise gr.Error(f"strength is {strength!r}; it must be a number.", print_exception=False)
    if not isinstance(goes_on, bool):
        raise gr.Error(f"goes_on is {goes_on!r}; it must be true or false.", print_exception=False)
    try:
        check_strength(strength)
        studio = model.film_studio()
        check_transfer(transfer, studio.head)
        files = Path(first["path"]), Path(second["path"])
        faces = yield from status.meanwhile(
            lambda report: [call(read, studio, file, report=report) for file in files], _NOTHING_YET
        )
        for clip in faces if goes_on else ():
            check_goes_on(clip, studio.head, transfer=transfer)
        for state in tuned(*faces, seconds, lambda steps: shortened(steps, request)):
            pair = state
            yield _NOTHING_YET
            let_quick_go_first(request)
        with TemporaryDirectory() as folder:
            how: dict[str, Any] = {"strength": strength, "transfer": transfer, "goes_on": goes_on}

            def write(report: status.Report) -> dict[int, str]:
                given = how, Path(folder)
                return {
                    who: str(call(move, studio, pair, who, *given, full_size=True, report=report).file)
                    for who in pair.results
                }

            films = yield from status.meanwhile(write, _NOTHING_YET)
            words = [
                said(who, does) if own in films else f"There is no film: the {does} clip is a photograph"
                for own, (who, does) in enumerate((NAMES, NAMES[::-1]))
            ]
            yield films.get(0), films.get(1), words[0], words[1]
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error
