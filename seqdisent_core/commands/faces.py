"""Commands for clips of faces."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm


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


def _swap(options: argparse.Namespace) -> None:
    from seqdisent_core.films import save_swap
    from seqdisent_core.studio import Studio

    with tqdm(total=100, desc="loading", bar_format="{desc:<28}{bar}{percentage:3.0f}%", file=sys.stderr) as bar:

        def advance(share: float, what: str) -> None:
            bar.set_description_str(what)
            bar.update(round(100 * share) - bar.n)

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
