"""What several commands share: a bar, numbers that are counts, and how they say what they did."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

PLAYS = ("once", "loop", "boomerang")  # as films.Play, which takes seconds to import


def progress_bar(total: int, what: str, *, shown: bool = True) -> Any:
    """A bar with the time left, on standard error."""
    return tqdm(total=total, desc=what, dynamic_ncols=True, file=sys.stderr, disable=not shown)


def count(text: str) -> int:
    """An argument that is a whole number from 1."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def whole_number(text: str) -> int:
    """An argument that is a whole number from 0."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def add_device(command: argparse.ArgumentParser) -> None:
    """Of every command that runs a model, as Studio takes it."""
    command.add_argument("--device", help="cpu, cuda or mps (default: the best there is)")


def add_demo(command: argparse.ArgumentParser) -> None:
    """Of what serves the demo: `seqdisent demo` and app.py."""
    command.add_argument(
        "--host", help="address to listen on; 0.0.0.0 for other machines (default: this machine alone)"
    )
    command.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860)")
    command.add_argument("--lecture", help="address of a running `seqdisent lecture`, for a link to it")


def add_seed(command: argparse.ArgumentParser) -> None:
    """Of every command whose result is drawn as a whole."""
    command.add_argument("--seed", type=whole_number, default=0, help="random seed (default: 0)")


def add_json(command: argparse.ArgumentParser) -> None:
    """Every command has it, and calls `tell` at its end."""
    command.add_argument("--json", action="store_true", help="print what was written and found as one JSON object")


def tell(
    options: argparse.Namespace,
    *words: str,
    written: Mapping[str, Path],
    figures: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> None:
    """What a command says when it is done, on standard output: lines, or with --json one object of four things.

    written: name -> path of what it wrote; figures: what it found, by name; notes: what a person should know.
    """
    if options.json:
        told = {"command": options.command_line, "written": {name: str(path) for name, path in written.items()}}
        print(json.dumps({**told, "figures": dict(figures or {}), "notes": list(notes)}), flush=True)
        return
    for line in (*notes, *words):
        print(line, flush=True)
