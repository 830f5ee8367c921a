"""Commands for clips of faces."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from seqdisent_core.errors import ConfigError


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    swap = commands.add_parser("swap", help="two face clips in, two swapped clips out")
    swap.add_argument("first", type=Path, help="a film of a face")
    swap.add_argument("second", type=Path, help="another one")
    swap.add_argument("--out", type=Path, default=Path("swapped"), help="folder for the results (default: swapped)")
    swap.add_argument("--model", help="checkpoint folder or Hugging Face id (default: the one shipped)")
    swap.add_argument("--device", help="cpu, cuda or mps (default: the best there is)")
    swap.add_argument("--json", action="store_true", help="print the results as JSON")
    swap.set_defaults(run=_swap)

    drive = commands.add_parser("drive", help="a person's own film, doing what another one's does, at full size")
    drive.add_argument("person", type=Path, help="the film whose person and picture are kept")
    drive.add_argument("driver", type=Path, help="the film whose movement and sound are taken")
    drive.add_argument("--out", type=Path, required=True, help="the film to write: .mp4 or .gif")
    drive.add_argument("--seconds", type=float, default=20.0, help="of tuning to the two people (default: 20; 0: none)")
    drive.add_argument("--strength", type=float, default=1.0, help="of the movement, 0 to 1.5 (default: 1)")
    drive.add_argument("--anchor", type=int, help="frame of the person's film that moves (default: one at rest)")
    drive.add_argument("--own-pixels", action="store_true", help="the model's own pixels, no detail carried over")
    drive.add_argument("--model", help="checkpoint folder or Hugging Face id (default: the one shipped)")
    drive.add_argument("--device", help="cpu, cuda or mps (default: the best there is)")
    drive.set_defaults(run=_drive)


@contextmanager
def _stages(width: int) -> Iterator[Callable[[float, str], None]]:
    """A bar over stages: called with the share done, 0 to 1, and what is done now, in up to `width` letters."""
    form = f"{{desc:<{width}}}{{bar}}{{percentage:3.0f}}%"
    with tqdm(total=100, desc="loading", bar_format=form, file=sys.stderr) as bar:

        def advance(share: float, what: str) -> None:
            bar.set_description_str(what)
            bar.update(round(100 * share) - bar.n)

        yield advance


def _swap(options: argparse.Namespace) -> None:
    from seqdisent_core.films import save_swap
    from seqdisent_core.studio import Studio

    with _stages(28) as advance:
        studio = Studio.from_pretrained(options.model, device=options.device)
        first = studio.read_face(options.first, progress=lambda s: advance(0.4 * s, "reading the first face"))
        second = studio.read_face(options.second, progress=lambda s: advance(0.4 + 0.4 * s, "reading the second face"))
        advance(0.8, "swapping")
        swap = studio.swap(first, second)
        advance(0.9, "writing the films")
        files = save_swap(swap, options.out, first, second)
        advance(1.0, "done")
    notes = [f"{clip.source.name}: {note}" for clip in (first, second) for note in clip.notes]
    if options.json:
        print(json.dumps({**{k: str(v) for k, v in vars(files).items()}, "notes": notes, "device": studio.device}))
        return
    for note in notes:
        print(note)
    print(f"{files.first}: the face of {options.first.name} doing what {options.second.name} does")
    print(f"{files.second}: the face of {options.second.name} doing what {options.first.name} does")


def _drive(options: argparse.Namespace) -> None:
    import numpy as np

    from seqdisent_core.driving import FPS, drive, subject
    from seqdisent_core.faces import read_face
    from seqdisent_core.films import write_made
    from seqdisent_core.personalising import personalise
    from seqdisent_core.studio import Studio
    from seqdisent_core.synthetic import IN_A_FILM
    from seqdisent_core.training import keep_freed_memory

    if not 0 <= options.strength <= 1.5:
        raise ConfigError(f"The strength is {options.strength:g}; it must be 0 to 1.5.")
    keep_freed_memory()
    with _stages(36) as advance:
        model = Studio.from_pretrained(options.model, device=options.device).method
        advance(0.05, "reading the faces")
        person = subject(read_face(options.person, size=model.frame_size, max_fps=FPS), options.anchor)
        driver = subject(read_face(options.driver, size=model.frame_size, max_fps=FPS))
        pair = [person, driver]
        clips, anchors = [one.clip.frames for one in pair], [one.anchor for one in pair]
        for tuned in personalise(model, clips, anchors, seconds=options.seconds, every=1.0):
            share = min(1.0, tuned.seconds / max(options.seconds, 1e-6))
            advance(0.15 + 0.65 * share, f"tuning to the two, step {tuned.steps}")
        advance(0.8, "moving the picture")
        frames = drive(
            tuned.method,
            person,
            driver,
            (tuned.codes[0], tuned.codes[1]),
            strength=options.strength,
            detail=not options.own_pixels,
        )
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_made(
            options.out, np.stack(list(frames)), driver.clip.fps, audio_from=options.driver, source_type=IN_A_FILM
        )
        advance(1.0, "done")
    for clip in (person.clip, driver.clip):
        for note in clip.notes:
            print(f"{clip.source.name}: {note}")
    print(f"{options.out}: {options.person.name}, doing what {options.driver.name} does")
