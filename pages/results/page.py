"""The page "Results": every figure that was measured, and at a press how; charts; and swaps that show leakage."""

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import gradio as gr

from pages import status
from pages.events import AT_ONCE
from pages.made_films import MODELS, showcases
from pages.player import Fetched, Show, fetched, fetcher, player
from pages.plotting import address
from pages.privacy import visitor
from pages.progress import spoken
from pages.results.charts import drawn
from pages.results.files import RESULTS
from pages.results.films import show_of, words_on
from pages.results.short import in_short
from pages.results.tables import as_html, behind_filmed, behind_row
from pages.web import web
from seqdisent_core.assets import asset
from seqdisent_core.errors import DataError
from seqdisent_core.reporting import (
    MAIN,
    Chart,
    Result,
    charts,
    codes_table,
    figures_csv,
    figures_json,
    filmed_pairs_table,
    filmed_table,
    generation_table,
    leakage_tables,
    likeness_table,
    published_tables,
    read_filmed,
    read_results,
    swap_table,
)

_INTRO = """
<div class="sd sd-intro">
  <h1>Results<br>and leakage</h1>
  <div class="sd-lede">
  <p>A good static code holds <span class="sd-who">who it is</span> and nothing about <span class="sd-does">what it
  does</span>; good dynamics codes, the other way round. What else a code holds is called <b>leakage</b>.</p>
  <details class="sd-fold"><summary>How to read the figures</summary>
  <p>The judge is a classifier of person and expression. It never saw a generated clip: its accuracy on real
  clips is the ceiling. <b>Full</b> is the whole model; models <b>without</b> something lack
  the subtraction, the loss term of the anchor frame, or both. <b>Published, 39000 steps</b> is the paper's recipe at
  half its length, <b>published objective</b> its losses with our optimiser; all others use our recipe. Every figure is
  read from a file that a command wrote: press a model's name for the command, seed, hashes, hardware and budget of its
  row.</p></details></div>
  <details class="sd-code"><summary>The same in Python</summary><code>\
from pathlib import Path
from seqdisent_core.reporting import read_results

read_results(Path("results"))["facekit52"]["facekit52_dbse"]["metrics"]["generation"]["acc"]</code></details>
</div>
"""
_MISSING = "The result files are missing here: the folder results belongs beside app.py."
# What is seen at once of the tables; the charts show the ablation that matters most as well.
_KEPT = ("facekit52_dbse", "facekit52_dbse_published", MAIN)
_CHARTED = (*_KEPT, "facekit52_dbse_without_subtraction", "facekit52_dbse_published_without_subtraction")
_FIRST_CHARTS = ("facekit52_leakage_latent_static", "facekit52_leakage_latent_dynamics")


class _Section(NamedTuple):
    """Figures under one heading. charted: what the names of its charts hold, or nothing for none; folded: all of it."""

    title: str
    words: str
    make: Callable[[Path], str]
    charted: str = ""
    folded: bool = False


_SECTIONS = (
    _Section(
        "Generation",
        "The movement of a test clip is kept and another person is sampled for it. <b>Acc</b>: the judge recognises "
        "the expression that was kept. <b>H(y∣x)</b>: how unsure it is. <b>H(y)</b>: how varied clips are. <b>IS</b>, "
        "the inception score, is exp(H(y) − H(y∣x)), at most the number of expressions. FaceKit-52 is a set of "
        "rendered faces. In Sprites, figures of a game, an action stands for the expression, and the mean of four "
        "attributes for the person.",
        generation_table,
    ),
    _Section(
        "Leakage",
        "What a probe, a small classifier trained on the codes, predicts from them. One bar of each pair should be "
        "high, and the other should fall to its dashed line, which is chance. In the tables <b>static acc</b> is the "
        "accuracy for the person, <b>dynamic acc</b> for the expression, and a <b>gap</b> is the wanted accuracy minus "
        "the unwanted one; <b>d flat</b>: dynamics of all frames concatenated; <b>d mean</b>: their temporal mean.",
        leakage_tables,
        "_leakage_",
    ),
    _Section(
        "Swaps and reconstructions",
        "Each test clip's person with the movement of a random clip that differs in both person and expression; and "
        "each clip reconstructed from its own codes.",
        swap_table,
        "_confusion",
    ),
    _Section(
        "Fréchet distance",
        "Fréchet distance between generated and real clips in the judge's features: lower is better, and two halves of "
        "the real clips give the scale. Each column names what was kept.",
        likeness_table,
        folded=True,
    ),
    _Section(
        "KL divergence and active units",
        "How far each code is from its prior, in nats, and how many of its units are active: s is the static code, d "
        "the dynamics.",
        codes_table,
        folded=True,
    ),
)
_FILMS = """
<div class="sd sd-results" id="films"><h2>What leakage looks like</h2>
<p>The same two pairs of clips, swapped by six of the models. A row is a pair: both clips as given, then each person
doing what the other did.</p></div>
"""
_FILMED = (
    "Videos of people on whom nothing here was trained, each swapped with every other by the checkpoint of the page "
    "Swap. Third-party networks compare the result: is it nearer to the <b>person</b> of the video than to the driver, "
    "and how well do mouth, brows and eyes follow the driver's over time (<b>correlation</b>)? <b>Both</b>: the right "
    "person, and 0.7 or more. Reconstruction: each video driven by itself, which is the ceiling. The videos belong to "
    "others and are not shown."
)


