"""The command for the lecture: on a screen, as a handout, and the material it shows."""

import argparse
from pathlib import Path
from typing import Any

from seqdisent_core.commands.arguments import add_json, share_bar, tell
from seqdisent_core.commands.pages import outside
from seqdisent_core.errors import ConfigError


def add_commands(commands: Any) -> None:
    """Adds the command of this module to the subparsers."""
    lecture = commands.add_parser("lecture", help="serve the lecture: why the method works, step by step, offline")
    lecture.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    lecture.add_argument("--port", type=int, default=8501, help="port to listen on (default: 8501)")
    lecture.add_argument(
        "--demo",
        default="http://127.0.0.1:7860",
        help="address of the pages (`python app.py`), for links and a QR code on the last step; phones need one that "
        "they can reach, such as http://192.168.0.2:7860 of an app started with --host 0.0.0.0",
    )
    lecture.add_argument("--speaker", default="", help="name on the title")
    lecture.add_argument("--handout", type=Path, help="write all steps but the live one into this HTML file instead")
    lecture.add_argument("--prepare", action="store_true", help="regenerate the material that the steps show instead")
    lecture.add_argument("--out", type=Path, default=Path("demo_assets/lecture"), help="folder for --prepare")
    pictures = Path("docs/filmed_failures.png")
    lecture.add_argument("--failures", type=Path, default=pictures, help="contact sheet of failures, for --prepare")
    add_json(lecture)
    lecture.set_defaults(run=_lecture)


def _lecture(options: argparse.Namespace) -> None:
    if options.prepare:
        _prepare(options)
        return
    if options.handout:
        outside("pages.lecture.handout").write_handout(options.handout)
        words = f"The handout is in {options.handout}: open it in a browser, and print it there for a PDF."
        tell(options, words, written={"handout": options.handout})
        return
    start = outside("pages.lecture.start")
    start.check(options.host, options.port)
    address = f"http://{options.host}:{options.port}"
    tell(options, written={}, notes=[f"The lecture: {address} (the keys → and ← turn the steps, N opens the notes)"])
    start.serve(options.host, options.port, options.demo, options.speaker)


def _prepare(options: argparse.Namespace) -> None:
    from seqdisent_core.assets import asset
    from seqdisent_core.lecture import crop_failures, make_material
    from seqdisent_core.studio import DRAWN, SHIPPED_JUDGE, Studio

    if not options.failures.is_file():
        raise ConfigError(
            f"There is no {options.failures}. `python examples/failures.py FaceXModel FILE` renders it; --failures "
            "FILE names it."
        )
    with share_bar("preparing the lecture") as advance:
        made = make_material(
            Studio.from_pretrained(),
            options.out,
            checkpoint=asset(f"checkpoints/{DRAWN}"),
            judge=asset(SHIPPED_JUDGE),
            command=options.command_line,
            progress=advance,
        )
    crop_failures(options.failures, options.out / "failures.webp")
    words = f"The material of the lecture, from {len(made.names)} clips, is in {options.out}."
    tell(options, words, written={"folder": options.out}, figures={"clips": len(made.names)})
