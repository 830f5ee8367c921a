"""What a renderer knows of each frame, as a training compares with it: motion, visibility, foreground, and the warp."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seqdisent_core.domains.images.motion_branch import AROUND, NEAR, REACH, Field
from seqdisent_core.domains.images.warping import enlarged, grid, sample, warp

# Weights beside a summed squared error of some 500 a frame (of 128 px): motion should count somewhat more than that.
_MOTION = 600.0  # a pixel of mean distance, on the frame
_MOTION_AROUND = 200.0  # and in the wide square
_VISIBLE = 400.0  # a nat
_FOREGROUND = 200.0
_HIDDEN = 10.0  # how much more cells of the person count that the anchor frame does not show: they are 1 in 100
_WALL = 0.2  # how much a cell of the background counts beside one of the person
_PART = 6.0  # how much more pixels count at the eyes and the mouth


class Drawn(NamedTuple):
    """What a decoder draws for codes: frames (n, 3, size, size) in [0, 1] and the fields of motion."""

    frames: Tensor
    near: Field
    around: Field


class Truth(NamedTuple):
    """A field's truth, as a Field, but visible and foreground in [0, 1]; inside: 1 where the anchor frame reaches."""

    motion: Tensor
    visible: Tensor
    foreground: Tensor
    inside: Tensor


def composited(warped: Tensor, drawn: Drawn) -> Tensor:
    """The anchor frame, warped, and what cannot be seen there as it was decoded: (n, 3, size, size)."""
    shown = enlarged(drawn.near.visible.sigmoid(), warped.shape[-1])
    return shown * warped + (1 - shown) * drawn.frames


def cell_truth(truth: Mapping[str, Tensor], cells: int, reach: float) -> Truth:
    """The truth on a grid of cells over the frame, or over a square `reach` times as wide.

    truth: of n frames, as data.FilmTruth reads it, in sides of the rendered picture.
    """
    crop, anchor_crop = (truth[name][:, :, None, None] for name in ("crop", "anchor_crop"))  # (n, 3, 1, 1)
    own = grid(cells, crop.device, reach)
    place = crop[:, :2] + crop[:, 2:] * (own - 0.5)
    known = torch.cat([truth["motion"], truth["visible"][:, None], truth["foreground"][:, None]], 1)
    motion, visible, foreground = sample(known, place).split([2, 1, 1], 1)
    there = (place + motion - anchor_crop[:, :2]) / anchor_crop[:, 2:] + 0.5
    edge = 0.5 * reach
    inside = ((there - 0.5).abs() < edge).all(1, keepdim=True) & ((place - 0.5).abs() < 0.5).all(1, keepdim=True)
    return Truth(there - own, visible, foreground, inside.float())


def part_weights(parts: Tensor, cells: int) -> Tensor:
    """How much cells count: more at each part (n, parts, 3), its place and radius in sides; (n, 1, cells, cells)."""
    away = (grid(cells, parts.device) - parts[:, :, :2, None, None]).square().sum(2)  # (n, parts, cells, cells)
    near = torch.exp(-0.5 * away / parts[:, :, 2, None, None].square())
    return 1 + _PART * near.amax(1, keepdim=True)


def truth_errors(
    drawn: Drawn, x: Tensor, anchor: Tensor, truth: Mapping[str, Tensor], weights: Tensor
) -> dict[str, Tensor]:
    """Errors (n,) of n frames, each in the measure of a squared error summed over a frame.

    x: the frames, and anchor: their anchor frames, (n, 3, size, size); weights: of pixels, (n, 1, size, size).
    """
    size = x.shape[-1]
    near, around = cell_truth(truth, NEAR, 1.0), cell_truth(truth, AROUND, REACH)
    parts = part_weights(truth["parts"], NEAR)
    # What comes from beyond the anchor frame is left out: a film's picture goes on there.
    warped = (composited(warp(anchor, drawn.near.motion), drawn) - x).square() * weights * enlarged(near.inside, size)
    return {
        "composite": warped.sum((1, 2, 3)),
        "motion": size * (_MOTION * _away(drawn.near, near, parts) + _MOTION_AROUND * _away(drawn.around, around, 1.0)),
        "visible": _VISIBLE * (_unseen(drawn.near, near, 1 / parts) + _unseen(drawn.around, around, 1.0)),
        "foreground": _FOREGROUND * (_person(drawn.near, near) + _person(drawn.around, around)),
    }


def _away(field: Field, truth: Truth, weights: Tensor | float) -> Tensor:
    """Mean distance of motions where they are known, (n,), in sides; the wall, still in a film, counts less."""
    known = torch.maximum(truth.visible, (1 - truth.inside) * truth.foreground)
    weight = known * (_WALL + (1 - _WALL) * truth.foreground) * weights
    return _mean((field.motion - truth.motion).abs().sum(1, keepdim=True), weight)


def _unseen(field: Field, truth: Truth, trusted: Tensor | float) -> Tensor:
    """Cross entropy of visibility, (n,); cells that show what the anchor frame has left out are no matter.

    trusted: weight of what the truth calls visible. It is coarse for lids and lips, where the warp's error says more.
    """
    weight = truth.inside * (trusted * truth.visible + _HIDDEN * (1 - truth.visible) * truth.foreground)
    return _mean(functional.binary_cross_entropy_with_logits(field.visible, truth.visible, reduction="none"), weight)


def _person(field: Field, truth: Truth) -> Tensor:
    entropy = functional.binary_cross_entropy_with_logits(field.foreground, truth.foreground, reduction="none")
    return entropy.mean((1, 2, 3))


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum((1, 2, 3)) / (weight.sum((1, 2, 3)) + 1e-3)
