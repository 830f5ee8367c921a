"""What the lecture shows, made beforehand from a checkpoint, so that no step waits for a model.

A folder: `material.json` (features and terms of the example clips, and what they were made with) and `sheets/`, moving
pictures as WebP, a row a clip, time to the right.
"""

import functools
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imageio.v3 as iio
import numpy as np
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass as checked

from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError

if TYPE_CHECKING:
    from seqdisent_core.evaluation import Reading
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.reenactment import OwnFace
    from seqdisent_core.studio import Sample, Studio

SAMPLE_SEED, SAMPLE_SEEDS, SAMPLE_FRAMES = 7, 60, 30  # the README's seed, the most that are tried; two seconds
LIVE_FRAMES, LIVE_SIDE = 24, 192  # as many as are read in one window; pixels of the clip's own face
LIVE_REACH = 1.3  # sides of the face's square that are shown of it, so that hair and chin are seen
LIVE_SEED = 1  # of the movement that is sampled: a smile and a look aside, chosen of nine seeds by its looks
_SAMPLED = "person_010_disgust"  # whose person is kept while movements are drawn
_MATERIAL = "material.json"
TERMS = ("reconstruction", "anchor", "kl_static", "kl_dynamics")


@checked
class _About:
    frames: dict[str, int]
    weights: dict[str, float]


@checked
class _Stored:
    """What material.json must hold; more is let be. features: thousandths."""

    about: _About
    features: dict[str, list[list[int]]]
    terms: dict[str, dict[str, float]]
    samples: list[dict[str, int | str]]


@dataclass(frozen=True)
class Material:
    """What `make_material` wrote.

    about: command, seed, checkpoint and its weights of the loss. features: of each example, g_t, float32 (frames,
    feature_dim). terms: of each example, the unweighted terms of the loss. samples: what the judge reads in each
    sampled clip, one an expression, and its seed.
    """

    folder: Path
    about: dict[str, Any]
    features: dict[str, np.ndarray]
    terms: dict[str, dict[str, float]]
    samples: list[dict[str, int | str]]

    @classmethod
    def load(cls, folder: Path) -> "Material":
        """Raises ConfigError where it is missing or unreadable."""
        try:
            known = json.loads((folder / _MATERIAL).read_text(encoding="utf-8"))
            stored = TypeAdapter(_Stored).validate_python(known)
            features = {name: np.array(rows, np.float32) / 1000 for name, rows in stored.features.items()}
            return cls(folder, known["about"], features, stored.terms, stored.samples)
        except (OSError, ValueError):  # no JSON, or another one
            raise ConfigError(
                f"The lecture's pictures in {folder} are missing or broken. `seqdisent lecture --prepare` makes them."
            ) from None

    @property
    def names(self) -> list[str]:
        """Of the example clips, in the order of the rows of every sheet of them."""
        return list(self.features)

    def sheet(self, name: str) -> Path:
        """`given`: the examples; `person_...`: that example's person doing what each example does; `samples`;
        `ablation_...`: the films of that model's showcase."""
        return self.folder / "sheets" / f"{name}.webp"


@functools.cache
def material() -> Material:
    """The one that ships. Raises ConfigError where it is missing."""
    return Material.load(asset("lecture"))


