"""What the lecture draws: moving pictures from sheets, rows of bars, and charts; HTML, or plotly as dictionaries."""

import base64
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import imageio.v3 as iio
import numpy as np

from pages.compare.leaks import Plane, name_sides
from pages.latent.data import dot_looks
from pages.names import person_and_expression, shown_name
from seqdisent_core.assets import asset
from seqdisent_core.lecture import Material, material
from seqdisent_core.reporting import Chart, LatentMap

_FPS = 15  # of the examples and of what is sampled
_CHART_TEXT = 28  # pixels: read from the last row
_DIVERGING = [[0, "#5e3c99"], [0.5, "#fbf7f0"], [1, "#8a6d00"]]  # not the hues of who and what


@dataclass(frozen=True)
class Film:
    """A row of a sheet, moving. label: what it shows, for those who do not see it; still: the one frame it shows."""

    sheet: str
    row: int
    label: str
    still: int | None = None


@functools.cache
def _sheet(path: Path) -> "Sheet":
    """A sheet as an address that holds it, its rows and its frames."""
    picture = path.read_bytes()
    height, width = iio.imread(picture).shape[:2]
    size = material_size()
    return picture_address(picture), height // size, width // size


def picture_address(webp: bytes) -> str:
    """An address that holds the picture itself."""
    return f"data:image/webp;base64,{base64.b64encode(webp).decode()}"


def material_size() -> int:
    """Side of a frame in a sheet, pixels: the model's."""
    config = json.loads((asset("checkpoints/facekit52") / "config.json").read_text(encoding="utf-8"))
    return int(config["frame_size"])


Sheet = tuple[str, int, int]  # its address, rows, frames


def films(
    shown: Iterable[tuple[Film, str]],
    *,
    columns: int,
    name: str = "",
    sheets: Mapping[str, Sheet] | None = None,
    seconds: Mapping[str, float] | None = None,
) -> str:
    """Films in a grid, each over its caption, HTML; a sheet stands in it once, however many films are cut from it.

    sheets: by name, where they are not the material's; seconds: how long a sheet's films take, by name, where they have
    not 15 frames a second.
    """
    shown = list(shown)
    held = {film.sheet: (sheets or {}).get(film.sheet) or _sheet(material().sheet(film.sheet)) for film, _ in shown}
    numbers = {sheet: at for at, sheet in enumerate(held)}
    style = [f"--columns:{columns}", *(f"--sheet-{numbers[sheet]}:url({held[sheet][0]})" for sheet in held)]
    cells = "".join(
        f"<figure>{_film(film, numbers[film.sheet], held[film.sheet], (seconds or {}).get(film.sheet))}"
        f"{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>"
        for film, caption in shown
    )
    return f'<div class="lx-films {name}" style="{";".join(style)}">{cells}</div>'


def _film(film: Film, number: int, sheet: Sheet, seconds: float | None) -> str:
    _, rows, frames = sheet
    at = frames // 2 if film.still is None else film.still  # of a film: where nothing moves, as on paper
    style = [
        f"--rows:{rows};--frames:{frames};--down:{100 * film.row / max(rows - 1, 1):.3f}%",
        f"--seconds:{seconds or frames / _FPS:.3f}s;background-image:var(--sheet-{number})",
        f"--at:{100 * at / max(frames - 1, 1):.3f}%",
    ]
    kind = "lx-film" if film.still is None else "lx-film lx-still"
    return f'<i class="{kind}" role="img" aria-label="{escape(film.label)}" style="{";".join(style)}"></i>'


def swap_matrix(known: Material, chosen: Sequence[str]) -> str:
    """Rows are persons, columns are what they do; the given clips above."""
    rows = {name: known.names.index(name) for name in chosen}
    head: list[tuple[Film, str]] = [(Film("given", rows[name], _of(name)), "") for name in chosen]
    body = [
        (Film(who, rows[does], f"{person_and_expression(who)[0]} doing what {_of(does)} does"), "")
        for who in chosen
        for does in chosen
    ]
    return f'<div class="lx-matrix">{films(head, columns=len(chosen))}{films(body, columns=len(chosen))}</div>'


def frames_of(known: Material, name: str, count: int, *, marked: int | None = None) -> str:
    """Some frames of a given clip in a row; the marked one in the hue of who."""
    last = known.about["frames"][name] - 1
    at = [round(i * last / (count - 1)) for i in range(count)]
    row = known.names.index(name)
    stills = [(Film("given", row, f"frame {i + 1} of {_of(name)}", i), "") for i in at]
    return films(stills, columns=count, name="" if marked is None else "lx-marked")


def _of(name: str) -> str:
    return ", ".join(person_and_expression(name))


def bars(rows: Iterable[tuple[str, float, str, str]]) -> str:
    """Bars of (name, length in percent, figure, hue); hue "who", "does" or "quiet"."""
    drawn = "".join(
        f'<div class="lx-bar"><dt>{name}</dt><dd class="lx-{hue}"><i style="--share:{length / 100:.4f}">'
        f"</i><b>{figure}</b></dd></div>"
        for name, length, figure, hue in rows
    )
    return f'<dl class="lx-bars">{drawn}</dl>'


