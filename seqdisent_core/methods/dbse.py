"""DBSE: the static factor read from one frame, the dynamics from what is left when that frame is subtracted.

Source: Berman, Naiman, Arbiv, Fadlon, Azencot, "Sequential Disentanglement by Extracting Static Information From A
Single Sequence Element", ICML 2024. The published weights and sizes are the defaults; each option that departs from
the paper is off by default and says so.
"""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods.contract import Anchored, Batch, Codes, Moment
from seqdisent_core.methods.gaussians import Gaussian, kl_divergence, standard_normal
from seqdisent_core.methods.priors import DynamicsPrior, GaussianHead, run_lstm
from seqdisent_core.methods.schedules import cyclical
from seqdisent_core.settings import Settings, Size, Weight, settings

Variant = Literal["full", "without_loss", "without_subtraction", "without_both"]


@settings
class DBSEConfig(Settings):
    """Sizes and weights of DBSE; the defaults are the paper's for MUG, but for its annealing.

    * static_dim, dynamics_dim: sizes of s, d_t.
    * hidden_dim: of the static head and the prior's LSTM; posterior_hidden_dim: of the dynamics LSTM, a direction.
    * anchor: index of the frame that s is read from in training, and unless another is named; the first in the paper's
      experiments on films.
    * posterior: the paper writes a causal q(d_t | x_<=t), the authors' code trains the bidirectional one.
    * weight_*: of the reconstruction of the other frames, of the anchor frame, of KL(s) and of KL(d).
    * kl_cycle_steps: period of the annealing of both divergences (schedules.cyclical), 0 for none.
    * initial_std: deviation of the normal draws that convolutions and linear layers start from (transposed convolutions
      and LSTMs do not, and biases start at 0), as in the authors' code; 0 keeps torch's own.

    Ours, off by default:

    * initial_log_variance: start of the posteriors' log-variance (-4: small noise at first).
    * normalise_difference: u is divided by its root mean square over the clip.
    * decoded: of long sequences only so many elements are decoded in a step, the anchor (the first) and others at
      random, whose errors stand for all; 0 for all.
    * state_dim, weight_state: a linear layer tells from d_t what a renderer knows of the element (0: none), in how far
      it differs from the anchor's: a face's shapes, pose, gaze and lids; the weight is of the squared error.
    """

    variant: Variant = "full"
    static_dim: Size = 64
    dynamics_dim: Size = 64
    hidden_dim: Size = 256
    posterior_hidden_dim: Size = 64
    anchor: Annotated[int, Field(ge=0)] = 0
    posterior: Literal["bidirectional", "causal"] = "bidirectional"
    weight_reconstruction: Weight = 87.0
    weight_anchor: Weight = 30.0
    weight_static: Weight = 15.0
    weight_dynamics: Weight = 1.0
    kl_cycle_steps: Annotated[int, Field(ge=0)] = 0
    initial_std: Annotated[float, Field(ge=0)] = 0.01
    initial_log_variance: float = 0.0
    normalise_difference: bool = False
    decoded: Annotated[int, Field(ge=0)] = 0
    state_dim: Annotated[int, Field(ge=0)] = 0
    weight_state: Weight = 0.0

    def __post_init__(self) -> None:
        if self.posterior == "causal" and self.normalise_difference:
            raise ConfigError(
                "A causal posterior does not see later frames, and normalise_difference divides by all. Leave one out."
            )
        if self.decoded == 1 or (self.decoded and self.anchor):
            raise ConfigError(
                "decoded leaves out elements beside a first one that is the anchor: set it to 0, or to 2 or more with "
                "anchor 0."
            )

    @property
    def code_dim(self) -> int:
        return self.static_dim + self.dynamics_dim

    @property
    def subtracts(self) -> bool:
        return self.variant in ("full", "without_loss")

    @property
    def has_anchor_term(self) -> bool:
        return self.variant in ("full", "without_subtraction")


