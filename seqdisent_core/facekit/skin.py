"""Skin, lips, brows, beard and lines painted as a texture.

All painting is done on a frontal canvas: the mean face seen from the front without perspective, PER_CM pixels a
centimetre, in squared-light values (screen value squared), and then carried into the model's UV space by a map of
where each texel lies on the mean face. Every person shares the canvas's coordinates, since UV space is shared.
"""

import cv2
import numpy as np

from seqdisent_core.facekit.canvas import PER_CM, X, Y, blob, noise, pixels, polygon, stroke_layer
from seqdisent_core.facekit.people import Person


def paint_skin(person: Person, landmarks: np.ndarray) -> np.ndarray:
    """The face as a frontal canvas, float32 (height, width, 3), albedo in [0, 1] as squared screen values.

    landmarks: (68, 3), positions in cm of the landmarks on the mean face.
    """
    rng = np.random.default_rng(person.paint_seed)
    base = np.array(person.skin, dtype=np.float32) ** 2
    light = float(base.mean())
    skin = np.broadcast_to(base, (*X.shape, 3)).copy()
    _mottle(skin, person, rng)
    _freckles(skin, person, light, rng)
    _lines(skin, person, rng)
    _around_eyes(skin, person, landmarks, light)
    _beard(skin, person, rng)
    _lips(skin, person, landmarks, rng)
    _brows(skin, person, landmarks, rng)
    _scalp(skin, person, rng)
    return np.clip(skin, 0, 1)


def _blend(skin: np.ndarray, colour: np.ndarray, amount: np.ndarray) -> None:
    skin += amount[..., None] * (np.asarray(colour, dtype=np.float32) - skin)


def _mottle(skin: np.ndarray, person: Person, rng: np.random.Generator) -> None:
    coarse = noise(rng, 1.2) * 0.05 + noise(rng, 0.35) * 0.05
    pores = noise(rng, 0.045) * (0.045 + 0.05 * blob(0, 0.5, 2.6, 2.0)) + noise(rng, 0.09) * 0.035
    skin *= (1 + coarse + pores)[..., None]
    flush = 0.9 * (blob(-4.4, -0.4, 1.9, 1.5) + blob(4.4, -0.4, 1.9, 1.5)) + 0.8 * blob(0, 0.1, 1.3, 1.2)
    flush += 0.5 * blob(0, -6.6, 1.4, 0.9) + 0.45 * (np.abs(X) > 7.4) + 0.25 * blob(0, 8.5, 3, 1.2)
    flush = cv2.GaussianBlur(flush.astype(np.float32), (0, 0), 0.3 * PER_CM) * (1 + 0.35 * noise(rng, 0.5))
    amount = person.redness * (0.24 + 0.16 * person.makeup)
    skin *= 1 - amount * flush[..., None] * np.array([0.1, 0.85, 0.75], dtype=np.float32)
    veins = noise(rng, 0.25) * 0.02
    skin[..., 1] *= 1 + veins
    skin *= (1 - 0.07 * np.clip((-Y - 7.2) / 2.5, 0, 1))[..., None]


def _freckles(skin: np.ndarray, person: Person, light: float, rng: np.random.Generator) -> None:
    spots = np.zeros(X.shape, np.uint8)
    for _ in range(int(360 * min(person.freckles, 1.0)) + int(26 * person.age)):
        place = rng.normal([rng.choice([-3.2, 0, 3.2]), 0.6], [1.9, 1.6])
        _dot(spots, place, rng.uniform(0.03, 0.075), int(rng.integers(60, 200)))
    _blend(skin, skin.mean((0, 1)) * [0.62, 0.45, 0.36], cv2.GaussianBlur(spots, (0, 0), 1.2) / 255.0 * 0.75)
    moles = np.zeros(X.shape, np.uint8)
    for _ in range(person.moles):
        mole = np.array([rng.choice([-1, 1]) * rng.uniform(1.8, 5.6), rng.uniform(-6.0, 1.5)])
        _dot(moles, mole, rng.uniform(0.08, 0.15), 235)
    dark = np.array([0.12, 0.06, 0.045]) * (0.4 + light)
    _blend(skin, dark, cv2.GaussianBlur(moles, (0, 0), 1.3) / 255.0)


