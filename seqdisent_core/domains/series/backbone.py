"""Windows of time series with gaps: a network a step, recurrences over the window, and a Gaussian likelihood."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from seqdisent_core.domains.backbone import Backbone
from seqdisent_core.settings import Settings, settings

_Size = Annotated[int, Field(ge=1)]
LEAST_SCALE, MOST_SCALE = 0.05, 0.5  # deviations of the likelihood; features have one of about 1


@settings
class WindowsConfig(Settings):
    """Sizes of the networks; the defaults are the paper's.

    * window: steps of an element; features: of a step.
    * step_dim: of what is read in a step, through a layer of twice as many; hidden_dim: of both recurrences.
    """

    window: _Size = 24
    features: _Size = 10
    step_dim: _Size = 32
    hidden_dim: _Size = 32


class Windows(Backbone):
    """Windows (n, window, features) of normalised series, 0 where nothing was observed.

    What is read in a window is its level, the mean of each feature's observed values, beside the shape, a recurrence
    over the values less the level and over which were observed. A constant added to a feature of a whole series adds
    the same number to all its levels and leaves the shapes as they are, so differences of windows do not change. Levels
    that a window lacks are those of the nearest window before it, or else after it, of the same series.

    The decoder starts an LSTM from the code and runs it over the window. Each feature has one deviation, learnt.
    Differs from the public code: the level is set apart; which values are missing is read; deviations belong to a
    feature, not to a step; the decoder's LSTM reads the time in the window, not noise.
    """

    name = "windows"
    config_type = WindowsConfig
    config: WindowsConfig

    def __init__(self, config: WindowsConfig, code_dim: int) -> None:
        super().__init__(config, code_dim)
        self.config = config
        self.element = (config.window, config.features)
        self.feature_dim = config.features + config.hidden_dim
        step, hidden = config.step_dim, config.hidden_dim
        self.steps = nn.Sequential(
            nn.Linear(2 * config.features, step),
            nn.ReLU(),
            nn.Linear(step, 2 * step),
            nn.ReLU(),
            nn.Linear(2 * step, step),
        )
        self.shape = nn.LSTM(step, hidden, batch_first=True)
        self.decoder = _WindowDecoder(config, code_dim)
        self.scale = nn.Parameter(torch.zeros(config.features))

    def encode(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Levels, then the shape: float32 (n, features + hidden_dim); levels of features that a window lacks are 0."""
        seen = torch.ones_like(x, dtype=torch.bool) if observed is None else observed
        return torch.cat([_levels(x, seen), self._shapes(x, seen)], dim=1)

    def encode_sequences(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """As `encode`, for the windows of series, (batch, time, ...); levels that a window lacks come from others."""
        features = super().encode_sequences(x, observed)
        if observed is None:
            return features
        levels = _nearest(features[..., : self.config.features], observed.any(dim=2))
        return torch.cat([levels, features[..., self.config.features :]], dim=2)

    def _shapes(self, x: Tensor, seen: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            centred = torch.where(seen, x - _levels(x, seen)[:, None], 0.0)
            _, (last, _) = self.shape(self.steps(torch.cat([centred, seen.to(x)], dim=2)))
            return last[0]

    def decode(self, codes: Tensor) -> Tensor:
        return self.decoder(codes)

    def error(self, decoded: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Gaussian negative log-likelihood of what was observed, (batch, time), without its constant."""
        scale = LEAST_SCALE + (MOST_SCALE - LEAST_SCALE) * torch.sigmoid(self.scale)
        error = 0.5 * ((decoded - x) / scale).square() + torch.log(scale)
        if observed is not None:
            error = torch.where(observed, error, 0.0)
        return error.sum(dim=(2, 3))


class _WindowDecoder(nn.Module):
    """Means of a window's steps from its code: (n, code_dim) -> float32 (n, window, features)."""

    def __init__(self, config: WindowsConfig, code_dim: int) -> None:
        super().__init__()
        hidden = config.hidden_dim
        self.window = config.window
        self.start = nn.Sequential(nn.Linear(code_dim, hidden), nn.Tanh())
        self.first = nn.Linear(hidden, 2 * hidden)  # hidden state and cell
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.means = nn.Sequential(
            nn.Linear(hidden, 2 * hidden),
            nn.ReLU(),
            nn.Linear(2 * hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, config.features),
        )

    def forward(self, codes: Tensor) -> Tensor:
        with torch.autocast(codes.device.type, enabled=False):
            state = self.first(self.start(codes.float()))[None].chunk(2, dim=2)
            clock = torch.linspace(-1, 1, self.window).to(state[0])[None, :, None].expand(len(codes), -1, -1)
            hidden, _ = self.lstm(clock, tuple(part.contiguous() for part in state))
            return self.means(hidden)


def _levels(x: Tensor, seen: Tensor) -> Tensor:
    """Mean of each feature's observed values in each window, 0 where there are none: (n, features)."""
    return torch.where(seen, x, 0.0).sum(dim=1) / seen.sum(dim=1).clamp(min=1)


def _nearest(levels: Tensor, there: Tensor) -> Tensor:
    """Levels (batch, time, features) with those that are not `there` taken from the last one before, or else after."""
    time = torch.arange(levels.shape[1], device=levels.device)[None, :, None]
    before = torch.where(there, time, -1).cummax(dim=1).values
    after = torch.where(there, time, levels.shape[1]).flip(1).cummin(dim=1).values.flip(1)
    at = torch.where(before >= 0, before, torch.where(after < levels.shape[1], after, time))
    return levels.gather(1, at)
