"""ffmpeg as a child process within limits, and what it says of the one file it is given.

A hostile or broken file can neither crash nor fill the server: the child reads that file and nothing else, knows none
of the server's environment, has no network where the kernel allows that, and lives within limits of memory, processor
time, what it writes, and waiting. What it complains of becomes a sentence for a person.

Not PyAV, although it would spare reading ffmpeg's log: its ffmpeg has no zscale, which HDR needs, and decodes in this
process, so that each film would need a child with a protocol of our own; it is 100 MB more, as imageio's stays.
"""

import errno
import io
import math
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Self

import imageio_ffmpeg
import numpy as np

from seqdisent_core.errors import VideoError
from seqdisent_core.limits import limits

if sys.platform == "linux":
    import fcntl
    import resource

_MOST_BYTES = 16 * 2**30  # only the part in use is read; past this it is no clip a person meant to drop here
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would open one for every child
_WAIT_FOR_ONE, _WAIT_IN_ALL = 20.0, 120.0  # seconds of waiting for one frame, for the whole file: then people give up
_LOOK_EVERY = 0.2  # seconds between two looks at whether it keeps us waiting too long: far below either wait
_PIPE_BYTES = 2**20  # of a pipe of frames, where the kernel allows it: with the usual 2**16, both ends wait more often
_LOG_BYTES = 65536  # kept of either end of what ffmpeg says: its header and its last words, a pipe's buffer each

# Containers people have, and pictures (the pipes). Left out on purpose: whatever names other files (hls, dash, concat,
# sdp, image2, avisynth), and the readers of text and of old games.
_FORMATS = (
    "mov,matroska,avi,asf,flv,live_flv,mpeg,mpegts,mpegvideo,m4v,h263,h264,hevc,vvc,av1,obu,ivf,vc1,ogg,gif,apng,"
    "webp_anim,jpegxl_anim,mjpeg,mjpeg_2000,mxf,nut,dv,rm,wtv,yuv4mpegpipe,mp3,wav,aac,flac,aiff,amr,ac3,caf,nistsphere,"
    "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,jpegxl_pipe,qoi_pipe,ppm_pipe,pgm_pipe,psd_pipe"
)
_JPEG, _JPEG_FILMS = b"\xff\xd8\xff", (".mjpg", ".mjpeg", ".mpo")  # how both begin; how names of films of them end
_PLAYLIST = re.compile(
    rb"(\xef\xbb\xbf)?\s*(#EXTM3U|ffconcat|file\s|v=0\s|\[(playlist|Reference)\]|(<\?xml[^>]*>\s*)?<MPD)"
)
# Decoders of what cameras, phones, editors and the web make and have made. Left out: games, drawings that are programs
# (SVG), text, and the hundreds that nobody has a film in, each of which is code that reads what a stranger wrote.
_CODECS = (
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,libvpx,vp9,libvpx-vp9,vvc,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,mpeg1video,"
    "mpeg2video,mpegvideo,h261,h263,h263i,h263p,flv,vp6,vp6a,vp6f,wmv1,wmv2,wmv3,vc1,theora,vp3,mjpeg,mjpegb,rv10,rv20,"
    "rv30,rv40,svq1,svq3,cinepak,indeo3,indeo4,indeo5,dvvideo,prores,prores_raw,dnxhd,cfhd,hap,ffv1,ffvhuff,huffyuv,"
    "utvideo,magicyuv,lagarith,qtrle,rpza,msrle,rawvideo,v210,r210,wrapped_avframe,png,apng,gif,webp,webp_anim,bmp,tiff,"
    "jpeg2000,jpegls,libjxl,libjxl_anim,jpegxl,jpegxl_anim,qoi,ppm,pgm,pam,pbm,psd,aac,aac_fixed,aac_latm,mp3,mp3float,"
    "mp2,mp2float,mp1,mp1float,ac3,ac3_fixed,eac3,dca,truehd,opus,libopus,vorbis,libvorbis,flac,alac,amrnb,amrwb,"
    "libopencore_amrnb,libopencore_amrwb,wmav1,wmav2,wmapro,wmalossless,wmavoice,speex,cook,sipr,qdm2,nellymoser,g722,"
    "g726,gsm,gsm_ms,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,adpcm_yamaha,pcm_alaw,pcm_mulaw,pcm_s8,pcm_u8,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_dvd,pcm_bluray,dvaudio"
)
_KNOWN_TO_CHILD = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")  # of the environment: to be found and to start; no secrets
SAVE_AS = "Save it as an MP4 (H.264) and try again."
NO_MEMORY = r"annot allocate memory|get_buffer\(\) failed|temporarily unavailable"
UNKNOWN_CODEC = "uses a codec that is unknown here. " + SAVE_AS
_COMPLAINTS = {  # what ffmpeg says, and what a person can do about it
    r"not on whitelist": "is not a video of a kind that is read here. " + SAVE_AS,
    r"low score": "is not a video, although its name ends like one. Choose a video file, such as an MP4.",
    r"moov atom not found": "is cut off: its index, at the end, is missing. Copy or download it again, to the end.",
    r"Permission denied": "may not be opened. Allow it to be read, or copy it elsewhere.",
    r"unsupported chunk: ANIM": "is an animated WebP, which this ffmpeg is too old for. Save it as GIF or MP4.",
    r"\(enc[va] /": "is encrypted (copy-protected). Choose a file without copy protection.",
    NO_MEMORY: "needs more memory than one video may take. Save it at a smaller size.",
    r"Video: none|[Dd]ecoder .*not found|no decoder|Could not find codec": UNKNOWN_CODEC,
}


