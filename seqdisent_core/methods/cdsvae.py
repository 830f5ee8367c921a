"""C-DSVAE: a sequential VAE whose codes are held together by contrast between views of one sequence.

Source: Bai, Wang, Gomes, "Contrastively Disentangled Sequential Variational Autoencoder", NeurIPS 2021; weights and
sizes of its public scripts for Sprites are the defaults. Differs from them: the density in the estimate of mutual
information takes the variance where theirs takes it for a deviation, and posterior means are linear.
"""

from torch import Tensor

from seqdisent_core.methods.contract import Batch, Moment
from seqdisent_core.methods.information import pairwise_contrastive_loss
from seqdisent_core.methods.variational import SharedRecurrence, VariationalConfig, information, with_total
from seqdisent_core.settings import Positive, Weight, settings


@settings
class CDSVAEConfig(VariationalConfig):
    """weight_contrast_static, weight_contrast_dynamics: of the contrast of s with the view whose frames are in another
    order, and of d with the view of another look; weight_information: of MI(s; d); temperature: of the contrasts."""

    weight_contrast_static: Weight = 10.0
    weight_contrast_dynamics: Weight = 10.0
    weight_information: Weight = 1.0
    temperature: Positive = 0.5


class CDSVAE(SharedRecurrence):
    """The lower bound, the contrasts of both codes and their mutual information."""

    name = "cdsvae"
    config_type = CDSVAEConfig
    views = ("shuffled", "recoloured")
    config: CDSVAEConfig

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The lower bound, contrast_static and contrast_dynamics (of posterior means) and information, in nats."""
        posterior, terms = self.lower_bound(batch, moment.generator)
        static, dynamics = (self.encode(batch.views[view]) for view in self.views)
        pairs = {
            "contrast_static": (posterior.static.mean, static.static),
            "contrast_dynamics": (posterior.dynamics.mean.flatten(1), dynamics.dynamics.flatten(1)),
        }
        terms |= {name: pairwise_contrastive_loss(*pair, self.config.temperature) for name, pair in pairs.items()}
        terms["information"] = information(posterior, moment)
        weights = {
            "contrast_static": self.config.weight_contrast_static,
            "contrast_dynamics": self.config.weight_contrast_dynamics,
            "information": self.config.weight_information,
        }
        return with_total(terms, self.bound_weights() | weights)
