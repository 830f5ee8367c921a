"""The judge: a classifier of a set's labels, trained on real clips, that never sees decoded ones in training.

The network of the published evaluation (as described by Berman et al. 2024): a frame encoder, a bidirectional LSTM
whose last forward and first backward states are concatenated, and a two-layer head per label, static or dynamic. It
returns logits.
"""

import dataclasses
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from seqdisent_core.checkpoints import load_weights, new_network, read_network, write_network
from seqdisent_core.data import FACE_LABELS, Clips
from seqdisent_core.domains.images import FRAME_SIZES, FrameEncoder, as_clip
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.machine import has_bf16_units
from seqdisent_core.methods import Sliced, run_lstm
from seqdisent_core.settings import Settings, Size, settings
from seqdisent_core.training import Steps, TrainingConfig, learning_rate_scale

_READ = 64  # clips at a time
Names = Annotated[tuple[str, ...], Field(strict=False)]  # JSON has lists


@settings
class JudgeConfig(Settings):
    """Sizes, and the names of each label's values by group. Half of the published `width` is enough."""

    static: dict[str, Names]
    dynamic: dict[str, Names]
    frame_size: int = 64
    width: Size = 32
    feature_dim: Size = 128
    hidden_dim: Size = 256

    def __post_init__(self) -> None:
        if self.frame_size not in FRAME_SIZES:
            raise ConfigError(f"A judge of {self.frame_size} px is not supported; choose one of {FRAME_SIZES}.")
        for label in self.labels:
            if not label or "." in label:
                raise ConfigError(f"A label is called {label!r}; its name must have a letter and no dot.")

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The names of each label's values, the static ones first: a head each."""
        return {**self.static, **self.dynamic}


@dataclass(frozen=True)
class Seen:
    """The judge's prediction of a label: the value's name and its probability in [0, 1]."""

    name: str
    probability: float


@dataclass(frozen=True)
class Reading:
    """The judge's predictions for one clip, by label."""

    static: dict[str, Seen]
    dynamic: dict[str, Seen]

    @property
    def labels(self) -> dict[str, Seen]:
        """Every label, the static ones first."""
        return {**self.static, **self.dynamic}

    @property
    def names(self) -> dict[str, str]:
        """The predicted value of each label."""
        return {label: seen.name for label, seen in self.labels.items()}

    @property
    def static_summary(self) -> Seen:
        """All static labels in one: their names, comma-separated, and the product of their probabilities."""
        return _summary(self.static)

    @property
    def dynamic_summary(self) -> Seen:
        """All dynamic labels in one."""
        return _summary(self.dynamic)

    def to_dict(self) -> dict[str, Any]:
        """JSON form: LABEL and LABEL_probability for each label."""
        return {
            key: value
            for label, seen in self.labels.items()
            for key, value in ((label, seen.name), (f"{label}_probability", seen.probability))
        }


def _summary(group: dict[str, Seen]) -> Seen:
    return Seen(", ".join(seen.name for seen in group.values()), math.prod(seen.probability for seen in group.values()))


Logits = dict[str, Tensor]  # by label, (clips, values) each


