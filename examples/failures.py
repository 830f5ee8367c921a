"""Failure cases of swaps, on rendered people, for whom there is ground truth and who may be shown.

    python examples/failures.py ict_facekit.npz docs/filmed_failures.png

Three pairs of videos go through the whole pipeline: face detection, cropping, tuning, the swap, warping
of the video's pixels. Each pair has three rows: the driver; the ground truth from the renderer; the swap. Needs the
extra `render`.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np

from seqdisent_core.facekit import (
    Performance,
    Person,
    Surface,
    improvise,
    perform,
    read_face_model,
    risen,
    sample_light,
    sample_varied_person,
)
from seqdisent_core.facekit.renderer import Renderer
from seqdisent_core.media import clip_rows, write_video
from seqdisent_core.reenactment import around_face
from seqdisent_core.studio import FILMED, Studio

SEED = 20260000  # of people and takes that the shipped model has not seen
FRAMES, FPS, SIDE = 40, 20.0, 128


def situations(surface: Surface) -> dict[str, tuple[Person, Person, Performance]]:
    """Name -> the person, the driver, and what the driver does."""
    names, people = surface.expression_names, [sample_varied_person(surface, number, SEED) for number in range(6)]
    turned = improvise((SEED, 1), names, FRAMES)
    yaw = 38 * risen(np.linspace(0, 1, FRAMES), 0.1, 0.5)
    turned = replace(turned, pose=np.concatenate([yaw[:, None], turned.pose[:, 1:]], axis=1).astype(np.float32))
    return {
        "a turned head": (people[0], people[1], turned),
        "glasses": (replace(people[2], glasses=7), people[3], perform("happiness", (SEED, 2), names, FRAMES)),
        "an open mouth": (people[4], people[5], perform("surprise", (SEED, 3), names, FRAMES)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="ICT FaceKit, as for `seqdisent render`")
    parser.add_argument("out", type=Path, help="the contact sheet, PNG")
    chosen = parser.parse_args()
    surface = Surface(read_face_model(chosen.source))
    renderer, studio = Renderer(surface, 256, margin=4.5), Studio.from_pretrained(FILMED)
    rows: list[np.ndarray] = []
    for at, (name, (person, driver, acted)) in enumerate(situations(surface).items()):
        own = improvise((SEED, 90 + at), surface.expression_names, FRAMES)
        renderer.set_person(driver)
        driven = renderer.render(replace(acted, light=sample_light((SEED, 10 + at))))
        renderer.set_person(person)
        light = sample_light((SEED, 20 + at))
        given, truth = renderer.render(replace(own, light=light)), renderer.render(replace(acted, light=light))
        with tempfile.TemporaryDirectory() as folder:
            films = [write_video(Path(folder) / f"{k}.mp4", film, FPS) for k, film in enumerate((given, driven))]
            *_, pair = studio.personalise(*(studio.read_face(film) for film in films))
        swapped = around_face(pair.swap().first, pair.subjects[0], SIDE)
        rows += [pair.subjects[1].clip.at_size(SIDE).frames, around_face(truth, pair.subjects[0], SIDE), swapped]
        print(f"{name}: tuned for {pair.tuned.steps} steps")
    renderer.close()
    iio.imwrite(chosen.out, clip_rows(rows, scale=1))
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
