"""GP-VAE: codes that a Gaussian process ties together over time, without a static code.

Source: Fortuin, Baranchuk, Rätsch, Mandt, "GP-VAE: Deep Probabilistic Time Series Imputation", AISTATS 2020. Differs
from its code: what processes.BandedHead says; features of elements come from the domain's backbone.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Batch, Codes, Moment
from seqdisent_core.methods.processes import BandedGaussian, BandedHead, ProcessPrior, cauchy
from seqdisent_core.methods.without_static import WithoutStatic
from seqdisent_core.settings import Positive, Settings, Size, Weight, settings


@settings
class GPVAEConfig(Settings):
    """Sizes and weights; the published ones are those of Sprites (z of 256) and PhysioNet (35, length 7, weight 0.2).

    * dynamics_dim: of z; hidden_dim and kernel: of the convolution over time.
    * length: of the process, in steps; scales: so many lengths, each half of the one before, take turns over z's
      dimensions.
    * weight_kl: of the divergence from the process.
    """

    dynamics_dim: Size = 16
    hidden_dim: Size = 64
    kernel: Size = 3
    length: Positive = 2.0
    scales: Size = 4
    weight_kl: Weight = 0.1

    @property
    def code_dim(self) -> int:
        return self.dynamics_dim


class GPVAE(WithoutStatic):
    """Each dimension of z_1:T is a Gaussian process with a Cauchy kernel; the static code has no dimension."""

    name = "gp_vae"
    config_type = GPVAEConfig
    even_steps = True
    config: GPVAEConfig

    def __init__(self, config: GPVAEConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        self.dynamics_dim = config.dynamics_dim
        self.over_time = nn.Conv1d(backbone.feature_dim, config.hidden_dim, config.kernel, padding="same")
        self.posterior_head = BandedHead(config.hidden_dim, config.dynamics_dim)

    def posterior(self, x: Tensor, observed: Tensor | None = None) -> BandedGaussian:
        """q(z_1:T | x_1:T), over (batch, time, dynamics_dim)."""
        self.check_sequences(x)
        features = self.backbone.encode_sequences(x, observed)
        gaussian = self.posterior_head(relu(self.over_time(features.transpose(1, 2))).transpose(1, 2))
        assert isinstance(gaussian, BandedGaussian)
        return gaussian

    def prior(self, time: int) -> ProcessPrior:
        """p(z_1:T) of so many steps."""
        lengths = [self.config.length / 2 ** (dim % self.config.scales) for dim in range(self.dynamics_dim)]
        return ProcessPrior([cauchy(time, length) for length in lengths], self.posterior_head.mean.weight)

    def sample_dynamics(
        self,
        count: int,
        time: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        means: bool = False,
    ) -> Tensor:
        return self.prior(time).sample(count, generator, temperature=temperature, means=means)

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """Errors of what was observed, and the divergence; sums over elements, time and dims, mean over the batch."""
        posterior = self.posterior(batch.x, batch.observed)
        with torch.autocast(batch.x.device.type, enabled=False):
            z = posterior.sample(moment.generator)
            divergence = posterior.kl_divergence(self.prior(z.shape[1])).sum(dim=1).mean()
        decoded = self.decode(Codes(z[:, 0, :0], z))
        terms = {
            "reconstruction": self.backbone.error(decoded, batch.x, batch.observed).sum(dim=1).mean(),
            "kl": divergence,
        }
        terms["total"] = terms["reconstruction"] + self.config.weight_kl * terms["kl"]
        return terms
