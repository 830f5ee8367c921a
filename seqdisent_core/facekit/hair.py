"""Hair as one shell over the skull, its outline and strands painted as a texture with transparency.

The shell is a grid: `turn` runs around the head (0 in front, positive towards the head's left), `length` down along
a strand from the crown. Strands follow the skull as far as the ears and hang straight from there.
"""

import cv2
import numpy as np

from seqdisent_core.facekit.acting import Light
from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.surface import Surface

_TURNS, _STEPS = 81, 44
WIDEST = float(np.radians(125))
_LONGEST = 36.0  # cm along a strand
_CENTRE = np.array([0.0, 4.0, 0.5], dtype=np.float32)
_TEXTURE = (1024, 512)  # along turn, along length
_EAR = 2.0  # cm, height below which hair hangs


class Hair:
    """The shell's grid and the vertices of the skull that it is tied to."""

    def __init__(self, surface: Surface, widest: float):
        """widest: how far around the head the shell reaches on either side, in radians."""
        self.turn = np.linspace(-widest, widest, _TURNS)
        place = surface.neutral
        # The skull alone: no ears, no eyes, nothing inside the mouth, no nose or lips standing out.
        usable = np.zeros(len(place), bool)
        usable[surface.skin.vertex] = True
        usable[surface.untextured.vertex[surface.untextured.material == "M_BackHead"]] = True
        ear = (np.abs(place[:, 0]) > 7.1) & (place[:, 1] < 5.2) & (place[:, 1] > -3) & (place[:, 2] < 3.5)
        usable &= ~ear & (place[:, 1] > -4) & ~((np.abs(place[:, 0]) < 5) & (place[:, 1] < 4))
        self._skull = np.flatnonzero(usable)
        ray = place[self._skull] - _CENTRE
        ray /= np.linalg.norm(ray, axis=1, keepdims=True)
        drop = np.radians(np.linspace(1, 112, 40))
        self._drop = drop
        turn, down = np.meshgrid(self.turn, drop, indexing="ij")
        self.ray = np.stack([np.sin(down) * np.sin(turn), np.cos(down), np.sin(down) * np.cos(turn)], -1)
        near = self.ray.reshape(-1, 3) @ ray.T
        nearest = np.argpartition(-near, 4, axis=1)[:, :4]
        order = np.argsort(-np.take_along_axis(near, nearest, 1), axis=1)
        self._near = np.take_along_axis(nearest, order, 1)
        gap = np.clip(1 - np.take_along_axis(near, self._near, 1), 1e-5, None)
        self._share = (1 / gap) / (1 / gap).sum(1, keepdims=True)
        row, column = np.meshgrid(np.arange(_TURNS - 1), np.arange(_STEPS - 1), indexing="ij")
        first = (row * _STEPS + column).ravel()
        self.triangles = np.concatenate(
            [
                np.stack([first, first + 1, first + _STEPS], 1),
                np.stack([first + 1, first + _STEPS + 1, first + _STEPS], 1),
            ]
        )
        u, v = np.meshgrid(np.linspace(0, 1, _TURNS), np.linspace(0, 1, _STEPS), indexing="ij")
        self.uv = np.stack([u.ravel(), v.ravel()], 1).astype(np.float32)

    def grow(self, person: Person, neutral: np.ndarray, body: float | None = None) -> np.ndarray:
        """The shell on this person's head: float32 (turns * steps, 3) in cm, in the neutral face's frame.

        body: how far it stands off the skull, by default as the style has it.
        """
        away = np.linalg.norm(neutral[self._skull] - _CENTRE, axis=1)
        radius = (away[self._near] * self._share).sum(1).reshape(_TURNS, -1)
        radius = cv2.GaussianBlur(radius.astype(np.float32), (0, 0), 2.0)
        body = _BODY[person.hair_style] if body is None else body
        strands = np.empty((_TURNS, _STEPS, 3), np.float32)
        for row in range(_TURNS):
            thick = body * (0.45 + 0.55 * np.cos(self._drop * 0.7))
            path = _CENTRE + self.ray[row] * (radius[row] + thick)[:, None]
            strands[row] = _hang(path, self.turn[row], body)
        return cv2.GaussianBlur(strands, (0, 0), sigmaX=1.2, sigmaY=1.6).reshape(-1, 3)  # no kinks at the ears

    def paint(self, person: Person, shell: np.ndarray) -> np.ndarray:
        """Texture, float32 (length, turn, 4): squared screen values and opacity, row 0 at the crown."""
        rng = np.random.default_rng(person.paint_seed + 3)
        wide, long = _TEXTURE
        turn = np.linspace(self.turn[0], self.turn[-1], wide)
        length = np.linspace(0, _LONGEST, long)[:, None]
        fine = _streaks(rng, wide, long, 1.0, 60)
        locks = _streaks(rng, wide, long, 9.0, 120)
        colour = np.array(person.hair, dtype=np.float32) ** 2
        tone = np.clip(1 + 0.26 * fine + 0.24 * locks, 0.25, 2.2)[..., None]
        ends = rng.normal(0, 1, (1, wide)).astype(np.float32)
        ends = cv2.GaussianBlur(ends, (0, 0), 1.2) * 1.3 + cv2.GaussianBlur(ends, (0, 0), 8) * 3
        reach = _reach(person, turn, shell)[None] + ends * _RAGGED[person.hair_style]
        opacity = np.clip((reach - length) / 0.7 + 0.5, 0, 1) * np.clip(1.25 + 0.25 * fine, 0, 1)
        return np.concatenate([colour * tone, opacity[..., None]], 2).astype(np.float32)

    def laid_down(self, person: Person, neutral: np.ndarray, shell: np.ndarray, opacity: np.ndarray) -> np.ndarray:
        """The shell, drawn to the skull where cut hair ends, so that no gap shows between them from the side."""
        if flowing(person):
            return shell
        height, width = opacity.shape
        inner = cv2.GaussianBlur(np.pad(opacity, ((60, 0), (0, 0)), mode="edge"), (0, 0), sigmaX=28, sigmaY=22)[60:]
        rows = np.clip((self.uv[:, 1] * height).astype(int), 0, height - 1)
        columns = np.clip((self.uv[:, 0] * width).astype(int), 0, width - 1)
        lifted = np.clip((inner[rows, columns] - 0.45) / 0.45, 0, 1)[:, None]
        flat = self.grow(person, neutral, body=0.12)
        return (flat + lifted * (shell - flat)).astype(np.float32)

    def visible_triangles(self, opacity: np.ndarray) -> np.ndarray:
        """The triangles (n, 3) with any hair in them, of the opacity (length, turn) that `paint` gave."""
        height, width = opacity.shape
        reach = np.ones((2 * (height // (_STEPS - 1)) + 3, 2 * (width // (_TURNS - 1)) + 3), np.uint8)
        around = cv2.dilate(opacity, reach)
        rows = np.clip((self.uv[:, 1] * height).astype(int), 0, height - 1)
        columns = np.clip((self.uv[:, 0] * width).astype(int), 0, width - 1)
        shown = self.triangles[(around[rows, columns][self.triangles] > 0.02).all(1)]
        return shown[
            np.argsort(-np.abs(self.uv[shown[:, 0], 0] - 0.5), kind="stable")
        ]  # what hangs in front comes last

    def shade(self, shell: np.ndarray, light: Light) -> np.ndarray:
        """Light on each point of the shell, float32 (points, 3): soft, with a sheen across the strands."""
        grid = shell.reshape(_TURNS, _STEPS, 3)
        along = np.gradient(grid, axis=1)
        along /= np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-6)
        across = np.gradient(grid, axis=0)
        normal = np.cross(along, across)
        normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-6)
        half = light.key + np.array([0, 0.3, 1.0])
        half /= np.linalg.norm(half)
        sheen = np.sqrt(np.clip(1 - (along @ half) ** 2, 0, 1)) ** 30 * np.clip(normal @ half, 0, 1)
        total = np.zeros_like(grid)
        for direction, colour in ((light.key, light.key_colour), (light.fill, light.fill_colour)):
            total += np.clip((normal @ direction + 0.3) / 1.3, 0, 1)[..., None] * colour * 0.85
        total += (0.6 + 0.4 * normal[..., 1:2]) * light.sky_colour
        return (total * (0.8 + 0.9 * sheen[..., None])).reshape(-1, 3).astype(np.float32)


# How far the hair stands off the skull in cm, and how uneven its ends are.
_BODY = {"bald": 0.0, "short": 0.55, "receding": 0.3, "bob": 1.1, "long": 0.95, "fringe": 0.75, "tied": 0.35}
_RAGGED = {"bald": 0.0, "short": 0.5, "receding": 0.5, "bob": 0.45, "long": 0.6, "fringe": 0.85, "tied": 0.4}


def flowing(person: Person) -> bool:
    """Whether the hair falls over the ears."""
    return person.female and person.hair_style in ("long", "bob", "fringe")


def _hang(path: np.ndarray, turn: float, body: float) -> np.ndarray:
    """A strand resampled evenly to _STEPS points over _LONGEST cm: along the skull, then straight down."""
    low = int(np.argmax(path[:, 1] < _EAR)) if (path[:, 1] < _EAR).any() else len(path) - 1
    skull = path[: low + 1]
    fall = np.arange(1, 40)[:, None] * 0.8
    edge = skull[-1]
    out = np.array([np.sin(turn), 0, np.cos(turn) * 0.3], np.float32) * body
    hanging = edge + fall * np.array([0, -1.0, 0]) + out * np.sin(np.clip(fall / 9, 0, np.pi * 0.8)) * 0.9
    strand = np.concatenate([skull, hanging])
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(strand, axis=0), axis=1))])
    want = np.linspace(0, _LONGEST, _STEPS)
    return np.stack([np.interp(want, run, strand[:, axis]) for axis in range(3)], 1)


