"""Voices that are made: a pitch and a timbre tell the speaker, a rhythm of its own what is said."""

import wave
from pathlib import Path

import numpy as np

from seqdisent_core.domains.speech import SpeechSet

RATE = 16_000


def voice(speaker: int, sentence: int, seconds: float = 0.7) -> np.ndarray:
    """Samples float32 of a buzz of harmonics whose loudness goes up and down."""
    random = np.random.default_rng([speaker, sentence])
    time = np.arange(round(seconds * RATE)) / RATE
    pitch, bend = 90 + 25 * speaker, 600 + 250 * speaker
    buzz = sum(np.sin(2 * np.pi * pitch * h * time) / (1 + (pitch * h / bend) ** 2) for h in range(1, 40))
    loudness = np.interp(time, np.linspace(0, seconds, 6), random.random(6))
    noise = 0.002 * random.standard_normal(len(time))
    return (0.2 * buzz / np.abs(buzz).max() * loudness + noise).astype(np.float32)


def speech_set(speakers: int = 10, sentences: int = 3, test: tuple[int, ...] = ()) -> SpeechSet:
    recordings = (
        (
            f"{speaker} says {sentence}",
            f"{speaker}",
            speaker in test,
            (32767 * voice(speaker, sentence)).astype(np.int16),
        )
        for speaker in range(speakers)
        for sentence in range(sentences)
    )
    return SpeechSet.of("timit" if test else "speech", recordings, "made here")


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE, channels: int = 1) -> Path:
    """Samples float (n,) in [-1, 1], the same in every channel, as a WAV of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        whole = np.repeat(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2"), channels)
        file.writeframes(whole.tobytes())
    return path


def write_nist(path: Path, samples: np.ndarray) -> Path:
    """Samples float (n,) in [-1, 1] as TIMIT's own files are: a header of 1,024 bytes, then 16-bit samples."""
    head = f"NIST_1A\n   1024\nchannel_count -i 1\nsample_count -i {len(samples)}\nsample_rate -i {RATE}\n"
    head += "sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_sig_bits -i 16\nsample_coding -s3 pcm\nend_head\n"
    path.write_bytes(head.encode().ljust(1024) + np.round(samples * 32767).astype("<i2").tobytes())
    return path
