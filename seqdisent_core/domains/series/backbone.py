"""Windows of time series with gaps: a network a step, layers over the window, and the likelihood of what was seen."""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from seqdisent_core.domains.backbone import Backbone
from seqdisent_core.settings import Settings, Size, settings

LEAST_SCALE, MOST_SCALE = 0.05, 0.5  # deviations of the likelihood; features have one of about 1


@settings
class WindowsConfig(Settings):
    """Sizes of the networks.

    * window: steps of an element; features: of a step.
    * step_dim: of the layers of a step; hidden_dim: of what is read in a whole window but its level.
    """

    window: Size = 24
    features: Size = 10
    step_dim: Size = 32
    hidden_dim: Size = 32


class Windows(Backbone):
    """Windows (n, window, features) of normalised series, 0 where nothing was observed.

    What is read in a window is its level, the mean of each feature's observed values, beside the shape, of the values
    less the level and of which were observed: a network for each step, and a layer over all steps. A constant added to
    a feature of a whole series adds the same number to all its levels and leaves the shapes as they are, so differences
    of windows do not change. Levels that a window lacks are those of the nearest window before it, or else after it, of
    the same series.

    Each feature has one deviation, learnt. A network tells from a decoded step which values would have been measured,
    and their likelihood is part of the error: what is missing tells of the series, too (not missing at random; Ipsen,
    Mattei, Frellsen, "not-MIWAE", ICLR 2021). So values decoded in a gap are no estimate of what stood there.

    Differs from the public code: the level is set apart; which values are missing is read and rebuilt; a layer over the
    window stands for recurrences, a fifth of the work; deviations belong to a feature, not to a step.
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
        self.steps = nn.Sequential(nn.Linear(2 * config.features, step), nn.ReLU(), nn.Linear(step, step), nn.ReLU())
        self.shape = nn.Sequential(nn.Linear(config.window * step, hidden), nn.Tanh())
        self.decoder = _WindowDecoder(config, code_dim)
        self.scale = nn.Parameter(torch.zeros(config.features))
        self.measured = nn.Sequential(nn.Linear(config.features, step), nn.ReLU(), nn.Linear(step, config.features))

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
            read = self.steps(torch.cat([centred, seen.to(x)], dim=2))
            return self.shape(read.flatten(1))

    def decode(self, codes: Tensor) -> Tensor:
        return self.decoder(codes)

    def error(self, decoded: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Negative log-likelihood (batch, time): Gaussian of the values that were observed, without its constant, and
        where there are gaps, of which were."""
        scale = LEAST_SCALE + (MOST_SCALE - LEAST_SCALE) * torch.sigmoid(self.scale)
        error = 0.5 * ((decoded - x) / scale).square() + torch.log(scale)
        if observed is not None:
            measured = self.measured(decoded)
            gaps = binary_cross_entropy_with_logits(measured, observed.to(measured), reduction="none")
            error = torch.where(observed, error, 0.0) + gaps
        return error.sum(dim=(2, 3))


class _WindowDecoder(nn.Module):
    """Means of a window's steps from its code: (n, code_dim) -> float32 (n, window, features)."""

    def __init__(self, config: WindowsConfig, code_dim: int) -> None:
        super().__init__()
        self.shape = (config.window, config.step_dim)
        self.start = nn.Sequential(nn.Linear(code_dim, 2 * config.hidden_dim), nn.ReLU())
        self.states = nn.Sequential(nn.Linear(2 * config.hidden_dim, config.window * config.step_dim), nn.ReLU())
        self.means = nn.Linear(config.step_dim, config.features)

    def forward(self, codes: Tensor) -> Tensor:
        with torch.autocast(codes.device.type, enabled=False):
            return self.means(self.states(self.start(codes.float())).unflatten(1, self.shape))


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
