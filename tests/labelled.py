"""Clips that show their labels, a small judge trained on them, and methods whose codes are the labels."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from seqdisent_core.data import EXPRESSIONS, Clips, Labels
from seqdisent_core.evaluation.judge import Judge, train_judge
from seqdisent_core.methods import Config, Method, Posterior
from seqdisent_core.methods.gaussians import Gaussian

PERSONS = ("ann", "ben", "cleo", "dan")
FRAMES, SIZE, BAR = 3, 64, 6


def labelled_clips() -> Clips:
    """96 training clips, half of them again for test: an upper bar tells the person, a lower one the expression."""
    person = np.tile(np.repeat(np.arange(4), 12), 3)
    expression = np.tile(np.arange(6), 24)
    codes = torch.cat([one_hot(torch.from_numpy(person), 4), one_hot(torch.from_numpy(expression), 6)], dim=1)
    painted = paint(codes[:, None].expand(-1, FRAMES, -1).float())
    frames = (painted * 255).to(torch.uint8).permute(0, 1, 3, 4, 2).numpy()
    static, dynamic = {"person": Labels(person, PERSONS)}, {"expression": Labels(expression, EXPRESSIONS)}
    return Clips(frames, static, dynamic, np.repeat(["train", "train", "test"], 48), "labelled")


def mislabelled_clips() -> Clips:
    """The same clips, and no test clip has its own labels: nothing that learnt from train alone is ever right."""
    clips = labelled_clips()
    test = clips.split == "test"
    static, dynamic = (
        {name: Labels((label.values + test) % len(label.names), label.names) for name, label in group.items()}
        for group in (clips.static, clips.dynamic)
    )
    return replace(clips, static=static, dynamic=dynamic)


def dressed_clips() -> Clips:
    """The same clips as a set of two static and two dynamic labels: a person is a hat and a coat."""
    clips = labelled_clips()
    person, expression = clips.static["person"].values, clips.dynamic["expression"].values
    hat, coat = Labels(person // 2, ("cap", "hood")), Labels(person % 2, ("long", "short"))
    brows, mouth = Labels(expression // 3, ("down", "up")), Labels(expression % 3, ("open", "shut", "wide"))
    return replace(clips, static={"hat": hat, "coat": coat}, dynamic={"brows": brows, "mouth": mouth})


def paint(bars: Tensor) -> Tensor:
    """Brightness of ten bars (batch, frames, 10) to clips (batch, frames, 3, 64, 64)."""
    column = bars.repeat_interleave(BAR, dim=-1)
    column = torch.cat([column, torch.zeros(*column.shape[:2], SIZE - column.shape[2])], dim=2)
    return column[:, :, None, :, None].expand(-1, -1, 3, -1, SIZE).clamp(0, 1)


@cache
def labelled_judge() -> Judge:
    """A real judge of the smallest width that has learnt to read the bars."""
    return train_judge(labelled_clips(), steps=60, width=4)


@cache
def dressed_judge() -> Judge:
    """A real judge with a head for each attribute."""
    return train_judge(dressed_clips(), steps=60, width=4)


@dataclass(frozen=True)
class NoConfig(Config):
    pass


class LabelMethod(Method):
    """Static codes are the person (4), dynamics the expression (6) and four numbers more.

    perfect: those are empty. copies: they hold the person, and nothing uses it. leak: they hold the person, and
    decoding believes them and not the static codes. constant: all codes are zero. shuffled: codes are another clip's.
    """

    name = "labels"
    frame_size, static_dim, dynamics_dim = SIZE, 4, 10

    def __init__(self, kind: str = "perfect") -> None:
        super().__init__()
        self.kind, self.config = kind, NoConfig()
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def frame_features(self, clip: Tensor) -> Tensor:
        return clip[:, :, 0, :, 0].unfold(2, BAR, BAR).mean(dim=-1)

    def encode(self, clip: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Posterior:
        return self.encode_features(self.frame_features(clip), anchor=anchor, generator=generator)

    def encode_features(self, bars: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Posterior:
        static, expression, copied = bars[:, anchor, :4], bars[:, :, 4:10], bars[:, :, :4]
        if self.kind not in ("copies", "leak"):
            copied = torch.zeros_like(copied)
        dynamics = torch.cat([expression, copied], dim=2)
        if self.kind == "constant":
            static, dynamics = torch.zeros_like(static), torch.zeros_like(dynamics)
        if self.kind == "shuffled":
            order = torch.randperm(len(bars), generator=torch.Generator().manual_seed(0))
            static, dynamics = static[order], dynamics[order.flip(0)]
        return Posterior(Gaussian(static, static), Gaussian(dynamics, dynamics))

    def decode(self, static: Tensor, dynamics: Tensor) -> Tensor:
        person = dynamics[..., 6:] if self.kind == "leak" else static[:, None].expand(-1, dynamics.shape[1], -1)
        return paint(torch.cat([person, dynamics[..., :6]], dim=2))

    def sample_static(self, count, generator=None):
        people = one_hot(torch.randint(4, (count,), generator=generator), 4).float()
        return torch.zeros_like(people) if self.kind == "constant" else people

    def sample_dynamics(self, count, frames, generator=None, *, temperature=1.0, return_means=False):
        expression = one_hot(torch.randint(6, (count,), generator=generator), 6).float()
        copied = self.sample_static(count, generator)
        if self.kind not in ("copies", "leak"):
            copied = torch.zeros_like(copied)
        moves = torch.cat([expression, copied], dim=1)[:, None].expand(-1, frames, -1)
        return torch.zeros_like(moves) if self.kind == "constant" else moves

    def loss(self, clip, kl_scale, generator=None, dynamics_of=None):
        return {"total": self.nothing.sum()}


class OneFrame(LabelMethod):
    """A method whose static codes hold all that their frame shows."""

    name, static_dim = "one_frame", 10

    def encode_features(self, bars: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Posterior:
        static = bars[:, anchor, :10]
        return Posterior(Gaussian(static, static), Gaussian(bars[:, :, :10], bars[:, :, :10]))

    def decode(self, static: Tensor, dynamics: Tensor) -> Tensor:
        return paint(dynamics)


class AllStatic(OneFrame):
    """A method whose static codes are the whole clip; it notes what it is asked for when dynamics are drawn."""

    name = "all_static"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bool] = []

    def decode(self, static: Tensor, dynamics: Tensor) -> Tensor:
        return paint(static[:, None].expand(-1, dynamics.shape[1], -1))

    def sample_dynamics(self, count, frames, generator=None, *, temperature=1.0, return_means=False):
        self.asked.append(return_means)
        return super().sample_dynamics(count, frames, generator)


class WithoutStatic(LabelMethod):
    """A method that has dynamics alone: every bar is in them."""

    name, static_dim = "dynamics_alone", 0

    def encode_features(self, bars: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Posterior:
        none = bars[:, 0, :0]
        return Posterior(Gaussian(none, none), Gaussian(bars, bars))

    def decode(self, static: Tensor, dynamics: Tensor) -> Tensor:
        return paint(dynamics)
