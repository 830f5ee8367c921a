"""The renderer of the set for films: a wide crop that follows the face, what films show, and the truth beside it."""

from typing import NamedTuple

import numpy as np

from seqdisent_core.facekit import filming, glasses, truth
from seqdisent_core.facekit.acting import Performance
from seqdisent_core.facekit.drawing import Mesh, Window
from seqdisent_core.facekit.gaze import Eyeballs, gaze_angles
from seqdisent_core.facekit.hair import flowing
from seqdisent_core.facekit.light import FULL, shade
from seqdisent_core.facekit.mouth import behind_lips, mouth_albedo, mouth_light
from seqdisent_core.facekit.neck import neck_albedo, paint_collar
from seqdisent_core.facekit.people import Person
from seqdisent_core.facekit.records import lid_openings, record_dtype
from seqdisent_core.facekit.renderer import BEHIND_LIDS, Renderer, turned
from seqdisent_core.facekit.surface import Surface
from seqdisent_core.facekit.truth import Samples, Solids
from seqdisent_core.facekit.view import REACH, View, project
from seqdisent_core.facekit.wall import paint_wall, wall_seen
from seqdisent_core.facekit.wrinkles import Wrinkles

TURNED_AWAY = -0.7  # of Surface: heads turn by 35 degrees
_BODY_TURNS = 0.2  # of a turn of the head is what the shoulders turn


class Rendering(NamedTuple):
    """One clip and its truth, as render_wild describes them: a row of each part of a file."""

    frames: np.ndarray
    motion: np.ndarray
    visible: np.ndarray
    foreground: np.ndarray
    records: np.ndarray
    anchors: np.ndarray


class _Frame(NamedTuple):
    """Points of all solids of one frame in the picture (sides) and their depth (cm), and what its samples show."""

    view: View
    places: np.ndarray
    depth: np.ndarray
    samples: Samples


