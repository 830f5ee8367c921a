"""One person's film, or photograph, made to do what nobody did: any change of dynamics, in the person's own picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from seqdisent_core.errors import SeqdisentError
from seqdisent_core.machine import picture_dtype
from seqdisent_core.media import Frames
from seqdisent_core.methods import Anchored
from seqdisent_core.reenactment.drawing import decode_frames
from seqdisent_core.reenactment.head import HeadTurn
from seqdisent_core.reenactment.pairs import Subject, moved, subject
from seqdisent_core.reenactment.personalising import Tuned, personalise


@dataclass(frozen=True)
class OwnFace:
    """A person's clip made ready, and a model that knows them: not at all yet, a little, or well."""

    subject: Subject
    tuned: Tuned
    head: HeadTurn | None = None

    @property
    def nbytes(self) -> int:
        """Of memory: the clip and its pictures, and what the tuned model has for itself."""
        return self.tuned.nbytes + self.subject.nbytes

    @cached_property
    def _decoder(self) -> Anchored:
        """The tuned model as it is when the first frame is asked for, fast."""
        return self.tuned.method.for_inference(picture_dtype(self.tuned.method.device))

    def kept(self) -> "OwnFace":
        """A copy on the CPU, which stays as it is while the tuning goes on, and can be given to another process."""
        return replace(self, tuned=self.tuned.kept())

    def on(self, device: torch.device) -> "OwnFace":
        """The same with the model on a device: itself where it is there, or a copy."""
        tuned = self.tuned.on(device)
        return self if tuned is self.tuned else replace(self, tuned=tuned)

    def full_size(self) -> "OwnFace":
        """The same with the picture in full size, which takes longer to move. Raises as `subject` does."""
        return replace(self, subject=subject(self.subject.clip, full_size=True))

    def rebuilt(self, at: Sequence[int]) -> np.ndarray:
        """Some frames of the clip as the model decodes them from its codes: uint8 (frames, size, size, 3)."""
        (own,) = self.tuned.codes
        return decode_frames(self._decoder, own.static, own.dynamics[:, list(at)])

    def frames(self, change: np.ndarray) -> Frames:
        """The person's picture, made frame by frame: uint8 (frames, height, width, 3).

        change: of the dynamics, from those of the person's anchor frame, float32 (frames, dynamics_dim); at zero the
        picture is as it was filmed. Turns of the head that are too far for one picture are damped. Raises
        SeqdisentError for another shape.
        """
        (own,), method, clip = self.tuned.codes, self._decoder, self.subject.clip
        if change.ndim != 2 or not len(change) or change.shape[1] != method.dynamics_dim:
            raise SeqdisentError(f"A change is (frames, {method.dynamics_dim}); this one is {change.shape}.")
        wanted = torch.from_numpy(change).to(own.dynamics)[None]
        dynamics = own.dynamics[:, clip.anchor, None] + (wanted if self.head is None else self.head.only(wanted, "all"))
        return moved(method, self.subject, own, dynamics)


def own_faces(
    method: Anchored,
    person: Subject,
    *,
    seconds: float | None = None,
    steps: int | None = None,
    every: float,
    seed: int = 0,
    head: HeadTurn | None = None,
) -> Iterator[OwnFace]:
    """A person as the model learns them: before the first step, about every `every` seconds, at the end; as `pairs`."""
    clip = person.clip
    for tuned in personalise(
        method,
        [clip.frames],
        [clip.anchor],
        seconds=seconds,
        steps=steps,
        every=every,
        seed=seed,
        occluded=[clip.occluded],
    ):
        yield OwnFace(person, tuned, head)
