"""The page "Speech" for programs: the endpoint `/voice_swap`, two recordings in, their swaps out."""

from collections.abc import Iterator
from inspect import getdoc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from pages import model, status
from pages.file_endpoint import asked_file
from seqdisent_core.errors import SeqdisentError


def bind() -> None:
    """A named endpoint and tool. Nobody sees its components."""
    with gr.Column(visible=False):
        given = [asked_file(f"The {which} recording", example="voice.wav") for which in ("first", "second")]
        gr.Button().click(
            voice_swap,
            given,
            [gr.File(label=label) for label in ("The first voice", "The second voice")],
            preprocess=False,  # or gr.File would leave an empty file behind
            api_name="voice_swap",
            api_description=getdoc(voice_swap),
            concurrency_id=model.QUEUE,
            concurrency_limit=1,
        )


# The name and the words are what the page of the endpoint and, as a tool, a language model reads.
def voice_swap(first: dict[str, Any] | None, second: dict[str, Any] | None) -> Iterator[Any]:
    """Swap who speaks and what is said: two recordings in, two out. A first step: the voice changes in part.

    Args:
        first: The first recording, a sound file or a film with sound that was uploaded to this app.
        second: The second recording, likewise.

    Returns:
        The first voice with the words of the second recording (FLAC, 16 kHz), then the second voice with the words of
        the first. Both are marked as synthetic inside the file.
    """
    from seqdisent_core.voices import VoiceSwap, save_voices

    if first is None or second is None:
        raise gr.Error("Two recordings are needed: give first and second.", print_exception=False)
    files = Path(first["path"]), Path(second["path"])
    try:
        voices = model.voices()
        given = [voices.read(file) for file in files]

        def swapped(report: status.Report) -> VoiceSwap:
            return voices.swap(*given, progress=report)

        swap = yield from status.meanwhile(swapped, (None, None))
        with TemporaryDirectory() as folder:
            yield tuple(map(str, save_voices(swap, Path(folder), *given)))
    except SeqdisentError as error:
        raise gr.Error(str(error), print_exception=False) from error