class FilmRenderer(Renderer):
    """Draws any Performance on any Person, the camera following the face, and keeps the truth of what it draws.

    Make its Surface with turned_away=TURNED_AWAY.
    """

    supersampling = 1.5
    eye_light = 0.85
    hair_reach = float(np.pi)  # hair that hangs is seen behind the neck, too

    def __init__(self, surface: Surface, size: int = 256):
        super().__init__(surface, size)
        self._window.close()
        self._lenses = Mesh(glasses.lens_triangles(), glasses.LENS_POINTS, translucent=True)
        self._meshes.append(self._lenses)
        self._window = Window(round(self.supersampling * size), self._meshes)
        self._wrinkles = Wrinkles(surface)
        self._neck = _turning(surface.neutral)
        self.behind_lips = behind_lips(surface)

    def set_person(self, person: Person) -> None:
        super().set_person(person)
        surface = self.surface
        self._untextured = mouth_albedo(person, surface, self._untextured)
        self._untextured = neck_albedo(person, surface, self._untextured, self._painted_skin)
        self._wrinkles.set_person(person)
        self._eyeballs = Eyeballs(surface, self._neutral)
        self._wall = paint_wall(person)
        self._shell = self._hair.laid_down(person, self._neutral, self._shell, self._hair_opacity)
        self._hang = _turning(self._shell)
        strands = self._hair.visible_triangles(self._hair_opacity)
        self._meshes[4].set_triangles(strands)
        self._meshes[4].actor.GetProperty().SetBackfaceCulling(not flowing(person))
        self._meshes[4].actor.SetVisibility(len(strands) > 0)
        self._worn = None
        for mesh in (self._meshes[5], self._lenses):
            mesh.actor.SetVisibility(person.glasses is not None)
        if person.glasses is not None:
            marks, skin = self._neutral[surface.landmarks], self._neutral[surface.skin.vertex]
            self._worn = glasses.fit(marks, skin, person.glasses)
            self._glasses, self._frames_colour = self._worn.frames, np.square(self._worn.colour)
            rng = np.random.default_rng([person.glasses, 1])
            self._mirrored = np.array([*rng.normal(0, [0.25, 0.12]), *rng.uniform([0.08, 0.1], [0.3, 0.35])])
        self._solids = self._solids_of(person, strands)

    def _paint_skin(self, person: Person) -> np.ndarray:
        return paint_collar(person, super()._paint_skin(person))

    def render_film(self, performance: Performance, anchors: tuple[int, ...] = (0,)) -> Rendering:
        """A clip of the person last set, with motion and visibility of each frame in each of these anchor frames."""
        surface, count = self.surface, len(performance.weights)
        offsets = surface.motion(performance.weights)
        faces, gaze = self._neutral + offsets, gaze_angles(performance.weights, surface.expression_names)
        for face, angles in zip(faces, gaze, strict=True):
            self._eyeballs.turn(face, angles)
        moved = [self._turned(face, pose, self._neck) for face, pose in zip(faces, performance.pose, strict=True)]
        views = filming.follow(np.stack([points[surface.landmarks] for points in moved]), REACH)
        wrinkled = self._wrinkles.darkening(performance.weights)
        records = np.zeros(count, record_dtype(len(surface.expression_names)))
        pictures, frames = [], []
        for number, (points, sky) in enumerate(zip(moved, self._skies(performance, offsets), strict=True)):
            pose, view = performance.pose[number], views[number]
            shell = self._turned(self._shell, pose, self._hang)
            worn = turned(self._glasses, pose)
            self._set_view(view, performance.gain)
            pictures.append(self._film(performance, points, sky, wrinkled[number], shell, worn, pose))
            frames.append(self._frame(points, shell, worn, view))
            records[number]["view"] = view
            marks = frames[-1].places[surface.landmarks]
            records[number]["landmarks"] = marks
            records[number]["landmarks_visible"] = truth.points_shown(
                frames[-1].samples, marks, frames[-1].depth[surface.landmarks]
            )
        records["weights"], records["pose"] = performance.weights, performance.pose
        records["gaze"], records["lids"] = gaze, lid_openings(faces[:, surface.landmarks])
        of_anchors = [[self._motion(frame, frames[anchor]) for frame in frames] for anchor in anchors]
        return Rendering(
            np.stack(pictures),
            np.stack([[one.motion for one in motions] for motions in of_anchors]),
            np.stack([[one.visible for one in motions] for motions in of_anchors]),
            np.stack([truth.foreground(frame.samples) for frame in frames]),
            records,
            np.array(anchors, np.uint8),
        )

    def _turned(self, points: np.ndarray, pose: np.ndarray, share: np.ndarray) -> np.ndarray:
        """The head in its pose; share, float32 (n, 1): 1 for what turns with it, 0 for the shoulders."""
        body = np.concatenate([_BODY_TURNS * pose[:3], pose[3:]]).astype(np.float32)
        return (share * turned(points, pose) + (1 - share) * turned(points, body)).astype(np.float32)

    def _set_view(self, view: View, gain: float) -> None:
        self._window.look_at(*view)
        # What is drawn is darker by FULL and brought back afterwards.
        wall = wall_seen(self._wall, self._side, self._centre, view, self.size)
        self._window.backdrop((wall * (gain / FULL**0.5)).clip(0, 255).astype(np.uint8))

    def _film(
        self,
        performance: Performance,
        points: np.ndarray,
        sky: np.ndarray,
        wrinkled: np.ndarray,
        shell: np.ndarray,
        worn: np.ndarray,
        pose: np.ndarray,
    ) -> np.ndarray:
        """One picture, uint8 (size, size, 3)."""
        lit, gloss = shade(self.surface, points, mouth_light(self.surface, sky, points), performance.light)
        gain = (performance.gain * self._exposure) ** 2
        hair = self._hair.shade(shell, performance.light) * gain
        if self._worn is not None:
            mirrored = glasses.reflections(
                turned(self._worn.normals, pose) - turned(0 * self._worn.normals, pose), self._mirrored
            )
            self._lenses.points[:] = turned(self._worn.lenses, pose)
            self._lenses.colours[:, :3] = 235
            self._lenses.colours[:, 3] = 255 * (0.04 + self._person.reflection * mirrored)
            self._lenses.update()
        lit = np.minimum(lit * gain, FULL) * wrinkled[:, None]  # textured or not, it saturates alike
        return self._picture(points, lit, gloss, shell, hair, worn)

    def _solids_of(self, person: Person, strands: np.ndarray) -> Solids:
        """All surfaces of the person as one list of triangles: the model's points, the hair's shell, the glasses."""
        surface = self.surface
        kinds, parts = [], []
        for part, kind in ((surface.skin, truth.SKIN), (surface.eyes, truth.EYES)):
            parts.append(part.vertex[part.triangles])
            kinds.append(np.full(len(parts[-1]), kind))
        other = surface.untextured
        first = len(surface.neutral)
        parts.append(other.triangles + first)
        kinds.append(np.where(other.material[other.triangles[:, 0]] == "M_BackHead", truth.BODY, truth.MOUTH))
        first += len(other.vertex)
        parts.append(strands + first)
        kinds.append(np.full(len(strands), truth.HAIR))
        if person.glasses is not None:
            parts.append(glasses.triangles() + first + len(self._shell))
            kinds.append(np.full(len(parts[-1]), truth.GLASSES))
        uv = np.zeros((first + len(self._shell) + glasses.POINTS, 2), np.float32)
        uv[first : first + len(self._shell)] = self._hair.uv
        classes = np.concatenate(kinds).astype(np.int8)
        return Solids(np.concatenate(parts), classes, uv, self._hair_opacity, flowing(person))

    def _frame(self, points: np.ndarray, shell: np.ndarray, worn: np.ndarray, view: View) -> _Frame:
        other = points[self.surface.untextured.vertex] - self.behind_lips
        points = points.copy()
        points[np.unique(self.surface.eyes.vertex)] -= BEHIND_LIDS
        everything = np.concatenate([points, other, shell, worn])
        places = project(everything, view).astype(np.float32)
        return _Frame(view, places, everything[:, 2], truth.rasterise(self._solids, places, everything[:, 2]))

    def _motion(self, frame: _Frame, anchor: _Frame) -> truth.Motion:
        return truth.motion(
            self._solids, frame.samples, frame.view, anchor.samples, anchor.places, anchor.depth, anchor.view
        )


def _turning(points: np.ndarray) -> np.ndarray:
    """How much points (n, 3) of a straight head turn with it, float32 (n, 1): the jaw wholly, the shoulders not."""
    height = points[:, 1:2] + 0.25 * (points[:, 2:3] - 3)
    step = np.clip((height + 15.0) / 6.5, 0, 1)
    return (step * step * (3 - 2 * step)).astype(np.float32)
