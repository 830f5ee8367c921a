"""Renders the looping strip at the top of the page Swap from two example clips.

    python docs/teaser.py

tunes the checkpoint `wild` to the two people, as the page does, and writes demo_assets/teaser/: teaser.mp4 has four
tiles side by side (first, second, first doing what the second does, second doing what the first does), teaser.jpg is
its poster, teaser.json says whose clips they are, which the page offers to try. About a minute on two cores.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import imageio.v3 as iio
import numpy as np

from seqdisent_core.assets import asset
from seqdisent_core.faces import FaceClip, cut_out, film_frames
from seqdisent_core.media import labelled, mark, write_video
from seqdisent_core.reenactment import around_face, face_square
from seqdisent_core.studio import FILMED, Studio

FIRST, SECOND = "person_027_happiness", "person_005_surprise"
SIDE, REACH = 288, 1.4  # pixels of a tile; sides of the face's square that it shows, so that hair is seen, too
FPS = 10.0  # slower than filmed (15): one second would be over before it is understood
POSTER = 7  # the frame in which both expressions are at their height


def given(clip: FaceClip) -> np.ndarray:
    """The face as filmed, uint8 (frames, SIDE, SIDE, 3)."""
    size = clip.frames.shape[1]
    return np.stack([cut_out(frame, face_square(way, size, SIDE, REACH), SIDE) for frame, way in film_frames(clip, 0)])


def tiles(first: str, second: str) -> np.ndarray:
    """Four films of equal length side by side, uint8 (frames, SIDE, 4 SIDE, 3)."""
    studio = Studio.from_pretrained(FILMED)
    clips = [studio.read_face(asset("examples") / f"{name}.mp4") for name in (first, second)]
    *_, pair = studio.personalise(*clips)
    made = [labelled(around_face(pair.frames(own, 1 - own), pair.subjects[own], SIDE, REACH)) for own in (0, 1)]
    return np.concatenate([*map(given, clips), *made], axis=2)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", default=FIRST, help=f"example clip, without ending (default: {FIRST})")
    parser.add_argument("--second", default=SECOND, help=f"likewise (default: {SECOND})")
    parser.add_argument("--out", type=Path, default=asset("examples").parent / "teaser", help="folder to write to")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    frames = tiles(chosen.first, chosen.second)
    mark(write_video(chosen.out / "teaser.mp4", frames, FPS))
    iio.imwrite(chosen.out / "teaser.jpg", frames[POSTER], quality=85)
    about = json.dumps({"first": chosen.first, "second": chosen.second})
    (chosen.out / "teaser.json").write_text(about + "\n", encoding="utf-8")
    for path in sorted(chosen.out.iterdir()):
        print(f"{path}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
