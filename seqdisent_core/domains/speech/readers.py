"""Readers of speech: the 60 adults of speechocean762, folders laid out as TIMIT is, and folders of one's own."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqdisent_core.domains.speech.sets import SpeechSet
from seqdisent_core.errors import DataError
from seqdisent_core.media import RATE, read_sound

SPEECH_CREDIT = (
    "speechocean762, Zhang et al., Interspeech 2021 (arXiv 2104.01378), free for commercial and non-commercial use "
    "(Apache-2.0 in the authors' repository, CC BY 4.0 on OpenSLR): 60 adults x 10 sentences."
)
TIMIT_CREDIT = "TIMIT, Garofolo et al. 1993, LDC93S1: for use under your licence only; may not be passed on."
_ARRAYS = ("audio", "offsets", "utt_id", "speaker_id", "gender", "sample_rate")
_LONGEST = 60.0  # seconds of a sentence
_PARTS = ("train", "test")
_ENDINGS = {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".mp4", ".mov", ".webm"}  # of a folder of one's own


def read_speechocean(source: Path) -> SpeechSet:
    """The arrays of 600 recordings of 60 adults (speechocean762_adults60x10_16k.npz, or its folder).

    Raises DataError where the file is another, or damaged.
    """
    files = sorted(source.glob("speechocean762*.npz")) if source.is_dir() else [source]
    if not files:
        raise DataError(f"{source.name} has no file speechocean762*.npz. Give the file of the recordings.")
    try:
        with np.load(files[0]) as stored:
            audio, offsets, names, speakers, genders, rate = (stored[name] for name in _ARRAYS)
        there = audio.dtype == np.int16 and int(rate) == RATE and len(offsets) == len(names) + 1 == len(speakers) + 1
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
        there = False
    if not there:
        raise DataError(f"{files[0].name} does not hold the arrays {', '.join(_ARRAYS)} of 16 kHz. Copy it again.")
    recordings = (
        (str(name), str(speaker), False, audio[offsets[at] : offsets[at + 1]])
        for at, (name, speaker) in enumerate(zip(names, speakers, strict=True))
    )
    of_speakers = dict(zip(speakers.tolist(), genders.tolist(), strict=True))
    return SpeechSet.of("speech", recordings, SPEECH_CREDIT, of_speakers)


def read_timit(source: Path) -> SpeechSet:
    """A folder with TRAIN and TEST, in each DIALECT/SPEAKER/SENTENCE.WAV, as TIMIT is; case does not matter.

    The speakers in TEST are the test. NIST's files are read, and RIFF copies of them. Raises DataError where there are
    no such files or a speaker is in both.
    """
    found = {
        file.relative_to(source).parts: file
        for file in sorted(source.rglob("*"))
        if file.suffix.lower() == ".wav" and len(file.relative_to(source).parts) >= 4
    }
    kept = {parts: file for parts, file in found.items() if parts[-4].lower() in _PARTS}
    by_name = {(*parts[-4:-1], parts[-1].partition(".")[0]): file for parts, file in kept.items()}  # a copy once
    if not by_name:
        raise DataError(f"{source.name} has no files TRAIN/DIALECT/SPEAKER/SENTENCE.WAV. Give TIMIT's own folder.")
    of_part = {part: {name[2] for name in by_name if name[0].lower() == part} for part in _PARTS}
    if twice := of_part["train"] & of_part["test"]:
        raise DataError(f"Speaker {min(twice)} of {source.name} is in TRAIN and in TEST. Keep each in one of them.")

    def recordings() -> Iterator[tuple[str, str, bool, np.ndarray]]:
        for (part, _, speaker, sentence), file in sorted(by_name.items()):
            yield f"{speaker} {sentence}", speaker, part.lower() == "test", _samples(file)

    genders = {name[2]: name[2][0].lower() for name in by_name}  # a speaker's name there begins with F or M
    return SpeechSet.of("timit", recordings(), TIMIT_CREDIT, genders)


def read_recordings(source: Path) -> SpeechSet:
    """A folder of one's own, SPEAKER/RECORDING: sound files, or films for their sound; of each its first minute.

    The set is named after the folder. Raises DataError where there are no such files, and VideoError for a file that
    cannot be read.
    """
    files = [file for file in sorted(source.glob("*/*")) if file.suffix.lower() in _ENDINGS and file.is_file()]
    if not files:
        raise DataError(f"{source.name} has no files SPEAKER/RECORDING.wav. Make a folder a speaker, with recordings.")
    recordings = ((f"{file.parent.name} {file.stem}", file.parent.name, False, _samples(file)) for file in files)
    return SpeechSet.of(source.resolve().name, recordings, "")


def _samples(file: Path) -> np.ndarray:
    return np.round(read_sound(file, max_seconds=_LONGEST).samples * 32768).astype(np.int16)
