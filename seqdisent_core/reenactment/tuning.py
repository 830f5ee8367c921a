"""What is weighed while a model is tuned to people, and how; see personalising.py for why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from seqdisent_core.domains.images import Drawn, Field, composited, enlarged, motion_weights, warp
from seqdisent_core.machine import picture_dtype
from seqdisent_core.methods import Anchored, Codes
from seqdisent_core.reenactment.drawing import draw, draw_joined
from seqdisent_core.settings import Settings, settings

FRAMES = 6  # of each clip a step, and as many of rehearsal: 12 take half as long again, 4 make swaps worse
CHOSEN = 64  # frames of a clip, evenly, that are learnt from: neighbours tell the same
REHEARSED = 16  # people drawn from the prior, who do FRAMES frames each
RETURN_FRAMES = 8  # of a swap that is read back: few, as that takes both networks
MOTION = 2.0  # weight of what moves, as the model was trained with (`motion_weight` of the preset wild)
LEAST_VISIBLE = 0.2  # how much the warped frame counts where it is not visible, or nothing would be learnt there
REHEARSED_MOTION = 0.01  # weight of a pixel, or a nat, beside a squared error


@settings
class Tuning(Settings):
    """How a model is tuned to people; docs/filmed.md says what each setting does to the figures.

    * learns: the static codes alone, the decoder with them, the clips' dynamics codes too, or all weights besides (the
      encoders' by what they read back from swaps).
    * learning_rate: of the weights, Adam's; codes take ten times as long steps.

    Weights beside the squared error of a clip's decoded frames:

    * rehearsal: of what the untuned model draws for codes from its priors.
    * warped: of the error (not squared) of the anchor frame warped, alone and with what is decoded beside it.
    * mask: of what is visible, against the untuned model.
    * back: of a swap read again.
    * near: of dynamics codes that are learnt against what was read, by their variance over the clip's time.
    """

    learns: Literal["static", "decoder", "dynamics", "all"] = "decoder"
    learning_rate: float = 1e-3
    rehearsal: float = 1.0
    warped: float = 0.2
    mask: float = 0.1
    back: float = 0.02
    near: float = 0.02

    @property
    def learns_dynamics(self) -> bool:
        return self.learns in ("dynamics", "all")


USUAL = Tuning()


@dataclass(frozen=True)
class Film:
    """A clip that a model is tuned to: frames (frames, 3, size, size), and the one its static code was read from.

    seen: numbers of the frames that show the face. read: codes, a batch of one, as they were read; code: as learnt.
    """

    frames: Tensor
    anchor: int
    seen: np.ndarray
    read: Codes
    code: Codes

    @property
    def anchor_frame(self) -> Tensor:
        return self.frames[self.anchor, None]


class TuningErrors:
    """The errors of one step after the other, each on frames that are drawn anew.

    tuned: the model that learns; untuned: as it was; reader: what reads swaps back.
    """

    def __init__(
        self,
        tuned: Anchored,
        untuned: Anchored,
        reader: Anchored,
        films: Sequence[Film],
        tuning: Tuning,
        seed: int,
    ) -> None:
        self.tuned, self.untuned, self.reader, self.films, self.tuning = tuned, untuned, reader, films, tuning
        self.random = np.random.default_rng(seed)
        self.dtype = picture_dtype(tuned.device)
        chosen = [film.seen[np.linspace(0, len(film.seen) - 1, CHOSEN).round().astype(int)] for film in films]
        self.chosen = [np.unique(one) for one in chosen]
        with torch.no_grad():
            moving = zip(films, self.chosen, strict=True)
            self.moving = [motion_weights(film.frames[None, at], MOTION)[0] for film, at in moving]
            self.masks = [
                draw(untuned, Codes(film.read.static, film.read.dynamics[:, at])).near.visible.sigmoid()
                for film, at in zip(films, self.chosen, strict=True)
            ]
            generator = torch.Generator().manual_seed(seed)
            static = untuned.sample_static(REHEARSED, generator)
            rehearsed = Codes(static, untuned.sample_dynamics(REHEARSED, FRAMES, generator))
            self.rehearsed, self.meant = rehearsed.joined().flatten(0, 1), draw(untuned, rehearsed)

    def step(self) -> tuple[Tensor, Tensor]:
        """The squared error a colour value of the clips as decoded, and the weighed sum of all errors.

        Where a clip moves, errors count up to several times.
        """
        tuning, films = self.tuning, self.films
        shown = [np.sort(self._some(len(at))) for at in self.chosen]
        codes = [
            Codes(film.code.static, film.code.dynamics[:, at[some]]).joined()[0]
            for film, at, some in zip(films, self.chosen, shown, strict=True)
        ]
        rehearsed = self._some(len(self.rehearsed))
        codes.append(self.rehearsed[rehearsed])
        who = int(self.random.integers(len(films)))
        driver = films[(who + 1) % len(films)]
        start = int(self.random.integers(0, max(1, driver.code.dynamics.shape[1] - RETURN_FRAMES + 1)))
        run = slice(start, start + RETURN_FRAMES)
        if len(films) > 1:
            codes.append(Codes(films[who].code.static, driver.code.dynamics[:, run]).joined()[0])
        # All in one go; weights change at every step, so a cast one may not be kept.
        with torch.autocast(
            self.tuned.device.type, self.dtype, enabled=self.dtype != torch.float32, cache_enabled=False
        ):
            drawn = draw_joined(self.tuned, torch.cat(codes))
        parts = _split(drawn, [len(one) for one in codes])
        own, total = torch.zeros((), device=self.tuned.device), torch.zeros((), device=self.tuned.device)
        for number, some in enumerate(shown):
            decoded, beside = self._film_errors(number, some, parts[number])
            own, total = own + decoded / len(films), total + (decoded + beside) / len(films)
        total = total + tuning.rehearsal * _away(parts[len(films)], _chosen(self.meant, rehearsed))
        if len(films) > 1:
            total = total + self._return(films[who], driver, run, parts[-1])
        return own, total

    def _some(self, count: int) -> np.ndarray:
        return self.random.choice(count, min(FRAMES, count), replace=False)

    def _film_errors(self, number: int, some: np.ndarray, drawn: Drawn) -> tuple[Tensor, Tensor]:
        film, moving = self.films[number], self.moving[number]
        meant = film.frames[self.chosen[number][some]]
        decoded = ((drawn.frames - meant).square() * moving).mean()
        warped = warp(film.anchor_frame.expand_as(meant), drawn.near.motion)
        seen = enlarged(drawn.near.visible.sigmoid().detach(), meant.shape[-1]).clamp(min=LEAST_VISIBLE)
        alone = ((warped - meant).abs() * moving * seen).mean()
        together = ((composited(warped, drawn) - meant).abs() * moving).mean()
        mask = functional.binary_cross_entropy_with_logits(drawn.near.visible, self.masks[number][some])
        return decoded, self.tuning.warped * (alone + together) + self.tuning.mask * mask

    def _return(self, film: Film, driver: Film, run: slice, drawn: Drawn) -> Tensor:
        """A swap of a short run read back: squared distance of its codes from what it was made of; and its mask."""
        meant = driver.code.dynamics[:, run].detach()
        warped = warp(film.anchor_frame.expand_as(drawn.frames), drawn.near.motion)
        again = self.reader.encode(torch.cat([film.anchor_frame, composited(warped, drawn)])[None])
        back = (again.dynamics[:, 1:] - meant).square().mean()
        with torch.no_grad():
            visible = draw(self.untuned, Codes(film.read.static, meant)).near.visible.sigmoid()
        mask = functional.binary_cross_entropy_with_logits(drawn.near.visible, visible)
        return self.tuning.back * back + self.tuning.mask * mask


def strayed(films: Sequence[Film]) -> Tensor:
    """How far dynamics codes are from what was read, in variances over the clip's time."""
    away = [
        (
            (film.code.dynamics - film.read.dynamics).square() / (film.read.dynamics.var(dim=1, keepdim=True) + 1e-3)
        ).mean()
        for film in films
        if film.read.dynamics.shape[1] > 1  # a photograph's do not vary
    ]
    return torch.stack(away).mean()


