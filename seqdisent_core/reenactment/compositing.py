"""A person's own picture moved as the model says: warped at its full size, with decoded pixels where it shows nothing.

The model draws, beside a small face, where each of its pixels lies in the anchor frame and whether that shows it. The
picture is warped by this field, whatever its size; teeth behind closed lips come from another frame of the film that
shows them (filling.py), or are, like an eye behind its lid, the decoded ones, in the picture's colours.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from seqdisent_core.domains.images import REACH
from seqdisent_core.faces import EYES_Y, MOUTH_Y, cut_out, inverse
from seqdisent_core.reenactment.drawing import DrawnFrames
from seqdisent_core.reenactment.filling import Filling, Other, between, grid, look_up

# Lengths are in sides of the crop.
_EDGE = 0.12  # within the crop, over which decoded pixels fade to nothing and the wide field takes over from the near
_FADE = 0.2  # within the wide square, over which motion fades to nothing
_TONE = 0.06  # over which a change of light is taken, and none of the detail
_COLOURS = (0.1, 0.2)  # over which decoded pixels take the moved picture's colours, and where these are far
_FARTHER = 0.02  # weight of the latter
_COARSE = 4  # pixels of the crop, in whose steps these colours are found
_SHADE = 0.35  # of the change of light that the model draws beside the motion: where it errs, it smudges
_SHOWN = (0.25, 0.75)  # visibility from which on the picture shows at all, and alone; between both, a mixture is a blur
_SOONER = (0.15, 0.5)  # the same where only decoded pixels would show in its place: they are soft, and smudge skin
# Only eyes and mouths are decoded, where these lie in the anchor frame: middle, and reach right and down; and how far
# beyond, as a share of that, it fades. Elsewhere stretched skin looks better than decoded skin.
_DECODED = ((0.3, EYES_Y, 0.13, 0.09), (0.7, EYES_Y, 0.13, 0.09), (0.5, MOUTH_Y, 0.22, 0.11))
_BESIDE = 0.5
_GRID = 0.011  # over which visibility is smoothed, or the grid shows on which it is drawn
_SMOOTH = 0.006  # of decoded pixels, or the grid shows that they are drawn on
_BEYOND = 0.05  # about as far as what is behind the person is moved along with them


@dataclass(frozen=True)
class Source:
    """A frame of the source's film, and where its face lies.

    picture: uint8 RGB (height, width, 3); transform: (2, 3), pixels of the picture to those of the crop (pixel middles
    at whole numbers).
    """

    picture: np.ndarray
    transform: np.ndarray


def move_picture(
    source: Source,
    still: DrawnFrames,
    drawn: DrawnFrames,
    others: Sequence[Source] = (),
    drawn_others: DrawnFrames | None = None,
) -> Iterator[np.ndarray]:
    """Frames of the source's picture, uint8 (height, width, 3), in which the face does what is drawn.

    still: one frame, the picture's own as the model draws it, which moves nothing and hides nothing. others: frames of
    the same film as second sources (filling.py), and what the model draws for each.
    """
    fields = _Fields(still, drawn, others, drawn_others)
    place = _Place(source, fields.size)
    fine = _doubled(place.patch)
    base, own = still.decoded[0].astype(np.float32), _face(source, fields.size)
    for at, decoded in enumerate(drawn.decoded):
        near, around = fields.near(at), fields.around(at)
        decoded = decoded.astype(np.float32)
        there = _there(near, fields.size)
        light, toned = _light(decoded, base, *there), _coloured(decoded, own, *there[:2])
        filled = fields.filling.over(at, _seen(toned, place.crop), place.x[place.inner], place.y[place.inner])
        yield place.move(fine, fields.shown(at, near), around, light, filled)


def move_film(
    source: Source,
    still: DrawnFrames,
    drawn: DrawnFrames,
    filmed: Iterable[Source],
    drawn_filmed: DrawnFrames,
    others: Sequence[Source] = (),
    drawn_others: DrawnFrames | None = None,
) -> Iterator[np.ndarray]:
    """As move_picture, but in the person's film, which goes on: one of its frames is moved for each that is drawn.

    filmed: these frames in turn; drawn_filmed: what the model draws for them. What a frame does not show, as eyes do
    not while it blinks, comes from the source's picture, or else as in move_picture.
    """
    fields, at_film = _Fields(still, drawn, others, drawn_others), _Fields(still, drawn_filmed)
    for at, (frame, decoded) in enumerate(zip(filmed, drawn.decoded, strict=True)):
        place = _Place(frame, fields.size)
        wanted, there = fields.near(at), at_film.near(at)
        near, motion = fields.shown(at, wanted), between(wanted, there)
        seen = look_up(there, grid(len(near)) + motion)[..., 2:3]
        moved = np.dstack([motion / len(near), np.minimum(near[..., 2:3], seen), near[..., 3:]])
        around = fields.around(at)
        motion = between(around, at_film.around(at)) / len(around)
        toned = _coloured(decoded.astype(np.float32), _face(frame, fields.size), *_there(moved, fields.size)[:2])
        x, y = place.x[place.inner], place.y[place.inner]
        filled = fields.filling.over(at, _seen(toned, place.crop), x, y)
        filled += _from_crop(source, near, x, y, fields.size, filled)
        yield place.move(_doubled(place.patch), moved, np.dstack([motion, around[..., 2:]]), None, filled)


def _from_crop(
    source: Source, near: np.ndarray, x: np.ndarray, y: np.ndarray, size: int, filled: np.ndarray
) -> np.ndarray:
    """What pixels at x, y of the crop gain where the source's picture shows them."""
    cell = (np.dstack([x, y]) + 0.5) * (len(near) / size) - 0.5
    field = look_up(near[..., :3], cell)
    place = np.dstack([x, y]) + size * field[..., :2]
    pixels = look_up(
        source.picture, cv2.transform(place, inverse(source.transform).astype(np.float32)), cv2.INTER_CUBIC
    )
    return field[..., 2:] * (pixels - filled)


