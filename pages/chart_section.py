"""A section of a page whose value is the charts that stand in it, which Plotly draws."""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from pages.plotting import address, plotly_script
from pages.web import web

_SECTION = (
    '<section class="sd sd-results sd-series"><h2>{title}</h2><p>{words}</p>'
    '<div class="sd-series-charts"></div></section>'
)


def chart_section(title: str, words: str, name: str) -> gr.HTML:
    """The section, whose value is of `as_value`; name: its id. Plotly's script must be among the static paths."""
    return gr.HTML(
        None,
        html_template=_SECTION.format(title=title, words=words),
        js_on_load="\n".join(map(web, ("elements.js", "plotly.js", "series.js"))),
        apply_default_css=False,
        elem_id=name,
        plotly=address(plotly_script()),
    )


def as_value(charts: Sequence[dict[str, Any]]) -> str:
    """What the script draws: a text, since Gradio wraps every number of an object in a watcher of its own."""
    return json.dumps(charts, separators=(",", ":"))