def _split(drawn: Drawn, counts: list[int]) -> list[Drawn]:
    frames = drawn.frames.split(counts)
    near, around = (
        [Field(*parts) for parts in zip(*(t.split(counts) for t in field), strict=True)] for field in drawn[1:]
    )
    return [Drawn(*parts) for parts in zip(frames, near, around, strict=True)]


def _chosen(drawn: Drawn, at: np.ndarray) -> Drawn:
    near, around = (Field(*(value[at] for value in field)) for field in drawn[1:])
    return Drawn(drawn.frames[at], near, around)


def _away(drawn: Drawn, meant: Drawn) -> Tensor:
    """How far the tuned model has moved from the untuned one."""
    fields = zip(drawn[1:], meant[1:], strict=True)
    away = sum(_field_distance(field, other, drawn.frames.shape[-1]) for field, other in fields)
    return (drawn.frames - meant.frames).square().mean() + REHEARSED_MOTION * away


def _field_distance(field: Field, meant: Field, size: int) -> Tensor:
    """In pixels, and nats."""
    moved = size * (field.motion - meant.motion).abs().sum(1).mean()
    return moved + _entropy(field.visible, meant.visible) + _entropy(field.foreground, meant.foreground)


def _entropy(given: Tensor, meant: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(given, meant.sigmoid())
