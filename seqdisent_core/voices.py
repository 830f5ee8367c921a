"""Use a model of speech: read recordings, swap who speaks and what is said, place voices on a map."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import checkpoint_folder
from seqdisent_core.domains.speech import (
    FRAMES,
    Segments,
    Spectra,
    SpeechSet,
    at_level,
    griffin_lim,
    is_silent,
    level,
    segments,
    spectrogram,
)
from seqdisent_core.errors import ConfigError, VideoError
from seqdisent_core.evaluation import SpeechTable, recording_codes
from seqdisent_core.media import MOST_SECONDS, file_name, read_sound, write_sound
from seqdisent_core.methods import Codes, Method, require
from seqdisent_core.training import Recipe, train_in_memory

SHIPPED = "speech"  # the checkpoint that comes with the package, and its recordings
RECORDINGS = "recordings.json"  # beside the recordings that ship: what is known of each
SPEAKERS = "speakers.json"  # beside a checkpoint: where the voices lie that it was trained on
LEAST_SECONDS = 0.5  # of a recording: a syllable or two
_STEP = FRAMES // 2  # frames from one window of a recording to the next
_BATCH = 256  # windows at once
_LOUDEST = 0.99  # of full scale
_MOST_COLUMNS = 900  # of the picture of a spectrogram
_RANGE = 60.0  # decibels that it shows


@dataclass(frozen=True)
class Recording:
    """samples: float32 (n,), mono, 16 kHz; name: of the file; notes: what a person should know of it."""

    samples: np.ndarray
    name: str
    notes: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        return self.samples.nbytes


@dataclass(frozen=True)
class ShippedRecording:
    """A recording that comes with the package: its file; gender: of the speaker, "f" or "m"; words: what is said."""

    file: Path
    speaker: str
    gender: str
    words: str


class VoiceSwap(NamedTuple):
    """Samples float32: `first` has the first recording's voice and says what the second says; `second` the reverse."""

    first: np.ndarray
    second: np.ndarray


