"""One person's film, or photograph, made to do what another's film does: as long as it, in the person's own picture."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import repeat, tee
from typing import Self, TypedDict, Unpack

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.errors import ConfigError, FaceError
from seqdisent_core.faces import AS_FILMED, FaceClip, cut_out, film_frames, film_pictures, inverse, lit, require_frame
from seqdisent_core.machine import one_each, picture_dtype
from seqdisent_core.media import Frames, VideoInfo, file_name
from seqdisent_core.methods import Anchored, Codes
from seqdisent_core.reenactment.compositing import Source, move_film, move_picture, paste_decoded
from seqdisent_core.reenactment.drawing import DrawnFrames, decode_frames, draw_frames, draws_motion
from seqdisent_core.reenactment.filling import choose_others
from seqdisent_core.reenactment.head import FAR, HeadTurn, Transfer, check_transfer
from seqdisent_core.reenactment.personalising import USUAL, Tuned, Tuning, personalise

PICTURE, LARGEST = 640, 1280  # pixels of a result's longer side: to look at soon, and at most
FACE = 192  # pixels of a face's square that are enough to look at soon: the decoded one has 128
_OFTEN = 0.05  # share of a driver's frames that turn too far from which on that is said
STRENGTHS = (0.0, 1.5)  # from still, by as much as the driver, to half as much again
# Of a preview, in pixels, seconds and frames: so small that two CPU cores make it in about a second.
PREVIEW_SIDE, PREVIEW_SECONDS, PREVIEW_FRAMES = FACE, 1.6, 16


@dataclass(frozen=True)
class Swap:
    """Two clips with their dynamics exchanged, uint8 RGB (frames, height, width, 3).

    `first` shows the first clip's person doing what the second clip does, in the second clip's time; `second` the
    other way round. Either is None where the clip that would move it is a photograph. in_films: whole pictures of the
    films, or else the decoded faces alone.
    """

    first: np.ndarray | None
    first_fps: float
    second: np.ndarray | None
    second_fps: float
    in_films: bool = False


class How(TypedDict, total=False):
    """How a film is made, as `drive` has it."""

    strength: float
    detail: bool
    transfer: Transfer
    goes_on: bool


@dataclass(frozen=True)
class Subject:
    """A person's clip made ready: with the whole picture that its anchor frame was cut out of.

    others: frames of the clip that show what the anchor frame may not, and the face in each, at the same scale.
    """

    clip: FaceClip
    source: Source
    others: tuple[int, ...] = ()
    faces: tuple[Source, ...] = ()

    @property
    def nbytes(self) -> int:
        """Of memory."""
        return self.clip.nbytes + sum(one.picture.nbytes for one in (self.source, *self.faces))

    @property
    def has_full_size(self) -> bool:
        """Whether the picture would be larger in full size."""
        ways = self.clip.transforms[self.clip.anchor], self.source.transform
        film, own = (abs(np.linalg.det(way[:, :2])) for way in ways)
        return max(self.source.picture.shape) < LARGEST and bool(own > 1.01 * film)


def subject(clip: FaceClip, *, full_size: bool = False) -> Subject:
    """Make a clip ready: its film's picture scaled down so far that results come soon, or in full size.

    Full size is the film's own, up to LARGEST pixels; else a film is made smaller where its face stays large enough.
    Raises as film_pictures does.
    """
    shrunk = float(np.median(np.sqrt(np.abs(np.linalg.det(clip.transforms[:, :, :2])))))
    face = clip.frames.shape[1] / shrunk  # the side of its square in the film

    def side(film: VideoInfo) -> int:
        return LARGEST if full_size else min(max(round(max(film.width, film.height) * FACE / face), PICTURE), LARGEST)

    require_frame(clip, clip.anchor)
    others = choose_others(clip.frames, clip.anchor, clip.occluded)
    indices = sorted({clip.anchor, *others})
    pictures = film_pictures(clip, indices, max_side=side)
    found = {index: Source(*picture) for index, picture in zip(indices, pictures, strict=True)}
    faces = tuple(_face_alone(found[index], clip.frames.shape[1]) for index in others)
    return Subject(clip, found[clip.anchor], tuple(others), faces)


def _face_alone(source: Source, size: int) -> Source:
    """The part of a picture in which the crop of `size` pixels lies."""
    corners = np.array([[x, y] for x in (-1.0, size) for y in (-1.0, size)])
    back = inverse(source.transform)
    places = corners @ back[:, :2].T + back[:, 2]
    most = np.array(source.picture.shape[1::-1])
    left, top = np.clip(np.floor(places.min(axis=0)).astype(int), 0, most - 1).tolist()
    right, bottom = np.clip(np.ceil(places.max(axis=0)).astype(int) + 1, [left + 1, top + 1], most).tolist()
    transform = source.transform.copy()
    transform[:, 2] += transform[:, :2] @ np.array([left, top], transform.dtype)
    return Source(source.picture[top:bottom, left:right].copy(), transform)


def results(first: FaceClip, second: FaceClip) -> tuple[int, ...]:
    """Whose films two clips give: the first person's (0), the second's (1), each where the other clip moves.

    Raises FaceError for two photographs.
    """
    whose = tuple(own for own, driver in ((0, second), (1, first)) if not driver.still)
    if not whose:
        raise FaceError(
            "Both clips are photographs, which have no movement to give. Replace one by a film in which the face moves."
        )
    return whose


def subjects(first: FaceClip, second: FaceClip, *, full_size: bool = False) -> tuple[Subject, Subject]:
    """Both clips made ready, at once. Raises as `results` and `subject` do."""
    results(first, second)
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(partial(subject, full_size=full_size), (first, second))
    return one, other


def drive(
    method: Anchored,
    person: Subject,
    driver: Subject,
    codes: tuple[Codes, Codes],
    *,
    strength: float = 1.0,
    detail: bool = True,
    transfer: Transfer = "all",
    goes_on: bool = False,
    head: HeadTurn | None = None,
    at: slice = slice(None),
) -> Frames:
    """Frames of the person's picture, uint8 (height, width, 3), doing what the driver's clip does, as long as it.

    codes: of the person and of the driver, batches of one. strength: 0 stays at the driver's anchor frame, 1 moves as
    much as the driver, more exaggerates. detail: the picture's own pixels are moved (compositing.py), or else the
    model's own are shown. transfer: of the movement all, the expression without turns of the head, or these alone; head
    tells them apart, and turns that are too far for one picture are damped. goes_on: not one picture is moved but the
    person's film, which goes on around the face until one of both clips ends: its head turns as filmed, with the
    driver's expression. at: which of the driver's frames. Raises ConfigError as `check_goes_on` does.
    """
    own, other = codes
    neutral, rest = other.dynamics[:, driver.clip.anchor, None], own.dynamics[:, person.clip.anchor, None]
    change = strength * (other.dynamics - neutral)
    if not goes_on:
        change = change[:, at] if head is None else head.only(change[:, at], transfer)
        return moved(method, person, own, neutral + change, detail=detail)
    head = check_goes_on(person.clip, head, detail=detail, transfer=transfer)
    times = np.arange(lasts(person.clip, driver.clip, goes_on=True))[at]
    filmed = _frames_at(times, person.clip, driver.clip)
    turned = own.dynamics[:, filmed] - rest
    dynamics = neutral + head.only(change[:, times], "expression") + turned - head.only(turned, "expression")
    light = person.clip.light
    source = replace(person.source, picture=lit(person.source.picture, light))
    still, drawn, faces, drawn_faces = _drawn(method, person, own, dynamics)
    drawn_filmed = draw_frames(method, own.static, own.dynamics[:, filmed])
    pictures, again = tee(_filmed(person, filmed))
    bright = (replace(one, picture=lit(one.picture, light)) for one in pictures)
    made = move_film(source, still, drawn, bright, drawn_filmed, faces, drawn_faces)
    return Frames((len(times), *source.picture.shape), _each_as_filmed(made, again, light))


def moved(method: Anchored, person: Subject, own: Codes, dynamics: Tensor, *, detail: bool = True) -> Frames:
    """Frames of the person's one picture, uint8 (height, width, 3), with dynamics (1, frames, dynamics_dim).

    own: the person's codes, a batch of one. The rest as in `drive`.
    """
    light = person.clip.light
    source = replace(person.source, picture=lit(person.source.picture, light))
    if detail:
        made = move_picture(source, *_drawn(method, person, own, dynamics))
    else:
        made = paste_decoded(source, decode_frames(method, own.static, dynamics))
    shape = (dynamics.shape[1], *source.picture.shape)
    return Frames(shape, _each_as_filmed(made, repeat(person.source), light))


def _drawn(
    method: Anchored, person: Subject, own: Codes, dynamics: Tensor
) -> tuple[DrawnFrames, DrawnFrames, list[Source], DrawnFrames | None]:
    """What is drawn for the anchor frame and for the frames wanted; the faces of other frames, and what for those."""
    light = person.clip.light
    still = draw_frames(method, own.static, own.dynamics[:, person.clip.anchor, None])
    faces = [replace(face, picture=lit(face.picture, light)) for face in person.faces if draws_motion(method)]
    drawn_faces = draw_frames(method, own.static, own.dynamics[:, list(person.others)]) if faces else None
    return still, draw_frames(method, own.static, dynamics), faces, drawn_faces


def lasts(person: FaceClip, driver: FaceClip, *, goes_on: bool = False) -> int:
    """How many frames a result has, at the driver's rate."""
    times = np.arange(len(driver.frames))
    return int((_frames_at(times, person, driver) < len(person.frames)).sum()) if goes_on else len(times)


