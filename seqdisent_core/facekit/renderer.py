"""A Person and a Performance put together: the frames of one clip."""

from collections.abc import Iterator

import cv2
import numpy as np

from seqdisent_core.facekit import glasses
from seqdisent_core.facekit.acting import Performance
from seqdisent_core.facekit.canvas import texel_positions, to_uv
from seqdisent_core.facekit.drawing import Mesh, Window
from seqdisent_core.facekit.eyes import paint_eye, paint_lashes, untextured_albedo
from seqdisent_core.facekit.hair import WIDEST, Hair, flowing
from seqdisent_core.facekit.light import FULL, occlusion, shade
from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.skin import paint_skin
from seqdisent_core.facekit.surface import Surface
from seqdisent_core.facekit.view import View, project

ABOVE_BROWS = BELOW_CHIN = 1.3  # cm around the face, as in MUG's crops
# Some shapes' lids sink into the eyeball when they close. Drawn this much further away the eye looks the same, since
# the camera is far, and the lids always cover it.
BEHIND_LIDS = np.array([0.0, 0.0, 0.35], dtype=np.float32)
PIVOT = np.array([0.0, -6.0, 0.0], dtype=np.float32)  # where the neck bends


class Renderer:
    """Draws any Performance on any Person; one VTK window, pictures of one size.

    size: side of the pictures in pixels. margin: cm added on each side of the tight brows-to-chin crop.
    """

    supersampling: float = 2.0  # pictures are drawn so many times larger, then averaged
    eye_light: float = 1.1  # on eyeballs, beside that on skin
    hair_reach: float = WIDEST  # of Hair
    behind_lips: np.ndarray | float = 0.0  # cm, (points, 3), that what has no texture is drawn further away

    def __init__(self, surface: Surface, size: int = 64, margin: float = 0.0):
        self.surface, self.size, self.margin = surface, size, margin
        texture = 512 if size <= 64 else 1024
        self._where = texel_positions(surface.skin, surface.neutral, texture)
        centres = np.zeros((len(surface.vertices), 3), np.float32)
        for side in ("M_ScleraLeft", "M_ScleraRight"):
            rows = surface.eyes.material == side
            centres[surface.eyes.vertex[rows]] = [3.2375 * (1 if side == "M_ScleraLeft" else -1), 3.611, 8.37]
        self._eye_where = texel_positions(surface.eyes, surface.neutral - centres, 256)
        self._hair = Hair(surface, self.hair_reach)
        self._meshes = [  # in the order that they are drawn in: what is translucent last
            Mesh(surface.skin.triangles, len(surface.skin.vertex), surface.skin.uv),
            Mesh(surface.eyes.triangles, len(surface.eyes.vertex), surface.eyes.uv),
            Mesh(surface.untextured.triangles, len(surface.untextured.vertex)),
            Mesh(surface.lashes.triangles, len(surface.lashes.vertex), surface.lashes.uv % 1, translucent=True),
            Mesh(self._hair.triangles, len(self._hair.uv), self._hair.uv, translucent=True, culled=True),
            Mesh(glasses.triangles(), glasses.POINTS),
        ]
        self._window = Window(round(self.supersampling * size), self._meshes)

    def set_person(self, person: Person) -> None:
        """Make this person ready: shape, textures, colours, crop."""
        surface = self.surface
        self._person = person
        self._neutral = surface.shape(person.shape)
        self._painted_skin = self._paint_skin(person)
        self._meshes[0].paint(screen(to_uv(self._painted_skin, self._where)))
        self._meshes[1].paint(screen(paint_eye(person, self._eye_where)))
        self._meshes[3].paint(screen(paint_lashes(person)))
        self._shell = self._hair.grow(person, self._neutral)
        hair = self._hair.paint(person, self._shell)
        self._meshes[4].paint(screen(hair))
        self._hair_opacity = hair[..., 3]
        if flowing(person):
            ear = np.clip(np.abs(self._neutral[:, :1]) - 7.2, 0, None) * (surface.neutral[:, 1:2] > -6)
            self._neutral[:, :1] -= np.sign(self._neutral[:, :1]) * 0.8 * ear  # ears lie flat under hair
        columns = np.clip((self._hair.uv[:, 0] * hair.shape[1]).astype(int), 0, hair.shape[1] - 1)
        rows = np.clip((self._hair.uv[:, 1] * hair.shape[0]).astype(int), 0, hair.shape[0] - 1)
        self._blockers = self._shell[hair[rows, columns, 3] > 0.5]
        self._untextured = untextured_albedo(
            person, surface.untextured.material, surface.neutral[surface.untextured.vertex]
        )
        self._sky = occlusion(surface, self._neutral, self._blockers)
        # As a camera does, expose dark skin a little longer, so that its detail is seen.
        self._exposure = float(np.clip((0.6 / np.mean(person.skin)) ** 0.4, 0.97, 1.25))
        marks = self._neutral[surface.landmarks]
        self._glasses = np.zeros((glasses.POINTS, 3), np.float32)  # out of sight, within the head
        self._frames_colour = np.square(person.brow)
        if person.glasses is not None:
            self._glasses = glasses.fit(marks, self._neutral[surface.skin.vertex], person.glasses).frames
        top, bottom = marks[17:27, 1].max() + ABOVE_BROWS, marks[8, 1] - BELOW_CHIN
        self._side = float(top - bottom + 2 * self.margin)
        self._centre = (float(marks[:17, 0].mean()), float(top + bottom) / 2)

    def _paint_skin(self, person: Person) -> np.ndarray:
        """The canvas that the skin's texture is made of."""
        return paint_skin(person, self.surface.neutral[self.surface.landmarks])

    def render(self, performance: Performance) -> np.ndarray:
        """Frames of the person last set, uint8 (frames, size, size, 3), from a camera that stands still."""
        self._window.backdrop(_backdrop(self._person, performance.backdrop))
        x, y, zoom = performance.jitter
        self._window.look_at(self._centre[0] + x, self._centre[1] + y, self._side * zoom)
        offsets = self.surface.motion(performance.weights)
        skies = self._skies(performance, offsets)
        lights = performance.lights or (performance.light,) * len(offsets)
        frames = []
        for offset, sky, pose, light in zip(offsets, skies, performance.pose, lights, strict=True):
            points = turned(self._neutral + offset, pose)
            lit, gloss = shade(self.surface, points, sky, light)
            shell = turned(self._shell, pose)
            hair = self._hair.shade(shell, light)
            gain = (performance.gain * self._exposure) ** 2
            worn = turned(self._glasses, pose)
            frames.append(self._picture(points, lit * gain, gloss, shell, hair * gain, worn))
        return np.stack(frames)

    def landmarks(self, performance: Performance) -> np.ndarray:
        """Where the person's 68 landmarks are in each frame, right and down in sides: float (frames, 68, 2)."""
        x, y, zoom = performance.jitter
        view = View(self._centre[0] + x, self._centre[1] + y, self._side * zoom, 0.0)
        marks = self.surface.landmarks
        points = [self._neutral[marks] + offset[marks] for offset in self.surface.motion(performance.weights)]
        poses = performance.pose
        return np.stack([project(turned(here, pose), view) for here, pose in zip(points, poses, strict=True)])

    def _skies(self, performance: Performance, offsets: np.ndarray) -> Iterator[np.ndarray]:
        """How open each vertex is to the sky in each frame, float32 (vertices,): between neutral and apex."""
        strength = np.abs(performance.weights).sum(1)
        apex = int(strength.argmax())
        apex_sky = occlusion(self.surface, self._neutral + offsets[apex], self._blockers)
        for amount in strength / max(strength[apex], 1e-6):
            yield self._sky + amount * (apex_sky - self._sky)

    def _picture(
        self,
        points: np.ndarray,
        lit: np.ndarray,
        gloss: np.ndarray,
        shell: np.ndarray,
        hair: np.ndarray,
        worn: np.ndarray,
    ) -> np.ndarray:
        surface, (skin, eyes, untextured, lashes, strands, frames) = self.surface, self._meshes[:6]
        tone = np.array(self._person.skin, dtype=np.float32) ** 2
        shine = gloss[:, None] * (0.085 / np.maximum(tone, 0.04))  # multiplied by the texture later, hence divided here
        for mesh, place, colour in (
            (skin, points[surface.skin.vertex], (lit + shine)[surface.skin.vertex]),
            (eyes, points[surface.eyes.vertex] - BEHIND_LIDS, lit[surface.eyes.vertex] * self.eye_light),
            (
                untextured,
                points[surface.untextured.vertex] - self.behind_lips,
                lit[surface.untextured.vertex] * self._untextured,
            ),
            (lashes, points[surface.lashes.vertex], lit[surface.lashes.vertex] * 0 + 1),
            (strands, shell, hair),
            (frames, worn, self._frames_colour * lit.mean()),
        ):
            mesh.points[:] = place
            mesh.colours[:, :3] = np.sqrt(np.clip(colour / FULL, 0, 1)) * 255
            mesh.update()
        return TONE_CURVE[cv2.resize(self._window.draw(), (self.size, self.size), interpolation=cv2.INTER_AREA)]

    def close(self) -> None:
        """Give the window back."""
        self._window.close()


def _tone_curve() -> np.ndarray:
    """Screen value, uint8 (256,), of each drawn value: undoes FULL, with a soft shoulder at the bright end."""
    value = np.arange(256) / 255 * FULL**0.5
    soft = np.where(value < 0.75, value, 0.75 + 0.25 * np.tanh((value - 0.75) / 0.3))
    return (np.clip(soft, 0, 1) * 255).round().astype(np.uint8)


TONE_CURVE = _tone_curve()


def screen(albedo: np.ndarray) -> np.ndarray:
    """uint8 texture of squared screen values; a fourth channel, opacity, stays as it is."""
    clipped = np.clip(albedo, 0, 1)
    return (np.concatenate([np.sqrt(clipped[..., :3]), clipped[..., 3:]], 2) * 255).astype(np.uint8)


def turned(points: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Points (n, 3) of a head in this pose (6,), see Performance; it turns where the neck bends."""
    yaw, pitch, roll = np.radians(pose[:3].astype(np.float64))
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turn = (about_z @ about_x @ about_y).astype(np.float32)
    return (points - PIVOT) @ turn.T + PIVOT + pose[3:]


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