def _reach(person: Person, turn: np.ndarray, shell: np.ndarray) -> np.ndarray:
    """Length of the hair in cm along its strand, (turns,), from the heights it ends at."""
    degrees = np.degrees(turn)
    side = np.abs(degrees)
    hairline = 9.7 + person.hairline - 0.00085 * side**2
    sideburn = np.interp(side, [0, 40, 62, 72, 80, 90, 125], [0, 0, -1.2, -3.6, -5.0, -6.0, -6.0])
    height = hairline + sideburn
    style = person.hair_style
    if style == "receding":
        height = height + 2.2 * np.exp(-(((side - 28) / 14) ** 2)) + 0.9
    if style == "fringe":
        height = np.where(side < 48, 7.0 + person.hairline * 0.5 + 0.25 * np.sin(degrees / 11 + person.parting), height)
    if not flowing(person):
        height = np.maximum(height, np.where(side > 74, 2.4, -30.0))  # cut short behind the ears
    if flowing(person):
        end = -16.0 if style == "long" else -6.2 + person.hairline
        swing = np.clip((side - 44 - 3 * np.sign(degrees * person.parting)) / 16, 0, 1)
        height = height * (1 - swing) + end * swing
    grid = shell.reshape(_TURNS, _STEPS, 3)[:, :, 1]
    want = np.interp(turn, np.linspace(turn[0], turn[-1], _TURNS), np.arange(_TURNS))
    lengths = np.linspace(0, _LONGEST, _STEPS)
    rows = [grid[round(place)] for place in want]
    return np.array([np.interp(-y, -row, lengths) for y, row in zip(height, rows, strict=True)], dtype=np.float32)


def _streaks(rng: np.random.Generator, wide: int, long: int, across: float, along: float) -> np.ndarray:
    """Noise drawn out along the strands, standard deviation 1, float32 (long, wide)."""
    rough = rng.normal(0, 1, (long, wide)).astype(np.float32)
    soft = cv2.GaussianBlur(rough, (0, 0), sigmaX=across, sigmaY=along)
    return soft / soft.std()
