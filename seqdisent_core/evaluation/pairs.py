"""Random partners for swaps."""

from itertools import combinations

import numpy as np

from seqdisent_core.data import Clips
from seqdisent_core.errors import DataError

_COUNTED = 8  # labels of which all subsets are counted, 2 to their number; of more, partners are tried one by one
_TRIES = 64


def draw_pairs(clips: Clips, random: np.random.Generator) -> np.ndarray:
    """For each clip a partner, uniformly random among those that differ in every label: int (clips,).

    Pairs that share a label would inflate the score of a swap. Raises DataError if a clip has no such partner.

    One number is drawn for each clip, the rank of its partner among the possible ones. The clip with that rank is found
    by bisection over counts, in O(n log(n)^2) for n clips, without listing the possible partners of each.
    """
    labels = np.stack([label.values for label in clips.labels.values()])
    if len(labels) > _COUNTED:
        return _drawn_one_by_one(labels, clips, random)
    everyone = np.full(len(clips), len(clips))
    alike = [
        _Alike(labels[list(names)])
        for size in range(len(labels))
        for names in combinations(range(len(labels)), size + 1)
    ]

    def different(end: np.ndarray) -> np.ndarray:
        """How many clips before number `end` differ from each clip in every label, both int (clips,)."""
        return end - sum(group.sign * group.before(end) for group in alike)  # inclusion and exclusion

    partners = different(everyone)
    if not partners.all():
        raise _without_partner(clips, int(partners.argmin()))
    rank = random.integers(0, partners)
    first, last = np.zeros_like(everyone), everyone - 1
    while (first < last).any():
        middle = (first + last) // 2
        reached = different(middle + 1) > rank
        first, last = np.where(reached, first, middle + 1), np.where(reached, middle, last)
    return first


def _drawn_one_by_one(labels: np.ndarray, clips: Clips, random: np.random.Generator) -> np.ndarray:
    """The same for many labels: for each clip others are tried at random, and in the end all are looked through."""
    partners = np.empty(len(clips), int)
    for clip, own in enumerate(labels.T):
        tried = random.integers(0, len(clips), _TRIES)
        able = tried[(labels[:, tried] != own[:, None]).all(axis=0)]
        if not len(able):
            able = random.permutation(np.flatnonzero((labels != own[:, None]).all(axis=0)))
        if not len(able):
            raise _without_partner(clips, clip)
        partners[clip] = able[0]
    return partners


def _without_partner(clips: Clips, clip: int) -> DataError:
    return DataError(
        f"{clips.name} needs two or more values of each label ({', '.join(clips.labels)}) in its "
        f"{clips.split[clip]} split, and pairs that share none: a swap is judged between such clips."
    )


class _Alike:
    """Clips that share all of some labels, int (labels, clips), with each clip."""

    def __init__(self, labels: np.ndarray) -> None:
        _, group = np.unique(labels, axis=1, return_inverse=True)
        group = group.ravel()
        count = labels.shape[1]
        self.sign = 1 if len(labels) % 2 else -1
        self.places = np.sort(group * count + np.arange(count))  # group by group, in each by the clips' numbers
        self.own = group * count
        self.start = np.searchsorted(self.places, self.own)

    def before(self, end: np.ndarray) -> np.ndarray:
        """How many of them have a number below `end`, int (clips,), of each clip's own: int (clips,)."""
        return np.searchsorted(self.places, self.own + end) - self.start
