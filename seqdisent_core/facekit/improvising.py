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
# What faces do at the ends of their range: mouths open with teeth and tongue, broad smiles, eyes shut, one eye
# shut, eyes crossed.
_EXTREMES: tuple[dict[str, float], ...] = (
    {"jawOpen": 1.0}, {"jawOpen": 0.95, "mouthStretch": 0.3, "eyeBlink": 0.9, "browDown": 0.4},
    {"jawOpen": 0.7, "mouthUpperUp": 0.7, "mouthLowerDown": 0.7, "noseSneer": 0.4},
    {"jawOpen": 0.75, "mouthFunnel": 0.5, "browInnerUp": 0.8, "browOuterUp": 0.8, "eyeWide": 0.8},
    {"mouthSmile": 0.95, "mouthUpperUp": 0.5, "mouthLowerDown": 0.55, "cheekSquint": 0.7, "jawOpen": 0.1},
    {"mouthSmile": 1.0, "jawOpen": 0.45, "mouthUpperUp": 0.45, "mouthLowerDown": 0.4, "eyeSquint": 0.6},
    {"eyeBlink": 1.0}, {"eyeBlink_L": 1.0, "cheekSquint_L": 0.7, "mouthSmile_L": 0.4},
    {"eyeBlink_R": 1.0, "cheekSquint_R": 0.7, "mouthSmile_R": 0.4}, {"mouthPucker": 1.0, "mouthLeft": 0.3},
    {"eyeLookIn": 0.7},
)  # fmt: skip
_LIMITS = np.array([38.0, 22.0, 20.0])  # degrees of yaw, pitch and roll
_SWAY = np.array([9.0, 4.5, 3.5])  # deviations over a clip


