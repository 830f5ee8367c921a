"""Named recipes: every number bears its source, and each departure from the paper is a setting that can be undone."""

from dataclasses import dataclass, replace
from typing import Any

from seqdisent_core.data import STATE_DIM
from seqdisent_core.domains.images import ImagesConfig
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods import METHODS, DBSEConfig, Method, build, in_parts, named, read_parts
from seqdisent_core.training.config import TrainingConfig

_PARTS = ("method", "backbone", "training")


@dataclass(frozen=True)
class Recipe:
    """A model and how it is trained: a method with its settings, a backbone with its own, and the training.

    Raises ConfigError where the method cannot be trained as the settings say.
    """

    method: str
    model: Any  # the settings of the method
    backbone: str
    network: Any  # the settings of the backbone
    training: TrainingConfig

    def __post_init__(self) -> None:
        method = METHODS[self.method]
        for name in ("sparse_share", "least_frames"):
            value = getattr(self.training, name)
            if method.even_steps and value:
                raise ConfigError(
                    f"{self.method} needs even time steps, and {name} {value:g} trains on others. Set it to 0."
                )
        if getattr(self.model, "anchor", 0) and (self.training.sparse_share or self.training.least_frames):
            raise ConfigError(
                "sparse_share and least_frames train with the first frame as anchor, not with frame "
                f"{self.model.anchor}. Set both to 0, or the anchor."
            )
        if self.training.pair_share and not method.uses_partner:
            raise ConfigError(
                f"{self.method} cannot use the partner's dynamics of parallel pairs. Set pair_share to 0."
            )

    def build(self) -> Method:
        """A new model, its weights from torch's global generator."""
        return build(self.method, self.model, self.backbone, self.network)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, and `from_dict` reads it."""
        return {
            "method": named(self.method, self.model),
            "backbone": named(self.backbone, self.network),
            "training": self.training.to_dict(),
        }

    @classmethod
    def from_dict(cls, recipe: Any) -> "Recipe":
        """A recipe from a JSON object. Raises ConfigError for an unknown part, name or setting."""
        recipe = _now(recipe)
        parts = ", ".join(_PARTS)
        if not isinstance(recipe, dict):
            raise ConfigError(f"A recipe must be a JSON object with the parts {parts}.")
        unknown = sorted(set(recipe) - set(_PARTS))
        if unknown:
            raise ConfigError(f"Unknown part {', '.join(unknown)}. A recipe has the parts {parts}.")
        return cls(*read_parts(recipe), TrainingConfig.from_dict(recipe.get("training", {})))


def _now(recipe: Any) -> Any:
    """A recipe as it was written before there were backbones, {"model": ..., "training": ...}, in today's parts."""
    if not isinstance(recipe, dict) or set(recipe) - {"model", "training"} or not isinstance(recipe.get("model"), dict):
        return recipe
    training = recipe.get("training", {})
    moved = {"kl_cycle_steps"} & set(training)
    model = in_parts({"method": "dbse", **recipe["model"], **{name: training[name] for name in moved}})
    return {**model, "training": {name: value for name, value in training.items() if name not in moved}}


def _dbse(model: DBSEConfig, network: ImagesConfig, training: TrainingConfig) -> Recipe:
    return Recipe("dbse", model, "images", network, training)


def published() -> Recipe:
    """The paper's settings for MUG (Berman et al. 2024): Adam 1.5e-3, batches of 64 clips, weights 87, 30, 15, 1.

    The authors' script also cycles the weight of the divergences over 100 epochs (half a cosine up, then 1). 2,000
    epochs there; here the number of steps that 2,000 epochs of the 2,496 training clips of FaceKit-52 make. The paper
    says nothing of precision; as in all recipes here it is bf16, switchable.
    """
    return _dbse(DBSEConfig(kl_cycle_steps=3_900), ImagesConfig(), TrainingConfig(steps=78_000, batch=64))


