"""How the odd and hostile films of `odd_films.py` are made: a drawn person in a small film of one second, altered."""

import functools
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from media import H264, TONE, Place, backdrop, ffmpeg, paste, tight
from PIL import Image

from seqdisent_core.assets import asset
from seqdisent_core.media.video import read_video

Make = Callable[[Path], object]
WIDTH, HEIGHT, RATE, COUNT = 480, 270, 24, 24
MIDDLE: Place = (240, 135, 130, 0)
FIRST_INDEX = (*H264, "-movflags", "+faststart")  # so that a film without its end can be read
TURNING = Path(__file__).parent / "turning_head.jpg"  # one person, in 13 squares from 0 to 60 degrees


@functools.cache
def face(person: int) -> np.ndarray:
    """One of two drawn persons from brows to chin, uint8 (15, 256, 256, 3)."""
    return tight(read_video(sorted(asset("examples").glob("*.mp4"))[5 * person])[0])


def scene(count: int = COUNT, *, place: Place | Callable[[int], Place] = MIDDLE, person: int = 0) -> list[np.ndarray]:
    """A person before a soft background, whose face moves to and fro: uint8 (HEIGHT, WIDTH, 3) each."""
    moves = np.concatenate([face(person), face(person)[-2:0:-1]])
    wall = backdrop(WIDTH, HEIGHT)
    return [paste(wall, moves[at % len(moves)], place(at) if callable(place) else place) for at in range(count)]


def encode(path: Path, frames: Sequence[np.ndarray], *arguments: str, rate: str = str(RATE)) -> Path:
    """Writes frames as ffmpeg's arguments say."""
    stacked = np.stack(frames)
    size = f"{stacked.shape[2]}x{stacked.shape[1]}"
    given = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", rate, "-i", "pipe:0")
    ffmpeg(*given, *arguments, path, frames=stacked)
    return path


def coded(*arguments: str) -> Make:
    """The usual scene, coded so."""
    return lambda path: encode(path, scene(), *arguments)


def each(change: Callable[[np.ndarray], np.ndarray], *arguments: str) -> Make:
    """The usual scene with each of its pictures changed."""
    return lambda path: encode(path, [change(frame) for frame in scene()], *(arguments or H264))


def placed(place: Place | Callable[[int], Place]) -> Make:
    """The person elsewhere in the picture."""
    return lambda path: encode(path, scene(place=place), *H264)


def noted(*note: str) -> Make:
    """The usual film with a note in its header on how it is to be shown."""

    def make(path: Path) -> None:
        film = encode(path.with_name("upright.mp4"), scene(), *H264)
        ffmpeg(*note, "-i", film, "-codec", "copy", path)

    return make


def altered(change: Callable[[bytes], bytes], *arguments: str) -> Make:
    """The usual film, its bytes changed."""

    def make(path: Path) -> None:
        content = encode(path, scene(), *(arguments or FIRST_INDEX)).read_bytes()
        path.write_bytes(change(content))

    return make


def content(given: bytes | str) -> Make:
    """A file of these bytes."""
    return lambda path: path.write_bytes(given.encode() if isinstance(given, str) else given)


def flat(level: int) -> Make:
    """A film of nothing but one grey."""
    return lambda path: encode(path, [np.full((HEIGHT, WIDTH, 3), level, np.uint8)] * COUNT, *H264)


def sequence(*parts: Callable[[], Sequence[np.ndarray]]) -> Make:
    """Several scenes, one after the other."""
    return lambda path: encode(path, [frame for part in parts for frame in part()], *H264)


def picture(change: Callable[[Image.Image], Image.Image] = lambda image: image, **how: Any) -> Make:
    """A photograph of the person."""
    return lambda path: change(Image.fromarray(scene(1)[0])).save(path, **how)


def altered_picture(change: Callable[[bytes], bytes]) -> Make:
    """The same, its bytes changed."""

    def make(path: Path) -> None:
        picture()(path)
        path.write_bytes(change(path.read_bytes()))

    return make


