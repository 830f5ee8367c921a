"""The latent space: named directions, sampling, making the latent map."""

from seqdisent_core.latents.directions import NAMES, TENSORS, Direction, Factor, Latents, find_latents
from seqdisent_core.latents.map_making import embed, make_map
from seqdisent_core.latents.sample_figures import measure_samples
from seqdisent_core.latents.sampling import (
    FPS,
    FRAMES,
    Drawn,
    StudioCodes,
    along,
    between,
    check_limits,
    draw_dynamics,
    draw_person,
    frames_a_second,
    new_movement,
)

__all__ = [
    "FPS",
    "FRAMES",
    "NAMES",
    "TENSORS",
    "Direction",
    "Drawn",
    "Factor",
    "Latents",
    "StudioCodes",
    "along",
    "between",
    "check_limits",
    "draw_dynamics",
    "draw_person",
    "embed",
    "find_latents",
    "frames_a_second",
    "make_map",
    "measure_samples",
    "new_movement",
]
