"""What the page "Latent map" shows of two picked dots: their clips, and each person doing what the other did."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pages import model
from pages.latent.data import latent_map, shown_name
from pages.player import Download, Show, ShownClip, Words, shown_file, strip

FRAMES_A_SECOND = 15.0  # at which a map's clips are shown


def swapped(first: int, second: int) -> list[np.ndarray]:
    """Two clips of the map, as they are and swapped: first, second, second doing what first does, and the reverse."""
    known, studio = latent_map(), model.studio()
    made = [studio.decode(known.static[who], known.dynamics[does]) for who, does in ((second, first), (first, second))]
    return [known.clip(first), known.clip(second), *made]


def write_show(first: int, second: int, clips: list[np.ndarray], folder: Path) -> Show:
    """Writes `swapped`'s four clips as films and puts them on a stage: a column a movement, what was given above."""
    from seqdisent_core.films import write_made
    from seqdisent_core.media import write_video
    from seqdisent_core.studio import VIEW_SIZE

    # Who is seen, and whose movement: a column each for the first and the second clip's movement.
    shown = [(first, first), (second, second), (second, first), (first, second)]
    with ThreadPoolExecutor(2) as encoders:  # each waits for a process of its own
        films = [
            encoders.submit(
                write_video if who == does else write_made,
                folder / _file(who, does),
                frames,
                FRAMES_A_SECOND,
                width=VIEW_SIZE,
            )
            for (who, does), frames in zip(shown, clips, strict=True)
        ]
        written = [film.result() for film in films]
    return Show(
        clips=[
            _clip(who, does, at % 2, film, frames)
            for at, ((who, does), film, frames) in enumerate(zip(shown, written, clips, strict=True))
        ],
        columns=["What the first clip does", "What the second clip does"],
        line=[
            Words(text="In each column the movement is the same, and "),
            Words(text="who", hue="who"),
            Words(text=" changes: both come straight from the two maps, the static code of one dot with the "),
            Words(text="dynamics", hue="does"),
            Words(text=" codes of the other."),
        ],
    )


def _clip(who: int, does: int, column: int, film: Path, frames: np.ndarray) -> ShownClip:
    made = who != does
    person, movement = _person(who), _expression(does)
    deed = f"doing the {movement} of {_person(does).lower()}" if made else f"{movement}, unchanged"
    return ShownClip(
        file=shown_file(film),
        caption=[Words(text=person, hue="who"), Words(text=", "), Words(text=deed, hue="does" if made else "")],
        alt=f"{person}, {deed}",
        made=made,
        column=column,
        fps=FRAMES_A_SECOND,
        strip=strip(frames),
        downloads=[Download(label="MP4", file=shown_file(film))] if made else [],
    )


def _person(clip: int) -> str:
    values, names = latent_map().labels["person"]
    return shown_name(names[values[clip]])


def _expression(clip: int) -> str:
    values, names = latent_map().labels["expression"]
    return names[values[clip]]


def _file(who: int, does: int) -> str:
    return f"clip_{who}.mp4" if who == does else f"clip_{who}_moved_by_{does}.mp4"
