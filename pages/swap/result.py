"""What the page "Swap" shows in the end: clips in two columns, what was given above what was made of it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pages.player import STRIP_FRAMES, Ask, Download, Show, ShownClip, Words, shown_file, strip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seqdisent_core.faces import FaceClip
    from seqdisent_core.films import Play
    from seqdisent_core.reenactment import Pair

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


Written = dict[tuple["Play", int], bytes]  # films of the first (0) and the second clip (1) as they were given


class Stage:
    """Writes the films of two clips and their swap into a folder: those given at once, in the background, meanwhile.

    written: of the same clips, by earlier stages; what is missing is added to it.
    """

    def __init__(self, clips: "Sequence[FaceClip]", folder: Path, play: "Play", written: Written) -> None:
        from seqdisent_core.machine import one_each

        self._folder, self._play = folder, play
        self._writers = ThreadPoolExecutor(2, initializer=one_each)  # each waits for a process of its own as well
        self._given = [self._writers.submit(_given, clips, at, folder, play, written) for at in range(len(clips))]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writers.shutdown()

    def show(self, pair: "Pair", **how: Any) -> Show:
        """Makes both films, `how` as Pair.frames takes it: those given above, those made below, a column a movement.

        Beside a photograph there is one film, under the one that moves it.
        """
        whose = pair.results
        made = [self._writers.submit(_made, pair, own, self._folder, self._play, how) for own in reversed(whose)]
        columns = [
            f"What the {name} clip does" if 1 - at in whose else f"The {name} clip, a photograph"
            for at, name in enumerate(NAMES)
        ]
        line = _line_of_one(*whose) if len(whose) == 1 else list(_LINE)
        return Show(clips=[clip.result() for clip in (*self._given, *made)], columns=columns, line=line)


def _line_of_one(own: int) -> list[Words]:
    return [
        Words(text="The result: "),
        Words(text="who", hue="who"),
        Words(text=f" from the {NAMES[own]} clip, which is a photograph, "),
        Words(text="what it does", hue="does"),
        Words(text=f" from the {NAMES[1 - own]}."),
    ]


def _given(clips: "Sequence[FaceClip]", column: int, folder: Path, play: "Play", written: Written) -> ShownClip:
    from seqdisent_core.films import write_given

    name, clip = NAMES[column], clips[column].as_long_as(clips[1 - column])
    film = folder / f"{name}.mp4"
    if (play, column) in written:
        film.write_bytes(written[play, column])
    else:
        written[play, column] = write_given(film, clip, play=play).read_bytes()
    return ShownClip(
        file=shown_file(film),
        caption=[Words(text=f"{name.capitalize()} person", hue="who"), Words(text=", unchanged")],
        made=False,
        column=column,
        fps=clip.fps,
        strip="" if clips[column].still else strip(clip.frames),
        alt=f"The {name} clip, as the model sees it",
    )


def _made(pair: "Pair", own: int, folder: Path, play: "Play", how: dict[str, Any]) -> ShownClip:
    """One person's film by the other, written while it is made; some of its faces on the way are its strip."""
    from seqdisent_core.films import write_moved
    from seqdisent_core.media import Frames, probe_video
    from seqdisent_core.reenactment import around_face

    driver, some = 1 - own, []
    clips = [subject.clip for subject in pair.subjects]
    frames = pair.frames(own, driver, **how)
    wanted = set(np.linspace(0, len(frames) - 1, STRIP_FRAMES).round().astype(int).tolist())

    def seen() -> "Iterator[np.ndarray]":
        for number, frame in enumerate(frames):
            if number in wanted:
                some.append(frame)
            yield frame

    film = write_moved(Frames(frames.shape, seen()), own, folder, clips, play=play)
    who, does, larger = NAMES[own], NAMES[driver], pair.subjects[own].has_full_size
    return ShownClip(
        file=shown_file(film),
        caption=[
            Words(text=f"{who.capitalize()} person", hue="who"),
            Words(text=", "),
            Words(text=f"doing what the {does} does", hue="does"),
        ],
        made=True,
        column=driver,
        fps=clips[driver].fps,
        strip=strip(around_face(np.stack(some), pair.subjects[own], clips[own].frames.shape[1])),
        sound=probe_video(film).has_audio,
        alt=said(who, does),
        downloads=[Download(label="MP4", file=shown_file(film))],
        asks=[
            *([Ask(name=f"{who} .mp4", label="Full size", said=f"Full size: {said(who, does)}")] if larger else []),
            Ask(name=f"{who} .gif", label="GIF", said=f"Download as GIF: {said(who, does)}"),
        ],
    )


def said(who: str, does: str) -> str:
    """What a result is, in words."""
    return f"The {who} person, doing what the {does} does"