def _frames_at(times: np.ndarray, person: FaceClip, driver: FaceClip) -> np.ndarray:
    """The person's frames that are filmed when the driver's frames `times` are."""
    return np.round(times * person.fps / driver.fps).astype(int)


def check_goes_on(
    clip: FaceClip, head: HeadTurn | None, *, detail: bool = True, transfer: Transfer = "all"
) -> HeadTurn:
    """Gives what is known of turns. Raises ConfigError where the film of this person can't go on around their face."""
    if clip.still:
        raise ConfigError("A photograph does not go on. Let its picture stand still, or choose a film of this person.")
    if head is None:
        raise ConfigError("This model does not tell head turns from expressions, so a film can't go on around a face.")
    if not detail:
        raise ConfigError("A film goes on in its own pixels. Let the picture stand still to see the model's.")
    if transfer == "head":
        raise ConfigError(
            "A film goes on with its own turns of the head. Let the picture stand still to transfer turns."
        )
    return head


def _filmed(person: Subject, indices: np.ndarray) -> Iterator[Source]:
    """Frames of the person's film, as large as the source's picture; indices: which, in rising order or the same."""
    if not len(indices):
        return
    side = max(person.source.picture.shape)
    with closing(film_frames(person.clip, int(indices[0]), max_side=side)) as frames:
        now, at = next(frames, None), int(indices[0])
        for index in indices:
            while at < index and now is not None:
                now, at = next(frames, None), at + 1
            if now is None:
                raise FaceError(f"{file_name(person.clip.source)} has become shorter. Choose it again.")
            yield Source(*now)


