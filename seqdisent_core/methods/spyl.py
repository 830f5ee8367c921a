"""SPYL: a sequential VAE that makes its own examples for contrast, by decoding codes of its priors and reading them.

Source: Naiman, Berman, Azencot, "Sample and Predict Your Latent: Modality-free Sequential Disentanglement via
Contrastive Estimation", ICML 2023; weights and sizes for Sprites are the defaults. Differs from the public code: the
density in the estimate of mutual information takes the variance where theirs takes it for a deviation, the warm-up is
counted in steps, and what is decoded for contrast does not enter the averages of batch norms.

It needs no view of the data: static is what the model reads again after the dynamics were sampled anew, dynamics (their
mean over time) what it reads again after the static code was, be the elements pictures, windows or spectra.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from seqdisent_core.methods.contract import Batch, Codes, Moment
from seqdisent_core.methods.gaussians import Gaussian, kl_divergence
from seqdisent_core.methods.information import contrastive_loss, cosines
from seqdisent_core.methods.variational import (
    Posterior,
    SharedRecurrence,
    VariationalConfig,
    information,
    posterior_mean,
    with_total,
)
from seqdisent_core.settings import Positive, Size, Weight, settings


@settings
class SPYLConfig(VariationalConfig):
    """weight_information: of MI(s; d); weight_contrast: of both contrasts, from warm_up_steps on; temperature: of them;
    bank: so many times the batch are sampled from the priors for them, and the farther half are negatives."""

    weight_reconstruction: Weight = 10.0
    weight_static: Weight = 5.0
    weight_information: Weight = 1.0
    weight_contrast: Weight = 1.0
    warm_up_steps: Annotated[int, Field(ge=0)] = 0
    temperature: Positive = 0.5
    bank: Size = 4


class SPYL(SharedRecurrence):
    """The lower bound, mutual information, and contrast with sequences that the model itself decodes."""

    name = "spyl"
    config_type = SPYLConfig
    config: SPYLConfig

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The lower bound, information, and the contrasts of both codes (zero during the warm-up), in nats."""
        posterior, terms = self.lower_bound(batch, moment.generator)
        terms["information"] = information(posterior, moment)
        terms["contrast_static"] = terms["contrast_dynamics"] = torch.zeros_like(terms["reconstruction"])
        if moment.step >= self.config.warm_up_steps and self.config.weight_contrast:
            terms |= self.contrasts(posterior, moment.generator)
        config = self.config
        contrasts = dict.fromkeys(("contrast_static", "contrast_dynamics"), config.weight_contrast)
        return with_total(terms, self.bound_weights() | {"information": config.weight_information} | contrasts)

    def contrasts(self, posterior: Posterior, generator: torch.Generator | None) -> dict[str, Tensor]:
        """InfoNCE of the mean of s, and of the mean of d over time.

        The positive of s is read from a sequence that was decoded from it with sampled dynamics, that of d from one
        with a sampled s. Negatives are read from samples of both priors: of them the half whose posteriors are farthest
        in KL divergence.
        """
        count, time = posterior.codes.dynamics.shape[:2]
        size = self.config.bank * count
        with _kept_averages(self):
            with torch.no_grad():
                bank = self._read_decoded(self.sample_static(size, generator), size, time, generator)
            same_static = self._read_decoded(posterior.static.mean, count, time, generator)
            other = Codes(self.sample_static(count, generator), posterior.dynamics.mean)
            same_dynamics = self._posterior_of(self.decode(other))
        own, positives = (posterior.static, _over_time(posterior.dynamics)), (same_static[0], same_dynamics[1])
        names = ("contrast_static", "contrast_dynamics")
        return {
            name: self._contrast(one, positive, sampled)
            for name, one, positive, sampled in zip(names, own, positives, bank, strict=True)
        }

    def _contrast(self, own: Gaussian, positive: Gaussian, bank: Gaussian) -> Tensor:
        far = pairwise_divergence(own, bank).argsort(dim=1, descending=True)[:, : max(1, len(bank.mean) // 2)]
        alike = nn.functional.cosine_similarity(own.mean, positive.mean, dim=1)
        return contrastive_loss(alike, cosines(own.mean, bank.mean).gather(1, far), self.config.temperature)

    def _read_decoded(
        self, static: Tensor, count: int, time: int, generator: torch.Generator | None
    ) -> tuple[Gaussian, Gaussian]:
        """Posteriors of s and of d over time, of sequences decoded from these static codes and sampled dynamics."""
        return self._posterior_of(self.decode(Codes(static, self.sample_dynamics(count, time, generator))))

    def _posterior_of(self, x: Tensor) -> tuple[Gaussian, Gaussian]:
        read = self.posterior(self.backbone.encode_sequences(x), posterior_mean)
        return read.static, _over_time(read.dynamics)


def _over_time(dynamics: Gaussian) -> Gaussian:
    return Gaussian(dynamics.mean.mean(dim=1), dynamics.log_variance.mean(dim=1))


@torch.no_grad()
def pairwise_divergence(first: Gaussian, second: Gaussian) -> Tensor:
    """KL of each of n Gaussians (n, dim) from each of m, in nats: (n, m)."""
    each = Gaussian(first.mean[:, None], first.log_variance[:, None])
    return kl_divergence(each, Gaussian(second.mean[None], second.log_variance[None])).sum(dim=2)


@contextmanager
def _kept_averages(model: nn.Module) -> Iterator[None]:
    """Batch norms do not move their running averages: these are of real sequences, which evaluation reads."""
    norms = [part for part in model.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum
