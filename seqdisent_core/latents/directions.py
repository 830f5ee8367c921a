"""The latent space of a trained model: the distribution of the training persons, and named principal directions.

The prior of the static codes is N(0, I), but a few dozen persons do not fill its dimensions: most of its samples look
ghostly. New people for the demo are sampled from a normal distribution fitted to the persons' mean codes, in its
leading principal directions. Figures of the published protocol use the prior itself.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass as checked
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.evaluation import Judge, check_judge
from seqdisent_core.latents.naming import name_dynamics, name_static
from seqdisent_core.methods import Method, encode_clips
from seqdisent_core.weights import check_shipped

Factor = Literal["static", "dynamics"]

TENSORS, NAMES = "latents.safetensors", "latents.json"
PEOPLE_DIRECTIONS = 20  # principal directions that new people are drawn in: beyond, faces turn blotchy
NAMED_DIRECTIONS = 6  # of each factor


@dataclass(frozen=True)
class Direction:
    """A principal direction of one factor's codes: float32 (dims,), scaled to one standard deviation."""

    name: str
    factor: Factor
    vector: np.ndarray


@checked
class _Stored:
    """What latents.json must hold: the hash of the checkpoint's weights, and names of each factor's directions."""

    checkpoint_sha256: str
    static: list[str]
    dynamics: list[str]


@dataclass(frozen=True)
class Latents:
    """static_mean: float32 (static_dim,); people: float32 (PEOPLE_DIRECTIONS, static_dim), one standard deviation each;
    neutral: float32 (dynamics_dim,), mean dynamics of the first frames; sha256: of the checkpoint's weights.
    """

    static_mean: np.ndarray
    people: np.ndarray
    neutral: np.ndarray
    directions: tuple[Direction, ...]
    sha256: str

    def save(self, folder: Path) -> None:
        """Write both files into a checkpoint's folder."""
        tensors = {"static_mean": self.static_mean, "people": self.people, "neutral": self.neutral}
        for factor in ("static", "dynamics"):
            tensors[factor] = np.stack([d.vector for d in self.directions if d.factor == factor])
        (folder / NAMES).unlink(missing_ok=True)  # written last: stopped in between, there are none, not mixed ones
        save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, folder / TENSORS)
        (folder / TENSORS).chmod(0o644)  # safetensors writes for the owner alone
        names = {factor: [d.name for d in self.directions if d.factor == factor] for factor in ("static", "dynamics")}
        text = json.dumps({"checkpoint_sha256": self.sha256, **names}, indent=1, ensure_ascii=False)
        (folder / NAMES).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, sha256: str) -> "Latents":
        """Read from a checkpoint's folder. Raises ConfigError if they are missing, damaged or another model's."""
        check_shipped(folder / TENSORS)
        again = f"Make them: seqdisent latents {folder} --data SET --judge JUDGE"
        try:
            about = TypeAdapter(_Stored).validate_json((folder / NAMES).read_bytes())
            tensors = load_file(folder / TENSORS)
            named: tuple[tuple[Factor, list[str]], ...] = (("static", about.static), ("dynamics", about.dynamics))
            directions = tuple(
                Direction(name, factor, vector)
                for factor, names in named
                for name, vector in zip(names, tensors[factor], strict=True)
            )
            found = cls(
                tensors["static_mean"], tensors["people"], tensors["neutral"], directions, about.checkpoint_sha256
            )
            dims = found.static_mean.size, found.neutral.size
            if (tensors["static"].shape[1:], tensors["dynamics"].shape[1:]) != ((dims[0],), (dims[1],)):
                raise ValueError
            if found.people.shape[1:] != found.static_mean.shape or found.neutral.ndim != 1:
                raise ValueError
        except FileNotFoundError:
            raise ConfigError(f"Nothing is known yet of the codes of {folder}. {again}") from None
        except (ValueError, SafetensorError, KeyError):  # no JSON, or another one; tensors of other names or shapes
            raise ConfigError(f"{folder / NAMES} or {TENSORS} is damaged. {again}") from None
        if found.sha256 != sha256:
            raise ConfigError(f"{folder / NAMES} belongs to another model than the one beside it. {again}")
        return found


def find_latents(
    method: Method, judge: Judge, clips: Clips, sha256: str, progress: Callable[[str], None] = lambda stage: None
) -> Latents:
    """Fit the distribution of people and find the named directions on a set's train split. Deterministic.

    Raises DataError if the judge was trained on other labels than the set's, or if the set shows only one identity.
    """
    check_judge(judge, clips)
    train = clips.part("train")
    who = train.identities.values
    if len(np.unique(who)) < 2:
        raise DataError(f"{clips.name} has training clips of one person; how people differ takes two or more.")
    progress("encoding the train split")
    codes = encode_clips(method, as_training_tensor(train))
    static, dynamics = codes.static.numpy(), codes.dynamics.numpy()
    persons = np.stack([static[who == one].mean(axis=0) for one in np.unique(who)])
    mean = persons.mean(axis=0)
    people = _principal(persons - mean, min(PEOPLE_DIRECTIONS, len(persons) - 1))
    neutral = dynamics[:, 0].mean(axis=0)
    third = dynamics.shape[1] // 3
    moved = (dynamics - dynamics[:, :1])[:, third : 2 * third + 1].reshape(-1, dynamics.shape[2])
    moves = _principal(moved - moved.mean(axis=0), NAMED_DIRECTIONS)
    progress("naming the directions")
    frames = dynamics.shape[1]
    named_static = name_static(method, mean, people[:NAMED_DIRECTIONS], np.tile(neutral, (frames, 1)))
    named_dynamics = name_dynamics(method, judge, persons, moves, np.tile(neutral, (frames, 1)))
    directions = [Direction(name, "static", v) for name, v in zip(named_static, people, strict=False)]
    directions += [Direction(name, "dynamics", v) for name, v in zip(named_dynamics, moves, strict=True)]
    return Latents(mean, people, neutral, tuple(directions), sha256)


def _principal(centred: np.ndarray, count: int) -> np.ndarray:
    """Leading principal directions of float (items, dims), each one standard deviation long; largest entry positive.

    The sign of a singular vector is arbitrary; this rule makes it deterministic.
    """
    _, sizes, vectors = np.linalg.svd(centred, full_matrices=False)
    count = min(count, len(vectors))
    vectors = vectors[:count] * np.sign(vectors[np.arange(count), np.abs(vectors[:count]).argmax(axis=1)])[:, None]
    return (vectors * (sizes[:count] / np.sqrt(max(len(centred) - 1, 1)))[:, None]).astype(np.float32)