_PLANE = Plane(letter=2.7, line=8.0, across=2.2, up=2.2, right=125.0, top=110.0)  # of the lecture's own type and screen


def dots(shown: Sequence[tuple[str, float, float, str]], chance: tuple[float, float], axes: tuple[str, str]) -> str:
    """Named dots (name, x, y, "ours" or "quiet") over percent from 0 to 100, with lines at `chance`, percent; HTML."""
    sides = name_sides([(name, x, y) for name, x, y, _ in shown], _PLANE)
    cells = "".join(
        f'<li class="lx-{hue} lx-{side}" style="--x:{x:.1f}%;--y:{y:.1f}%"><i></i><b>{escape(name)}</b></li>'
        for (name, x, y, hue), side in zip(shown, sides, strict=True)
    )
    ways = zip(("along", "across"), chance, strict=True)
    lines = "".join(f'<i class="lx-{way}" style="--at:{at:.1f}%"></i>' for way, at in ways)
    return f'<div class="lx-plane"><p>↑ {axes[1]}</p><div>{lines}<ul>{cells}</ul></div><p>{axes[0]} →</p></div>'


def figures(shown: Iterable[tuple[str, str]]) -> str:
    """Large figures side by side, each after words (HTML) on what it is."""
    cells = "".join(f"<p>{words} <b>{figure}</b></p>" for words, figure in shown)
    return f'<div class="lx-figures">{cells}</div>'


def listed(lines: Iterable[str]) -> str:
    """Lines of plain text as bullets."""
    return f'<ul class="lx-notes">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A plain table; the first column is what the row is."""
    heads = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    return f'<table class="lx-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def legend(entries: Iterable[tuple[str, str, str]]) -> str:
    """What colours mean, (glyph, colour, words) each, in one line."""
    items = "".join(f'<li><i style="color:{hue}">{glyph}</i>{escape(words)}</li>' for glyph, hue, words in entries)
    return f'<ul class="lx-legend">{items}</ul>'


def feature_scale() -> str:
    """What the colours of `feature_chart` mean."""
    low, middle, high = (hue for _, hue in _DIVERGING)
    bar = f'<i style="background:linear-gradient(90deg,{low},{middle},{high})"></i>'
    return f'<p class="lx-scale">rows: units, columns: frames. − {bar} +</p>'


def feature_chart(features: np.ndarray, order: np.ndarray) -> Chart:
    """Features of a clip, (frames, dim), as a heatmap: a row a unit in the given order, a column a frame."""
    rows = features[:, order].T
    most = float(np.abs(rows).max())
    heat = {
        "type": "heatmap",
        "z": np.round(rows, 3).tolist(),
        "x": list(range(1, rows.shape[1] + 1)),
        "zmin": -most,
        "zmax": most,
        "colorscale": _DIVERGING,
        "showscale": False,
        "hovertemplate": "frame %{x}, unit %{y}: %{z:.2f}<extra></extra>",
    }
    axes = {"xaxis": {"visible": False}, "yaxis": {"visible": False, "autorange": "reversed"}}
    layout = _layout() | axes | {"height": 120, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
    return {"data": [heat], "layout": layout}


def map_chart(known: LatentMap, factor: str, by: str) -> Chart:
    """The map of one factor's codes, a dot a clip (its dynamics at the apex), coloured by "person" or "expression"."""
    places = known.static_places if factor == "static" else known.dynamics_places[:, known.apex]
    labels, names = known.labels[by]
    who, does = known.labels["person"], known.labels["expression"]
    order = np.random.default_rng(0).permutation(len(labels))  # no label lies on top of all others
    looks = dot_looks(by, len(names))
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": places[order, 0].round(2).tolist(),
        "y": places[order, 1].round(2).tolist(),
        "marker": {
            "size": 9,
            "color": [looks[labels[clip]].hue for clip in order],
            "symbol": [looks[labels[clip]].shape for clip in order],
        },
        "text": [f"{shown_name(who.names[who.values[i]])}, {does.names[does.values[i]]}" for i in order],
        "hovertemplate": "%{text}<extra></extra>",
    }
    half = 1.05 * float(np.abs(places).max())
    axis = {"visible": False, "range": [-half, half]}
    layout = _layout(f"{factor} codes") | {"xaxis": axis, "yaxis": axis, "showlegend": False}
    return {"data": [dots], "layout": layout | {"height": 360, "margin": {"l": 0, "r": 0, "t": 46, "b": 0}}}


def _layout(title: str = "") -> Chart:
    font = {"size": _CHART_TEXT}
    return {
        "title": {"text": title, "font": font, "x": 0, "xanchor": "left", "y": 0.99, "yanchor": "top"},
        "font": font,
        "hoverlabel": {"font": font},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
