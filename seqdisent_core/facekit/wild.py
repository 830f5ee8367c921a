"""Draws thousands of different persons in a few takes each, with the truth beside them: for films of real people."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqdisent_core.data import ANCHORS
from seqdisent_core.errors import DataError
from seqdisent_core.facekit.improvising import improvise, sample_light
from seqdisent_core.facekit.model import FaceModel, read_face_model, source_hash
from seqdisent_core.facekit.people import Person, sample_person
from seqdisent_core.facekit.sets import CORES, SetPlan, render_set
from seqdisent_core.facekit.surface import Surface
from seqdisent_core.facekit.truth import GRID
from seqdisent_core.facekit.view import REACH

if TYPE_CHECKING:
    from seqdisent_core.facekit.film_renderer import FilmRenderer, Rendering

RENDERER = 2  # of this set; raise when a change of the renderer changes its pictures
PAIR = 2  # persons who play the same takes: what one does is known of the other
PAIRS_A_FILE = 5
_HELD = 0.03  # of the pairs, for validation, and as many for test
_EVEN = (1 / 7,) * 7


@dataclass(frozen=True)
class Wild(SetPlan):
    """Parallel pairs: a person's takes one after the other, then the partner's. The expression names a pair's take."""

    renderer: int = RENDERER
    reach: float = REACH  # sides of the picture in sides of the tight crop around the face
    anchors: int = ANCHORS  # frames of a take that motion leads to: the first, and one at random
    grid: int = GRID
    shapes: tuple[str, ...] = ()  # names of the weights in records

    @property
    def files(self) -> list[str]:
        return [f"pairs_{file:04d}.npy" for file in range(self.persons // (PAIR * PAIRS_A_FILE))]

    @property
    def clips_a_file(self) -> int:
        return PAIR * PAIRS_A_FILE * self.takes

    @property
    def parts(self) -> dict[str, tuple[int, ...]]:
        clips = self.clips_a_file
        return {  # the frames last: they are what a reader looks for
            "motion": (clips, self.anchors, self.frames, self.grid, self.grid, 2),
            "visible": (clips, self.anchors, self.frames, self.grid, self.grid),
            "foreground": (clips, self.frames, self.grid, self.grid),
            "records": (clips, self.frames),
            "anchors": (clips, self.anchors),
            **super().parts,
        }

    def make_renderer(self, model: FaceModel) -> "FilmRenderer":
        from seqdisent_core.facekit.film_renderer import TURNED_AWAY, FilmRenderer

        return FilmRenderer(Surface(model, TURNED_AWAY), self.size)

    def draw(self, renderer: "FilmRenderer", file: int) -> dict[str, np.ndarray]:
        pairs = range(file * PAIRS_A_FILE, (file + 1) * PAIRS_A_FILE)
        clips = [clip for pair in pairs for clip in draw_pair(renderer, pair, self)]
        return {part: np.stack([getattr(clip, part or "frames") for clip in clips]) for part in self.parts}

    def rows(self) -> Iterator[tuple[str, int, str, str, int, str]]:
        for number, file in enumerate(self.files):
            for index in range(self.clips_a_file):
                within, take = divmod(index, self.takes)
                person = number * PAIR * PAIRS_A_FILE + within
                pair = person // PAIR
                yield file, index, f"person_{person:05d}", f"pair_{pair:05d}_{take}", take, self._split(pair)

    def _split(self, pair: int) -> str:
        pairs = self.persons // PAIR
        held = max(1, round(_HELD * pairs))  # the last of them
        return "test" if pair >= pairs - held else "validation" if pair >= pairs - 2 * held else "train"


def render_wild(
    out: str | Path,
    source: str | Path,
    *,
    persons: int = 4000,
    takes: int = 2,
    frames: int = 24,
    size: int = 256,
    seed: int = 0,
    workers: int = CORES,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw `persons` persons (in tens) in `takes` takes each into the folder `out`, as render_facekit52 does.

    Takes begin and move as those of filmed people do, at 6 to 25 frames a second; two persons each play the same ones.
    A picture is 1.7 times as wide as the tight crop around the face and shares its middle, so that training may cut out
    anything between. Blur, noise, compression, occlusion and crops that slip are left to training.

    Each file of clips, pairs_0000.npy, ..., uint8 (clips, frames, size, size, 3), has its truth beside it, in arrays
    that can be mapped into memory. Places are in sides of the picture, right and down from its upper left corner:

    * pairs_0000.anchors.npy: uint8 (clips, 2), the frames that motion leads to: the first, and one at random.
    * pairs_0000.motion.npy: float16 (clips, anchors, frames, 64, 64, 2), backward motion: where the anchor frame has
      what a cell shows, minus the cell's own place. Where a cell shows person and background, of the larger one.
    * pairs_0000.visible.npy: uint8 (clips, anchors, frames, 64, 64), 255 times the share of the cell that the anchor
      frame shows, too. It is 0 also where that has left the anchor frame: place plus motion tells.
    * pairs_0000.foreground.npy: uint8 (clips, frames, 64, 64), 255 times the share that the person covers.
    * pairs_0000.records.npy: a structured array (clips, frames) of float32, but for the last:
        weights (shapes,): of the shapes that set.json names.
        pose (6,): of the head: yaw, pitch, roll in degrees, positive to its left, up, to its left shoulder; x, y, z in
        cm. view (4,): of the camera that follows: x, y, side in cm, roll in radians.
        gaze (2, 2): of the left and the right eye in the head, degrees to its left and up.
        lids (2,): opening of the left and the right eye over its width.
        landmarks (68, 2): places; landmarks_visible: uint8 (68,), 1 where the frame shows them.

    Raises DataError for other numbers than a set can have; else as render_facekit52.
    """
    a_file = PAIR * PAIRS_A_FILE
    if persons < a_file or persons % a_file or min(takes, frames, workers) < 1 or frames > 255 or size < 16:
        raise DataError(
            f"A set needs {a_file} persons or a multiple, 1 take, 1 to 255 frames, 16 pixels a side and 1 worker."
        )
    shapes = read_face_model(source).expression_names
    plan = Wild("wild", source_hash(source), persons, takes, frames, size, seed, shapes=shapes)
    return render_set(out, source, plan, workers=workers, progress=progress)


def sample_varied_person(surface: Surface, person: int, seed: int) -> Person:
    """One of many: every tone of skin alike, glasses on one in four, hair further down or up, any wall behind."""
    rng = np.random.default_rng([seed, person, 1009])
    sampled = sample_person(surface, person, seed, tones=_EVEN)
    wall = np.clip(rng.uniform(0.05, 0.95) + rng.normal(0, 0.1, (2, 3)), 0.02, 0.97)
    hairline = rng.choice([rng.uniform(-1.6, 0), 0, rng.uniform(0.3, 1.5)], p=[0.35, 0.3, 0.35])
    return replace(
        sampled,
        glasses=int(rng.integers(1 << 31)) if rng.random() < 0.25 else None,
        hairline=sampled.hairline + float(hairline),
        backdrop=tuple(tuple(float(value) for value in colour) for colour in wall),  # type: ignore[arg-type]
        backdrop_noise=float(rng.uniform(0.02, 0.3)),
        reflection=float(rng.uniform(0.2, 0.9) if rng.random() < 0.6 else 0.0),
        wrinkles=float(rng.uniform(0.05, 0.2) + 0.35 * sampled.age),
        teeth=tuple(np.array([0.88, 0.86, 0.81]) - rng.uniform(0, 0.1) * np.array([0.5, 0.8, 1.8])),
    )


def draw_pair(renderer: "FilmRenderer", pair: int, plan: Wild) -> list["Rendering"]:
    """Both persons of a pair in the same takes: the first one's, then the second one's.

    A person's light, wall and camera are the same in all takes, and both are framed alike: a person's clip is what
    that person's static code with the partner's dynamics should give.
    """
    from seqdisent_core.facekit.filming import record, sample_camera

    names, seed = renderer.surface.expression_names, plan.seed
    clips = []
    for person in range(PAIR * pair, PAIR * pair + PAIR):
        renderer.set_person(sample_varied_person(renderer.surface, person, seed))
        camera, light = sample_camera(np.random.default_rng([seed, person, 1013])), sample_light((seed, person))
        for take in range(plan.takes):
            anchors = (0, int(np.random.default_rng([seed, pair, take, 1019]).integers(plan.frames)))[: plan.anchors]
            performance = replace(improvise((seed, pair, take), names, plan.frames), light=light)
            drawn = renderer.render_film(performance, anchors)
            clips.append(drawn._replace(frames=record(drawn.frames, camera)))
    return clips
