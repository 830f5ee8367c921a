"""A latent map: codes of labelled clips and their t-SNE positions, stored on disk; places new clips among them."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import imageio.v3 as iio
import numpy as np
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass as checked
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from seqdisent_core.errors import ConfigError
from seqdisent_core.weights import check_shipped, sha256_of

if TYPE_CHECKING:
    from openTSNE import TSNEEmbedding


NEIGHBOURS = 10  # of a clip that say what it is: about as many as a person's takes of an expression
ARRAYS, ABOUT, SHEETS = "map.safetensors", "map.json", "sheets"
AGAIN = "Make it anew: seqdisent map CHECKPOINT --data DATA."


class ClipCodes(Protocol):
    """One clip's codes: `static` float32 (static_dim,), `dynamics` float32 (frames, dynamics_dim)."""

    @property
    def static(self) -> np.ndarray: ...

    @property
    def dynamics(self) -> np.ndarray: ...


@dataclass(frozen=True)
class Named:
    """A label value, and the share (0 to 1) of the nearest known clips that have it."""

    name: str
    share: float


class LabelValues(NamedTuple):
    """A label of the map's clips: values int64 (clips,), indices into names."""

    values: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class Placement:
    """The place of a clip: `static` float32 (2,), `dynamics` float32 (frames of the map, 2); and its neighbours.

    near_static: for each static label, the values of the clips with the nearest static codes. near_dynamic: for each
    dynamic label, those of the clips with the nearest dynamics codes. Largest share first; a label's shares sum to 1.
    """

    static: np.ndarray
    dynamics: np.ndarray
    near_static: dict[str, tuple[Named, ...]]
    near_dynamic: dict[str, tuple[Named, ...]]

    @property
    def near(self) -> dict[str, tuple[Named, ...]]:
        """The nearest values of every label, static ones first."""
        return {**self.near_static, **self.near_dynamic}

    def to_dict(self) -> dict[str, Any]:
        """JSON form: positions to two decimals, and the nearest values under each label's name with an s."""
        return {
            "static": self.static.astype(float).round(2).tolist(),
            "dynamics": self.dynamics.astype(float).round(2).tolist(),
            **{f"{label}s": [asdict(one) for one in near] for label, near in self.near.items()},
        }


@checked
class _Model:
    checkpoint_sha256: str


@checked
class _About:
    model: _Model
    neighbours: dict[str, Any]
    figures: dict[str, dict[str, Any]]
    chance: dict[str, float]


@checked
class _Labels:
    static: dict[str, list[str]]
    dynamic: dict[str, list[str]]


@checked
class _Stored:
    """What map.json must hold; more is let be."""

    about: _About
    labels: _Labels