def _each_as_filmed(made: Iterator[np.ndarray], filmed: Iterable[Source], light: float) -> Iterator[np.ndarray]:
    """Frames that were made in pictures that were lit, as dark again; where nothing has changed they are as filmed."""
    for frame, source in zip(made, filmed, strict=False):
        if light == AS_FILMED:
            yield frame
        else:
            yield np.where(frame == lit(source.picture, light), source.picture, lit(frame, 1 / light))


@dataclass(frozen=True)
class Personalised:
    """People's clips made ready, and a model that knows them: not at all yet, a little, or well."""

    subjects: tuple[Subject, ...]
    tuned: Tuned
    head: HeadTurn | None = None

    @property
    def nbytes(self) -> int:
        """Of memory: the clips and their pictures, and what the tuned model has for itself."""
        return self.tuned.nbytes + sum(one.nbytes for one in self.subjects)

    @cached_property
    def _decoder(self) -> Anchored:
        """The tuned model as it is when the first frame is asked for, fast."""
        return self.tuned.method.for_inference(picture_dtype(self.tuned.method.device))

    def kept(self) -> Self:
        """A copy on the CPU, which stays as it is while the tuning goes on, and can be given to another process."""
        return replace(self, tuned=self.tuned.kept())

    def on(self, device: torch.device) -> Self:
        """The same with the model on a device: itself where it is there, or a copy."""
        tuned = self.tuned.on(device)
        return self if tuned is self.tuned else replace(self, tuned=tuned)


