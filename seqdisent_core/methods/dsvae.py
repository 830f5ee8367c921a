"""DSVAE: the sequential VAE with one code of the whole sequence and one of each step.

Source: Li, Mandt, "Disentangled Sequential Autoencoder", ICML 2018; sizes are of a public reproduction. Differs from
that reproduction: the prior of the dynamics is conditioned on the posterior's draws, as the lower bound needs, and
posterior means are linear.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Batch, Codes, Moment
from seqdisent_core.methods.priors import run_lstm, run_rnn
from seqdisent_core.methods.variational import Draw, Posterior, Variational, VariationalConfig, with_total
from seqdisent_core.settings import Size, settings


@settings
class DSVAEConfig(VariationalConfig):
    """posterior: "full", q(d_t | x_1:T, s), or "factorised", q(d_t | x_t)."""

    hidden_dim: Size = 512
    posterior: Literal["full", "factorised"] = "full"


class DSVAE(Variational):
    """The evidence lower bound and nothing else."""

    name = "dsvae"
    config_type = DSVAEConfig
    prior_layers = 1
    config: DSVAEConfig

    def __init__(self, config: DSVAEConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        hidden, features = config.hidden_dim, backbone.feature_dim
        self.static_lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.static_head = self.gaussian_head(2 * hidden, config.static_dim)
        if config.posterior == "full":
            self.both_ways = nn.LSTM(features + config.static_dim, hidden, batch_first=True, bidirectional=True)
            self.onwards = nn.RNN(2 * hidden, hidden, batch_first=True)
        else:
            self.each = nn.Sequential(nn.Linear(features, hidden), nn.LeakyReLU(0.2))
        self.dynamics_head = self.gaussian_head(hidden, config.dynamics_dim)

    def posterior(self, features: Tensor, draw: Draw) -> Posterior:
        last = run_lstm(self.static_lstm, features)[1]
        static = self.static_head(torch.cat([last[0], last[1]], dim=1))
        drawn = draw(static)
        if self.config.posterior == "full":
            repeated = drawn[:, None].expand(-1, features.shape[1], -1)
            read = run_lstm(self.both_ways, torch.cat([features, repeated], dim=2))[0]
            dynamics = self.dynamics_head(run_rnn(self.onwards, read))
        else:
            dynamics = self.dynamics_head(self.each(features))
        return Posterior(static, dynamics, Codes(drawn, draw(dynamics)))

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The negated evidence lower bound, with a weight for each of its terms."""
        return with_total(self.lower_bound(batch, moment.generator)[1], self.bound_weights())
