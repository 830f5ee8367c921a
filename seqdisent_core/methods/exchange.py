"""DBSE with exchanged static codes, at any anchor: ours, and no method of the paper.

DBSE subtracts the features of the frame that it reads s from, so the dynamics hold what differs from that frame, and a
swap is right only where both anchors show the same. Here a common part that is predicted from s is subtracted instead,
u_t = g_t - h(s), and three terms keep what moves out of s:

* s is read from two frames of a sequence: with one the dynamics are read, with the other the frames are decoded, so
  that neither can rely on what a single frame shows;
* their two posteriors should be the same (half the sum of both divergences);
* h(s) is the least-squares prediction of the features of all frames, so that what is left of them has no mean that
  tells the person.
"""

import torch
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Anchored, Batch, Codes, Moment
from seqdisent_core.methods.gaussians import Gaussian, kl_divergence
from seqdisent_core.methods.priors import run_lstm
from seqdisent_core.methods.variational import (
    Draw,
    Posterior,
    Variational,
    VariationalConfig,
    draw_of,
    with_total,
)
from seqdisent_core.settings import Weight, settings


@settings
class ExchangeConfig(VariationalConfig):
    """Sizes and weights, by default those of DBSE, as far as it has them.

    weight_agreement: of the divergence between the posteriors of s of two frames; weight_common: of the error of the
    common part, relative to the size of the features.
    """

    static_dim: int = 64
    dynamics_dim: int = 64
    weight_reconstruction: Weight = 87.0
    weight_static: Weight = 15.0
    weight_agreement: Weight = 15.0
    weight_common: Weight = 100.0


class Exchange(Anchored, Variational):
    """s of one frame, by default the first; d of the features less what s predicts of them."""

    name = "exchange"
    config_type = ExchangeConfig
    abilities = frozenset({"encode", "sample_static", "sample_dynamics", "anchor"})
    config: ExchangeConfig

    def __init__(self, config: ExchangeConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        features, hidden = backbone.feature_dim, config.hidden_dim
        self.static_hidden = nn.Sequential(nn.Linear(features, hidden), nn.Tanh())
        self.static_head = self.gaussian_head(hidden, config.static_dim)
        self.common = nn.Sequential(nn.Linear(config.static_dim, hidden), nn.Tanh(), nn.Linear(hidden, features))
        self.dynamics_lstm = nn.LSTM(features, hidden // 2, num_layers=2, batch_first=True, bidirectional=True)
        self.dynamics_head = self.gaussian_head(hidden // 2 * 2, config.dynamics_dim)

    def encode_features(
        self, features: Tensor, *, anchor: int | None = None, generator: torch.Generator | None = None
    ) -> Codes:
        return self.posterior(features, draw_of(generator), anchor or 0).codes

    def posterior(self, features: Tensor, draw: Draw, anchor: int = 0) -> Posterior:
        """Raises ConfigError for an anchor outside the sequence."""
        self.check_anchor(features, anchor)
        static = self.static(features[:, anchor])
        held = draw(static)
        dynamics = self.dynamics(features, held)
        return Posterior(static, dynamics, Codes(held, draw(dynamics)))

    def static(self, features: Tensor) -> Gaussian:
        """q(s | x_t) of single elements, from g_t: (batch, feature_dim)."""
        return self.static_head(self.static_hidden(features))

    def dynamics(self, features: Tensor, static: Tensor) -> Gaussian:
        """q(d_1:T | x_1:T, s) from g, (batch, time, feature_dim), and s, (batch, static_dim)."""
        difference = features - self.common(static)[:, None]
        return self.dynamics_head(run_lstm(self.dynamics_lstm, difference)[0])

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """reconstruction, kl_static and kl_dynamics as in the lower bound; agreement in nats; common: the squared error
        of the common part over the variance of the features, a mean over features and time."""
        self.check_sequences(batch.x)
        generator = moment.generator
        features = self.frame_features(batch.x, batch.observed)
        shown, read = self._two_elements(features, generator)
        static, other = self.static(shown), self.static(read)
        held, used = static.sample(generator), other.sample(generator)
        dynamics = self.dynamics(features, used)
        codes = Codes(held, dynamics.sample(generator))
        error = self.backbone.error(self.decode(codes), batch.x, batch.observed)
        agreement = 0.5 * (kl_divergence(static, other) + kl_divergence(other, static))
        target = features.detach().float()
        missed = (target - self.common(used)[:, None]).square().mean()
        terms = {
            "reconstruction": error.sum(dim=1).mean(),
            "kl_static": kl_divergence(static).sum(dim=1).mean(),
            "kl_dynamics": kl_divergence(dynamics, self.prior(codes.dynamics)).sum(dim=(1, 2)).mean(),
            "agreement": agreement.sum(dim=1).mean(),
            "common": missed / (target.var(dim=(0, 1), correction=0).mean() + 1e-6),
        }
        own = {"agreement": self.config.weight_agreement, "common": self.config.weight_common}
        return with_total(terms, self.bound_weights() | own)

    def _two_elements(self, features: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Two random elements of each sequence, different ones where there are two: (batch, feature_dim) each."""
        batch, time = features.shape[:2]
        where = self.device if generator is None else generator.device
        order = torch.rand(batch, time, generator=generator, device=where).argsort(dim=1).to(features.device)
        rows = torch.arange(batch, device=features.device)
        return features[rows, order[:, 0]], features[rows, order[:, min(1, time - 1)]]