@dataclass(frozen=True)
class Pair(Personalised):
    """Two people's films made ready, and a model that knows them."""

    subjects: tuple[Subject, Subject]

    @property
    def results(self) -> tuple[int, ...]:
        """Whose films there are to make, as `results` has it."""
        first, second = self.subjects
        return results(first.clip, second.clip)

    def full_size(self, own: int | None = None) -> "Pair":
        """The same with the films' pictures in full size, which take longer to move; own: that of one person alone.

        Raises as `subject` does.
        """
        first, second = self.subjects
        if own is None:
            return replace(self, subjects=subjects(first.clip, second.clip, full_size=True))
        large = subject(self.subjects[own].clip, full_size=True)
        return replace(self, subjects=(first, large) if own else (large, second))

    def turns_far(self, driver: int) -> bool:
        """Whether a driver's head (0 or 1) turns, for long, farther from its anchor frame than a picture can follow."""
        if self.head is None:
            return False
        dynamics = self.tuned.codes[driver].dynamics[0]
        turns = self.head.turns(dynamics - dynamics[self.subjects[driver].clip.anchor])
        return bool((turns.abs() > FAR).any(dim=1).float().mean() > _OFTEN)

    def swap(self, **how: Unpack[How]) -> Swap:
        """Each person's film doing what the other's does; how, and what is raised, as in `frames`."""
        first, second = self.subjects
        _ = self._decoder  # folded once, before both threads ask for it
        whose = self.results
        with ThreadPoolExecutor(2, initializer=one_each) as threads:
            made = threads.map(lambda own: self.film(own, 1 - own, **how), whose)
            films = dict(zip(whose, made, strict=True))
        return Swap(films.get(0), second.clip.fps, films.get(1), first.clip.fps, in_films=True)

    def preview(self, own: int, *, reach: float = 1.0, **how: Unpack[How]) -> tuple[np.ndarray, float]:
        """A second or two of one result, the first person's (0) or the second's (1), where the driver is liveliest.

        Gives frames around the face, uint8 (frames, 192, 192, 3), 16 at most, and the seconds that they last, always of
        the picture that stands still. reach: sides of the face's square that are shown.
        """
        driver = self.subjects[1 - own].clip
        at = _liveliest(self.tuned.codes[1 - own].dynamics[0], driver.fps)
        film = _in_memory(self._frames(own, 1 - own, at, **(how | {"goes_on": False})))
        return around_face(film, self.subjects[own], PREVIEW_SIDE, reach), len(film) * at.step / driver.fps

    def film(self, own: int, driver: int, **how: Unpack[How]) -> np.ndarray:
        """The frames of `frames` in memory, uint8 (frames, height, width, 3)."""
        return _in_memory(self.frames(own, driver, **how))

    def frames(self, own: int, driver: int, **how: Unpack[How]) -> Frames:
        """One person's film (0 or 1) by one of the drivers, themself included; how as in `drive`.

        Made frame by frame while it is written: never all of it in memory, and done sooner. Raises ConfigError for a
        strength outside STRENGTHS, a transfer that the model cannot do, and as `check_goes_on` does.
        """
        return self._frames(own, driver, slice(None), **how)

    def _frames(self, own: int, driver: int, at: slice, **how: Unpack[How]) -> Frames:
        check_strength(how.get("strength", 1.0))
        check_transfer(how.get("transfer", "all"), self.head)
        person, codes = self.subjects[own], (self.tuned.codes[own], self.tuned.codes[driver])
        return drive(self._decoder, person, self.subjects[driver], codes, head=self.head, at=at, **how)


