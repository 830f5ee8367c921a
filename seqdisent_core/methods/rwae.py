"""R-WAE: a recurrent Wasserstein autoencoder, whose aggregate posteriors are matched to their priors.

Source: Han, Min, Han, Li, Zhang, "Disentangled Recurrent Wasserstein Autoencoder", ICLR 2021; written from its
description, in the variant that compares samples by maximum mean discrepancy (MMD). Its weights are not verified: they
are ours. Differs from the paper: one LSTM reads for both codes, and a layer tells d_t from its state and d_t-1, where
the paper has another LSTM; without its optional variable for the number of actions.
"""

import torch
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Batch, Codes, Moment
from seqdisent_core.methods.gaussians import Gaussian, standard_normal
from seqdisent_core.methods.priors import run_lstm
from seqdisent_core.methods.variational import Draw, Posterior, Variational, VariationalConfig, with_total
from seqdisent_core.settings import Weight, settings

_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernels, times 2 dim (Tolstikhin et al. 2018)


@settings
class RWAEConfig(VariationalConfig):
    """weight_static, weight_dynamics: of the two discrepancies. That of a code that is the same for all sequences from
    N(0, I) is about 2, and the dynamics' is summed over time."""

    weight_static: Weight = 100.0
    weight_dynamics: Weight = 100.0

    @property
    def code_dim(self) -> int:
        return self.hidden_dim


class RWAE(Variational):
    """An LSTM reads features; d_t is read from its state and from d_t-1; another LSTM turns [s, d_t] into elements'
    codes."""

    name = "rwae"
    config_type = RWAEConfig
    prior_layers = 1
    config: RWAEConfig

    def __init__(self, config: RWAEConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        hidden, both = config.hidden_dim, config.static_dim + config.dynamics_dim
        self.reading = nn.LSTM(backbone.feature_dim, hidden, batch_first=True)
        self.static_head = self.gaussian_head(hidden, config.static_dim)
        self.step = nn.Sequential(nn.Linear(hidden + config.dynamics_dim, hidden), nn.Tanh())
        self.dynamics_head = self.gaussian_head(hidden, config.dynamics_dim)
        self.writing = nn.LSTM(both, hidden, batch_first=True)

    def posterior(self, features: Tensor, draw: Draw) -> Posterior:
        outputs, last = run_lstm(self.reading, features)
        static = self.static_head(last[-1])
        drawn = outputs.new_zeros(len(outputs), self.dynamics_dim)
        steps: list[Gaussian] = []
        path: list[Tensor] = []
        for output in outputs.unbind(dim=1):
            steps.append(self.dynamics_head(self.step(torch.cat([output, drawn], dim=1))))
            drawn = draw(steps[-1])
            path.append(drawn)
        means, log_variances = ([getattr(one, name) for one in steps] for name in ("mean", "log_variance"))
        dynamics = Gaussian(torch.stack(means, dim=1), torch.stack(log_variances, dim=1))
        return Posterior(static, dynamics, Codes(draw(static), torch.stack(path, dim=1)))

    def decode(self, codes: Codes) -> Tensor:
        """Each element from the state of an LSTM over [s, d_1], ..., [s, d_t]."""
        return self.backbone.decode_sequences(run_lstm(self.writing, codes.joined())[0])

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """reconstruction; mmd_static: of draws of s from N(0, I); mmd_dynamics: of draws of d_t from draws of the prior
        after the same d_<t, summed over time."""
        posterior, error = self.read(batch, moment.generator)
        codes = posterior.codes
        expected = self.prior(codes.dynamics).sample(moment.generator)
        terms = {
            "reconstruction": error,
            "mmd_static": discrepancy(codes.static, standard_normal(codes.static, moment.generator)),
            "mmd_dynamics": discrepancy(codes.dynamics.transpose(0, 1), expected.transpose(0, 1)).sum(),
        }
        config = self.config
        weights = {"mmd_static": config.weight_static, "mmd_dynamics": config.weight_dynamics}
        return with_total(terms, {"reconstruction": config.weight_reconstruction} | weights)


def discrepancy(first: Tensor, second: Tensor) -> Tensor:
    """Squared MMD of samples (..., n, dim) and (..., m, dim): (...).

    By a sum of inverse multiquadratic kernels c / (c + |x - y|^2), over all pairs, each sample with itself included: 0
    for equal samples, and never negative.
    """

    def likeness(x: Tensor, y: Tensor) -> Tensor:
        squares = x.square().sum(-1)[..., :, None] + y.square().sum(-1)[..., None, :]
        apart = (squares - 2 * x @ y.transpose(-1, -2)).clamp_min(0)
        widths = [2 * x.shape[-1] * scale for scale in _SCALES]
        return torch.stack([(c / (c + apart)).mean(dim=(-2, -1)) for c in widths]).sum(dim=0)

    return likeness(first, first) + likeness(second, second) - 2 * likeness(first, second)
