"""The command that says what this machine offers and whether the package works on it."""

import argparse
import platform
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from seqdisent_core.commands.arguments import add_device, add_json, tell


def add_commands(commands: Any) -> None:
    """Adds the command of this module to the subparsers."""
    doctor = commands.add_parser("doctor", help="print device, limits, versions, free memory and disk; try one swap")
    add_device(doctor)
    add_json(doctor)
    doctor.set_defaults(run=_doctor)


def _doctor(options: argparse.Namespace) -> None:
    import imageio_ffmpeg
    import psutil  # type: ignore[import-untyped]

    from seqdisent_core.cluster import described
    from seqdisent_core.limits import limits
    from seqdisent_core.machine import hardware, software
    from seqdisent_core.media import without_network
    from seqdisent_core.studio import FILMED, Studio
    from seqdisent_core.trial import try_swap

    allowed = limits()  # before anything that takes time
    studio = Studio.from_pretrained(FILMED, device=options.device)
    figures = {
        "device": f"{studio.device}, {hardware(studio.method.device)}",
        "python": platform.python_version(),
        **software(),
        "gradio": _version("gradio"),
        "ffmpeg": imageio_ffmpeg.get_ffmpeg_version(),
        "network_of_the_decoder": "none" if without_network() else "as this process, for the kernel allows no other",
        "free_memory_megabytes": psutil.virtual_memory().available // 2**20,
        "free_disk_megabytes": shutil.disk_usage(tempfile.gettempdir()).free // 2**20,
        "cluster": described(),
        "limits": allowed.to_dict(),
        "swap": f"works: {try_swap(studio)} frames written and read",
    }
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in figures.items() if name != "limits"]
    lines += ["limits:", *(f"  {name}: {value}" for name, value in allowed.to_dict().items())]
    tell(options, *lines, written={}, figures=figures)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
