"""S3VAE: a sequential VAE that is supervised by what a sequence tells without labels: its order, and where it moves.

Source: Zhu, Min, Kadav, Graf, "S3VAE: Self-Supervised Sequential VAE for Representation Disentanglement and Data
Generation", CVPR 2020; written from descriptions, with the weights of an unofficial implementation, which averages
errors over the elements of a sequence: here they are summed, so its own terms weigh less beside them. Differs from the
paper: what moves is the backbone's own view "motion" instead of an external optical flow or landmarks, so that the
method works over any kind of data that has such a view.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, triplet_margin_loss

from seqdisent_core.domains import Backbone
from seqdisent_core.methods.contract import Batch, Codes, Moment
from seqdisent_core.methods.priors import run_lstm
from seqdisent_core.methods.variational import Draw, Posterior, Variational, VariationalConfig, information, with_total
from seqdisent_core.settings import Positive, Weight, settings


@settings
class S3VAEConfig(VariationalConfig):
    """weight_order: of the triplet of s, with this margin; weight_motion: of what is predicted from d_t;
    weight_information: of MI(s; d)."""

    weight_order: Weight = 1000.0
    weight_motion: Weight = 100.0
    weight_information: Weight = 1.0
    margin: Positive = 1.0


class S3VAE(Variational):
    """The lower bound, a triplet of static codes, a prediction of what moves, and mutual information."""

    name = "s3vae"
    config_type = S3VAEConfig
    views = ("shuffled", "motion")
    prior_layers = 1
    config: S3VAEConfig

    def __init__(self, config: S3VAEConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        hidden = config.hidden_dim
        self.static_lstm = nn.LSTM(backbone.feature_dim, hidden, batch_first=True)
        self.static_head = self.gaussian_head(hidden, config.static_dim)
        self.dynamics_lstm = nn.LSTM(backbone.feature_dim, hidden, batch_first=True)
        self.dynamics_head = self.gaussian_head(hidden, config.dynamics_dim)
        self.motion_head = nn.Linear(config.dynamics_dim, backbone.motion_dim)

    def posterior(self, features: Tensor, draw: Draw) -> Posterior:
        static = self.static_head(run_lstm(self.static_lstm, features)[1][-1])
        dynamics = self.dynamics_head(run_lstm(self.dynamics_lstm, features)[0])
        return Posterior(static, dynamics, Codes(draw(static), draw(dynamics)))

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The lower bound; and three means.

        order: the triplet loss of posterior means of s, nearer to that of the same sequence in another order of time
        than to that of another sequence. motion: cross-entropy of the view "motion", predicted from d_t. information:
        MI(s; d) in nats.
        """
        posterior, terms = self.lower_bound(batch, moment.generator)
        own = posterior.static.mean
        same = self.encode(batch.views["shuffled"]).static
        terms["order"] = triplet_margin_loss(own, same, own.roll(1, 0), margin=self.config.margin)
        with torch.autocast(own.device.type, enabled=False):
            predicted = self.motion_head(posterior.codes.dynamics)
        terms["motion"] = binary_cross_entropy_with_logits(predicted, batch.views["motion"])
        terms["information"] = information(posterior, moment)
        config = self.config
        weights = {"order": config.weight_order, "motion": config.weight_motion}
        return with_total(terms, self.bound_weights() | weights | {"information": config.weight_information})
