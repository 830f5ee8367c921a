"""Who a face is: shape, skin, hair, brows, eyes and age marks, all fixed by (seed, person) and never by the take."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqdisent_core.facekit.surface import Surface

MODES = 50
Colour = tuple[float, float, float]
HairStyle = Literal["bald", "short", "receding", "bob", "long", "fringe", "tied"]

# Colours as seen on a screen, in [0, 1].
_SKIN = np.array(
    [(224, 184, 162), (217, 173, 148), (207, 160, 131), (190, 142, 111), (162, 116, 86), (126, 87, 63), (94, 64, 48)]
) / 255.0  # fmt: skip
_HAIR: dict[str, Colour] = {
    "black": (0.09, 0.08, 0.08), "dark": (0.17, 0.12, 0.095), "brown": (0.29, 0.19, 0.13),
    "chestnut": (0.36, 0.2, 0.13), "blond": (0.68, 0.53, 0.34), "sandy": (0.5, 0.38, 0.26),
    "red": (0.52, 0.24, 0.12), "grey": (0.6, 0.59, 0.58),
}  # fmt: skip
_IRIS: tuple[Colour, ...] = (
    (0.25, 0.15, 0.09), (0.35, 0.22, 0.12), (0.42, 0.35, 0.18), (0.35, 0.45, 0.32),
    (0.4, 0.54, 0.66), (0.5, 0.55, 0.58),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """One identity. Colours are screen RGB in [0, 1]; amounts in [0, 1] unless said otherwise.

    shape: float32 (MODES,), identity weights in standard deviations. paint_seed: fixes the painted detail.
    brow_thickness: factor. brow_lift: cm. beard: "none", "stubble", "moustache", "goatee" or "full".
    """

    shape: np.ndarray
    paint_seed: int
    female: bool
    age: float
    skin: Colour
    redness: float
    freckles: float
    hair: Colour
    hair_style: HairStyle
    hairline: float
    parting: float
    brow: Colour
    brow_thickness: float
    brow_lift: float
    brow_density: float
    iris: Colour
    lips: Colour
    lip_strength: float
    makeup: float
    beard: Literal["none", "stubble", "moustache", "goatee", "full"]
    beard_strength: float
    moles: int
    clothes: Colour
    backdrop: tuple[Colour, Colour]
    backdrop_noise: float
    glasses: int | None = None  # a seed of their form; None for none
    # What films have and FaceKit-52 lacks.
    reflection: float = 0.0  # in the glasses
    wrinkles: float = 0.0  # that come with expressions
    teeth: Colour = (0.92, 0.89, 0.83)


_TONES = (0.14, 0.2, 0.2, 0.18, 0.14, 0.09, 0.05)


def sample_person(surface: Surface, person: int, seed: int = 0, *, tones: tuple[float, ...] = _TONES) -> Person:
    """The person with this number: the same for the same (seed, person), whoever else is drawn.

    tones: how frequent each of the seven tones of skin is, from light to dark.
    """
    rng = np.random.default_rng([seed, person, 1001])
    female = bool(person % 2)
    shape = _shape(surface, female, rng)
    age = float(rng.beta(1.2, 1.5))
    tone = float(rng.choice([0, 1, 2, 3, 4, 5, 6], p=tones)) + rng.uniform(-0.5, 0.5)
    skin = np.array([np.interp(tone, np.arange(7), _SKIN[:, c]) for c in range(3)])
    skin = np.clip(skin * (1 + rng.normal(0, [0.02, 0.025, 0.035])), 0.05, 0.97)
    dark = tone > 3.4
    names = ["black", "dark", "brown"] if dark else list(_HAIR)[:-1]
    hair = np.array(_HAIR[str(rng.choice(names))])
    grey = np.clip((age - 0.62) * 2.6 + rng.normal(0, 0.15), 0, 0.95)
    hair = hair * (1 - grey) + np.array(_HAIR["grey"]) * grey
    brow = np.clip(hair * rng.uniform(0.55, 0.8), 0.05, 0.45) * (1 - 0.25 * grey)
    iris = np.array(_IRIS[int(rng.integers(0, 2 if dark else len(_IRIS)))]) * rng.uniform(0.85, 1.15)
    makeup = float(rng.uniform(0.1, 1.0)) if female and rng.random() < 0.75 else 0.0
    lips, strength = _lips(skin, makeup, rng)
    beards = ["none", "none", "stubble", "stubble", "moustache", "goatee", "full"]
    beard = "none" if female else str(rng.choice(beards))
    return Person(
        shape=shape,
        paint_seed=int(rng.integers(1 << 31)),
        female=female,
        age=age,
        skin=_rgb(skin),
        redness=float(rng.uniform(0.25, 1.0)),
        freckles=float(max(0.0, rng.normal(0.1, 0.45))) if tone < 3 else 0.0,
        hair=_rgb(hair),
        hair_style=_style(female, age, rng),
        hairline=float(rng.uniform(-0.5, 0.6) - (0.0 if female else 0.5 * age)),
        parting=float(rng.choice([-1, 1]) * rng.uniform(0.5, 3)),
        brow=_rgb(brow),
        brow_thickness=float(rng.uniform(0.6, 0.95) if female else rng.uniform(0.9, 1.5)),
        brow_lift=float(rng.uniform(0.0, 0.35) if female else rng.uniform(-0.3, 0.1)),
        brow_density=float(rng.uniform(0.55, 1.0)),
        iris=_rgb(iris),
        lips=lips,
        lip_strength=strength,
        makeup=makeup,
        beard=beard,  # type: ignore[arg-type]
        beard_strength=float(rng.uniform(0.5, 1.0)),
        moles=int(rng.poisson(0.8)),
        clothes=_rgb(rng.uniform(0.1, 0.75, 3)),
        backdrop=_backdrop(rng),
        backdrop_noise=float(rng.uniform(0.02, 0.1)),
    )


def _rgb(values: np.ndarray) -> Colour:
    red, green, blue = (float(v) for v in np.clip(values, 0, 1))
    return red, green, blue


def _shape(surface: Surface, female: bool, rng: np.random.Generator) -> np.ndarray:
    """Of six draws the one whose jaw, brow ridge and nose suit the sex best: the modes themselves carry no labels."""
    draws = rng.normal(0, 1, (6, MODES)).clip(-2.2, 2.2).astype(np.float32)
    modes = surface.identity[:MODES].reshape(MODES, -1, 3)[:, surface.landmarks]
    points = surface.neutral[surface.landmarks] + np.einsum("dm,mlc->dlc", draws, modes)
    jaw = points[:, 12, 0] - points[:, 4, 0]
    cheek = points[:, 15, 0] - points[:, 1, 0]
    lower = points[:, 33, 1] - points[:, 8, 1]
    ridge = points[:, [19, 24], 2].mean(1) - points[:, [37, 44], 2].mean(1)
    lips = points[:, 51, 1] - points[:, 57, 1]
    score = jaw / cheek * 6 + lower * 0.5 + ridge * 1.2 - lips * 0.8
    return draws[int(np.argmin(score) if female else np.argmax(score))]


def _lips(skin: np.ndarray, makeup: float, rng: np.random.Generator) -> tuple[Colour, float]:
    natural = skin * np.array([0.86, 0.62, 0.62])
    stick = np.array([(0.66, 0.16, 0.19), (0.72, 0.34, 0.37), (0.52, 0.2, 0.25), (0.72, 0.4, 0.37)][rng.integers(4)])
    stick = stick * (0.55 + 0.45 * skin.mean() / 0.75)
    colour = natural * (1 - 0.7 * makeup) + stick * 0.7 * makeup
    return _rgb(colour), float(0.55 + 0.35 * makeup)


def _style(female: bool, age: float, rng: np.random.Generator) -> HairStyle:
    styles: list[HairStyle] = ["long", "long", "long", "bob", "bob", "fringe", "tied", "short"]
    if not female:
        styles = (
            ["short", "short", "short", "receding", "bald"] if age > 0.45 else ["short", "short", "short", "fringe"]
        )
    return styles[int(rng.integers(len(styles)))]


def _backdrop(rng: np.random.Generator) -> tuple[Colour, Colour]:
    base = rng.uniform(0.2, 0.85) * np.ones(3) + rng.normal(0, 0.04, 3)
    return _rgb(base), _rgb(base * rng.uniform(0.55, 0.85) + rng.normal(0, 0.03, 3))