def subtracted(features: np.ndarray, anchor: int) -> np.ndarray:
    """u_t = g_t - g_anchor over its root mean square in the clip, as `facekit52` reads it: (frames, dim).

    features: g_t, (frames, dim). The anchor's own row is zero.
    """
    difference = features - features[anchor]
    others = np.square(difference).sum() / (max(len(features) - 1, 1) * features.shape[1])
    return difference / np.sqrt(others + 1e-4)  # as DBSE adds it


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two clips' features over all frames and units, -1 to 1; (frames, dim) of one length."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def make_material(
    studio: "Studio", out: Path, *, checkpoint: Path, judge: Path, command: str, progress: Callable[[float], None]
) -> Material:
    """Reads the examples, swaps every two, samples movements, and writes a folder. Needs the studio's judge.

    Raises ConfigError for a studio without a judge, VideoError or FaceError for examples that cannot be read.
    """
    from seqdisent_core.machine import hardware
    from seqdisent_core.weights import sha256_of

    examples = sorted(asset("examples").glob("*.mp4"))
    steps = 2 * len(examples) + 2
    done = iter(range(1, steps + 1))
    clips, codes = {}, {}
    for path in examples:
        clips[path.stem] = studio.read_face(path).frames
        codes[path.stem] = studio.encode(clips[path.stem])
        progress(next(done) / steps)
    made = Material(out, {}, {}, {}, [])
    write_sheet(made.sheet("given"), list(clips.values()))
    for name, own in codes.items():
        write_sheet(made.sheet(name), [studio.decode(own.static, other.dynamics) for other in codes.values()])
        progress(next(done) / steps)
    expressions = {name.rpartition("_")[2] for name in codes}
    sampled = _one_of_each(studio, codes[_SAMPLED].static, expressions)
    write_sheet(made.sheet("samples"), [sample.frames for sample, _ in sampled])
    progress(next(done) / steps)
    for folder in sorted(path.parent for path in asset("ablations").glob("*/showcase.json")):
        write_sheet(made.sheet(f"ablation_{folder.name}"), _showcase(folder, studio.size))
    progress(next(done) / steps)
    weights = {term: getattr(studio.method.config, _WEIGHT[term]) for term in TERMS}
    measured = {name: _measured(studio, frames) for name, frames in clips.items()}
    known = {
        "about": {
            "command": command,
            "checkpoint_sha256": sha256_of(checkpoint),
            "seed": SAMPLE_SEED,
            "sampled": _SAMPLED,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "hardware": hardware(studio.method.device),
            "judge_sha256": sha256_of(judge),
            "frames": {name: len(frames) for name, frames in clips.items()},
            "weights": weights,
        },
        "terms": {name: terms for name, (_, terms) in measured.items()},
        "samples": [{"seed": sample.seed, **seen} for sample, seen in sampled],
        "features": {name: (1000 * rows).round().astype(int).tolist() for name, (rows, _) in measured.items()},
    }
    (out / _MATERIAL).write_text(json.dumps(known, separators=(",", ":")) + "\n", encoding="utf-8")
    return Material.load(out)


_WEIGHT: Mapping[str, str] = {
    "reconstruction": "weight_reconstruction",
    "anchor": "weight_anchor",
    "kl_static": "weight_static",
    "kl_dynamics": "weight_dynamics",
}


