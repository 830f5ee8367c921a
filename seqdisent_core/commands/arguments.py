"""What several commands share: the progress bar, argument types, common options, and the report at the end."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

TRANSFERS = ("all", "expression", "head")  # as reenactment.Transfer, likewise
PLAYS = ("once", "loop", "boomerang")  # as films.Play, whose import takes seconds


def progress_bar(total: int, what: str, *, shown: bool = True) -> Any:
    """A progress bar with the time left, on standard error."""
    return tqdm(total=total, desc=what, dynamic_ncols=True, file=sys.stderr, disable=not shown)


@contextmanager
def share_bar(what: str) -> Iterator[Callable[..., None]]:
    """A progress bar, by a function of the share that is done, 0 to 1, and of what is done now, if that changes."""
    with progress_bar(100, what) as bar:

        def advance(share: float, what: str = "") -> None:
            if what and what != bar.desc:
                bar.set_description_str(what)
            bar.update(round(100 * share) - bar.n)

        yield advance


@contextmanager
def count_bar(what: str, total: int = 1) -> Iterator[Callable[..., None]]:
    """A progress bar, by a function of how many are done, of how many, and of what is done now, if that changes."""
    with progress_bar(total, what) as bar:

        def advance(done: float, total: float, what: str = "") -> None:
            bar.total = total
            if what and f"{what}: " != bar.desc:
                bar.set_description(what)
            bar.update(done - bar.n)

        yield advance


def count(text: str) -> int:
    """Argument type: an integer of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def whole_number(text: str) -> int:
    """Argument type: an integer of at least 0."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def add_device(command: argparse.ArgumentParser) -> None:
    """Adds --device, for commands that run a model."""
    command.add_argument("--device", help="cpu, cuda or mps (default: the best available)")


def add_demo(command: argparse.ArgumentParser) -> None:
    """Adds the options of the demo, for `seqdisent demo` and app.py."""
    command.add_argument(
        "--host", help="address to listen on; 0.0.0.0 accepts other machines (default: this machine only)"
    )
    command.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860)")
    command.add_argument("--lecture", help="address of a running `seqdisent lecture`, to add a link to it")


def add_seed(command: argparse.ArgumentParser) -> None:
    """Adds --seed, for commands with random numbers."""
    command.add_argument("--seed", type=whole_number, default=0, help="random seed (default: 0)")


def add_json(command: argparse.ArgumentParser) -> None:
    """Adds --json; every command has it and calls `tell` at its end."""
    command.add_argument("--json", action="store_true", help="print the written paths and figures as one JSON object")


def tell(
    options: argparse.Namespace,
    *words: str,
    written: Mapping[str, Path],
    figures: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> None:
    """The report of a command on standard output: lines, or with --json one object with four keys.

    written: name -> path of each output; figures: measured values by name; notes: warnings for the user.
    """
    if options.json:
        told = {"command": options.command_line, "written": {name: str(path) for name, path in written.items()}}
        print(json.dumps({**told, "figures": dict(figures or {}), "notes": list(notes)}), flush=True)
        return
    for line in (*notes, *words):
        print(line, flush=True)
