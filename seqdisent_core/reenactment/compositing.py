"""The source's own detail carried over: its full-size frame moved as the model moves the face, pasted with no edge.

A decoded face is small and soft. How it moves against the decoded anchor is dense optical flow (Kroeger et al. 2016,
OpenCV's DIS); the same movement is given to the source's own pixels. Where something new appears that no movement
explains, teeth or an opened eye, the decoded pixels show, in the source's colours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from seqdisent_core.faces import inverse

# Smaller, _NEW would show the decoder's noise, and larger, hide teeth; smaller, _SOFT would give what shows an edge.
_NEW = 0.015  # mean difference of colour, in [0, 1], from which on the decoded pixels show
_SOFT = 0.02  # more of it, until they show alone
_FADE = 0.2  # of the crop's side beyond it, over which a movement fades to nothing
_EDGE = 0.12  # of the crop's side within it, over which decoded pixels fade to nothing
_SHADE = 0.5  # of what a movement does not explain that is added where decoded pixels do not show; all would blur
_TONE = 0.06  # of the crop's side, over which the source's tone is taken, and none of its detail
_MEAN = np.full((1, 3), 1 / 3, np.float32)  # of the colours
_ALONE: Any = None  # for a second map where the first holds both axes; cv2's types know no such
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
    base, fine = anchor.astype(np.float32), _doubled(place.patch)
    for flow, frame in zip(flows, decoded, strict=True):
        yield place.paste(fine, flow, frame.astype(np.float32), base)


def paste_decoded(source: Source, decoded: np.ndarray) -> Iterator[np.ndarray]:
    """The model's own pixels pasted into the source's picture, edges feathered; frames as in carry_detail."""
    place = _Place(source, decoded.shape[1])
    for frame in decoded:
        yield place.lay(frame.astype(np.float32))


def _flows(anchor: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """For each pixel of a frame, how far away it lies in the anchor: float32 (frames, size, size, 2), in pixels."""
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    still = cv2.cvtColor(anchor, cv2.COLOR_RGB2GRAY)
    flows = []
    for frame in decoded:
        begun = np.zeros((*still.shape, 2), np.float32)  # one for each: the finder writes into it, and returns it
        flows.append(finder.calc(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), still, begun))
    padded = np.stack([flows[0], *flows, flows[-1]])
    before, now, after = _TIMES
    return before * padded[:-2] + now * padded[1:-1] + after * padded[2:]


class _Place:
    """The part of a picture around the crop, and each of its pixels' place in the crop.

    Within it, `inner` is the part that the crop covers: decoded pixels show nowhere else, so that only there is more to
    reckon than where a pixel comes from.
    """

    def __init__(self, source: Source, size: int) -> None:
        self.picture, self.size = source.picture, size
        height, width = source.picture.shape[:2]
        self.back = inverse(source.transform).astype(np.float32)
        out = _FADE * size
        rows, columns = self._covered(out)
        self.patch = np.ascontiguousarray(source.picture[rows, columns])
        x, y = (axis.astype(np.float32) for axis in np.meshgrid(np.arange(width)[columns], np.arange(height)[rows]))
        self.places = np.dstack([2 * (x - columns.start), 2 * (y - rows.start)])
        to_crop = source.transform.astype(np.float32)
        crop_x = to_crop[0, 0] * x + to_crop[0, 1] * y + to_crop[0, 2]
        crop_y = to_crop[1, 0] * x + to_crop[1, 1] * y + to_crop[1, 2]
        within = np.minimum(np.minimum(crop_x, size - 1 - crop_x), np.minimum(crop_y, size - 1 - crop_y))
        self.moves = cv2.merge([2 * _ramp((within + out) / out)] * 2)  # doubled; 0 beyond the crop's surroundings
        own_rows, own_columns = self._covered(0.0)
        self.inner = (
            slice(own_rows.start - rows.start, own_rows.stop - rows.start),
            slice(own_columns.start - columns.start, own_columns.stop - columns.start),
        )
        self.rows, self.columns = rows, columns
        self.shows = cv2.merge([_ramp(within[self.inner] / (_EDGE * size))] * 3)  # 1 in its middle, 0 beyond it
        # OpenCV's own form of a map, made once and not for each frame.
        self.whole = cv2.convertMaps(crop_x, crop_y, cv2.CV_16SC2)
        self.crop = cv2.convertMaps(crop_x[self.inner], crop_y[self.inner], cv2.CV_16SC2)
        self.scale = 1 / float(np.sqrt(abs(np.linalg.det(to_crop[:, :2]))))  # the picture's pixels in one of the crop

    def _covered(self, out: float) -> tuple[slice, slice]:
        """Rows and columns of the picture in which the crop lies, and `out` of its pixels around it."""
        height, width = self.picture.shape[:2]
        ends = np.array([-0.5 - out, self.size - 0.5 + out])
        corners = np.array([[x, y, 1] for x in ends for y in ends], np.float32) @ self.back.T
        left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, [width - 1, height - 1]).tolist()
        ends = np.ceil(corners.max(axis=0)).astype(int) + 1
        right, bottom = np.clip(ends, [left + 1, top + 1], [width, height]).tolist()
        return slice(top, bottom), slice(left, right)

    def paste(self, fine: np.ndarray, flow: np.ndarray, frame: np.ndarray, anchor: np.ndarray) -> np.ndarray:
        """fine: the patch, doubled; flow: float32 (size, size, 2), in the crop's pixels; frames float32 in [0, 255]."""
        step = _seen(cv2.transform(flow, self.back[:, :2]), self.whole)
        moved = _look_up(fine, self.places + step * self.moves)
        grid = np.arange(self.size, dtype=np.float32)
        explained = _look_up(anchor, np.dstack([grid[None] + flow[..., 0], grid[:, None] + flow[..., 1]]))
        lacking = frame - explained
        missed = cv2.GaussianBlur(cv2.transform(np.abs(lacking), _MEAN), (0, 0), self.size / 100)
        new = np.clip((missed - 255 * _NEW) / (255 * _SOFT), 0, 1)
        shown = self.shows * cv2.merge([_seen(new, self.crop)] * 3)
        drawn, more = _seen(frame, self.crop), _seen(lacking, self.crop)
        own = moved[self.inner].astype(np.float32)
        toned = drawn + _spread(own - drawn + more, _TONE * self.size * self.scale)  # decoded, in the source's tone
        own += _SHADE * self.shows * more  # light and folds that a movement alone does not bring
        return self._set(own + shown * (toned - own), moved)

    def lay(self, frame: np.ndarray) -> np.ndarray:
        """frame: decoded, float32 in [0, 255]."""
        own = self.patch[self.inner].astype(np.float32)
        return self._set(own + self.shows * (_seen(frame, self.crop) - own), self.patch)

    def _set(self, inner: np.ndarray, around: np.ndarray) -> np.ndarray:
        """The picture with `around`, uint8, in its place, and in the middle of that `inner`, float32 in [0, 255]."""
        result = self.picture.copy()
        part = result[self.rows, self.columns]
        part[:] = around
        part[self.inner] = np.clip(inner, 0, 255).round()
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


def _seen(values: np.ndarray, at: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Values on the crop's pixels, seen at those of the picture that a converted map stands for."""
    return cv2.remap(values, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _look_up(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """places: float32 (rows, columns, 2), x and y."""
    return cv2.remap(picture, places, _ALONE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _doubled(picture: np.ndarray) -> np.ndarray:
    """A picture with a pixel put between every two, bicubic: seen linearly in this one, it does not look soft."""
    rows, columns = picture.shape[:2]
    twice = np.array([[2, 0, 0], [0, 2, 0]], np.float32)
    size = (2 * columns - 1, 2 * rows - 1)
    return cv2.warpAffine(picture, twice, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
