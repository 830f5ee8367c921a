"""GLR: a global code read from a part of the series, local codes by Gaussian processes, and a counterfactual term.

Source: Tonekaboni, Li, Arik, Goldenberg, Pfister, "Decoupling Local and Global Representations of Time Series", AISTATS
2022. Differs from its code: the counterfactual ratio is a geometric mean over the code's dimensions, so that it stays
finite; the error is a mean over what was observed; without a generator the global code is a mean over parts that cover
the series, not one part by chance; and what processes.BandedHead says.
"""

from typing import Annotated, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Batch, Codes, Method, Moment
from seqdisent_core.methods.gaussians import standard_normal
from seqdisent_core.methods.priors import run_lstm
from seqdisent_core.methods.processes import BandedGaussian, BandedHead, ProcessPrior, cauchy, radial
from seqdisent_core.settings import Positive, Settings, Size, Weight, settings

_MOST = 20.0  # of a logarithm of the counterfactual ratio: e^20 is as bad as it gets


@settings
class GLRConfig(Settings):
    """Sizes and weights, as published.

    * static_dim, dynamics_dim: of the global and the local codes; hidden_dim: of the layers before both.
    * part: share of the series' elements that the global code is read from, in a row.
    * length: of the processes, in steps; scales: so many lengths, each half of the one before, by Cauchy and radial
      kernels, take turns over the local codes' dimensions.
    * weight_local, weight_global: of both divergences; weight_counterfactual: of the counterfactual term.
    """

    static_dim: Size = 8
    dynamics_dim: Size = 8
    hidden_dim: Size = 32
    part: Annotated[float, Field(gt=0, le=1)] = 0.3
    length: Positive = 2.0
    scales: Size = 4
    weight_local: Weight = 0.1
    weight_global: Weight = 0.1
    weight_counterfactual: Weight = 1.0

    @property
    def code_dim(self) -> int:
        return self.static_dim + self.dynamics_dim


class _Posterior(NamedTuple):
    """whole: mean of the global code, (batch, static_dim), of variance 1; local: the local codes."""

    whole: Tensor
    local: BandedGaussian


class GLR(Method):
    """z_g, the static code, of one posterior of variance 1; z_t, the dynamics, of a banded precision over time."""

    name = "glr"
    config_type = GLRConfig
    abilities = frozenset({"encode", "sample_static", "sample_dynamics"})
    even_steps = True
    config: GLRConfig

    def __init__(self, config: GLRConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        self.static_dim, self.dynamics_dim = config.static_dim, config.dynamics_dim
        self.global_lstm = nn.LSTM(backbone.feature_dim, config.hidden_dim, batch_first=True)
        self.global_mean = nn.Linear(config.hidden_dim, config.static_dim)
        self.local_hidden = nn.Sequential(nn.Linear(backbone.feature_dim, config.hidden_dim), nn.ReLU())
        self.local_head = BandedHead(config.hidden_dim, config.dynamics_dim)

    def posterior(
        self, x: Tensor, observed: Tensor | None = None, generator: torch.Generator | None = None, *, draw: bool = False
    ) -> _Posterior:
        """Of sequences; with `draw` the global code's part is drawn, else all parts are averaged."""
        self.check_sequences(x)
        features = self.backbone.encode_sequences(x, observed)
        local = self.local_head(self.local_hidden(features))
        assert isinstance(local, BandedGaussian)
        return _Posterior(self.read_global(features, generator, draw=draw), local)

    def read_global(self, features: Tensor, generator: torch.Generator | None = None, *, draw: bool = False) -> Tensor:
        """The global code's mean from features of elements: (batch, time, feature_dim) -> (batch, static_dim)."""
        time = features.shape[1]
        length = max(1, round(self.config.part * time))
        if draw:
            where = features.device if generator is None else generator.device
            starts = torch.randint(time - length + 1, (1,), generator=generator, device=where).tolist()
        else:
            starts = [*range(0, time - length, length), time - length]
        parts = torch.cat([features[:, start : start + length] for start in starts])
        read = self.global_mean(run_lstm(self.global_lstm, parts)[1][-1])
        return read.unflatten(0, (len(starts), -1)).mean(dim=0)

    def prior(self, time: int) -> ProcessPrior:
        """p(z_1:T) of the local codes."""
        kernels = [
            (cauchy, radial)[dim % 2](time, self.config.length / 2 ** (dim // 2 % self.config.scales))
            for dim in range(self.dynamics_dim)
        ]
        return ProcessPrior(kernels, self.global_mean.weight)

    def encode(self, x: Tensor, observed: Tensor | None = None, generator: torch.Generator | None = None) -> Codes:
        whole, local = self.posterior(x, observed)
        if generator is None:
            return Codes(whole, local.mean)
        return Codes(whole + standard_normal(whole, generator), local.sample(generator))

    def decode(self, codes: Codes) -> Tensor:
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
        return self.prior(time).sample(count, generator, temperature=temperature, means=means)

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The error, both divergences, and the counterfactual term: sequences decoded with another global code, read
        again. The error is a mean over observed values, as published, the divergences sums over dims, the local one's a
        mean over time; means over the batch."""
        generator = moment.generator
        whole, local = self.posterior(batch.x, batch.observed, generator, draw=True)
        with torch.autocast(batch.x.device.type, enabled=False):
            static, z = whole + standard_normal(whole, generator), local.sample(generator)
            divergence = local.kl_divergence(self.prior(z.shape[1])).sum(dim=1).mean() / z.shape[1]
        decoded = self.decode(Codes(static, z))
        other = standard_normal(static, generator)
        imagined = self.decode(Codes(other, z))
        read = self.read_global(self.backbone.encode_sequences(imagined), generator, draw=True)
        values = batch.x.numel() if batch.observed is None else int(batch.observed.sum())
        terms = {
            "reconstruction": self.backbone.error(decoded, batch.x, batch.observed).sum() / values,
            "kl_local": divergence,
            "kl_global": 0.5 * whole.square().sum(dim=1).mean(),
            "counterfactual": counterfactual(static, other, read),
        }
        terms["total"] = (
            terms["reconstruction"]
            + self.config.weight_local * terms["kl_local"]
            + self.config.weight_global * terms["kl_global"]
            + self.config.weight_counterfactual * terms["counterfactual"]
        )
        return terms


def counterfactual(own: Tensor, other: Tensor, read: Tensor) -> Tensor:
    """How much likelier a sequence's own global code is than the other one that it was decoded with.

    own, other: (batch, static_dim); read: mean of the posterior that the decoded sequence has, of variance 1. The ratio
    of densities, as a geometric mean over dimensions: above 1 where local codes carry the own global code, below where
    decoding follows the other. Mean over the batch.
    """
    gap = 0.5 * ((other - read).square() - (own - read).square()).mean(dim=1)
    return gap.clamp(max=_MOST).exp().mean()