class Child:
    """One ffmpeg within limits: reading, writing and ending wait a bounded time, its messages are kept in bounds."""

    def __init__(self, arguments: Sequence[str], *, reads: bool = False, writes: bool = False) -> None:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-timelimit", str(limits().decoder_seconds)]
        self._process = subprocess.Popen(
            [*without_network(), *command, *arguments],
            stdin=subprocess.PIPE if writes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if reads else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={name: os.environ[name] for name in _KNOWN_TO_CHILD if name in os.environ}
            | {"AV_LOG_FORCE_NOCOLOR": "1"},
            creationflags=_NO_WINDOW,
        )
        allowed = limits()
        most = (allowed.encoder_megabytes, allowed.film_megabytes) if writes else (allowed.decoder_megabytes, 0)
        _limit(self._process.pid, *most)
        for pipe in (self._process.stdin, self._process.stdout):
            _widen(pipe)
        self.expired = False
        self._left, self._deadline = _WAIT_IN_ALL, math.inf
        self._ended = threading.Event()
        self._head, self._tail = b"", b""
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._watch)]
        for thread in self._threads:
            thread.start()

    @property
    def log(self) -> str:
        return (self._head + self._tail).decode("utf-8", "replace")

    def read_into(self, frame: np.ndarray) -> bool:
        """Fill `frame`; False when no whole frame is left."""
        return self.read_up_to(frame) == frame.size

    def read_up_to(self, values: np.ndarray) -> int:
        """Fill `values` as far as there are any: how many of them are filled, fewer than all at the end alone."""
        assert isinstance(self._process.stdout, io.BufferedReader)
        view, filled = values.data.cast("B"), 0
        with self._patience(_WAIT_FOR_ONE):
            while filled < len(view) and (count := self._process.stdout.readinto(view[filled:])):
                filled += count
        return filled // values.itemsize

    def write(self, frame: np.ndarray) -> bool:
        """Hand over `frame`; False when ffmpeg has ended, which `finish` then explains."""
        assert self._process.stdin is not None
        with self._patience(_WAIT_FOR_ONE):
            try:
                self._process.stdin.write(np.ascontiguousarray(frame).data.cast("B"))
            except OSError:
                return False
        return True

    def finish(self) -> bool:
        """Wait for the end; True when ffmpeg says that all went well."""
        with self._patience(_WAIT_IN_ALL):
            if self._process.stdin:
                with suppress(OSError):  # it ended before the last bytes, which its exit code tells
                    self._process.stdin.close()
            code = self._process.wait()
            self._ended.set()
            for thread in self._threads:
                thread.join()
        return code == 0

    def close(self) -> None:
        """End the process now, whatever it is doing, and leave nothing of it behind."""
        self._process.kill()
        self.finish()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()

    def complaint(self, path: Path, otherwise: str) -> VideoError | OSError:
        """What to tell the person whose file made this process fail. A full disk is the machine's, as all OSErrors."""
        said = self.log.replace(str(path.absolute()), "")  # the name is the person's, not ffmpeg's word
        if self._process.stdin and "No space left" in said:
            return OSError(
                errno.ENOSPC, "cannot be written: the disk is full. Free some space and try again", str(path)
            )
        for pattern, sentence in _COMPLAINTS.items():
            if not self.expired and re.search(pattern, said):
                return VideoError(f"{file_name(path)} {sentence}")
        died = self._process.returncode < 0 or "received signal" in said  # by a limit, or by its own fault
        if self.expired or died:
            otherwise = "takes more time or memory than one video may. Cut it to ten seconds or save it smaller."
        return VideoError(f"{file_name(path)} {otherwise}")

    @contextmanager
    def _patience(self, seconds: float) -> Iterator[None]:
        """Kill the process if the block lasts longer. Only time spent waiting counts, not what the reader takes."""
        began = time.monotonic()
        self._deadline = began + max(0.0, min(seconds, self._left))
        try:
            yield
        finally:
            now, deadline = time.monotonic(), self._deadline
            self._deadline = math.inf
            self._left -= now - began
            if now > deadline:  # between two looks
                self._expire()

    def _watch(self) -> None:
        """Ends a wait that would never end. A timer for each frame would cost more than the frame."""
        while not self._ended.wait(_LOOK_EVERY):
            if time.monotonic() > self._deadline:
                self._expire()

    def _expire(self) -> None:
        self.expired = True
        self._process.kill()

    def _listen(self) -> None:
        assert isinstance(self._process.stderr, io.BufferedReader)
        while chunk := self._process.stderr.read1(_LOG_BYTES):
            room = _LOG_BYTES - len(self._head)
            self._head += chunk[:room]
            self._tail = (self._tail + chunk[room:])[-_LOG_BYTES:]


