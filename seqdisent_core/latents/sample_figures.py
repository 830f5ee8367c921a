"""How new clips come out, by the judge: of drawn movements and of drawn people, as the demo draws them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation import Judge, Logits, accuracies, check_judge, judged, read_logits
from seqdisent_core.latents.directions import Latents
from seqdisent_core.latents.sampling import draw_person
from seqdisent_core.methods import Codes, Method, encode_clips
from seqdisent_core.reporting import figure


def measure_samples(
    method: Method,
    judge: Judge,
    clips: Clips,
    latents: Latents,
    *,
    seed: int = 0,
    repeats: int = 5,
    progress: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """Figures over the test split, each repeat with a draw for every clip; shares and certainties in [0, 1].

    dynamics: each clip's person with dynamics drawn from the prior at temperature 1 (draws, not their means): persons
    kept, expressions seen (pooled over the repeats), the judge's mean certainty of the expression. people_fitted and
    people_prior: each clip's dynamics with people drawn from the fitted normal distribution and from N(0, I):
    expressions kept. Raises DataError where the judge is not the set's.
    """
    check_judge(judge, clips)
    test = clips.part("test")
    codes = encode_clips(method, as_training_tensor(test))
    count, frames = codes.dynamics.shape[:2]
    kept: dict[str, list[float]] = {"person": [], "certainty": [], "fitted": [], "prior": []}
    seen = np.zeros(len(clips.expressions), int)
    for repeat in range(repeats):
        progress(f"sampling, repeat {repeat + 1} of {repeats}")
        random = np.random.default_rng([seed, repeat])
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        moved = _read(method, judge, codes.static, method.sample_dynamics(count, frames, generator).cpu())
        kept["person"].append(accuracies(moved, test)["person"])
        kept["certainty"].append(float(moved["expression"].softmax(1).max(1).values.mean()))
        seen += np.bincount(moved["expression"].argmax(1).numpy(), minlength=len(seen))
        first = int(random.integers(2**30))
        fitted = np.stack([draw_person(latents, 1.0, first + clip) for clip in range(count)])
        for name, static in (
            ("fitted", torch.from_numpy(fitted).float()),
            ("prior", method.sample_static(count, generator).cpu()),
        ):
            kept[name].append(accuracies(_read(method, judge, static, codes.dynamics), test)["expression"])
    shares = (seen / seen.sum()).tolist()
    return {
        "dynamics": {
            "person": figure(kept["person"]),
            "certainty": figure(kept["certainty"]),
            "expressions": dict(zip(clips.expressions, shares, strict=True)),
            "samples": int(seen.sum()),
        },
        "people_fitted": {"expression": figure(kept["fitted"])},
        "people_prior": {"expression": figure(kept["prior"])},
    }


def _read(method: Method, judge: Judge, static: Tensor, dynamics: Tensor) -> Logits:
    return read_logits(judge, judged(method, judge, Codes(static, dynamics)))
