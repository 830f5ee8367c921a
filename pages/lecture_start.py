"""Starts the lecture: Streamlit in this process, offline, until it is stopped."""

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
    with socket.socket() as tried:
        try:
            tried.bind((host, port))
        except OSError:
            raise ConfigError(
                f"The lecture cannot listen on {host}, port {port}: it is in use. Choose another with --port."
            ) from None


def serve(host: str, port: int, demo: str) -> None:
    """demo: the address of the Gradio pages, for the links of the last step."""
    os.environ["SEQDISENT_DEMO"] = demo
    settings = _SETTINGS | {"server.address": host, "server.port": str(port)}
    page = str(pages_root() / "pages" / "lecture.py")
    main(["run", page, *(f"--{name}={value}" for name, value in settings.items())], standalone_mode=False)