@dataclass(frozen=True)
class Header:
    """The header of a media file as ffmpeg prints it; `video` is the part on the stream that is read, if any."""

    path: Path
    container: str
    video: str | None
    stream: int
    seconds: float | None
    has_audio: bool
    child: Child

    @classmethod
    def inspect(cls, path: str | Path) -> Self:
        """Ask ffmpeg. Raises VideoError if there is no such file, or it is no media file that is read here."""
        file = _existing(path)
        child = Child(input_arguments(file))
        child.finish()  # never goes "well": ffmpeg asks for an output
        child.close()
        opened = re.search(r"^Input #0, (\S+), from ", child.log, re.M)
        if child.expired or not opened:
            raise child.complaint(file, "is not a video, or damaged. Choose a video file, such as an MP4.")
        streams = re.split(r"^  Stream #0:(?=\d)", child.log[opened.end() :], flags=re.M)[1:]
        heads = [text.partition("\n")[0] for text in streams]
        films = [text for text in streams if re.match(r".*: Video: (?!.*attached pic)", text)]
        length = re.search(r"^  Duration: (\d+):(\d+):(\d+\.?\d*)", child.log, re.M)
        return cls(
            path=file,
            container=opened[1],
            video=films[0] if films else None,
            stream=int(re.match(r"\d+", films[0])[0]) if films else -1,  # type: ignore[index]
            seconds=int(length[1]) * 3600 + int(length[2]) * 60 + float(length[3]) if length else None,
            has_audio=any(": Audio: " in head and ": Audio: none" not in head for head in heads),
            child=child,
        )