class _Fields:
    """How frames that are drawn come from the source's picture."""

    def __init__(
        self,
        still: DrawnFrames,
        drawn: DrawnFrames,
        others: Sequence[Source] = (),
        drawn_others: DrawnFrames | None = None,
    ) -> None:
        self.size = drawn.decoded.shape[1]
        self._still, self._drawn = still, drawn
        second = [] if drawn_others is None else _others(others, drawn_others, still)
        self._nears = [_since(near, still.near[0]) for near in drawn.near]
        self.filling = Filling(second, drawn.decoded, self._nears)

    def near(self, at: int) -> np.ndarray:
        return _carried_on(self._nears[at], _BEYOND * len(self._nears[at]))

    def around(self, at: int) -> np.ndarray:
        around = _since(self._drawn.around[at], self._still.around[0])
        return _carried_on(around, _BEYOND * len(around) / REACH)

    def shown(self, at: int, near: np.ndarray) -> np.ndarray:
        """near(at), where the picture shows for longer before what is only decoded, and alone in most places."""
        cells, result = len(near), near.copy()
        visible = _visible(self._drawn.near[at], self._still.near[0], _SOONER)
        sooner = 1 - (1 - visible) * near[..., 3]
        decoded = look_up(_eyes_and_mouth(cells), grid(cells) + cells * np.ascontiguousarray(near[..., :2]))
        sooner = 1 - decoded * (1 - sooner)
        result[..., 2] = sooner + self.filling.share(at) * (near[..., 2] - sooner)
        return result


@lru_cache
def _eyes_and_mouth(cells: int) -> np.ndarray:
    """Where decoded pixels may show, on the anchor frame: float32 (cells, cells) in [0, 1]."""
    places = (grid(cells) + 0.5) / cells
    away = [np.hypot((places[..., 0] - x) / right, (places[..., 1] - y) / down) for x, y, right, down in _DECODED]
    return _ramp((1 + _BESIDE - np.minimum.reduce(away)) / _BESIDE)


def _face(source: Source, size: int) -> np.ndarray:
    """The picture's own face, float32 (size, size, 3)."""
    return cut_out(source.picture, source.transform, size).astype(np.float32)


def _others(sources: Sequence[Source], drawn: DrawnFrames, still: DrawnFrames) -> list[Other]:
    return [
        Other(source.picture, source.transform, decoded, _since(near, still.near[0]))
        for source, decoded, near in zip(sources, drawn.decoded, drawn.near, strict=True)
    ]


def paste_decoded(source: Source, decoded: np.ndarray) -> Iterator[np.ndarray]:
    """The model's own pixels pasted into the source's picture, edges feathered: uint8 (frames, size, size, 3).

    Frames as in move_picture.
    """
    place = _Place(source, decoded.shape[1])
    for frame in decoded:
        yield place.lay(frame.astype(np.float32))


def _since(now: np.ndarray, still: np.ndarray) -> np.ndarray:
    """A field relative to the picture's own, (cells, cells, 4), as DrawnFrames has them."""
    return np.dstack([now[..., :2] - still[..., :2], _visible(now, still, _SHOWN), now[..., 3]])


