"""Speech as magnitude spectra in segments of 200 ms: readers of recordings and of corpora, and networks of frames."""

from collections.abc import Callable
from pathlib import Path

from seqdisent_core.domains.speech.backbone import Spectra, SpectraConfig
from seqdisent_core.domains.speech.readers import read_recordings, read_speechocean, read_timit
from seqdisent_core.domains.speech.sets import PARTS, SpeechSet
from seqdisent_core.domains.speech.spectra import (
    FRAMES,
    Segments,
    at_level,
    griffin_lim,
    is_silent,
    level,
    segments,
    spectrogram,
)
from seqdisent_core.domains.speech.views import mel_bands

CORPORA: dict[str, Callable[[Path], SpeechSet]] = {
    "speech": read_speechocean,
    "timit": read_timit,
    "recordings": read_recordings,
}

__all__ = [
    "CORPORA",
    "FRAMES",
    "PARTS",
    "Segments",
    "Spectra",
    "SpectraConfig",
    "SpeechSet",
    "at_level",
    "griffin_lim",
    "is_silent",
    "level",
    "mel_bands",
    "read_speechocean",
    "segments",
    "spectrogram",
]
