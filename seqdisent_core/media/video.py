"""Video file <-> uint8 frames: the only place that opens media files, through the ffmpeg of `ffmpeg.py`.

Frames stream through a pipe, scaled and at a constant rate; no more of a film is decoded than is used. A photograph is
read as a film of one frame.
"""

import math
import re
import uuid
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from seqdisent_core.errors import VideoError
from seqdisent_core.media.ffmpeg import (
    NO_MEMORY,
    SAVE_AS,
    UNKNOWN_CODEC,
    Child,
    Header,
    file_name,
    input_arguments,
    known_filters,
)

_STILL = "is a still picture, not a video. Choose a video in which the face moves, or save it as JPEG, PNG or WebP."
_DAMAGED_STILL = "is damaged and cannot be read. Save it as JPEG or PNG and try again."
_TOO_SHORT = "is too short: it lasts less than a single frame. Choose a clip of a second or more."
_LONGEST_SIDE, _MOST_PIXELS, _MOST_OF_FILMS = 16384, 8192 * 8192, 4096 * 2304  # 4K: of larger films, memory is short
_PICTURE_DELAYS = ("gif", "apng", "webp_anim", "jpegxl_anim")  # each picture has its own delay: a mean would drop some
_ALPHA = re.compile(r"(yuva|gbrap|ya\d|rgba|bgra|argb|abgr|ayuv|vuya|pal8)")
_NTSC = {round(1000 * whole / 1001, 2): Fraction(1000 * whole, 1001) for whole in (12, 15, 24, 30, 48, 60, 120, 240)}
_OVER_GREY = "format=rgba,split[a][b];[a]drawbox=c=0x808080:t=fill:replace=1[grey];[grey][b]overlay=format=rgb"
_TO_SDR = (
    "format=yuv444p10le,zscale=tin={transfer}:pin=bt2020:min=bt2020nc:rin={range}:t=linear:npl=100,format=gbrpf32le,"
    "zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv444p"
)
_TO_BT709 = (
    "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"  # untagged, players guess
)
_TURNS = ((), ("transpose=clock",), ("hflip", "vflip"), ("transpose=cclock",))  # by so many quarters, clockwise
_DAMAGE = re.compile(r"concealing|corrupt|error while decoding|partial file")


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself.

    width, height: pixels as displayed (rotation and pixel shape applied). fps: mean frames a second.
    seconds: length, None where the file does not say. still: a photograph, whose rate means nothing.
    """

    path: Path
    width: int
    height: int
    fps: float
    seconds: float | None
    has_audio: bool
    still: bool = False


LongestSide = int | Callable[[VideoInfo], int]  # in pixels


def probe_video(path: str | Path) -> VideoInfo:
    """Size, rate and length of a video or a photograph, from its header (a photograph is decoded, to tell its turn).

    Raises VideoError if there is no such file, or it is no picture, or larger than the limits.
    """
    return _Source.inspect(path).info()


class FrameReader(Iterator[np.ndarray]):
    """Frames of a video, decoded while they are asked for: a context manager and an iterator, used once.

    Gives uint8 (height, width, 3) RGB frames of `size` (width, height) at exactly `fps` frames a second: frame i is
    what the film shows at i / fps. After the last one `cut` says whether the film went on, and `notes` holds
    sentences on what a person should know of it (damage, colours that could not be converted). A photograph has one
    frame. Iterating raises VideoError if the file turns out to be unreadable, a film of one frame or beyond the limits.
    """

    def __init__(
        self,
        source: "_Source",
        *,
        max_fps: float,
        max_seconds: float,
        max_side: LongestSide,
        first: int,
        turn: int,
        only: Sequence[int],
    ) -> None:
        self.info = source.info()
        if turn % 2:
            self.info = replace(self.info, width=self.info.height, height=self.info.width)
        rate = min(source.rate(), _exact(max_fps))
        side = max_side(self.info) if callable(max_side) else max_side
        shrink = min(1.0, side / max(self.info.width, self.info.height))
        self.size = (max(1, round(self.info.width * shrink)), max(1, round(self.info.height * shrink)))
        self.fps, self.cut = float(rate), False
        self._first, self._most = first, max(0, max(2, math.ceil(max_seconds * rate - 1e-6)) - first)
        if only:
            self._first, self._most = min(only), len(only)
        wanted = 1 if self.info.still else self._most + (not only)  # the last says whether the film goes on
        filters, self.notes = source.filters(self.size, rate, first, turn, only)
        self._planar = source.planar
        self._arguments = (
            *("-loglevel", "verbose", "-threads", "2", *source.decoder(), *input_arguments(source.path)),
            *("-map", f"0:{source.stream}", "-filter_threads", "2", "-vf", filters, "-fps_mode", "passthrough"),
            *("-frames:v", str(wanted), "-f", "rawvideo", "-pix_fmt", "gbrp" if self._planar else "rgb24", "pipe:1"),
        )
        self._child: Child | None = None
        self._count, self._ended = 0, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> np.ndarray:
        if self._ended:
            raise StopIteration
        if self._child is None:
            self._child = Child(self._arguments, reads=True)
            weakref.finalize(self, self._child.close)  # for a loop that is left without closing
        width, height = self.size
        frame = np.empty((3, height, width) if self._planar else (height, width, 3), np.uint8)
        if not self._child.read_into(frame):
            self._conclude(self._child)
        elif self._count == self._most:
            self.cut = True
            self.close()
        if self._ended:
            raise StopIteration
        self._count += 1
        return _packed(frame) if self._planar else frame

    def close(self) -> None:
        """End the decoding now; no process stays behind. May be called more than once."""
        self._ended = True
        if self._child is not None:
            self._child.close()

    def _conclude(self, child: Child) -> None:
        """The child has no more frames: was that the end of the film, or its own?"""
        went_well = child.finish()
        self.close()
        short_of_memory = re.search(NO_MEMORY, child.log)  # for some frames, at times, though ffmpeg ends well
        if not went_well or self._count == self._first == 0 or short_of_memory:
            damaged = "is damaged or encrypted and cannot be read. " + SAVE_AS
            short = went_well and self.info.seconds is not None and self.info.seconds * self.fps < 1
            why = _DAMAGED_STILL if self.info.still else _TOO_SHORT if short else damaged
            raise child.complaint(self.info.path, why)
        decoded = re.search(r"(\d+) frames decoded; (\d+) decode errors", child.log)
        if decoded and int(decoded[1]) < 2 and not self.info.still:
            raise child.complaint(self.info.path, _STILL)
        cut_off = self.info.still and "EOI missing" in child.log  # a JPEG
        if (decoded and int(decoded[2])) or _DAMAGE.search(child.log) or cut_off:
            read = "what could be read is used" if self.info.still else "the frames that could be read are used"
            self.notes += (f"Parts of {file_name(self.info.path)} are damaged; {read}.",)


def open_video(
    path: str | Path,
    *,
    max_fps: float = 25.0,
    max_seconds: float = 10.0,
    max_side: LongestSide = 1280,
    first: int = 0,
    turn: int = 0,
    only: Sequence[int] = (),
) -> FrameReader:
    """A reader that streams the first `max_seconds` of a video at min(its own rate, max_fps) frames a second.

    Frames longer than `max_side` pixels on the longer side are scaled down; it may be chosen by what the header says.
    Transparent parts lie on mid grey; HDR is tone-mapped. first: the frame to begin with; where the film, or the
    seconds, end before it, there is none. only: these frames, in their order, and no others. turn: quarters, clockwise,
    by which frames are turned beyond what the file says of its rotation; the reader's info is of the turned film.
    Raises VideoError as `probe_video` does, or for a limit that is not above 0.
    """
    above = callable(max_side) or max_side >= 1
    if not (0 < max_fps < math.inf and 0 < max_seconds < math.inf and above and first >= 0):
        raise VideoError("Frames a second, seconds and pixels to read must be above 0. Give larger limits.")
    source = _Source.inspect(path)
    return FrameReader(
        source, max_fps=max_fps, max_seconds=max_seconds, max_side=max_side, first=first, turn=turn % 4, only=only
    )


def read_video(
    path: str | Path, *, max_fps: float = 25.0, max_seconds: float = 10.0, max_side: int = 1280, turn: int = 0
) -> tuple[np.ndarray, float]:
    """All frames that `open_video` gives, uint8 (frames, height, width, 3), and their rate. Raises VideoError."""
    with open_video(path, max_fps=max_fps, max_seconds=max_seconds, max_side=max_side, turn=turn) as reader:
        waiting = list(reader)[::-1]
        frames = np.empty((len(waiting), *waiting[0].shape), np.uint8)
        for frame in frames:
            frame[:] = waiting.pop()  # freed one by one, so that a long clip is never held twice
        return frames, reader.fps


@dataclass(frozen=True)
class Frames:
    """A film that is made while it is written, once: its shape, as an array's, and its uint8 frames in their turn."""

    shape: tuple[int, int, int, int]
    made: Iterator[np.ndarray]
    dtype: ClassVar = np.dtype(np.uint8)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.made