def _dot(layer: np.ndarray, place: np.ndarray, radius: float, value: int) -> None:
    (centre,) = pixels(np.asarray(place)[None])
    cv2.circle(layer, (int(centre[0]), int(centre[1])), max(1, int(radius * PER_CM)), value, -1, cv2.LINE_AA)


def _lines(skin: np.ndarray, person: Person, rng: np.random.Generator) -> None:
    """Furrows: dark inside, a light rim below, since light comes from above."""
    depth = np.zeros(X.shape, np.float32)
    age = person.age
    strokes: list[tuple[np.ndarray, float, float]] = []  # points, depth, width in cm
    for height in (7.4, 8.4, 9.4):
        across = np.linspace(-4.2, 4.2, 24)
        wave = 0.25 * np.cos(across * 0.75) + rng.normal(0, 0.1) + 0.08 * np.sin(across * 2 + rng.uniform(0, 6))
        strokes.append((np.stack([across, height + wave], 1), 0.1 + 0.6 * age**1.5, 0.11))
    for side in (-1.0, 1.0):
        fold = np.array([[1.75, -0.5], [2.35, -1.3], [2.95, -2.3], [3.25, -3.4], [3.15, -4.3]])
        strokes.append((fold * [side, 1], 0.22 + 0.55 * age, 0.2))
        strokes.append((np.array([[2.75, -3.9], [3.0, -4.8], [3.0, -5.7]]) * [side, 1], 0.65 * age**1.6, 0.16))
        bag = np.array([[1.75, 2.35], [2.5, 1.75], [3.4, 1.65], [4.3, 2.05]])
        strokes.append((bag * [side, 1], 0.18 + 0.5 * age, 0.16))
        strokes.append((np.array([[0.45, 5.2], [0.55, 6.2]]) * [side, 1], 0.1 + 0.6 * age**1.5, 0.11))
        for up in (0.7, 0.15, -0.45):
            foot = np.array([[4.95, 3.4 + up * 0.5], [5.5, 3.45 + up], [6.05, 3.4 + up * 1.5]])
            strokes.append((foot * [side, 1], 0.8 * age**1.5, 0.08))
    for points, strength, width in strokes:
        if strength > 0.06:
            layer = stroke_layer([points], [255], width)
            depth += strength * cv2.GaussianBlur(layer, (0, 0), width * 0.55 * PER_CM) / 255.0
    shift = np.array([[1, 0, 0], [0, 1, 0.13 * PER_CM]], dtype=np.float32)
    rim = cv2.warpAffine(depth, shift, (depth.shape[1], depth.shape[0]))
    shade = 1 - 0.42 * np.clip(depth, 0, 1.2) + 0.14 * np.clip(rim - depth, 0, 1)
    skin *= shade[..., None] ** np.array([0.85, 1.1, 1.15], dtype=np.float32)


def _around_eyes(skin: np.ndarray, person: Person, marks: np.ndarray, light: float) -> None:
    for side, first in ((-1, 36), (1, 42)):
        ring = polygon(marks[first : first + 6, :2])
        socket = cv2.GaussianBlur(ring, (0, 0), 0.55 * PER_CM)
        under = blob(side * 2.7, 2.3, 1.3, 0.5)
        soft = 0.4 + 0.6 * min(1.0, light / 0.45)  # dark skin needs less darkening to read the same
        skin *= 1 - soft * (0.1 + 0.22 * person.age) * under[..., None] * np.array([0.85, 1.0, 0.85], dtype=np.float32)
        skin *= 1 - soft * 0.22 * socket[..., None] * np.array([0.6, 1.0, 0.95], dtype=np.float32)
        crease = marks[[first, first + 1, first + 2, first + 3], :2] + [[0, 0.35], [0, 0.5], [0, 0.5], [0, 0.3]]
        line = cv2.GaussianBlur(stroke_layer([crease], [255], 0.1), (0, 0), 0.07 * PER_CM) / 255.0
        skin *= 1 - 0.45 * line[..., None]
        if person.makeup > 0:
            shadow = cv2.GaussianBlur(polygon(marks[first : first + 6, :2] + [0, 0.45]), (0, 0), 0.35 * PER_CM)
            _blend(skin, np.array([0.16, 0.1, 0.12]) * (0.3 + light), 0.4 * person.makeup * shadow)
        rim = np.concatenate([marks[first : first + 6, :2], marks[first : first + 1, :2]])
        liner = cv2.GaussianBlur(stroke_layer([rim], [255], 0.1), (0, 0), 0.05 * PER_CM) / 255.0
        upper = np.where(marks[first, 1] - 0.1 < Y, 1.0, 0.5).astype(np.float32)
        _blend(skin, np.array([0.03, 0.02, 0.02]), liner * upper * (0.15 + 0.6 * person.makeup))


