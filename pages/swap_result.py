"""What the page "Swap" shows in the end: four clips in two columns, what was given above what was made of it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pages.player import Download, Show, ShownClip, Words, shown_file, strip

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.studio import Swap

NAMES = ("first", "second")
_LINE = (
    Words(text="The result on the left: "),
    Words(text="who", hue="who"),
    Words(text=" from the second clip, "),
    Words(text="what it does", hue="does"),
    Words(text=" from the first. The result on the right: "),
    Words(text="who", hue="who"),
    Words(text=" from the first, "),
    Words(text="what it does", hue="does"),
    Words(text=" from the second."),
)


def write_show(swapped: "Swap", first: "FaceClip", second: "FaceClip", folder: Path) -> Show:
    """Writes the films and puts them on a stage: what was given above, what was made below, a column a movement."""
    from seqdisent_core.films import save_swap
    from seqdisent_core.studio import VIEW_SIZE
    from seqdisent_core.video import write_video

    with ThreadPoolExecutor(1) as encoder:  # beside the results: each waits for a process of its own
        waiting = [
            encoder.submit(write_video, folder / f"{name}.mp4", clip.frames, clip.fps, width=VIEW_SIZE)
            for name, clip in zip(NAMES, (first, second), strict=True)
        ]
        files = save_swap(swapped, folder, first, second)
        films = [film.result() for film in waiting]
    given = [_given("first", 0, films[0], first), _given("second", 1, films[1], second)]
    made = [
        _made("second", "first", 0, files.second, files.second_gif, swapped.second, swapped.second_fps),
        _made("first", "second", 1, files.first, files.first_gif, swapped.first, swapped.first_fps),
    ]
    columns = ["What the first clip does", "What the second clip does"]
    return Show(clips=[*given, *made], columns=columns, line=list(_LINE))


def _given(name: str, column: int, film: Path, clip: "FaceClip") -> ShownClip:
    return ShownClip(
        file=shown_file(film),
        caption=[Words(text=f"{name.capitalize()} person", hue="who"), Words(text=", unchanged")],
        made=False,
        column=column,
        fps=clip.fps,
        strip=strip(clip.frames),
        alt=f"The {name} clip, as the model sees it",
    )


def _made(who: str, does: str, column: int, film: Path, gif: Path, frames: np.ndarray, fps: float) -> ShownClip:
    from seqdisent_core.video import probe_video

    return ShownClip(
        file=shown_file(film),
        caption=[
            Words(text=f"{who.capitalize()} person", hue="who"),
            Words(text=", "),
            Words(text=f"doing what the {does} does", hue="does"),
        ],
        made=True,
        column=column,
        fps=fps,
        strip=strip(frames),
        sound=probe_video(film).has_audio,
        alt=said(who, does),
        downloads=[Download(label="MP4", file=shown_file(film)), Download(label="GIF", file=shown_file(gif))],
    )


def said(who: str, does: str) -> str:
    """What a result is, in words."""
    return f"The {who} person, doing what the {does} does"