def write_video(
    path: str | Path,
    frames: np.ndarray | Frames,
    fps: float,
    *,
    width: int | None = None,
    audio_from: Path | None = None,
    audio_start: float = 0.0,
    hurried: bool = False,
) -> Path:
    """Write uint8 (frames, height, width, 3) RGB as an MP4 that every browser plays: H.264, yuv420p, BT.709.

    * width: of the film in pixels, to which frames are scaled (Lanczos); None for their own. Odd sizes grow by one
      repeated row or column, which yuv420p needs.
    * audio_from: a media file whose sound, if it has any, is kept from `audio_start` seconds on and cut to the length
      of the frames.
    * hurried: sooner and larger, for what is looked at and not kept.

    The file appears when it is whole. Raises VideoError where frames, rate, folder or `audio_from` do not serve.
    """
    made = _checked(frames, fps)
    has_sound = audio_from is not None and Header.inspect(audio_from).has_audio
    sound = ("-ss", f"{audio_start:.4f}", *input_arguments(Path(audio_from))) if audio_from and has_sound else ()
    arguments = (
        *(*sound, "-map", "0:v", *(("-map", "1:a:0", "-c:a", "aac", "-b:a", "160k") if has_sound else ())),
        *("-vf", f"{_enlarged(width)}{_TO_BT709}"),
        *("-c:v", "libx264", "-profile:v", "high", "-crf", "18", "-threads", "2"),
        *("-preset", "ultrafast" if hurried else "veryfast"),
        *("-t", f"{len(frames) / float(_exact(fps)):.6f}", "-movflags", "+faststart", "-f", "mp4"),
    )
    return _encode(Path(path), map(_even, made), fps, arguments)


