"""A Person and a Performance put together: the frames of one clip."""

import cv2
import numpy as np

from seqdisent_core.facekit import filming, glasses
from seqdisent_core.facekit.acting import Performance
from seqdisent_core.facekit.canvas import texel_positions, to_uv
from seqdisent_core.facekit.drawing import Mesh, Stage
from seqdisent_core.facekit.eyes import paint_eye, paint_lashes, rest_albedo
from seqdisent_core.facekit.hair import Hair, flowing
from seqdisent_core.facekit.light import FULL, occlusion, shade
from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.skin import paint_skin
from seqdisent_core.facekit.surface import Surface

ABOVE_BROWS = BELOW_CHIN = 1.3  # cm around the face, as in MUG's crops
# Some shapes' lids sink into the eyeball when they close. Drawn this much further away the eye looks the same, since
# the camera is far, and the lids always cover it.
_BEHIND_LIDS = np.array([0.0, 0.0, 0.35], dtype=np.float32)
_PIVOT = np.array([0.0, -6.0, 0.0], dtype=np.float32)  # where the neck bends


class Theatre:
    """Draws any Performance on any Person; one VTK window, pictures of one size.

    size: side of the pictures in pixels. margin: cm added on each side of the tight brows-to-chin crop.
    """

    def __init__(self, surface: Surface, size: int = 64, margin: float = 0.0):
        self.surface, self.size, self.margin = surface, size, margin
        texture = 512 if size <= 64 else 1024
        self._where = texel_positions(surface.skin, surface.neutral, texture)
        centres = np.zeros((len(surface.vertices), 3), np.float32)
        for side in ("M_ScleraLeft", "M_ScleraRight"):
            rows = surface.eyes.material == side
            centres[surface.eyes.vertex[rows]] = [3.2375 * (1 if side == "M_ScleraLeft" else -1), 3.611, 8.37]
        self._eye_where = texel_positions(surface.eyes, surface.neutral - centres, 256)
        self._hair = Hair(surface)
        self._meshes = [
            Mesh(surface.skin.triangles, len(surface.skin.vertex), surface.skin.uv),
            Mesh(surface.eyes.triangles, len(surface.eyes.vertex), surface.eyes.uv),
            Mesh(surface.rest.triangles, len(surface.rest.vertex)),
            Mesh(surface.lashes.triangles, len(surface.lashes.vertex), surface.lashes.uv % 1, translucent=True),
            Mesh(self._hair.triangles, len(self._hair.uv), self._hair.uv, translucent=True, culled=True),
            Mesh(glasses.triangles(), glasses.POINTS),
        ]
        self._stage = Stage(2 * size, self._meshes)  # pictures are drawn at twice their size and averaged

    def dress(self, person: Person) -> None:
        """Make this person ready: shape, textures, colours, crop."""
        surface = self.surface
        self._person = person
        self._neutral = surface.shape(person.shape)
        canvas = paint_skin(person, surface.neutral[surface.landmarks])
        self._meshes[0].paint(_screen(to_uv(canvas, self._where)))
        self._meshes[1].paint(_screen(paint_eye(person, self._eye_where)))
        self._meshes[3].paint(_screen(paint_lashes(person)))
        self._shell = self._hair.grow(person, self._neutral)
        hair = self._hair.paint(person, self._shell)
        self._meshes[4].paint(_screen(hair))
        if flowing(person):
            ear = np.clip(np.abs(self._neutral[:, :1]) - 7.2, 0, None) * (surface.neutral[:, 1:2] > -6)
            self._neutral[:, :1] -= np.sign(self._neutral[:, :1]) * 0.8 * ear  # ears lie flat under hair
        columns = np.clip((self._hair.uv[:, 0] * hair.shape[1]).astype(int), 0, hair.shape[1] - 1)
        rows = np.clip((self._hair.uv[:, 1] * hair.shape[0]).astype(int), 0, hair.shape[0] - 1)
        self._blockers = self._shell[hair[rows, columns, 3] > 0.5]
        self._rest = rest_albedo(person, surface.rest.material, surface.neutral[surface.rest.vertex])
        self._sky = occlusion(surface, self._neutral, self._blockers)
        # As a camera does, expose dark skin a little longer, so that its detail is seen.
        self._exposure = float(np.clip((0.6 / np.mean(person.skin)) ** 0.4, 0.97, 1.25))
        marks = self._neutral[surface.landmarks]
        self._glasses = np.zeros((glasses.POINTS, 3), np.float32)  # out of sight, within the head
        if person.glasses is not None:
            self._glasses = glasses.put_on(marks, person.glasses)
        top, bottom = marks[17:27, 1].max() + ABOVE_BROWS, marks[8, 1] - BELOW_CHIN
        self._side = float(top - bottom + 2 * self.margin)
        self._centre = (float(marks[:17, 0].mean()), float(top + bottom) / 2)

    def play(self, performance: Performance, follow: np.random.Generator | None = None) -> np.ndarray:
        """Frames of the person last dressed, uint8 (frames, size, size, 3).

        The camera stands still, or follows the face as a crop does, with a finder's errors drawn from `follow`.
        """
        surface = self.surface
        self._stage.backdrop(_backdrop(self._person, performance.backdrop))
        x, y, zoom = performance.jitter
        self._stage.look_at(self._centre[0] + x, self._centre[1] + y, self._side * zoom)
        offsets = surface.motion(performance.weights)
        strength = np.abs(performance.weights).sum(1)
        apex = int(strength.argmax())
        apex_sky = occlusion(surface, self._neutral + offsets[apex], self._blockers)
        moved = [_turn(self._neutral + offset, pose) for offset, pose in zip(offsets, performance.pose, strict=True)]
        framing = None
        if follow is not None:
            framing = filming.follow(np.stack([points[surface.landmarks] for points in moved]), follow)
        frames = []
        for number, (points, pose, amount) in enumerate(
            zip(moved, performance.pose, strength / max(strength[apex], 1e-6), strict=True)
        ):
            if framing is not None:
                self._frame(framing, number, performance)
            sky = self._sky + amount * (apex_sky - self._sky)
            lit, gloss = shade(surface, points, sky, performance.light)
            shell = _turn(self._shell, pose)
            hair = self._hair.shade(shell, performance.light)
            gain = (performance.gain * self._exposure) ** 2
            worn = _turn(self._glasses, pose)
            frames.append(self._picture(points, lit * gain, gloss, shell, hair * gain, worn))
        return np.stack(frames)

    def _frame(self, framing: filming.Framing, number: int, performance: Performance) -> None:
        """Points the camera for one frame; the wall behind goes the other way."""
        x, y, side, roll = (float(values[number]) for values in (framing.x, framing.y, framing.side, framing.roll))
        self._stage.look_at(x, y, side, roll)
        brightness, right, down = performance.backdrop
        shift = (brightness, right + (x - self._centre[0]) / side, down - (y - self._centre[1]) / side)
        self._stage.backdrop(_backdrop(self._person, shift))

    def _picture(
        self,
        points: np.ndarray,
        lit: np.ndarray,
        gloss: np.ndarray,
        shell: np.ndarray,
        hair: np.ndarray,
        worn: np.ndarray,
    ) -> np.ndarray:
        surface, (skin, eyes, rest, lashes, locks, spectacles) = self.surface, self._meshes
        tone = np.array(self._person.skin, dtype=np.float32) ** 2
        shine = gloss[:, None] * (0.085 / np.maximum(tone, 0.04))  # multiplied by the texture later, hence divided here
        for mesh, place, colour in (
            (skin, points[surface.skin.vertex], (lit + shine)[surface.skin.vertex]),
            (eyes, points[surface.eyes.vertex] - _BEHIND_LIDS, lit[surface.eyes.vertex] * 1.1),
            (rest, points[surface.rest.vertex], lit[surface.rest.vertex] * self._rest),
            (lashes, points[surface.lashes.vertex], lit[surface.lashes.vertex] * 0 + 1),
            (locks, shell, hair),
            (spectacles, worn, np.square(self._person.brow) * lit.mean()),
        ):
            mesh.points[:] = place
            mesh.colours[:, :3] = np.sqrt(np.clip(colour / FULL, 0, 1)) * 255
            mesh.changed()
        return _EXPOSE[cv2.resize(self._stage.draw(), (self.size, self.size), interpolation=cv2.INTER_AREA)]

    def close(self) -> None:
        """Give the window back."""
        self._stage.close()


