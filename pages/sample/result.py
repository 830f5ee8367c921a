"""What the page "Sample" shows of new clips: a grid in step, the judge's words under each, and what to keep of it."""

import io
import json
import shutil
import weakref
import zipfile
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from pages.names import shown_name
from pages.player import Ask, Download, Show, ShownClip, Words, shown_file
from pages.sample.draw import Made

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip

_JUDGE = Words(
    text="Under each clip: the person and the expression that the judge recognises, and how sure it is. It knows only "
    "the 52 rendered people, and always names the nearest of them."
)


def show_of(made: list[Made], folder: Path) -> Show:
    """All clips on one stage; their films are written into `folder`."""
    line = [_JUDGE] if any(one.reading for one in made) else []
    asks = [Ask(name="zip", label="All as one ZIP", said="All as one ZIP")]
    return Show(clips=[_shown(one, at, folder) for at, one in enumerate(made)], columns=[], line=line, asks=asks)


def _shown(made: Made, at: int, folder: Path) -> ShownClip:
    name = made.sample.name
    film = folder / f"{stem(made, at)}.mp4"
    film.write_bytes(made.film)
    reading = _reading(made)
    return ShownClip(
        file=shown_file(film),
        caption=[Words(text=name.capitalize())],
        alt=", ".join([name, *(words.text for words in reading)]),
        made=True,
        column=0,
        fps=made.fps,
        reading=reading,
        downloads=[Download(label="MP4", file=shown_file(film))],
        asks=[
            Ask(name="gif", label="GIF", said=f"Download as GIF: {name}"),
            Ask(name="first", label="First", said=f"First clip in Swap: {name}", lead="Use in Swap as clip"),
            Ask(name="second", label="Second", said=f"Second clip in Swap: {name}"),
        ],
    )


def _reading(made: Made) -> list[Words]:
    seen = made.reading
    if seen is None:
        return []
    who, does = seen.static_summary, seen.dynamic_summary
    return [
        Words(text=f"{shown_name(who.name)}, {who.probability:.0%}", hue="who"),
        Words(text=f"{does.name.capitalize()}, {does.probability:.0%}", hue="does"),
    ]


def stem(made: Made, at: int) -> str:
    """Name of a clip's files, without ending: "03_seed_7"."""
    from seqdisent_core.films import film_stem

    return film_stem(made.sample.name, at + 1)


def readings(made: list[Made]) -> list[dict[str, Any]]:
    """What each clip is called, its seed (or None), and what the judge sees in it, as JSON has it."""
    return [
        {"name": one.sample.name, "seed": one.sample.seed, **({} if one.reading is None else one.reading.to_dict())}
        for one in made
    ]


def write_gif_of(made: Made, at: int, folder: Path) -> Path:
    """A clip as a GIF."""
    from seqdisent_core.films import write_made
    from seqdisent_core.studio import VIEW_SIZE

    return write_made(folder / f"{stem(made, at)}.gif", made.sample.frames, made.fps, width=VIEW_SIZE)


def write_zip_of(made: list[Made], folder: Path) -> Path:
    """All films and the judge's readings in one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for at, one in enumerate(made):
            archive.writestr(f"{stem(one, at)}.mp4", one.film)
        archive.writestr("samples.json", json.dumps(readings(made), indent=1) + "\n")
    path = folder / "samples.zip"
    path.write_bytes(packed.getvalue())
    return path


def as_face(made: Made, at: int) -> "FaceClip":
    """A clip as the page Swap wants it: like one that was read from a film. The film lives as long as its preview."""
    import cv2
    import numpy as np

    from seqdisent_core.faces import FaceClip
    from seqdisent_core.studio import VIEW_SIZE

    folder = Path(mkdtemp(prefix="seqdisent_"))
    film = folder / f"{stem(made, at)}.mp4"
    film.write_bytes(made.film)
    frames = made.sample.frames
    scale = frames.shape[1] / VIEW_SIZE  # whole numbers are the middles of pixels: hence the halves
    to_crop = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]], np.float32)
    clip = FaceClip(
        frames=frames,
        fps=made.fps,
        transforms=np.tile(to_crop, (len(frames), 1, 1)),
        source=film,
        notes=("Made by the model on the page Sample.",),
        faces=1,
        preview=cv2.resize(frames[0], (VIEW_SIZE, VIEW_SIZE), interpolation=cv2.INTER_CUBIC),
    )
    weakref.finalize(clip.preview, shutil.rmtree, folder, ignore_errors=True)
    return clip
