"""Clips generated from a test clip's codes and the priors, and the scores that the judge's readings of them give.

Protocols (Berman et al. 2024): "fixed_dynamics" keeps a clip's posterior means of the dynamics and draws one static
code from the prior; "fixed_static" keeps the static mean and draws dynamics; "swap" takes the dynamics of another
clip that differs in both labels; "both_sampled" keeps nothing. Of drawn dynamics the prior's conditional means along
the drawn path are decoded, as the published evaluation does.
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
    """Why clips of a protocol cannot be had of a method, as a sentence; None where they can."""
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
    """Scores of readings (clips, classes) of generated clips against the labels that they should have kept.

    H(y|x) is the mean entropy of a reading, H(y) the entropy of the mean reading, and IS = exp(H(y) - H(y|x)), which
    is the mean divergence of a reading from the mean reading, exponentiated. All clips count; nothing is balanced.
    """
    readings = logits.double().softmax(dim=1)
    h_y_given_x = float(torch.special.entr(readings).sum(dim=1).mean())
    h_y = float(torch.special.entr(readings.mean(dim=0)).sum())
    return GenerationScores(accuracy(logits, labels), float(np.exp(h_y - h_y_given_x)), h_y_given_x, h_y)


def scores_of_dynamic(logits: Logits, clips: Clips) -> dict[str, GenerationScores]:
    """The scores of each dynamic label of clips whose movements were kept."""
    return {name: generation_scores(logits[name], label.values) for name, label in clips.dynamic.items()}


def scores_without_labels(logits: Logits, clips: Clips) -> dict[str, GenerationScores]:
    """The scores, for each dynamic label, of clips that keep nothing of a given one: all but `acc` tell something."""
    return {name: generation_scores(logits[name], np.zeros(len(logits[name]), int)) for name in clips.dynamic}


@dataclass(frozen=True)
class Samples:
    """One repeat: the judge's features (clips, dims) of each protocol's clips, and the partners of the swaps.

    `halves` are two halves of the test clips, int (clips // 2,) each, drawn anew in each repeat; "both_sampled" has
    as many clips as one of them.
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
    """Generate clips by every protocol that the method can from the codes of test clips, and show them to the judge.

    codes: None where the method has no encoder.
    """
    random = np.random.default_rng([seed, repeat])
    partners = draw_pairs(clips, random)
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
