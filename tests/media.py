"""Makes media files to test with: good, odd and bad ones, each as small as it can be.

As a script, `python tests/media.py FOLDER` makes the bad and odd files and lists what is expected of each.
"""

import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageDraw

from seqdisent_core.faces.alignment import Pose, cut_out, pose_transform
from seqdisent_core.faces.reading import find_faces

SMALL = "testsrc=size=64x48:rate=25:duration=0.6"
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=0.6")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
Place = tuple[float, float, float, float]  # middle x, y, side in pixels, roll in degrees


def ffmpeg(*arguments: str | Path, frames: np.ndarray | None = None) -> None:
    """Run ffmpeg, with `frames` (uint8) as its standard input; raises CalledProcessError when it fails."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", "-threads", "1", *map(str, arguments)]
    subprocess.run(command, input=b"" if frames is None else frames.tobytes(), check=True, capture_output=True)


def drawn(path: Path, source: str, *arguments: str) -> Path:
    """A file of ffmpeg's drawing `source`."""
    ffmpeg("-f", "lavfi", "-i", source, *arguments, path)
    return path


def smooth_frames(count: int, height: int, width: int) -> np.ndarray:
    """uint8 (count, height, width, 3): soft coloured shapes that drift, as video codecs keep well."""
    down, across = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [np.sin(3 * down + 0.1 * i + k) + np.cos(2 * across - 0.05 * i + k) for i in range(count) for k in range(3)]
    grey = np.stack(waves).reshape(count, 3, height, width).transpose(0, 2, 3, 1)
    return (128 + 55 * grey).astype(np.uint8)


def tight(frames: np.ndarray) -> np.ndarray:
    """The same square of all frames, from brows to chin, so that the face fills it."""
    x, y, side, _ = find_faces(frames[0])[0].pose
    return np.stack([cut_out(frame, pose_transform(Pose(x, y, side, 0.0), 256), 256) for frame in frames])


@cache
def backdrop(width: int = 640, height: int = 360, hue: float = 0.0) -> np.ndarray:
    """uint8 (height, width, 3), not to be written to: soft colours, no face."""
    down, across = np.mgrid[0:height, 0:width] / width
    waves = [110 + 40 * np.sin(5 * across + k + hue) + 30 * np.cos(7 * down - 2 * k + hue) for k in range(3)]
    picture = np.stack(waves, axis=-1).astype(np.uint8)
    picture.setflags(write=False)
    return picture


def paste(picture: np.ndarray, face: np.ndarray, place: Place) -> np.ndarray:
    """A picture with a face's square laid on it, its edges feathered."""
    x, y, side, roll = place
    turn = cv2.getRotationMatrix2D(((face.shape[1] - 1) / 2, (face.shape[0] - 1) / 2), -roll, side / face.shape[0])
    turn[:, 2] += (x - (face.shape[1] - 1) / 2, y - (face.shape[0] - 1) / 2)
    mask = cv2.GaussianBlur(np.pad(np.ones((face.shape[0] - 32, face.shape[1] - 32)), 16), (0, 0), 6)
    size = picture.shape[1::-1]
    area = cv2.INTER_AREA if side < face.shape[0] else cv2.INTER_LINEAR
    moved = cv2.warpAffine(face, turn, size, flags=area, borderMode=cv2.BORDER_REPLICATE)
    part = cv2.warpAffine(mask, turn, size)[..., None]
    return (part * moved + (1 - part) * picture).round().astype(np.uint8)


def clock_times(seconds: float) -> list[float]:
    """Uneven moments, in hundredths of a second, as a phone's camera that gets dark and bright again."""
    gaps, times = (0.02, 0.03, 0.08, 0.02, 0.11, 0.04, 0.04), [0.0]
    while times[-1] < seconds:
        times.append(round(times[-1] + gaps[len(times) % len(gaps)], 2))
    return times[:-1]


