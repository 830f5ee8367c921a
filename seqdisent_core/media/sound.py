"""Sound <-> samples: recordings and the sound of films through the ffmpeg of `ffmpeg.py`, and WAV files.

The same child process and limits as for pictures; what it says of a video is said of a recording.
"""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqdisent_core.errors import VideoError
from seqdisent_core.media.ffmpeg import Child, Header, file_name, input_arguments
from seqdisent_core.media.synthetic import mark

RATE = 16_000  # samples a second of all that is read and written
MOST_SECONDS = 120.0  # of a recording that are read, unless another limit is given
_BLOCK = RATE  # samples that are asked of the child at once
_FULL_SCALE = 32768  # of 16-bit samples
_CLIPPED = 0.999  # of full scale: above it a sample is taken as cut off
_CLIPPED_SHARE = 1e-3  # of all samples, from which on the person is told
_WORDS = (  # of the sentences on videos, and what they are of sound; longer ones first
    ("Save it as an MP4 (H.264)", "Save it as a WAV"),
    ("a video file, such as an MP4", "a recording, such as a WAV"),
    ("video file", "recording"),
    ("video", "recording"),
)


@dataclass(frozen=True)
class Sound:
    """A recording: float32 (samples,) in [-1, 1], mono, RATE a second.

    cut: it goes on after what was read; notes: sentences on what a person should know of it.
    """

    samples: np.ndarray
    cut: bool = False
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


def read_sound(path: str | Path, *, max_seconds: float = MOST_SECONDS) -> Sound:
    """The first sound track of a file (WAV, FLAC, MP3, M4A, a film), of any rate and number of channels.

    Channels are averaged. Raises VideoError where there is no such file, it has no sound, is damaged or beyond the
    limits of the child.
    """
    try:
        return _read(path, max_seconds)
    except VideoError as error:
        said = str(error)
        for of_videos, of_sound in _WORDS:
            said = said.replace(of_videos, of_sound)
        raise VideoError(said) from None


def _read(path: str | Path, max_seconds: float) -> Sound:
    header = Header.inspect(path)
    name = file_name(header.path)
    if not header.has_audio:
        raise VideoError(f"{name} has no sound. Choose a recording, or a film with sound.")
    most = round(max_seconds * RATE)
    child = Child(
        (
            *("-loglevel", "error", "-threads", "2", *input_arguments(header.path), "-map", "0:a:0"),
            *("-ac", "1", "-ar", f"{RATE}", "-t", f"{max_seconds + 1:.3f}", "-f", "s16le", "pipe:1"),
        ),
        reads=True,
    )
    blocks: list[np.ndarray] = []
    try:
        while sum(len(block) for block in blocks) <= most:
            block = np.empty(_BLOCK, "<i2")
            filled = child.read_up_to(block)
            blocks.append(block[:filled])
            if filled < _BLOCK:
                break
        samples = np.concatenate(blocks)
        cut = len(samples) > most
        if not cut and not child.finish():
            raise child.complaint(header.path, "is damaged and cannot be read. Save it as a WAV and try again.")
    finally:
        child.close()
    if not len(samples):
        raise VideoError(f"{name} has no sound in it: its sound track is empty. Record it again.")
    samples = samples[:most].astype(np.float32) / _FULL_SCALE
    notes = []
    if cut:
        notes.append(f"{name} is longer than {max_seconds:.0f} seconds; the first {max_seconds:.0f} are used.")
    if (np.abs(samples) >= _CLIPPED).mean() > _CLIPPED_SHARE:
        notes.append(
            f"{name} is clipped: its loudest parts are cut off. Record it at a lower level for a better result."
        )
    return Sound(samples, cut, tuple(notes))


def write_sound(path: str | Path, samples: np.ndarray) -> Path:
    """Writes float (samples,) in [-1, 1], RATE a second, as a WAV of 16 bits that says that a model made it.

    Samples beyond full scale are cut off. Raises VideoError where the folder does not exist.
    """
    path = _in_a_folder(path)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(_as_stored(samples, _FULL_SCALE - 1).tobytes())
    mark(path)
    return path


def write_recording(path: str | Path, samples: np.ndarray) -> Path:
    """Writes float (samples,) in [-1, 1], RATE a second, that were recorded and not made: a FLAC, without a mark.

    Samples beyond full scale are cut off. Raises VideoError where it cannot be written.
    """
    path = _in_a_folder(path)
    child = Child(
        (
            *("-loglevel", "error", "-threads", "2", "-f", "s16le", "-ar", f"{RATE}", "-ac", "1", "-i", "pipe:0"),
            *("-compression_level", "12", "-bitexact", "-y", "-f", "flac", f"file:{path.absolute()}"),
        ),
        writes=True,
    )
    try:
        if not child.write(_as_stored(samples, _FULL_SCALE)) or not child.finish():
            raise child.complaint(path, "cannot be written. Choose another folder.")
    finally:
        child.close()
    return path


def _in_a_folder(path: str | Path) -> Path:
    path = Path(path)
    if not path.parent.is_dir():
        raise VideoError(f"The folder for {file_name(path)} does not exist. Make it first or choose another.")
    return path


def _as_stored(samples: np.ndarray, scale: int) -> np.ndarray:
    whole = np.round(np.asarray(samples, np.float64) * scale)
    return np.clip(whole, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2")
