"""The command that says what this machine offers and whether the package works on it."""

import argparse
import platform
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
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

    from seqdisent_core.limits import limits
    from seqdisent_core.machine import hardware, software
    from seqdisent_core.studio import FILMED, Studio

    allowed = limits()  # before anything that takes time
    studio = Studio.from_pretrained(FILMED, device=options.device)
    figures = {
        "device": f"{studio.device}, {hardware(studio.method.device)}",
        "python": platform.python_version(),
        **software(),
        "gradio": _version("gradio"),
        "ffmpeg": imageio_ffmpeg.get_ffmpeg_version(),
        "free_memory_megabytes": psutil.virtual_memory().available // 2**20,
        "free_disk_megabytes": shutil.disk_usage(tempfile.gettempdir()).free // 2**20,
        "limits": allowed.to_dict(),
        "swap": _swapped(studio),
    }
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in figures.items() if name != "limits"]
    lines += ["limits:", *(f"  {name}: {value}" for name, value in allowed.to_dict().items())]
    tell(options, *lines, written={}, figures=figures)


def _swapped(studio: Any) -> str:
    """Swaps two of the examples, tuned for one step, and reads the result again. Raises SeqdisentError."""
    from seqdisent_core.assets import asset
    from seqdisent_core.films import write_moved
    from seqdisent_core.reenactment import pairs, subjects

    first, second = (studio.read_face(path) for path in sorted(asset("examples").glob("*.mp4"))[::5][:2])
    *_, pair = pairs(studio.method, subjects(first, second), steps=1, every=1.0)
    with tempfile.TemporaryDirectory() as folder:
        film = write_moved(pair.frames(0, 1), 0, Path(folder), (first, second))
        again = studio.read_face(film)
    return f"works: {len(again.frames)} frames written and read"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
