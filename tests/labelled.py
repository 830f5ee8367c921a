"""Clips that show their labels, a small judge trained on them, and methods whose codes are the labels."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from seqdisent_core.data import EXPRESSIONS, Clips, Labels
from seqdisent_core.domains import Backbone
from seqdisent_core.evaluation.judge import Judge, train_judge
from seqdisent_core.methods import Anchored, Codes
from seqdisent_core.methods.contract import ABILITIES
from seqdisent_core.settings import Settings, settings

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
    """A real judge of the smallest width that has learnt to read the bars; test clips would have taught it wrongly."""
    return train_judge(mislabelled_clips(), steps=40, width=4)


@cache
def dressed_judge() -> Judge:
    """A real judge with a head for each attribute."""
    return train_judge(dressed_clips(), steps=40, width=4)


@settings
class NoConfig(Settings):
    @property
    def code_dim(self) -> int:
        return 10


class Bars(Backbone):
    """Frames that show bars: a feature a bar, decoded by painting it."""

    name, config_type = "bars", NoConfig

    def __init__(self, config: NoConfig, code_dim: int) -> None:
        super().__init__(config, code_dim)
        self.config, self.element, self.feature_dim = config, (3, SIZE, SIZE), 10
        self.decoder = torch.nn.Identity()

    def encode(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        return x[:, 0, :, 0].unfold(1, BAR, BAR).mean(dim=-1)

    def decode(self, codes: Tensor) -> Tensor:
        return paint(self.decoder(codes)[:, None])[:, 0]

    def error(self, decoded: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        return (decoded - x).square().sum(dim=(2, 3, 4))


class LabelMethod(Anchored):
    """Static codes are the person (4), dynamics the expression (6) and four numbers more.

    perfect: those are empty. copies: they hold the person, and nothing uses it. leak: they hold the person, and
    decoding believes them and not the static codes. constant: all codes are zero. shuffled: codes are another clip's.
    """

    name, config_type = "labels", NoConfig
    abilities = frozenset(ABILITIES)
    static_dim, dynamics_dim = 4, 10

    def __init__(self, kind: str = "perfect") -> None:
        super().__init__(NoConfig(), Bars(NoConfig(), 10))
        self.kind = kind
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def frame_features(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        return self.backbone.encode_sequences(x)

    def encode(self, x, observed=None, generator=None, *, anchor: int = 0) -> Codes:
        return self.encode_features(self.frame_features(x), anchor=anchor, generator=generator)

    def encode_features(self, bars: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Codes:
        static, expression, copied = bars[:, anchor, :4], bars[:, :, 4:10], bars[:, :, :4]
        if self.kind not in ("copies", "leak"):
            copied = torch.zeros_like(copied)
        dynamics = torch.cat([expression, copied], dim=2)
        if self.kind == "constant":
            static, dynamics = torch.zeros_like(static), torch.zeros_like(dynamics)
        if self.kind == "shuffled":
            order = torch.randperm(len(bars), generator=torch.Generator().manual_seed(0))
            static, dynamics = static[order], dynamics[order.flip(0)]
        return Codes(static, dynamics)

    def decode(self, codes: Codes) -> Tensor:
        time = codes.dynamics.shape[1]
        person = codes.dynamics[..., 6:] if self.kind == "leak" else codes.static[:, None].expand(-1, time, -1)
        return self._painted(torch.cat([person, codes.dynamics[..., :6]], dim=2))

    def _painted(self, bars: Tensor) -> Tensor:
        return self.backbone.decode_sequences(bars)

    def sample_static(self, count, generator=None):
        people = one_hot(torch.randint(4, (count,), generator=generator), 4).float()
        return torch.zeros_like(people) if self.kind == "constant" else people

    def sample_dynamics(self, count, time, generator=None, *, temperature=1.0, means=False):
        expression = one_hot(torch.randint(6, (count,), generator=generator), 6).float()
        copied = self.sample_static(count, generator)
        if self.kind not in ("copies", "leak"):
            copied = torch.zeros_like(copied)
        moves = torch.cat([expression, copied], dim=1)[:, None].expand(-1, time, -1)
        return torch.zeros_like(moves) if self.kind == "constant" else moves

    def loss(self, batch, moment, turn="model"):
        return {"total": self.nothing.sum()}


class OneFrame(LabelMethod):
    """A method whose static codes hold all that their frame shows."""

    name, static_dim = "one_frame", 10

    def encode_features(self, bars: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Codes:
        return Codes(bars[:, anchor, :10], bars[:, :, :10])

    def decode(self, codes: Codes) -> Tensor:
        return self._painted(codes.dynamics)


class AllStatic(OneFrame):
    """A method whose static codes are the whole clip; it notes what it is asked for when dynamics are drawn."""

    name = "all_static"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bool] = []

    def decode(self, codes: Codes) -> Tensor:
        return self._painted(codes.static[:, None].expand(-1, codes.dynamics.shape[1], -1))

    def sample_dynamics(self, count, time, generator=None, *, temperature=1.0, means=False):
        self.asked.append(means)
        return super().sample_dynamics(count, time, generator)


class WithoutStatic(LabelMethod):
    """A method that has dynamics alone: every bar is in them."""

    name, static_dim = "dynamics_alone", 0

    def encode_features(self, bars: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Codes:
        return Codes(bars[:, 0, :0], bars)

    def decode(self, codes: Codes) -> Tensor:
        return self._painted(codes.dynamics)
