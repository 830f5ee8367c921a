"""What a face does in one take: expression weights, blinks, gaze, head pose, light and camera over the frames."""

from dataclasses import dataclass

import numpy as np

from seqdisent_core.data import EXPRESSIONS

# Blendshape weights at the apex, after the action units of FACS (Ekman and Friesen 1978). A name without _L or _R
# stands for both sides. Fear and surprise share raised brows and wide eyes; fear draws the brows together and the
# lips sideways, surprise drops the jaw with slack lips.
RECIPES: dict[str, dict[str, float]] = {
    "anger": {
        "browDown": 1.65, "noseSneer": 0.5, "eyeSquint": 0.3, "eyeWide": 0.5, "mouthPress": 1.1,
        "mouthRollUpper": 0.65, "mouthRollLower": 0.75, "jawForward": 0.5, "mouthShrugLower": 0.15,
        "mouthFrown": 0.1, "mouthPucker": 0.15,
    },
    "disgust": {
        "noseSneer": 1.05, "mouthUpperUp": 0.95, "browDown": 0.7, "eyeSquint": 0.6, "cheekSquint": 0.8,
        "mouthFrown": 0.4, "mouthShrugLower": 0.4, "mouthLowerDown": 0.15, "jawOpen": 0.05,
    },
    "fear": {
        "browInnerUp": 1.15, "browOuterUp": 0.2, "browDown": 0.55, "eyeWide": 1.2, "mouthStretch": 1.5,
        "mouthLowerDown": 0.95, "jawOpen": 0.12, "mouthDimple": 0.3,
    },
    "happiness": {
        "mouthSmile": 1.0, "cheekSquint": 0.7, "cheekRaiser": 0.5, "eyeSquint": 0.15, "mouthUpperUp": 0.4,
        "mouthLowerDown": 0.35, "jawOpen": 0.14, "mouthDimple": 0.2,
    },
    "sadness": {
        "browInnerUp": 1.25, "browDown": 0.35, "mouthFrown": 1.1, "mouthShrugLower": 0.85, "eyeBlink": 0.25,
        "eyeLookDown": 0.3, "mouthShrugUpper": 0.2, "cheekRaiser": 0.1,
    },
    "surprise": {
        "browInnerUp": 1.0, "browOuterUp": 1.1, "eyeWide": 0.85, "jawOpen": 0.8, "mouthFunnel": 0.22,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Light:
    """Directions are unit vectors towards the light, colours RGB, 1 = white of usual strength."""

    key: np.ndarray  # float (3,)
    key_colour: np.ndarray
    fill: np.ndarray
    fill_colour: np.ndarray
    sky_colour: np.ndarray


@dataclass(frozen=True)
class Performance:
    """One take, free of who plays it.

    weights: float32 (frames, shapes), in the order of the model's expression names. pose: float32 (frames, 6), yaw,
    pitch and roll in degrees (positive: towards the head's left, up, towards its left shoulder), then x, y, z in cm.
    gain: overall brightness around 1. jitter: camera offset (x, y) in cm and zoom factor. backdrop: float (3,),
    brightness factor and shift (x, y) of the background, in fractions of the picture. lights: of each frame, where it
    changes within the take.
    """

    weights: np.ndarray
    pose: np.ndarray
    light: Light
    gain: float
    jitter: tuple[float, float, float]
    backdrop: tuple[float, float, float]
    lights: tuple[Light, ...] = ()


def perform(expression: int | str, seed: tuple[int, ...], names: tuple[str, ...], frames: int = 15) -> Performance:
    """One take of an expression (its name, or its number in EXPRESSIONS): neutral, apex, back to nearly neutral.

    seed: numbers that fix the take. names: the model's expression names. Frame 0 is neutral.
    """
    label = expression if isinstance(expression, str) else EXPRESSIONS[expression]
    rng = np.random.default_rng([*seed, 7001])
    weights = np.zeros((frames, len(names)), dtype=np.float32)
    time = np.linspace(0, 1, frames) if frames > 1 else np.zeros(1)
    onset, rise = rng.uniform(0.04, 0.16), rng.uniform(0.2, 0.32)
    fall = rng.uniform(0.18, 0.28)
    end = rng.uniform(0.93, 1.0)
    level, lean = rng.uniform(0.75, 1.05), rng.uniform(-0.14, 0.14)
    for shape, strength in RECIPES[label].items():
        lag = rng.uniform(-0.025, 0.025)  # brows, eyes and mouth don't start on one frame
        curve = risen(time, onset + lag, rise) * (1 - rng.uniform(0.88, 0.97) * risen(time, end - fall + lag, fall))
        amount = strength * level * rng.uniform(0.88, 1.1)
        for row, name in enumerate(names):
            if name == shape or name[:-2] == shape:
                side = {"_L": 1 + lean, "_R": 1 - lean}.get(name[-2:], 1.0)
                weights[:, row] += np.clip(curve * amount * side, 0, 1.7)
    _blink_and_look(weights, names, rng)
    weights[0] = 0
    return Performance(
        np.clip(weights, 0, 1.7),
        _pose(label, time, level, rng),
        sample_studio_light(rng),
        float(rng.uniform(0.95, 1.05)),
        (float(rng.normal(0, 0.12)), float(rng.normal(0, 0.12)), float(rng.uniform(0.98, 1.02))),
        (float(rng.uniform(0.9, 1.1)), float(rng.uniform(-0.06, 0.06)), float(rng.uniform(-0.06, 0.06))),
    )


def risen(time: np.ndarray, start: float, length: float) -> np.ndarray:
    """0 before start, 1 after start + length, smooth between."""
    step = np.clip((time - start) / length, 0, 1)
    return step * step * (3 - 2 * step)


def _blink_and_look(weights: np.ndarray, names: tuple[str, ...], rng: np.random.Generator) -> None:
    frames = len(weights)
    column = {name: row for row, name in enumerate(names)}
    if frames > 4 and rng.random() < 0.35:
        middle = int(rng.integers(1, frames - 1))
        for frame, closed in ((middle - 1, 0.45), (middle, 1.0), (middle + 1, 0.5)):
            for side in ("eyeBlink_L", "eyeBlink_R"):
                if 0 < frame < frames and side in column:
                    weights[frame, column[side]] = max(weights[frame, column[side]], closed)
    across, up = rng.normal(0, 0.12), rng.normal(0, 0.08)
    drift = np.linspace(0.3, 1, frames)
    pairs = [("In_L", across), ("Out_R", across), ("Out_L", -across), ("In_R", -across)]
    pairs += [("Up_L", up), ("Up_R", up), ("Down_L", -up), ("Down_R", -up)]
    for name, amount in pairs:
        if amount > 0 and f"eyeLook{name}" in column:
            weights[:, column[f"eyeLook{name}"]] += (amount * drift).astype(np.float32)


def _pose(label: str, time: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """A still sitter: a slow sway of a degree or two, and the small nod that goes with some expressions."""
    nod = {"surprise": 1.6, "fear": 1.2, "sadness": -2.2, "anger": -1.6, "disgust": 0.8, "happiness": 0.4}[label]
    start, drift = rng.normal(0, [1.6, 1.0, 1.0]), rng.normal(0, [1.1, 0.6, 0.5])
    phase = rng.uniform(0, 2 * np.pi, 3)
    sway = start + drift * np.sin(phase + np.pi * time[:, None]) * 0.6
    there_and_back = risen(time, 0.1, 0.35) * (1 - 0.85 * risen(time, 0.65, 0.3))
    sway[:, 1] += nod * level * there_and_back
    place = rng.normal(0, 0.1, 3) * np.sin(np.pi * time)[:, None]
    place[:, 2] += rng.normal(0, 0.25) + {"fear": -0.6, "surprise": -0.3}.get(label, 0.0) * there_and_back
    return np.concatenate([sway, place], 1).astype(np.float32)


def sample_studio_light(rng: np.random.Generator) -> Light:
    """A key from above and the head's right, a weaker fill, and a sky."""
    side = rng.normal(-0.45, 0.13)
    key = np.array([side, rng.normal(0.55, 0.08), 1.0])
    fill = np.array([rng.normal(0.9, 0.15), 0.1, 0.7])
    warm = rng.normal(0, 0.025)
    tint = np.array([1 + warm, 1.0, 1 - warm])
    return Light(
        key / np.linalg.norm(key),
        rng.uniform(1.0, 1.16) * tint,
        fill / np.linalg.norm(fill),
        rng.uniform(0.27, 0.37) * np.array([0.96, 1.0, 1.05]),
        rng.uniform(0.5, 0.58) * np.array([0.98, 1.0, 1.03]),
    )
