"""Draws whole sets of labelled clips: several processes, one file a person, taken up again where it stopped."""

import csv
import importlib.util
import io
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqdisent_core.data import EXPRESSIONS, UNREADABLE, part_path, read_plan, split_of_takes, write_whole
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.facekit.acting import Performance, perform
from seqdisent_core.facekit.model import FaceModel, read_face_model, source_hash
from seqdisent_core.facekit.people import Person, sample_person
from seqdisent_core.facekit.surface import Surface

if TYPE_CHECKING:
    from seqdisent_core.facekit.renderer import Renderer

RENDERER = 1  # raise when a change of the renderer changes the pictures: older files are then not mixed with new ones
CORES = min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
_THREADS = ("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class SetPlan:
    """Everything that fixes a set's pictures; written as set.json beside them.

    takes: a person's clips, of each expression where there are such. frames: a clip's length.
    """

    name: str
    source: str  # SHA-256 of the face model
    persons: int
    takes: int
    frames: int
    size: int
    seed: int
    renderer: int = RENDERER

    @property
    def files(self) -> list[str]:
        """Names of the files, which are drawn one by one."""
        raise NotImplementedError

    @property
    def clips_a_file(self) -> int:
        raise NotImplementedError

    @property
    def parts(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays of one file, by the ending that their names get; the frames have none."""
        return {"": (self.clips_a_file, self.frames, self.size, self.size, 3)}

    def make_renderer(self, model: FaceModel) -> Any:
        """What a process draws this set with."""
        from seqdisent_core.facekit.renderer import Renderer

        return Renderer(Surface(model), self.size)

    def draw(self, renderer: Any, file: int) -> dict[str, np.ndarray]:
        """The arrays of one file, as `parts` names them; frames are uint8."""
        raise NotImplementedError

    def rows(self) -> Iterator[tuple[str, int, str, str, int, str]]:
        """A line a clip: file, index in it, person, expression, take, split."""
        raise NotImplementedError


@dataclass(frozen=True)
class FaceKit52(SetPlan):
    """A file a person: six expressions, the takes of one together."""

    @property
    def files(self) -> list[str]:
        return [f"person_{person:03d}.npy" for person in range(self.persons)]

    @property
    def clips_a_file(self) -> int:
        return len(EXPRESSIONS) * self.takes

    def person(self, surface: Surface, number: int) -> Person:
        """Who has this number."""
        return sample_person(surface, number, self.seed)

    def performance(self, seed: tuple[int, ...], expression: int, names: tuple[str, ...]) -> Performance:
        """The take that the seed fixes."""
        return perform(expression, seed, names, self.frames)

    def draw(self, renderer: "Renderer", file: int) -> dict[str, np.ndarray]:
        surface = renderer.surface
        renderer.set_person(self.person(surface, file))
        takes = product(range(len(EXPRESSIONS)), range(self.takes))
        names = surface.expression_names
        clips = [renderer.render(self.performance((self.seed, file, e, t), e, names)) for e, t in takes]
        return {"": np.stack(clips)}

    def rows(self) -> Iterator[tuple[str, int, str, str, int, str]]:
        splits = split_of_takes(self.takes)
        for file in self.files:
            for index, (expression, take) in enumerate(product(EXPRESSIONS, range(self.takes))):
                yield file, index, Path(file).stem, expression, take, splits[take]


def render_facekit52(
    out: str | Path,
    source: str | Path,
    *,
    persons: int = 52,
    takes: int = 12,
    frames: int = 15,
    size: int = 64,
    seed: int = 0,
    workers: int = CORES,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw the set FaceKit-52 into the folder `out` and return it; finished persons are not drawn again.

    source: ict_facekit.npz or the folder FaceXModel. frames: a clip's length. size: pixels a side. progress: called
    with (clips done, clips in all). The folder gets set.json, labels.csv and person_000.npy, ..., each uint8
    (clips, frames, size, size, 3). The pictures depend on source, frames, size and seed alone, not on `workers`.
    Processes are started afresh ("spawn"): call this under `if __name__ == "__main__"` in a script.

    Raises DataError if the folder holds a set drawn with other settings, or the source is not a face model;
    ConfigError if VTK is not installed.
    """
    if min(persons, frames, workers) < 1 or takes < 3 or size < 16:
        raise DataError("A set needs at least 1 person, 3 takes, 1 frame, 16 pixels a side and 1 worker.")
    plan = FaceKit52("facekit52", source_hash(source), persons, takes, frames, size, seed)
    return render_set(out, source, plan, workers=workers, progress=progress)


def render_set(
    out: str | Path,
    source: str | Path,
    plan: SetPlan,
    *,
    workers: int = CORES,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw a set by its plan into the folder `out` and return it, as render_facekit52 does."""
    _need_vtk()
    out = Path(out)
    if not (out / "set.json").exists():
        read_face_model(source)  # says now if it is none, before the folder is its set's
    out.mkdir(parents=True, exist_ok=True)
    _claim(out, plan)
    missing = [number for number, name in enumerate(plan.files) if not _finished(out, name, plan)]
    done, total = (len(plan.files) - len(missing)) * plan.clips_a_file, len(plan.files) * plan.clips_a_file
    if progress is not None:
        progress(done, total)
    if missing:
        others = multiprocessing.active_children()  # of whoever called
        with _one_thread_each():
            pool = ProcessPoolExecutor(
                min(workers, len(missing)),
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_prepare,
                initargs=(str(source), plan),
            )
            with pool:
                waiting = [pool.submit(_draw_file, str(out), number, plan) for number in missing]
                try:
                    for finished in as_completed(waiting):
                        finished.result()
                        done += plan.clips_a_file
                        if progress is not None:
                            progress(done, total)
                except BaseException:  # Ctrl-C, a full disk: nothing more is drawn, what is under way included
                    pool.shutdown(wait=False, cancel_futures=True)
                    for worker in multiprocessing.active_children():
                        if worker not in others:
                            worker.terminate()
                    raise
    write_whole(out / "labels.csv", _labels(plan).encode())
    return out


def draw_clip(
    source: str | Path,
    person: int,
    expression: int | str,
    take: int,
    *,
    frames: int = 15,
    size: int = 64,
    seed: int = 0,
    acted_by: int | None = None,
    margin: float = 0.0,
) -> np.ndarray:
    """One clip of a set, at any size: uint8 (frames, size, size, 3), the same motion and look at every size.

    expression: a name or number of EXPRESSIONS. acted_by: the person whose performance it is, by default their own:
    two persons with one performance show what a perfect swap would be. margin: cm added on each side of the tight
    brows-to-chin crop.

    Raises DataError if the source is not a face model or the expression is unknown; ConfigError without VTK.
    """
    _need_vtk()
    from seqdisent_core.facekit.renderer import Renderer

    number = EXPRESSIONS.index(expression) if expression in EXPRESSIONS else expression
    if not isinstance(number, int) or not 0 <= number < len(EXPRESSIONS):
        raise DataError(f"There is no expression {expression}. Choose one of {', '.join(EXPRESSIONS)}.")
    surface = Surface(read_face_model(source))
    renderer = Renderer(surface, size, margin)
    renderer.set_person(sample_person(surface, person, seed))
    actor = person if acted_by is None else acted_by
    clip = renderer.render(perform(number, (seed, actor, number, take), surface.expression_names, frames))
    renderer.close()
    return clip


def _need_vtk() -> None:
    if importlib.util.find_spec("vtkmodules") is None:
        raise ConfigError("Drawing faces needs VTK, which is not installed. Run: python -m pip install '.[render]'")


def _claim(out: Path, plan: SetPlan) -> None:
    path = out / "set.json"
    if path.exists():
        found = read_plan(out)
        wrong = [key for key, value in json.loads(json.dumps(asdict(plan))).items() if found.get(key) != value]
        if wrong:
            raise DataError(
                f"The folder {out.name} holds a set drawn with another {', '.join(wrong)}. "
                "Render into an empty folder, or with the settings in its set.json."
            )
    elif any(out.glob("*.npy")):
        raise DataError(f"The folder {out.name} holds clips but no set.json. Render into an empty folder.")
    else:
        write_whole(path, (json.dumps(asdict(plan), indent=2) + "\n").encode())


def _finished(folder: Path, file: str, plan: SetPlan) -> bool:
    for part, shape in plan.parts.items():
        path = part_path(folder / file, part)
        try:
            if np.load(path, mmap_mode="r").shape != shape:
                return False
        except UNREADABLE:  # missing, or cut off: drawn again
            return False
    return True


def _labels(plan: SetPlan) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["file", "index", "person", "expression", "take", "split"])
    writer.writerows(plan.rows())
    return table.getvalue()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Child processes read these before they import numpy and VTK; this process's own settings come back after."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_renderers: list = []  # this process's own, made once by _prepare


def _prepare(source: str, plan: SetPlan) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C, which all processes hear, is the first one's to act on
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _renderers[:] = [plan.make_renderer(read_face_model(source))]


def _end_with_parent() -> None:
    """End this process with the one that started it, even if that is killed; else it draws on, and waits for more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw_file(out: str, number: int, plan: SetPlan) -> None:
    (renderer,) = _renderers
    for part, array in plan.draw(renderer, number).items():
        content = io.BytesIO()
        np.save(content, array)
        write_whole(part_path(Path(out) / plan.files[number], part), content.getvalue())
