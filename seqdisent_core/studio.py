"""What people do with a trained model: read a face, take it apart, swap, put it together again, write it down."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch

from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import checkpoint_folder
from seqdisent_core.domains.images import as_clip, as_frames
from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.evaluation import Judge, Reading
from seqdisent_core.faces import FaceClip, read_face
from seqdisent_core.latents import (
    Direction,
    Drawn,
    Factor,
    Latents,
    StudioCodes,
    along,
    between,
    check_limits,
    draw_dynamics,
    draw_person,
)
from seqdisent_core.machine import picture_dtype, place
from seqdisent_core.methods import Codes, Method, anchored
from seqdisent_core.reenactment import (
    HeadTurn,
    NeutralFrame,
    OwnFace,
    Pair,
    Swap,
    encode_in_windows,
    own_faces,
    pairs,
    results,
    subject,
    subjects,
)
from seqdisent_core.weights import sha256_of

DRAWN, FILMED = "facekit52", "wild"  # of the checkpoints that come with the package, for which people
SHIPPED_JUDGE = "checkpoints/facekit52_judge"
VIEW_SIZE = 256  # pixels a side of written films: a browser's own enlargement of 64 px is a blur


@dataclass(frozen=True)
class Sample:
    """A new clip. frames: uint8 RGB (frames, size, size, 3); name: what it is, such as "seed 7"."""

    frames: np.ndarray
    codes: StudioCodes
    name: str
    seed: int | None


class Studio:
    """A model in memory behind plain arrays; uint8 in and out, the GPU where there is one, safe to share by threads."""

    def __init__(
        self,
        method: Method,
        device: str | None = None,
        *,
        judge: Judge | None = None,
        latents: Callable[[], Latents] | None = None,
        neutral: NeutralFrame | None = None,
        head: HeadTurn | None = None,
    ) -> None:
        """`judge` reads what is drawn; `latents` says what is known of the codes; `neutral` chooses anchor frames;
        `head` tells turns of the head from expressions.

        Each may be missing; without `neutral` a clip's first frame is its anchor, as in the paper's experiments. A
        model on another device, or in training mode, is copied: the caller's own stays as it is.
        Raises ConfigError for a device that this machine does not have, and a method that lacks what is done here.
        """
        self.method = place(anchored(method), device)
        self._judge = None if judge is None else place(judge, device)
        self._fast = self.method.for_inference(picture_dtype(self.method.device))
        self._find_latents = latents
        self._neutral, self.head = neutral, head
        self._latents: Latents | None = None
        self._lock = Lock()
        self.checkpoint = ""  # as `from_pretrained` takes it; none where it was not loaded from one

    @classmethod
    def from_pretrained(cls, source: str | Path | None = None, *, device: str | None = None) -> "Studio":
        """A checkpoint folder, a Hugging Face Hub id, or the name of a checkpoint that comes with the package.

        None: "facekit52", the one that comes with a judge; "wild" is the one for people's own films. Raises ConfigError
        where that is no checkpoint or there is no such device.
        """
        folder = checkpoint_folder(DRAWN if source is None else source)
        judge = Judge.from_pretrained(asset(SHIPPED_JUDGE)) if folder == checkpoint_folder(DRAWN) else None
        method, latents = Method.from_pretrained(folder), partial(_load_latents, folder)
        faces: dict[str, Any] = {"neutral": NeutralFrame.load(folder), "head": HeadTurn.load(folder)}
        studio = cls(method, device, judge=judge, latents=latents, **faces)
        studio.checkpoint = str(DRAWN if source is None else source)
        return studio

    @property
    def size(self) -> int:
        """Side of the model's frames in pixels."""
        return self.method.backbone.element[-1]

    @property
    def device(self) -> str:
        return str(self.method.device)

    def read_face(
        self,
        path: str | Path,
        *,
        face: int = 0,
        start: float = 0.0,
        seconds: float = 10.0,
        progress: Callable[[float], None] | None = None,
    ) -> FaceClip:
        """The face of a video or a photograph at the model's size; face 0 is the largest.

        start, seconds: which part of a video is read, in seconds.
        Its anchor is a neutral frame, or the first where the model has not learnt what that is (NeutralFrame).
        Raises VideoError or FaceError.
        """
        part: dict[str, Any] = {"start_seconds": start, "max_seconds": seconds}
        return self.with_neutral_anchor(read_face(path, size=self.size, face=face, progress=progress, **part))

    def with_neutral_anchor(self, clip: FaceClip) -> FaceClip:
        """The same clip of the model's size with its anchor chosen as `read_face` does, among the frames it has."""
        if self._neutral is None:
            return replace(clip, anchor=0)
        return replace(clip, anchor=self._neutral.choose(self._fast, clip.frames, clip.occluded))

    def encode(self, frames: np.ndarray, *, anchor: int = 0) -> StudioCodes:
        """Take a clip apart: uint8 (frames, size, size, 3); the static code is read from frame `anchor`.

        Each window of the clip is shown with that frame first, as in training, where each clip begins with it. Raises
        SeqdisentError for other shapes or dtypes, and for an anchor that is not in the clip.
        """
        return self._encode(frames, anchor)

    def encode_face(self, clip: FaceClip) -> StudioCodes:
        """Take a face's clip of the model's size apart, from its anchor frame. Raises as `encode`."""
        return self._encode(clip.frames, clip.anchor, clip.occluded)

    def _encode(self, frames: np.ndarray, anchor: int, occluded: Sequence[int] = ()) -> StudioCodes:
        self._check(frames)
        if not 0 <= anchor < len(frames):
            raise SeqdisentError(f"Anchor {anchor} lies outside a clip of {len(frames)} frames.")
        with self._lock, torch.inference_mode():
            codes = encode_in_windows(self._fast, as_clip(frames, self.method.device), anchor, occluded=occluded)
            return StudioCodes(codes.static[0].cpu().numpy(), codes.dynamics[0].cpu().numpy())

    def features(self, frames: np.ndarray) -> np.ndarray:
        """g_t, what the model reads in each frame by itself: uint8 (frames, size, size, 3) -> (frames, feature_dim)."""
        self._check(frames)
        with self._lock, torch.inference_mode():
            return self._fast.frame_features(as_clip(frames, self.method.device)[None])[0].float().cpu().numpy()

    def decode(self, static: np.ndarray, dynamics: np.ndarray) -> np.ndarray:
        """Put codes together: float32 (static_dim,), (frames, dynamics_dim) -> uint8 (frames, size, size, 3).

        Raises SeqdisentError for other shapes.
        """
        wanted = (self.method.static_dim,), (self.method.dynamics_dim,)
        if (static.shape, dynamics.shape[1:]) != wanted or not len(dynamics):
            raise SeqdisentError(
                f"Codes are ({wanted[0][0]},) and (frames, {wanted[1][0]}); these are {static.shape}, {dynamics.shape}."
            )
        return self._decode(static[None], dynamics[None])[0]

    def _decode(self, static: np.ndarray, dynamics: np.ndarray) -> np.ndarray:
        """Several clips of one length at once: (clips, static_dim), (clips, frames, dynamics_dim)."""
        device = self.method.device
        codes = Codes(*(torch.from_numpy(code).float().to(device) for code in (static, dynamics)))
        with self._lock, torch.inference_mode():
            decoded = self._fast.decode(codes)
        return as_frames(decoded)

    def reconstruct(self, frames: np.ndarray) -> np.ndarray:
        """Take a clip apart and put it together again: what the model keeps of it."""
        codes = self.encode(frames)
        return self.decode(codes.static, codes.dynamics)

    def swap(self, first: FaceClip, second: FaceClip) -> Swap:
        """Each person doing what the other does. Raises FaceError for two photographs."""
        whose = results(first, second)
        one, other = self.encode_face(first), self.encode_face(second)
        made = [(one.static, other.dynamics), (other.static, one.dynamics)]
        if len(one.dynamics) == len(other.dynamics):
            swapped = dict(enumerate(self._decode(*(np.stack(codes) for codes in zip(*made, strict=True)))))
        else:
            swapped = {own: self.decode(*made[own]) for own in whose}
        return Swap(first=swapped.get(0), first_fps=second.fps, second=swapped.get(1), second_fps=first.fps)

    def personalise(
        self,
        first: FaceClip,
        second: FaceClip,
        *,
        seconds: float | None = None,
        every: float = 3.0,
        full_size: bool = False,
    ) -> Iterator[Pair]:
        """Fine-tunes a copy of the model to two people; yields the pair at once, while tuning, and at the end.

        One may be a photograph, which can be moved and has no movement to give: then there is one result.
        It takes 75 steps. seconds: of tuning, at most, 0 for none; every: between two states. Stop whenever you like.
        `Pair.swap` gives both videos, each with the other's movement and as long as the driver; `Pair.full_size`
        before it, or full_size from the start, gives the input resolution. Raises VideoError or FaceError where a film
        cannot be read any more, and FaceError for two photographs.
        """
        two = subjects(first.at_size(self.size), second.at_size(self.size), full_size=full_size)
        return pairs(self.method, two, seconds=seconds, every=every, head=self.head)

    def learn_face(self, clip: FaceClip, *, seconds: float | None = None, every: float = 3.0) -> Iterator[OwnFace]:
        """Fine-tunes a copy of the model to the face of one video or photograph, as `personalise` does for two.

        `latents.new_movement` makes their own picture move in a way that is sampled. Raises VideoError or FaceError
        where the film cannot be read any more.
        """
        one = subject(clip.at_size(self.size))
        return own_faces(self.method, one, seconds=seconds, every=every, head=self.head)

    @property
    def latents(self) -> Latents:
        """The fitted distribution of static codes, and the named directions. Raises ConfigError if there are none."""
        if self._latents is None:
            if self._find_latents is None:
                raise ConfigError("Nothing is known of the codes of this model. Load it from its folder.")
            self._latents = self._find_latents()
        return self._latents

    def read(self, frames: np.ndarray) -> Reading | None:
        """Who the judge sees in uint8 (frames, size, size, 3) and what they do; None where this model has no judge."""
        with self._lock:
            return None if self._judge is None else self._judge.read(frames)

    def sample_dynamics(
        self, static: np.ndarray, *, count: int = 8, frames: int = 15, temperature: float = 1.0, seed: int = 0
    ) -> list[Sample]:
        """A person, float32 (static_dim,), with dynamics sampled from the prior; clip i has the seed `seed` + i.

        count 1 to 16, frames 8 to 60, temperature 0 to 2. Raises SeqdisentError outside those.
        """
        return self.sample(static=static, count=count, frames=frames, temperature=temperature, seed=seed)

    def sample_people(
        self, dynamics: np.ndarray, *, count: int = 8, temperature: float = 1.0, seed: int = 0
    ) -> list[Sample]:
        """New people with given dynamics, float32 (frames, dynamics_dim); sampled from `latents`.

        Limits: as of `sample_dynamics`.
        """
        return self.sample(dynamics=dynamics, count=count, temperature=temperature, seed=seed)

    def sample(
        self,
        *,
        static: np.ndarray | None = None,
        dynamics: np.ndarray | None = None,
        count: int = 8,
        frames: int = 15,
        temperature: float = 1.0,
        seed: int = 0,
    ) -> list[Sample]:
        """New clips: codes that are given are kept, others are sampled. Limits: as of `sample_dynamics`."""
        check_limits(count=count, frames=frames, temperature=temperature, seed=seed)
        samples = []
        for own in range(seed, seed + count):
            with self._lock:
                who = draw_person(self.latents, temperature, own) if static is None else static
                does = draw_dynamics(self.method, frames, temperature, own) if dynamics is None else dynamics
            samples.append(self._sample(Drawn(StudioCodes(who, does), f"seed {own}", own)))
        return samples

    def interpolate(self, first: StudioCodes, second: StudioCodes, *, factor: Factor, steps: int = 8) -> list[Sample]:
        """From the first clip's person (or movement) to the second's, 1 to 16 steps; the rest is the first clip's."""
        check_limits(count=steps)
        return [self._sample(drawn) for drawn in between(first, second, factor, steps)]

    def move(self, codes: StudioCodes, direction: Direction, *, steps: int = 7) -> list[Sample]:
        """A clip moved along one of `latents.directions`, 1 to 16 steps."""
        check_limits(count=steps)
        return [self._sample(drawn) for drawn in along(codes, direction, steps)]

    def _check(self, frames: np.ndarray) -> None:
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[1:] != (self.size, self.size, 3):
            raise SeqdisentError(
                f"A clip is uint8 (frames, {self.size}, {self.size}, 3); this one is {frames.dtype} {frames.shape}."
            )

    def _sample(self, drawn: Drawn) -> Sample:
        return Sample(self.decode(drawn.codes.static, drawn.codes.dynamics), drawn.codes, drawn.name, drawn.seed)


def _load_latents(folder: Path) -> Latents:
    return Latents.load(folder, sha256_of(folder))
