"""Pairs of persons whom no training set of FaceKit-52 shows, each in a take of their own, and what a swap should be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqdisent_core.data import EXPRESSIONS
from seqdisent_core.errors import DataError
from seqdisent_core.facekit.acting import Performance, perform
from seqdisent_core.facekit.model import source_hash
from seqdisent_core.facekit.people import sample_person
from seqdisent_core.facekit.sets import CORES, SetPlan, render_set

if TYPE_CHECKING:
    from seqdisent_core.facekit.renderer import Renderer

RENDERER = 1  # of this set; raise when a change of the renderer changes its pictures
FIRST = 52  # number of the first person: FaceKit-52 has those before
CLIPS = 4  # of a take: the first person's, the second's, the first one doing the second's, the second the first's
LANDMARKS = 68


@dataclass(frozen=True)
class Pairs(SetPlan):
    """A file a pair: CLIPS clips of each take, with their landmarks; the labels are what each clip shows."""

    renderer: int = RENDERER

    @property
    def files(self) -> list[str]:
        return [f"pair_{pair:03d}.npy" for pair in range(self.persons // 2)]

    @property
    def clips_a_file(self) -> int:
        return CLIPS * self.takes

    @property
    def parts(self) -> dict[str, tuple[int, ...]]:
        return {"landmarks": (self.clips_a_file, self.frames, LANDMARKS, 2), **super().parts}

    def draw(self, renderer: "Renderer", file: int) -> dict[str, np.ndarray]:
        """The clips, and where each frame's landmarks are, float32, right and down in sides of the picture."""
        names = renderer.surface.expression_names
        frames: list[np.ndarray] = [np.empty(0)] * self.clips_a_file
        landmarks = frames.copy()
        for side in range(2):
            person = FIRST + 2 * file + side
            renderer.set_person(sample_person(renderer.surface, person, self.seed))
            for take in range(self.takes):
                both = [
                    perform(shown, (self.seed, FIRST + 2 * file + of, shown, take), names, self.frames)
                    for of, shown in enumerate(expressions_of(file, take))
                ]
                own, other = both[side], both[1 - side]
                for at, played in ((side, own), (2 + side, in_the_place_of(other, own))):
                    frames[CLIPS * take + at] = renderer.render(played)
                    landmarks[CLIPS * take + at] = renderer.landmarks(played)
        return {"landmarks": np.stack(landmarks).astype(np.float32), "": np.stack(frames)}

    def rows(self) -> Iterator[tuple[str, int, str, str, int, str]]:
        for number, file in enumerate(self.files):
            for take in range(self.takes):
                first, second = (EXPRESSIONS[shown] for shown in expressions_of(number, take))
                for at, expression in enumerate((first, second, second, first)):
                    person = f"person_{FIRST + 2 * number + at % 2:03d}"
                    yield file, CLIPS * take + at, person, expression, take, "test"


def expressions_of(pair: int, take: int) -> tuple[int, int]:
    """What the two of a pair show in a take, two different numbers of EXPRESSIONS; all pairs of them in turn."""
    number = pair + take
    count = len(EXPRESSIONS)
    return number % count, (number + 1 + number // count % (count - 1)) % count


def in_the_place_of(driver: Performance, static: Performance) -> Performance:
    """The driver's movements in the light and before the camera of the static clip: the truth of a swap."""
    return replace(driver, light=static.light, gain=static.gain, jitter=static.jitter, backdrop=static.backdrop)


def render_pairs(
    out: str | Path,
    source: str | Path,
    *,
    persons: int = 40,
    takes: int = 6,
    frames: int = 15,
    size: int = 64,
    seed: int = 0,
    workers: int = CORES,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw pairs of new persons, with the truth of their swaps, into the folder `out` and return it.

    persons: an even number; takes: of each pair; all else as in render_facekit52. Beside pair_000.npy lies
    pair_000.landmarks.npy, float32 (clips, frames, 68, 2).
    """
    if persons < 2 or persons % 2 or min(takes, workers) < 1 or frames < 2 or size < 16:
        raise DataError("Pairs need an even number of persons, 1 take, 2 frames, 16 pixels a side and 1 worker.")
    plan = Pairs("pairs", source_hash(source), persons, takes, frames, size, seed)
    return render_set(out, source, plan, workers=workers, progress=progress)