def turned_by_exif(orientation: int, turn: int) -> Make:
    """A photograph whose pixels lie, by quarters counterclockwise, and whose EXIF says how to turn it back."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return picture(lambda image: Image.fromarray(np.ascontiguousarray(np.rot90(np.asarray(image), turn))), exif=exif)


# --- bytes -------------------------------------------------------------------------------------------------------


def part(first: float, last: float) -> Callable[[bytes], bytes]:
    """What lies between two shares of a file."""
    return lambda whole: whole[round(first * len(whole)) : round(last * len(whole))]


def noise(count: int) -> bytes:
    return np.random.default_rng(count).bytes(count)


def scratched(whole: bytes) -> bytes:
    """600 bytes of noise in the middle."""
    middle = len(whole) // 2
    return whole[:middle] + noise(600) + whole[middle + 600 :]


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(whole: bytes) -> bytes:
        assert old in whole
        return whole.replace(old, new)

    return change


def without_rate(whole: bytes) -> bytes:
    """An AVI whose header says that a second has 0 frames."""
    rate = whole.index(b"strh") + 8 + 24
    return whole[:rate] + bytes(4) + whole[rate + 4 :]


def endless(whole: bytes) -> bytes:
    """An MP4 whose header says that it lasts for ever."""
    at = whole.index(b"mvhd") + 4 + 16
    return whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :]


def with_zip(whole: bytes) -> bytes:
    """An archive behind it, which opens as one."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("run.sh", "#!/bin/sh\necho\n")
    return whole + archive.getvalue()


def atom(name: bytes, *parts: bytes) -> bytes:
    """A piece of an MP4."""
    inside = b"".join(parts)
    return struct.pack(">I", 8 + len(inside)) + name + inside


def nested(depth: int) -> bytes:
    """An MP4 of pieces within pieces."""
    headers = [struct.pack(">I", 8 * level) + b"moov" for level in range(depth, 0, -1)]
    return atom(b"ftyp", b"isom\0\0\2\0isom") + b"".join(headers)


def reference_film(address: bytes) -> bytes:
    """A QuickTime film that only names another."""
    return atom(b"moov", atom(b"rmra", atom(b"rmda", atom(b"rdrf", bytes(4), b"url ", bytes(4), address + b"\0"))))


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds a few bytes."""

    def chunk(name: bytes, inside: bytes) -> bytes:
        return struct.pack(">I", len(inside)) + name + inside + struct.pack(">I", zlib.crc32(name + inside))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


def gif_of(width: int, height: int) -> bytes:
    """A GIF that says it is so large, with two pictures of one pixel."""
    one = b"\x2c" + bytes(4) + b"\1\0\1\0\0" + b"\2\2\x44\1\0"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + one + one + b";"


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros", bytes(20_000_000))


# --- films -------------------------------------------------------------------------------------------------------


def high_dynamic(transfer: str) -> Make:
    """HDR as phones film it: HEVC in 10 bits."""
    to_hdr = f"zscale=t={transfer}:m=bt2020nc:p=bt2020:r=tv:npl=203:tin=bt709:min=bt709:pin=bt709:rin=tv"
    tags = f"colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:log-level=error"
    return coded(
        *("-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv444p10le,{to_hdr},format=yuv420p10le"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", tags),
    )


def repeated(times: int) -> Make:
    """The usual film so many times after itself."""

    def make(path: Path) -> None:
        one = encode(path.with_name("one.mp4"), scene(), *H264)
        ffmpeg("-stream_loop", str(times - 1), "-i", one, "-codec", "copy", path)

    return make


def with_streams(*arguments: str) -> Make:
    """The usual film with a tone, or itself, beside it."""

    def make(path: Path) -> None:
        film = encode(path.with_name("film.mp4"), scene(), *H264)
        ffmpeg(*TONE, "-i", film, *arguments, "-codec:v", "copy", path)

    return make


def crowd(count: int) -> Make:
    """Smaller people, above and below a large one."""

    def make(path: Path) -> None:
        frames = scene()
        for number in range(count - 1):
            x, y = 45 + 78 * (number % 6), 38 if number < 6 else 232
            frames = [paste(frame, face(1)[at % 15], (x, y, 60, 0)) for at, frame in enumerate(frames)]
        encode(path, frames, *H264)

    return make


def card_held(first: int, count: int) -> Make:
    """A card before the whole face for so many of 72 pictures."""

    def make(path: Path) -> None:
        frames = scene(72)
        for frame in frames[first : first + count]:
            frame[40:230, 150:330] = (90, 60, 30)
        encode(path, frames, *H264)

    return make


def barred(top: int, bottom: int) -> Make:
    """A bar before these lines of each picture."""

    def bar(frame: np.ndarray) -> np.ndarray:
        barred = frame.copy()
        barred[top:bottom] = (90, 60, 30)
        return barred

    return each(bar)


def shaken(path: Path) -> None:
    wall = np.kron(np.indices((12, 18)).sum(0) % 2, np.full((32, 32), 120)).astype(np.uint8) + 60
    frames = [paste(np.repeat(wall[..., None], 3, axis=2), face(0)[at % 15], (288, 192, 150, 0)) for at in range(COUNT)]
    away = np.random.default_rng(3).integers(0, 50, (COUNT, 2))
    encode(path, [frame[y : y + 270, x + 30 : x + 510] for frame, (x, y) in zip(frames, away, strict=True)], *H264)


def smiley(path: Path) -> None:
    page = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for middle, radius in (((240, 135), 90), ((210, 110), 8), ((270, 110), 8)):
        cv2.circle(page, middle, radius, (0, 0, 0), 3)
    cv2.ellipse(page, (240, 150), (45, 30), 0, 20, 160, (0, 0, 0), 3)
    encode(path, [page] * COUNT, *H264)


def turned_away(path: Path) -> None:
    row = np.asarray(Image.open(TURNING).convert("RGB"))
    encode(path, [cv2.resize(row[:, -row.shape[0] :], (270, 270))] * COUNT, *H264)


def as_stone(frame: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return cv2.cvtColor(cv2.convertScaleAbs(grey, alpha=0.6, beta=90), cv2.COLOR_GRAY2RGB)


def darker(by: float, grain: float = 0.0) -> Callable[[np.ndarray], np.ndarray]:
    """A picture with so much less light, and a sensor's grain of so many steps of 255."""
    random = np.random.default_rng(0)

    def darken(frame: np.ndarray) -> np.ndarray:
        return (frame / by + grain * random.standard_normal(frame.shape)).round().clip(0, 255).astype(np.uint8)

    return darken


