"""Mouths from other frames of the film: pictures in which it is known what each frame shows."""

from dataclasses import replace

import cv2
import numpy as np
from test_detail import CROP, SIZE, drawn, film, seen

from seqdisent_core.assets import asset
from seqdisent_core.faces import cut_out, read_face
from seqdisent_core.reenactment import subject
from seqdisent_core.reenactment.compositing import Source, move_picture
from seqdisent_core.reenactment.filling import Filling, Other, choose_others

MOUTH, OPEN = np.s_[140:160, 140:172], 16
TEETH = np.s_[146:150, 142:170]


def with_teeth(colour: tuple[int, int, int]) -> np.ndarray:
    """The film's picture with its mouth open, and teeth in it too fine for the decoder."""
    picture = film(0, OPEN)
    picture[TEETH] = colour
    return picture


def filled(others: list[np.ndarray], hidden: bool = True, decoded: list[np.ndarray] | None = None) -> np.ndarray:
    """A frame with an open mouth, made of the closed one and of others of the film; hidden: whether theirs are open."""
    own = drawn(seen(film(0))[None], [0.0])
    meant = drawn(seen(film(0, OPEN))[None], [0.0], visible=0.0)
    looks = np.stack([seen(other) for other in decoded or others])
    second = drawn(looks, [0.0] * len(others), visible=0.0 if hidden else 1.0)
    sources = [Source(other, CROP) for other in others]
    return next(move_picture(Source(film(0), CROP), own, meant, sources, second)).astype(float)


def test_teeth_are_those_of_the_frame_that_shows_them() -> None:
    white = with_teeth((250, 250, 250))
    frame = filled([white])
    assert np.abs(frame[MOUTH] - white[MOUTH]).mean() < 6
    assert np.abs(frame[:100] - film(0)[:100]).max() <= 1, "what the picture shows is its own"


def test_where_no_frame_shows_a_mouth_it_is_decoded() -> None:
    own = drawn(seen(film(0))[None], [0.0])
    meant = drawn(seen(film(0, OPEN))[None], [0.0], visible=0.0)
    alone = next(move_picture(Source(film(0), CROP), own, meant)).astype(float)
    teeth = [with_teeth((250, 250, 250))]
    closed, of_another_expression = filled(teeth, hidden=False), filled(teeth, decoded=[np.full_like(teeth[0], 255)])
    np.testing.assert_array_equal(closed, alone)
    np.testing.assert_array_equal(of_another_expression, alone)
    assert alone[TEETH].max() < 120


def test_the_frame_is_taken_that_looks_most_as_the_model_draws() -> None:
    green, red = with_teeth((0, 250, 0)), with_teeth((250, 0, 0))
    bright = np.full_like(green, 255)
    for others, looks, channel in (([green, red], [green, bright], 1), ([green, red], [bright, red], 0)):
        frame = filled(others, decoded=looks)[TEETH].mean(axis=(0, 1))
        assert frame.argmax() == channel and frame[channel] > 150


def test_a_mouth_follows_what_moves_around_it() -> None:
    """The other frame's mouth lies lower, as do its lips; it is brought to where this one's lips are."""
    low = 10
    white = cv2.warpAffine(with_teeth((250, 250, 250)), np.array([[1.0, 0, 0], [0, 1, low]]), (320, 280))
    own = drawn(seen(film(0))[None], [0.0])
    meant = drawn(seen(film(0, OPEN))[None], [0.0], visible=0.0)
    second = drawn(seen(white)[None], [0.0], visible=0.0)
    moved = np.roll(second.near, round(low / 192 * 64), axis=1)
    moved[..., 1] = -low / 192
    source = Source(white, CROP)
    frame = next(move_picture(Source(film(0), CROP), own, meant, [source], replace(second, near=moved)))
    still = filled([with_teeth((250, 250, 250))])
    assert np.abs(frame[TEETH] - still[TEETH]).mean() < 30 < frame[TEETH].mean()


def test_small_differences_change_no_source() -> None:
    field = drawn(seen(film(0))[None], [0.0], visible=0.0).near[0]
    looks = [np.full((SIZE, SIZE, 3), level, np.uint8) for level in (100, 110)]
    pictures = [np.full((280, 320, 3), level, np.uint8) for level in (0, 200)]
    others = [Other(picture, CROP, look, field) for picture, look in zip(pictures, looks, strict=True)]
    decoded = np.stack([np.full((SIZE, SIZE, 3), 101 + 8 * (at // 2 % 2), np.uint8) for at in range(36)])
    filling = Filling(others, decoded, [field] * len(decoded))
    x, y = np.meshgrid(np.arange(SIZE, dtype=np.float32), np.arange(SIZE, dtype=np.float32))
    middle = [filling.over(at, look.astype(np.float32), x, y)[36, 32, 0] for at, look in enumerate(decoded)]
    assert np.ptp(middle) < 10, "the sources alternate by what differs least"
    far = np.stack([np.full((SIZE, SIZE, 3), 100 if at < 18 else 250, np.uint8) for at in range(36)])
    others[1] = replace(others[1], decoded=np.full((SIZE, SIZE, 3), 250, np.uint8))
    filling = Filling(others, far, [field] * len(far))
    ends = [filling.over(at, far[at].astype(np.float32), x, y)[36, 32, 0] for at in (0, 35)]
    assert ends[0] < 50 and ends[1] > 150


def test_frames_are_chosen_that_differ_most_and_show_the_face() -> None:
    frames = np.full((40, 32, 32, 3), 100, np.uint8)
    frames[7, 20:28, 10:22] = 0  # a mouth open
    frames[23, 20:28, 6:26] = 180  # teeth
    frames[27, 4:10, 4:28] = 180  # eyes closed
    frames[30] = 255  # a hand before the face
    assert choose_others(frames, 0, occluded=[30]) == [7, 23]
    assert choose_others(frames[:1], 0) == []
    clip = read_face(asset("examples") / "person_005_surprise.mp4", size=64)
    made = subject(clip)
    assert made.others and clip.anchor not in made.others
    for index, face in zip(made.others, made.faces, strict=True):
        again = cut_out(face.picture, face.transform, 64).astype(float)
        assert np.abs(again - clip.frames[index]).mean() < 2.5
