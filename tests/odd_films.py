"""Odd and hostile files by kind, each with what a visitor must get for it; benchmarks/robustness.py reads them all.

Most show a drawn person of demo_assets/examples. Where a face is found in one, it must be that person's, upright.
"""

import functools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import cv2
import numpy as np
import odd_making as made
from media import BAD_FILES, H264, drawn
from odd_making import Make, altered, coded, content, each, encode, picture, placed, scene, sequence
from PIL import Image

from seqdisent_core.errors import SeqdisentError
from seqdisent_core.faces.reading import FaceClip, read_face

Kind = Literal["read", "noted", "refused"]  # with a result, with a result and a sentence on it, with a sentence alone
LEAST_ALIKE = 0.5  # another person, or one who is upside down, has 0.4 or less
_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
_VP9 = ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-b:v", "1M")


class Odd(NamedTuple):
    """A file: its name, what it is, how it is made, and what its reader gets. person: who is seen in it."""

    name: str
    what: str
    make: Make
    kind: Kind = "read"
    person: int = 0


class Outcome(NamedTuple):
    """What the reader of a file got. said: the notes, or the sentence; alike: of its face to the real one, 1 at best.

    frames, fps: of the clip.
    """

    kind: Kind
    said: str
    alike: float | None = None
    frames: int = 0
    fps: float = 0.0

    @property
    def is_wrong(self) -> bool:
        """Whether there is a face that is not the one in the film, or not upright."""
        return self.alike is not None and self.alike < LEAST_ALIKE


def outcome_of(film: Odd, read: Callable[[Path], FaceClip], folder: Path) -> Outcome:
    """Makes a film in a folder of its own and reads it."""
    path = folder / film.name
    film.make(path)
    try:
        clip = read(path)
    except SeqdisentError as error:
        return Outcome("refused", str(error))
    alike = round(_alike(clip.frames, film.person), 2)
    return Outcome("noted" if clip.notes else "read", " ".join(clip.notes), alike, len(clip.frames), round(clip.fps, 2))


