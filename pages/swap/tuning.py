"""Tuning to two people for the page "Swap", to one for "Sample", and for endpoints: on a lent GPU where there are."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from pages import model, status
from pages.line import others_wait
from seqdisent_core.cluster import call, workers
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.jobs import People, Previews, Wanted
    from seqdisent_core.reenactment import OwnFace, Pair

# While others wait: the most that is measured in results/filmed_curve.json is reached by then.
SHORT_STEPS = 36
_USUAL = 3  # seconds that a GPU takes for the usual number of steps, or less
_AROUND = 30  # seconds that a lent GPU may take to get ready, besides


class Steps(NamedTuple):
    """What is known here of a model that is tuned elsewhere."""

    steps: int


@dataclass(frozen=True)
class OnCluster:
    """A state on the way of a tuning that a cluster does, which keeps the model to itself until the end.

    previews: where they are due.
    """

    tuned: Steps
    subjects: "People"
    previews: "Previews | None"

    @property
    def results(self) -> tuple[int, ...]:
        """As of a Pair."""
        from seqdisent_core.reenactment import results

        return results(*(subject.clip for subject in self.subjects))


Enough = Callable[[int], bool]  # whether a tuning ends after so many steps


def tuned(
    first: "FaceClip",
    second: "FaceClip",
    seconds: float | None,
    enough: Enough = lambda steps: False,
    wanted: "Wanted | None" = None,
) -> "Iterator[Pair | OnCluster]":
    """Two clips at the model's size and a model that comes to know them, as Studio.personalise gives and raises.

    Ends once there have been `enough` steps. Where a cluster does it, all but the last are OnCluster, with the previews
    that are `wanted`.
    """
    from seqdisent_core.reenactment import subjects

    return _tuned(call(subjects, first, second), seconds, enough, wanted)


def learnt(clip: "FaceClip", seconds: float | None, enough: Enough) -> "Iterator[OwnFace | OnCluster]":
    """A clip at the model's size and a model that comes to know its face, as Studio.learn_face gives and raises.

    The rest as of `tuned`.
    """
    from seqdisent_core.reenactment import subject

    return _tuned((call(subject, clip),), seconds, enough)


def _tuned(people: "People", seconds: float | None, enough: Enough, wanted: "Wanted | None" = None) -> Iterator[Any]:
    from seqdisent_core.jobs import states, tune

    if workers():
        return _on_cluster(partial(call, tune, model.film_studio(), people, seconds, wanted), people, enough)
    # For no tuning no GPU is lent.
    return _until(enough, states(model.film_studio(), people, 0.0) if seconds == 0 else _states(people, seconds))


def _until(enough: Enough, states: "Iterator[Any]") -> "Iterator[Any]":
    for state in states:
        yield state
        if enough(state.tuned.steps):
            break


def _on_cluster(tuning: Callable[..., Any], subjects: "People", enough: Enough) -> Iterator[Any]:
    told = deque[Any]()  # all of it: a preview may not be missed

    def tune(report: status.Report) -> Any:
        def tell(news: Any) -> bool:
            report(0.0)
            told.append(news)
            return enough(news.steps)

        return tuning(report=tell)

    job = status.Job(tune)
    for _ in job:
        while told:
            news = told.popleft()
            yield OnCluster(Steps(news.steps), subjects, news.previews)
    yield job.result


def check_seconds(seconds: object) -> None:
    """Raises gr.Error for what an endpoint cannot take as the most seconds of tuning."""
    most = limits().tuning_seconds
    if not isinstance(seconds, int | float) or not 0 <= seconds <= most:
        raise gr.Error(f"seconds is {seconds!r}; it must be 0 to {most:g}.", print_exception=False)


def shortened(steps: int, request: gr.Request) -> bool:
    """Whether a tuning ends after so many steps because somebody waits for it."""
    return steps >= SHORT_STEPS and others_wait(request)


@model.on_gpu(lambda people, seconds: (_USUAL if seconds is None else seconds) + _AROUND)
def _states(people: "People", seconds: float | None) -> "Iterator[Pair | OwnFace]":
    from seqdisent_core.jobs import states

    for state in states(model.tuning_studio(), people, seconds):
        yield state.kept() if model.ZERO_GPU else state
