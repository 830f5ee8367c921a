"""What the page "Compare" shows of one pair: both clips as given, and one swap by each method."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.player import Show, ShownClip, Words, shown_file
from seqdisent_core.reporting import METHOD_NAMES, in_order, mean_of

if TYPE_CHECKING:
    from seqdisent_core.comparison import Comparison
    from seqdisent_core.faces import FaceClip

FRAMES_A_SECOND = 15.0
_SIDE = 192  # pixels of the written films
_FIGURES = (  # with an arrow to where it is better
    ("swap_static", "right person\N{NO-BREAK SPACE}↑", "who"),
    ("swap_dynamic", "right expression\N{NO-BREAK SPACE}↑", "does"),
    ("probe_static_dynamic_acc", "expression from s\N{NO-BREAK SPACE}↓", ""),
    ("probe_dynamics_static_acc", "person from d\N{NO-BREAK SPACE}↓", ""),
)


@dataclass(frozen=True, eq=False)  # by its identity: Gradio asks whether it changed
class Swapped:
    """Both clips, uint8 (frames, size, size, 3), what each is, and by method both swaps (Comparison.swap)."""

    given: tuple[np.ndarray, np.ndarray]
    words: tuple[str, str]
    made: dict[str, tuple[np.ndarray, np.ndarray]]


def swapped_example(known: "Comparison", pair: int) -> Swapped:
    """A pair that comes with the comparison, swapped."""
    examples = known.examples
    one, other = examples[pair % len(examples)]
    words = tuple(f"{clip.static.capitalize()}, {clip.dynamic}" for clip in (one, other))
    return Swapped((one.frames, other.frames), (words[0], words[1]), known.swap(one.frames, other.frames))


def swapped_own(known: "Comparison", first: "FaceClip", second: "FaceClip") -> Swapped:
    """A visitor's two clips at the pace of the training clips, swapped. Raises SeqdisentError."""
    clips = [_at_pace(clip.at_size(known.about["size"]).require_movement()) for clip in (first, second)]
    made = known.swap(*clips)
    time = len(next(iter(made.values()))[0])
    return Swapped((clips[0][:time], clips[1][:time]), ("The first clip", "The second clip"), made)


def _at_pace(clip: "FaceClip") -> np.ndarray:
    return clip.frames[:: max(1, round(clip.fps / FRAMES_A_SECOND))]


def show_of(known: "Comparison", swapped: Swapped, moved: int, by: str, folder: Path) -> Show:
    """Writes the films into a folder: who is seen in clip `moved`, what the other does, then the swaps by the figure.

    by: as in SORTED_BY.
    """
    from seqdisent_core.films import write_made
    from seqdisent_core.media import write_video

    rows = in_order(known.about["rows"], by)
    able = [row for row in rows if row["name"] in swapped.made]
    with ThreadPoolExecutor(2) as writers:  # each waits for a process of its own
        given = [
            writers.submit(write_video, folder / f"given_{at}.mp4", swapped.given[at], FRAMES_A_SECOND, width=_SIDE)
            for at in (moved, 1 - moved)
        ]
        made = [
            writers.submit(
                write_made,
                folder / f"{row['name']}.mp4",
                swapped.made[row["name"]][moved],
                FRAMES_A_SECOND,
                width=_SIDE,
            )
            for row in able
        ]
        clips = [
            _given(film.result(), swapped.words[at], hue)
            for film, at, hue in zip(given, (moved, 1 - moved), ("who", "does"), strict=True)
        ]
        clips += [_made(film.result(), row) for film, row in zip(made, able, strict=True)]
    reasons = " ".join(f"{METHOD_NAMES[row['name']]} {row['why']}." for row in rows if "why" in row)
    return Show(clips=clips, columns=[], line=[Words(text=reasons)] if reasons else [], calm=True)


def _given(film: Path, words: str, hue: str) -> ShownClip:
    role = "Who it is" if hue == "who" else "What it does"
    return ShownClip(
        file=shown_file(film),
        caption=[Words(text=f"{role}: ", hue=hue), Words(text=words)],
        alt=f"{role}: {words}",
        made=False,
        column=0,
        fps=FRAMES_A_SECOND,
    )


def _made(film: Path, row: dict[str, Any]) -> ShownClip:
    name = METHOD_NAMES[row["name"]]
    return ShownClip(
        file=shown_file(film),
        caption=[Words(text=name)],
        alt=f"The swap by {name}",
        made=True,
        column=0,
        fps=FRAMES_A_SECOND,
        reading=[
            Words(text=f"{100 * value:.0f} % {words}", hue=hue)
            for key, words, hue in _FIGURES
            if (value := mean_of(row, key)) is not None
        ],
    )