@dataclass(frozen=True)
class Speakers:
    """A map of voices: the two directions in which the static codes of known speakers differ most.

    mean (static_dim,), axes (static_dim, 2); places: of known speakers, (speakers, 2); names: of them; genders: "f" or
    "m" of each, empty where it is not known.
    """

    mean: np.ndarray
    axes: np.ndarray
    places: np.ndarray
    names: tuple[str, ...]
    genders: tuple[str, ...] = ()

    @classmethod
    def of(cls, static: np.ndarray, names: tuple[str, ...], genders: tuple[str, ...] = ()) -> "Speakers":
        """The map of static codes (speakers, static_dim), each divided by its length, as they are compared."""
        unit = _unit(static)
        mean = unit.mean(axis=0)
        axes = np.linalg.svd(unit - mean, full_matrices=False)[2][:2].T
        return cls(mean, axes, (unit - mean) @ axes, names, genders)

    def place(self, static: np.ndarray) -> tuple[float, float]:
        """Where a static code (static_dim,) lies."""
        x, y = (_unit(static) - self.mean) @ self.axes
        return float(x), float(y)

    def save(self, folder: Path) -> None:
        told = {name: getattr(self, name).round(5).tolist() for name in ("mean", "axes", "places")}
        told |= {"names": self.names, "genders": self.genders}
        (folder / SPEAKERS).write_text(json.dumps(told) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Speakers | None":
        """Those beside a checkpoint, None where there are none. Raises ConfigError where the file is damaged."""
        if not (folder / SPEAKERS).exists():
            return None
        try:
            told = json.loads((folder / SPEAKERS).read_text(encoding="utf-8"))
            mean, axes, places = (np.array(told[name], dtype=np.float64) for name in ("mean", "axes", "places"))
            if mean.ndim != 1 or axes.shape != (len(mean), 2) or places.shape != (len(told["names"]), 2):
                raise ValueError
            return cls(mean, axes, places, tuple(told["names"]), tuple(told["genders"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ConfigError(f"{folder / SPEAKERS} holds no map of speakers. Copy the checkpoint again.") from None


class Voices:
    """A model of speech in memory, behind recordings; on the CPU, where it is fast enough."""

    def __init__(self, method: Method, speakers: Speakers | None = None) -> None:
        """Raises ConfigError for a model that is not of speech, or cannot encode."""
        require(method, "encode")
        if not isinstance(method.backbone, Spectra):
            raise ConfigError(f"This model is of {method.backbone.name}, not of speech. Choose another model.")
        self.method, self.backbone, self.speakers = method.eval(), method.backbone, speakers

    @classmethod
    def from_pretrained(cls, source: str | Path = SHIPPED) -> "Voices":
        """A checkpoint folder, the name of the one that ships, or a Hugging Face Hub id."""
        folder = checkpoint_folder(source)
        return cls(Method.from_pretrained(folder), Speakers.load(folder))

    @staticmethod
    def read(path: str | Path, *, max_seconds: float = MOST_SECONDS) -> Recording:
        """A recording, or the sound of a film. Raises VideoError where there is too little to hear in it."""
        sound = read_sound(path, max_seconds=max_seconds)
        name = file_name(Path(path))
        if is_silent(sound.samples):
            raise VideoError(f"{name} is silent: there is no voice in it. Check the microphone and record it again.")
        if sound.seconds < LEAST_SECONDS:
            raise VideoError(f"{name} lasts {sound.seconds:.1f} s. Record {LEAST_SECONDS} s or more.")
        return Recording(sound.samples, name, sound.notes)

    def static(self, recording: Recording) -> np.ndarray:
        """The static code of a recording, float32 (static_dim,): the mean over its segments of 200 ms."""
        return recording_codes(self.method, segments(at_level(recording.samples)))[0]

    def place(self, recording: Recording) -> tuple[float, float]:
        """Where a recording's voice lies on the map. Raises ConfigError where the model has none."""
        return self.known.place(self.static(recording))

    @property
    def known(self) -> Speakers:
        """The map. Raises ConfigError where the model has none."""
        if self.speakers is None:
            raise ConfigError("This model has no map of speakers. Choose one that `seqdisent voices` made.")
        return self.speakers

    def swap(
        self, first: Recording, second: Recording, progress: Callable[[float], object] = lambda share: None
    ) -> VoiceSwap:
        """Each voice with the other's words. progress: gets 0 to 1, how much is done; where it raises, that ends it."""
        made = self.spoken(first, second, lambda share: progress(share / 2))
        return VoiceSwap(made, self.spoken(second, first, lambda share: progress((1 + share) / 2)))

    @torch.no_grad()
    def spoken(
        self, voice: Recording, driver: Recording, progress: Callable[[float], object] = lambda share: None
    ) -> np.ndarray:
        """Samples float32, as many as the driver has, at its level: its dynamics with the static code of `voice`.

        The driver is read in windows that overlap by half, and what they decode to is blended, so that there are no
        seams. The phase is found by Griffin-Lim, with the same start each time.
        """
        wanted = self.spectrum(voice, driver)
        found = griffin_lim(wanted, len(driver.samples), torch.Generator().manual_seed(0), progress).numpy()
        found *= level(driver.samples) / max(level(found), 1e-9)
        return found * min(1.0, _LOUDEST / max(float(np.abs(found).max()), 1e-9))

    @torch.no_grad()
    def spectrum(self, voice: Recording, driver: Recording) -> Tensor:
        """Magnitudes (frames, bins) of what `spoken` makes, before there is a phase."""
        static = torch.from_numpy(self.static(voice))
        own = spectrogram(torch.from_numpy(at_level(driver.samples)))
        windows = _windows(own)
        x, observed = self.backbone.sequences(windows)
        made = []
        for part, seen in zip(x.split(_BATCH), observed.split(_BATCH), strict=True):
            codes = self.method.encode(part, seen)
            codes = Codes(static.expand(len(part), -1), codes.dynamics)
            made.append(self.backbone.without_mean(self.method.decode(codes)))
        return self.backbone.magnitudes(_blended(torch.cat(made), len(own)))


def spectrogram_picture(samples: np.ndarray) -> np.ndarray:
    """The spectrogram of samples float32 (n,) as uint8 (BINS, columns), high frequencies above, at most 900 columns.

    255 is what lies 60 dB or more below the loudest, 0 the loudest.
    """
    frames = spectrogram(torch.from_numpy(np.ascontiguousarray(samples, np.float32))).numpy()
    edges = np.linspace(0, len(frames), min(len(frames), _MOST_COLUMNS), endpoint=False).astype(int)
    loud = np.maximum.reduceat(frames, edges, axis=0)
    decibels = 20 * np.log10(np.maximum(loud / max(float(loud.max()), 1e-9), 1e-9))
    return (255 * np.clip(-decibels / _RANGE, 0, 1)).round().astype(np.uint8).T[::-1]


def train_voices(
    speech: SpeechSet, recipe: Recipe, progress: Callable[[float], None] = lambda share: None
) -> tuple[Voices, float]:
    """A model trained on all speakers of a set but the validation ones, with a map of them all, and the seconds that
    it took: swaps are measured on voices that the model has not heard."""
    table, backbone = SpeechTable(speech), recipe.build().backbone
    assert isinstance(backbone, Spectra)
    rows = np.arange(len(speech))
    train = np.setdiff1d(rows, speech.rows("validation"))
    model, seconds = train_in_memory(recipe, table.sequences(train, backbone), progress)
    static = np.stack([recording_codes(model, table.segments(int(row)))[0] for row in rows])
    names = speech.speaker.names
    means = np.stack([_unit(static[speech.speaker.values == speaker]).mean(axis=0) for speaker in range(len(names))])
    return Voices(model, Speakers.of(means, names, speech.genders)), seconds


def shipped_recordings() -> list[ShippedRecording]:
    """The recordings that come with the package, of speakers whom the shipped model has not heard."""
    folder = asset(SHIPPED)
    told = json.loads((folder / RECORDINGS).read_text(encoding="utf-8"))
    return [ShippedRecording(folder / one["file"], one["speaker"], one["gender"], one["words"]) for one in told]


def save_voices(swap: VoiceSwap, folder: str | Path, first: Recording, second: Recording) -> tuple[Path, Path]:
    """Writes both as WAV, marked as made by a model, named after the recordings."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stems = [Path(recording.name).stem for recording in (first, second)]
    names = [f"{stems[0]}_says_{stems[1]}.wav", f"{stems[1]}_says_{stems[0]}.wav"]
    if names[0] == names[1]:
        names = ["first_says_second.wav", "second_says_first.wav"]
    return write_sound(folder / names[0], swap.first), write_sound(folder / names[1], swap.second)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _windows(frames: Tensor) -> Segments:
    """Frames (n, bins) in windows of FRAMES, each _STEP after the one before; the last is padded."""
    count = max(1, -(-(len(frames) - FRAMES) // _STEP) + 1)
    padded = frames.new_zeros((count - 1) * _STEP + FRAMES, frames.shape[1])
    padded[: len(frames)] = frames
    seen = torch.arange(len(padded)) < len(frames)
    windows = padded.unfold(0, FRAMES, _STEP).transpose(1, 2).contiguous()
    observed = seen.unfold(0, FRAMES, _STEP)[:, :, None].expand_as(windows)
    return Segments(windows, observed)


def _blended(windows: Tensor, count: int) -> Tensor:
    """The first `count` frames of windows (n, FRAMES, bins) laid over each other, each fading in and out."""
    fade = 1 - (torch.arange(FRAMES) - (FRAMES - 1) / 2).abs() / (FRAMES / 2)
    length = (len(windows) - 1) * _STEP + FRAMES
    total = windows.new_zeros(length, windows.shape[2])
    weight = windows.new_zeros(length, 1)
    at = (torch.arange(len(windows))[:, None] * _STEP + torch.arange(FRAMES)).flatten()
    total.index_add_(0, at, (windows * fade[:, None]).flatten(0, 1))
    weight.index_add_(0, at, fade.repeat(len(windows))[:, None])
    return (total / weight)[:count]
