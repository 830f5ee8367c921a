"""A picture moved by a drawn field: pictures whose movement is known, at full size and as a small decoder sees them."""

import cv2
import numpy as np
import pytest

from seqdisent_core.domains.images import REACH
from seqdisent_core.reenactment.compositing import Source, move_picture, paste_decoded
from seqdisent_core.reenactment.drawing import DrawnFrames

SIZE, SCALE, LEFT, TOP = 64, 3, 60, 40  # the crop covers 192 x 192 pixels of a picture of 320 x 280
SIDE = SIZE * SCALE
CROP = np.array([[1 / SCALE, 0, -LEFT / SCALE], [0, 1 / SCALE, -TOP / SCALE]])


def bump(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How much of a shift is seen at pixels of the picture: all in the middle of the face, nothing far away."""
    return np.exp(-(((x - 156) / 40) ** 2) - ((y - 136) / 40) ** 2)


def film(shift: float, mouth: int = 0) -> np.ndarray:
    """A grain of fine spots on soft shapes, moved down by `shift` pixels in the middle; a dark mouth if asked."""
    noise = np.random.default_rng(0).normal(0, 1, (280, 320, 3)).astype(np.float32)
    soft, fine = cv2.GaussianBlur(noise, (0, 0), 14), cv2.GaussianBlur(noise, (0, 0), 1.2)
    picture = 130 + 40 * soft / soft.std() + 12 * fine / fine.std()
    x, y = np.meshgrid(np.arange(320, dtype=np.float32), np.arange(280, dtype=np.float32))
    moved = cv2.remap(picture, x, y - shift * bump(x, y).astype(np.float32), cv2.INTER_LINEAR)
    if mouth:
        cv2.ellipse(moved, (156, 150), (22, mouth), 0, 0, 360, (40.0, 10.0, 10.0), -1, cv2.LINE_AA)
    return np.clip(moved, 0, 255).astype(np.uint8)


def seen(picture: np.ndarray) -> np.ndarray:
    """The crop as a model draws it: small, and without the grain."""
    blurred = cv2.GaussianBlur(picture, (0, 0), 4)
    return cv2.warpAffine(blurred, CROP, (SIZE, SIZE), flags=cv2.INTER_AREA)


def field(cells: int, reach: float, shift: float, visible: float = 1.0, person: float = 1.0) -> np.ndarray:
    """What a perfect network draws for a shift, (cells, cells, 4); hidden, it is where the mouth is."""
    along = 0.5 + reach * ((np.arange(cells) + 0.5) / cells - 0.5)
    x, y = np.meshgrid(LEFT + SIDE * along, TOP + SIDE * along)
    mouth = ((x - 156) / 24) ** 2 + ((y - 150) / 18) ** 2 < 1
    seen = np.where(mouth, visible, 1.0)
    return np.dstack([0 * x, -shift * bump(x, y) / SIDE, seen, np.full_like(x, person)]).astype(np.float32)


def drawn(decoded: np.ndarray, shifts: list[float], visible: float = 1.0, person: float = 1.0) -> DrawnFrames:
    near = [field(64, 1.0, shift, visible, person) for shift in shifts]
    around = [field(32, REACH, shift, person=person) for shift in shifts]
    return DrawnFrames(decoded, np.stack(near), np.stack(around))


def moved_by(shifts: list[float], visible: float = 1.0, mouth: int = 0, person: float = 1.0) -> list[np.ndarray]:
    """Frames of the still picture moved by each of these shifts."""
    still = film(0)
    decoded = np.stack([seen(film(shift, mouth)) for shift in shifts])
    own = drawn(seen(still)[None], [0.0])
    return list(move_picture(Source(still, CROP), own, drawn(decoded, shifts, visible, person)))


def difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(float) - second.astype(float)).mean())


def test_the_sources_grain_moves_as_the_field_says() -> None:
    still, moved = film(0), film(12)
    (frame,) = moved_by([12.0])
    middle = np.s_[100:180, 116:196]
    assert difference(frame[middle], moved[middle]) < 0.35 * difference(still[middle], moved[middle])
    laid = next(paste_decoded(Source(still, CROP), seen(moved)[None]))
    grain = [cv2.Laplacian(picture[middle], cv2.CV_32F).var() for picture in (moved, frame, laid)]
    assert grain[1] > 0.6 * grain[0] and grain[2] < 0.2 * grain[0]


def test_each_frame_is_moved_by_its_own_field() -> None:
    frames, still = moved_by([0.0, 12.0, -8.0, 0.0]), film(0)
    assert [np.abs(frames[at].astype(int) - still).max() <= 1 for at in (0, 3)] == [True, True]
    middle = np.s_[100:180, 116:196]
    for at, shift in ((1, 12), (2, -8)):
        moved = film(shift)
        assert difference(frames[at][middle], moved[middle]) < 0.35 * difference(still[middle], moved[middle])


def test_what_the_field_of_the_picture_itself_says_moves_and_hides_nothing() -> None:
    still = film(0)
    own = drawn(seen(still)[None], [9.0], visible=0.6)
    (frame,) = move_picture(Source(still, CROP), own, own)
    assert np.abs(frame.astype(int) - still).max() <= 1


def test_what_the_picture_does_not_show_is_decoded_in_its_tone() -> None:
    still = film(0)
    (frame,) = moved_by([0.0], visible=0.0, mouth=16)
    assert frame[150, 156].mean() < 60 < still[150, 156].mean()
    (shown,) = moved_by([0.0], visible=1.0, mouth=16)
    assert shown[150, 156].mean() > 60
    darker = np.clip(seen(still).astype(int) - 30, 0, 255).astype(np.uint8)[None]  # a decoder that is off in its tone
    own = drawn(darker, [0.0])
    (toned,) = move_picture(Source(still, CROP), own, drawn(darker, [0.0], visible=0.0))
    assert abs(toned[135:165, 136:176].mean() - still[135:165, 136:176].mean()) < 4


def test_a_cheek_that_stretches_keeps_its_own_pixels_where_a_mouth_is_decoded() -> None:
    still = film(0)
    own = drawn(seen(still)[None], [0.0])
    for (x, y), told in (((156, 166), True), ((108, 136), False)):
        red = film(0)
        cv2.circle(red, (x, y), 12, (250, 0, 0), -1)
        made = drawn(seen(red)[None], [0.0])
        cells = 64 * (np.array([x, y]) - [LEFT, TOP]) / SIDE
        rows, columns = (slice(int(cell) - 5, int(cell) + 6) for cell in cells[::-1])
        made.near[:, rows, columns, 2] = 0  # the anchor frame does not show it, the model says
        (frame,) = move_picture(Source(still, CROP), own, made)
        assert (difference(frame[y - 4 : y + 5, x - 4 : x + 5], still[y - 4 : y + 5, x - 4 : x + 5]) > 40) is told


def test_a_frame_whose_decoded_colours_are_burnt_has_a_mouth_in_the_pictures_own() -> None:
    still = film(0)
    own = drawn(seen(still)[None], [0.0])
    burnt = np.clip(seen(still).astype(int) + np.array([70, 20, -50]), 0, 255).astype(np.uint8)[None]
    (frame,) = move_picture(Source(still, CROP), own, drawn(burnt, [0.0], visible=0.0))
    place = np.s_[140:160, 144:168]
    off = frame[place].astype(float).mean((0, 1)) - still[place].mean((0, 1))
    assert np.abs(off).max() < 8


def test_light_that_the_model_draws_falls_on_what_moves() -> None:
    still = film(0)
    lit = np.clip(seen(still).astype(int) + 40, 0, 255).astype(np.uint8)[None]
    own = drawn(seen(still)[None], [0.0])
    (frame,) = move_picture(Source(still, CROP), own, drawn(lit, [0.0]))
    brighter = frame[100:180, 116:196].mean() - still[100:180, 116:196].mean()
    assert 10 < brighter < 20


def test_a_wall_behind_the_person_stays_where_it_is() -> None:
    still = film(0)
    own = drawn(seen(still)[None], [0.0])
    behind, person = (
        next(move_picture(Source(still, CROP), own, drawn(seen(still)[None], [12.0], person=share)))
        for share in (0.0, 1.0)
    )
    assert difference(behind, still) < 0.1 < 0.2 * difference(person, still)


@pytest.mark.parametrize("own_pixels", [True, False])
def test_nothing_changes_far_from_the_face_and_no_edge_shows(own_pixels: bool) -> None:
    still = film(0)
    if own_pixels:
        (result,) = moved_by([12.0])
    else:
        (result,) = paste_decoded(Source(still, CROP), seen(film(12))[None])
    reach = 0.5 * (REACH - 1) * SIDE
    outside = np.ones(still.shape[:2], bool)
    outside[: int(TOP + SIDE + reach) + 2, max(0, int(LEFT - reach) - 2) : int(LEFT + SIDE + reach) + 2] = False
    assert (result[outside] == still[outside]).all()
    change = cv2.GaussianBlur(result.astype(np.float32) - still, (0, 0), 4)
    steps = np.abs(np.diff(change, axis=1)).max(axis=(0, 2))
    assert steps[[LEFT - 1, LEFT, LEFT + SIDE - 1, LEFT + SIDE]].max() < 0.3 * steps.max() + 0.2


def test_a_face_at_the_pictures_border_is_drawn_as_far_as_it_can_be_seen() -> None:
    still = film(0)[TOP + 60 :, LEFT + 80 :]
    beyond = np.array([[1 / SCALE, 0, 80 / SCALE], [0, 1 / SCALE, 60 / SCALE]])
    own, moved = (drawn(seen(film(shift))[None], [float(shift)]) for shift in (0, 12))
    (frame,) = move_picture(Source(still, beyond), own, moved)
    assert frame.shape == still.shape and difference(frame, still) > 0.1