def variable_rate_clock(path: Path, seconds: float = 3.0) -> Path:
    """A film of variable rate whose frames tell their time: grey level 30 + 60 x seconds."""
    shown = "+".join(f"eq(n\\,{round(time * 100)})" for time in clock_times(seconds))
    grey = "16+(30+60*T)*219/255"
    source = f"nullsrc=size=32x32:rate=100:duration={seconds},geq=lum='{grey}':cb=128:cr=128,select='{shown}'"
    return drawn(path, source, "-fps_mode", "vfr", *H264, "-qp", "4")


def left_red_right_blue(path: Path, *arguments: str, size: str = "64x32", rate: str = "10") -> Path:
    """Half a second, red on the left and blue on the right: to see turns, sizes and colours."""
    half = "drawbox=x=iw/2:width=iw/2:height=ih:color=blue:thickness=fill,format=yuv444p"
    return drawn(path, f"color=red:size={size}:rate={rate}:duration=0.5,{half}", *arguments)


def turned(path: Path, degrees: int) -> Path:
    """As a phone held upright films: lying frames and a note to turn them, counter-clockwise."""
    lying = left_red_right_blue(path.with_name("lying.mp4"), *H264)
    ffmpeg("-display_rotation", str(degrees), "-i", lying, "-codec", "copy", path)
    return path


def half_transparent(path: Path, *codec: str) -> Path:
    """Left half opaque red, right half wholly transparent green, of half a second."""
    left = np.zeros((5, 32, 64, 4), np.uint8)
    left[:, :, :32] = 255, 0, 0, 255
    left[:, :, 32:] = 0, 255, 0, 0
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgba", "-s", "64x32", "-r", "10", "-i", "pipe:0", *codec, path, frames=left)
    return path


def animation(path: Path, levels: Sequence[int], milliseconds: Sequence[int]) -> Path:
    """GIF, APNG or WebP of grey pictures, each shown for its own time."""
    first, *others = [Image.new("RGB", (30, 20), (level, level, level)) for level in levels]
    lossless = path.suffix == ".webp"  # the other kinds always are, and ignore it
    first.save(path, save_all=True, append_images=others, duration=list(milliseconds), loop=0, lossless=lossless)
    return path


def photograph(path: Path, pixels: np.ndarray, orientation: int = 1) -> Path:
    """A picture of uint8 (height, width, 3 or 4) pixels, whose EXIF tells how it is to be turned; WebP without loss."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, exif=exif, lossless=True, quality=95)
    return path


def with_sound(path: Path, seconds: float, sound: float) -> Path:
    """A film of `seconds` with a tone of `sound` seconds."""
    tone = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={sound}", "-map", "0:v", "-map", "1:a")
    ffmpeg("-f", "lavfi", "-i", f"testsrc=size=64x48:rate=25:duration={seconds}", *tone, *H264, path)
    return path


def _film(path: Path) -> Path:
    return drawn(path, SMALL, *TONE, *H264)


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _source(source: str, *arguments: str) -> Callable[[Path], object]:
    return lambda path: drawn(path, source, *(arguments or H264))


def _cut_off(path: Path) -> None:
    whole = _film(path.with_name("whole.mp4")).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _cut_off_in_time(path: Path) -> None:
    drawn(path, "testsrc=size=160x120:rate=25:duration=2", *H264, "-movflags", "+faststart")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])


def _scratched(path: Path) -> None:
    drawn(path, "testsrc2=size=160x120:rate=25:duration=2", *H264, "-g", "10", "-movflags", "+faststart")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1500] = random.Random(0).randbytes(1500)
    path.write_bytes(content)


def _mislabelled_animation(path: Path) -> None:
    animation(path.with_suffix(".gif"), (0, 99, 200), (80, 80, 80)).rename(path)


def _locked(path: Path) -> None:
    """As sold films are: the codec's four letters say 'encrypted', and the pictures are noise."""
    _film(path)
    key = ("-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")
    ffmpeg("-i", path, "-codec", "copy", "-encryption_scheme", "cenc-aes-ctr", *key, path.with_name("key.mp4"))
    path.write_bytes(path.with_name("key.mp4").read_bytes().replace(b"avc1\0\0\0\0", b"encv\0\0\0\0"))


def _unknown_codec(path: Path) -> None:
    _film(path)
    path.write_bytes(path.read_bytes().replace(b"avc1\0\0\0\0", b"xyz9\0\0\0\0"))


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("film.txt", "not a film " * 300)