def write_gif(path: str | Path, frames: np.ndarray | Frames, fps: float, *, width: int | None = None) -> Path:
    """Write uint8 (frames, height, width, 3) RGB as a GIF that loops, its 256 colours chosen for the whole of it.

    `width` as in `write_video`. GIFs count in hundredths of a second and grow with every frame: above 15 frames a
    second they are thinned to 12.5. Raises VideoError if the frames, the rate or the folder do not serve.
    """
    made = _checked(frames, fps)
    thin = "fps=12.5," if fps > 15 else ""
    dither = "paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle"  # ordered: still parts do not flicker
    picture = f"[b]{_enlarged(width)}null[c];[c][colours]{dither}"
    palette = f"{thin}split[a][b];[a]palettegen=stats_mode=full[colours];{picture}"
    return _encode(Path(path), made, fps, ("-vf", palette, "-loop", "0", "-f", "gif"))


def _enlarged(width: int | None) -> str:
    """A filter, and the comma after it, that scales to a width in pixels."""
    return "" if width is None else f"scale={width}:-2:flags=lanczos+accurate_rnd+full_chroma_int,"


def _encode(path: Path, frames: Iterator[np.ndarray], fps: float, arguments: Sequence[str]) -> Path:
    if not path.parent.is_dir():
        raise VideoError(f"The folder for {file_name(path)} does not exist. Make it first or choose another.")
    partial = path.with_name(f".{uuid.uuid4().hex}.part")
    first = next(frames)
    size, rate = f"{first.shape[1]}x{first.shape[0]}", str(_exact(fps))
    raw = ("-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", rate, "-i", "pipe:0")
    child = Child((*raw, *arguments, f"file:{partial.absolute()}"), writes=True)
    try:
        for frame in chain((first,), frames):
            if not child.write(frame):
                break
        if not child.finish():
            raise child.complaint(path, "cannot be written: the encoder refused it. Try another size or folder.")
        partial.replace(path)
    finally:
        child.close()
        partial.unlink(missing_ok=True)
    return path


