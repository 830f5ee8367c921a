"""The page "Results": every figure that was measured, and at a press how; charts; and swaps that show leakage."""

import json
from html import escape
from typing import Any

import gradio as gr

from pages import status
from pages.made_films import MODELS, showcases
from pages.player import Show, player
from pages.plotting import address, plotly_script
from pages.results.files import RESULTS
from pages.results.films import show_of, words_on
from pages.results.short import in_short
from pages.results.tables import as_html, behind_filmed, behind_row
from pages.web import web
from seqdisent_core.assets import asset
from seqdisent_core.errors import DataError
from seqdisent_core.reporting import (
    Chart,
    Result,
    charts,
    codes_table,
    filmed_pairs_table,
    filmed_table,
    generation_table,
    leakage_tables,
    likeness_table,
    published_tables,
    read_filmed,
    read_results,
    swap_table,
    table,
)

_INTRO = """
<div class="sd sd-intro">
  <h1>What it reaches,<br>and what leaks</h1>
  <div class="sd-lede"><h2>What am I looking at?</h2>
  <p>A model pulls clips apart well when its static codes tell <span class="sd-who">who it is</span> and nothing of
  <span class="sd-does">what it does</span>, and its dynamics codes the other way round; what a code tells beyond that
  is called leakage. Who and what are read by a second network, the judge, which never saw a made clip: it sets the
  ceiling, and guessing sets the chance. <b>Full</b> is the whole model; the models <b>without</b> something lack the
  subtraction, the loss term of the anchor frame, or both. <b>Published, 39000 steps</b> is the paper's recipe at half
  its length, <b>published objective</b> its losses with our optimiser; all others are ours. Every figure is read from
  a file that a command wrote: press a model's name to see the command, seed, hashes, hardware and budget behind its
  row.</p></div>
  <details class="sd-code"><summary>The same in Python</summary><code>\
read_results(Path("results"))["facekit52"]["facekit52_dbse"]["metrics"]["generation"]["acc"]</code></details>
</div>
"""
_MISSING = "The result files are missing here: the folder results belongs beside app.py."
_SECTIONS: tuple[tuple[str, str, Any, str], ...] = (
    (
        "Generation",
        "Keep what a test clip does, draw another person for it, decode. <b>Acc</b>: the judge reads the expression "
        "that was kept. <b>H(y∣x)</b>: how unsure it is. <b>H(y)</b>: how varied the clips are. <b>IS</b> sums both up "
        "as exp(H(y) − H(y∣x)), at most the number of expressions. FaceKit-52 is a set of drawn faces; in Sprites, "
        "small figures of a game, an action stands for the expression, and the mean of four attributes for the person.",
        generation_table,
        "",
    ),
    (
        "Leakage",
        "By generation: the judge is asked about clips in which one code is kept and the other is drawn. In the "
        "latents: a small probe is trained on the codes themselves. One bar of each pair should be high, and the other "
        "should sink to its dashed line, which is chance. In the tables <b>static acc</b> is about the person, "
        "<b>dynamic acc</b> about the expression, and a <b>gap</b> is what should be told less what should not; "
        "<b>d flat</b> is the dynamics of all frames in a row, <b>d mean</b> their mean over time.",
        leakage_tables,
        "_leakage_",
    ),
    (
        "Swaps and reconstructions",
        "Each test clip's person with the movement of a random clip that differs in both person and expression; and "
        "each clip rebuilt from its own codes.",
        swap_table,
        "_confusion",
    ),
    (
        "How real it looks",
        "How far made clips lie from real ones in what the judge sees of them, as a Fréchet distance: less is better, "
        "and two halves of the real clips give the measure. Each column names what was kept.",
        likeness_table,
        "",
    ),
    (
        "What the codes hold",
        "How far each code strays from its prior, in nats, and how many of its numbers are in use: s is the static "
        "code, d the dynamics.",
        codes_table,
        "",
    ),
)
_FILMS = """
<div class="sd sd-results"><h2>What leakage looks like</h2>
<p>The same two pairs of clips, swapped by six of the models. A row is a pair: both clips as the model is
given them, then each person doing what the other one did.</p></div>
"""
_FILMED = (
    "Films of people whom nobody here trained on, each swapped with every other by the checkpoint of the page Swap and "
    "judged by networks of others: whether the result is nearer to the <b>person</b> of the film than to the driver, "
    "and how well mouth, brows and eyes go with the driver's over time (<b>correlation</b>). <b>Both</b> is the right "
    "person and 0.7 or more. Rebuilt: each film driven by itself, which is the ceiling. The films are other people's "
    "and are not shown."
)
_PUBLISHED = '<div class="sd sd-results sd-published"><h2>Published figures</h2>{}</div>'


