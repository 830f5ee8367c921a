"""DBSE: the static factor read from one frame, the dynamics from what is left when that frame is subtracted.

Source: Berman, Naiman, Arbiv, Fadlon, Azencot, "Sequential Disentanglement by Extracting Static Information From A
Single Sequence Element", ICML 2024. The published weights and sizes are the defaults; each option that departs from
the paper is off by default and says so.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from seqdisent_core.domains.images import FRAME_SIZES, FrameDecoder, FrameEncoder, motion_weights
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods.contract import Config, Method, Posterior
from seqdisent_core.methods.gaussians import kl_divergence, standard_normal
from seqdisent_core.methods.priors import DynamicsPrior, GaussianHead, run_lstm

Variant = Literal["full", "without_loss", "without_subtraction", "without_both"]


@dataclass(frozen=True)
class DBSEConfig(Config):
    """Sizes and weights of DBSE; the defaults are the paper's for MUG.

    * frame_size: pixels a side, 64, 128 or 256; width: channels of the outermost block (64: 64-128-256-512).
    * patch: side of the squares of pixels that are taken together as one with more colours; with 2 the networks work on
      64 x 64 places of a frame of 128 px.
    * feature_dim, static_dim, dynamics_dim: sizes of g_t, s, d_t.
    * hidden_dim: of the static head and the prior's LSTM; posterior_hidden_dim: of the dynamics LSTM, a direction.
    * posterior: the paper writes a causal q(d_t | x_<=t), the authors' code trains the bidirectional one.
    * weight_*: of the reconstruction of the other frames, of the anchor frame, of KL(s) and of KL(d).
    * initial_std: deviation of the normal draws that convolutions and linear layers start from (transposed convolutions
      and LSTMs do not, and biases start at 0), as in the authors' code; 0 keeps torch's own.

    Ours, off by default:

    * initial_log_variance: start of the posteriors' log-variance (-4: small noise at first).
    * motion_weight, m: squared errors count 1 + m sd / mean(sd), sd a pixel's deviation over the clip's time.
    * normalise_difference: u is divided by its root mean square over the clip.
    """

    variant: Variant = "full"
    frame_size: int = 64
    patch: int = 1
    width: int = 64
    feature_dim: int = 128
    static_dim: int = 64
    dynamics_dim: int = 64
    hidden_dim: int = 256
    posterior_hidden_dim: int = 64
    posterior: Literal["bidirectional", "causal"] = "bidirectional"
    weight_reconstruction: float = 87.0
    weight_anchor: float = 30.0
    weight_static: float = 15.0
    weight_dynamics: float = 1.0
    initial_std: float = 0.01
    initial_log_variance: float = 0.0
    motion_weight: float = 0.0
    normalise_difference: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.frame_size not in FRAME_SIZES:
            raise ConfigError(f"Frames of {self.frame_size} px are not supported; choose one of {FRAME_SIZES}.")
        if self.patch < 1 or self.frame_size // self.patch not in FRAME_SIZES or self.frame_size % self.patch:
            raise ConfigError(f"Patches of {self.patch} px do not divide {self.frame_size} px into {FRAME_SIZES}.")
        self.check_least(1, "width", "feature_dim", "static_dim", "dynamics_dim", "hidden_dim", "posterior_hidden_dim")
        self.check_least(0, "weight_reconstruction", "weight_anchor", "weight_static", "weight_dynamics")
        self.check_least(0, "motion_weight", "initial_std")
        if self.posterior == "causal" and self.normalise_difference:
            raise ConfigError(
                "A causal posterior does not see later frames, and normalise_difference divides by all. Leave one out."
            )

    @property
    def subtracts(self) -> bool:
        return self.variant in ("full", "without_loss")

    @property
    def has_anchor_term(self) -> bool:
        return self.variant in ("full", "without_subtraction")


class DBSE(Method):
    """The model of Berman et al. 2024 and, by `config.variant`, the three ablations of its tables."""

    name = "dbse"
    config: DBSEConfig

    def __init__(self, config: DBSEConfig) -> None:
        super().__init__()
        self.config = config
        self.frame_size = config.frame_size
        self.static_dim, self.dynamics_dim = config.static_dim, config.dynamics_dim
        self.encoder = FrameEncoder(config.frame_size, config.width, config.feature_dim, config.patch)
        codes = config.static_dim + config.dynamics_dim
        self.decoder = FrameDecoder(config.frame_size, config.width, codes, config.patch)
        self.static_hidden = nn.Sequential(nn.Linear(config.feature_dim, config.hidden_dim), nn.Tanh())
        self.static_head = GaussianHead(config.hidden_dim, config.static_dim)
        both_ways = config.posterior == "bidirectional"
        self.dynamics_lstm = nn.LSTM(
            config.feature_dim, config.posterior_hidden_dim, num_layers=2, batch_first=True, bidirectional=both_ways
        )
        directions = 2 if both_ways else 1
        self.dynamics_head = GaussianHead(directions * config.posterior_hidden_dim, config.dynamics_dim)
        self.prior = DynamicsPrior(config.dynamics_dim, config.hidden_dim)
        if config.initial_std:
            for module in self.modules():
                if isinstance(module, nn.Conv2d | nn.Linear):
                    nn.init.normal_(module.weight, std=config.initial_std)
                    if module.bias is not None:
                        nn.init.zeros_(module.bias)
        for head in (self.static_head, self.dynamics_head):
            nn.init.constant_(head.log_variance.bias, config.initial_log_variance)

    def frame_features(self, clip: Tensor) -> Tensor:
        """g_t: (batch, frames, 3, size, size) -> (batch, frames, feature_dim)."""
        batch, frames = clip.shape[:2]
        return self.encoder(clip.flatten(0, 1)).float().view(batch, frames, -1)

    def subtract_anchor(self, features: Tensor, anchor: int, generator: torch.Generator | None = None) -> Tensor:
        """u_t = g_t - g_anchor, (batch, frames, feature_dim).

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

    def encode(self, clip: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None) -> Posterior:
        """Posterior of a clip (batch, frames, 3, size, size) in [0, 1]; `generator` draws the anchor's training noise.

        Raises ConfigError for a clip of another frame size, or an anchor outside the clip.
        """
        if clip.ndim != 5 or clip.shape[2:] != (3, self.frame_size, self.frame_size):
            raise ConfigError(
                f"A clip must be (batch, frames, 3, {self.frame_size}, {self.frame_size}); this is {tuple(clip.shape)}."
            )
        if not -clip.shape[1] <= anchor < clip.shape[1]:
            raise ConfigError(f"Anchor {anchor} lies outside a clip of {clip.shape[1]} frames.")
        return self.encode_features(self.frame_features(clip), anchor=anchor, generator=generator)

    def encode_features(
        self, features: Tensor, *, anchor: int = 0, generator: torch.Generator | None = None
    ) -> Posterior:
        """Posterior from g_t, (batch, frames, feature_dim)."""
        anchor %= features.shape[1]
        static = self.static_head(self.static_hidden(features[:, anchor]))
        read = self.subtract_anchor(features, anchor, generator) if self.config.subtracts else features
        return Posterior(static, self.dynamics_head(run_lstm(self.dynamics_lstm, read)[0]))

    def decode(self, static: Tensor, dynamics: Tensor) -> Tensor:
        """p(x_t | s, d_t) means: each frame is drawn from the concatenation [s, d_t] alone."""
        batch, frames = dynamics.shape[:2]
        codes = torch.cat([static[:, None].expand(-1, frames, -1), dynamics], dim=-1)
        decoded = self.decoder(codes.flatten(0, 1))
        return decoded.float().view(batch, frames, 3, self.frame_size, self.frame_size)

    def sample_static(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        return standard_normal(torch.empty(count, self.static_dim, device=self.device), generator)

    def sample_dynamics(
        self,
        count: int,
        frames: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        return_means: bool = False,
    ) -> Tensor:
        return self.prior.sample(count, frames, generator, temperature=temperature, return_means=return_means)

    def loss(
        self,
        clip: Tensor,
        kl_scale: float = 1.0,
        generator: torch.Generator | None = None,
        dynamics_of: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The negated objective of Berman et al. 2024, squared errors for the Gaussian log-likelihoods.

        reconstruction: the frames that s was not read from (all of them without the anchor term); anchor: the frame
        that it was; kl_static, kl_dynamics in nats. All summed over pixels, frames and dims, mean over the batch;
        `kl_scale` in [0, 1] anneals both divergences. The anchor is the first frame, as in the paper's experiments.
        `dynamics_of` is ours, for drawn couples only.
        """
        posterior = self.encode(clip, generator=generator)
        codes = posterior.sample(generator)
        dynamics = codes.dynamics if dynamics_of is None else codes.dynamics[dynamics_of]
        error = self._squared_error(self.decode(codes.static, dynamics), clip).mean(dim=0)
        prior = self.prior(codes.dynamics)
        anchored = self.config.has_anchor_term
        terms = {
            "reconstruction": error[1:].sum() if anchored else error.sum(),
            "anchor": error[0] if anchored else torch.zeros_like(error[0]),
            "kl_static": kl_divergence(posterior.static).sum(dim=1).mean(),
            "kl_dynamics": kl_divergence(posterior.dynamics, prior).sum(dim=(1, 2)).mean(),
        }
        terms["total"] = (
            self.config.weight_reconstruction * terms["reconstruction"]
            + self.config.weight_anchor * terms["anchor"]
            + kl_scale * self.config.weight_static * terms["kl_static"]
            + kl_scale * self.config.weight_dynamics * terms["kl_dynamics"]
        )
        return terms

    def _squared_error(self, decoded: Tensor, clip: Tensor) -> Tensor:
        """Squared error a clip and frame, summed over pixels, where things move counted more: (batch, frames)."""
        error = (decoded - clip).square()
        if self.config.motion_weight:
            error = error * motion_weights(clip, self.config.motion_weight)
        return error.sum(dim=(2, 3, 4))