def _measured(studio: "Studio", frames: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """Features g_t and the loss's unweighted terms of one clip, uint8 (frames, size, size, 3)."""
    import torch

    from seqdisent_core.domains.images import as_clip
    from seqdisent_core.methods import Batch, Moment

    method = studio.method
    with torch.inference_mode():
        batch = Batch(as_clip(frames, method.device)[None], torch.zeros(1, dtype=torch.long))
        terms = method.loss(batch, Moment(generator=torch.Generator().manual_seed(SAMPLE_SEED)))
    return studio.features(frames), {term: round(float(terms[term]), 2) for term in TERMS}


def _one_of_each(
    studio: "Studio", static: np.ndarray, expressions: Collection[str]
) -> "list[tuple[Sample, dict[str, str]]]":
    """Movements sampled for a person: of each expression the first, by seed, that the judge reads as such."""
    found: dict[str, tuple[Sample, dict[str, str]]] = {}
    for seed in range(SAMPLE_SEED, SAMPLE_SEED + SAMPLE_SEEDS):
        (sample,) = studio.sample_dynamics(static, count=1, frames=SAMPLE_FRAMES, seed=seed)
        seen = _read(studio.read(sample.frames))
        found.setdefault(seen["expression"], (sample, seen))
        if found.keys() >= set(expressions):
            break
    return list(found.values())


def _read(reading: "Reading | None") -> dict[str, str]:
    if reading is None:
        raise ConfigError("The lecture's material needs a judge, which this model has not. Leave --model out.")
    return reading.names


def _showcase(folder: Path, size: int) -> list[np.ndarray]:
    """The films of a model's showcase, at the model's size."""
    import cv2

    from seqdisent_core.media import read_video

    about = json.loads((folder / "showcase.json").read_text(encoding="utf-8"))
    return [
        np.stack(
            [cv2.resize(f, (size, size), interpolation=cv2.INTER_AREA) for f in read_video(folder / film["file"])[0]]
        )
        for film in about["films"]
    ]


def write_sheet(path: Path, clips: list[np.ndarray]) -> None:
    """`sheet_bytes` in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sheet_bytes(clips))


def crop_failures(sheet: Path, out: Path) -> None:
    """Of the sheet that examples/failures.py draws (nine rows of eight frames): a turned head beside a smile.

    Above is the truth, below the swap; three frames of each, with a gap between the two.
    """
    drawn = iio.imread(sheet)
    height, width = drawn.shape[0] // 9, drawn.shape[1] // 8
    gap = np.full((2 * height, width // 8, 3), 255, np.uint8)

    def case(rows: tuple[int, int], frames: tuple[int, ...]) -> np.ndarray:
        cells = [
            [drawn[row * height : (row + 1) * height, at * width : (at + 1) * width] for at in frames] for row in rows
        ]
        return np.concatenate([np.concatenate(row, axis=1) for row in cells])

    turned, smile = case((1, 2), (0, 2, 5)), case((4, 5), (0, 3, 4))
    iio.imwrite(out, np.concatenate([turned, gap, smile], axis=1), quality=82, method=6)


def sheet_bytes(clips: list[np.ndarray]) -> bytes:
    """WebP of clips, each uint8 (frames, size, size, 3); shorter ones hold their last frame."""
    longest = max(map(len, clips))
    rows = [np.concatenate([*clip, *[clip[-1]] * (longest - len(clip))], axis=1) for clip in clips]
    return iio.imwrite("<bytes>", np.concatenate(rows, axis=0), extension=".webp", quality=80, method=6)


@dataclass(frozen=True)
class Live:
    """A clip from the audience and what the model makes of it.

    given: some frames of the clip; rebuilt: the same as decoded, both uint8 (frames, size, size, 3). moved, sampled:
    the clip's own pixels with another clip's movement, and with one that is sampled, uint8 (frames, side, side, 3).
    features: g_t of the frames given, float32 (frames, feature_dim); anchor: number of the frame that s was read from;
    seconds: of the clip; what is sampled has latents.FPS frames a second. face, change: of which these are made, and
    the other clip's change of dynamics.
    """

    given: np.ndarray
    rebuilt: np.ndarray
    moved: np.ndarray
    sampled: np.ndarray
    features: np.ndarray
    anchor: int
    seconds: float
    face: "OwnFace"
    change: np.ndarray

    @property
    def subtracted(self) -> np.ndarray:
        """u_t = g_t - g_anchor, as `wild` reads it, not divided: (frames, feature_dim)."""
        return self.features - self.features[self.anchor]


def take_apart(studio: "Studio", path: Path, driver: Path, report: Callable[[str], None] = lambda words: None) -> Live:
    """Reads a film's face, rebuilds it, and moves its own pixels as another film does and as the prior samples.

    Nothing is learnt yet: see `learn`. Of a long clip, LIVE_FRAMES evenly spaced ones are given. report: gets what is
    done next, in words. Raises VideoError or FaceError.
    """
    report("Finding the face")
    clip, other = studio.read_face(path).require_movement(), studio.read_face(driver)
    report("Reading who it is and what it does")
    at = _given(clip)
    does = studio.encode_face(other).dynamics
    features = studio.features(clip.frames[at])
    face = next(studio.learn_face(clip, seconds=0))
    report("Moving the face in the video")
    anchor, seconds = int(np.abs(at - clip.anchor).argmin()), len(clip.frames) / clip.fps
    change = does - does[other.anchor]
    return Live(clip.frames[at], *_made(face, change), features, anchor, seconds, face, change)


def learn(live: Live, studio: "Studio", report: Callable[[str], None] = lambda words: None, **limits: Any) -> Live:
    """The same once the model has learnt the face, which looks more like the person.

    limits: `seconds` or `steps` of learning, as of `personalise`.
    """
    from seqdisent_core.reenactment import STEPS, own_faces

    for face in own_faces(studio.method, live.face.subject, every=0.5, head=studio.head, **limits):
        report(f"Learning the face, step {face.tuned.steps} of {STEPS}")
    report("Moving the face in the video")
    rebuilt, moved, sampled = _made(face, live.change)
    return replace(live, rebuilt=rebuilt, moved=moved, sampled=sampled, face=face)


def _given(clip: "FaceClip") -> np.ndarray:
    return np.linspace(0, len(clip.frames) - 1, min(LIVE_FRAMES, len(clip.frames))).round().astype(int)


def _made(face: "OwnFace", change: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """rebuilt, moved, sampled, as of Live; moved lasts as long as the clip."""
    from seqdisent_core.latents import FPS, FRAMES, new_movement
    from seqdisent_core.reenactment import around_face, reach_within

    person, clip = face.subject, face.subject.clip
    at, reach = _given(clip), reach_within(person, LIVE_REACH)
    frames = int(np.clip(round(FPS * len(clip.frames) / clip.fps), *FRAMES))
    turns = np.linspace(0, len(change) - 1, len(at)).round().astype(int)
    moved = around_face(face.frames(change), person, LIVE_SIDE, reach)[turns]
    sampled = around_face(new_movement(face, frames=frames, seed=LIVE_SEED), person, LIVE_SIDE, reach)
    return face.rebuilt(at.tolist()), moved, sampled