class Judge(nn.Module):
    """Clips (batch, frames, 3, size, size) in [0, 1] to logits over each label's values."""

    def __init__(self, config: JudgeConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = FrameEncoder(config.frame_size, config.width, config.feature_dim)
        self.lstm = nn.LSTM(config.feature_dim, config.hidden_dim, batch_first=True, bidirectional=True)
        for label, values in config.labels.items():
            self.add_module(self._head_of(label), self._head(len(values)))

    def _head(self, classes: int) -> nn.Sequential:
        hidden = self.config.hidden_dim
        return nn.Sequential(nn.Linear(2 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, classes))

    def _head_of(self, label: str) -> str:
        """Module name of a label's head: the label, with an underscore appended if the module has such an attribute."""
        return f"{label}_" if hasattr(Judge, label) or label in ("config", "encoder", "lstm", "training") else label

    def features(self, clip: Tensor) -> Tensor:
        """The concatenated last states of both LSTM directions: (batch, 2 hidden_dim)."""
        batch, frames = clip.shape[:2]
        features = self.encoder(clip.flatten(0, 1)).float().view(batch, frames, -1)
        _, last = run_lstm(self.lstm, features)
        return torch.cat([last[0], last[1]], dim=1)

    def heads(self, features: Tensor) -> Logits:
        """Logits of features (batch, 2 hidden_dim)."""
        return {label: self.get_submodule(self._head_of(label))(features).float() for label in self.config.labels}

    def forward(self, clip: Tensor) -> Logits:
        return self.heads(self.features(clip))

    @torch.no_grad()
    def read(self, frames: np.ndarray) -> Reading:
        """Predictions for one clip, uint8 RGB (frames, size, size, 3)."""
        logits = self(as_clip(frames, next(self.parameters()).device)[None])
        best = {label: values[0].softmax(0).max(0) for label, values in logits.items()}
        static, dynamic = (
            {label: Seen(names[int(best[label].indices)], float(best[label].values)) for label, names in group.items()}
            for group in (self.config.static, self.config.dynamic)
        )
        return Reading(static, dynamic)

    def save(self, folder: Path, card: str) -> None:
        write_network(folder, dataclasses.asdict(self.config), self.state_dict(), card, half=True)

    @classmethod
    def from_pretrained(cls, source: str | Path) -> "Judge":
        """A saved judge, in evaluation mode. Raises ConfigError if the folder holds none."""
        config, state = read_network(source)
        if "method" in config:
            raise ConfigError(f"{source} is a model and not a judge. `seqdisent judge` trains one.")
        if "expressions" in config:
            config, state = _in_groups(config, state)
        judge = new_network(lambda: cls(JudgeConfig.from_dict(config)), config, state, source)
        load_weights(judge, state, source)
        return judge.eval()


def _in_groups(config: dict[str, Any], state: dict[str, Tensor]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Converts a judge saved before labels had groups: of persons and expressions, or of the attributes of Sprites."""
    config = dict(config)
    persons, expressions = config.pop("persons", ()), config.pop("expressions")
    attributes = config.pop("attributes", {})
    if not attributes:
        return {**config, "static": {"person": persons}, "dynamic": {"expression": expressions}}, state
    renamed = {re.sub(r"^expression\.", "action.", name): value for name, value in state.items()}
    return {**config, "static": attributes, "dynamic": {"action": expressions}}, renamed


def train_judge(
    clips: Clips,
    *,
    steps: int = 1_200,
    seed: int = 0,
    width: int = 32,
    progress: Callable[[int, int], None] | None = None,
) -> Judge:
    """Train a judge on the set's train split only (batches of 32 clips, Adam with 2e-3, one cosine schedule, bf16).

    Augmentation: colour scaling by up to 15 % and mirroring, the same for all frames of a clip, so that neither
    identifies a person; not for sets with other labels than FaceKit's, where colour or side may be a label. Raises
    DataError for an empty train split or a label value that it lacks, ConfigError for an unsupported frame size.
    """
    train = clips.part("train")
    clips.check_seen_in_train()
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    static, dynamic = ({name: label.names for name, label in of.items()} for of in (clips.static, clips.dynamic))
    judge = Judge(JudgeConfig(static, dynamic, clips.frames.shape[2], width)).to(device)
    optimiser = torch.optim.Adam(judge.parameters(), lr=2e-3)
    varied = clips.labels.keys() <= set(FACE_LABELS)
    config = TrainingConfig(seed=seed, steps=steps, batch=32, colour_gain=0.15 * varied, mirror=varied)
    batches = Steps(train, config)
    labels = {name: torch.from_numpy(label.values) for name, label in train.labels.items()}
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 2e-3 * learning_rate_scale(step, steps, "cosine", 20)
        batch = batches[step].batch(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bf16_units(device)):
            logits = judge(batch.x)
        errors = [cross_entropy(logits[name], label[batch.index].to(device)) for name, label in labels.items()]
        loss = torch.stack(errors).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if progress:
            progress(step + 1, steps)
    return judge.eval()


@torch.no_grad()
def read_features(judge: Judge, clips: Sliced) -> Tensor:
    """The judge's features of many clips, uint8 or float in [0, 1], (clips, frames, 3, size, size); on the CPU."""
    device = next(judge.parameters()).device
    parts = []
    for start in range(0, len(clips), _READ):
        part = clips[start : start + _READ].to(device)
        parts.append(judge.features(part.float() / 255 if part.dtype == torch.uint8 else part).cpu())
    return torch.cat(parts)


@torch.no_grad()
def read_logits(judge: Judge, features: Tensor) -> Logits:
    """Logits from the judge's features of many clips, on the CPU."""
    logits = judge.heads(features.to(next(judge.parameters()).device))
    return {label: values.cpu() for label, values in logits.items()}


def read_clips(judge: Judge, clips: Sliced) -> Logits:
    """Logits for many clips, uint8 or float in [0, 1], (clips, frames, 3, size, size), on the CPU."""
    return read_logits(judge, read_features(judge, clips))


def check_judge(judge: Judge, clips: Clips) -> None:
    """Raises DataError unless the judge has the set's labels and frame size, and the train split shows every value."""
    known = judge.config
    if known.labels != {name: label.names for name, label in clips.labels.items()}:
        raise DataError(f"This judge knows other labels than {clips.name} has. Train one on it: seqdisent judge.")
    if known.frame_size != clips.frames.shape[2]:
        raise DataError(f"This judge sees {known.frame_size} px and {clips.name} is {clips.frames.shape[2]} px wide.")
    clips.check_seen_in_train()


def accuracy(logits: Tensor, labels: np.ndarray) -> float:
    """Share of clips whose largest logit is the label's, in [0, 1]."""
    return float((logits.argmax(1).numpy() == labels).mean())


def accuracies(logits: Logits, clips: Clips) -> dict[str, float]:
    """Accuracy in [0, 1] for each label and for each group (group_means)."""
    return group_means({name: accuracy(logits[name], label.values) for name, label in clips.labels.items()}, clips)


def chance(clips: Clips) -> dict[str, float]:
    """Accuracy of always guessing the most common value of these clips, for each label and for each group."""
    return group_means(
        {name: float(np.bincount(label.values).max() / len(clips)) for name, label in clips.labels.items()}, clips
    )


def group_means(by_label: dict[str, float], clips: Clips) -> dict[str, float]:
    """Figures by label, preceded by "static" and "dynamic", their means over the labels of each group."""
    static, dynamic = (float(np.mean([by_label[name] for name in group])) for group in (clips.static, clips.dynamic))
    return {"static": static, "dynamic": dynamic, **by_label}
