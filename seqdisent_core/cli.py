"""The command `seqdisent`: what the pages do, and the training behind it, from a terminal."""

import argparse
import shlex
import sys
from collections.abc import Sequence

import shtab

from seqdisent_core import __version__
from seqdisent_core.commands import faces, latents, measures, samples, sets, training
from seqdisent_core.errors import SeqdisentError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it is done, 1 with one line on standard error when it cannot be, 2 for wrong usage."""
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
    parser = argparse.ArgumentParser(prog="seqdisent", description="Who a face is and what it does, pulled apart.")
    parser.add_argument("--version", action="version", version=f"seqdisent {__version__}")
    shtab.add_argument_to(parser, "--completion", help="print what makes a shell complete these commands, and end")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in (faces, samples, sets, training, measures, latents):
        module.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
