"""Self-reenactment: the second half of a person's film, made of what the first half shows, beside the real one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import imageio.v3 as iio
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from seqdisent_core.domains.images import as_clip
from seqdisent_core.evaluation.protocols import structural_similarity
from seqdisent_core.faces import FaceClip, cut_out, film_frames
from seqdisent_core.media import IN_A_FILM, labelled, mark, read_video, write_video
from seqdisent_core.methods import Anchored, Codes
from seqdisent_core.reenactment import (
    USUAL,
    Pair,
    Subject,
    Tuning,
    around_face,
    encode_in_windows,
    face_square,
    personalise,
    subject,
)

State = TypeVar("State")

# Pixels of the face's square and of what is written with it, in which a network finds a face as it is used to.
FACE, SIDE = 256, 384
REACH = SIDE / FACE
LEAST_FRAMES = 8  # of each half, as of any clip
ALL_RATES = 30.0  # frames a second: what clips have at most
_AT_ONCE = 16  # frames compared at a time, which bounds memory
_WORST, _COLUMNS, _SHOWN, _TITLE = 16, 8, 192, 24  # moments on the sheet, in a row, pixels of each, and above it


@dataclass(frozen=True)
class SelfFilms:
    """Films of a face's square and its surroundings, SIDE pixels a side, that show the same moments.

    The real one; the anchor frame's pixels warped, as a swap is made; decoded pixels alone; the anchor frame repeated.
    """

    real: Path
    ours: Path
    own_pixels: Path
    no_motion: Path

    @property
    def made(self) -> dict[str, Path]:
        """All but the real one, by the names that figures have."""
        return {name: path for name, path in asdict(self).items() if name != "real"}


def reenact_themselves(
    method: Anchored,
    subjects: Sequence[Subject],
    choose_anchor: Callable[[FaceClip], FaceClip],
    folder: Path,
    *,
    steps: Sequence[int],
    tuning: Tuning = USUAL,
    seed: int = 0,
    progress: Callable[[str], None] = lambda what: None,
) -> dict[int, list[SelfFilms]]:
    """Every person's second half by steps of personalising, which sees the first half alone.

    choose_anchor: gives a clip its anchor frame, such as Studio.with_neutral_anchor; it is asked of the first half. The
    films are written into `folder`; clips whose halves are too short are left out.
    """
    made: dict[int, list[SelfFilms]] = {at: [] for at in steps}
    for one in subjects:
        stem, split = one.clip.source.stem, middle(one.clip)
        if split is None:
            continue
        first = subject(choose_anchor(part(one.clip, slice(split))))
        second = Subject(part(one.clip, slice(split, None)), first.source)
        real, still = folder / "self" / f"{stem}.mp4", folder / "self" / f"{stem}_still.mp4"
        real.parent.mkdir(parents=True, exist_ok=True)
        write_video(real, real_faces(one.clip, split), one.clip.fps)
        anchor = around_face(first.source.picture[None], first, SIDE, REACH)
        write_video(still, anchor.repeat(len(second.clip.frames), axis=0), one.clip.fps)
        states = personalise(
            method,
            [first.clip.frames],
            [first.clip.anchor],
            tuning,
            steps=max(steps),
            every=0,
            seed=seed,
            occluded=[first.clip.occluded],
        )
        for at, tuned in at_steps(states, steps, lambda state: state.steps):
            progress(f"{stem} by itself, step {at}")
            dynamics = _read(tuned.method, one.clip, first.clip.anchor)[:, split:]
            codes = (tuned.codes[0], Codes(tuned.codes[0].static, dynamics))
            pair = Pair((first, second), replace(tuned, codes=codes))
            films = folder / f"{at}" / "self"
            films.mkdir(parents=True, exist_ok=True)
            paths = films / f"{stem}_ours.mp4", films / f"{stem}_own_pixels.mp4"
            for path, detail in zip(paths, (True, False), strict=True):
                write_video(path, around_face(pair.frames(0, 1, detail=detail), first, SIDE, REACH), one.clip.fps)
                mark(path, IN_A_FILM)  # inside the file alone: the judge looks at the pixels
            made[at].append(SelfFilms(real, *paths, still))
    return made


def at_steps(
    states: Iterator[State], steps: Sequence[int], done: Callable[[State], int]
) -> Iterator[tuple[int, State]]:
    """The state of a tuning after each of these numbers of steps; done: how many a state has made."""
    waiting = sorted(steps)
    for state in states:
        if waiting and done(state) == waiting[0]:
            yield waiting.pop(0), state


def middle(clip: FaceClip) -> int | None:
    """The frame at which a clip's second half begins, with the face in view on both sides of it; None: too short."""
    out = set(clip.occluded)
    for split in range(len(clip.frames) // 2, len(clip.frames)):
        if not {split - 1, split} & out:
            seen = len(clip.frames) - len(out)
            before = split - sum(at < split for at in out)
            return split if min(before, seen - before) >= LEAST_FRAMES else None
    return None


def part(clip: FaceClip, frames: slice) -> FaceClip:
    """Neighbouring frames of a clip, the first of them its anchor."""
    start, stop, _ = frames.indices(len(clip.frames))
    return replace(
        clip,
        frames=clip.frames[start:stop],
        transforms=clip.transforms[start:stop],
        start=clip.start + start,
        anchor=0,
        occluded=tuple(at - start for at in clip.occluded if start <= at < stop),
    )


def real_faces(clip: FaceClip, first: int) -> np.ndarray:
    """The face's square and its surroundings in the film, from frame `first` on, where the face is: uint8, SIDE."""
    size = clip.frames.shape[1]
    pictures = film_frames(clip, first)
    return np.stack([cut_out(picture, face_square(way, size, SIDE, REACH), SIDE) for picture, way in pictures])


def _read(method: Anchored, clip: FaceClip, anchor: int) -> torch.Tensor:
    """Dynamics of the whole clip, (1, frames, dynamics_dim), each window with the anchor frame before it."""
    return encode_in_windows(method, as_clip(clip.frames, method.device), anchor, occluded=clip.occluded).dynamics


def pixel_figures(real: np.ndarray, made: np.ndarray) -> dict[str, float | None]:
    """PSNR in dB and SSIM within the face's square, means over frames: uint8 (frames, SIDE, SIDE, 3).

    psnr is None where a frame is the real one, without any error.
    """
    rim = (SIDE - FACE) // 2
    squares = [torch.from_numpy(frames[:, rim:-rim, rim:-rim].copy()).permute(0, 3, 1, 2) for frames in (real, made)]
    errors, likeness = [], []
    for one, other in zip(*(frames.split(_AT_ONCE) for frames in squares), strict=True):
        one, other = one.float() / 255, other.float() / 255
        errors.append((one - other).square().mean(dim=(1, 2, 3)))
        likeness.append(structural_similarity(one, other))
    error = torch.cat(errors)
    psnr = float(-10 * error.log10().mean()) if error.all() else None
    return {"psnr": psnr, "ssim": float(torch.cat(likeness).mean())}


def worst_sheet(rows: Sequence[dict[str, Any]], films: Sequence[SelfFilms], path: Path) -> None:
    """PNG of the moments at which our landmarks are farthest from the real ones: the real frame above ours.

    rows: figures of each film's `ours`, by filmed_judge.compare, whose `worst` has the moments.
    """
    moments = [(error, seconds, one) for row, one in zip(rows, films, strict=True) for seconds, error in row["worst"]]
    moments = sorted(moments, key=lambda moment: -moment[0])[:_WORST]
    if not moments:
        return
    columns = [_column(*moment) for moment in moments]
    blank = np.full_like(columns[0], 255)
    columns += [blank] * (-len(columns) % _COLUMNS)
    bands = [np.concatenate(columns[at : at + _COLUMNS], axis=1) for at in range(0, len(columns), _COLUMNS)]
    iio.imwrite(path, np.concatenate(bands))
    mark(path, IN_A_FILM)


def _column(error: float, seconds: float, films: SelfFilms) -> np.ndarray:
    """A title, the real frame and ours below it, uint8 (height, _SHOWN, 3)."""
    title = Image.new("RGB", (_SHOWN, _TITLE), "white")
    said = f"{films.real.stem}, {seconds:.1f} s: {error:.1f} px"
    ImageDraw.Draw(title).text((4, 5), said, fill="black", font=ImageFont.load_default(12))
    shown = []
    for film in (films.real, films.ours):
        frames, fps = read_video(film, max_fps=ALL_RATES, max_side=_SHOWN)
        shown.append(frames[min(round(seconds * fps), len(frames) - 1)])
    return np.concatenate([np.asarray(title), shown[0], labelled(shown[1])])