def _visible(now: np.ndarray, still: np.ndarray, shown: tuple[float, float]) -> np.ndarray:
    """How far the picture shows, (cells, cells) in [0, 1], of fields as in `_since`: from when on, and when alone."""
    least, most = shown
    visible = cv2.GaussianBlur(now[..., 2] / np.maximum(still[..., 2], _SHOWN[1]), (0, 0), _GRID * len(now))
    return _ramp((visible - least) / (most - least))


def _carried_on(field: np.ndarray, reach: float) -> np.ndarray:
    """Motion, visibility and person, (cells, cells, 4), as they are used of a picture.

    The person's motion is carried on behind them, fading over `reach` cells, so that no edge tears there; nor is the
    background decoded where they have left it.
    """
    person = field[..., 3:]
    smooth = cv2.GaussianBlur(np.dstack([field[..., :2] * person, person]), (0, 0), reach)
    share = smooth[..., 2:]
    motion = person * field[..., :2] + (1 - person) * smooth[..., :2] / (share + 1e-3)
    return np.dstack([motion * _ramp(2 * share), 1 - (1 - field[..., 2]) * field[..., 3], person])


def _light(
    decoded: np.ndarray, base: np.ndarray, there: np.ndarray, known: np.ndarray, person: np.ndarray
) -> np.ndarray:
    """How much lighter the picture gets, on the crop, float32 (size, size, 3).

    decoded, base: the frame and the picture's own as decoded; there, known, person: as `_there` gives them.
    """
    lacking = (decoded - look_up(base, there)) * known[..., None]
    reach = _TONE * len(decoded)
    light = cv2.GaussianBlur(lacking, (0, 0), reach) / (cv2.GaussianBlur(known, (0, 0), reach)[..., None] + 1e-2)
    return _SHADE * person * light


