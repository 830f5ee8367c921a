"""What was made as files: films that every browser plays, each marked as made by a model, and sheets of them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import imageio.v3 as iio
import numpy as np

from seqdisent_core import video
from seqdisent_core.faces import FaceClip
from seqdisent_core.sampling import FPS
from seqdisent_core.sheets import clip_rows
from seqdisent_core.studio import VIEW_SIZE, Sample, Swap
from seqdisent_core.synthetic import MADE, labelled, mark


@dataclass(frozen=True)
class SwapFiles:
    """Where a swap was written: two films, each as MP4 and GIF, and a picture of all four clips."""

    first: Path
    first_gif: Path
    second: Path
    second_gif: Path
    sheet: Path


def write_made(
    path: Path,
    frames: np.ndarray,
    fps: float,
    *,
    width: int | None = None,
    audio_from: Path | None = None,
    source_type: str = MADE,
) -> Path:
    """Write a made clip, uint8 (frames, height, width, 3), as MP4 or GIF by its name, labelled and marked as synthetic.

    width: to which frames are scaled, None for their own; audio_from: whose sound an MP4 gets. Raises VideoError as
    video.write_video does.
    """
    if width is not None and width != frames.shape[2]:
        size = (width, round(frames.shape[1] * width / frames.shape[2]))
        frames = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_LANCZOS4) for frame in frames])
    shown = labelled(frames)
    if path.suffix == ".gif":
        video.write_gif(path, shown, fps)
    else:
        video.write_video(path, shown, fps, audio_from=audio_from)
    mark(path, source_type)
    return path


def save_swap(swap: Swap, folder: str | Path, first: FaceClip, second: FaceClip) -> SwapFiles:
    """Write both films as MP4 (with the driver's sound where it has one) and GIF, and a sheet of all four clips as PNG.

    Files are named after the clips. The sheet's rows: first clip, second clip, the two swaps, time to the right.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as encoders:  # each waits for a process of its own
        paths = []
        for number, frames, fps, person, driver in (
            ("first", swap.first, swap.first_fps, first, second),
            ("second", swap.second, swap.second_fps, second, first),
        ):
            stem = f"{number}_{_short_stem(person.source)}_moved_by_{_short_stem(driver.source)}"
            film, gif = folder / f"{stem}.mp4", folder / f"{stem}.gif"
            paths.append(encoders.submit(write_made, film, frames, fps, width=VIEW_SIZE, audio_from=driver.source))
            paths.append(encoders.submit(write_made, gif, frames, fps, width=VIEW_SIZE))
    sheet = folder / "sheet.png"
    iio.imwrite(sheet, clip_rows([first.frames, second.frames, swap.first, swap.second]))
    mark(sheet)
    first_film, first_gif, second_film, second_gif = (path.result() for path in paths)
    return SwapFiles(first_film, first_gif, second_film, second_gif, sheet)


def _short_stem(path: Path) -> str:
    """A file's name, cut so that two of them together are still a name that every file system takes."""
    return path.stem.encode()[:80].decode(errors="ignore")


def save_samples(samples: Sequence[Sample], folder: str | Path, *, gifs: bool = False) -> list[Path]:
    """Write each sample as an MP4 named after it, and as a GIF if asked; and sheet.png, a row a sample.

    Returns the MP4s, in the order of the samples.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    films = [folder / f"{film_stem(sample.name, number)}.mp4" for number, sample in enumerate(samples, 1)]
    with ThreadPoolExecutor(2) as encoders:  # each waits for a process of its own
        waiting = []
        for sample, film in zip(samples, films, strict=True):
            waiting.append(encoders.submit(write_made, film, sample.frames, FPS, width=VIEW_SIZE))
            if gifs:
                gif = film.with_suffix(".gif")
                waiting.append(encoders.submit(write_made, gif, sample.frames, FPS, width=VIEW_SIZE))
    for written in waiting:
        written.result()
    iio.imwrite(folder / "sheet.png", clip_rows([sample.frames for sample in samples]))
    mark(folder / "sheet.png")
    return films


def film_stem(name: str, number: int) -> str:
    """Name of a sample's files, without ending: "03_seed_7"."""
    words = name.replace("+", "plus ").replace("-", "minus ").replace("%", " percent")
    return f"{number:02d}_{words.replace(' ', '_')}"
