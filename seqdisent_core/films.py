"""Results as files: videos that every browser plays, each marked as synthetic, and contact sheets."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, Unpack

import cv2
import imageio.v3 as iio
import numpy as np

from seqdisent_core.errors import VideoError
from seqdisent_core.faces import FaceClip, cut_out, film_frames
from seqdisent_core.latents import FPS, check_limits, new_movement
from seqdisent_core.machine import one_each
from seqdisent_core.media import (
    IN_A_FILM,
    MADE,
    Frames,
    captioned,
    clip_rows,
    labelled,
    mark,
    read_video,
    write_gif,
    write_video,
)
from seqdisent_core.reenactment import How, OwnFace, Pair, around_face, face_square, reach_within
from seqdisent_core.studio import VIEW_SIZE, Sample, Swap

Play = Literal["once", "loop", "boomerang"]
GIF_WIDTH = 320  # pixels, at most
SHEET_SIDE = 128
MOVED_REACH = 1.4  # sides of the face's square that sheets of moved faces show, so that hair and chin are seen
MOST_REPEATED = 150  # frames
NO_LOOP = "Looping works up to 5 s at 30 fps. Use a shorter clip."
GIVEN_SIDE, BESIDE_SIDE = 480, 640  # pixels of the longer side, at most


@dataclass(frozen=True)
class SwapFiles:
    """Where a swap was written: its films, each as MP4 and GIF (None as in Swap), and a picture of all clips."""

    first: Path | None
    first_gif: Path | None
    second: Path | None
    second_gif: Path | None
    sheet: Path


def write_made(
    path: Path,
    frames: np.ndarray | Frames,
    fps: float,
    *,
    width: int | None = None,
    audio_from: Path | None = None,
    audio_start: float = 0.0,
    source_type: str = MADE,
) -> Path:
    """Write a made clip as MP4 or GIF by its name, labelled and marked as synthetic; frames as video.write_video's.

    width: to which frames are scaled, None for their own; audio_from, audio_start: whose sound an MP4 gets, and from
    which second on. Raises VideoError as video.write_video does.
    """
    count, height, own_width, _ = frames.shape
    size = (width or own_width, round(height * (width or own_width) / own_width))
    shown = Frames((count, *size[::-1], 3), (labelled(_scaled(frame, size)) for frame in frames))
    if path.suffix == ".gif":
        write_gif(path, shown, fps)
    else:
        write_video(path, shown, fps, audio_from=audio_from, audio_start=audio_start)
    mark(path, source_type)
    return path


def save_swap(swap: Swap, folder: str | Path, first: FaceClip, second: FaceClip, *, play: Play = "once") -> SwapFiles:
    """Write both films as MP4 (with the driver's sound where it has one) and GIF, and a sheet of all clips as PNG.

    Files are named after the clips. play: "loop" three times over, "boomerang" there and back, both without sound. The
    sheet's rows: first clip, second clip, the two swaps, time to the right.
    """
    films = {own: frames for own, frames in enumerate((swap.first, swap.second)) if frames is not None}
    clips = (first, second)
    return _write_films([*films], films.__getitem__, Path(folder), clips, play=play, in_film=swap.in_films)


def write_swap(
    pair: Pair,
    folder: str | Path,
    *,
    play: Play = "once",
    report: Callable[[float], object] = lambda share: None,
    **how: Unpack[How],
) -> SwapFiles:
    """As save_swap, of both films of a pair, each written while it is made: never all of one in memory.

    report: gets 0 to 1; how, and what is raised, as in Pair.frames.
    """
    first, second = pair.subjects
    clips = (first.clip, second.clip)
    return _write_films(
        pair.results, lambda own: pair.frames(own, 1 - own, **how), Path(folder), clips, play=play, report=report
    )


def _write_films(
    whose: Sequence[int],
    film: Callable[[int], np.ndarray | Frames],
    folder: Path,
    clips: tuple[FaceClip, FaceClip],
    *,
    play: Play,
    in_film: bool = True,
    report: Callable[[float], object] = lambda share: None,
) -> SwapFiles:
    """whose: of the first clip's person (0), the second's (1); film: gives one's frames; the rest as in write_moved."""
    folder.mkdir(parents=True, exist_ok=True)
    shares = dict.fromkeys(whose, 0.0)

    def write(own: int) -> tuple[Path, Path, np.ndarray]:
        frames = film(own)
        count, height, width, _ = frames.shape
        across = max(VIEW_SIZE, min(width, GIF_WIDTH))
        size = across, round(height * across / width)
        shown, kept, small = _evenly(count), {}, []

        def seen() -> Iterator[np.ndarray]:
            for at, frame in enumerate(frames):
                small.append(_scaled(frame, size))
                if at in shown:
                    kept[at] = frame
                shares[own] = (at + 1) / count
                report(sum(shares.values()) / len(shares))
                yield frame

        mp4 = write_moved(Frames(frames.shape, seen()), own, folder, clips, play=play, in_film=in_film)
        gif = write_moved(np.stack(small), own, folder, clips, ending=".gif", play=play, in_film=in_film)
        return mp4, gif, _squares(np.stack([kept[at] for at in shown]))

    with ThreadPoolExecutor(2, initializer=one_each) as threads:  # each waits for a process of its own as well
        written = dict(zip(whose, threads.map(write, whose), strict=True))
    sheet = folder / "sheet.png"
    rows = [*(_squares(clip.frames[_evenly(len(clip.frames))]) for clip in clips)]
    rows += [labelled(row) for *_, row in written.values()]
    iio.imwrite(sheet, clip_rows(rows, scale=1))
    mark(sheet, IN_A_FILM if in_film else MADE)
    (first, first_gif), (second, second_gif) = (written.get(own, (None, None))[:2] for own in (0, 1))
    return SwapFiles(first, first_gif, second, second_gif, sheet)


def _evenly(count: int) -> list[int]:
    """Some of so many frames, by their numbers, first and last included."""
    return np.linspace(0, count - 1, 8).round().astype(int).tolist()


def write_moved(
    frames: np.ndarray | Frames,
    who: int,
    folder: Path,
    clips: Sequence[FaceClip],
    *,
    ending: str = ".mp4",
    play: Play = "once",
    in_film: bool = True,
) -> Path:
    """Write one such film alone, that of the first (0) or the second clip's person (1), doing what the other does.

    ending: ".mp4" or ".gif"; in_film: as Swap's in_films.
    """
    person, driver = clips[who], clips[1 - who]
    stem = f"{('first', 'second')[who]}_{_short_stem(person.source)}_moved_by_{_short_stem(driver.source)}"
    most = GIF_WIDTH if ending == ".gif" else frames.shape[2]
    return write_made(
        folder / f"{stem}{ending}",
        frames if play == "once" or (ending, play) == (".gif", "loop") else played(np.stack(list(frames)), play),
        driver.fps,
        width=max(VIEW_SIZE, min(frames.shape[2], most)),
        audio_from=driver.source if ending == ".mp4" and play == "once" else None,
        audio_start=driver.start / driver.fps,  # where its face comes into view
        source_type=IN_A_FILM if in_film else MADE,
    )


def write_given(
    folder: Path, stem: str, clip: FaceClip, *, count: int, fps: float, reach: float = 1.0, play: Play = "once"
) -> tuple[Path, Path]:
    """Write a clip as it was filmed, two MP4s to look at beside what is made: the face's square, and the whole picture.

    count: how many frames at most. fps: of a photograph, the rate at which it stands still, for all of these. reach:
    sides of the face's square that are shown. Raises VideoError as `played` does, or where the film can't be read any
    more.
    """
    size = clip.frames.shape[1]
    seen = [
        (picture, cut_out(picture, face_square(way, size, VIEW_SIZE, reach), VIEW_SIZE))
        for picture, way in islice(film_frames(clip, 0, max_side=GIVEN_SIDE), min(count, len(clip.frames)))
    ]
    order = played(np.zeros(count, int) if clip.still else np.arange(len(seen)), play)
    rate = fps if clip.still else clip.fps

    def write(name: str, kind: int) -> Path:
        frames = Frames((len(order), *seen[0][kind].shape), (seen[at][kind] for at in order))
        return write_video(folder / name, frames, rate, hurried=True)

    with ThreadPoolExecutor(2) as encoders:  # each waits for a process of its own
        whole, face = encoders.map(write, (f"{stem}_whole.mp4", f"{stem}.mp4"), (0, 1))
    return face, whole


def write_beside(path: Path, driver: Path, result: Path) -> Path:
    """Write two videos side by side, the driver left and the result right, of equal height.

    path: an MP4; or a PNG, of the frame in which the driver looks least as at its beginning. driver, result: MP4s, of
    which the longer is cut. Both are named in the picture; the sound is the result's, if it has any.
    Raises VideoError where one cannot be read.
    """
    left, fps = read_video(driver, max_side=BESIDE_SIDE, max_fps=60.0, max_seconds=60.0)
    right, _ = read_video(result, max_side=BESIDE_SIDE, max_fps=60.0, max_seconds=60.0)
    height, count = min(left.shape[1], right.shape[1]), min(len(left), len(right))

    def both(at: int) -> np.ndarray:
        pair = left[at], right[at]
        sides = [_scaled(one, (round(one.shape[1] * height / one.shape[0]), height)) for one in pair]
        return np.concatenate([captioned(sides[0], "driver"), captioned(sides[1], "result")], axis=1)

    if path.suffix == ".png":
        coarse = left[:count, ::8, ::8].astype(np.int16)
        iio.imwrite(path, both(int(np.abs(coarse - coarse[0]).sum(axis=(1, 2, 3)).argmax())))
    else:
        write_video(path, Frames((count, *both(0).shape), map(both, range(count))), fps, audio_from=result)
    mark(path, IN_A_FILM)
    return path


def played(frames: np.ndarray, play: Play) -> np.ndarray:
    """Frames as often, and in the order, in which they are to be seen. Raises VideoError where they are too many."""
    check_play(len(frames), play)
    if play == "once":
        return frames
    return np.concatenate([frames] * 3 if play == "loop" else [frames, frames[-2:0:-1]])


def check_play(frames: int, play: Play) -> None:
    """Raises VideoError where a film has too many frames to be seen more than once."""
    if play != "once" and frames > MOST_REPEATED:
        raise VideoError(NO_LOOP)


def _squares(frames: np.ndarray) -> np.ndarray:
    """Frames on black squares of SHEET_SIDE pixels."""
    scale = SHEET_SIDE / max(frames.shape[1:3])
    size = (round(frames.shape[2] * scale), round(frames.shape[1] * scale))
    squares = np.zeros((len(frames), SHEET_SIDE, SHEET_SIDE, 3), np.uint8)
    left, top = (SHEET_SIDE - size[0]) // 2, (SHEET_SIDE - size[1]) // 2
    for square, frame in zip(squares, frames, strict=True):
        square[top : top + size[1], left : left + size[0]] = _scaled(frame, size)
    return squares


def _scaled(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """size: (width, height)."""
    if size == frame.shape[1::-1]:
        return frame
    how = cv2.INTER_AREA if size[0] < frame.shape[1] else cv2.INTER_CUBIC  # Lanczos takes longer
    return cv2.resize(frame, size, interpolation=how)


def _short_stem(path: Path) -> str:
    """A file's name, cut so that two of them together are still a name that every file system takes."""
    return path.stem.encode()[:80].decode(errors="ignore")


def save_samples(samples: Sequence[Sample], folder: str | Path, *, fps: float = FPS, gifs: bool = False) -> list[Path]:
    """Write each sample as an MP4 named after it, and as a GIF if asked; and sheet.png, a row a sample.

    fps: the rate of the clip whose movement they keep; sampled movements have FPS. Returns the MP4s, in the order of
    the samples.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    films = [folder / f"{film_stem(sample.name, number)}.mp4" for number, sample in enumerate(samples, 1)]
    with ThreadPoolExecutor(2) as encoders:  # each waits for a process of its own
        waiting = []
        for sample, film in zip(samples, films, strict=True):
            waiting.append(encoders.submit(write_made, film, sample.frames, fps, width=VIEW_SIZE))
            if gifs:
                gif = film.with_suffix(".gif")
                waiting.append(encoders.submit(write_made, gif, sample.frames, fps, width=VIEW_SIZE))
    for written in waiting:
        written.result()
    iio.imwrite(folder / "sheet.png", labelled(clip_rows([sample.frames for sample in samples])))
    mark(folder / "sheet.png")
    return films


def save_movements(
    face: OwnFace,
    folder: str | Path,
    *,
    count: int,
    frames: int,
    temperature: float,
    seed: int,
    progress: Callable[[float], None] = lambda share: None,
) -> list[Path]:
    """Write a person's own face in `count` sampled movements, whole pictures as MP4 and GIF; and sheet.png, a row each.

    seed: of the first, the others count up; the rest as in `new_movement`. progress gets 0 to 1. Returns the MP4s.
    """
    check_limits(count=count, frames=frames, temperature=temperature, seed=seed)
    folder, written, rows = Path(folder), [], []
    folder.mkdir(parents=True, exist_ok=True)
    reach = reach_within(face.subject, MOVED_REACH)
    for number, own in enumerate(range(seed, seed + count), 1):
        made = np.stack(list(new_movement(face, frames=frames, temperature=temperature, seed=own)))
        path = write_movement(made, folder, own, number)
        write_movement(made, folder, own, number, ending=".gif")
        written.append(path)
        rows.append(around_face(made, face.subject, SHEET_SIDE, reach))
        progress(number / count)
    iio.imwrite(folder / "sheet.png", labelled(clip_rows(rows, scale=1)))
    mark(folder / "sheet.png", IN_A_FILM)
    return written


def write_movement(frames: np.ndarray | Frames, folder: Path, seed: int, number: int, *, ending: str = ".mp4") -> Path:
    """Write a person's own film in a sampled movement, named after its seed: an MP4, or with ".gif" a small GIF."""
    path = folder / f"{film_stem(f'seed {seed}', number)}{ending}"
    width = min(frames.shape[2], GIF_WIDTH) if ending == ".gif" else None
    return write_made(path, frames, FPS, width=width, source_type=IN_A_FILM)


def film_stem(name: str, number: int) -> str:
    """Name of a sample's files, without ending: "03_seed_7"."""
    words = name.replace("+", "plus ").replace("-", "minus ").replace("%", " percent")
    return f"{number:02d}_{words.replace(' ', '_')}"