def fast() -> Recipe:
    """Ours, for two CPU cores; "How the models were trained" has each setting that differs, and why.

    * width 40 and dynamics of 32 dimensions: weights under 10 MB in half precision, and less room for the person in d;
    * torch's own initial weights, and posteriors that start with little noise (log-variance -4);
    * errors weighted by motion: a face's expression is a few pixels of many;
    * u divided by its root mean square: a broad and a subtle face speak alike;
    * 65 % of the steps on 4 frames of each of 64 clips (many persons a step), then whole clips, for the prior's sake;
    * Muon (Jordan et al. 2024) on convolutions, one cosine for the learning rates, an average of the weights;
    * each clip mirrored half the time and its colours scaled by up to 15 %, all frames alike.
    """
    return _dbse(
        DBSEConfig(
            dynamics_dim=32,
            posterior_hidden_dim=128,
            initial_std=0.0,
            initial_log_variance=-4.0,
            normalise_difference=True,
        ),
        ImagesConfig(width=40, motion_weight=2.0),
        TrainingConfig(
            steps=3_500,
            batch=24,
            sparse_share=0.65,
            sparse_batch=64,
            sparse_frames=4,
            optimizer="muon",
            schedule="cosine",
            warmup_steps=50,
            ema_decay=0.99,
            colour_gain=0.15,
            mirror=True,
        ),
    )


def sprites() -> Recipe:
    """`fast` for the benchmark Sprites, whose actions are walks and gestures to the front, left and right.

    No mirroring and no other colours, which are labels there; narrower, as there is less to draw; half the steps on 4
    of the 8 frames. The divergence of s weighs 200 instead of 15: the way a figure faces can be seen in its first
    frame, and with 15 it stayed in s (docs/training.md).
    """
    base = fast()
    return _dbse(
        replace(base.model, weight_static=200.0),
        replace(base.network, width=32),
        replace(base.training, steps=3_600, batch=32, sparse_share=0.5, colour_gain=0.0, mirror=False),
    )


def wild() -> Recipe:
    """`fast` at 128 px for thousands of persons in parallel pairs (`seqdisent render wild`).

    * Half of the clips are rebuilt from the partner's dynamics, which no table of the paper's measures may use.
    * Frames are taken in squares of 2 x 2 pixels, so that the networks work on 64 x 64 places.
    * The weights of the errors are a fourth, for four times the pixels.
    * u keeps its size, so that how far a face moves is kept, and windows of a long clip agree.
    * Most steps see runs of neighbouring frames, as films have them: what is learnt on 4 frames far apart does not see
      how little one frame differs from the next.
    """
    base = fast()
    return _dbse(
        replace(
            base.model,
            static_dim=128,
            dynamics_dim=64,
            weight_reconstruction=22.0,
            weight_anchor=7.5,
            normalise_difference=False,
        ),
        replace(base.network, frame_size=128, patch=2, width=32, feature_dim=192),
        replace(
            base.training,
            steps=7_000,
            batch=16,
            sparse_share=0.4,
            least_frames=8,
            pair_share=0.5,
            colour_gain=0.2,
        ),
    )


def film() -> Recipe:
    """`wild`, taken on by what the renderer knows: for films of people, the demo's own.

    * The decoder draws motion and visibility beside the frame, and a linear layer tells shapes, head pose, gaze and
      lids from d_t; both are compared with the renderer's truth (docs/training.md).
    * Start it from `wild`: its learning rates are smaller.
    """
    base = wild()
    return _dbse(
        replace(base.model, state_dim=STATE_DIM, weight_state=4_000.0, decoded=9),
        replace(base.network, motion=True),
        replace(
            base.training,
            steps=2_200,
            sparse_share=0.0,
            mirror=False,
            truth=True,
            learning_rate=6e-4,
            muon_learning_rate=0.003,
            warmup_steps=100,
        ),
    )
