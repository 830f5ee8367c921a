"""Starts the lecture: Streamlit in this process, offline, until it is stopped."""

import contextlib
import errno
import os
import socket
import sys

import pandas  # noqa: F401  before Streamlit does while a chart is drawn: in another run Plotly would find half of it
from streamlit.web.cli import main

from pages.lecture.steps import Step, Talk
from seqdisent_core.assets import pages_root
from seqdisent_core.errors import ConfigError

_SETTINGS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxMessageSize": "60",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "logger.hideWelcomeMessage": "true",  # on all addresses it would ask a host elsewhere for this machine's own
    "client.showErrorDetails": "none",
    "theme.light.primaryColor": "#0b6270",
    "theme.dark.primaryColor": "#7fd0d6",
}


def check(host: str, port: int) -> None:
    """Draws every step as the talk begins it.

    Raises SeqdisentError for what would fail before an audience: pictures or figures missing, a port that is in use or
    none at all.
    """
    for step in Talk().steps:
        _draw(step)
    if not 1 <= port <= 65535:  # some systems would take a higher one for another that is lower
        raise ConfigError(f"The lecture cannot listen on port {port}: ports are 1 to 65535. See --port.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as tried:
            if os.name != "nt":  # as servers do: a port that a lecture has just left is free; on Windows it would share
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        why = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise ConfigError(f"The lecture cannot listen on {host}, port {port}: {why}. See --host and --port.") from None


def _draw(step: Step) -> None:
    try:
        step.shown()
        step.told()
    except (OSError, KeyError) as error:
        raise ConfigError(
            f'The step "{step.title}" cannot be shown ({error}). `seqdisent lecture --prepare` makes the lecture\'s '
            "pictures anew; figures and the films of models come with the project."
        ) from None


def serve(host: str, port: int, demo: str, speaker: str) -> None:
    """demo: the address of the Gradio pages, for the links of the last step. speaker: the name on the title."""
    os.environ["SEQDISENT_DEMO"] = demo
    os.environ["SEQDISENT_SPEAKER"] = speaker
    settings = _SETTINGS | {"server.address": host, "server.port": str(port)}
    page = str(pages_root() / "pages" / "lecture" / "screen.py")
    with contextlib.redirect_stdout(sys.stderr):  # where the command itself tells is not Streamlit's to add to
        main(["run", page, *(f"--{name}={value}" for name, value in settings.items())], standalone_mode=False)
