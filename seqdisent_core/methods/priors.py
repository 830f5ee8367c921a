"""Gaussian heads, recurrences in float32, and the prior of the dynamics: parts that methods are built from."""

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from seqdisent_core.machine import one_thread
from seqdisent_core.methods.gaussians import Gaussian

LOG_VARIANCE_RANGE = (-10.0, 6.0)  # keeps exp() finite when a run starts badly; far outside what training reaches
_FEW = 16  # sequences: two clips of ten seconds in windows


class GaussianHead(nn.Module):
    """Linear mean and log-variance: (..., inputs) -> Gaussian over (..., outputs)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mean = nn.Linear(inputs, outputs)
        self.log_variance = nn.Linear(inputs, outputs)
        nn.init.zeros_(self.log_variance.weight)
        nn.init.zeros_(self.log_variance.bias)

    def forward(self, features: Tensor) -> Gaussian:
        with torch.autocast(features.device.type, enabled=False):  # codes keep all their digits under bf16
            features = features.float()
            return Gaussian(self.mean(features), self.log_variance(features).clamp(*LOG_VARIANCE_RANGE))


def run_lstm(lstm: nn.LSTM, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """All outputs and the last hidden states of an LSTM, in float32: under autocast a GPU would run it in float16."""
    with torch.autocast(inputs.device.type, enabled=False), _threads(len(inputs)):
        outputs, (hidden, _) = lstm(inputs.float())
    return outputs, hidden


def _threads(batch: int) -> AbstractContextManager[object]:
    """One thread for the steps of a few sequences that are only read: two gain nothing there (`one_thread`)."""
    return nullcontext() if torch.is_grad_enabled() or batch > _FEW else one_thread()


def run_rnn(rnn: nn.RNN, inputs: Tensor) -> Tensor:
    """All outputs of a plain recurrence, in float32, too."""
    with torch.autocast(inputs.device.type, enabled=False):
        return rnn(inputs.float())[0]


class DynamicsPrior(nn.Module):
    """p(d_t | d_<t): an LSTM that starts at d_0 = 0, of two layers in Berman et al. 2024, with Gaussian heads."""

    def __init__(self, dynamics_dim: int, hidden_dim: int, layers: int = 2) -> None:
        super().__init__()
        self.dynamics_dim = dynamics_dim
        self.lstm = nn.LSTM(dynamics_dim, hidden_dim, num_layers=layers, batch_first=True)
        self.head = GaussianHead(hidden_dim, dynamics_dim)

    def forward(self, dynamics: Tensor) -> Gaussian:
        """The prior of every step given the steps before it, in one call: (batch, time, dynamics_dim)."""
        shifted = torch.cat([torch.zeros_like(dynamics[:, :1]), dynamics[:, :-1]], dim=1)
        return self.head(run_lstm(self.lstm, shifted)[0])

    @torch.no_grad()
    def sample(
        self,
        count: int,
        time: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        means: bool = False,
    ) -> Tensor:
        """Draw dynamics step by step: (count, time, dynamics_dim).

        Each step is drawn with its standard deviation times `temperature` and fed on. With `means` the
        conditional means along that path are returned instead of the draws, as the published evaluation decodes.
        """
        weight = self.head.mean.weight
        step = torch.zeros(count, 1, self.dynamics_dim, device=weight.device, dtype=weight.dtype)
        state = None
        widening = 2 * math.log(max(temperature, 1e-6))
        path = []
        with _threads(count):
            for _ in range(time):
                hidden, state = self.lstm(step, state)
                here = self.head(hidden)
                step = Gaussian(here.mean, here.log_variance + widening).sample(generator)
                path.append(here.mean if means else step)
        return torch.cat(path, dim=1)
