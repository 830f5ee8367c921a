"""From what a visitor brings to the face in it: read in the background, and left when something newer comes."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.data_classes import FileData

from pages import status
from pages.clip_input import MOST_SECONDS, found
from pages.events import AT_ONCE, QUIET
from pages.readings import Readings
from seqdisent_core.assets import asset
from seqdisent_core.cluster import call, workers
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.studio import Studio


@dataclass
class Latest:
    """What came last into one place for a clip: all that came before it shows nothing any more.

    One for each visitor's page, shared by all events of the place. turn: the browser's count of what it sent, since a
    busy server may begin with what was sent later; job: the reading that is under way; span: the part of the film that
    was asked for, as Studio.read_face takes it.
    """

    turn: int = 0
    job: "status.Job[Any] | None" = None
    span: dict[str, float] = field(default_factory=dict)

    def begins(self, event: gr.EventData) -> bool:
        """Whether nothing newer than this event has come; what was read until now is given up then."""
        turn = int(getattr(event, "turn", self.turn))
        if turn < self.turn:
            return False
        self.turn = turn
        self.take(None)
        return True

    def take(self, job: "status.Job[Any] | None") -> None:
        """Ends the reading that is under way; the next takes its place."""
        if self.job is not None:
            self.job.stop()
        self.job = job


def stop(last: Latest) -> None:
    """Ends the reading that is under way."""
    last.take(None)


def latest() -> gr.State:
    """The state of a place that holds its `Latest`."""
    return gr.State(Latest(), time_to_live=limits().keep_seconds, delete_callback=stop)


# Gradio looks the hints of events up, so they may not name what is imported for types alone.
Reading = Iterator[tuple[Any, Any]]  # HTML for the found face; FaceClip | None


class FaceReader:
    """The events of one place for a clip. A method is an event's function; what it gives is a `Reading`.

    studio: gives the model whose frames are wanted; anchors: whether the visitor may choose the clip's anchor frame.
    """

    def __init__(self, studio: "Callable[[], Studio]", *, anchors: bool = False) -> None:
        self._studio, self._anchors = studio, anchors

    def events(self, drop: gr.HTML, seen: gr.HTML, face: gr.State, last: gr.State) -> list[Any]:
        """Binds what brings a clip into a place, changes it or takes it away; gives the events, to go on from."""
        # A clip that comes while another is read is not ignored; the reading of the other is stopped then.
        reading = QUIET | {"concurrency_limit": None}
        known = [face, last]
        return [
            drop.upload(self.upload, [drop, *known], [seen, face], **reading),
            drop.example(self.example, known, [seen, face], **reading),
            drop.trim(self.trim, known, [seen, face], **reading),
            seen.select(self.other, known, [seen, face], **reading),
            drop.clear(clear, last, [seen, face], **AT_ONCE),
        ]

    def shown(self, clip: "FaceClip") -> str:
        """HTML of a clip that was read, as `found` has it."""
        return found(clip, anchors=self._anchors)

    def upload(
        self, file: FileData | None, clip: Any, last: Latest, event: gr.EventData, request: gr.Request
    ) -> Reading:
        """Reads the face of an uploaded file, saying how far it is; ends with the face or with what is wrong."""
        if last.begins(event) and file is not None:
            last.span = _span(event)
            yield from self._read(Path(file.path), 0, last, request)

    def example(self, clip: Any, last: Latest, event: gr.EventData, request: gr.Request) -> Reading:
        """Reads the face of the example that was clicked."""
        examples = {path.name: path for path in asset("examples").glob("*.mp4")}
        if last.begins(event) and event.name in examples:
            last.span = {}
            yield from self._read(examples[event.name], 0, last, request)

    def trim(self, clip: Any, last: Latest, event: gr.EventData, request: gr.Request) -> Reading:
        """Reads other seconds of the clip that is there, which stays where those cannot be used."""
        if clip is not None and last.begins(event):
            last.span = _span(event)
            yield from self._read(clip.source, clip.face, last, request, instead=clip)

    def other(self, clip: Any, last: Latest, event: gr.EventData, request: gr.Request) -> Reading:
        """Reads another face of the clip that is there, which stays where that cannot be used; or takes an anchor."""
        face, anchor = getattr(event, "face", None), getattr(event, "anchor", None)
        if clip is None or not last.begins(event):
            return
        if isinstance(face, int):
            yield from self._read(clip.source, face, last, request, instead=clip)
        elif isinstance(anchor, int) and 0 <= anchor < len(clip.frames):
            chosen = replace(clip, anchor=anchor)
            yield self.shown(chosen), chosen

    def _read(
        self, path: Path, face: int, last: Latest, request: gr.Request, *, instead: "FaceClip | None" = None
    ) -> Reading:
        def found_in(report: status.Report) -> "FaceClip":
            # A report ends this where nobody waits for it any more.
            with readings().place(str(request.request.scope["visitor"]), lambda: report(0.0)):
                report(0.0)
                studio = self._studio()
                from seqdisent_core.jobs import read
                from seqdisent_core.machine import one_each

                one_each()
                return call(read, studio, path, face=face, span=last.span, report=report)

        job = status.Job(found_in)
        last.take(job)
        yield _reading(0.0), gr.skip() if instead else None
        for fraction in job:
            if not job.stopped:
                yield _reading(fraction), gr.skip()
        if job.stopped:
            return
        last.job = None
        try:
            yield self.shown(job.result), job.result
        except SeqdisentError as error:
            yield status.problem(str(error)) + (self.shown(instead) if instead else ""), instead


def _span(event: gr.EventData) -> dict[str, float]:
    """Which seconds of the film are wanted, where the visitor has said so: MOST_SECONDS of them at most."""
    start, seconds = getattr(event, "start", None), getattr(event, "seconds", None)
    if not isinstance(start, int | float) or not isinstance(seconds, int | float):
        return {}
    return {"start": max(0.0, float(start)), "seconds": min(max(float(seconds), 0.1), MOST_SECONDS)}


@functools.cache
def readings() -> Readings:
    """Of all visitors."""
    return Readings(max(limits().readings, workers()))


def clear(last: Latest, event: gr.EventData) -> tuple[Any, Any]:
    """The clip was taken away, or another is on its way, unless that one has come before this event."""
    return ("", None) if last.begins(event) else (gr.skip(), gr.skip())


def _reading(fraction: float) -> str:
    """Until the first news, loading the model included, nobody knows how far it is."""
    return f'<div class="sd-reading"><span>Looking for the face …</span>{status.bar(fraction or None)}</div>'
