"""SKD: a Koopman autoencoder whose latent steps are linear; eigenvalues near 1 are static, all others dynamic.

Source: Berman, Naiman, Azencot, "Multifactor Sequential Disentanglement via Structured Koopman Autoencoders",
ICLR 2023. The published weights and sizes for Sprites are the defaults. Differs from the paper: the operator of the
codes is fitted once to the training set (`fit`), so that codes of different batches are comparable; static coordinates
are averaged over time to one code; conjugate pairs of eigenvectors enter as real and imaginary parts, so that codes are
real.
"""

from collections.abc import Iterable
from typing import Annotated, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from seqdisent_core.domains import Backbone
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods.contract import Batch, Codes, Method, Moment
from seqdisent_core.methods.priors import run_lstm
from seqdisent_core.settings import Settings, Size, Weight, settings

_RIDGE = 1e-6  # added to the normal equations: few sequences leave directions that nothing determines


@settings
class SKDConfig(Settings):
    """Sizes and weights of SKD.

    * koopman_dim, k: of z_t, of both LSTMs and of the decoder's codes; static_size: how many eigenvalues nearest to 1
      are static, a conjugate pair counted once.
    * weight_*: of the reconstruction, of the prediction in pixels and in z, and of the eigenvalues. All are means, as
      the published weights need.
    * dynamic_bound: dynamic eigenvalues with a larger real part are pushed down.
    """

    koopman_dim: Annotated[int, Field(ge=2)] = 40
    static_size: Size = 7
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    weight_reconstruction: Weight = 15.0
    weight_prediction: Weight = 1.0
    weight_latent: Weight = 1.0
    weight_eigenvalues: Weight = 1.0
    dynamic_bound: float = 0.5

    def __post_init__(self) -> None:
        if self.static_size >= self.koopman_dim:
            raise ConfigError(f"static_size is {self.static_size}; it must be below koopman_dim, {self.koopman_dim}.")

    @property
    def code_dim(self) -> int:
        return self.koopman_dim


