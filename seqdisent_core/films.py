"""New clips as files: films that every browser plays, and a sheet of them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio.v3 as iio

from seqdisent_core import video
from seqdisent_core.sampling import FPS
from seqdisent_core.sheets import clip_rows
from seqdisent_core.studio import VIEW_SIZE, Sample


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
            waiting.append(encoders.submit(video.write_video, film, sample.frames, FPS, width=VIEW_SIZE))
            if gifs:
                gif = film.with_suffix(".gif")
                waiting.append(encoders.submit(video.write_gif, gif, sample.frames, FPS, width=VIEW_SIZE))
    for written in waiting:
        written.result()
    iio.imwrite(folder / "sheet.png", clip_rows([sample.frames for sample in samples]))
    return films


def film_stem(name: str, number: int) -> str:
    """Name of a sample's files, without ending: "03_seed_7"."""
    words = name.replace("+", "plus ").replace("-", "minus ").replace("%", " percent")
    return f"{number:02d}_{words.replace(' ', '_')}"
