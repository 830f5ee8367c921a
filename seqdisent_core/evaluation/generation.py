"""Clips generated from a test clip's codes and the priors, and scores of the judge's predictions for them.

Protocols (Berman et al. 2024): "fixed_dynamics" keeps a clip's posterior means of the dynamics and samples one static
code from the prior; "fixed_static" keeps the static mean and samples dynamics; "swap" takes the dynamics of another
clip that differs in all labels; "both_sampled" keeps nothing. Sampled dynamics are decoded from the prior's conditional
means along the sampled path, as in the published evaluation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import Clips
from seqdisent_core.evaluation.judge import Judge, Logits, accuracy
from seqdisent_core.evaluation.pairs import draw_pairs
from seqdisent_core.evaluation.protocols import judged
from seqdisent_core.methods import Ability, Codes, Method

Protocol = Literal["fixed_dynamics", "fixed_static", "swap", "both_sampled"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
NEEDS: dict[Protocol, tuple[Ability, ...]] = {
    "fixed_dynamics": ("encode", "sample_static"),
    "fixed_static": ("encode", "sample_dynamics"),
    "swap": ("encode",),
    "both_sampled": ("sample_static", "sample_dynamics"),
}


def unable(method: Method, protocol: Protocol) -> str | None:
    """The reason why a method cannot generate the clips of a protocol, as a sentence; None if it can."""
    if why := next((why for ability in NEEDS[protocol] if (why := method.reason(ability))), None):
        return why
    lacking = next((part for part in ("static", "dynamics") if getattr(method, f"{part}_dim") == 0), None)
    return f"{method.name} has no {lacking} codes to keep, draw or exchange." if lacking else None


@dataclass(frozen=True)
class GenerationScores:
    """acc in [0, 1]; inception score from 1 to the number of classes; entropies in nats (natural logarithms)."""

    acc: float
    inception_score: float
    h_y_given_x: float
    h_y: float


def generation_scores(logits: Tensor, labels: np.ndarray) -> GenerationScores:
    """Scores of logits (clips, classes) of generated clips against the labels that they should have kept.

    H(y|x) is the mean entropy of a prediction, H(y) the entropy of the mean prediction, and IS = exp(H(y) - H(y|x)),
    the exponentiated mean KL divergence of a prediction from the mean prediction. All clips count equally; classes are
    not balanced.
    """
    readings = logits.double().softmax(dim=1)
    h_y_given_x = float(torch.special.entr(readings).sum(dim=1).mean())
    h_y = float(torch.special.entr(readings.mean(dim=0)).sum())
    return GenerationScores(accuracy(logits, labels), float(np.exp(h_y - h_y_given_x)), h_y_given_x, h_y)


def scores_of_dynamic(logits: Logits, clips: Clips) -> dict[str, GenerationScores]:
    """The scores of clips with kept dynamics, for each dynamic label."""
    return {name: generation_scores(logits[name], label.values) for name, label in clips.dynamic.items()}


def scores_without_labels(logits: Logits, clips: Clips) -> dict[str, GenerationScores]:
    """The scores of clips that keep nothing of a test clip, for each dynamic label; `acc` is meaningless there."""
    return {name: generation_scores(logits[name], np.zeros(len(logits[name]), int)) for name in clips.dynamic}


@dataclass(frozen=True)
class Samples:
    """One repeat: the judge's features (clips, dims) of each protocol's clips, and the partners of the swaps.

    `halves`: two halves of the test clips, int (clips // 2,) each, split anew in each repeat; "both_sampled" has as
    many clips as one half.
    """

    features: dict[Protocol, Tensor]
    partners: np.ndarray
    halves: tuple[np.ndarray, np.ndarray]


@torch.no_grad()
def draw_samples(
    method: Method,
    judge: Judge,
    clips: Clips,
    codes: Codes | None,
    seed: int,
    repeat: int,
    progress: Callable[[str], None],
) -> Samples:
    """Generate clips by every protocol that the method can, and compute the judge's features of them.

    codes: of the test clips; None if the method has no encoder.
    """
    random = np.random.default_rng([seed, repeat])
    partners = np.arange(len(clips)) if unable(method, "swap") else draw_pairs(clips, random)
    order, half = random.permutation(len(clips)), len(clips) // 2
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    count, frames = clips.frames.shape[:2]

    def people(number: int) -> Tensor:
        return method.sample_static(number, generator).cpu()

    def moves(number: int) -> Tensor:
        return method.sample_dynamics(number, frames, generator, means=True).cpu()

    def sampled(protocol: Protocol) -> Codes:
        if protocol == "both_sampled":
            return Codes(people(half), moves(half))
        assert codes is not None
        if protocol == "fixed_dynamics":
            return Codes(people(count), codes.dynamics)
        if protocol == "fixed_static":
            return Codes(codes.static, moves(count))
        return Codes(codes.static, codes.dynamics[torch.from_numpy(partners)])

    drawn = {protocol: sampled(protocol) for protocol in PROTOCOLS if not unable(method, protocol)}
    features = {}
    for protocol, own in drawn.items():
        progress(f"sampling {repeat + 1}: {protocol.replace('_', ' ')}")
        features[protocol] = judged(method, judge, own)
    return Samples(features, partners, (order[:half], order[half : 2 * half]))
