"""What decoding uses of a leak: one code is exchanged between clips that differ in the other code's labels alone."""

from typing import Any

import numpy as np
import torch

from seqdisent_core.data import Clips, Labels
from seqdisent_core.evaluation.judge import Judge, Logits, read_logits
from seqdisent_core.evaluation.protocols import judged
from seqdisent_core.methods import Codes, Method
from seqdisent_core.reporting import absent, figure

USED = ("changed", "followed")
_TRIES = 64


def used_leakage(
    method: Method, judge: Judge, clips: Clips, codes: Codes, *, seed: int = 0, repeats: int = 5
) -> dict[str, Any]:
    """Figures of two exchanges, each of one code of a clip by that of a random other clip, by the judge.

    * static: s of a clip with the same static labels and other dynamic ones. Nothing should change.
    * dynamics: d of a clip with the same dynamic labels and other static ones. Nothing should change.

    `changed`: share of clips in which the judge now sees another value of the labels that differ than in the
    reconstruction; `followed`: share in which it sees that of the clip where the code is from; means over those labels.
    `clips`: how many have such a partner.
    """
    kept = read_logits(judge, judged(method, judge, codes))
    parts = {"static": (clips.static, clips.dynamic), "dynamics": (clips.dynamic, clips.static)}
    return {
        name: _used(method, judge, codes, kept, name, same, other, seed, repeats)
        for name, (same, other) in parts.items()
    }


def _used(
    method: Method,
    judge: Judge,
    codes: Codes,
    kept: Logits,
    name: str,
    same: dict[str, Labels],
    other: dict[str, Labels],
    seed: int,
    repeats: int,
) -> dict[str, Any]:
    if getattr(codes, name).shape[-1] == 0:
        return absent((*USED, "clips"), f"There are no {name} codes to exchange.")
    rows: list[list[float]] = []
    for repeat in range(repeats):
        partners = draw_alike(same, other, np.random.default_rng([seed, repeat]))
        able = np.flatnonzero(partners >= 0)
        if not len(able):
            why = f"No two test clips share {', '.join(same)} and differ in {', '.join(other)}."
            return absent((*USED, "clips"), why)
        own, theirs = torch.from_numpy(able), torch.from_numpy(partners[able])
        static, dynamics = (theirs, own) if name == "static" else (own, theirs)
        seen = read_logits(judge, judged(method, judge, Codes(codes.static[static], codes.dynamics[dynamics])))
        now = {label: seen[label].argmax(dim=1).numpy() for label in other}
        before = {label: kept[label][own].argmax(dim=1).numpy() for label in other}
        changed = np.mean([(now[label] != before[label]).mean() for label in other])
        followed = np.mean([(now[label] == of.values[partners[able]]).mean() for label, of in other.items()])
        rows.append([float(changed), float(followed)])
    return {
        **{key: figure(values) for key, values in zip(USED, zip(*rows, strict=True), strict=True)},
        "clips": len(able),
    }


def draw_alike(same: dict[str, Labels], other: dict[str, Labels], random: np.random.Generator) -> np.ndarray:
    """For each clip a random partner with equal labels of `same` and no equal label of `other`: int (clips,).

    -1 where there is none.
    """
    equal, unequal = (np.stack([label.values for label in group.values()]) for group in (same, other))
    _, group = np.unique(equal, axis=1, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    members = np.split(order, np.cumsum(np.bincount(group.ravel()))[:-1])
    partners = np.full(equal.shape[1], -1)
    for clip, at in enumerate(group.ravel()):
        own = members[at]
        for tried in (own[random.integers(0, len(own), _TRIES)], random.permutation(own)):
            able = tried[(unequal[:, tried] != unequal[:, clip, None]).all(axis=0)]
            if len(able):
                partners[clip] = able[0]
                break
    return partners