def layout(demo: gr.Blocks) -> None:
    """Lays the page out; call it inside the Blocks context."""
    gr.HTML(_INTRO, apply_default_css=False)
    try:
        results, films = read_results(RESULTS), read_filmed(RESULTS)
    except DataError:
        gr.HTML(f'<div class="sd">{status.problem(_MISSING)}</div>', apply_default_css=False)
        return
    failures = asset("lecture") / "failures.webp"
    gr.set_static_paths([failures])
    gr.HTML(in_short(results, films, address(failures)), apply_default_css=False)
    _contents()
    visitor(demo)  # reading figures, they have not left
    behind = {stem: behind_row(stem, r) for of_set in results.values() for stem, r in of_set.items()}
    known = charts(RESULTS)
    _films(demo, [result for of_set in results.values() for result in of_set.values()])
    for section in _SECTIONS:
        chosen = {name: chart for name, chart in known.items() if section.charted and section.charted in name}
        figures = as_html(section.make(RESULTS), behind, _KEPT)
        _section(section.title, section.words, _folded("The figures", figures) if section.folded else figures, chosen)
    filmed = as_html(filmed_table(RESULTS), {stem: behind_filmed(stem, r) for stem, r in films.items()}, _KEPT)
    pairs = _folded("Each pair", as_html(filmed_pairs_table(RESULTS), {}))
    _section("Filmed people", _FILMED, filmed + pairs, {})
    theirs = _folded("All figures of the paper's poster", as_html(published_tables(), {}))
    _section("Published figures", "Of another data set, MUG, and with another judge.", theirs, {})


def _contents() -> None:
    """Links to all that follows, and all figures as files."""
    titles = [*(section.title for section in _SECTIONS), "Filmed people", "Published figures"]
    links = "".join(f'<li><a href="#{_anchor(title)}">{title}</a></li>' for title in titles)
    taken = gr.HTML(
        '<div class="sd sd-contents"><nav aria-label="On this page"><ul><li><a href="#films">What leakage looks like'
        f'</a></li>{links}</ul></nav><p class="sd-take"><span>Download all figures:</span>'
        '<button type="button" class="sd-button sd-small" data-name="csv">CSV</button>'
        '<button type="button" class="sd-button sd-small" data-name="json">JSON</button></p></div>',
        js_on_load=web("results_take.js"),
        apply_default_css=False,
    )
    taken.take(take, None, fetcher(), **AT_ONCE)


def take(event: gr.EventData) -> Iterator[Fetched]:
    """All figures as a file of the kind that was pressed."""
    with TemporaryDirectory() as folder:  # Gradio copies what is yielded to where it serves and deletes files
        kind = "json" if event.name == "json" else "csv"
        path = Path(folder) / f"seqdisent_figures.{kind}"
        path.write_text((figures_json if kind == "json" else figures_csv)(RESULTS), encoding="utf-8")
        yield fetched(path)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _section(title: str, words: str, figures: str, known: dict[str, Chart]) -> None:
    """A heading, what it is about, the charts that matter most, and the rest folded."""
    first = [drawn(name, known[name], _CHARTED) for name in _FIRST_CHARTS if name in known]
    rest = [drawn(name, chart, _CHARTED) for name, chart in known.items() if name not in _FIRST_CHARTS]
    shown = f'<div class="sd-charts">{"".join(first)}</div>' if first else ""
    if rest:
        figures += _folded("More charts" if first else "Charts", f'<div class="sd-charts">{"".join(rest)}</div>')
    if first:
        figures = _folded("All of it as tables", figures)
    gr.HTML(
        f'<section class="sd sd-results" id="{_anchor(title)}"><h2>{title}</h2><p>{words}</p>'
        f"{shown}{figures}</section>",
        js_on_load=web("results.js"),
        apply_default_css=False,
    )


def _folded(summary: str, figures: str) -> str:
    """What a press opens."""
    return f'<details class="sd-fold"><summary>{summary}</summary>{figures}</details>'


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
    words = spoken()
    stage = player(elem_id="showcase")
    bar.choose(choose, None, [words, stage], **AT_ONCE)
    demo.load(first, None, [words, stage], **AT_ONCE)
