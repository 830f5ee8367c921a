"""What the page "Swap" shows in the end: four clips in two columns, what was given above what was made of it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pages.player import STRIP_FRAMES, Ask, Download, Show, ShownClip, Words, shown_file, strip

if TYPE_CHECKING:
    from seqdisent_core.driving import Pair, Swap
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.films import Play

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


def write_show(pair: "Pair", swap: "Swap", folder: Path, play: "Play" = "once") -> Show:
    """Writes the films and puts them on a stage: what was given above, what was made below, a column a movement."""
    from seqdisent_core.films import played, write_swapped
    from seqdisent_core.studio import VIEW_SIZE
    from seqdisent_core.video import write_video

    clips = [subject.clip for subject in pair.subjects]
    with ThreadPoolExecutor(2) as encoders:  # each waits for a process of its own
        results = [encoders.submit(write_swapped, swap, who, folder, clips, play=play) for who in (1, 0)]
        films = [
            encoders.submit(write_video, folder / f"{name}.mp4", played(clip.frames, play), clip.fps, width=VIEW_SIZE)
            for name, clip in zip(NAMES, clips, strict=True)
        ]
    given = [_given(NAMES[at], at, films[at].result(), clips[at]) for at in (0, 1)]
    made = [
        _made("second", "first", 0, results[0].result(), _strip(swap.second, pair, 1), swap.second_fps),
        _made("first", "second", 1, results[1].result(), _strip(swap.first, pair, 0), swap.first_fps),
    ]
    columns = ["What the first clip does", "What the second clip does"]
    return Show(clips=[*given, *made], columns=columns, line=list(_LINE))


def _strip(frames: np.ndarray, pair: "Pair", who: int) -> str:
    """The face in some frames of a result, cut out as it was of the given clip."""
    from seqdisent_core.driving import around_face

    some = frames[np.linspace(0, len(frames) - 1, STRIP_FRAMES).round().astype(int)]
    return strip(around_face(some, pair.subjects[who], pair.subjects[who].clip.frames.shape[1]))


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


def _made(who: str, does: str, column: int, film: Path, frames: str, fps: float) -> ShownClip:
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
        strip=frames,
        sound=probe_video(film).has_audio,
        alt=said(who, does),
        downloads=[Download(label="MP4", file=shown_file(film))],
        asks=[Ask(name=who, label="GIF", said=f"Download as GIF: {said(who, does)}")],
    )


def said(who: str, does: str) -> str:
    """What a result is, in words."""
    return f"The {who} person, doing what the {does} does"
