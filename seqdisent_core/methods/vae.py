"""VAE: a code for each element by itself, without a static code. The plainest rival in the tables of time series.

Source: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
"""

import torch
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Batch, Codes, Moment
from seqdisent_core.methods.gaussians import Gaussian, kl_divergence, standard_normal
from seqdisent_core.methods.priors import GaussianHead
from seqdisent_core.methods.without_static import WithoutStatic
from seqdisent_core.settings import Settings, Size, Weight, settings


@settings
class VAEConfig(Settings):
    """dynamics_dim: of z_t; hidden_dim: of the layer before it; weight_kl: of the divergence, 1 for the bound."""

    dynamics_dim: Size = 16
    hidden_dim: Size = 64
    weight_kl: Weight = 1.0

    @property
    def code_dim(self) -> int:
        return self.dynamics_dim


class VAE(WithoutStatic):
    """z_t of each element, independent N(0, I); the static code has no dimension."""

    name = "vae"
    config_type = VAEConfig
    config: VAEConfig

    def __init__(self, config: VAEConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        self.dynamics_dim = config.dynamics_dim
        self.posterior_hidden = nn.Sequential(nn.Linear(backbone.feature_dim, config.hidden_dim), nn.ReLU())
        self.posterior_head = GaussianHead(config.hidden_dim, config.dynamics_dim)

    def posterior(self, x: Tensor, observed: Tensor | None = None) -> Gaussian:
        """q(z_t | x_t): over (batch, time, dynamics_dim)."""
        self.check_sequences(x)
        gaussian = self.posterior_head(self.posterior_hidden(self.backbone.encode_sequences(x, observed)))
        assert isinstance(gaussian, Gaussian)
        return gaussian

    def sample_dynamics(
        self,
        count: int,
        time: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        means: bool = False,
    ) -> Tensor:
        """Steps that know nothing of each other, so their conditional means are 0."""
        like = torch.empty(count, time, self.dynamics_dim, device=self.device)
        return (0.0 if means else temperature) * standard_normal(like, generator)

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The negated evidence lower bound; sums over elements, time and dims, mean over the batch."""
        posterior = self.posterior(batch.x, batch.observed)
        decoded = self.decode(Codes(batch.x.new_empty(len(batch.x), 0), posterior.sample(moment.generator)))
        terms = {
            "reconstruction": self.backbone.error(decoded, batch.x, batch.observed).sum(dim=1).mean(),
            "kl": kl_divergence(posterior).sum(dim=(1, 2)).mean(),
        }
        terms["total"] = terms["reconstruction"] + self.config.weight_kl * terms["kl"]
        return terms
