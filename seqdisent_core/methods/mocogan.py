"""MoCoGAN: sequences from a content code and a random walk of motion codes, against two critics.

Source: Tulyakov, Liu, Yang, Kautz, "MoCoGAN: Decomposing Motion and Content for Video Generation", CVPR 2018, written
from the paper. Differs from it: both critics read elements by the backbone's encoder, and the critic of sequences joins
them by convolutions over time instead of 3D ones over pixels, so that it works over any domain's backbone; there is no
decay of weights.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Batch, Codes, Method, Moment
from seqdisent_core.methods.gaussians import standard_normal
from seqdisent_core.settings import Settings, Size, Weight, settings


@settings
class MoCoGANConfig(Settings):
    """Sizes of the content code (static), the motion code and the category (dynamics together), of the critics; the
    weight of the category's cross-entropy."""

    content_dim: Size = 50
    motion_dim: Size = 10
    categories: Size = 6
    hidden_dim: Size = 128
    weight_category: Weight = 1.0

    @property
    def code_dim(self) -> int:
        return self.content_dim + self.motion_dim + self.categories


class MoCoGAN(Method):
    """A generator of sequences; it cannot take a given one apart."""

    name = "mocogan"
    config_type = MoCoGANConfig
    abilities = frozenset({"sample_static", "sample_dynamics"})
    turns = ("adversary", "model")
    config: MoCoGANConfig

    def __init__(self, config: MoCoGANConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        self.static_dim, self.dynamics_dim = config.content_dim, config.motion_dim + config.categories
        self.motion = nn.GRUCell(config.motion_dim, config.motion_dim)
        self.image_critic = nn.Linear(backbone.feature_dim, 1)
        self.sequence_critic = nn.Sequential(
            nn.Conv1d(backbone.feature_dim, config.hidden_dim, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv1d(config.hidden_dim, 1 + config.categories, 3, padding=1),
        )

    def turn_parameters(self, turn: str) -> Iterable[nn.Parameter]:
        """model: the decoder and the motion's recurrence; adversary: the encoder and both critics."""
        generator = {id(p) for part in (self.backbone.decoder, self.motion) for p in part.parameters()}
        return [p for p in self.parameters() if (id(p) in generator) == (turn == "model")]

    def decode(self, codes: Codes) -> Tensor:
        """Each element from its motion, the category and the content."""
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
        """m_t = GRU(e_t, m_{t-1}), e_t ~ N(0, I), with one category a sequence. It has no conditional means: with
        `means`, too, it gives the draws."""
        where = self.device if generator is None else generator.device
        category = torch.randint(self.config.categories, (count,), generator=generator, device=where).to(self.device)
        like = torch.empty(count, self.config.motion_dim, device=self.device)
        step = standard_normal(like, generator)
        path = []
        for _ in range(time):
            step = self.motion(temperature * standard_normal(like, generator), step)
            path.append(step)
        chosen = one_hot(category, self.config.categories).float()[:, None].expand(-1, time, -1)
        return torch.cat([torch.stack(path, dim=1), chosen], dim=2)

    def judge(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of sequences (batch, time, *element): of each element and of each step being real, (batch, time); of
        the category, (batch, categories)."""
        features = self.backbone.encode_sequences(x)
        joined = self.sequence_critic(features.transpose(1, 2))
        return self.image_critic(features)[..., 0], joined[:, 0], joined[:, 1:].mean(dim=2)

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """Of each turn: how wrong both critics are about generated sequences, for the adversary about real ones, too;
        and the cross-entropy of the category that was generated (Chen et al. 2016). Means over batch and time."""
        count, time = batch.x.shape[:2]
        dynamics = self.sample_dynamics(count, time, moment.generator)
        made = self.decode(Codes(self.sample_static(count, moment.generator), dynamics))
        if turn == "adversary":
            made = made.detach()
        image, sequence, category = self.judge(made)
        wanted = 0.0 if turn == "adversary" else 1.0
        terms = {"made": _error(image, wanted) + _error(sequence, wanted)}
        if turn == "adversary":
            image, sequence, _ = self.judge(batch.x)
            terms["real"] = _error(image, 1.0) + _error(sequence, 1.0)
        terms["category"] = cross_entropy(category, dynamics[:, 0, self.config.motion_dim :].argmax(dim=1))
        weights = {"category": self.config.weight_category}
        terms["total"] = torch.stack([weights.get(name, 1.0) * term for name, term in terms.items()]).sum()
        return terms


def _error(logits: Tensor, real: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))