def _limit(pid: int, megabytes: int, writes_megabytes: int) -> None:
    """Bound a child's address space, its files and its dumps from outside: code between fork and exec is unsafe in a
    server with threads.

    Elsewhere than on Linux the time limits and the largest picture size bound it.
    """
    if sys.platform == "linux":
        wanted = {
            resource.RLIMIT_AS: megabytes * 2**20,
            resource.RLIMIT_FSIZE: writes_megabytes * 2**20,
            resource.RLIMIT_CORE: 0,  # a dump would hold the film
        }
        with suppress(ProcessLookupError):  # it has already ended
            for what, most in wanted.items():
                hardest = resource.prlimit(pid, what)[1]
                most = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
                resource.prlimit(pid, what, (most, most))


def _widen(pipe: IO[bytes] | None) -> None:
    if sys.platform == "linux" and pipe is not None:
        with suppress(OSError):  # the kernel gives a user no more than so many pages for pipes
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


@lru_cache(maxsize=1)
def without_network() -> tuple[str, ...]:
    """What a command begins with to run in a network of its own, which is empty: util-linux's unshare.

    Nothing where that is not installed, or the kernel does not allow it, as in many containers.
    """
    if sys.platform == "linux" and (unshare := shutil.which("unshare")):
        for apart in ((unshare, "--net"), (unshare, "--net", "--map-root-user")):  # by root, and by anybody else
            tried = subprocess.run([*apart, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if tried.returncode == 0:
                return apart
    return ()


@lru_cache(maxsize=1)
def known_filters() -> frozenset[str]:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-filters"]
    listing = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_WAIT_FOR_ONE)
    return frozenset(line.split()[1] for line in listing.stdout.splitlines() if "->" in line)


def input_arguments(path: Path) -> tuple[str, ...]:
    """Arguments that open this one file: no network, no playlist, and no name mistaken for an option or an address."""
    allowed = ("-protocol_whitelist", "file,pipe", "-format_whitelist", _FORMATS, "-codec_whitelist", _CODECS)
    # Of a JPEG too large to be seen to its end, ffmpeg would choose the reader by the name: image2, which is left out.
    photograph = path.suffix.lower() not in _JPEG_FILMS and _start(path, len(_JPEG)) == _JPEG
    return (*allowed, *(("-f", "jpeg_pipe") if photograph else ()), "-i", f"file:{path.absolute()}")


def _start(path: Path, count: int) -> bytes:
    """The first bytes of a file; none where it cannot be read, as ffmpeg will say."""
    with suppress(OSError), path.open("rb") as opened:
        return opened.read(count)
    return b""


def _existing(path: str | Path) -> Path:
    text = os.fspath(path)
    file = Path(text)
    try:
        status = file.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        status = None
    if not text.strip():
        raise VideoError("No file was given. Choose a video file.")
    if status is None and re.match(r"\s*([a-z][a-z0-9+.-]+:/|www\.)", text, re.I):
        raise VideoError(f"{_short(text)} is a web address. Download the video first, then choose the file.")
    if status is None:
        raise VideoError(f"There is no file {file_name(file)} that can be opened. Check its name, or choose it again.")
    if not file.is_file():
        raise VideoError(f"{file_name(file)} is a folder or a device, not a file. Choose one video file.")
    if status.st_size == 0:
        raise VideoError(f"{file_name(file)} is empty (0 bytes). Record, copy or download it again.")
    if status.st_size > _MOST_BYTES:
        raise VideoError(f"{file_name(file)} is larger than {_MOST_BYTES / 2**30:.0f} GB. Cut out ten seconds of it.")
    try:
        with file.open("rb") as opened:
            start = opened.read(512)
    except OSError:
        raise VideoError(f"{file_name(file)} may not be opened. Allow it to be read, or copy it elsewhere.") from None
    if _PLAYLIST.match(start):
        raise VideoError(
            f"{file_name(file)} is a playlist: it only points to other files. Choose the video file itself."
        )
    return file


def file_name(path: Path) -> str:
    return _short(path.name or str(path))


def _short(text: str) -> str:
    """What a person typed or named, printable and no longer than a line."""
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= 60 else f"{text[:40]}...{text[-16:]}"
