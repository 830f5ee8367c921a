"""Wrinkles that come with expressions: lines on brow and temples that darken as their muscles pull."""

import numpy as np

from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.surface import Surface

# Lines in cm on the mean face, seen from the front, of one half of the face (x > 0), and the shapes that bring them.
_FOREHEAD = [np.array([[0.0, y], [1.5, y + 0.18], [3.0, y + 0.1], [4.2, y - 0.3]]) for y in (6.9, 7.7, 8.5)]
_GLABELLA = [np.array([[0.5, 4.9], [0.62, 5.7], [0.7, 6.3]])]
_TEMPLES = [np.array([[5.1, 3.45 + up * 0.5], [5.6, 3.45 + up], [6.2, 3.4 + up * 1.6]]) for up in (0.6, 0.1, -0.4)]
_NOSE = [np.array([[0.3, 3.2], [0.9, 2.9]]), np.array([[0.35, 2.7], [1.0, 2.3]])]
_GROUPS = (
    (_FOREHEAD, {"browInnerUp": 0.6, "browOuterUp": 0.6}),
    (_GLABELLA, {"browDown": 0.7, "browInnerUp": 0.15}),
    (_TEMPLES, {"eyeSquint": 0.5, "cheekSquint": 0.4, "mouthSmile": 0.4, "eyeBlink": 0.15}),
    (_NOSE, {"noseSneer": 0.9}),
)
_WIDTH = 0.17  # cm: the mesh has a point every quarter of a centimetre


class Wrinkles:
    """The lines of each half of the face as a depth at each vertex, for one surface."""

    def __init__(self, surface: Surface):
        self._surface = surface
        names = surface.expression_names
        self._pull = np.zeros((len(names), 2 * len(_GROUPS)), np.float32)
        for group, (_, shapes) in enumerate(_GROUPS):
            for half, side in enumerate(("_L", "_R")):
                for shape, amount in shapes.items():
                    self._pull[names.index(shape + side), 2 * group + half] = amount
        self._depths = np.zeros((2 * len(_GROUPS), len(surface.neutral)), np.float32)

    def set_person(self, person: Person) -> None:
        """Place this person's lines: deeper with age, each a little elsewhere."""
        rng = np.random.default_rng([person.paint_seed, 5])
        skin = np.unique(self._surface.skin.vertex)
        place = self._surface.neutral[skin, :2]
        self._depths[:] = 0
        for group, (lines, _) in enumerate(_GROUPS):
            for line in lines:
                points = np.linspace(0, len(line) - 1, 24)
                dense = np.stack([np.interp(points, np.arange(len(line)), line[:, axis]) for axis in range(2)], 1)
                dense += rng.normal(0, [0.05, 0.12]) + 0.05 * np.sin(points[:, None] * 2 + rng.uniform(0, 6))
                depth = person.wrinkles * rng.uniform(0.5, 1.0)
                for half, side in enumerate((1, -1)):
                    apart = np.hypot(*(place[:, None] - dense * [side, 1]).transpose(2, 0, 1)).min(1)
                    self._depths[2 * group + half, skin] += depth * np.exp(-((apart / _WIDTH) ** 2))

    def darkening(self, weights: np.ndarray) -> np.ndarray:
        """Factor of the light on each vertex, float32 (frames, vertices), for weights (frames, shapes)."""
        return 1 - np.clip(np.clip(weights @ self._pull, 0, 1) @ self._depths, 0, 0.6)