class DBSE(Anchored):
    """The model of Berman et al. 2024 and, by `config.variant`, the three ablations of its tables."""

    name = "dbse"
    config_type = DBSEConfig
    abilities = frozenset({"encode", "sample_static", "sample_dynamics", "anchor"})
    uses_partner = True
    config: DBSEConfig

    def __init__(self, config: DBSEConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        self.static_dim, self.dynamics_dim = config.static_dim, config.dynamics_dim
        self.static_hidden = nn.Sequential(nn.Linear(backbone.feature_dim, config.hidden_dim), nn.Tanh())
        self.static_head = GaussianHead(config.hidden_dim, config.static_dim)
        both_ways = config.posterior == "bidirectional"
        self.dynamics_lstm = nn.LSTM(
            backbone.feature_dim, config.posterior_hidden_dim, num_layers=2, batch_first=True, bidirectional=both_ways
        )
        directions = 2 if both_ways else 1
        self.dynamics_head = GaussianHead(directions * config.posterior_hidden_dim, config.dynamics_dim)
        self.prior = DynamicsPrior(config.dynamics_dim, config.hidden_dim)
        self.state_head = nn.Linear(config.dynamics_dim, config.state_dim) if config.state_dim else None
        if config.initial_std:
            for module in self.modules():
                if isinstance(module, nn.Conv2d | nn.Linear):
                    nn.init.normal_(module.weight, std=config.initial_std)
                    if module.bias is not None:
                        nn.init.zeros_(module.bias)
        for head in (self.static_head, self.dynamics_head):
            nn.init.constant_(head.log_variance.bias, config.initial_log_variance)

    def subtract_anchor(self, features: Tensor, anchor: int, generator: torch.Generator | None = None) -> Tensor:
        """u_t = g_t - g_anchor, (batch, time, feature_dim).

        The anchor's own slot is zero and can tell nothing: in training it holds standard-normal noise, in evaluation
        zeros. The authors' public code draws noise at evaluation too, which makes even posterior means random.
        """
        difference = features - features[:, anchor : anchor + 1]
        if self.config.normalise_difference:
            others = difference.square().sum(dim=(1, 2)) / (max(features.shape[1] - 1, 1) * features.shape[2])
            difference = difference / (others + 1e-4).sqrt()[:, None, None]
        if not self.training:
            return difference
        slot = torch.zeros(features.shape[1], 1, device=features.device)
        slot[anchor] = 1
        return difference + slot * standard_normal(difference, generator)

    def encode_features(
        self, features: Tensor, *, anchor: int | None = None, generator: torch.Generator | None = None
    ) -> Codes:
        """Codes from g_t, (batch, time, feature_dim)."""
        static, dynamics = self.posterior(features, self.config.anchor if anchor is None else anchor, generator)
        if generator is None:
            return Codes(static.mean, dynamics.mean)
        return Codes(static.sample(generator), dynamics.sample(generator))

    def posterior(
        self, features: Tensor, anchor: int = 0, generator: torch.Generator | None = None
    ) -> tuple[Gaussian, Gaussian]:
        """q(s | x_anchor) and q(d_1:T | x_1:T) from g_t; `generator` draws the anchor's training noise."""
        self.check_anchor(features, anchor)
        anchor %= features.shape[1]
        static = self.static_head(self.static_hidden(features[:, anchor]))
        read = self.subtract_anchor(features, anchor, generator) if self.config.subtracts else features
        return static, self.dynamics_head(run_lstm(self.dynamics_lstm, read)[0])

    def decode(self, codes: Codes) -> Tensor:
        """p(x_t | s, d_t) means: each frame is decoded from the concatenation [s, d_t] alone."""
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

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The negated objective of Berman et al. 2024, the backbone's errors for the log-likelihoods.

        reconstruction: the frames that s was not read from (all of them without the anchor term); anchor: the frame
        that it was; kl_static, kl_dynamics in nats. All summed over pixels, frames and dims, mean over the batch. The
        anchor is config's. A batch's partners and truth are ours, for rendered sets only.
        """
        generator, anchor = moment.generator, self.config.anchor
        self.check_sequences(batch.x)
        static, posterior = self.posterior(self.frame_features(batch.x, batch.observed), anchor, generator)
        codes = Codes(static.sample(generator), posterior.sample(generator))
        meant = codes if batch.partner is None else Codes(codes.static, codes.dynamics[batch.partner])
        shown, share = self._decoded(batch.x.shape[1], generator)
        x, drawn = batch.x[:, shown], Codes(meant.static, meant.dynamics[:, shown])
        beside: dict[str, Tensor] = {}
        if batch.truth:
            known = {name: value[:, shown] for name, value in batch.truth.items()}
            errors = self.backbone.error_with_truth(drawn.joined(), x, known)
            error = errors.pop("decoded").mean(dim=0)
            each = {name: value.mean(dim=0) for name, value in errors.items()}
            beside = {name: value[0] + share * value[1:].sum() for name, value in each.items()}
        else:
            observed = None if batch.observed is None else batch.observed[:, shown]
            error = self.backbone.error(self.decode(drawn), x, observed).mean(dim=0)
        anchored = self.config.has_anchor_term
        others = torch.cat([error[:anchor], error[anchor + 1 :]])
        terms = {
            "reconstruction": share * others.sum() + (0 if anchored else error[anchor]),
            "anchor": error[anchor] if anchored else torch.zeros_like(error[anchor]),
            "kl_static": kl_divergence(static).sum(dim=1).mean(),
            "kl_dynamics": kl_divergence(posterior, self.prior(codes.dynamics)).sum(dim=(1, 2)).mean(),
        }
        kl_scale = cyclical(moment.step, self.config.kl_cycle_steps)
        terms["total"] = (
            self.config.weight_reconstruction * terms["reconstruction"]
            + self.config.weight_anchor * terms["anchor"]
            + kl_scale * self.config.weight_static * terms["kl_static"]
            + kl_scale * self.config.weight_dynamics * terms["kl_dynamics"]
            + sum(self.config.weight_reconstruction * value for value in beside.values())
        )
        if self.state_head is not None and batch.truth:
            changed = batch.truth["state"] - batch.truth["state"][:, :1]
            told = (self.state_head(codes.dynamics) - changed).square()
            beside["state"] = told.sum(dim=(1, 2)).mean()
            terms["total"] = terms["total"] + self.config.weight_state * beside["state"]
        return terms | beside

    def _decoded(self, time: int, generator: torch.Generator | None) -> tuple[Tensor | slice, float]:
        """Which elements are decoded, the anchor first, and how many each of the others stands for."""
        count = self.config.decoded
        if not count or count >= time:
            return slice(None), 1.0
        others = torch.randperm(time - 1, generator=generator, device=self.device)[: count - 1] + 1
        return torch.cat([others.new_zeros(1), others.sort().values]), (time - 1) / (count - 1)