def _in_memory(frames: Frames) -> np.ndarray:
    film = np.empty(frames.shape, np.uint8)
    for number, frame in enumerate(frames):
        film[number] = frame
    return film


def check_strength(strength: float) -> None:
    """Raises ConfigError for a strength outside STRENGTHS."""
    if not STRENGTHS[0] <= strength <= STRENGTHS[1]:
        raise ConfigError(f"The strength is {strength:g}; it must be {STRENGTHS[0]:g} to {STRENGTHS[1]:g}.")


def pairs(
    method: Anchored,
    subjects: tuple[Subject, Subject],
    tuning: Tuning = USUAL,
    *,
    seconds: float | None = None,
    steps: int | None = None,
    every: float,
    seed: int = 0,
    head: HeadTurn | None = None,
) -> Iterator[Pair]:
    """A pair as it is tuned: before the first step, about every `every` seconds, at the end; see `personalise`.

    head: what the model knows of turns of the head.
    """
    clips = [one.clip for one in subjects]
    for tuned in personalise(
        method,
        [clip.frames for clip in clips],
        [clip.anchor for clip in clips],
        tuning,
        seconds=seconds,
        steps=steps,
        every=every,
        seed=seed,
        occluded=[clip.occluded for clip in clips],
    ):
        yield Pair(subjects, tuned, head)


def around_face(frames: np.ndarray | Frames, person: Subject, side: int, reach: float = 1.0) -> np.ndarray:
    """The face's square, `reach` times as large, cut out of a person's pictures: uint8 (frames, side, side, 3)."""
    to_square = face_square(person.source.transform, person.clip.frames.shape[1], side, reach)
    return np.stack([cut_out(frame, to_square, side) for frame in frames])


def face_square(transform: np.ndarray, size: int, side: int, reach: float = 1.0) -> np.ndarray:
    """Like `transform`, to a crop of `size` pixels, but to its square `reach` times as large, of `side` pixels."""
    scale = side / (reach * size)
    to_square = transform * scale
    to_square[:, 2] += 0.5 * side - 0.5 - scale * (0.5 * size - 0.5)  # the middle stays the middle
    return to_square


def reach_within(person: Subject, most: float) -> float:
    """Sides of the face's square, 1 to `most`, that a person's picture has room for."""
    height, width = person.source.picture.shape[:2]
    size = person.clip.frames.shape[1]
    middle = np.full(2, 0.5 * size - 0.5)
    corners = size / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    to_picture = inverse(person.source.transform)
    steps = corners @ to_picture[:, :2].T
    start = to_picture[:, :2] @ middle + to_picture[:, 2]
    room = np.where(steps > 0, np.array([width, height]) - 1 - start, start) / np.maximum(np.abs(steps), 1e-6)
    return float(np.clip(room.min(), 1.0, most))


def _liveliest(dynamics: Tensor, fps: float) -> slice:
    """Where most happens for a second or two, in steps that make it PREVIEW_FRAMES frames."""
    stride = max(1, int(PREVIEW_SECONDS * fps / PREVIEW_FRAMES))
    length = min(len(dynamics), stride * PREVIEW_FRAMES)
    moves = torch.cat([torch.zeros(1, device=dynamics.device), dynamics.diff(dim=0).norm(dim=1)]).cumsum(0)
    start = int((moves[length - 1 :] - moves[: len(moves) - length + 1]).argmax())
    return slice(start, start + length, stride)
