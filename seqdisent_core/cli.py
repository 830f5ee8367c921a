"""The command `seqdisent`: everything that the pages do, and training, from a terminal."""

import argparse
import shlex
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shtab

from seqdisent_core import __version__
from seqdisent_core.commands import (
    benchmark,
    doctor,
    faces,
    latents,
    lecture,
    measures,
    pages,
    samples,
    sets,
    training,
    voices,
)
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.threads import share_cores

# How `seqdisent --help` groups the commands: each is in one chapter.
CHAPTERS = {
    "Face videos": ("swap", "sample", "interpolate", "move", "place"),
    "Speech": ("voice-swap", "voices", "evaluate-voices", "voice-recordings"),
    "Data and training": ("render", "pack", "judge", "train", "train-series", "latents", "rest", "map"),
    "Evaluation": ("evaluate", "evaluate-filmed", "evaluate-pairs", "benchmark", "samples", "report"),
    "Demo and sharing": ("demo", "doctor", "lecture", "showcase", "comparison", "card", "export"),
}

# Arguments that are a file or folder, or the name of a shipped checkpoint, or an id on the Hub.
_NAMES_OR_PATHS = ("checkpoint", "config", "model", "start")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0 for success, 1 for an error (one line on standard error), 2 for wrong usage."""
    share_cores()
    options = _parser().parse_args(arguments)
    options.command_line = shlex.join(["seqdisent", *(sys.argv[1:] if arguments is None else arguments)])
    try:
        options.run(options)
    except SeqdisentError as error:
        print(f"seqdisent: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"seqdisent: {error.filename or 'a file'}: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("seqdisent: stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Contents(prog="seqdisent", description="Disentangles who a face is from what it does.")
    parser.add_argument("--version", action="version", version=f"seqdisent {__version__}")
    shtab.add_argument_to(parser, "--completion", help="print a completion script for this shell, and exit")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", parser_class=argparse.ArgumentParser
    )
    listed = _Listed(commands)
    for module in (faces, samples, pages, doctor, lecture, sets, training, measures, benchmark, latents, voices):
        module.add_commands(listed)
    parser.lines = listed.lines
    _complete_paths(parser)
    return parser


def _complete_paths(parser: argparse.ArgumentParser) -> None:
    """Makes shells complete files and folders where a command takes them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _complete_paths(command)
        elif action.type is Path or action.dest in _NAMES_OR_PATHS:
            action.complete = shtab.FILE  # type: ignore[attr-defined]


class _Listed:
    """The subparsers, and the help line of each."""

    def __init__(self, commands: Any) -> None:
        self._commands = commands
        self.lines: dict[str, str] = {}

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser:
        self.lines[name] = help
        return self._commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")


class _Contents(argparse.ArgumentParser):
    """A parser whose help lists the commands by chapter."""

    lines: dict[str, str]

    def format_help(self) -> str:
        width, margin = min(shutil.get_terminal_size().columns, 120), max(map(len, self.lines)) + 4
        text = [f"usage: {self.prog} COMMAND ...", "", str(self.description)]
        for chapter, names in CHAPTERS.items():
            text += ["", chapter]
            for name in names:
                head = f"  {name}".ljust(margin)
                text += textwrap.wrap(head + self.lines[name], width, subsequent_indent=" " * margin)
        for ending in (
            f"{self.prog} COMMAND --help lists the arguments of a command; with --json it prints one JSON object.",
            f"{self.prog} --version prints the version; {self.prog} --completion SHELL prints a completion script.",
        ):
            text += ["", *textwrap.wrap(ending, width)]
        return "\n".join(text) + "\n"


if __name__ == "__main__":
    sys.exit(main())
