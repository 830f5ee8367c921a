"""The frame of a clip that the static factor is best read from: at rest, facing the camera, sharp.

What rest looks like is learnt from a drawn set whose clips mostly begin with it: a line in the static codes of single
frames that parts first frames from later ones, whoever it is.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from seqdisent_core.clips import Clips
from seqdisent_core.errors import ConfigError
from seqdisent_core.methods.contract import Method

NAME = "rest.json"
_LOOKED_AT = 48  # frames of a clip, evenly
_LATER = 3  # frames of a clip beside the first that are learnt from
_BLURRED = 0.7  # of the clip's usual sharpness (an open mouth has more edges than one at rest)
_BATCH = 64


@dataclass(frozen=True)
class Rest:
    """weights: of a static code's numbers, (static_dim,); the more they come to, the more a face is at rest.

    auc: of telling first frames from later ones of the set's validation clips, 0.5 by chance; not all begin at rest.
    sha256: of the checkpoint's weights.
    """

    weights: list[float]
    auc: float
    set_name: str
    sha256: str

    def save(self, folder: Path) -> None:
        """Write it into a checkpoint's folder."""
        (folder / NAME).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, sha256: str) -> "Rest | None":
        """Read from a checkpoint's folder, None where it has none. Raises ConfigError where it is another model's."""
        path = folder / NAME
        if not path.exists():
            return None
        try:
            found = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise ConfigError(f"{path} is damaged. Make it again: seqdisent rest {folder} --data SET") from None
        if found.sha256 != sha256:
            raise ConfigError(f"{path} is of other weights. Make it again: seqdisent rest {folder} --data SET")
        return found

    def choose(self, method: Method, frames: np.ndarray) -> int:
        """The frame most at rest, of those that are not blurred, among uint8 (frames, size, size, 3): its number."""
        at = np.unique(np.linspace(0, len(frames) - 1, _LOOKED_AT).round().astype(int))
        resting = _static_codes(method, frames[at]) @ np.array(self.weights)
        grey = [cv2.cvtColor(frames[index], cv2.COLOR_RGB2GRAY) for index in at]
        sharp = np.array([cv2.Laplacian(picture, cv2.CV_32F).var() for picture in grey])
        resting[sharp < _BLURRED * np.median(sharp)] = -np.inf
        return int(at[resting.argmax()])


def learn_rest(method: Method, clips: Clips, sha256: str) -> Rest:
    """Learn from a set's train split, and measure on its validation split."""
    random = np.random.default_rng(0)
    seen, first = _examples(method, clips.part("train"), random)
    scaler = StandardScaler().fit(seen)
    line = LogisticRegression(max_iter=1000, class_weight="balanced").fit(scaler.transform(seen), first)
    weights = line.coef_[0] / scaler.scale_
    held, held_first = _examples(method, clips.part("validation"), random)
    return Rest(weights.round(6).tolist(), float(roc_auc_score(held_first, held @ weights)), clips.name, sha256)


def _examples(method: Method, clips: Clips, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Static codes of some frames of each clip, and which of them are first ones."""
    frames = clips.frames.shape[1]
    later = np.stack([random.choice(np.arange(1, frames), _LATER, replace=False) for _ in range(len(clips))])
    times = np.concatenate([np.zeros((len(clips), 1), int), later], axis=1)
    pictures = clips.frames[np.arange(len(clips))[:, None], times]
    return _static_codes(method, pictures.reshape(-1, *pictures.shape[2:])), (times == 0).ravel()


@torch.no_grad()
def _static_codes(method: Method, frames: np.ndarray) -> np.ndarray:
    """Means of s read from each of uint8 (n, size, size, 3), float32 (n, static_dim)."""
    codes = []
    for start in range(0, len(frames), _BATCH):
        batch = torch.from_numpy(np.ascontiguousarray(frames[start : start + _BATCH])).to(method.device)
        codes.append(method.encode(batch.permute(0, 3, 1, 2)[:, None].float() / 255).mean.static.cpu().numpy())
    return np.concatenate(codes)
