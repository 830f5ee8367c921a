"""Tuning to two people for the page "Swap", to one for "Sample", and for endpoints: on a lent GPU where there are."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from pages import model
from pages.line import others_wait
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.reenactment import OwnFace, Pair, Subject

# While others wait: the most that is measured in results/filmed_curve.json is reached by then.
SHORT_STEPS = 36
_EVERY = 0.5  # seconds of tuning from one state to the next
_USUAL = 3  # seconds that a GPU takes for the usual number of steps, or less
_AROUND = 30  # seconds that a lent GPU may take to get ready, besides


def tuned(first: "FaceClip", second: "FaceClip", seconds: float | None) -> "Iterator[Pair]":
    """Two clips at the model's size and a model that comes to know them, as Studio.personalise gives and raises."""
    from seqdisent_core.reenactment import pairs, subjects

    two = subjects(first, second)
    if seconds == 0:  # no GPU is lent for that
        studio = model.film_studio()
        return pairs(studio.method, two, seconds=seconds, every=_EVERY, head=studio.head)
    return _states(two, seconds)


def learnt(clip: "FaceClip", seconds: float | None) -> "Iterator[OwnFace]":
    """A clip at the model's size and a model that comes to know its face, as Studio.learn_face gives and raises."""
    from seqdisent_core.reenactment import own_faces, subject

    one = subject(clip)
    if seconds == 0:
        studio = model.film_studio()
        return own_faces(studio.method, one, seconds=seconds, every=_EVERY, head=studio.head)
    return _own_states(one, seconds)


def check_seconds(seconds: object) -> None:
    """Raises gr.Error for what an endpoint cannot take as the most seconds of tuning."""
    most = limits().tuning_seconds
    if not isinstance(seconds, int | float) or not 0 <= seconds <= most:
        raise gr.Error(f"seconds is {seconds!r}; it must be 0 to {most:g}.", print_exception=False)


def shortened(state: "Pair | OwnFace", request: gr.Request) -> bool:
    """Whether a tuning ends here because somebody waits for it."""
    return state.tuned.steps >= SHORT_STEPS and others_wait(request)


@model.on_gpu(lambda two, seconds: (_USUAL if seconds is None else seconds) + _AROUND)
def _states(two: "tuple[Subject, Subject]", seconds: float | None) -> "Iterator[Pair]":
    from seqdisent_core.reenactment import pairs

    studio = model.tuning_studio()
    for pair in pairs(studio.method, two, seconds=seconds, every=_EVERY, head=studio.head):
        yield pair.kept() if model.ZERO_GPU else pair


@model.on_gpu(lambda one, seconds: (_USUAL if seconds is None else seconds) + _AROUND)
def _own_states(one: "Subject", seconds: float | None) -> "Iterator[OwnFace]":
    from seqdisent_core.reenactment import own_faces

    studio = model.tuning_studio()
    for face in own_faces(studio.method, one, seconds=seconds, every=_EVERY, head=studio.head):
        yield face.kept() if model.ZERO_GPU else face