def _still_picture(kind: str) -> Callable[[Path], object]:
    return lambda path: Image.new("RGB", (64, 48), (200, 90, 20)).save(path, kind)


def _cut_off_picture(path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    whole = photograph(path, pixels).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _large_picture(path: Path) -> None:
    Image.new("L", (8256, 8256)).save(path)


def _covered_song(path: Path) -> None:
    Image.new("RGB", (32, 32), (0, 90, 20)).save(path.with_name("cover.png"))
    picture = ("-map", "0:a", "-map", "1:v", "-codec:v", "png", "-disposition:v", "attached_pic")
    ffmpeg(*TONE, "-i", path.with_name("cover.png"), *picture, path)


def _playlist(text: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        path.write_text(text.format(film=_film(path.with_name("listed.mp4")).name))

    return write


def _smiley(path: Path) -> None:
    page = Image.new("RGB", (160, 160), "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((30, 90, 130, 140), outline="black", width=3)  # a house: nothing a face finder should take
    pen.polygon(((20, 90), (80, 30), (140, 90)), outline="black", width=3)
    frames = np.stack([np.roll(np.asarray(page), shift, axis=1) for shift in range(50)])
    size = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x160", "-r", "25", "-i", "pipe:0")
    ffmpeg(*size, *H264, path, frames=frames)


class OddFile(NamedTuple):
    """A file to make, what it is, and a word that must be in its sentence; 'ok' for one that must be read."""

    name: str
    what: str
    make: Callable[[Path], object]
    expected: str


_HUGE = "color=red:size=16400x64:rate=5:duration=0.4"
_SQUARE = "color=gray:size=8256x8256:rate=5:duration=0.4"
_8K = "color=gray:size=7680x4320:rate=5:duration=0.6"
_HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{film}\n#EXT-X-ENDLIST\n"
_SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
_DASH = '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{film}</BaseURL></MPD>'
BAD_FILES = (
    OddFile("empty.mp4", "0 bytes", _bytes(b""), "empty"),
    OddFile("cut_off.mp4", "the first half of a video file", _cut_off, "cut off"),
    OddFile("cut_off_in_time.mp4", "two thirds of a video file, no face", _cut_off_in_time, "ok"),
    OddFile("scratched.mp4", "damaged bytes, no face", _scratched, "ok"),
    OddFile("text.mp4", "text", _bytes(b"Dear diary, this is no film at all.\n" * 20), "not a video"),
    OddFile("notes.txt", "text", _bytes(b"Dear diary, this is no film at all.\n" * 20), "not a video"),
    OddFile("page.mp4", "a web page", _bytes(b"<!DOCTYPE html><html><body>404 not found</body></html>"), "not a video"),
    OddFile("zip.mp4", "a ZIP archive", _zip, "not a video"),
    OddFile("random.mp4", "random bytes", _bytes(random.Random(1).randbytes(5000)), "not a video"),
    OddFile("random.bin", "random bytes", _bytes(random.Random(2).randbytes(5000)), "not a video"),
    OddFile("zeros.mp4", "zero bytes", _bytes(bytes(5000)), "not a video"),
    OddFile("song.m4a", "sound only", lambda path: ffmpeg(*TONE, path), "sound"),
    OddFile("song.mp4", "sound only", lambda path: ffmpeg(*TONE, path), "sound"),
    OddFile("song.mp3", "sound only", lambda path: ffmpeg(*TONE, path), "sound"),
    OddFile("song_with_cover.m4a", "sound with a cover picture", _covered_song, "sound"),
    OddFile("one_frame.mp4", "one frame", _source(SMALL, "-frames:v", "1", *H264), "still picture"),
    OddFile("no_frame.mp4", "no frame", _source(SMALL, "-frames:v", "0", *H264), "picture"),
    OddFile("photo.mp4", "a PNG picture of no face", _still_picture("PNG"), "ok"),
    OddFile("photo.jpg", "a JPEG picture of no face", _still_picture("JPEG"), "ok"),
    OddFile("photo.webp", "a WebP picture of no face", _still_picture("WEBP"), "ok"),
    OddFile("cut_off.png", "the first half of a picture", _cut_off_picture, "Save it as JPEG or PNG"),
    OddFile("cut_off.webp", "the first half of a picture", _cut_off_picture, "Save it as JPEG or PNG"),
    OddFile("too_many_pixels.png", "a picture of 68 million pixels", _large_picture, "67 million"),
    OddFile("one_frame.gif", "a GIF of one frame", _still_picture("GIF"), "still picture"),
    OddFile("list.m3u8", "an HLS playlist", _playlist(_HLS), "playlist"),
    OddFile("list.mp4", "an HLS playlist", _playlist(_HLS), "playlist"),
    OddFile("concat.mp4", "a list of ffmpeg's concat", _playlist("ffconcat version 1.0\nfile {film}\n"), "playlist"),
    OddFile("concat.txt", "a list of ffmpeg's concat", _playlist("file '{film}'\n"), "playlist"),
    OddFile("session.sdp", "an SDP session", _playlist(_SDP), "playlist"),
    OddFile("manifest.mpd", "a DASH manifest", _playlist(_DASH), "playlist"),
    OddFile("locked.mp4", "an encrypted video", _locked, "Save it as an MP4"),
    OddFile("unknown_codec.mp4", "an unknown codec", _unknown_codec, "codec"),
    OddFile("too_wide.mkv", "frames 16,400 pixels wide", _source(_HUGE, "-c:v", "ffv1"), "16384 a side"),
    OddFile("too_many_pixels.mp4", "frames of 68 million pixels", _source(_SQUARE, *H264), "9 million"),
    OddFile("folder.mp4", "a folder", lambda path: path.mkdir(), "folder"),
    OddFile("8k.mp4", "8K, no face", _source(_8K, *H264), "9 million"),
    OddFile("drawing.mp4", "a drawn house", _smiley, "ok"),
    OddFile("-ünïcode, 100 % 映画 :) .mp4", "no face; an unusual name", _film, "ok"),
    OddFile("moov atom not found.mp4", "no face; named as one of ffmpeg's errors", _film, "ok"),
    OddFile("gif_named.mp4", "a GIF of no face", _mislabelled_animation, "ok"),
    OddFile("very_wide.mp4", "4000 x 16 pixels", _source("testsrc2=size=4000x16:rate=10:duration=0.5", *H264), "ok"),
    OddFile("one_pixel.mkv", "1 x 1 pixel", _source("color=red:size=1x1:rate=10:duration=0.5", "-c:v", "ffv1"), "ok"),
    OddFile("odd_size.mkv", "63 x 47 pixels", _source("testsrc=size=63x47:rate=10:duration=0.5", "-c:v", "ffv1"), "ok"),
    OddFile("two_frames.mp4", "two frames of no face", _source(SMALL, "-frames:v", "2", *H264), "ok"),
)  # fmt: skip


def make_bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Make every file of BAD_FILES in `folder`; gives name -> (file, the word expected, or 'ok')."""
    made = bad_files_in(folder)
    for odd in BAD_FILES:
        path, _ = made[odd.name]
        path.parent.mkdir(parents=True)
        odd.make(path)
    return made


def bad_files_in(folder: Path) -> dict[str, tuple[Path, str]]:
    """Where they lie in `folder`: each apart, so that what one is made from is no neighbour of another."""
    return {odd.name: (folder / str(number) / odd.name, odd.expected) for number, odd in enumerate(BAD_FILES)}


def exact_rate(path: Path, rate: Fraction, seconds: int) -> Path:
    """A tiny film at exactly `rate` frames a second whose brightness grows evenly with time, from 20 to 220."""
    source = (
        f"nullsrc=size=16x16:rate={rate}:duration={seconds},geq=lum='16+(20+200*T/{seconds})*219/255':cb=128:cr=128"
    )
    return drawn(path, source, *H264, "-qp", "4")


if __name__ == "__main__":
    for file_name, (where, word) in make_bad_files(Path(sys.argv[1])).items():
        print(f"{file_name:36} {word:14} {where}")