@dataclass(frozen=True)
class LatentMap:
    """Labelled clips with codes and positions: one t-SNE of the static codes, one of the dynamics codes of all frames.

    static: float32 (clips, static_dim). dynamics: float32 (clips, frames, dynamics_dim).
    static_places: float32 (clips, 2). dynamics_places: float32 (clips, frames, 2). Both are centred on 0.
    static_labels, dynamic_labels: the clips' labels by name. sheets: int64 (clips,), the image that shows each clip.
    about: content of the result file: checkpoint, data, seed, command, figures.
    folder: the map's folder, with the images (`sheet`).
    """

    static: np.ndarray
    dynamics: np.ndarray
    static_places: np.ndarray
    dynamics_places: np.ndarray
    static_labels: dict[str, LabelValues]
    dynamic_labels: dict[str, LabelValues]
    sheets: np.ndarray
    about: dict[str, Any]
    folder: Path

    def __len__(self) -> int:
        return len(self.static)

    @property
    def labels(self) -> dict[str, LabelValues]:
        """Every label by name, the static ones first."""
        return {**self.static_labels, **self.dynamic_labels}

    @property
    def frames(self) -> int:
        """Frames of each clip."""
        return self.dynamics.shape[1]

    @cached_property
    def recording(self) -> np.ndarray:
        """Which recording with the same labels each clip is, from 0: int64 (clips,)."""
        return _turn(list(zip(*(label.values.tolist() for label in self.labels.values()), strict=True)))

    @cached_property
    def row(self) -> np.ndarray:
        """The row of each clip in its sheet: int64 (clips,)."""
        return _turn(self.sheets.tolist())

    @cached_property
    def apex(self) -> int:
        """The frame at which the values of the dynamic labels are furthest apart in the codes."""
        apart = np.zeros(self.frames)
        for values, _ in self.dynamic_labels.values():
            means = np.stack([self.dynamics[values == value].mean(axis=0) for value in np.unique(values)])
            apart += np.square(means - means.mean(axis=0)).sum(axis=(0, 2))
        return int(apart.argmax())

    def sheet(self, number: int) -> Path:
        """One of `sheets`: an image of the clips of one identity, a row per clip, time to the right."""
        return self.folder / SHEETS / f"{number:03d}.webp"

    def clip(self, number: int) -> np.ndarray:
        """A clip as stored in its sheet (lossy): uint8 (frames, size, size, 3)."""
        pixels = iio.imread(self.sheet(int(self.sheets[number])), mode="RGB")
        size = pixels.shape[1] // self.frames
        top = int(self.row[number]) * size
        return np.stack(np.split(pixels[top : top + size], self.frames, axis=1))

    @classmethod
    def load(cls, folder: str | Path, checkpoint: str | Path) -> "LatentMap":
        """A stored map, for the checkpoint in that folder.

        Raises ConfigError if the map is missing, damaged, or made with another checkpoint.
        """
        folder = Path(folder)
        check_shipped(folder / ARRAYS)
        damaged = ConfigError(f"The latent map in {folder.name} is damaged. {AGAIN}")
        try:
            stored = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            arrays = load_file(folder / ARRAYS)
            if "persons" in stored:  # made before labels came in groups
                stored["labels"] = {
                    "static": {"person": stored["persons"]},
                    "dynamic": {"expression": stored["expressions"]},
                }
                arrays |= {f"label {name}": arrays[name] for name in ("person", "expression")}
                arrays["sheets"] = arrays["person"]
            known = TypeAdapter(_Stored).validate_python(stored)
            static, dynamic = (
                {name: LabelValues(arrays[f"label {name}"], tuple(names)) for name, names in group.items()}
                for group in (known.labels.static, known.labels.dynamic)
            )
            found = cls(
                arrays["static"].astype(np.float32),
                arrays["dynamics"].astype(np.float32),
                arrays["static_places"],
                arrays["dynamics_places"],
                static,
                dynamic,
                arrays["sheets"],
                stored["about"],
                folder,
            )
        except FileNotFoundError:
            raise ConfigError(f"There is no latent map in {folder.name}. {AGAIN}") from None
        except (ValueError, TypeError, KeyError, SafetensorError):  # no JSON, or another one; arrays of other names
            raise damaged from None
        if not found.is_whole:
            raise damaged
        if known.about.model.checkpoint_sha256 != sha256_of(checkpoint):
            raise ConfigError(
                f"The latent map in {folder.name} was made with another checkpoint than this one. {AGAIN}"
            )
        return found

    @property
    def is_whole(self) -> bool:
        """Whether all arrays are of the same clips, and their labels have names."""
        if self.dynamics.ndim != 3 or self.static.ndim != 2:
            return False
        clips, frames = self.dynamics.shape[:2]
        places = self.static.shape[:1], self.static_places.shape, self.dynamics_places.shape, self.sheets.shape
        return places == ((clips,), (clips, 2), (clips, frames, 2), (clips,)) and all(
            values.shape == (clips,) and bool(((values >= 0) & (values < len(names))).all())
            for values, names in self.labels.values()
        )

    def save(self) -> None:
        """Write the map into its folder, codes in half precision, for `load`. Sheets are written separately."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays = {
            "static": self.static.astype(np.float16),
            "dynamics": self.dynamics.astype(np.float16),
            "static_places": self.static_places,
            "dynamics_places": self.dynamics_places,
            **{f"label {name}": label.values for name, label in self.labels.items()},
            "sheets": self.sheets,
        }
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, self.folder / ARRAYS)
        (self.folder / ARRAYS).chmod(0o644)  # safetensors writes for the owner alone
        static, dynamic = (
            {name: label.names for name, label in group.items()} for group in (self.static_labels, self.dynamic_labels)
        )
        stored = {"about": self.about, "labels": {"static": static, "dynamic": dynamic}}
        (self.folder / ABOUT).write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")

    def place(self, codes: ClipCodes) -> Placement:
        """Place a clip's codes in both embeddings, which stay fixed, and find its nearest known clips. Deterministic.

        A clip of another length is resampled to the length of the map's clips.
        """
        dynamics = resampled(codes.dynamics, self.frames)
        return Placement(
            _transform(self._static_tsne, codes.static[None])[0],
            _transform(self._dynamics_tsne, dynamics),
            {name: _nearest(codes.static, self.static, label) for name, label in self.static_labels.items()},
            {name: _nearest(dynamics, self.dynamics, label) for name, label in self.dynamic_labels.items()},
        )

    @cached_property
    def _static_tsne(self) -> "TSNEEmbedding":
        return _embedding(self.static, self.static_places)

    @cached_property
    def _dynamics_tsne(self) -> "TSNEEmbedding":
        """One embedding for all frames: each frame of each clip is a point."""
        return _embedding(self.dynamics.reshape(-1, self.dynamics.shape[2]), self.dynamics_places.reshape(-1, 2))


def _turn(keys: Sequence[Any]) -> np.ndarray:
    """The number of equal keys before each: int64 (keys,)."""
    seen: Counter[Any] = Counter()
    turns = np.empty(len(keys), np.int64)
    for at, key in enumerate(keys):
        turns[at] = seen[key]
        seen[key] += 1
    return turns


def resampled(dynamics: np.ndarray, frames: int) -> np.ndarray:
    """Evenly sampled from first to last frame: (any, dynamics_dim) -> (frames, dynamics_dim)."""
    return dynamics[np.linspace(0, len(dynamics) - 1, frames).round().astype(int)]


def _nearest(code: np.ndarray, known: np.ndarray, label: LabelValues) -> tuple[Named, ...]:
    distances = np.square(known - code).reshape(len(known), -1).sum(axis=1)
    near = label.values[np.argsort(distances, kind="stable")[:NEIGHBOURS]]
    return tuple(Named(label.names[value], count / len(near)) for value, count in Counter(near.tolist()).most_common())


def _embedding(codes: np.ndarray, places: np.ndarray) -> "TSNEEmbedding":
    """A fitted embedding to which new points can be added."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    # New points have a perplexity of their own; that of the known ones only costs time here, so it is the least.
    affinities = PerplexityBasedNN(codes, perplexity=1, method="exact", n_jobs=1, random_state=0)
    return TSNEEmbedding(
        places.astype(np.float64), affinities, negative_gradient_method=AmongFixed(), n_jobs=1, random_state=0
    )


