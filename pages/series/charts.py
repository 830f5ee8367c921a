"""The charts of the page "Series", as Plotly takes them: lines with gaps, and the map of static codes.

Colours are names of the page's own (pages/web/tokens.css), which the script looks up, so that dark pages have theirs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqdisent_core.series_studio import KnownSeries, Series

HOURS_A_DAY = 24
_TURN = 360  # degrees of hue; months go round once


def lines(title: str, feature: str, drawn: Mapping[str, tuple[np.ndarray, str]]) -> dict[str, Any]:
    """A chart of lines over the days: name -> values (steps,), NaN in gaps, which stay open, and a colour."""
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": [round(hour / HOURS_A_DAY, 2) for hour in range(len(values))],
            "y": [None if np.isnan(value) else round(float(value), 2) for value in values],
            "connectgaps": False,
            "line": {"color": colour, "width": 1.6},
            "hovertemplate": "day %{x:.1f}: %{y:.1f}<extra>" + name + "</extra>",
        }
        for name, (values, colour) in drawn.items()
    ]
    layout = {"xaxis": {"title": {"text": "days"}}, "yaxis": {"title": {"text": feature}}}
    return {"title": title, "data": data, "layout": layout}


def code_map(known: KnownSeries, own: Sequence[tuple[Series, tuple[float, float]]]) -> dict[str, Any]:
    """The t-SNE of static codes, a dot a known series, coloured by its label.

    own: the two series of the page, a star and a diamond.
    """
    labels = sorted(set(known.labels))
    data: list[dict[str, Any]] = []
    for at, label in enumerate(labels):
        rows = [row for row, of in enumerate(known.labels) if of == label]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label or "known series",
                "x": known.places[rows, 0].round(1).tolist(),
                "y": known.places[rows, 1].round(1).tolist(),
                "text": [known.names[row] for row in rows],
                "marker": {"size": 6, "color": f"hsl({_TURN * at // len(labels)}, 62%, 50%)"},
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    for symbol, (series, (x, y)) in zip(("star", "diamond"), own, strict=True):
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": series.name,
                "showlegend": False,
                "x": [x],
                "y": [y],
                "marker": {"size": 17, "symbol": symbol, "color": "ink", "line": {"width": 1.5, "color": "card"}},
                "hovertemplate": series.name + "<extra></extra>",
            }
        )
    hidden = {"showticklabels": False, "zeroline": False}
    return {
        "title": f"Static codes, coloured by {known.label or 'nothing'}",
        "data": data,
        "layout": {"xaxis": hidden, "yaxis": hidden},
    }
