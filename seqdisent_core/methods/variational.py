"""What variational methods share: Gaussian posteriors of both codes, their priors, and the evidence lower bound."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Batch, Codes, Method, Moment
from seqdisent_core.methods.gaussians import Gaussian, kl_divergence
from seqdisent_core.methods.information import mutual_information
from seqdisent_core.methods.priors import DynamicsPrior, GaussianHead, run_lstm, run_rnn
from seqdisent_core.settings import Settings, Size, Weight, settings

Draw = Callable[[Gaussian], Tensor]  # a posterior's mean, or a draw from it


@settings
class VariationalConfig(Settings):
    """Sizes and weights.

    * static_dim, dynamics_dim: sizes of s, d_t; hidden_dim: of all recurrences, a direction.
    * weight_reconstruction, weight_static, weight_dynamics: of the reconstruction, of what keeps s near its prior, and
      of what keeps d near its own.
    * initial_log_variance (ours, off by default): start of the posteriors' log-variance (-4: small noise at first).
    """

    static_dim: Size = 256
    dynamics_dim: Size = 32
    hidden_dim: Size = 256
    weight_reconstruction: Weight = 1.0
    weight_static: Weight = 1.0
    weight_dynamics: Weight = 1.0
    initial_log_variance: float = 0.0

    @property
    def code_dim(self) -> int:
        return self.static_dim + self.dynamics_dim


class Posterior(NamedTuple):
    """q(s | x), (batch, static_dim), q(d_t | x), (batch, time, dynamics_dim), and what was drawn of both."""

    static: Gaussian
    dynamics: Gaussian
    codes: Codes


class Variational(Method):
    """Sequences by Gaussian posteriors of s and d; p(s) = N(0, I), p(d_t | d_<t) by an LSTM, frames from [s, d_t]."""

    abilities = frozenset({"encode", "sample_static", "sample_dynamics"})
    prior_layers: ClassVar[int] = 2
    config: VariationalConfig

    def __init__(self, config: VariationalConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        self.static_dim, self.dynamics_dim = config.static_dim, config.dynamics_dim
        self.prior = DynamicsPrior(config.dynamics_dim, config.hidden_dim, self.prior_layers)

    def gaussian_head(self, inputs: int, outputs: int) -> GaussianHead:
        """Of a posterior."""
        head = GaussianHead(inputs, outputs)
        nn.init.constant_(head.log_variance.bias, self.config.initial_log_variance)
        return head

    @abstractmethod
    def posterior(self, features: Tensor, draw: Draw) -> Posterior:
        """From features (batch, time, feature_dim); the codes are what `draw` takes of each Gaussian."""

    def encode(self, x: Tensor, observed: Tensor | None = None, generator: torch.Generator | None = None) -> Codes:
        self.check_sequences(x)
        return self.posterior(self.backbone.encode_sequences(x, observed), draw_of(generator)).codes

    def decode(self, codes: Codes) -> Tensor:
        """p(x_t | s, d_t) means: each element from the concatenation [s, d_t] alone."""
        return self.backbone.decode_sequences(codes.joined())

    def sample_dynamics(
        self,
        count: int,
        time: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        means: bool = False,
    ) -> Tensor:
        return self.prior.sample(count, time, generator, temperature=temperature, means=means)

    def read(self, batch: Batch, generator: torch.Generator | None) -> tuple[Posterior, Tensor]:
        """Posteriors of a batch with a draw of each, and the negative log-likelihood of what it decodes to."""
        self.check_sequences(batch.x)
        draw = partial(Gaussian.sample, generator=generator)
        posterior = self.posterior(self.backbone.encode_sequences(batch.x, batch.observed), draw)
        error = self.backbone.error(self.decode(posterior.codes), batch.x, batch.observed)
        return posterior, error.sum(dim=1).mean()

    def lower_bound(self, batch: Batch, generator: torch.Generator | None) -> tuple[Posterior, dict[str, Tensor]]:
        """Posteriors of a batch with a draw of each, and the unweighted terms of the negated evidence lower bound.

        The prior of d_t is conditioned on the draw of d_<t. All summed over elements, time and dims, mean over the
        batch.
        """
        posterior, error = self.read(batch, generator)
        prior = self.prior(posterior.codes.dynamics)
        return posterior, {
            "reconstruction": error,
            "kl_static": kl_divergence(posterior.static).sum(dim=1).mean(),
            "kl_dynamics": kl_divergence(posterior.dynamics, prior).sum(dim=(1, 2)).mean(),
        }

    def bound_weights(self) -> dict[str, float]:
        """Weights of the terms of `lower_bound`."""
        config = self.config
        return {
            "reconstruction": config.weight_reconstruction,
            "kl_static": config.weight_static,
            "kl_dynamics": config.weight_dynamics,
        }


def with_total(terms: dict[str, Tensor], weights: dict[str, float]) -> dict[str, Tensor]:
    """The terms with "total", their sum by these weights."""
    return {**terms, "total": torch.stack([weights[name] * term for name, term in terms.items()]).sum()}


def information(posterior: Posterior, moment: Moment) -> Tensor:
    """MI(s; d_t) of a batch's codes, in nats (mutual_information)."""
    codes = posterior.codes
    return mutual_information(posterior.static, posterior.dynamics, codes.static, codes.dynamics, moment.set_size)


def posterior_mean(gaussian: Gaussian) -> Tensor:
    """The Draw that is none."""
    return gaussian.mean


def draw_of(generator: torch.Generator | None) -> Draw:
    """How `encode` takes codes: as means, or as the generator draws them."""
    return posterior_mean if generator is None else partial(Gaussian.sample, generator=generator)


class SharedRecurrence(Variational):
    """The posteriors of C-DSVAE and SPYL: one bidirectional LSTM over the features of all frames.

    s from its last state forward and its first backward, d_t from a second recurrence, a plain one, over its outputs.
    """

    def __init__(self, config: VariationalConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        hidden = config.hidden_dim
        self.both_ways = nn.LSTM(backbone.feature_dim, hidden, batch_first=True, bidirectional=True)
        self.static_head = self.gaussian_head(2 * hidden, config.static_dim)
        self.onwards = nn.RNN(2 * hidden, hidden, batch_first=True)
        self.dynamics_head = self.gaussian_head(hidden, config.dynamics_dim)

    def posterior(self, features: Tensor, draw: Draw) -> Posterior:
        outputs, last = run_lstm(self.both_ways, features)
        static = self.static_head(torch.cat([last[-2], last[-1]], dim=1))
        dynamics = self.dynamics_head(run_rnn(self.onwards, outputs))
        return Posterior(static, dynamics, Codes(draw(static), draw(dynamics)))
