"""The page "Compare": one pair of clips, swapped by every method, and what each method leaks."""

import functools
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status
from pages.clip_input import picture
from pages.compare.leaks import Leak, Plane, Side, by_chance, leaks, name_sides
from pages.compare.result import Swapped, show_of, swapped_example, swapped_own
from pages.door import why_failed
from pages.events import AT_ONCE, BUSY
from pages.latent.data import dot_looks
from pages.player import player
from pages.plotting import address, plotly_script
from pages.privacy import privacy, visitor
from pages.progress import progress
from pages.sample.form import Place, clip_place, readings_of
from pages.web import web
from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError, SeqdisentError
from seqdisent_core.limits import limits
from seqdisent_core.reporting import COMPARED_CLIPS, METHOD_NAMES, SORTED_BY, read_comparison

if TYPE_CHECKING:
    from seqdisent_core.comparison import Comparison

_INTRO = """
<div class="sd sd-intro sd-awaits">
  <h1>One pair of clips,<br>every method</h1>
  <div class="sd-lede">
  <p>Each tile is the same swap by another method: <span class="sd-who">who</span> from one clip,
  <span class="sd-does">what they do</span> from the other. The percentages are of all {clips:,} test clips, not of this
  pair: how often the judge recognises the right person and expression in swaps, and what a probe finds in a code that
  should not be there. Here clips begin anywhere in a movement, which is hard for DBSE, as it reads the static code from
  the first frame. ↑: more is better; ↓: less is better.</p>
  <p>All models are small: compare them with each other, not with the page Swap. They have the same networks and
  clips and {steps} steps of training; figures are {runs}. <b>Exchange</b> is a variant of ours, not a published
  method.</p>
</div>
</div>
"""
_CHART = """
<section class="sd sd-results"><h2>Leakage at a glance</h2>
<p>The lower a method, the less its dynamics reveal about the person; the farther left, the less its static code
reveals about the expression. The best place is the bottom left, where the dashed lines of chance cross. Of two
classifiers on the codes of test clips, the stronger is shown, {runs}.</p>
<p class="sd-chart-legend"><span class="sd-hue-who">DBSE and Exchange, our variant of it</span>
<span class="sd-hue-does">other methods</span></p>
<div class="sd-compare-plot" role="img" aria-label="{label}"></div>
<h2>t-SNE of the codes</h2>
<p>Codes of {count} test clips. A good method shows small clusters of one colour in both maps.</p>
<p class="sd-row" role="group" aria-label="Maps of">{buttons}</p>
<div class="sd-compare-maps">
<figure><figcaption><h3><span class="sd-who">Static</span> codes, coloured by person</h3>
<p class="sd-quiet">{persons} persons: some colours are alike. Point at or tap a dot for its person.</p></figcaption>
<div class="sd-compare-map" role="img"></div></figure>
<figure><figcaption><h3><span class="sd-does">Dynamics</span>, coloured by expression</h3>
<p class="sd-compare-legend"></p></figcaption>
<div class="sd-compare-map" role="img"></div></figure>
</div>
</section>
"""
# Of the chart on a phone, where names take most: on a wide page they have the more room.
_PLANE = Plane(letter=2.5, line=4.8, across=2.4, up=2.0, right=104.0, top=104.0)
_POSITIONS: dict[Side, str] = {  # in Plotly's words
    "right": "middle right",
    "left": "middle left",
    "up": "top center",
    "down": "bottom center",
}
_MOVES = [("First person moves like the second", 0), ("Second person moves like the first", 1)]


@functools.cache
def comparison() -> "Comparison":
    """The comparison that ships, loaded once. Raises ConfigError where there is none."""
    from seqdisent_core.comparison import Comparison

    return Comparison(asset("compare"), "cpu" if model.ZERO_GPU else None)


def layout(demo: gr.Blocks) -> None:
    """Lays the page out and binds its events; call it inside the Blocks context."""
    try:
        about = read_comparison(asset("compare"))
    except ConfigError as error:
        gr.HTML(f'<div class="sd">{status.problem(str(error))}</div>', apply_default_css=False)
        return
    told = {"clips": about["data"]["clips"], "steps": about["rows"][0]["steps"], "runs": _runs(about)}
    gr.HTML(_INTRO.format(**told), apply_default_css=False)
    token = visitor(demo)
    bar = gr.HTML(_pairs(about), js_on_load=web("results_films.js"), apply_default_css=False, elem_id="pairs")
    with gr.Row(elem_id="compare-form", elem_classes="sd-form"):
        moves = gr.Radio(_MOVES, value=0, label="Which swap")
        by = gr.Dropdown([(words, key) for key, (words, _) in SORTED_BY.items()], label="Sort by", value="swap_dynamic")
    work = progress()
    stage = player(elem_id="compared")
    made = gr.State(None, time_to_live=limits().keep_seconds)  # Swapped | None
    bar.choose(swap_pair, None, [work, made], **BUSY).failure(why_failed, None, work, **AT_ONCE)
    for event in (made.change, moves.change, by.change):
        event(show, [made, moves, by], stage, **AT_ONCE)
    demo.load(first_pair, None, [work, made], **BUSY)
    _own_clips(token, work, made)
    gr.set_static_paths([plotly_script()])
    found = leaks(about)
    gr.HTML(
        _charts(about, found),
        js_on_load="\n".join(map(web, ("elements.js", "plotly.js", "compare.js"))),
        apply_default_css=False,
        points=json.dumps(_points(about, found), separators=(",", ":")),
        plotly=address(plotly_script()),
    )


