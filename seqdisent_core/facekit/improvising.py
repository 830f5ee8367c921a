"""What a face does when nobody asks for anything: random expressions, speech, blinks, turns of the head.

Speech moves lips, jaw and tongue in syllables, three to six a second; a turn of the head is slow against that. Both are
drawn over real seconds, so that a clip at few frames a second shows longer strides of the same life.
"""

import numpy as np

from seqdisent_core.facekit.acting import RECIPES, Light, Performance, risen

RATES = (25.0, 15.0, 10.0, 6.0)  # frames a second that a clip may have
# Shapes of the mouth that a syllable may have beside an open jaw, by strength: of vowels, rounded or spread, and of
# consonants, pressed, rolled or between the teeth.
_SYLLABLES: tuple[dict[str, float], ...] = (
    {"jawOpen": 0.75}, {"jawOpen": 0.4, "mouthStretch": 0.4}, {"jawOpen": 0.25, "mouthSmile": 0.35},
    {"jawOpen": 0.3, "mouthFunnel": 0.6}, {"jawOpen": 0.08, "mouthPucker": 0.75},
    {"mouthPress": 0.5, "mouthClose": 0.06}, {"mouthRollLower": 0.5, "mouthUpperUp": 0.25},
    {"jawOpen": 0.15, "mouthLowerDown": 0.45},
    {"jawOpen": 0.12, "mouthUpperUp": 0.3, "mouthLowerDown": 0.3}, {"mouthShrugLower": 0.3},
)  # fmt: skip
_LIMITS = np.array([30.0, 18.0, 16.0])  # degrees of yaw, pitch and roll
_SWAY = np.array([7.0, 3.5, 3.0])  # deviations over a clip


def improvise(seed: tuple[int, ...], names: tuple[str, ...], frames: int) -> Performance:
    """One take with nothing said of what it shows; `seed` fixes it, `names` are the model's expression names.

    Two takes in three begin at rest and facing the camera, the others anywhere; light, place and camera are the same
    in all, as they belong to the person who is filmed (scene).
    """
    rng = np.random.default_rng([*seed, 7101])
    rate = float(rng.choice(RATES, p=[0.4, 0.25, 0.2, 0.15]))
    seconds = np.arange(frames) / rate
    column = {name: row for row, name in enumerate(names)}
    weights = np.zeros((frames, len(names)), dtype=np.float32)
    for _ in range(rng.poisson(1.2 + 1.1 * seconds[-1])):
        _phrase(weights, seconds, names, rng)
    if rng.random() < 0.45:
        _named(weights, seconds, names, rng)
    if rng.random() < 0.65:
        _speak(weights, seconds, column, rng)
    _blink(weights, seconds, column, rng)
    _look(weights, seconds, column, rng)
    pose = _pose(seconds, rng)
    if rng.random() < 2 / 3:  # at rest in the first frame, and on the way within a third of a second
        begun = np.clip(seconds / 0.33, 0, 1).astype(np.float32)[:, None]
        weights *= begun
        pose[:, :3] -= (1 - begun) * pose[:1, :3] * rng.uniform(0.7, 1.0)
    still = (0.0, 0.0, 1.0)
    return Performance(np.clip(weights, 0, 1.5), pose, scene(seed), 1.0, still, (1.0, 0.0, 0.0))


def scene(seed: tuple[int, ...]) -> Light:
    """Light of a place: from any side, soft or hard, warm or cool."""
    rng = np.random.default_rng([*seed, 7103])
    key = np.array([rng.normal(0, 0.8), rng.normal(0.45, 0.35), 1.0])
    fill = np.array([-np.sign(key[0]) * rng.uniform(0.4, 1.2), rng.normal(0.1, 0.3), 0.7])
    tints = 1 + rng.normal(0, 0.06, (3, 1)) * np.array([1.0, 0.1, -1.0]) + rng.normal(0, 0.015, (3, 3))
    hard = rng.beta(2, 2)
    return Light(
        key / np.linalg.norm(key),
        (0.6 + 0.75 * hard) * tints[0],
        fill / np.linalg.norm(fill),
        rng.uniform(0.1, 0.6) * tints[1],
        (0.95 - 0.6 * hard) * tints[2],
    )


def _add(weights: np.ndarray, names: tuple[str, ...], shape: str, curve: np.ndarray, lean: float = 0.0) -> None:
    """Adds a shape, on both sides where it has sides; lean in [-1, 1] weakens one of them."""
    for row, name in enumerate(names):
        if name == shape:
            weights[:, row] += curve
        elif name[:-2] == shape and name[-2:] in ("_L", "_R"):
            weights[:, row] += curve * np.clip(1 + lean * (1 if name.endswith("_L") else -1), 0, 1)


