"""The source's detail carried over: pictures whose movement is known, at full size and as a small decoder sees them."""

import cv2
import numpy as np
import pytest

from seqdisent_core.reenactment.compositing import Source, carry_detail, paste_decoded

SIZE, SCALE, LEFT, TOP = 64, 3, 60, 40  # the crop covers 192 x 192 pixels of a picture of 320 x 280
CROP = np.array([[1 / SCALE, 0, -LEFT / SCALE], [0, 1 / SCALE, -TOP / SCALE]])


def film(shift: float, mouth: int = 0) -> np.ndarray:
    """A grain of fine spots on soft shapes, moved down by `shift` pixels in the middle; a dark mouth if asked."""
    noise = np.random.default_rng(0).normal(0, 1, (280, 320, 3)).astype(np.float32)
    soft, fine = cv2.GaussianBlur(noise, (0, 0), 14), cv2.GaussianBlur(noise, (0, 0), 1.2)
    picture = 130 + 40 * soft / soft.std() + 12 * fine / fine.std()
    x, y = np.meshgrid(np.arange(320, dtype=np.float32), np.arange(280, dtype=np.float32))
    away = np.exp(-(((x - 156) / 40) ** 2) - ((y - 136) / 40) ** 2)
    moved = cv2.remap(picture, x, y - shift * away, cv2.INTER_LINEAR)
    if mouth:
        cv2.ellipse(moved, (156, 150), (22, mouth), 0, 0, 360, (40.0, 10.0, 10.0), -1, cv2.LINE_AA)
    return np.clip(moved, 0, 255).astype(np.uint8)


def seen(picture: np.ndarray) -> np.ndarray:
    """The crop as a model draws it: small, and without the grain."""
    blurred = cv2.GaussianBlur(picture, (0, 0), 4)
    return cv2.warpAffine(blurred, CROP, (SIZE, SIZE), flags=cv2.INTER_AREA)


def difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(float) - second.astype(float)).mean())


def test_the_sources_grain_moves_as_the_decoded_face_does() -> None:
    still, moved = film(0), film(12)
    frames = list(carry_detail(Source(still, CROP), seen(still), np.stack([seen(moved)] * 3)))
    middle = np.s_[100:180, 116:196]
    assert difference(frames[1][middle], moved[middle]) < 0.45 * difference(still[middle], moved[middle])
    laid = next(paste_decoded(Source(still, CROP), np.stack([seen(moved)])))
    grain = [cv2.Laplacian(picture[middle], cv2.CV_32F).var() for picture in (moved, frames[1], laid)]
    assert grain[1] > 0.5 * grain[0] and grain[2] < 0.2 * grain[0]


def test_each_frame_is_moved_by_its_own_movement() -> None:
    films = [film(shift) for shift in (0, 0, 12, 12, 12, -8, -8, -8, 0, 0)]
    frames = list(carry_detail(Source(films[0], CROP), seen(films[0]), np.stack([seen(one) for one in films])))
    assert [np.abs(frames[at].astype(int) - films[0]).max() <= 1 for at in (0, 9)] == [True, True]
    middle = np.s_[100:180, 116:196]
    for at in (3, 6):
        assert difference(frames[at][middle], films[at][middle]) < 0.45 * difference(
            films[0][middle], films[at][middle]
        )


def test_a_face_that_does_not_move_is_the_source_to_the_pixel() -> None:
    still = film(0)
    (frame,) = carry_detail(Source(still, CROP), seen(still), seen(still)[None])
    assert np.abs(frame.astype(int) - still).max() <= 1


def test_what_no_movement_explains_is_shown_as_decoded() -> None:
    closed, opened = film(0), film(0, mouth=16)
    frames = list(carry_detail(Source(closed, CROP), seen(closed), np.stack([seen(opened)] * 3)))
    assert frames[1][150, 156].mean() < 60 < closed[150, 156].mean()


@pytest.mark.parametrize("detail", [True, False])
def test_nothing_changes_far_from_the_face_and_no_edge_shows(detail: bool) -> None:
    still, moved = film(0), film(12)
    source, decoded = Source(still, CROP), np.stack([seen(moved)] * 3)
    result = list(carry_detail(source, seen(still), decoded) if detail else paste_decoded(source, decoded))[1]
    outside = np.ones(still.shape[:2], bool)
    outside[0:275, 20:295] = False  # the crop and a fifth of its side around it
    assert (result[outside] == still[outside]).all()
    change = cv2.GaussianBlur(result.astype(np.float32) - still, (0, 0), 4)
    steps = np.abs(np.diff(change, axis=1)).max(axis=(0, 2))
    assert steps[[LEFT - 1, LEFT, LEFT + 191, LEFT + 192]].max() < 0.3 * steps.max() + 0.2


def test_a_face_at_the_pictures_border_is_drawn_as_far_as_it_can_be_seen() -> None:
    still = film(0)[TOP + 60 :, LEFT + 80 :]
    beyond = np.array([[1 / SCALE, 0, 80 / SCALE], [0, 1 / SCALE, 60 / SCALE]])
    frames = list(carry_detail(Source(still, beyond), seen(film(0)), np.stack([seen(film(12))] * 2)))
    assert frames[0].shape == still.shape and difference(frames[0], still) > 0.1