def layout(demo: gr.Blocks) -> None:
    """Lays the page out; call it inside the Blocks context."""
    gr.HTML(_INTRO, apply_default_css=False)
    try:
        results, films = read_results(RESULTS), read_filmed(RESULTS)
    except DataError:
        gr.HTML(f'<div class="sd">{status.problem(_MISSING)}</div>', apply_default_css=False)
        return
    gr.set_static_paths([plotly_script()])
    behind = {stem: behind_row(stem, r) for of_set in results.values() for stem, r in of_set.items()}
    drawn = charts(RESULTS)
    gr.HTML(in_short(results, films), apply_default_css=False)
    _films(demo, [result for of_set in results.values() for result in of_set.values()])
    for title, words, make, charted in _SECTIONS:
        chosen = {name: chart for name, chart in drawn.items() if charted and charted in name}
        figures = as_html(make(RESULTS), behind)
        _section(title, words, _folded("All of it as tables", figures) if chosen else figures, chosen)
    filmed = as_html(filmed_table(RESULTS), {stem: behind_filmed(stem, r) for stem, r in films.items()})
    pairs = _folded("Each pair", as_html(filmed_pairs_table(RESULTS), {}))
    _section("People's own films", _FILMED, filmed + pairs, {})
    gr.HTML(_PUBLISHED.format(as_html(published_tables(), {})), apply_default_css=False)


def _section(title: str, words: str, figures: str, drawn: dict[str, Chart]) -> None:
    """A heading, what it is about, its charts, its"""
    places = "".join(_place(name, chart) for name, chart in drawn.items())
    grid = f'<div class="sd-charts">{places}</div>' if places else ""
    gr.HTML(
        f'<section class="sd sd-results"><h2>{title}</h2><p>{words}</p>{grid}{figures}</section>',
        js_on_load="\n".join(map(web, ("plotly.js", "results.js"))),
        apply_default_css=False,
        charts=json.dumps(drawn, separators=(",", ":")),
        plotly=address(plotly_script()),
    )


def _folded(summary: str, figures: str) -> str:
    """Tables that a press opens."""
    return f'<details class="sd-fold"><summary>{summary}</summary>{figures}</details>'


def _place(name: str, chart: Chart) -> str:
    """Where a chart will be drawn, its title above; a heatmap's numbers stand below for those who do not see it."""
    title, of = escape(chart["layout"]["title"]["text"]), escape(name.split("_leakage_")[0].removesuffix("_confusion"))
    return (
        f'<figure class="sd-chart"><figcaption><h3>{title}</h3><span class="sd-quiet">{of}</span></figcaption>'
        f'<div class="sd-chart-plot" data-chart="{escape(name)}" role="img" aria-label="{title}: {of}">'
        f'<p class="sd-quiet">Drawing the chart …</p></div>{_numbers(chart["data"][0])}</figure>'
    )


def _numbers(trace: dict[str, Any]) -> str:
    """What a heatmap shows, as a table that opens."""
    if trace["type"] != "heatmap":
        return ""
    rows = [[name, *(f"{share:.1f}" for share in row)] for name, row in zip(trace["y"], trace["z"], strict=True)]
    made = as_html(table(["% of each row, read as", *trace["x"]], rows), {})
    return f"<details><summary>As a table</summary>{made}</details>"


def _films(demo: gr.Blocks, results: list[Result]) -> None:
    """The swaps of each model on one stage, a button a model, so that one can be laid over the other."""
    known = showcases()
    if not known:
        return
    gr.set_static_paths([asset("ablations")])

    def choose(event: gr.EventData) -> tuple[str, Show | None]:
        """Shows the model that was pressed."""
        showcase = known.get(event.name)
        return (words_on(showcase, results), show_of(showcase)) if showcase else ("", None)

    def first() -> tuple[str, Show]:
        """The first of them, as long as nothing was pressed."""
        showcase = next(iter(known.values()))
        return words_on(showcase, results), show_of(showcase)

    gr.HTML(_FILMS, apply_default_css=False)
    buttons = "".join(
        f'<button type="button" class="sd-button" data-name="{escape(name)}" aria-pressed="{str(not at).lower()}">'
        f"{escape(MODELS[name])}</button>"
        for at, name in enumerate(known)
    )
    bar = gr.HTML(
        f'<div class="sd sd-films" role="group" aria-label="Swaps of">{buttons}</div>',
        js_on_load=web("results_films.js"),
        apply_default_css=False,
    )
    words = gr.HTML("", html_template='<div class="sd" aria-live="polite">${value}</div>', apply_default_css=False)
    stage = player(elem_id="showcase")
    at_once: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    bar.choose(choose, None, [words, stage], trigger_mode="multiple", **at_once)
    demo.load(first, None, [words, stage], **at_once)