def _lips(skin: np.ndarray, person: Person, marks: np.ndarray, rng: np.random.Generator) -> None:
    outline = marks[48:60, :2]
    mask = cv2.GaussianBlur(polygon(_smooth(outline)), (0, 0), (0.1 - 0.04 * person.makeup) * PER_CM)
    wrinkles = cv2.GaussianBlur(rng.normal(0, 1, X.shape).astype(np.float32), (0, 0), 1.5, sigmaY=10)
    wrinkles = wrinkles / wrinkles.std()
    colour = np.array(person.lips, dtype=np.float32) ** 2
    tinted = colour * (1 + 0.07 * wrinkles[..., None])
    upper = np.clip((Y + 3.35) / 0.3, 0, 1)[..., None]
    tinted *= 1 - 0.2 * upper
    skin += (mask * person.lip_strength * 1.05).clip(0, 0.97)[..., None] * (tinted - skin)
    seam = np.concatenate([marks[48:49, :2], marks[60:65, :2], marks[54:55, :2]])
    line = cv2.GaussianBlur(stroke_layer([seam], [255], 0.09), (0, 0), 0.06 * PER_CM) / 255.0
    skin *= 1 - 0.5 * line[..., None]
    corner = blob(-2.55, -3.5, 0.25, 0.22) + blob(2.55, -3.5, 0.25, 0.22)
    skin *= 1 - 0.35 * corner[..., None]
    skin *= 1 - 0.16 * blob(0, -4.95, 1.2, 0.28)[..., None]


def _smooth(ring: np.ndarray) -> np.ndarray:
    """Corner cutting (Chaikin), twice."""
    for _ in range(2):
        after = np.roll(ring, -1, axis=0)
        ring = np.stack([0.75 * ring + 0.25 * after, 0.25 * ring + 0.75 * after], 1).reshape(-1, 2)
    return ring


def _brows(skin: np.ndarray, person: Person, marks: np.ndarray, rng: np.random.Generator) -> None:
    colour = np.array(person.brow, dtype=np.float32) ** 2
    arch = rng.normal(0, 0.12)
    for side, rows in ((-1.0, [21, 20, 19, 18, 17]), (1.0, [22, 23, 24, 25, 26])):
        curve = marks[rows, :2].copy()
        curve[:, 1] += person.brow_lift - 0.5 + np.array([0, 0.5, 1, 0.6, -0.2]) * arch
        lines, values = [], []
        for _ in range(int(330 * person.brow_density)):
            along = rng.uniform(0, 1) ** 0.9
            spot = np.array([np.interp(along * 4, np.arange(5), curve[:, axis]) for axis in range(2)])
            ahead = np.array([np.interp(min(along + 0.1, 1) * 4, np.arange(5), curve[:, axis]) for axis in range(2)])
            forward = (ahead - spot) / (np.linalg.norm(ahead - spot) + 1e-6)
            thickness = 0.34 * person.brow_thickness * (1 - 0.75 * along**1.5) * min(1, 0.55 + along * 3)
            spot[1] += rng.uniform(-1, 1) * thickness
            up = np.array([0.25 * side, 1.0]) * max(0.0, 0.8 - along * 1.3) + forward * (0.35 + along)
            tip = spot + up / np.linalg.norm(up) * rng.uniform(0.28, 0.6)
            lines.append(np.stack([spot, (spot + tip) / 2 + rng.normal(0, 0.02, 2), tip]))
            values.append(int(rng.integers(120, 255)))
        hairs = stroke_layer(lines, values, 0.03).astype(np.float32) / 255.0
        ground = cv2.GaussianBlur(hairs, (0, 0), 0.14 * PER_CM)
        amount = np.clip(0.8 * ground * person.brow_density + 0.75 * cv2.GaussianBlur(hairs, (0, 0), 0.6), 0, 0.95)
        _blend(skin, colour, amount)


