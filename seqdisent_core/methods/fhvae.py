"""FHVAE: pieces of one long sequence share a mean of their static codes, which is drawn for the sequence.

Source: Hsu, Zhang, Glass, "Unsupervised Learning of Disentangled and Interpretable Representations from Sequential
Data", NeurIPS 2017. Here z2 of a piece is its static code s, z1, one code of the whole piece, its dynamics, the same at
every step. Differs from the paper: features and elements come from the backbone's networks; the prior of a sequence's
mean is shared by the mean number of pieces of the set, where the paper counts each sequence's own; means start with a
deviation of 0.1, where the public code has 1.
"""

from functools import partial

import torch
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods.contract import Batch, Codes, Method, Moment
from seqdisent_core.methods.gaussians import Gaussian, kl_divergence, standard_normal
from seqdisent_core.methods.priors import GaussianHead, run_lstm
from seqdisent_core.methods.variational import Draw, Posterior, draw_of, with_total
from seqdisent_core.settings import Settings, Size, Weight, settings

SPREAD = 0.25  # variance of z2 around its sequence's mean


@settings
class FHVAEConfig(Settings):
    """Sizes and weights; the defaults are the paper's for TIMIT.

    * static_dim, dynamics_dim: of z2, z1; hidden_dim: of all recurrences.
    * groups: long sequences of the training set, each with a mean that is learnt; Batch.group counts within.
    * weight_*: of the reconstruction, of what keeps z2 near its sequence's mean and that near 0, of what keeps z1 near
      its prior, and of telling the sequence from z2.
    * initial_log_variance (ours, off by default): start of the posteriors' log-variance.
    """

    static_dim: Size = 32
    dynamics_dim: Size = 32
    hidden_dim: Size = 256
    groups: Size = 1
    weight_reconstruction: Weight = 1.0
    weight_static: Weight = 1.0
    weight_dynamics: Weight = 1.0
    weight_discriminative: Weight = 10.0
    initial_log_variance: float = 0.0

    @property
    def code_dim(self) -> int:
        return self.hidden_dim


class FHVAE(Method):
    """q(z2 | x) and q(z1 | x, z2) by an LSTM each; another LSTM turns [z2, z1] into elements' codes."""

    name = "fhvae"
    config_type = FHVAEConfig
    abilities = frozenset({"encode", "sample_static", "sample_dynamics"})
    config: FHVAEConfig

    def __init__(self, config: FHVAEConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        self.static_dim, self.dynamics_dim = config.static_dim, config.dynamics_dim
        hidden, features = config.hidden_dim, backbone.feature_dim
        self.static_lstm = nn.LSTM(features, hidden, batch_first=True)
        self.static_head = GaussianHead(hidden, config.static_dim)
        self.dynamics_lstm = nn.LSTM(features + config.static_dim, hidden, batch_first=True)
        self.dynamics_head = GaussianHead(hidden, config.dynamics_dim)
        self.writing = nn.LSTM(config.static_dim + config.dynamics_dim, hidden, batch_first=True)
        self.means = nn.Parameter(0.1 * torch.randn(config.groups, config.static_dim))  # mu2 of each sequence
        for head in (self.static_head, self.dynamics_head):
            nn.init.constant_(head.log_variance.bias, config.initial_log_variance)

    def posterior(self, features: Tensor, draw: Draw) -> Posterior:
        """Posteriors from features (batch, time, feature_dim); of z1 one a piece, at every step."""
        static = self.static_head(run_lstm(self.static_lstm, features)[1][-1])
        drawn = draw(static)
        time = features.shape[1]
        read = torch.cat([features, drawn[:, None].expand(-1, time, -1)], dim=2)
        piece = self.dynamics_head(run_lstm(self.dynamics_lstm, read)[1][-1])
        return Posterior(static, piece, Codes(drawn, draw(piece)[:, None].expand(-1, time, -1)))

    def encode(self, x: Tensor, observed: Tensor | None = None, generator: torch.Generator | None = None) -> Codes:
        self.check_sequences(x)
        return self.posterior(self.backbone.encode_sequences(x, observed), draw_of(generator)).codes

    def decode(self, codes: Codes) -> Tensor:
        return self.backbone.decode_sequences(run_lstm(self.writing, codes.joined())[0])

    def sample_static(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """z2 of sequences whose means are drawn, too: normal with variance 1 + SPREAD."""
        return (1 + SPREAD) ** 0.5 * super().sample_static(count, generator)

    def sample_dynamics(
        self,
        count: int,
        time: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        means: bool = False,
    ) -> Tensor:
        """z1 at every step; `means` changes nothing, as all steps are known from the first."""
        drawn = standard_normal(torch.empty(count, 1, self.dynamics_dim, device=self.device), generator)
        return temperature * drawn.expand(-1, time, -1)

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The negated segment lower bound and the discriminative term, in nats.

        kl_static: of z2 from N(mean of its sequence, SPREAD), and the prior of that mean, shared by its pieces;
        kl_dynamics: of z1 from N(0, I). Without Batch.group each sequence is the only piece of its own. Raises
        ConfigError for a sequence beyond config.groups.
        """
        self.check_sequences(batch.x)
        group = batch.index if batch.group is None else batch.group
        if int(group.max()) >= len(self.means):
            raise ConfigError(f"fhvae has means of {len(self.means)} sequences. Set groups to {int(group.max()) + 1}.")
        group = group.to(self.device)
        draw = partial(Gaussian.sample, generator=moment.generator)
        posterior = self.posterior(self.backbone.encode_sequences(batch.x, batch.observed), draw)
        error = self.backbone.error(self.decode(posterior.codes), batch.x, batch.observed)
        mean = self.means[group]
        prior = Gaussian(mean, torch.full_like(mean, SPREAD).log())
        pieces = max(1.0, moment.set_size / len(self.means))
        static = kl_divergence(posterior.static, prior) + 0.5 * mean.square() / pieces
        terms = {
            "reconstruction": error.sum(dim=1).mean(),
            "kl_static": static.sum(dim=1).mean(),
            "kl_dynamics": kl_divergence(posterior.dynamics).sum(dim=1).mean(),
            "discriminative": discriminative(posterior.static.mean, self.means, group),
        }
        config = self.config
        return with_total(
            terms,
            {
                "reconstruction": config.weight_reconstruction,
                "kl_static": config.weight_static,
                "kl_dynamics": config.weight_dynamics,
                "discriminative": config.weight_discriminative,
            },
        )


def discriminative(static: Tensor, means: Tensor, group: Tensor) -> Tensor:
    """Mean negative log-probability of the sequence that each z2, (n, dim), is of, among all means (groups, dim).

    All sequences are as likely, and z2 is N(mean, SPREAD) in each.
    """
    return nn.functional.cross_entropy(-torch.cdist(static, means).square() / (2 * SPREAD), group)