class SKD(Method):
    """Codes are coordinates of z_t along the eigenvectors of one linear operator, z_t = z_{t-1} C."""

    name = "skd"
    config_type = SKDConfig
    abilities = frozenset({"encode"})
    even_steps = True
    config: SKDConfig

    def __init__(self, config: SKDConfig, backbone: Backbone) -> None:
        super().__init__(config, backbone)
        size = config.koopman_dim
        self.encoder_lstm = nn.LSTM(backbone.feature_dim, size, batch_first=True)
        self.decoder_lstm = nn.LSTM(size, size, batch_first=True)
        self.register_buffer("basis", torch.eye(size))
        self.register_buffer("static_columns", torch.tensor(config.static_size))
        self.basis: Tensor
        self.static_columns: Tensor

    @property
    def static_dim(self) -> int:  # type: ignore[override]
        return int(self.static_columns)

    @property
    def dynamics_dim(self) -> int:  # type: ignore[override]
        return self.config.koopman_dim - self.static_dim

    def latents(self, x: Tensor, observed: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """z_t: (batch, time, *element) -> (batch, time, koopman_dim); `generator` draws what is dropped in training."""
        self.check_sequences(x)
        features = self.backbone.encode_sequences(x, observed)
        return run_lstm(self.encoder_lstm, self._dropped(features, generator))[0]

    def decode_latents(self, z: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """(batch, time, koopman_dim) -> (batch, time, *element); generator: as of `latents`."""
        hidden = run_lstm(self.decoder_lstm, z)[0]
        return self.backbone.decode_sequences(self._dropped(hidden, generator))

    def _dropped(self, features: Tensor, generator: torch.Generator | None) -> Tensor:
        """Dropout whose draws are the generator's."""
        share = self.config.dropout
        if not self.training or not share:
            return features
        where = features.device if generator is None else generator.device
        kept = torch.rand(features.shape, generator=generator, device=where).to(features.device) >= share
        return features * kept / (1 - share)

    def encode(self, x: Tensor, observed: Tensor | None = None, generator: torch.Generator | None = None) -> Codes:
        """Codes of sequences; SKD is deterministic, so a generator changes nothing."""
        coordinates = self.latents(x, observed) @ self.basis
        return Codes(coordinates[..., : self.static_dim].mean(dim=1), coordinates[..., self.static_dim :])

    def decode(self, codes: Codes) -> Tensor:
        back = torch.linalg.inv(self.basis.double()).to(codes.static.dtype)
        return self.decode_latents(codes.joined() @ back)

    @torch.no_grad()
    def fit(self, sequences: Iterable[Tensor]) -> None:
        """Fits the operator to all steps of the training set and keeps its real eigenvectors, static ones first."""
        size = self.config.koopman_dim
        squares = torch.zeros(size, size, dtype=torch.float64, device=self.device)
        products = torch.zeros_like(squares)
        for x in sequences:
            before, after = _steps(self.latents(x).double())
            squares += before.T @ before
            products += before.T @ after
        split = split_operator(_solve(squares, products), self.config.static_size)
        self.basis.copy_(split.basis.to(self.basis.dtype))
        self.static_columns.fill_(split.static_columns)

    def loss(self, batch: Batch, moment: Moment, turn: str = "model") -> dict[str, Tensor]:
        """The published objective: reconstruction, prediction by the batch's own operator in pixels and in z, and the
        eigenvalues; means over elements, time and batch."""
        if batch.x.shape[1] < 2:
            raise ConfigError("SKD learns how one step follows from another; sequences need 2 steps or more.")
        generator = moment.generator
        z = self.latents(batch.x, batch.observed, generator)
        decoded = self.decode_latents(z, generator)
        with torch.autocast(z.device.type, enabled=False):
            before, after = _steps(z.double())
            operator = _solve(before.T @ before, before.T @ after)
            predicted = torch.cat([z[:, :1], (z[:, :-1].double() @ operator).float()], dim=1)
        elements = batch.x[0, 0].numel()
        terms = {
            "reconstruction": self.backbone.error(decoded, batch.x, batch.observed).mean() / elements,
            "prediction": (self.decode_latents(predicted, generator) - decoded).square().mean(),
            "latent": (predicted - z).square().mean(),
            "eigenvalues": eigenvalue_loss(operator, self.config.static_size, self.config.dynamic_bound).float(),
        }
        terms["total"] = (
            self.config.weight_reconstruction * terms["reconstruction"]
            + self.config.weight_prediction * terms["prediction"]
            + self.config.weight_latent * terms["latent"]
            + self.config.weight_eigenvalues * terms["eigenvalues"]
        )
        return terms


def _steps(z: Tensor) -> tuple[Tensor, Tensor]:
    """All pairs of neighbouring steps of (batch, time, dim): two (batch * (time - 1), dim)."""
    return z[:, :-1].flatten(0, 1), z[:, 1:].flatten(0, 1)


def _solve(squares: Tensor, products: Tensor) -> Tensor:
    """argmin ||A C - B|| from A^T A and A^T B."""
    return torch.linalg.solve(squares + _RIDGE * torch.eye(len(squares)).to(squares), products)


def _static_first(eigenvalues: Tensor, static_size: int) -> tuple[list[int], list[int]]:
    """Numbers of the static and of the dynamic eigenvalues, one of each conjugate pair, the nearest to 1 first.

    Of k dimensions at least one stays dynamic: a pair that would take the last one is not static.
    """
    order = sorted(range(len(eigenvalues)), key=lambda number: abs(complex(eigenvalues[number]) - 1))
    once = [number for number in order if float(eigenvalues[number].imag) >= 0]
    static: list[int] = []
    columns = 0
    for number in once:
        wide = 1 if float(eigenvalues[number].imag) == 0 else 2
        if len(static) < static_size and columns + wide < len(eigenvalues):
            static.append(number)
            columns += wide
    return static, [number for number in once if number not in static]


class Split(NamedTuple):
    """basis: (k, k), columns that z is multiplied with, the first `static_columns` of them static."""

    basis: Tensor
    static_columns: int


def split_operator(operator: Tensor, static_size: int) -> Split:
    """Real eigenvectors of C in z_t = z_{t-1} C, (k, k): those of the `static_size` eigenvalues nearest to 1 first."""
    eigenvalues, vectors = torch.linalg.eig(operator)
    static, dynamic = _static_first(eigenvalues, static_size)

    def columns(numbers: list[int]) -> list[Tensor]:
        real = [(number, float(eigenvalues[number].imag) == 0) for number in numbers]
        return [
            part
            for number, alone in real
            for part in ([vectors[:, number].real] if alone else [vectors[:, number].real, vectors[:, number].imag])
        ]

    first = columns(static)
    return Split(torch.stack(first + columns(dynamic), dim=1), len(first))


def eigenvalue_loss(operator: Tensor, static_size: int, dynamic_bound: float) -> Tensor:
    """Mean |lambda - 1|^2 of the static eigenvalues, and mean real part of dynamic ones where it exceeds the bound."""
    if not operator.isfinite().all():  # which eigvals refuses: training ends by a loss that is no number
        return operator.sum() * torch.nan
    eigenvalues = torch.linalg.eigvals(operator)
    static, dynamic = _static_first(eigenvalues.detach(), static_size)
    near_one = (eigenvalues[static] - 1).abs().square().mean()
    real = eigenvalues[dynamic].real
    above = real[real > dynamic_bound]
    return near_one + (above.mean() if len(above) else torch.zeros_like(near_one))