def _alike(frames: np.ndarray, person: int) -> float:
    """The best correlation of the middle one of a clip's crops with any of a person's, in grey."""
    seen = cv2.cvtColor(cv2.resize(frames[len(frames) // 2], (64, 64)), cv2.COLOR_RGB2GRAY)
    real = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in _real(person)]
    return max(float(np.corrcoef(seen.ravel(), one.ravel())[0, 1]) for one in real)


@functools.cache
def _real(person: int) -> np.ndarray:
    """The crops of a person in a film that nothing is odd about, uint8 (frames, 64, 64, 3)."""
    with TemporaryDirectory() as folder:
        return read_face(encode(Path(folder) / "plain.mkv", scene(person=person), "-c:v", "ffv1"), size=64).frames


def _rate(rate: str, count: int, kind: Kind = "read") -> Odd:
    return Odd(f"{rate.replace('/', '_')}_a_second.mp4", f"{rate} frames a second", made.of_frames(count, rate), kind)


def _tilted(degrees: int) -> Odd:
    kind: Kind = "noted" if degrees == 45 or 60 < degrees < 300 else "read"
    return Odd(f"tilted_{degrees}.mp4", f"a head tilted by {degrees}°", placed((240, 135, 120, degrees)), kind)


def _named(name: str, what: str) -> Odd:
    return Odd(name, what, coded(*H264, "-f", "mp4"))


def _size(side: int, what: str, kind: Kind = "read") -> Odd:
    return Odd(f"face_{side}.mp4", what, placed((240, 135, side, 0)), kind)


def _listed(name: str, what: str, given: bytes | str) -> Odd:
    return Odd(name, what, content(given), "refused")


_SVG = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd" width="9" height="9"/></svg>'
_HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"

GROUPS: dict[str, tuple[Odd, ...]] = {
    "Formats and codecs": (
        Odd("h264.mp4", "H.264", coded(*H264)),
        Odd("hevc.mp4", "HEVC", coded(*_X265, "-tag:v", "hvc1")),
        Odd("vp8.webm", "VP8", coded("-c:v", "libvpx", "-cpu-used", "8", "-b:v", "1M")),
        Odd("vp9.webm", "VP9", coded(*_VP9)),
        Odd("av1.mp4", "AV1", coded("-c:v", "libsvtav1", "-preset", "12")),
        Odd("vvc.mp4", "VVC", coded("-c:v", "libvvenc", "-preset", "faster")),
        Odd("mpeg4.avi", "MPEG-4 part 2", coded("-c:v", "mpeg4", "-q:v", "3")),
        Odd("msmpeg4.avi", "Microsoft's MPEG-4", coded("-c:v", "msmpeg4v2", "-q:v", "3")),
        Odd("mpeg2.mpg", "MPEG-2", coded("-c:v", "mpeg2video", "-q:v", "3")),
        Odd("mpeg1.mpg", "MPEG-1", coded("-c:v", "mpeg1video", "-q:v", "3")),
        Odd(
            "phone.3gp",
            "H.263 of an old phone",
            coded("-vf", "crop=330:270,scale=352:288", "-c:v", "h263", "-q:v", "3"),
        ),
        Odd("wmv2.wmv", "Windows Media", coded("-c:v", "wmv2", "-q:v", "3")),
        Odd("flash.flv", "Flash's H.263", coded("-c:v", "flv", "-q:v", "3")),
        Odd("theora.ogv", "Theora", coded("-c:v", "libtheora", "-q:v", "8")),
        Odd("mjpeg.avi", "motion JPEG", coded("-c:v", "mjpeg", "-q:v", "3")),
        Odd("prores.mov", "ProRes", coded("-c:v", "prores_ks")),
        Odd("dnxhr.mov", "DNxHR", coded("-c:v", "dnxhd", "-profile:v", "dnxhr_sq", "-pix_fmt", "yuv422p")),
        Odd("cineform.mov", "CineForm", coded("-c:v", "cfhd")),
        Odd("ffv1.mkv", "FFV1", coded("-c:v", "ffv1")),
        Odd("huffyuv.avi", "HuffYUV", coded("-c:v", "huffyuv")),
        Odd("raw.avi", "uncoded", coded("-c:v", "rawvideo", "-pix_fmt", "bgr24")),
        Odd("animation.mov", "QuickTime Animation", coded("-c:v", "qtrle")),
        Odd("cinepak.mov", "Cinepak", coded("-vf", "crop=360:270,scale=320:240", "-c:v", "cinepak")),
        Odd(
            "camcorder.dv",
            "DV",
            coded(
                "-vf", "crop=360:270,scale=720:576,setsar=16/15", "-r", "25", "-pix_fmt", "yuv420p", "-c:v", "dvvideo"
            ),
        ),
        Odd("mpeg2.mxf", "MXF", coded("-c:v", "mpeg2video", "-q:v", "3")),
        Odd("broadcast.ts", "a transport stream", coded(*H264)),
        Odd("bare.h264", "a bare stream of H.264, without times", coded(*H264)),
        Odd("bare.hevc", "a bare stream of HEVC", coded(*_X265)),
        Odd("bare.ivf", "a bare stream of VP9", coded(*_VP9)),
        Odd("bare.y4m", "YUV4MPEG", coded("-pix_fmt", "yuv420p")),
        Odd("jpeg2000.mkv", "JPEG 2000", coded("-c:v", "jpeg2000")),
        Odd("real.rm", "RealVideo", coded("-vf", "crop=330:270,scale=352:288", "-c:v", "rv20", "-q:v", "3")),
        Odd("loop.gif", "GIF", coded("-f", "gif")),
        Odd("loop.apng", "APNG", coded("-f", "apng")),
        Odd("loop.webp", "animated WebP", coded("-c:v", "libwebp_anim")),
        Odd("snow.mkv", "a codec that no camera writes", coded("-c:v", "snow", "-strict", "-2"), "refused"),
        Odd("screen.avi", "a codec of screen recorders", coded("-c:v", "zmbv"), "refused"),
        Odd("sound_first.mp4", "sound before the film", made.with_streams("-map", "0:a", "-map", "1:v")),
    ),
    "Pixels": (
        Odd("444.mp4", "4:4:4", coded("-c:v", "libx264", "-pix_fmt", "yuv444p")),
        Odd("422_10.mp4", "4:2:2 in 10 bits", coded("-c:v", "libx264", "-pix_fmt", "yuv422p10le")),
        Odd("hevc_12.mp4", "12 bits", coded(*_X265, "-pix_fmt", "yuv420p12le")),
        Odd("rgb.mp4", "RGB", coded("-c:v", "libx264rgb", "-pix_fmt", "rgb24")),
        Odd("grey.mp4", "grey alone", coded("-c:v", "libx264", "-pix_fmt", "gray")),
        Odd("full.mp4", "full range", coded("-c:v", "libx264", "-pix_fmt", "yuvj420p")),
        Odd("rgb_16.mkv", "RGB in 16 bits", coded("-c:v", "ffv1", "-pix_fmt", "gbrp16le")),
        Odd("hlg.mp4", "HDR, HLG", made.high_dynamic("arib-std-b67")),
        Odd("pq.mp4", "HDR, PQ", made.high_dynamic("smpte2084")),
        Odd("alpha.mov", "ProRes with alpha", coded("-c:v", "prores_ks", "-pix_fmt", "yuva444p10le")),
        Odd("alpha.webm", "VP9 with alpha", coded(*_VP9, "-pix_fmt", "yuva420p")),
        Odd("interlaced.mpg", "interlaced, upper field first", made.fields("top")),
        Odd("lower_first.mpg", "interlaced, lower field first", made.fields("bottom")),
        Odd("wide_pixels.mp4", "pixels twice as wide as high", coded("-vf", "scale=240:270,setsar=2", *H264)),
        Odd("odd_sides.mkv", "odd sides", coded("-vf", "scale=479:269", "-c:v", "ffv1")),
        Odd("coarse.mp4", "coded as coarsely as can be", coded("-c:v", "libx264", "-crf", "51")),
        Odd("letterbox.mp4", "black bars all round", coded("-vf", "pad=960:540:240:135", *H264)),
    ),
    "Turned and tilted": (
        *(Odd(f"rotate_{by}.mp4", f"a note to turn it by {by}°", made.with_note(by)) for by in (90, 180, 270)),
        Odd("mirrored.mp4", "a note to mirror it", made.noted("-display_hflip")),
        Odd("wrong_note.mp4", "upright, with a wrong note", made.noted("-display_rotation", "90"), "noted"),
        Odd("lying_left.mp4", "lying on its left side in the pixels", made.lying(1), "noted"),
        Odd("upside_down.mp4", "upside down in the pixels", made.lying(2), "noted"),
        Odd("lying_right.mp4", "lying on its right side in the pixels", made.lying(3), "noted"),
        *map(_tilted, range(15, 360, 15)),
    ),
    "Frame rates": (
        *(_rate(rate, 10) for rate in ("1", "2", "5", "10")),
        *(_rate(rate, 24) for rate in ("24000/1001", "25", "30")),
        *(_rate(rate, 60) for rate in ("50", "60", "120")),
        _rate("240", 120),
        _rate("1000", 400),
        _rate("50000", 100, "refused"),
        Odd("variable.mp4", "variable rate", made.variable),
        Odd("no_rate.avi", "0 frames a second, by its header", altered(made.without_rate, "-c:v", "mjpeg")),
        Odd("no_rate.mp4", "0 ticks a second, by its header", altered(made.without_ticks), "refused"),
        Odd("two_frames_of_a_face.mp4", "two frames", made.of_frames(2), "refused"),
        Odd("seven_frames.mp4", "seven frames", made.of_frames(7), "refused"),
        Odd("eight_frames.mp4", "eight frames", made.of_frames(8)),
    ),
    "Broken": (
        Odd("no_index.mp4", "cut off, its index missing", altered(made.part(0, 0.5), *H264), "refused"),
        Odd("index_first.mp4", "cut off, its index first", altered(made.part(0, 0.7)), "noted"),
        Odd("both_ends.ts", "both ends cut off", altered(made.part(0.1, 0.9), *H264, "-g", "6"), "noted"),
        Odd("cut_off.mkv", "Matroska cut off", altered(made.part(0, 0.7), *H264)),
        Odd("cut_off.webm", "WebM cut off", altered(made.part(0, 0.7), "-c:v", "libvpx", "-b:v", "1M")),
        Odd("cut_off.gif", "GIF cut off", altered(made.part(0, 0.7), "-f", "gif")),
        Odd("cut_off.avi", "AVI cut off, its index missing", altered(made.part(0, 0.7), "-c:v", "mjpeg"), "noted"),
        Odd("noise_within.mp4", "600 bytes of noise", altered(made.scratched, *made.FIRST_INDEX, "-g", "6"), "noted"),
        Odd("noise_within.avi", "the same in motion JPEG", altered(made.scratched, "-c:v", "mjpeg")),
        Odd("noise_before.mp4", "noise before it", altered(lambda whole: made.noise(100) + whole), "refused"),
        Odd("no_head.mp4", "its first 64 bytes missing", altered(lambda whole: whole[64:]), "refused"),
        Odd("noise_after.mp4", "100 kB of noise after it", altered(lambda whole: whole + made.noise(100_000))),
        Odd("half.jpg", "the first part of a JPEG", made.altered_picture(made.part(0, 0.7)), "noted"),
        Odd("half.png", "the first part of a PNG", made.altered_picture(made.part(0, 0.7)), "refused"),
    ),
    "Bombs": (
        Odd("4k_face.mp4", "4K, HEVC", coded("-vf", "scale=3840:2160", "-frames:v", "10", *_X265)),
        Odd("8k_face.mp4", "8K", coded("-vf", "scale=7680:4320", "-frames:v", "10", *H264), "refused"),
        Odd(
            "million_pixels.png",
            "a PNG of 400 million pixels",
            picture(lambda image: image.convert("1").resize((20_000, 20_000))),
            "refused",
        ),
        _listed("billions.png", "a PNG of billions, by its header", made.png_of(60_000, 60_000)),
        _listed("billions.gif", "a GIF of billions, by its header", made.gif_of(65_535, 65_535)),
        Odd("header_lies.mp4", "64800 x 36450, by its header", altered(made.says_size(64_800, 36_450))),
        Odd("long.mp4", "a minute and a half", made.repeated(90), "noted"),
        Odd("ten_hours.mp4", "24 pictures in ten hours", made.of_frames(24, "1/1500"), "refused"),
        Odd("endless.mp4", "no end, by its header", altered(made.endless)),
        Odd(
            "many_frames.mp4",
            "20,000 pictures of nobody",
            lambda path: drawn(path, "color=size=16x16:rate=100:duration=200", *H264),
            "refused",
        ),
        Odd("many_streams.mp4", "60 films in one file", made.with_streams(*("-map", "1:v") * 60)),
        _listed("nested.mp4", "50,000 pieces within each other", made.nested(50_000)),
        Odd("bomb.zip", "an archive of 20 MB in 20 kB", made.zip_bomb, "refused"),
        Odd("bomb.mp4", "the same, named a film", made.zip_bomb, "refused"),
    ),
    "Names of other files": (
        _listed("http.m3u8", "a playlist of an address", _HLS.format("http://127.0.0.1:1/film.ts")),
        _listed("file.m3u8", "a playlist of a file", _HLS.format("file:///etc/passwd")),
        _listed("hls_named.mp4", "the same, named a film", _HLS.format("/etc/passwd")),
        _listed("concat.m3u8", "a playlist of concat:", _HLS.format("concat:/etc/passwd|/etc/hosts")),
        _listed("comment_first.txt", "a list behind a comment", "# of films\nffconcat version 1.0\nfile /etc/passwd\n"),
        _listed("absolute.ffconcat", "a list of a file", "ffconcat version 1.0\nfile /etc/passwd\n"),
        _listed("radio.pls", "a radio's list", "[playlist]\nFile1=http://127.0.0.1:1/\n"),
        _listed(
            "list.asx",
            "Windows Media's list",
            '<asx version="3"><entry><ref href="http://127.0.0.1:1/"/></entry></asx>',
        ),
        _listed("list.xspf", "XSPF", '<?xml version="1.0"?><playlist><trackList/></playlist>'),
        _listed(
            "stream.sdp", "a description of a stream", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\n"
        ),
        _listed("script.avs", "a script of AviSynth", 'DirectShowSource("/etc/passwd")\n'),
        _listed("reference.mov", "a QuickTime film that names another", made.reference_film(b"file:///etc/passwd")),
        _listed("drawing.svg", "an SVG with a file in it", _SVG),
        _listed("svg_named.png", "the same, named a picture", _SVG),
        _listed("page.html", "a page", "<!DOCTYPE html><video src=http://127.0.0.1:1/></video>"),
        _listed("program.exe", "a program", b"MZ" + made.noise(3000)),
        _listed("document.pdf", "a document", b"%PDF-1.7\n" + made.noise(3000)),
        Odd("zip_behind.mp4", "a film that opens as an archive, too", altered(made.with_zip)),
        Odd(
            "page_behind.jpg",
            "a photograph with a page behind it",
            made.altered_picture(lambda whole: whole + b"<script>alert(1)</script>"),
        ),
        Odd(
            "page_within.mp4",
            "a film with a page in it",
            altered(lambda whole: whole + made.atom(b"free", b"<html><script>alert(1)</script>")),
        ),
        Odd("film_named.txt", "a film, named a text", coded(*H264, "-f", "mp4")),
        Odd("film_named.jpg", "a film, named a photograph", coded(*H264, "-f", "mp4")),
        Odd("avi_named.mp4", "AVI, named MP4", coded("-c:v", "mjpeg", "-f", "avi")),
        Odd("jpeg_named.mp4", "a photograph, named a film", picture(format="JPEG")),
    ),
    "Names": (
        _named("..%2f..%2fetc%2fpasswd.mp4", "a path in it"),
        _named("..\\..\\windows.mp4", "another system's path in it"),
        _named("-i.mp4", "an option of ffmpeg"),
        _named("http:film.mp4", "like an address"),
        _named("concat:film.mp4", "like a list"),
        _named("pipe:0", "like a pipe"),
        _named("%03d.mp4", "like a row of pictures"),
        _named("*.mp4", "a star"),
        _named("$(id);'\".mp4", "signs of a shell"),
        _named("<img src=x onerror=alert(1)>.mp4", "signs of a page"),
        _named("two\nlines.mp4", "two lines"),
        _named(" spaces at both ends ", "spaces"),
        _named("فيلم.mp4", "Arabic"),
        _named("סרט.mp4", "Hebrew"),
        _named("电影.mp4", "Chinese"),
        _named("फिल्म.mp4", "Hindi"),
        _named("фильм.mp4", "Russian"),
        _named("🎬👩‍🎤.mp4", "emoji"),
        _named("\u202e4pm.mp4", "written from right to left"),
        _named("no_ending", "no ending"),
        _named(".mp4", "nothing but an ending"),
        _named("film.mp4.exe", "two endings"),
        _named("x" * 251 + ".mp4", "255 letters"),
        Odd("x" * 296 + ".mp4", "300 letters, which no file has", lambda path: None, "refused"),
    ),
    "Faces": (
        _size(24, "a face of 24 pixels", "refused"),
        _size(40, "a face of 40 pixels", "refused"),
        _size(60, "a face of 60 pixels"),
        _size(100, "a face of 100 pixels"),
        _size(180, "a face of 180 pixels"),
        _size(260, "a face as high as the picture"),
        _size(420, "a face higher than the picture", "noted"),
        Odd("far_left.mp4", "half a face at the edge", placed((35, 135, 130, 0)), "noted"),
        Odd("nobody.mp4", "a wall", sequence(made.wall), "refused"),
        Odd("noise.mp4", "noise", sequence(made.snow), "refused"),
        Odd("black.mp4", "black", made.flat(0), "refused"),
        Odd("white.mp4", "white", made.flat(255), "refused"),
        Odd("smiley.mp4", "a face of four lines", made.smiley, "refused"),
        Odd("statue.mp4", "a statue", each(made.as_stone)),
        Odd("two_people.mp4", "two people", made.crowd(2), "noted"),
        Odd("crowd.mp4", "thirteen people", made.crowd(13), "noted"),
        Odd("with_mirror.mp4", "a person and the mirror image", sequence(made.mirrored), "noted"),
        Odd("dusk.mp4", "a fifth of the light", each(made.darker(5))),
        Odd("night.mp4", "a twentieth of the light", each(made.darker(20)), "noted"),
        Odd("night_grain.mp4", "the same with a sensor's grain", each(made.darker(20, 1.5)), "refused"),
        Odd("dazzled.mp4", "overexposed", each(lambda frame: cv2.convertScaleAbs(frame, alpha=1.7))),
        Odd("blurred.mp4", "out of focus", each(lambda frame: cv2.GaussianBlur(frame, (0, 0), 5))),
        Odd("tiny.mp4", "96 x 54 pixels", coded("-vf", "scale=96:54", *H264), "refused"),
        Odd("shaken.mp4", "a shaken hand", made.shaken),
        Odd("zooming.mp4", "zooming in", placed(lambda at: (240, 135, 70 + 7 * at, 0))),
        Odd("walking.mp4", "walking through the picture", placed(lambda at: (90 + 12 * at, 135, 120, 0))),
        Odd("rolling.mp4", "tilting from side to side", placed(lambda at: (240, 135, 120, 30 * np.sin(at / 4)))),
        Odd("standing_still.mp4", "one picture for a second", sequence(lambda: scene(1) * 24)),
        Odd("mouth_hidden.mp4", "the mouth hidden", made.barred(160, 270)),
        Odd("eyes_hidden.mp4", "the eyes hidden", made.barred(60, 125), "refused"),
        Odd("card_half_a_second.mp4", "hidden for half a second", made.card_held(24, 12), "noted"),
        Odd("card_two_seconds.mp4", "hidden until the end", made.card_held(24, 48), "noted"),
        Odd("strobe.mp4", "every other picture black", sequence(made.strobe), "refused"),
        Odd("comes_late.mp4", "black for a second, then a face", sequence(made.black, scene), "noted"),
        Odd("leaves.mp4", "a face, then a wall", sequence(scene, made.wall), "noted"),
        Odd("somebody_else.mp4", "a cut to somebody else", sequence(scene, partial(scene, person=1)), "noted"),
        Odd("and_back.mp4", "and back", sequence(scene, partial(scene, person=1), scene), "noted"),
        Odd("fading.mp4", "a fade to somebody else", sequence(made.fade)),
        Odd("turned_away.mp4", "turned by 60°", made.turned_away, "refused"),
    ),
    "Photographs": (
        *(
            Odd(f"me.{suffix}", suffix.upper(), picture())
            for suffix in ("jpg", "png", "webp", "bmp", "tiff", "ppm", "qoi")
        ),
        Odd("me_once.gif", "GIF of one picture", picture(), "refused"),
        Odd("cmyk.jpg", "JPEG for a printer", picture(lambda image: image.convert("CMYK"))),
        Odd("grey.jpg", "grey", picture(lambda image: image.convert("L"))),
        Odd("palette.png", "256 colours", picture(lambda image: image.convert("P"))),
        Odd(
            "alpha.png",
            "half transparent",
            picture(lambda image: Image.merge("RGBA", (*image.split(), Image.linear_gradient("L").resize(image.size)))),
        ),
        Odd("exif_6.jpg", "lying, with a note in its EXIF", made.turned_by_exif(6, 1)),
        Odd("exif_3.jpg", "upside down, with a note in its EXIF", made.turned_by_exif(3, 2)),
        Odd("exif_8.jpg", "lying, with a note in its EXIF", made.turned_by_exif(8, 3)),
        Odd("lying.jpg", "lying, without a note", made.turned_by_exif(1, 1), "noted"),
        Odd("upside_down.jpg", "upside down, without a note", made.turned_by_exif(1, 2), "noted"),
        Odd("48_megapixels.jpg", "48 million pixels", picture(lambda image: image.resize((9280, 5220)))),
        Odd("stamp.jpg", "48 x 27 pixels", picture(lambda image: image.resize((48, 27))), "refused"),
        Odd("nobody.jpg", "a wall", lambda path: Image.fromarray(made.wall(1)[0]).save(path), "refused"),
        Odd("night.jpg", "at night", picture(lambda image: image.point(lambda level: level // 20)), "refused"),
    ),
    "No film of a face": tuple(Odd(bad.name, bad.what, bad.make, "refused") for bad in BAD_FILES),
}
