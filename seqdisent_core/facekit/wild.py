"""Draws thousands of different persons in a few takes each: a wider world than the 52, for films of real people."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqdisent_core.errors import DataError
from seqdisent_core.facekit.improvising import improvise, scene
from seqdisent_core.facekit.model import source_hash
from seqdisent_core.facekit.people import Person, cast
from seqdisent_core.facekit.render import CORES, SetPlan, render_set
from seqdisent_core.facekit.surface import Surface

if TYPE_CHECKING:
    from seqdisent_core.facekit.head import Theatre

COUPLE = 2  # persons who play the same takes: what one does is known of the other
COUPLES_A_FILE = 5
_HELD = 0.03  # of the couples, for validation, and as many for test
_EVEN = (1 / 7,) * 7


@dataclass(frozen=True)
class Wild(SetPlan):
    """Couples: a person's takes one after the other, then the partner's. The expression names a take of a couple."""

    @property
    def files(self) -> list[str]:
        return [f"couples_{file:04d}.npy" for file in range(self.persons // (COUPLE * COUPLES_A_FILE))]

    @property
    def clips_a_file(self) -> int:
        return COUPLE * COUPLES_A_FILE * self.takes

    def draw(self, theatre: "Theatre", file: int) -> np.ndarray:
        couples = range(file * COUPLES_A_FILE, (file + 1) * COUPLES_A_FILE)
        return np.concatenate([draw_couple(theatre, couple, self) for couple in couples])

    def rows(self) -> Iterator[tuple[str, int, str, str, int, str]]:
        for number, file in enumerate(self.files):
            for index in range(self.clips_a_file):
                within, take = divmod(index, self.takes)
                person = number * COUPLE * COUPLES_A_FILE + within
                couple = person // COUPLE
                yield file, index, f"person_{person:05d}", f"couple_{couple:05d}_{take}", take, self._split(couple)

    def _split(self, couple: int) -> str:
        couples = self.persons // COUPLE
        held = max(1, round(_HELD * couples))  # the last of them
        return "test" if couple >= couples - held else "validation" if couple >= couples - 2 * held else "train"


def render_wild(
    out: str | Path,
    source: str | Path,
    *,
    persons: int = 3000,
    takes: int = 2,
    frames: int = 24,
    size: int = 128,
    seed: int = 0,
    workers: int = CORES,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw `persons` persons (in tens) in `takes` takes each into the folder `out`, as render_facekit52 does.

    Their clips begin and move as those of filmed people do, at 6 to 25 frames a second. Raises DataError for other
    numbers than a set can have; else as render_facekit52.
    """
    a_file = COUPLE * COUPLES_A_FILE
    if persons < a_file or persons % a_file or min(takes, frames, workers) < 1 or size < 16:
        raise DataError(f"A set needs {a_file} persons or a multiple, 1 take, 1 frame, 16 pixels a side and 1 worker.")
    plan = Wild("wild", source_hash(source), persons, takes, frames, size, seed)
    return render_set(out, source, plan, workers=workers, progress=progress)


def extra(surface: Surface, person: int, seed: int) -> Person:
    """One of many: every tone of skin alike, glasses on one in four, hair further down or up, any wall behind."""
    rng = np.random.default_rng([seed, person, 1009])
    drawn = cast(surface, person, seed, tones=_EVEN)
    wall = np.clip(rng.uniform(0.05, 0.95) + rng.normal(0, 0.15, (2, 3)), 0.02, 0.97)
    return replace(
        drawn,
        glasses=int(rng.integers(1 << 31)) if rng.random() < 0.25 else None,
        hairline=drawn.hairline - float(rng.uniform(0, 1.6) if rng.random() < 0.4 else 0),
        backdrop=tuple(tuple(float(value) for value in colour) for colour in wall),  # type: ignore[arg-type]
        backdrop_noise=float(rng.uniform(0.02, 0.3)),
    )


def draw_couple(theatre: "Theatre", couple: int, plan: SetPlan) -> np.ndarray:
    """Both persons of a couple in the same takes, uint8 (2 takes, frames, size, size, 3), one person's first.

    A person's light, wall and camera are the same in all takes, and both are framed alike: a person's clip is what
    that person's static code with the partner's dynamics should give.
    """
    from seqdisent_core.facekit.filming import cameras, film

    names, seed = theatre.surface.expression_names, plan.seed
    clips = []
    for person in range(COUPLE * couple, COUPLE * couple + COUPLE):
        theatre.dress(extra(theatre.surface, person, seed))
        camera, light = cameras(np.random.default_rng([seed, person, 1013])), scene((seed, person))
        for take in range(plan.takes):
            performance = replace(improvise((seed, couple, take), names, plan.frames), light=light)
            played = theatre.play(performance, np.random.default_rng([seed, couple, take, 1019]))
            clips.append(film(played, camera, np.random.default_rng([seed, person, take, 1021])))
    return np.stack(clips)
