"""The source's own detail carried over: its full-size frame moved as the model moves the face, pasted with no edge.

A decoded face is small and soft. How it moves against the decoded anchor is dense optical flow (Kroeger et al. 2016,
OpenCV's DIS); the same movement is given to the source's own pixels. Where something new appears that no movement
explains, teeth or an opened eye, the decoded pixels show, in the source's colours.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from seqdisent_core.face_alignment import inverse

_NEW = 0.02  # mean difference of colour, in [0, 1], from which on the decoded pixels show
_SOFT = 0.02
_FADE = 0.2  # of the crop's side beyond it, over which a movement fades to nothing
_EDGE = 0.12  # of the crop's side within it, over which decoded pixels fade to nothing
_SHADE = 0.5  # of what a movement does not explain that is added where the decoded pixels do not show
_TONE = 0.06  # of the crop's side, over which the source's tone is taken
_TIMES = (0.1, 0.8, 0.1)  # weights of neighbouring frames: decoded faces do not flicker, their flow does


@dataclass(frozen=True)
class Source:
    """A frame of the source's film, and where its face lies.

    picture: uint8 RGB (height, width, 3); transform: (2, 3), pixels of the picture to those of the crop (pixel middles
    at whole numbers).
    """

    picture: np.ndarray
    transform: np.ndarray


def carry_detail(source: Source, anchor: np.ndarray, decoded: np.ndarray) -> Iterator[np.ndarray]:
    """Frames of the source's picture, uint8 (height, width, 3), in which the face does what `decoded` does.

    anchor: uint8 (size, size, 3), the source's frame as the model decodes it; decoded: uint8 (frames, size, size, 3).
    """
    side = anchor.shape[0]
    flows = _flows(anchor, decoded)
    place = _Place(source, side)
    base = anchor.astype(np.float32) / 255
    for flow, frame in zip(flows, decoded, strict=True):
        yield place.paste(flow, frame.astype(np.float32) / 255, base)


def paste_decoded(source: Source, decoded: np.ndarray) -> Iterator[np.ndarray]:
    """The model's own pixels pasted into the source's picture, edges feathered; frames as in carry_detail."""
    place = _Place(source, decoded.shape[1])
    for frame in decoded:
        yield place.lay(frame.astype(np.float32) / 255)


def _flows(anchor: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """For each pixel of a frame, how far away it lies in the anchor: float32 (frames, size, size, 2), in pixels."""
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    still = cv2.cvtColor(anchor, cv2.COLOR_RGB2GRAY)
    empty = np.zeros((*still.shape, 2), np.float32)
    flows = [finder.calc(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), still, empty) for frame in decoded]
    padded = np.stack([flows[0], *flows, flows[-1]]).astype(np.float32)
    return np.stack([share * padded[at : at + len(flows)] for at, share in enumerate(_TIMES)]).sum(axis=0)


class _Place:
    """The part of a picture around the crop, and each of its pixels' place in the crop."""

    def __init__(self, source: Source, size: int) -> None:
        self.picture, self.size = source.picture, size
        height, width = source.picture.shape[:2]
        self.back = inverse(source.transform).astype(np.float32)
        out = _FADE * size
        ends = np.array([-0.5 - out, size - 0.5 + out])
        corners = np.array([[x, y, 1] for x in ends for y in ends], np.float32) @ self.back.T
        left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, [width - 1, height - 1])
        right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, [left + 1, top + 1], [width, height])
        self.rows, self.columns = slice(top, bottom), slice(left, right)
        grid = np.meshgrid(np.arange(right - left), np.arange(bottom - top))
        self.x, self.y = (axis.astype(np.float32) for axis in grid)
        to_crop = source.transform.astype(np.float32)
        x, y = self.x + np.float32(left), self.y + np.float32(top)
        self.crop_x = to_crop[0, 0] * x + to_crop[0, 1] * y + to_crop[0, 2]
        self.crop_y = to_crop[1, 0] * x + to_crop[1, 1] * y + to_crop[1, 2]
        within = np.minimum(
            np.minimum(self.crop_x, size - 1 - self.crop_x), np.minimum(self.crop_y, size - 1 - self.crop_y)
        )
        self.moves = _ramp((within + out) / out)[..., None]  # 1 in the crop, 0 beyond its surroundings
        self.shows = _ramp(within / (_EDGE * size))[..., None]  # 1 in the crop's middle, 0 beyond it
        self.patch = source.picture[self.rows, self.columns].astype(np.float32) / 255
        self.scale = 1 / float(np.sqrt(abs(np.linalg.det(to_crop[:, :2]))))  # the picture's pixels in one of the crop

    def _at(self, values: np.ndarray) -> np.ndarray:
        """Values on the crop's pixels, seen at the picture's."""
        return cv2.remap(values, self.crop_x, self.crop_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def paste(self, flow: np.ndarray, frame: np.ndarray, anchor: np.ndarray) -> np.ndarray:
        """flow: float32 (size, size, 2), in the crop's pixels; frame and anchor: decoded, in [0, 1]."""
        step = self._at(flow) * self.moves @ self.back[:, :2].T
        moved = _look_up(self.patch, self.x + step[..., 0], self.y + step[..., 1])
        grid = np.arange(self.size, dtype=np.float32)
        explained = _look_up(anchor, grid[None] + flow[..., 0], grid[:, None] + flow[..., 1])
        missed = cv2.GaussianBlur(np.abs(explained - frame).mean(axis=2), (0, 0), self.size / 100)
        shown = self._at(np.clip((missed - _NEW) / _SOFT, 0, 1))[..., None] * self.shows
        drawn, known = self._at(frame), self._at(explained)
        toned = drawn + _spread(moved - known, _TONE * self.size * self.scale)  # decoded pixels in the source's tone
        shaded = moved + _SHADE * (drawn - known) * self.shows  # light and folds that a movement alone does not bring
        return self._set(shaded + shown * (toned - shaded))

    def lay(self, frame: np.ndarray) -> np.ndarray:
        """frame: decoded, in [0, 1]."""
        return self._set(self.patch + self.shows * (self._at(frame) - self.patch))

    def _set(self, patch: np.ndarray) -> np.ndarray:
        result = self.picture.copy()
        result[self.rows, self.columns] = (np.clip(patch, 0, 1) * 255).round()
        return result


def _ramp(share: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between; float32."""
    share = np.clip(share, 0, 1).astype(np.float32)
    return share * share * (3 - 2 * share)


def _spread(values: np.ndarray, reach: float) -> np.ndarray:
    """Smoothed over `reach` pixels; where that is far, at a coarser grid, which nobody can tell."""
    coarse = max(1, int(reach / 3))
    rows, columns = values.shape[:2]
    small = cv2.resize(values, (max(1, columns // coarse), max(1, rows // coarse)), interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(small, (0, 0), reach / coarse)
    return cv2.resize(smooth, (columns, rows), interpolation=cv2.INTER_LINEAR)


def _look_up(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    wide = np.broadcast_shapes(x.shape, y.shape)
    x, y = (np.ascontiguousarray(np.broadcast_to(place, wide), dtype=np.float32) for place in (x, y))
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