def _beard(skin: np.ndarray, person: Person, rng: np.random.Generator) -> None:
    if person.beard == "none":
        return
    lower = np.array([[-9, -0.2], [-6.3, -0.4], [-4.6, -2.4], [-3.0, -1.9], [-1.2, -1.35], [0, -1.6]])
    lower = np.concatenate([lower, lower[-2::-1] * [-1, 1], [[9, -16], [-9, -16]]])
    region = cv2.GaussianBlur(polygon(lower), (0, 0), 0.45 * PER_CM)
    throat = np.clip((Y + 10.5) / 2.5, 0, 1)
    patch = np.clip((-Y - 4.7) / 0.7, 0, 1) * np.exp(-((X / 2.6) ** 4))
    tache = blob(0, -2.25, 2.3, 0.45) * 1.5 * (np.abs(X) < 3.4) + blob(-2.9, -3.2, 0.5, 0.9) + blob(2.9, -3.2, 0.5, 0.9)
    areas = {"moustache": np.clip(tache, 0, 1), "goatee": np.clip(patch + tache, 0, 1)}
    area = region * throat * cv2.GaussianBlur(areas.get(person.beard, np.ones_like(X)), (0, 0), 0.2 * PER_CM)
    area *= 1 - 0.6 * blob(0, -4.85, 1.9, 0.25) * (person.beard != "full")
    count = 4000 if person.beard == "stubble" else 16000
    length = 0.07 if person.beard == "stubble" else 0.45
    place = np.stack([rng.uniform(-8.5, 8.5, count * 2), rng.uniform(-11, 0, count * 2)], 1)
    at = pixels(place)
    keep = area[at[:, 1], at[:, 0]] > rng.uniform(0.05, 0.9, len(place))
    place = place[keep]
    lean = np.stack([np.sign(place[:, 0]) * 0.25 + place[:, 0] * 0.03, -np.ones(len(place))], 1)
    tips = place + (lean + rng.normal(0, 0.25, place.shape)) * length * rng.uniform(0.6, 1.2, (len(place), 1))
    strands = stroke_layer(list(np.stack([place, tips], 1)), list(rng.integers(90, 255, len(place))), 0.03)
    hairs = cv2.GaussianBlur(strands, (0, 0), 0.6).astype(np.float32) / 255.0
    colour = np.array(person.brow, dtype=np.float32) ** 2
    ground = (0.3 if person.beard == "stubble" else 0.72) * person.beard_strength
    rough = np.clip(1 + 0.05 * noise(rng, 0.7), 0.5, 1.4)
    _blend(skin, colour, np.clip(area * ground * rough + 0.4 * hairs * person.beard_strength, 0, 0.93))


def _scalp(skin: np.ndarray, person: Person, rng: np.random.Generator) -> None:
    """Colour under the hair, so that no bare skin shows between strands."""
    if person.hair_style == "bald":
        return
    edge = 9.6 + person.hairline - 0.05 * X**2 + 0.35 * noise(rng, 0.4)
    if person.hair_style == "receding":
        edge = edge + 1.2
    amount = cv2.GaussianBlur(np.clip((Y - edge) / 0.8, 0, 1).astype(np.float32), (0, 0), 0.2 * PER_CM)
    _blend(skin, np.array(person.hair) ** 2 * 0.8, amount * 0.92)