def _phrase(weights: np.ndarray, seconds: np.ndarray, names: tuple[str, ...], rng: np.random.Generator) -> None:
    """Up to five shapes that come together, stay a while and go."""
    shapes = sorted({name[:-2] if name[-2:] in ("_L", "_R") else name for name in names} - {"PupilDilate", "eyeBlink"})
    start, rise, hold, fall = rng.uniform(-0.6, seconds[-1]), *rng.uniform([0.12, 0.0, 0.15], [0.5, 0.9, 0.7])
    curve = risen(seconds, start, rise) * (1 - risen(seconds, start + rise + hold, fall))
    for shape in rng.choice(shapes, rng.integers(1, 6), replace=False):
        strength = rng.beta(1.3, 1.6) * (0.5 if shape.startswith(("eyeLook", "jawL", "jawR", "mouthClose")) else 1.1)
        lean = rng.normal(0, 0.5) if rng.random() < 0.35 else rng.normal(0, 0.08)
        _add(weights, names, str(shape), (strength * curve).astype(np.float32), float(np.clip(lean, -1, 1)))


def _named(weights: np.ndarray, seconds: np.ndarray, names: tuple[str, ...], rng: np.random.Generator) -> None:
    """One of the six expressions, faint or full."""
    recipe = list(RECIPES.values())[int(rng.integers(len(RECIPES)))]
    start, rise = rng.uniform(-0.5, 0.7 * seconds[-1] + 0.1), rng.uniform(0.2, 0.6)
    stay = rng.uniform(0.3, 2.0)
    curve = risen(seconds, start, rise) * (1 - risen(seconds, start + rise + stay, rng.uniform(0.2, 0.6)))
    level, lean = rng.uniform(0.3, 1.0), rng.normal(0, 0.12)
    for shape, strength in recipe.items():
        _add(weights, names, shape, (level * strength * curve).astype(np.float32), float(lean))


def _speak(weights: np.ndarray, seconds: np.ndarray, column: dict[str, int], rng: np.random.Generator) -> None:
    """Syllables one after another, each shape a bump that reaches into its neighbours; pauses between words."""
    loud, pace = rng.uniform(0.5, 1.5), rng.uniform(3.0, 6.0)
    names = tuple(column)
    at = rng.uniform(-0.3, 0.3)
    while at < seconds[-1] + 0.2:
        bump = np.exp(-0.5 * ((seconds - at) / (0.42 / pace)) ** 2)
        for shape, strength in _SYLLABLES[int(rng.integers(len(_SYLLABLES)))].items():
            _add(weights, names, shape, (loud * strength * rng.uniform(0.6, 1.2) * bump).astype(np.float32))
        at += rng.uniform(0.7, 1.3) / pace + (rng.exponential(0.5) if rng.random() < 0.12 else 0.0)


def _blink(weights: np.ndarray, seconds: np.ndarray, column: dict[str, int], rng: np.random.Generator) -> None:
    for _ in range(rng.poisson(0.35 * seconds[-1] + 0.15)):
        bump = np.exp(-(((seconds - rng.uniform(0, max(seconds[-1], 0.1))) / 0.085) ** 2)).astype(np.float32)
        for side in ("eyeBlink_L", "eyeBlink_R"):
            weights[:, column[side]] = np.maximum(weights[:, column[side]], bump)


def _look(weights: np.ndarray, seconds: np.ndarray, column: dict[str, int], rng: np.random.Generator) -> None:
    """Gaze that rests and jumps."""
    across, up = np.zeros(len(seconds)), np.zeros(len(seconds))
    at = -1.0
    while at < seconds[-1]:
        here = seconds >= at
        across[here], up[here] = rng.normal(0, 0.25), rng.normal(0, 0.18)
        at += 0.25 + rng.exponential(0.9)
    for name, amount in (
        ("In_L", across), ("Out_R", across), ("Out_L", -across), ("In_R", -across),
        ("Up_L", up), ("Up_R", up), ("Down_L", -up), ("Down_R", -up),
    ):  # fmt: skip
        weights[:, column[f"eyeLook{name}"]] += np.clip(amount, 0, 0.8).astype(np.float32)


def _pose(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Degrees and cm, float32 (frames, 6): a bearing, slow waves around it, at times a nod or a shake."""
    bearing = rng.normal(0, [10.0, 5.0, 4.5])
    lively = rng.gamma(1.5, 0.55)
    phase, pace = rng.uniform(0, 2 * np.pi, (3, 3)), rng.uniform(0.12, 0.75, (3, 3))
    waves = np.sin(phase[None] + 2 * np.pi * pace[None] * seconds[:, None, None]).mean(axis=2)
    turns = bearing + lively * _SWAY * waves
    if rng.random() < 0.15:
        axis, beat = int(rng.integers(3)), rng.uniform(1.2, 2.5)
        turns[:, axis] += rng.uniform(2, 7) * np.sin(2 * np.pi * beat * seconds)
    place = rng.normal(0, 0.3, 3) * np.sin(rng.uniform(0, 6, 3) + 2 * seconds[:, None])
    return np.concatenate([_LIMITS * np.tanh(turns / _LIMITS), place], 1).astype(np.float32)