def _checked(frames: np.ndarray | Frames, fps: float) -> Iterator[np.ndarray]:
    shape = frames.shape if isinstance(frames, np.ndarray | Frames) else ()
    if len(shape) != 4 or shape[3] != 3 or frames.dtype != np.uint8:
        found = f"{frames.dtype} {shape}" if shape else type(frames).__name__
        raise VideoError(f"Frames must be uint8 (frames, height, width, 3), not {found}. Convert them first.")
    if min(shape) < 1:
        raise VideoError("There are no frames to write. Give one or more, of at least one pixel.")
    if not 0 < fps <= 1000:
        raise VideoError(f"A video cannot have {fps} frames a second. Give a rate above 0, up to 1000.")
    return iter(frames)


def _even(frame: np.ndarray) -> np.ndarray:
    """A frame with an odd side made one pixel longer."""
    height, width = frame.shape[:2]
    if not (height % 2 or width % 2):
        return frame
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


class _Source(Header):
    """What the header means for reading: the limits, the rate, the decoder, the way to RGB."""

    def info(self) -> VideoInfo:
        if self.video is None:
            what = "has sound but no picture" if self.has_audio else "has no picture in it"
            raise VideoError(f"{file_name(self.path)} {what}. Choose a video in which a face is seen.")
        size = re.search(r", ([1-9]\d*)x([1-9]\d*)\b", self._line)
        if size is None and self._still:
            raise VideoError(f"{file_name(self.path)} {_DAMAGED_STILL}")
        if size is None:
            raise self.child.complaint(self.path, UNKNOWN_CODEC)
        width, height = int(size[1]), int(size[2])
        most, what = (_MOST_PIXELS, "picture") if self._still else (_MOST_OF_FILMS, "film")
        if max(width, height) > _LONGEST_SIDE or width * height > most:
            raise VideoError(
                f"{file_name(self.path)} has {width} x {height} pixels, and up to {_LONGEST_SIDE} a side and "
                f"{most // 10**6} million in all are read of a {what}. Save it at a smaller size."
            )
        shape = re.search(r"SAR (\d+):(\d+)", self._line)
        stretch = int(shape[1]) / int(shape[2]) if shape and int(shape[1]) and int(shape[2]) else 1.0
        width, height = (round(width * stretch), height) if stretch >= 1 else (width, round(height / stretch))
        if self._lies:
            width, height = height, width
        fps = float(self._mean_rate or self.rate())
        return VideoInfo(self.path, width, height, fps, self.seconds, self.has_audio, self._still)

    @property
    def _still(self) -> bool:
        """Whether it is a photograph: ffmpeg reads pictures that do not move as if they came through a pipe."""
        return self.container.endswith("_pipe")

    @cached_property
    def _lies(self) -> bool:
        """Whether the picture lies on its side in the file: of a photograph, ffmpeg tells when it has decoded it."""
        if not self._still:
            turn = re.search(r"^\s+Display ?Matrix: rotation of (-?\d+\.?\d*)", self.video or "", re.M | re.I)
            return turn is not None and round(float(turn[1])) % 180 == 90
        once = ("-map", f"0:{self.stream}", "-frames:v", "1", "-f", "null", "-")
        child = Child(("-threads", "2", *input_arguments(self.path), *once))
        child.finish()
        child.close()
        texts = (self._line, child.log.partition("Output #0")[2])
        stored, shown = (re.search(r": Video: .*?, (\d+)x(\d+)\b", text) for text in texts)
        if stored is None or shown is None:  # damaged, as the reading will say
            return False
        return stored.groups() != shown.groups() == stored.groups()[::-1]

    @property
    def planar(self) -> bool:
        """Whether ffmpeg is asked for a plane a colour, which takes it half as long and gives the same values.

        That is so for what films are stored in, and not for each of the ways in which other pictures become RGB.
        """
        return re.search(r", yuvj?4\d\dp\b", self._line) is not None

    @property
    def _line(self) -> str:
        return (self.video or "").partition("\n")[0]

    def _figure(self, unit: str) -> Fraction | None:
        found = re.search(rf", (\d+\.?\d*)(k?) {unit}\b", self._line)
        figure = float(found[1]) * (1000 if found[2] else 1) if found else 0.0
        return _exact(figure) if figure > 0 else None

    def rate(self) -> Fraction:
        """Frames a second, their mean where they vary; 25 where the file does not say."""
        rates = [self._mean_rate, self._figure("tbr")]
        if self.container in _PICTURE_DELAYS:
            rates.reverse()
        return rates[0] or rates[1] or Fraction(25)

    @property
    def _mean_rate(self) -> Fraction | None:
        mean = self._figure("fps")
        return None if mean == self._figure("tbn") else mean  # of DV, ffmpeg gives the ticks of its clock for it

    def decoder(self) -> tuple[str, ...]:
        """ffmpeg's own VP8 and VP9 decoders lose the alpha of a WebM, libvpx keeps it."""
        codec = re.search(r"Video: (vp[89])\b", self._line)
        if codec is None or not re.search(r"^\s+alpha_mode\s+: 1", self.video or "", re.M | re.I):
            return ()
        return ("-c:v", {"vp8": "libvpx", "vp9": "libvpx-vp9"}[codec[1]])

    def filters(
        self, size: tuple[int, int], rate: Fraction, first: int, turn: int, only: Sequence[int]
    ) -> tuple[str, tuple[str, ...]]:
        """The way from decoded pictures to RGB frames of a size, and sentences on what it cannot do."""
        across, down = size[::-1] if turn % 2 else size
        untagged = ", yuv" in self._line and not re.search(r"bt709|bt470|170m|bt2020|240m|fcc", self._line)
        matrix = ":in_color_matrix=bt709" if untagged and self.info().height >= 720 else ""  # what players assume
        steps = [
            *([] if self._still else [f"fps={rate}:start_time=0"]),  # from the start of the file, as its sound is
            *([f"select=gte(n\\,{first})"] if first else []),
            *(["select=" + "+".join(f"eq(n\\,{at})" for at in only)] if only else []),
            f"scale={across}:{down}:flags=bicubic+accurate_rnd+full_chroma_int{matrix},setsar=1",
            *_TURNS[turn],
        ]
        hdr = re.search(r"smpte2084|arib-std-b67", self._line)
        if hdr and not {"zscale", "tonemap"} <= known_filters():
            return ",".join(steps), ("Colours of this HDR video may look pale: this ffmpeg cannot convert them.",)
        if hdr:
            steps.append(_TO_SDR.format(transfer=hdr[0], range="pc" if "(pc," in self._line else "tv"))
        elif self.decoder() or _ALPHA.search(self._line.partition("Video: ")[2].partition(",")[2]):
            steps.append(_OVER_GREY)
        return ",".join(steps), ()


def _packed(planes: np.ndarray) -> np.ndarray:
    """Planes of green, blue and red, (3, height, width), as RGB (height, width, 3)."""
    import cv2  # not at the top: much that reads no film imports this file, the app among it

    green, blue, red = planes
    return cv2.merge([red, green, blue])


def _exact(fps: float) -> Fraction:
    """30000/1001 for 29.97 and its like, so that long films do not drift; else the nearest simple fraction."""
    return _NTSC.get(round(fps, 2)) or Fraction(fps).limit_denominator(1001)
