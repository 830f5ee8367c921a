"""Recipes of every method: at equal width and budget, and at its own published settings.

The published ones are those for Sprites, the set that most of the papers share, with epochs of its 9,000 training
clips. What is not known to us of a paper's settings is said.
"""

from dataclasses import replace
from typing import Any

from seqdisent_core.domains.images import ImagesConfig
from seqdisent_core.methods import METHODS
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.recipes import Recipe, fast

RIVALS = ("mocogan", "dsvae", "rwae", "s3vae", "skd", "cdsvae", "spyl")  # in the order of the poster
OURS = "exchange"  # a variant of DBSE that is not the paper's
WARM_UP = 0.05  # of all steps: 50 of 1,000 epochs, as SPYL was published
_GAN: dict[str, Any] = {"learning_rate": 2e-4, "beta1": 0.5}
_SPRITES = 9_000  # clips of the published train split


def equal(method: str, base: Recipe | None = None) -> Recipe:
    """A rival beside a recipe of DBSE, by default `fast`: the same backbone, sizes of codes, steps, batches, optimiser.

    base: a recipe of DBSE. Weights of the losses are each method's published ones. What a method cannot share:

    * SKD trains on whole clips in every step, as it needs even time steps, and has one size for both codes together;
    * MoCoGAN trains on whole clips, too, since it generates neighbouring frames, and keeps its optimiser, Adam with
      2e-4 and beta1 0.5: two turns against each other do not settle at the rates of the others; its codes have their
      own sizes;
    * SPYL contrasts after the first 5 % of the steps.
    """
    base = base or fast()
    own, training = base.model, base.training
    sizes = {"static_dim": own.static_dim, "dynamics_dim": own.dynamics_dim, "hidden_dim": own.hidden_dim}
    shared: dict[str, Any] = {**sizes, "initial_log_variance": own.initial_log_variance}
    whole = replace(training, sparse_share=0.0)
    adversarial = replace(whole, optimizer="adam", schedule="constant", warmup_steps=0, **_GAN)
    made: dict[str, tuple[Any, TrainingConfig]] = {
        "mocogan": (_settings("mocogan"), adversarial),
        "dsvae": (_settings("dsvae", **shared), training),
        "rwae": (_settings("rwae", **shared), training),
        "s3vae": (_settings("s3vae", **shared), training),
        "skd": (_settings("skd"), whole),
        "cdsvae": (_settings("cdsvae", **shared), training),
        "exchange": (_settings("exchange", **shared), training),
        "spyl": (_settings("spyl", **shared, warm_up_steps=round(WARM_UP * training.steps)), training),
    }
    model, trained = made[method]
    return Recipe(method, model, base.backbone, base.network, trained)


def published_settings(method: str) -> Recipe:
    """A method at its published settings for Sprites, over our encoder and decoder of 64 channels.

    "dbse": weights 5, 1, 1, 1, 256 dimensions of g, s and d, Adam 2e-3, 2,000 epochs of batches of 128. Not known to us
    are the rates and epochs of S3VAE and R-WAE, and R-WAE's sizes: here they are those of C-DSVAE; its weights are
    ours. MoCoGAN has the sizes and steps of its paper; the batch is ours.
    """
    made: dict[str, tuple[Any, ImagesConfig, TrainingConfig]] = {
        "dbse": (
            _settings(
                "dbse",
                static_dim=256,
                dynamics_dim=256,
                hidden_dim=64,
                posterior_hidden_dim=256,
                weight_reconstruction=5.0,
                weight_anchor=1.0,
                weight_static=1.0,
                weight_dynamics=1.0,
            ),
            ImagesConfig(feature_dim=256),
            _adam(2e-3, 128, 2_000),
        ),
        "mocogan": (_settings("mocogan"), ImagesConfig(), TrainingConfig(steps=100_000, batch=32, **_GAN)),
        "dsvae": (_settings("dsvae"), ImagesConfig(), _adam(2e-4, 25, 200)),
        "rwae": (_settings("rwae"), ImagesConfig(), _adam(1e-3, 128, 100)),
        "s3vae": (_settings("s3vae"), ImagesConfig(), _adam(1e-3, 128, 100)),
        "skd": (_settings("skd"), ImagesConfig(width=32), _adam(1e-3, 32, 1_000)),
        "cdsvae": (_settings("cdsvae"), ImagesConfig(), _adam(1e-3, 128, 100)),
        "spyl": (_settings("spyl", warm_up_steps=_epochs(50, 128)), ImagesConfig(), _adam(2e-3, 128, 1_000)),
    }
    model, network, training = made[method]
    return Recipe(method, model, "images", network, training)


def with_steps(recipe: Recipe, steps: int) -> Recipe:
    """The recipe with another number of steps, of which SPYL's warm-up stays the same share."""
    training, model = recipe.training, recipe.model
    if recipe.method == "spyl":
        model = replace(model, warm_up_steps=round(model.warm_up_steps / training.steps * steps))
    return replace(recipe, model=model, training=replace(training, steps=steps))


def _settings(method: str, **values: Any) -> Any:
    return METHODS[method].config_type.from_dict(values)


def _epochs(epochs: int, batch: int) -> int:
    return epochs * _SPRITES // batch


def _adam(rate: float, batch: int, epochs: int) -> TrainingConfig:
    return TrainingConfig(steps=_epochs(epochs, batch), batch=batch, learning_rate=rate)
