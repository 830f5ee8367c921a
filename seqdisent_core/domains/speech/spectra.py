"""Sound as magnitude spectra and back: the short-time Fourier transform of the published protocol, and Griffin-Lim.

Settings as in the public code of Berman et al. 2024 for TIMIT: 16 kHz, 400 bins (201 of them up to half the rate), a
Hann window of 320 samples, hops of 165, so that a segment of 200 ms has 20 frames.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

FFT, WINDOW, HOP = 400, 320, 165
BINS = FFT // 2 + 1
SEGMENT, FRAMES = 3_200, 20  # samples and frames of a segment
LEVEL = 0.05  # root mean square that recordings are brought to: about the mean of speech recorded close by
_SILENT = 1e-4  # root mean square, -80 dB, below which there is nothing to hear
_ROUNDS = 60  # of Griffin-Lim: what more of them gain cannot be heard
_MOMENTUM = 0.99  # of the fast variant (Perraudin, Balazs, Sondergaard 2013)


class Segments(NamedTuple):
    """A recording in segments: magnitudes float32, observed bool, both (segments, FRAMES, BINS).

    The last segment is padded with silence; its frames that begin past the recording's end are not observed.
    """

    magnitudes: Tensor
    observed: Tensor


def level(samples: np.ndarray) -> float:
    """Root mean square of samples (n,), of full scale 1."""
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0


def at_level(samples: np.ndarray) -> np.ndarray:
    """Samples float32 (n,) brought to LEVEL; silence stays silence."""
    own = level(samples)
    return samples * np.float32(LEVEL / own) if own > _SILENT else samples


def is_silent(samples: np.ndarray) -> bool:
    """Whether there is nothing to hear in samples (n,)."""
    return level(samples) <= _SILENT


def spectrogram(samples: Tensor) -> Tensor:
    """Magnitudes of samples (..., n): (..., 1 + n // HOP, BINS)."""
    return _transform(samples).abs().transpose(-1, -2)


def segments(samples: np.ndarray) -> Segments:
    """Each 200 ms by themselves, as published; samples float32 (n,), n >= 1."""
    count = -(-len(samples) // SEGMENT)
    padded = torch.zeros(count * SEGMENT)
    padded[: len(samples)] = torch.from_numpy(np.ascontiguousarray(samples, np.float32))
    starts = torch.arange(count)[:, None] * SEGMENT + torch.arange(FRAMES) * HOP
    observed = (starts < len(samples))[:, :, None].expand(-1, -1, BINS)
    return Segments(spectrogram(padded.view(count, SEGMENT)), observed)


def griffin_lim(
    magnitudes: Tensor,
    samples: int,
    generator: torch.Generator | None = None,
    progress: Callable[[float], object] = lambda share: None,
) -> Tensor:
    """Samples (samples,) whose spectrogram is near magnitudes (frames, BINS); the phase starts by chance.

    Griffin & Lim 1984 in its fast variant: the spectrum of what was found, a step further along its last change, takes
    the phase of the next round. progress: gets how much is done, 0 to 1; where it raises, the work ends.
    """
    wanted = magnitudes.T
    phase = 2 * torch.pi * torch.rand(wanted.shape, generator=generator)
    found = torch.polar(wanted, phase)
    before = torch.zeros_like(found)
    for done in range(_ROUNDS):
        progress(done / _ROUNDS)
        again = _transform(_back(found, samples))
        ahead = again + _MOMENTUM * (again - before)
        before = again
        found = torch.polar(wanted, ahead.angle())
    progress(1.0)
    return _back(found, samples)


def _transform(samples: Tensor) -> Tensor:
    samples = pad(samples, (0, max(0, FFT - samples.shape[-1])))  # its reflection at the ends needs half of them
    flat = torch.stft(
        samples.reshape(-1, samples.shape[-1]), FFT, HOP, WINDOW, torch.hann_window(WINDOW), return_complex=True
    )
    return flat.reshape(*samples.shape[:-1], *flat.shape[1:])


def _back(spectrum: Tensor, samples: int) -> Tensor:
    """Samples of a spectrum; up to four at the end that no window reaches are silent."""
    reached = min(samples, (spectrum.shape[-1] - 1) * HOP + WINDOW // 2)
    found = torch.istft(spectrum, FFT, HOP, WINDOW, torch.hann_window(WINDOW), length=reached)
    return pad(found, (0, samples - reached))
