"""Other looks of the same segments of speech: another voice that says the same, and what changes in a segment."""

from functools import cache

import torch
from torch import Tensor

from seqdisent_core.domains.speech.spectra import BINS
from seqdisent_core.media import RATE

BANDS = 9  # of the mel scale, as many as pictures have cells
_CHANGING = 3  # of them, how many count as changing
_WARP = 0.15  # largest relative change of frequencies: voices of adults differ by about so much


def other_voice(x: Tensor, generator: torch.Generator) -> Tensor:
    """Segments (batch, time, BINS) with all frequencies of one stretched alike, by up to 15 %.

    As a vocal tract of another length does (vocal tract length perturbation, Jaitly & Hinton 2013): another voice says
    the same. C-DSVAE (Bai et al. 2021) holds d of the two together, as on pictures those of other colours. Where that
    asks for what lies beyond half the rate, the highest bin stands for it.
    """
    factor = 1 + _WARP * (2 * torch.rand(len(x), 1, generator=generator) - 1)
    at = (torch.arange(x.shape[2]) * factor).clamp(max=x.shape[2] - 1)
    low = at.floor().long()
    part = (at - low).to(x)[:, None]
    below, above = (
        x.gather(2, bins.to(x.device)[:, None].expand(-1, x.shape[1], -1))
        for bins in (low, (low + 1).clamp(max=x.shape[2] - 1))
    )
    return (1 - part) * below + part * above


def changing_bands(x: Tensor, generator: torch.Generator) -> Tensor:
    """Which of nine mel bands change most, 1 for the first three, else 0: (batch, time, 9).

    By the absolute change of a band's mean since the frame before, the spectral flux that onsets are found by (Bello et
    al. 2005), a band at a time; the first frame has the second's. S3VAE (Zhu et al. 2020) has an optical flow instead,
    which sound has not.
    """
    bands = x @ mel_bands().to(x)
    change = (bands[:, 1:] - bands[:, :-1]).abs() if x.shape[1] > 1 else torch.zeros_like(bands)
    change = torch.cat([change[:, :1], change], dim=1)[:, : x.shape[1]]
    return torch.zeros_like(change).scatter_(2, change.topk(_CHANGING, dim=2).indices, 1.0)


@cache
def mel_bands(count: int = BANDS) -> Tensor:
    """Weights of the mean of each band, (BINS, count): even on the mel scale, 2595 log10(1 + f / 700) (O'Shaughnessy
    1987), from 0 to half the rate, without overlap."""
    mels = 2595 * torch.log10(1 + torch.linspace(0, RATE / 2, BINS, dtype=torch.float64) / 700)
    band = (mels / mels[-1] * count).long().clamp(max=count - 1)
    chosen = torch.nn.functional.one_hot(band, count).float()
    return chosen / chosen.sum(dim=0)
