"""Draws thousands of different persons in a few takes each: a wider world than the 52, for films of real people."""

from dataclasses import replace

import numpy as np

from seqdisent_core.facekit.filming import cameras, film
from seqdisent_core.facekit.head import Theatre
from seqdisent_core.facekit.improvising import improvise, scene
from seqdisent_core.facekit.people import Person, cast
from seqdisent_core.facekit.surface import Surface

COUPLE = 2  # persons who play each other's takes, so that the truth of a swap is known
_EVEN = (1 / 7,) * 7


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


def draw_couple(theatre: Theatre, couple: int, *, frames: int, takes: int, seed: int) -> np.ndarray:
    """Both persons of a couple in the same takes, uint8 (2, takes, frames, size, size, 3).

    A person's light, wall and camera are the same in all takes: the frames of one person's take are the truth of that
    person's other take moved by the other person's.
    """
    surface = theatre.surface
    clips = []
    for person in range(COUPLE * couple, COUPLE * couple + COUPLE):
        theatre.dress(extra(surface, person, seed))
        camera, light = cameras(np.random.default_rng([seed, person, 1013])), scene((seed, person))
        for take in range(takes):
            performance = improvise((seed, couple, take), surface.expression_names, frames)
            played = theatre.play(replace(performance, light=light), np.random.default_rng([seed, couple, take, 1019]))
            clips.append(film(played, camera, np.random.default_rng([seed, person, take, 1021])))
    return np.stack(clips).reshape(COUPLE, takes, *clips[0].shape)
