"""Figures of sampled clips, by the judge: of movements and of people, sampled as in the demo."""

from collections.abc import Callable
from typing import Any, Literal

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
    """Figures on the test split, with a new sample for every clip in each repeat; shares and probabilities in [0, 1].

    dynamics: each clip's static code with dynamics sampled from the prior at temperature 1 (samples, not means):
    accuracy on the static labels, predicted values of each dynamic label (as "expressions", pooled over the repeats),
    mean probability of the predictions. people_fitted, people_prior: each clip's dynamics with static codes sampled
    from the fitted normal distribution and from N(0, I): accuracy on the dynamic labels. Raises DataError if the judge
    was trained on other labels than the set's.
    """
    check_judge(judge, clips)
    test = clips.part("test")
    codes = encode_clips(method, as_training_tensor(test))
    count, frames = codes.dynamics.shape[:2]
    kept: dict[str, list[dict[str, float]]] = {"static": [], "fitted": [], "prior": []}
    certainty: list[float] = []
    seen = {name: np.zeros(len(label.names), int) for name, label in clips.dynamic.items()}
    for repeat in range(repeats):
        progress(f"sampling, repeat {repeat + 1} of {repeats}")
        random = np.random.default_rng([seed, repeat])
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        moved = _read(method, judge, codes.static, method.sample_dynamics(count, frames, generator).cpu())
        kept["static"].append(_group("static", moved, test))
        certainty.append(float(np.mean([float(moved[name].softmax(1).max(1).values.mean()) for name in seen])))
        for name, counts in seen.items():
            counts += np.bincount(moved[name].argmax(1).numpy(), minlength=len(counts))
        first = int(random.integers(2**30))
        fitted = np.stack([draw_person(latents, 1.0, first + clip) for clip in range(count)])
        for name, static in (
            ("fitted", torch.from_numpy(fitted).float()),
            ("prior", method.sample_static(count, generator).cpu()),
        ):
            kept[name].append(_group("dynamic", _read(method, judge, static, codes.dynamics), test))
    shares = {
        f"{name}s": dict(zip(clips.dynamic[name].names, (counts / counts.sum()).tolist(), strict=True))
        for name, counts in seen.items()
    }
    figures = {of: {name: figure([one[name] for one in right]) for name in right[0]} for of, right in kept.items()}
    return {
        "dynamics": {**figures["static"], "certainty": figure(certainty), **shares, "samples": repeats * count},
        "people_fitted": figures["fitted"],
        "people_prior": figures["prior"],
    }


def _group(group: Literal["static", "dynamic"], logits: Logits, clips: Clips) -> dict[str, float]:
    """Accuracies of one group's labels, and their mean, by the group's name."""
    right = accuracies(logits, clips)
    return {name: right[name] for name in (group, *getattr(clips, group))}


def _read(method: Method, judge: Judge, static: Tensor, dynamics: Tensor) -> Logits:
    return read_logits(judge, judged(method, judge, Codes(static, dynamics)))
