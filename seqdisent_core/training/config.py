"""How a model is trained, as settings that a recipe holds and a checkpoint keeps."""

from typing import Annotated, Literal

from pydantic import Field

from seqdisent_core.errors import ConfigError
from seqdisent_core.settings import Positive, Settings, settings

_Count = Annotated[int, Field(ge=1)]
_Share = Annotated[float, Field(ge=0, le=1)]


@settings
class TrainingConfig(Settings):
    """How a model is trained; the defaults are the paper's optimiser.

    * steps, and batch: clips a step, of all processes together; learning_rate and beta1: of Adam;
      muon_learning_rate: of Muon, convolutions; schedule and warmup_steps of both.
    * sparse_share of the steps come first and see `sparse_frames` of each of `sparse_batch` clips: the first frame and
      random later ones in order; the other steps see whole clips.
    * least_frames: the steps after the sparse ones see runs of this many frames up to all of them, every one or every
      second, at times there and back again, an anchor frame before them; 0 for whole clips.
    * ema_decay: of the averaged weights that are evaluated and kept, 0 for the last weights themselves.
    * pair_share: of the clips, so many are rebuilt from their own static code and their partner's dynamics; for sets
      of parallel pairs, where two persons play the same take.
    * colour_gain: largest relative change of each colour channel, and mirror: left and right exchanged half the time;
      both drawn once a clip and the same for all its frames.
    * truth: what the renderer knows beside its clips is trained on, too, for sets that have it; runs of frames begin at
      an anchor that it knows the motion to, and crops are cut anew, each a little beside the last.
    * precision: of convolutions and linear layers, bf16 where the processor has units for it (else float32, which is
      faster there); losses, codes and recurrences are float32 always. (What cuDNN multiplies in float32, in
      convolutions and recurrences, an NVIDIA card rounds to TF32: torch's default.)
    """

    seed: Annotated[int, Field(ge=0)] = 0
    steps: _Count = 1_000
    batch: _Count = 64
    sparse_share: _Share = 0.0
    sparse_batch: _Count = 64
    sparse_frames: Annotated[int, Field(ge=2)] = 4
    optimizer: Literal["adam", "muon"] = "adam"
    learning_rate: Positive = 1.5e-3
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    muon_learning_rate: Positive = 0.02
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    least_frames: Annotated[int, Field(ge=0)] = 0
    pair_share: _Share = 0.0
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    colour_gain: Annotated[float, Field(ge=0)] = 0.0
    mirror: bool = False
    truth: bool = False
    precision: Literal["bf16", "no"] = "bf16"

    def __post_init__(self) -> None:
        if self.least_frames == 1:
            raise ConfigError("least_frames is 1; it must be 0 or at least 2.")
        if self.truth and (self.mirror or self.sparse_share or not self.least_frames):
            raise ConfigError("truth needs runs of frames: set least_frames, and neither mirror nor sparse_share.")
