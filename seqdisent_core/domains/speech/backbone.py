"""Frames of magnitude spectra: small networks, a recurrence over the segment, and a Gaussian likelihood of each bin."""

import math
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from seqdisent_core.domains.backbone import Backbone, shuffled
from seqdisent_core.domains.speech.spectra import BINS, Segments
from seqdisent_core.domains.speech.views import BANDS, changing_bands, other_voice
from seqdisent_core.settings import Settings, Size, settings

LEAST_SCALE, MOST_SCALE = 0.1, 1.0  # deviations of the likelihood; scaled spectra have one of about 1
# Of speech at LEVEL: what brings magnitudes, or their logarithms, near mean 0 and deviation 1.
_FLOOR, _CENTRE, _SPREAD = 1e-2, -3.3, 1.4
_LINEAR = 0.5


@settings
class SpectraConfig(Settings):
    """Sizes of the networks, and what they see.

    * feature_dim, hidden_dim: of both networks of single frames; context_dim: of a recurrence over a segment's
      features, a direction, 0 for none. The public code of Berman et al. 2024 for TIMIT reads all frames by one.
    * domain: magnitudes are read, decoded and compared as they are, as published, or as logarithms, as loudness is
      heard.
    * mean_first (ours, off by default): each segment begins with the mean frame of its recording, as an anchor that is
      of no sound in particular.
    """

    feature_dim: Size = 128
    hidden_dim: Size = 256
    context_dim: Annotated[int, Field(ge=0)] = 0
    domain: Literal["log", "linear"] = "log"
    mean_first: bool = False


class Spectra(Backbone):
    """Frames (n, BINS) of spectra as `scaled` gives them, 0 where there is no frame.

    The last segment of a recording is padded; its padded frames are not observed.
    """

    name = "spectra"
    config_type = SpectraConfig
    views: ClassVar = {"shuffled": shuffled, "recoloured": other_voice, "motion": changing_bands}
    motion_dim = BANDS
    config: SpectraConfig

    def __init__(self, config: SpectraConfig, code_dim: int) -> None:
        super().__init__(config, code_dim)
        self.config = config
        self.element = (BINS,)
        self.feature_dim = config.feature_dim
        hidden, context = config.hidden_dim, config.context_dim
        self.encoder = nn.Sequential(nn.Linear(BINS, hidden), nn.ReLU(), nn.Linear(hidden, config.feature_dim))
        self.context = nn.LSTM(config.feature_dim, context, batch_first=True, bidirectional=True) if context else None
        self.features = nn.Linear(2 * context, config.feature_dim) if context else nn.Tanh()
        self.decoder = nn.Sequential(
            nn.Linear(code_dim, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, BINS)
        )
        self.scale = nn.Parameter(torch.zeros(BINS))

    def scaled(self, magnitudes: Tensor) -> Tensor:
        """Magnitudes (..., BINS) as the networks see them."""
        if self.config.domain == "linear":
            return magnitudes / _LINEAR
        return ((magnitudes + _FLOOR).log() - _CENTRE) / _SPREAD

    def magnitudes(self, x: Tensor) -> Tensor:
        """The magnitudes of what `scaled` gave, at least 0."""
        if self.config.domain == "linear":
            return (x * _LINEAR).clamp(min=0)
        return ((x * _SPREAD + _CENTRE).exp() - _FLOOR).clamp(min=0)

    def sequences(self, segments: Segments) -> tuple[Tensor, Tensor]:
        """A recording's segments as methods take them: x float32, observed bool, both (segments, time, BINS).

        time: FRAMES, and one more with config.mean_first, the mean of the recording's observed frames as they are seen.
        """
        x, observed = self.scaled(segments.magnitudes), segments.observed
        if not self.config.mean_first:
            return x, observed
        mean = x[observed[..., 0]].mean(dim=0).expand(len(x), 1, -1)
        return torch.cat([mean, x], dim=1), torch.cat([torch.ones_like(observed[:, :1]), observed], dim=1)

    def without_mean(self, sequences: Tensor) -> Tensor:
        """Codes or frames (n, time, ...) of the segments' own frames alone."""
        return sequences[:, 1:] if self.config.mean_first else sequences

    def encode(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Features of frames, each as a segment of its own."""
        return self.encode_sequences(x[:, None], None if observed is None else observed[:, None])[:, 0]

    def encode_sequences(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        if observed is not None:
            x = torch.where(observed, x, 0.0)
        read = self.encoder(x)
        if self.context is None:
            return self.features(read).float()
        with torch.autocast(x.device.type, enabled=False):
            return self.features(self.context(read.float())[0])

    def decode(self, codes: Tensor) -> Tensor:
        return self.decoder(codes).float()

    def error(self, decoded: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Gaussian negative log-likelihood of observed frames, (batch, time), without its constant.

        Each bin has one deviation, learnt.
        """
        low, high = math.log(LEAST_SCALE), math.log(MOST_SCALE)
        log_scale = low + (high - low) * torch.sigmoid(self.scale)
        error = 0.5 * ((decoded - x) * torch.exp(-log_scale)).square() + log_scale
        if observed is not None:
            error = torch.where(observed, error, 0.0)
        return error.sum(dim=2)