def improvise(seed: tuple[int, ...], names: tuple[str, ...], frames: int) -> Performance:
    """One take with nothing said of what it shows; `seed` fixes it, `names` are the model's expression names.

    Half of the takes begin with a neutral face that looks into the camera, the others anywhere; light, place and
    camera are the same in all, as they belong to the person who is filmed (sample_light).
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
    for _ in range(rng.poisson(0.35 + 0.2 * seconds[-1])):
        _extreme(weights, seconds, names, rng)
    if rng.random() < 0.65:
        _speak(weights, seconds, column, rng)
    _blink(weights, seconds, column, rng)
    _look(weights, seconds, column, rng)
    pose = _pose(seconds, rng)
    if rng.random() < 0.5:  # neutral in the first frame, and on the way within a third of a second
        begun = np.clip(seconds / 0.33, 0, 1).astype(np.float32)[:, None]
        weights *= begun
        pose[:, :3] -= (1 - begun) * pose[:1, :3] * rng.uniform(0.7, 1.0)
    still = (0.0, 0.0, 1.0)
    _within_reach(weights, column)
    return Performance(np.clip(weights, 0, 1.5), pose, sample_light(seed), 1.0, still, (1.0, 0.0, 0.0))


def sample_light(seed: tuple[int, ...]) -> Light:
    """Light of a place: from any side, soft or hard, warm or cool; on one person in five strong and from the side."""
    rng = np.random.default_rng([*seed, 7103])
    key = np.array([rng.normal(0, 0.8), rng.normal(0.45, 0.35), 1.0])
    aside = rng.random() < 0.2
    if aside:
        key[0] = rng.choice([-1, 1]) * rng.uniform(1.2, 3.5)
    fill = np.array([-np.sign(key[0]) * rng.uniform(0.4, 1.2), rng.normal(0.1, 0.3), 0.7])
    tints = 1 + rng.normal(0, 0.06, (3, 1)) * np.array([1.0, 0.1, -1.0]) + rng.normal(0, 0.015, (3, 3))
    hard = rng.beta(5, 2) if aside else rng.beta(2, 2)
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
    shapes = {name[:-2] if name[-2:] in ("_L", "_R") else name for name in names} - {"PupilDilate", "eyeBlink"}
    chosen = rng.choice(
        sorted(name for name in shapes if not name.startswith("eyeLook")), rng.integers(1, 6), replace=False
    )
    start, rise, hold, fall = rng.uniform(-0.6, seconds[-1]), *rng.uniform([0.12, 0.0, 0.15], [0.5, 0.9, 0.7])
    curve = risen(seconds, start, rise) * (1 - risen(seconds, start + rise + hold, fall))
    for shape in chosen:
        strength = rng.beta(1.3, 1.6) * (0.5 if shape.startswith(("jawL", "jawR", "mouthClose")) else 1.1)
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


def _extreme(weights: np.ndarray, seconds: np.ndarray, names: tuple[str, ...], rng: np.random.Generator) -> None:
    """One of _EXTREMES, nearly in full, for a moment or a second."""
    shapes = _EXTREMES[int(rng.integers(len(_EXTREMES)))]
    start, rise, stay = rng.uniform(-0.3, 0.8 * seconds[-1] + 0.05), rng.uniform(0.1, 0.4), rng.uniform(0.1, 1.2)
    curve = risen(seconds, start, rise) * (1 - risen(seconds, start + rise + stay, rng.uniform(0.1, 0.4)))
    level = rng.uniform(0.6, 1.1)
    for shape, strength in shapes.items():
        _add(weights, names, shape, (level * strength * curve).astype(np.float32))


def _within_reach(weights: np.ndarray, column: dict[str, int]) -> None:
    """Takes back what adds up to more than a face can do: jaws, lids and gaze beyond their ends."""
    for name, row in column.items():
        if name in ("jawOpen",) or name.startswith(("eyeBlink", "eyeLook")):
            np.clip(weights[:, row], 0, 1.05, out=weights[:, row])
    opened = weights[:, column["jawOpen"]]
    for name in ("mouthClose", "mouthPress_L", "mouthPress_R", "mouthRollLower", "mouthRollUpper"):
        weights[:, column[name]] *= 1 - 0.8 * np.clip(opened, 0, 1)  # lips that press are not far apart
    for side in ("_L", "_R"):  # lids that close don't open or squint, too
        shut = np.clip(weights[:, column[f"eyeBlink{side}"]], 0, 1)
        for name in ("eyeWide", "eyeSquint", "eyeLookDown"):
            weights[:, column[name + side]] *= 1 - shut


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
    for _ in range(rng.poisson(0.4 * seconds[-1] + 0.3)):
        closed = rng.choice(seconds)  # at a frame, so that some frame shows it
        bump = np.exp(-(((seconds - closed) / rng.uniform(0.08, 0.14)) ** 2)).astype(np.float32)
        for side in ("eyeBlink_L", "eyeBlink_R"):
            weights[:, column[side]] = np.maximum(weights[:, column[side]], bump)


def _look(weights: np.ndarray, seconds: np.ndarray, column: dict[str, int], rng: np.random.Generator) -> None:
    """Gaze that stays and jumps; in one take of three it goes to the corners of the eyes."""
    width, height = (0.6, 0.45) if rng.random() < 0.33 else (0.28, 0.2)
    across, up = np.zeros(len(seconds)), np.zeros(len(seconds))
    at = -1.0
    while at < seconds[-1]:
        here = seconds >= at
        across[here], up[here] = rng.normal(0, width), rng.normal(0, height)
        at += 0.25 + rng.exponential(0.9)
    for name, amount in (
        ("In_L", across), ("Out_R", across), ("Out_L", -across), ("In_R", -across),
        ("Up_L", up), ("Up_R", up), ("Down_L", -up), ("Down_R", -up),
    ):  # fmt: skip
        weights[:, column[f"eyeLook{name}"]] += np.clip(amount, 0, 1).astype(np.float32)


def _pose(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Degrees and cm, float32 (frames, 6): a bearing, slow waves around it, at times a nod or a shake."""
    bearing = rng.normal(0, [15.0, 6.5, 5.5])
    lively = rng.gamma(1.5, 0.65)
    phase, pace = rng.uniform(0, 2 * np.pi, (3, 3)), rng.uniform(0.12, 0.75, (3, 3))
    waves = np.sin(phase[None] + 2 * np.pi * pace[None] * seconds[:, None, None]).mean(axis=2)
    turns = bearing + lively * _SWAY * waves
    if rng.random() < 0.15:
        axis, beat = int(rng.integers(3)), rng.uniform(1.2, 2.5)
        turns[:, axis] += rng.uniform(2, 7) * np.sin(2 * np.pi * beat * seconds)
    place = rng.normal(0, 0.3, 3) * np.sin(rng.uniform(0, 6, 3) + 2 * seconds[:, None])
    return np.concatenate([_LIMITS * np.tanh(turns / _LIMITS), place], 1).astype(np.float32)