def _film() -> np.ndarray:
    """Screen value, uint8 (256,), of each drawn value: undoes FULL, with a soft shoulder at the bright end."""
    value = np.arange(256) / 255 * FULL**0.5
    soft = np.where(value < 0.75, value, 0.75 + 0.25 * np.tanh((value - 0.75) / 0.3))
    return (np.clip(soft, 0, 1) * 255).round().astype(np.uint8)


_EXPOSE = _film()


def _screen(albedo: np.ndarray) -> np.ndarray:
    """uint8 texture of squared screen values; a fourth channel, opacity, stays as it is."""
    clipped = np.clip(albedo, 0, 1)
    return (np.concatenate([np.sqrt(clipped[..., :3]), clipped[..., 3:]], 2) * 255).astype(np.uint8)


def _turn(points: np.ndarray, pose: np.ndarray) -> np.ndarray:
    yaw, pitch, roll = np.radians(pose[:3].astype(np.float64))
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turn = (about_z @ about_x @ about_y).astype(np.float32)
    return (points - _PIVOT) @ turn.T + _PIVOT + pose[3:]


def _backdrop(person: Person, change: tuple[float, float, float]) -> np.ndarray:
    """A blurred wall, uint8 (64, 64, 3): a slanted gradient and soft patches, the same for a person but for a shift."""
    rng = np.random.default_rng(person.paint_seed + 2)
    brightness, right, down = change
    grid = (np.arange(64) + 0.5) / 64
    x, y = np.meshgrid(grid + right, grid + down)
    turn = rng.uniform(0, 2 * np.pi)
    slope = np.clip(0.5 + (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn), 0, 1)[..., None]
    first, second = (np.array(colour) for colour in person.backdrop)
    wall = first + (second - first) * slope
    for _ in range(5):
        cx, cy, size = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.1, 0.35)
        patch = np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / size**2))[..., None]
        wall = wall + patch * (rng.normal() + 0.25 * rng.normal(size=3)) * person.backdrop_noise
    # The scene is drawn darker by FULL and brought back afterwards.
    return (np.clip(wall * brightness, 0.02, 0.97) / FULL**0.5 * 255).astype(np.uint8)