def with_note(degrees: int) -> Make:
    """As a phone films: pixels that lie, and a note to turn them by so many degrees counterclockwise."""

    def make(path: Path) -> None:
        lying = [np.ascontiguousarray(np.rot90(frame, -degrees // 90)) for frame in scene()]
        film = encode(path.with_name("lying.mp4"), lying, *H264)
        ffmpeg("-display_rotation", str(degrees), "-i", film, "-codec", "copy", path)

    return make


def lying(turn: int) -> Make:
    """The usual scene turned by quarters counterclockwise, without a note."""
    return each(lambda frame: np.ascontiguousarray(np.rot90(frame, turn)))


def of_frames(count: int, rate: str = str(RATE)) -> Make:
    return lambda path: encode(path, scene(count), *H264, rate=rate)


def variable(path: Path) -> None:
    chosen = "select='not(mod(n,2))+lt(mod(n,7),3)'"
    encode(path, scene(48), "-vf", chosen, "-fps_mode", "vfr", *H264, rate="48")


def without_ticks(whole: bytes) -> bytes:
    """An MP4 whose header says that a second of its film has 0 ticks."""
    at = whole.index(b"mdhd") + 4 + 12
    return whole[:at] + bytes(4) + whole[at + 4 :]


def says_size(width: int, height: int) -> Callable[[bytes], bytes]:
    """An MP4 whose header says another size than its pictures have."""
    return replaced(struct.pack(">HH", WIDTH, HEIGHT), struct.pack(">HH", width, height))


def fields(first: str) -> Make:
    """Two pictures woven into each, as television does."""
    woven = ("-vf", f"tinterlace=interleave_{first}", "-flags", "+ilme+ildct")
    return lambda path: encode(path, scene(48), *woven, "-c:v", "mpeg2video", "-q:v", "3", rate="48")


def wall(count: int = COUNT) -> list[np.ndarray]:
    return [backdrop(WIDTH, HEIGHT)] * count


def black(count: int = COUNT) -> list[np.ndarray]:
    return [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * count


def snow() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (COUNT, HEIGHT, WIDTH, 3), np.uint8)


def strobe() -> list[np.ndarray]:
    return [dark if at % 2 else frame for at, (frame, dark) in enumerate(zip(scene(48), black(48), strict=True))]


def fade() -> list[np.ndarray]:
    """From one person to the other, over half a second."""
    both = zip(scene(48), scene(48, person=1), np.linspace(-1.5, 2.5, 48).clip(0, 1), strict=True)
    return [cv2.addWeighted(one, 1 - share, other, share, 0) for one, other, share in both]


def mirrored() -> list[np.ndarray]:
    """A person and the mirror image beside."""
    return [np.hstack([frame[:, 120:360], frame[:, 359:119:-1]]) for frame in scene()]
