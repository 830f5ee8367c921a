"""Made films say that they are made: to the eye, and to tools that read XMP."""

import struct
from pathlib import Path
from xml.etree import ElementTree

import imageio.v3 as iio
import numpy as np
import pytest
from media import smooth_frames
from PIL import Image

from seqdisent_core.films import write_made
from seqdisent_core.media.synthetic import IN_A_FILM, SOURCE_TYPES, labelled, mark
from seqdisent_core.media.video import read_video

SAID = f"{SOURCE_TYPES}trainedAlgorithmicMedia".encode()


def boxes(path: Path) -> dict[bytes, bytes]:
    """An MP4's boxes, by the letters of each."""
    content, at, found = path.read_bytes(), 0, {}
    while at < len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        found[kind] = content[at + 8 : at + size]
        at += size
    assert at == len(content)
    return found


def test_a_made_film_says_so_inside_and_still_plays(tmp_path: Path) -> None:
    frames = smooth_frames(12, 64, 64)
    film = write_made(tmp_path / "made.mp4", frames, 12.0, width=256)
    inside = boxes(film)
    assert inside[b"uuid"][:16].hex() == "be7acfcb97a942e89c71999491e3afac" and SAID in inside[b"uuid"]
    assert {b"moov", b"mdat"} <= inside.keys()
    read, fps = read_video(film)
    assert read.shape == (12, 256, 256, 3) and fps == 12


def test_a_made_gif_says_so_inside_and_still_plays(tmp_path: Path) -> None:
    gif = write_made(tmp_path / "made.gif", smooth_frames(8, 64, 64), 10.0, width=128)
    assert SAID in gif.read_bytes() and b"XMP DataXMP" in gif.read_bytes()
    assert iio.imread(gif).shape[:3] == (8, 128, 128)


def test_a_made_picture_says_so_inside_and_still_opens(tmp_path: Path) -> None:
    picture = tmp_path / "sheet.png"
    iio.imwrite(picture, smooth_frames(1, 40, 60)[0])
    mark(picture, IN_A_FILM)
    with Image.open(picture) as opened:
        opened.load()
        packet = ElementTree.fromstring(opened.info["XML:com.adobe.xmp"])
    (said,) = packet.iter("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert said.text == SOURCE_TYPES + IN_A_FILM


@pytest.mark.parametrize("side", [64, 256, 640])
def test_a_small_label_is_seen_in_the_corner_of_every_frame(side: int) -> None:
    frames = np.full((3, side, side, 3), 140, np.uint8)
    shown = labelled(frames)
    assert (frames == 140).all()
    changed = (shown != frames).any(axis=(0, 3))
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert rows.min() > 0.7 * side and columns.max() == rows.max() == side - 1
    assert changed.mean() < (0.2 if side < 128 else 0.04)
    contrast = int(shown[0][changed].max()) - int(shown[0][changed].min())
    assert contrast > 120, "to be read"


def test_a_frame_is_labelled_alone_as_it_is_among_others() -> None:
    frames = smooth_frames(3, 128, 160)
    assert (np.stack([labelled(frame) for frame in frames]) == labelled(frames)).all()


def test_a_film_smaller_than_the_label_is_written_all_the_same(tmp_path: Path) -> None:
    film = write_made(tmp_path / "tiny.mp4", smooth_frames(8, 8, 16), 8.0)
    assert read_video(film)[0].shape == (8, 8, 16, 3)
