"""One person's film, or photograph, made to do what nobody did: any change of dynamics, in the person's own picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from seqdisent_core.errors import SeqdisentError
from seqdisent_core.media import Frames
from seqdisent_core.methods import Anchored
from seqdisent_core.reenactment.drawing import decode_frames
from seqdisent_core.reenactment.head import HeadTurn
from seqdisent_core.reenactment.pairs import Personalised, Subject, moved, subject
from seqdisent_core.reenactment.personalising import personalise


@dataclass(frozen=True)
class OwnFace(Personalised):
    """A person's clip made ready, and a model that knows them."""

    subjects: tuple[Subject]

    @property
    def subject(self) -> Subject:
        return self.subjects[0]

    def full_size(self) -> "OwnFace":
        """The same with the picture in full size, which takes longer to move. Raises as `subject` does."""
        return replace(self, subjects=(subject(self.subject.clip, full_size=True),))

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
        yield OwnFace((person,), tuned, head)
