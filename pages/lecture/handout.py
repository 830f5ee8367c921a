"""The lecture as one HTML file that needs nothing else: to give away, and to print."""

import json
from html import escape
from pathlib import Path
from typing import Any

from pages.lecture.look import style
from pages.lecture.pictures import listed
from pages.lecture.steps import Shown, Step, Talk
from pages.plotting import plotly_script
from pages.web import web

_CHART = '<div class="lx-chart" data-chart="{}"></div>'


def write_handout(path: Path) -> None:
    """Every step as the talk begins it, and what the speaker says."""
    steps = Talk().steps
    body = "".join(_step(number, step, len(steps)) for number, step in enumerate(steps, 1) if not step.live)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(steps[0].title)}</title>{style()}<style>{web('lecture_handout.css')}</style></head>"
        f'<body class="stApp">{body}<script>{plotly_script().read_text(encoding="utf-8")}</script>'
        f"<script>{web('lecture_handout.js')}</script></body></html>",
        encoding="utf-8",
    )


def _step(number: int, step: Step, of: int) -> str:
    return (
        f'<section><div><p class="lx-where">{number} of {of}</p><h1>{step.title}</h1>'
        f'<p class="lx-words">{step.words}</p>{listed(step.notes)}</div>'
        f"<div>{_drawn(step)}</div></section>"
    )


def _drawn(step: Step) -> str:
    """What stands beside the words: for each printed value of the first control, or as the talk begins."""
    if not step.printed:
        return _turned(step)
    control = step.controls[0]
    names = control.choices or {}
    return "".join(
        f'<p class="lx-caption"><b>{names.get(value, value)}</b></p>{_turned(step, **{control.name: value})}'
        for value in step.printed
    )


def _turned(step: Step, **turned: Any) -> str:
    pictures, told = _pictures(step.shown(**turned)), step.told(**turned)
    return f'<div class="lx-turned">{pictures}<div>{told}</div></div>' if told else pictures


def _pictures(shown: Shown) -> str:
    made = []
    for piece in shown:
        if isinstance(piece, str):
            made.append(piece)
            continue
        drawn = "".join(_CHART.format(escape(json.dumps(chart, separators=(",", ":")))) for chart in piece)
        made.append(f'<div class="lx-beside">{drawn}</div>')
    return "".join(made)
