"""How a model is trained, as settings that a recipe holds and a checkpoint keeps."""

from dataclasses import dataclass
from typing import Literal

from seqdisent_core.errors import ConfigError
from seqdisent_core.methods import Config


@dataclass(frozen=True)
class TrainingConfig(Config):
    """How a model is trained; the defaults are the paper's optimiser.

    * steps, and batch: clips a step, on each process; learning_rate: of Adam; muon_learning_rate: of Muon,
      convolutions; schedule and warmup_steps of both.
    * sparse_share of the steps come first and see `sparse_frames` of each of `sparse_batch` clips: the first frame and
      random later ones in order; the other steps see whole clips.
    * least_frames: the steps after the sparse ones see runs of this many frames up to all of them, every one or every
      second, at times there and back again, an anchor frame before them; 0 for whole clips.
    * kl_cycle_steps: period of the divergences' annealing, 0 for none.
    * ema_decay: of the averaged weights that are evaluated and kept, 0 for the last weights themselves.
    * pair_share: of the clips, so many are rebuilt from their own static code and their partner's dynamics; for sets
      drawn in couples, where two persons play the same take.
    * colour_gain: largest relative change of each colour channel, and mirror: left and right exchanged half the time;
      both drawn once a clip and the same for all its frames.
    * precision: of convolutions and linear layers, bf16 where the processor has units for it (else float32, which is
      faster there); losses, codes and recurrences are float32 always. (What cuDNN multiplies in float32, in
      convolutions and recurrences, an NVIDIA card rounds to TF32: torch's default.)
    """

    seed: int = 0
    steps: int = 1_000
    batch: int = 64
    sparse_share: float = 0.0
    sparse_batch: int = 64
    sparse_frames: int = 4
    optimizer: Literal["adam", "muon"] = "adam"
    learning_rate: float = 1.5e-3
    muon_learning_rate: float = 0.02
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_steps: int = 0
    kl_cycle_steps: int = 0
    least_frames: int = 0
    pair_share: float = 0.0
    ema_decay: float = 0.0
    colour_gain: float = 0.0
    mirror: bool = False
    precision: Literal["bf16", "no"] = "bf16"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("learning_rate", "muon_learning_rate"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be above 0.")
        self.check_least(1, "steps", "batch", "sparse_batch")
        self.check_least(0, "seed", "warmup_steps", "kl_cycle_steps", "colour_gain")
        if not 0 <= self.sparse_share <= 1 or not 0 <= self.ema_decay < 1 or self.sparse_frames < 2:
            raise ConfigError("sparse_share lies in [0, 1], ema_decay in [0, 1), sparse_frames is at least 2.")
        if not 0 <= self.pair_share <= 1 or self.least_frames < 0 or self.least_frames == 1:
            raise ConfigError("pair_share lies in [0, 1], and least_frames is 0 or at least 2.")
