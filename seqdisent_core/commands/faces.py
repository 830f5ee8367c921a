"""Commands for face videos and photographs."""

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from seqdisent_core.commands.arguments import PLAYS, TRANSFERS, add_device, add_json, tell, whole_number

if TYPE_CHECKING:
    from seqdisent_core.faces import FaceClip


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    swap = commands.add_parser("swap", help="swap what two people do: two face videos in, two videos out")
    swap.add_argument("first", type=Path, help="a video with a face, or a photograph, which can be moved only")
    swap.add_argument("second", type=Path, help="another one")
    swap.add_argument("--out", type=Path, default=Path("swapped"), help="folder for the results (default: swapped)")
    swap.add_argument("--seconds", type=float, help="of tuning at most, which takes 75 steps (0: none)")
    swap.add_argument("--strength", type=float, default=1.0, help="of the movement, 0 to 1.5 (default: 1)")
    swap.add_argument("--transfer", choices=TRANSFERS, default="all", help="of the movement (default: all)")
    swap.add_argument("--anchors", type=int, nargs=2, metavar="FRAME", help="of each video (default: a neutral frame)")
    which = "which face of each video, by size (default: 0 0, the largest)"
    swap.add_argument("--faces", type=whole_number, nargs=2, default=(0, 0), metavar="FACE", help=which)
    swap.add_argument("--own-pixels", action="store_true", help="show the decoded pixels, not the warped video")
    swap.add_argument("--goes-on", action="store_true", help="each person's film goes on around the face")
    swap.add_argument("--play", choices=PLAYS, default="once", help="loop and boomerang are for short videos")
    swap.add_argument("--model", default="wild", help="checkpoint folder, Hugging Face id or name (default: wild)")
    add_device(swap)
    add_json(swap)
    swap.set_defaults(run=_swap)


@contextmanager
def _stages(width: int) -> Iterator[Callable[[float, str], None]]:
    """A progress bar over stages: called with the share done, 0 to 1, and the stage, at most `width` letters."""
    form = f"{{desc:<{width}}}{{bar}}{{percentage:3.0f}}%"
    with tqdm(total=100, desc="loading", bar_format=form, file=sys.stderr) as bar:

        def advance(share: float, what: str) -> None:
            bar.set_description_str(what)
            bar.update(round(100 * share) - bar.n)

        yield advance


def _swap(options: argparse.Namespace) -> None:
    from seqdisent_core.films import check_play, write_swap
    from seqdisent_core.machine import keep_freed_memory, one_each
    from seqdisent_core.reenactment import STEPS, TURNS_FAR, check_goes_on, check_strength, check_transfer, draws_motion
    from seqdisent_core.studio import Studio

    check_strength(options.strength)
    keep_freed_memory()
    with _stages(36) as advance:
        studio = Studio.from_pretrained(options.model, device=options.device)
        check_transfer(options.transfer, studio.head)
        shares = [0.0, 0.0]

        def read(number: int, path: Path, face: int) -> "FaceClip":
            def so_far(share: float) -> None:
                shares[number] = share
                advance(0.15 * sum(shares), "reading both faces")

            clip = studio.read_face(path, face=face, progress=so_far)
            check_play(len(clip.frames), options.play)
            if options.goes_on:
                check_goes_on(clip, studio.head, detail=not options.own_pixels, transfer=options.transfer)
            return replace(clip, anchor=options.anchors[number]) if options.anchors else clip

        with ThreadPoolExecutor(2, initializer=one_each) as threads:
            clips = list(threads.map(read, (0, 1), (options.first, options.second), options.faces))
        options.out.mkdir(parents=True, exist_ok=True)  # what cannot be written is said before the tuning
        for pair in studio.personalise(*clips, seconds=options.seconds, every=0.5, full_size=True):
            done, spent = pair.tuned.steps, pair.tuned.seconds
            share = max(done / STEPS, min(1.0, spent / (options.seconds or inf)))
            advance(0.3 + 0.5 * share, f"tuning to the two, step {done}")
        advance(0.8, "warping the videos")
        files = write_swap(
            pair,
            options.out,
            play=options.play,
            report=lambda share: advance(0.8 + 0.2 * share, "warping the videos"),
            strength=options.strength,
            detail=not options.own_pixels,
            transfer=options.transfer,
            goes_on=options.goes_on,
        )
        advance(1.0, "done")
    notes = [f"{clip.source.name}: {note}" for clip in clips for note in clip.notes]
    if not draws_motion(studio.method) and not options.own_pixels:
        notes.append(
            "This model draws no motion, so its decoded pixels are shown. The preset film trains one that does."
        )
    if options.transfer != "expression" and not options.goes_on:
        notes += [f"{clips[1 - own].source.name}: {TURNS_FAR}" for own in pair.results if pair.turns_far(1 - own)]
    names = (options.first.name, options.second.name)
    if names[0] == names[1]:
        names = ("the first clip", "the second clip")
    made = [(film, own) for own, film in enumerate((files.first, files.second)) if film]
    tell(
        options,
        *(f"{film}: the face of {names[own]} doing what {names[1 - own]} does" for film, own in made),
        written={name: path for name, path in vars(files).items() if path},
        figures={"device": studio.device, "tuned_steps": pair.tuned.steps},
        notes=notes,
    )