def _own_clips(token: gr.BrowserState, work: gr.HTML, made: gr.State) -> None:
    with gr.Accordion("Your own clips", open=False):
        with gr.Row(equal_height=False):
            places = [
                clip_place(title, f"compare-{title.split()[1]}") for title in ("The first clip", "The second clip")
            ]
        for place in places:
            _reads(place, token)
        go = gr.Button("Swap these two", variant="primary", elem_classes="sd-go", elem_id="compare-own")
        privacy(token)
        faces = [place.face for place in places]
        go.click(swap_own, faces, [work, made], **BUSY).failure(why_failed, None, work, **AT_ONCE)


def _reads(place: Place, token: gr.BrowserState) -> None:
    for event in readings_of(place, token, model.studio):
        event.failure(why_failed, None, place.seen, **AT_ONCE)


def _pairs(about: dict[str, Any]) -> str:
    """A button a pair of example clips, with a frame of each."""
    import numpy as np

    with np.load(asset("compare") / COMPARED_CLIPS) as kept:
        frames = kept["frames"]
    buttons = []
    for pair in range(len(frames) // 2):
        both = frames[2 * pair : 2 * pair + 2, frames.shape[1] // 2]
        (who, does), (other, deed) = about["clips"][2 * pair : 2 * pair + 2]
        label = escape(f"Pair {pair + 1}: {who}, {does}, and {other}, {deed}")
        image = picture(np.concatenate(list(both), axis=1))
        pressed = str(not pair).lower()
        buttons.append(
            f'<button type="button" class="sd-button sd-pair" data-name="{pair}" aria-pressed="{pressed}" '
            f'aria-label="{label}"><img alt="" src="{image}"></button>'
        )
    return f'<div class="sd sd-films sd-pairs" role="group" aria-label="Pairs of clips">{"".join(buttons)}</div>'


def first_pair() -> Iterator[tuple[str, Any]]:
    """The first of the pairs, as long as nothing was pressed."""
    yield from _swapping(lambda: swapped_example(comparison(), 0))


# Gradio looks the hints of the following up to find the event, so they may not name what is imported for types alone.
def swap_pair(event: gr.EventData) -> Iterator[tuple[str, Any]]:
    """Swaps the pair whose button was pressed, by every method."""
    number = int(event.name) if str(event.name).isdecimal() else 0
    yield from _swapping(lambda: swapped_example(comparison(), number))


def swap_own(first: Any, second: Any) -> Iterator[tuple[str, Any]]:
    """Swaps a visitor's two clips."""
    if first is None or second is None:
        yield status.problem("Add two clips first: drop a file, record one, or choose an example."), gr.skip()
        return
    yield from _swapping(lambda: swapped_own(comparison(), first, second))


def _swapping(work: Any) -> Iterator[tuple[str, Any]]:
    yield status.stages(("Swapping with every method",), 0), gr.skip()
    try:
        yield status.ready("The swaps are ready below."), work()
    except SeqdisentError as error:
        yield status.problem(str(error)), gr.skip()


def show(made: Swapped | None, moves: int, by: str) -> Iterator[Any]:
    """Puts one swap by every method on the stage, in the order of a figure."""
    if made is None:
        yield None
        return
    with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
        yield show_of(comparison(), made, int(moves == 1), by if by in SORTED_BY else "swap_dynamic", Path(folder))


def _charts(about: dict[str, Any], found: list[Leak]) -> str:
    names = list(about["maps"])
    buttons = "".join(
        f'<button type="button" class="sd-button sd-small" data-map="{escape(name)}" '
        f'aria-pressed="{str(not at).lower()}">{escape(METHOD_NAMES[name])}</button>'
        for at, name in enumerate(names)
    )
    told = [f"{one.name}: expression from s {one.x:.0f} %, person from d {one.y:.0f} %" for one in found]
    count = len(next(iter(about["maps"].values()))["static"])
    persons = len(set(_mapped(about)["static"]))
    words = {"count": count, "persons": persons, "runs": _runs(about), "label": escape("; ".join(told))}
    return _CHART.format(buttons=buttons, **words)


def _runs(about: dict[str, Any]) -> str:
    least, most = (of(row["runs"] for row in about["rows"]) for of in (min, max))
    if most == 1:
        return "of one training run"
    return f"the mean of {least if least == most else f'{least} to {most}'} training runs"


def _points(about: dict[str, Any], found: list[Leak]) -> dict[str, Any]:
    """What the chart and the maps show, as JSON has it."""
    labels = _mapped(about)
    sides = name_sides([(one.name, one.x, one.y) for one in found], _PLANE)
    dots = [one._asdict() | {"side": _POSITIONS[side]} for one, side in zip(found, sides, strict=True)]
    names = {group: sorted(set(values)) for group, values in labels.items()}
    looks = {  # as on the page "Latent map"
        theme: {
            group: dot_looks(by, len(names[group]), dark=theme == "dark")
            for group, by in (("static", "person"), ("dynamic", "expression"))
        }
        for theme in ("light", "dark")
    }
    maps = {"maps": about["maps"], "labels": labels, "names": names, "looks": looks}
    return {"dots": dots, "chance": by_chance(about), **maps}


def _mapped(about: dict[str, Any]) -> dict[str, list[str]]:
    """What the clips of the maps show, by "static" and "dynamic"."""
    return {group: next(iter(values.values())) for group, values in about["mapped"].items()}
