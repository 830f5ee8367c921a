"""FaceKit-Any: the labels of FaceKit-52 in clips that tell methods apart.

A clip begins anywhere in a movement, expressions go from faint to full, heads turn and light changes within a clip, and
persons look more alike.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seqdisent_core.errors import DataError
from seqdisent_core.facekit.acting import Light, Performance, perform, sample_studio_light
from seqdisent_core.facekit.model import source_hash
from seqdisent_core.facekit.people import Person, sample_person
from seqdisent_core.facekit.sets import CORES, FaceKit52, render_set
from seqdisent_core.facekit.surface import Surface

RENDERER = 1  # of this set; raise when a change of the renderer changes its pictures
FAINT = 0.4  # of an expression's strength, the least
_TONES = (0.0, 0.3, 0.5, 0.2, 0.0, 0.0, 0.0)  # of skin, from light to dark
_HAIR = (0.26, 0.18, 0.13)  # that everyone's is mixed with
_SHAPE = 0.7  # of the deviations of faces
_WALL = ((0.5, 0.5, 0.52), (0.38, 0.38, 0.4))  # everyone's
_TURN = np.array([11.0, 5.0, 4.0])  # degrees of yaw, pitch and roll that a head turns by within a clip
_SWING = 0.9  # of the key light from one side to the other, in the same units as its direction


def sample_alike_person(surface: Surface, person: int, seed: int = 0) -> Person:
    """The person with this number: of similar skin, shape and hair as all others, before the same wall."""
    own = sample_person(surface, person, seed, tones=_TONES)
    red, green, blue = (float(value) for value in 0.45 * np.array(own.hair) + 0.55 * np.array(_HAIR))
    return replace(own, shape=_SHAPE * own.shape, hair=(red, green, blue), backdrop=_WALL, clothes=_WALL[1])


def perform_anywhere(expression: int, seed: tuple[int, ...], names: tuple[str, ...], frames: int = 15) -> Performance:
    """`frames` of a take of twice the length, from any of its frames on that still shows the apex.

    expression: its number in EXPRESSIONS; seed: numbers that fix the take; names: the model's expression names.
    """
    rng = np.random.default_rng([*seed, 7201])
    whole = perform(expression, seed, names, 2 * frames)
    start = int(rng.integers(0, frames + 1))
    strength = rng.uniform(FAINT, 1.0)
    gaze = np.array([name.startswith(("eyeBlink", "eyeLook")) for name in names])
    weights = whole.weights[start : start + frames] * np.where(gaze, 1.0, strength).astype(np.float32)
    lights = (whole.light, sample_studio_light(rng))
    shift = np.array([rng.uniform(-_SWING, _SWING), 0, 0])
    return replace(
        whole,
        weights=weights,
        pose=_turning(whole.pose[start : start + frames], rng),
        lights=tuple(_between(*lights, shift * at, at) for at in np.linspace(0, 1, frames)),
    )


def _turning(pose: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The pose with a head that turns: half a wave or one and a half in a clip, of each angle by itself."""
    time = np.linspace(0, 1, len(pose))[:, None]
    waves = np.sin(rng.uniform(0, 2 * np.pi, 3) + np.pi * rng.uniform(0.5, 1.5, 3) * time)
    turned = pose.copy()
    turned[:, :3] += _TURN * rng.uniform(0.3, 1.0, 3) * waves
    return turned


def _between(first: Light, second: Light, shift: np.ndarray, share: float) -> Light:
    """The first light with a share of the second in it, its key moved by `shift`."""
    mixed = {name: (1 - share) * getattr(first, name) + share * getattr(second, name) for name in vars(first)}
    key = mixed["key"] + shift
    return Light(**{**mixed, "key": key / np.linalg.norm(key), "fill": mixed["fill"] / np.linalg.norm(mixed["fill"])})


@dataclass(frozen=True)
class FaceKitAny(FaceKit52):
    """Files and labels as FaceKit-52 has them."""

    renderer: int = RENDERER

    def person(self, surface: Surface, number: int) -> Person:
        return sample_alike_person(surface, number, self.seed)

    def performance(self, seed: tuple[int, ...], expression: int, names: tuple[str, ...]) -> Performance:
        return perform_anywhere(expression, seed, names, self.frames)


def render_facekit_any(
    out: str | Path,
    source: str | Path,
    *,
    persons: int = 52,
    takes: int = 24,
    frames: int = 15,
    size: int = 64,
    seed: int = 0,
    workers: int = CORES,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw the set FaceKit-Any into the folder `out` and return it, as render_facekit52 does."""
    if min(persons, workers) < 1 or frames < 2 or takes < 3 or size < 16:
        raise DataError("A set needs at least 1 person, 3 takes, 2 frames, 16 pixels a side and 1 worker.")
    plan = FaceKitAny("facekit_any", source_hash(source), persons, takes, frames, size, seed)
    return render_set(out, source, plan, workers=workers, progress=progress)
