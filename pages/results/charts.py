"""Charts of the page "Results", as HTML: bars under their names, and tables coloured by what is read as what."""

from collections.abc import Collection
from html import escape
from typing import Any

from seqdisent_core.reporting import Chart

_HUES = ("who", "does")  # of the two traces of a leakage chart
_PRECISE = 6  # columns, up to which a coloured table has room for a decimal


def drawn(name: str, chart: Chart, kept: Collection[str]) -> str:
    """A figure with its title. Of bars, those of the result files in `kept`, or all where none of them is."""
    title = escape(chart["layout"]["title"]["text"])
    of = escape(name.split("_leakage_")[0].removesuffix("_confusion"))
    body = _heat(chart["data"][0], title) if chart["data"][0]["type"] == "heatmap" else _bars(chart, kept)
    return (
        f'<figure class="sd-chart" data-chart="{escape(name)}"><figcaption><h3>{title}</h3>'
        f'<span class="sd-quiet">{of}</span></figcaption>{body}</figure>'
    )


def _bars(chart: Chart, kept: Collection[str]) -> str:
    """Under each model's name a bar a trace, its value at the end of the line; chance is a dashed line."""
    traces, shapes = chart["data"], chart["layout"]["shapes"]
    models = [name.split("<br>") for name in traces[0]["x"]]
    shown = [at for at, (_, stem) in enumerate(models) if stem in kept] or range(len(models))
    legend = "".join(
        f'<span class="sd-hue-{hue}">{escape(trace["name"])} (dashed: chance, {shape["y0"]:.1f} %)</span>'
        for hue, trace, shape in zip(_HUES, traces, shapes, strict=True)
    )
    rows = "".join(
        f"<dt>{escape(models[at][0])}</dt>"
        + "".join(
            _bar(hue, trace["name"], trace["y"][at], trace["error_y"]["array"][at], shape["y0"])
            for hue, trace, shape in zip(_HUES, traces, shapes, strict=True)
        )
        for at in shown
    )
    return f'<p class="sd-chart-legend">{legend}</p><dl class="sd-chart-bars">{rows}</dl>'


def _bar(hue: str, words: str, share: float, spread: float, chance: float) -> str:
    return (
        f'<dd class="sd-hue-{hue}" style="--share:{share:.2f}%;--chance:{chance:.2f}%"><span class="sd-hidden">'
        f'{escape(words)}: </span><i></i><b>{share:.1f} <span class="sd-spread">± {spread:.1f}</span></b></dd>'
    )


def _heat(trace: dict[str, Any], title: str) -> str:
    """Percent of each row, read as each column."""
    places = 1 if len(trace["x"]) <= _PRECISE else 0
    heads = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in trace["x"])
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(
            f'<td style="--share:{share:.1f}%"{" class=sd-most" if share > 50 else ""}>{share:.{places}f}</td>'
            for share in shares
        )
        + "</tr>"
        for name, shares in zip(trace["y"], trace["z"], strict=True)
    )
    return (
        f'<table class="sd-heat" aria-label="{title}"><thead><tr><td>% of row, predicted as</td>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