def _coloured(decoded: np.ndarray, own: np.ndarray, there: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A decoded frame, float32 (size, size, 3), in the colours of the picture's own face, `own`, as it is moved.

    These are known where the picture shows, and carried on from there: far from the anchor, the decoder errs in them.
    """
    size = len(decoded)
    smooth = cv2.GaussianBlur(decoded, (0, 0), _SMOOTH * size)
    errs = np.dstack([(look_up(own, there) - smooth) * known[..., None], known])
    errs = cv2.resize(errs, None, fx=1 / _COARSE, fy=1 / _COARSE, interpolation=cv2.INTER_AREA)
    close, far = (cv2.GaussianBlur(errs, (0, 0), reach * size / _COARSE) for reach in _COLOURS)
    errs = close + _FARTHER * far
    return smooth + cv2.resize(errs[..., :3] / (errs[..., 3:] + 1e-3), (size, size), interpolation=cv2.INTER_LINEAR)


def _there(near: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each pixel of the crop: its place in the picture's, whether that shows it, and whether it is the person."""
    field = cv2.resize(near, (size, size), interpolation=cv2.INTER_LINEAR)
    known = np.ascontiguousarray(field[..., 2] * field[..., 3])
    return grid(size) + size * field[..., :2], known, field[..., 3:]


class _Place:
    """The part of a picture around the crop, and each of its pixels' place in the crop and in the wide square.

    Within it, `inner` is the part that the crop covers: decoded pixels show nowhere else.
    """

    def __init__(self, source: Source, size: int) -> None:
        self.picture, self.size = source.picture, size
        height, width = source.picture.shape[:2]
        self.back = size * inverse(source.transform)[:, :2].astype(np.float32)  # sides to pixels of the picture
        self._corners = inverse(source.transform).astype(np.float32)
        out = 0.5 * (REACH - 1) * size
        rows, columns = self._covered(out)
        self.patch = np.ascontiguousarray(source.picture[rows, columns])
        x, y = (axis.astype(np.float32) for axis in np.meshgrid(np.arange(width)[columns], np.arange(height)[rows]))
        self.places = np.dstack([2 * (x - columns.start), 2 * (y - rows.start)])
        to_crop = source.transform.astype(np.float32)
        self.x = to_crop[0, 0] * x + to_crop[0, 1] * y + to_crop[0, 2]
        self.y = to_crop[1, 0] * x + to_crop[1, 1] * y + to_crop[1, 2]
        within = np.minimum(np.minimum(self.x, size - 1 - self.x), np.minimum(self.y, size - 1 - self.y))
        self.fade = cv2.merge([2 * _ramp((within + out) / (_FADE * size))] * 2)  # doubled; 0 beyond the wide square
        own_rows, own_columns = self._covered(0.0)
        self.inner = (
            slice(own_rows.start - rows.start, own_rows.stop - rows.start),
            slice(own_columns.start - columns.start, own_columns.stop - columns.start),
        )
        self.rows, self.columns = rows, columns
        shows = _ramp(within[self.inner] / (_EDGE * size))  # 1 in the crop's middle, 0 beyond it
        self.shows, self.shows_twice = cv2.merge([shows] * 3), cv2.merge([shows] * 2)
        self.crop = cv2.convertMaps(self.x[self.inner], self.y[self.inner], cv2.CV_16SC2)
        self.cells: dict[tuple[int, float], tuple[np.ndarray, np.ndarray]] = {}

    def _covered(self, out: float) -> tuple[slice, slice]:
        """Rows and columns of the picture in which the crop lies, and `out` of its pixels around it."""
        height, width = self.picture.shape[:2]
        ends = np.array([-0.5 - out, self.size - 0.5 + out])
        corners = np.array([[x, y, 1] for x in ends for y in ends], np.float32) @ self._corners.T
        left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, [width - 1, height - 1]).tolist()
        ends = np.ceil(corners.max(axis=0)).astype(int) + 1
        right, bottom = np.clip(ends, [left + 1, top + 1], [width, height]).tolist()
        return slice(top, bottom), slice(left, right)

    def move(
        self, fine: np.ndarray, near: np.ndarray, around: np.ndarray, light: np.ndarray | None, filled: np.ndarray
    ) -> np.ndarray:
        """fine: the patch, doubled; near, around: float32 (cells, cells, 4); light: as `_light` gives it, if any.

        filled: float32 (rows, columns, 3), what shows in `inner` where the picture does not.
        """
        # In place and with as many channels as are used: what is written to new memory takes longer than the sums.
        motion = _seen(np.ascontiguousarray(around[..., :2]), self._cells(len(around), REACH))
        cells, inner = self._cells(len(near), 1.0, self.inner), motion[self.inner]
        closer = _seen(np.ascontiguousarray(near[..., :2]), cells)
        closer -= inner
        closer *= self.shows_twice
        inner += closer
        places: np.ndarray = cv2.transform(motion, self.back)
        places *= self.fade
        places += self.places
        moved = look_up(fine, places)
        own = moved[self.inner].astype(np.float32)
        if light is not None:
            lighter = _seen(light, self.crop)
            lighter *= self.shows
            own += lighter
        hidden = 1 - _seen(cv2.merge([near[..., 2]] * 3), cells)
        gain = filled - own
        gain *= self.shows * hidden
        own += gain
        return self._set(own, moved)

    def lay(self, frame: np.ndarray) -> np.ndarray:
        """frame: decoded, float32 in [0, 255]."""
        own = self.patch[self.inner].astype(np.float32)
        return self._set(own + self.shows * (_seen(frame, self.crop) - own), self.patch)

    def _cells(
        self, cells: int, reach: float, part: tuple[slice, slice] = (slice(None), slice(None))
    ) -> tuple[np.ndarray, np.ndarray]:
        """OpenCV's own form of a map of the patch, or a part of it, to cells over `reach` sides of the crop."""
        if (cells, reach) not in self.cells:
            scale = cells / (reach * self.size)
            x, y = (scale * (axis[part] + 0.5 - 0.5 * self.size) + 0.5 * cells - 0.5 for axis in (self.x, self.y))
            self.cells[cells, reach] = cv2.convertMaps(x, y, cv2.CV_16SC2)
        return self.cells[cells, reach]

    def _set(self, inner: np.ndarray, around: np.ndarray) -> np.ndarray:
        """The picture with `around`, uint8, in its place, and in the middle of that `inner`, float32, which changes."""
        result = self.picture.copy()
        part = result[self.rows, self.columns]
        part[:] = around
        part[self.inner] = np.rint(np.clip(inner, 0, 255, out=inner), out=inner)
        return result


def _ramp(share: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between; float32."""
    share = np.clip(share, 0, 1).astype(np.float32)
    return share * share * (3 - 2 * share)


def _seen(values: np.ndarray, at: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Values on a grid, seen at those pixels of the picture that a converted map stands for."""
    return cv2.remap(values, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _doubled(picture: np.ndarray) -> np.ndarray:
    """A picture with a pixel put between every two, bicubic: seen linearly in this one, it does not look soft."""
    rows, columns = picture.shape[:2]
    twice = np.array([[2, 0, 0], [0, 2, 0]], np.float32)
    size = (2 * columns - 1, 2 * rows - 1)
    return cv2.warpAffine(picture, twice, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
