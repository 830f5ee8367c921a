"""New codes: drawn from the prior, on the way between two clips, along a direction. Plain arrays in and out.

Each draw has a seed of its own and is made on its own, so that it comes out the same alone and among others, on a page
and from a terminal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from seqdisent_core.errors import SeqdisentError
from seqdisent_core.latents.directions import Direction, Factor, Latents
from seqdisent_core.latents.naming import swell
from seqdisent_core.methods import Method

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

COUNT = (1, 16)
FRAMES = (8, 60)
TEMPERATURE = (0.0, 2.0)
REACH = 2.5  # standard deviations to each side of a move
FPS = 15.0  # frames a second of what is drawn, as in the set the model learned from


@dataclass(frozen=True)
class StudioCodes:
    """One clip taken apart: `static` float32 (static_dim,), `dynamics` float32 (frames, dynamics_dim)."""

    static: np.ndarray
    dynamics: np.ndarray


@dataclass(frozen=True)
class Drawn:
    """Codes of a new clip, and what to call it: "seed 7", "50% of the way"; seed None where none was used."""

    codes: StudioCodes
    name: str
    seed: int | None = None


def check_limits(*, count: int = 1, frames: int = 15, temperature: float = 1.0, seed: int = 0) -> None:
    """Raises SeqdisentError with a sentence for a number outside its range."""
    for name, value, (low, high) in (
        ("clips", count, COUNT),
        ("frames", frames, FRAMES),
        ("temperature", temperature, TEMPERATURE),
        ("seed", seed, (0, 2**31 - 1)),
    ):
        if not low <= value <= high:
            raise SeqdisentError(f"The number for {name} is {value:g}. Choose one from {low:g} to {high:g}.")


def frames_a_second(shown: "Sequence[FaceClip]") -> float:
    """The rate of made clips: that of the clip whose movement they keep, of the longest where they lie between several;
    FPS where movements are drawn and there is none."""
    return max(shown, key=lambda clip: len(clip.frames)).fps if shown else FPS


@torch.no_grad()
def draw_dynamics(method: Method, frames: int, temperature: float, seed: int) -> np.ndarray:
    """Dynamics from the prior, float32 (frames, dynamics_dim); each step is drawn and fed on, as the model was trained.

    temperature: factor on every step's standard deviation; at 0 all draws are the one most expected path.
    """
    generator = torch.Generator().manual_seed(seed)  # the CPU's: the same on every device
    return method.sample_dynamics(1, frames, generator, temperature=temperature)[0].float().cpu().numpy()


def draw_person(latents: Latents, temperature: float, seed: int) -> np.ndarray:
    """A static code, float32 (static_dim,), from the normal distribution that was fitted to the persons known."""
    generator = torch.Generator().manual_seed(seed + 2**31)  # not the numbers that draw a movement with this seed
    draw = torch.randn(len(latents.people), generator=generator).numpy()
    return latents.static_mean + temperature * (draw @ latents.people)


def between(first: StudioCodes, second: StudioCodes, factor: Factor, steps: int) -> list[Drawn]:
    """From the first clip to the second in equal steps, both included; the other factor is the first clip's."""
    drawn = []
    for share in np.linspace(0, 1, steps):
        if factor == "static":
            codes = StudioCodes(_on_the_sphere(first.static, second.static, share), first.dynamics)
        else:
            frames = max(len(first.dynamics), len(second.dynamics))
            start, end = in_frames(first.dynamics, frames), in_frames(second.dynamics, frames)
            codes = StudioCodes(first.static, ((1 - share) * start + share * end).astype(np.float32))
        drawn.append(Drawn(codes, f"{share:.0%} of the way"))
    return drawn


def along(codes: StudioCodes, direction: Direction, steps: int) -> list[Drawn]:
    """A clip moved along a direction, from -2.5 to 2.5 standard deviations in equal steps.

    A static code moves as a whole; dynamics move most in the middle of the clip and not at its ends.
    """
    drawn = []
    for amount in np.linspace(-REACH, REACH, steps):
        static, dynamics = codes.static, codes.dynamics
        if direction.factor == "static":
            static = (static + amount * direction.vector).astype(np.float32)
        else:
            dynamics = (dynamics + amount * swell(len(dynamics)) * direction.vector).astype(np.float32)
        drawn.append(Drawn(StudioCodes(static, dynamics), f"{amount:+.1f} deviations"))
    return drawn


def in_frames(dynamics: np.ndarray, frames: int) -> np.ndarray:
    """Dynamics (any, dims) in so many frames, float32 (frames, dims), by linear interpolation in time."""
    at, times = np.linspace(0, len(dynamics) - 1, frames), np.arange(len(dynamics))
    return np.stack([np.interp(at, times, column) for column in dynamics.T], axis=1).astype(np.float32)


def _on_the_sphere(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Between two static codes along the arc, the length changing evenly (Shoemake 1985).

    Codes of persons lie near a sphere around the origin, as draws from N(0, I) do; the straight line leaves it, and
    short codes decode to everybody's mean face, which is the blur in the middle.
    """
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    start, end = first / max(lengths[0], 1e-9), second / max(lengths[1], 1e-9)
    angle = float(np.arccos(np.clip(start @ end, -1, 1)))
    if angle < 1e-4 or np.pi - angle < 1e-4:
        return ((1 - share) * first + share * second).astype(np.float32)
    arc = (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)
    return (((1 - share) * lengths[0] + share * lengths[1]) * arc).astype(np.float32)