class AmongFixed:
    """openTSNE's Barnes-Hut gradient for new points among fixed ones, whose tree is built once, not at each step.

    The same numbers. No other thread of the process goes on while a tree is built.
    """

    def __init__(self) -> None:
        self._built: tuple[np.ndarray, Any] = np.empty((0, 2)), None

    def __call__(
        self, embedding: np.ndarray, near: Any, *, dof: float, bh_params: Any, reference_embedding: Any, **how: Any
    ) -> tuple[float, np.ndarray]:
        """As openTSNE's `kl_divergence_bh` with a reference embedding; the divergence itself is not asked for."""
        from openTSNE.tsne import QuadTree, _tsne

        points, tree = self._built
        if not np.array_equal(points, reference_embedding):
            points, tree = np.array(reference_embedding), QuadTree(reference_embedding)
            self._built = points, tree
        gradient, threads = np.zeros_like(embedding, np.float64, "C"), how["n_jobs"]
        _tsne.estimate_negative_gradient_bh(
            tree, embedding, gradient, **bh_params, dof=dof, num_threads=threads, pairwise_normalization=False
        )
        pulls = near.indices, near.indptr, near.data
        _tsne.estimate_positive_gradient_nn(
            *pulls, embedding, reference_embedding, gradient, dof, num_threads=threads, should_eval_error=False
        )
        return 0.0, gradient


def _transform(embedding: "TSNEEmbedding", codes: np.ndarray) -> np.ndarray:
    """Positions of new points: (points, dim) -> float32 (points, 2)."""
    known = max(2, min(5, (len(embedding) - 1) // 3))  # three times the perplexity may not be more than all points
    return np.asarray(embedding.transform(codes, perplexity=known, k=min(25, len(embedding))), np.float32)
