"""From what a visitor brings to the face in it: read in the background, and left when something newer comes."""

import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.data_classes import FileData

from pages import status
from pages.clip_input import found
from seqdisent_core.assets import asset
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.studio import Studio

_BETWEEN_LOOKS = 0.2  # seconds

# Gradio looks the hints of events up, so they may not name what is imported for types alone.
Reading = Iterator[tuple[Any, Any, Any]]  # HTML for the found face; FaceClip | None; Job | None


class FaceReader:
    """The events of one place for a clip. A method is an event's function; what it gives is a `Reading`.

    studio: gives the model whose frames are wanted; anchors: whether the visitor may choose the clip's anchor frame.
    """

    def __init__(self, studio: "Callable[[], Studio]", *, anchors: bool = False) -> None:
        self._studio, self._anchors = studio, anchors

    def events(self, drop: gr.HTML, seen: gr.HTML, face: gr.State, job: gr.State) -> list[Any]:
        """Binds what brings a clip into a place, changes it or takes it away; gives the events, to go on from."""
        known = [face, job]
        # "multiple": a clip that comes while another is read is not ignored; the reading of the other is stopped then.
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}
        reading: dict[str, Any] = {**quiet, "concurrency_limit": None}
        return [
            drop.upload(self.upload, [drop, *known], [seen, *known], **reading),
            drop.example(self.example, known, [seen, *known], **reading),
            seen.select(self.other, known, [seen, *known], **reading),
            drop.clear(forget, job, [seen, *known], queue=False, **quiet),
        ]

    def shown(self, clip: "FaceClip") -> str:
        """HTML of a clip that was read, as `found` has it."""
        return found(clip, anchors=self._anchors)

    def upload(self, file: FileData | None, clip: Any, running: status.Job | None) -> Reading:
        """Reads the face of an uploaded file, saying how far it is; ends with the face or with what is wrong."""
        if file is not None:
            yield from self._read(Path(file.path), 0, running)

    def example(self, clip: Any, running: status.Job | None, event: gr.EventData) -> Reading:
        """Reads the face of the example that was clicked."""
        examples = {path.name: path for path in asset("examples").glob("*.mp4")}
        if event.name in examples:
            yield from self._read(examples[event.name], 0, running)

    def other(self, clip: Any, running: status.Job | None, event: gr.EventData) -> Reading:
        """Reads another face of the clip that is there, which stays where that cannot be used; or takes an anchor."""
        face, anchor = getattr(event, "face", None), getattr(event, "anchor", None)
        if clip is None:
            return
        if isinstance(face, int):
            yield from self._read(clip.source, face, running, instead=clip)
        elif isinstance(anchor, int) and 0 <= anchor < len(clip.frames):
            chosen = replace(clip, anchor=anchor)
            yield self.shown(chosen), chosen, None

    def _read(self, path: Path, face: int, running: status.Job | None, instead: "FaceClip | None" = None) -> Reading:
        stop(running)

        def read(report: status.Report) -> "FaceClip":
            while not at_once().acquire(timeout=_BETWEEN_LOOKS):
                report(0.0)  # which ends this where nobody waits for it any more
            try:
                report(0.0)
                studio = self._studio()
                from seqdisent_core.machine import one_each

                one_each()
                return studio.read_face(path, face=face, progress=report)
            finally:
                at_once().release()

        job = status.Job(read)
        # The job is known from now on, so that what comes next can stop it.
        yield _reading(0.0), gr.skip() if instead else None, job
        for fraction in job:
            if not job.stopped:
                yield _reading(fraction), gr.skip(), job
        if job.stopped:
            return
        try:
            yield self.shown(job.result), job.result, None
        except SeqdisentError as error:
            yield status.problem(str(error)) + (self.shown(instead) if instead else ""), instead, None


@functools.cache
def at_once() -> threading.BoundedSemaphore:
    """Readings of all visitors; Gradio's own queue would not let one be stopped."""
    return threading.BoundedSemaphore(limits().readings)


def forget(running: status.Job | None) -> tuple[str, None, None]:
    """The clip was taken away, or another is on its way."""
    stop(running)
    return "", None, None


def stop(running: status.Job | None) -> None:
    """Ends the reading that is under way."""
    if running is not None:
        running.stop()


def _reading(fraction: float) -> str:
    """Until the first news, loading the model included, nobody knows how far it is."""
    return f'<div class="sd-reading"><span>Looking for the face …</span>{status.bar(fraction or None)}</div>'
