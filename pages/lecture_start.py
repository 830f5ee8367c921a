"""Starts the lecture: Streamlit in this process, offline, until it is stopped."""

import errno
import os
import socket

from streamlit.web.cli import main

from pages.lecture_steps import Talk
from seqdisent_core.assets import pages_root
from seqdisent_core.errors import ConfigError

_SETTINGS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxMessageSize": "60",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "theme.light.primaryColor": "#0b6270",
    "theme.dark.primaryColor": "#7fd0d6",
}


def check(host: str, port: int) -> None:
    """Raises ConfigError for what would fail before an audience: material or figures missing, a port in use."""
    Talk()
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as tried:
            if os.name != "nt":  # as servers do: a port that a lecture has just left is free; on Windows it would share
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        why = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise ConfigError(f"The lecture cannot listen on {host}, port {port}: {why}. See --host and --port.") from None


def serve(host: str, port: int, demo: str) -> None:
    """demo: the address of the Gradio pages, for the links of the last step."""
    os.environ["SEQDISENT_DEMO"] = demo
    settings = _SETTINGS | {"server.address": host, "server.port": str(port)}
    page = str(pages_root() / "pages" / "lecture.py")
    main(["run", page, *(f"--{name}={value}" for name, value in settings.items())], standalone_mode=False)
