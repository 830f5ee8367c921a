"""The command that serves the demo, and the import of the pages, which are outside this package."""

import argparse
import sys
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any

from seqdisent_core.assets import pages_root
from seqdisent_core.commands.arguments import add_demo, add_json, tell


def add_commands(commands: Any) -> None:
    """Adds the command of this module to the subparsers."""
    demo = commands.add_parser("demo", help="serve the demo in a browser: swap, sample, latent map, results")
    add_demo(demo)
    add_json(demo)
    demo.set_defaults(run=_demo)


def outside(name: str) -> Any:
    """A module of the app or its pages, which this package imports only when a command needs it."""
    sys.path.insert(0, str(pages_root()))
    return import_module(name)


def _demo(options: argparse.Namespace) -> None:
    app = outside("app")
    with redirect_stdout(sys.stderr):  # where Gradio prints
        demo = app.build(options.lecture)
        address = app.start(demo, host=options.host, port=options.port, block=False)
    tell(options, written={}, figures={"address": address}, notes=[f"The demo: {address}"])
    with redirect_stdout(sys.stderr):
        app.wait(demo)
