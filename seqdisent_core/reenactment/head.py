"""Head and expression apart: which change of the dynamics is a turn of the head, and how far a picture follows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import DEGREES, HEAD, Clips, FilmTruth
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.methods import Anchored, encode_clips
from seqdisent_core.reenactment.learnt_file import LearntFile

Transfer = Literal["all", "expression", "head"]
TRANSFERS: tuple[Transfer, ...] = get_args(Transfer)
TURNS_FAR = (
    "The head turns farther than one picture can follow, so turns are damped. Choose another anchor frame, or transfer "
    "the expression alone."
)
FAR = 25.0  # degrees of yaw or pitch beyond which a turn is damped: from one picture, more is invented than seen
_LEARNT = 400  # clips, which are enough for two directions
_READ, _MADE = 10.0, 30.0  # ridge penalties, beside thousands of frames
_TIMES = 8  # frames of each clip


@dataclass(frozen=True)
class HeadTurn(LearntFile):
    """What a turn of the head is among a model's dynamics, in how far they differ from the anchor's.

    * read: (dynamics_dim, 2), from a change of d to yaw and pitch in degrees; moves: (2, dynamics_dim), the change of d
      that a degree of each makes.
    * explained: shares of the variance of yaw and pitch that are read in validation clips of other persons.
    """

    file = "head.json"
    read: list[list[float]]
    moves: list[list[float]]
    explained: list[float]
    sha256: str

    def turns(self, change: Tensor) -> Tensor:
        """Yaw and pitch in degrees, (..., 2), of changes (..., dynamics_dim)."""
        return change @ torch.tensor(self.read, dtype=change.dtype, device=change.device)

    def only(self, change: Tensor, transfer: Transfer) -> Tensor:
        """The part of changes (..., dynamics_dim) that is transferred; turns beyond FAR are damped."""
        turns = self.turns(change)
        moves = torch.tensor(self.moves, dtype=change.dtype, device=change.device)
        rest = change - turns @ moves
        if transfer == "expression":
            return rest
        followed = _damped(turns) @ moves
        return followed if transfer == "head" else rest + followed


def _damped(turns: Tensor) -> Tensor:
    """Turns in degrees, as they are up to FAR, and from there on slower and slower, to no more than 1.5 FAR."""
    beyond = (turns.abs() - FAR).clamp(min=0)
    return turns.sign() * (turns.abs().clamp(max=FAR) + 0.5 * FAR * torch.tanh(2 * beyond / FAR))


def check_transfer(transfer: Transfer, head: HeadTurn | None) -> None:
    """Raises ConfigError for what is none of TRANSFERS, and for a part of a movement that a model does not know."""
    if transfer not in TRANSFERS:
        raise ConfigError(f"The transfer is {transfer!r}; it must be one of {', '.join(TRANSFERS)}.")
    if head is None and transfer != "all":
        raise ConfigError(
            "This model does not tell head turns from expressions. Transfer all, or let it learn them: seqdisent rest "
            "MODEL --data SET, with a set of `seqdisent render wild`."
        )


def learn_head(method: Anchored, sets: Sequence[Clips], sha256: str) -> HeadTurn | None:
    """Learn from the first set that has a renderer's truth, and measure on its validation split; None without one."""
    known = [clips for clips in sets if FilmTruth.known(clips.frames)]
    if not known:
        return None
    dynamics, states = _changes(method, known[0].part("train"))
    turns = states[:, HEAD]
    read = _ridge(dynamics, turns, _READ)
    moves = _ridge(states, dynamics, _MADE)[HEAD]  # what else a face does is held fixed
    moves = np.linalg.solve(moves @ read, moves)  # so that what is read of a turn is what was made
    held, held_states = _changes(method, known[0].part("validation"))
    missed = np.square(held @ read - held_states[:, HEAD]).mean(axis=0)
    explained = 1 - missed / np.square(held_states[:, HEAD]).mean(axis=0)
    return HeadTurn(
        (DEGREES * read).round(5).tolist(), (moves / DEGREES).round(6).tolist(), explained.round(3).tolist(), sha256
    )


def _changes(method: Anchored, clips: Clips) -> tuple[np.ndarray, np.ndarray]:
    """Changes of dynamics (n, dynamics_dim) and of what a face does (n, STATE_DIM) since each clip's first frame."""
    random = np.random.default_rng(0)
    clips = clips.select(np.sort(random.permutation(len(clips))[:_LEARNT]))
    frames = clips.frames.shape[1]
    if frames < 2:
        raise DataError(f"The clips of {clips.name} have one frame, and a turn takes two.")
    truth, parts = FilmTruth(clips.frames, clips.name), []
    times = np.unique(np.linspace(0, frames - 1, _TIMES).round().astype(int))
    for clip in range(len(clips)):
        pixels = torch.from_numpy(clips.frames[clip]).permute(0, 3, 1, 2)[None]
        dynamics, state = encode_clips(method, pixels).dynamics[0].numpy(), truth.state(clip, np.arange(frames))
        parts.append(((dynamics - dynamics[0])[times], (state - state[0])[times]))
    changes, states = (np.concatenate(column).astype(float) for column in zip(*parts, strict=True))
    return changes, states


def _ridge(given: np.ndarray, meant: np.ndarray, penalty: float) -> np.ndarray:
    return np.linalg.solve(given.T @ given + penalty * np.eye(given.shape[1]), given.T @ meant)
