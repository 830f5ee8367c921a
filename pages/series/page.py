"""The page "Series": months of air as lines, what their static codes are like, swaps, samples, and one's own CSV."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from pages import model, status
from pages.chart_section import as_value, chart_section
from pages.clip_input import TABLE, clip_input
from pages.door import why_failed
from pages.events import AT_ONCE, BUSY, LAST
from pages.plotting import plotly_script
from pages.privacy import privacy, visitor
from pages.progress import progress, spoken
from seqdisent_core.assets import asset
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.limits import limits

if TYPE_CHECKING:
    from seqdisent_core.series_studio import Near, Series

FEATURES = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3", "TEMP", "PRES", "DEWP", "WSPM")  # of the model that ships
_CALLED = dict.fromkeys(FEATURES, "µg/m³") | {
    "TEMP": "temperature, °C",
    "PRES": "pressure, hPa",
    "DEWP": "dew point, °C",
    "WSPM": "wind speed, m/s",
}
MONTHS = tuple(f"Aotizhongxin 2016-{month:02d}" for month in range(1, 13))  # the series that ship
FEATURE, FIRST, SECOND = "TEMP", MONTHS[0], MONTHS[6]
SAMPLES = 3
_INTRO = """
<div class="sd sd-intro sd-awaits">
  <h1>Time series:<br>air quality</h1>
  <div class="sd-lede">
  <p>A series is a month of ten hourly measurements of the air in Beijing. Its <span class="sd-who">static code</span>
  is read from one day, the 16th, and holds what stays the same over the month: the season. Its <span
  class="sd-does">dynamics</span> are read from how each day differs from that one, and hold what changes: weather
  fronts, day and night, smog. The model was not trained on the twelve months of 2016 below.</p></div>
  <details class="sd-code"><summary>The same in Python</summary><code>\
from pathlib import Path
from seqdisent_core.series_studio import SeriesStudio

studio = SeriesStudio.from_pretrained()
codes = studio.encode(studio.read_csv(Path("my.csv"))[0].values)
studio.nearest(codes.static)</code></details>
</div>
"""
_OWN = """
<div class="sd sd-map-own-head"><h2>My own series</h2>
<p>A CSV file with a row an hour: the columns <b>time</b>, <b>series</b> (a name) and any of {features}, in micrograms
per cubic metre, °C, hPa and m/s. Empty cells and hours that are left out are gaps. A series is its first 28 days.
Other columns or steps take a model of your own: <code>seqdisent train-series</code>.</p>
</div>
"""
_CREDIT = """
<p class="sd sd-quiet">Air: Chen (2017), Beijing Multi-Site Air Quality, UCI Machine Learning Repository,
doi:10.24432/C5RK5G, CC BY 4.0; cut into months. Values decoded where nothing was measured are no estimate of it.</p>
"""
_PRIVACY = "Your file is deleted when you close the page, and within an hour of its last use; nothing is sent anywhere."
_STAGES = ("Swapping the series",)
_NEWEST = BUSY | LAST


def layout(demo: gr.Blocks) -> None:
    """Lays the page out and binds its events; call it inside the Blocks context."""
    gr.HTML(_INTRO, apply_default_css=False)
    try:
        asset("checkpoints/air_quality"), asset("series")
    except SeqdisentError as error:
        gr.HTML(f'<div class="sd">{status.problem(str(error))}</div>', apply_default_css=False)
        return
    gr.set_static_paths([plotly_script()])
    token = visitor(demo)
    with gr.Row(elem_id="series-given", elem_classes="sd-form"):
        first = gr.Dropdown(list(MONTHS), value=FIRST, label="First series")
        second = gr.Dropdown(list(MONTHS), value=SECOND, label="Second series")
        feature = gr.Dropdown([(_called(name), name) for name in FEATURES], value=FEATURE, label="Measurement")
    work = progress(elem_id="series-work")
    work.value = status.stages(_STAGES, 0)  # there with the page, before its first event
    swaps = chart_section(
        "Swap",
        "Each series as measured, with its gaps, and its own dynamics decoded with the static code of the other: what "
        "happens stays, the season changes.",
        "swaps",
    )
    said = spoken(elem_id="series-said")
    places = chart_section(
        "Similar static codes",
        "A dot is a month at a station, placed by t-SNE of its static code and coloured by the month of the year. The "
        "star is the first series, the diamond the second. Near dots are similar; large distances mean nothing.",
        "code-map",
    )
    near = spoken()
    made = chart_section(
        "Samples", "The static code of the first series with dynamics that are sampled from the prior.", "samples"
    )
    more = gr.Button("Sample again", elem_classes="sd-round")
    gr.HTML(_OWN.format(features=", ".join(FEATURES)), apply_default_css=False)
    with clip_input("My file", kind=TABLE, elem_id="series-csv") as drop:
        heard = spoken()
    privacy(token, _PRIVACY)
    gr.HTML(_CREDIT, apply_default_css=False)
    own = gr.State([], time_to_live=limits().keep_seconds)
    seed = gr.State(0)
    # One event for what is chosen: a page may have few jobs waiting, and what was asked for last is what counts.
    given, shown = [first, second, feature, own, seed], [work, swaps, said, places, near, made]
    chosen = gr.on([demo.load, *(each.input for each in (first, second, feature))], show, given, shown, **_NEWEST)
    chosen.failure(why_failed, None, work, **AT_ONCE)
    more.click(lambda seed: seed + 1, seed, seed, **AT_ONCE).then(show, given, shown, **_NEWEST)
    for brought in (drop.upload, drop.remove):
        read = brought(read_own, [drop, first, second], [own, first, second, heard], **_NEWEST)
        read.failure(why_failed, None, heard, **AT_ONCE)
        read.success(show, given, shown, **_NEWEST)


def show(first: str, second: str, feature: str, own: "Sequence[Series]", seed: int) -> tuple[str, ...]:
    """No more waiting; both swaps and what they do in words; where both series lie, their neighbours; and samples."""
    from pages.series.charts import code_map, lines

    studio = model.series_studio()
    pair = [_series(name, own) for name in (first, second)]
    codes = [studio.encode(series.values) for series in pair]
    at, charts, told = FEATURES.index(feature), [], []
    for series, other, swapped in zip(pair, pair[::-1], studio.swap(pair[0].values, pair[1].values), strict=True):
        drawn = {
            "measured": (series.values[:, at], "ink"),
            f"with the static code of {other.name}": (swapped[:, at], "who"),
        }
        charts.append(lines(f"Dynamics of {series.name}", _called(feature), drawn))
        before, after = studio.means(series.values)[at], studio.means(swapped)[at]
        told.append(
            f"{escape(series.name)}: the mean of {feature} goes from {_number(before)} to <b>{_number(after)}</b> with "
            f"the static code of {escape(other.name)}, which has {_number(studio.means(other.values)[at])}."
        )
    stars = [(series, studio.place(code.static)) for series, code in zip(pair, codes, strict=True)]
    listed = "".join(
        _listed(series.name, studio.nearest(code.static, without=series.name))
        for series, code in zip(pair, codes, strict=True)
    )
    words = "".join(f"<p>{line}</p>" for line in told)
    made = studio.sample(codes[0].static, SAMPLES, seed)
    colours = ("does", "who", "ink")
    samples = {f"sample {number + 1}": (made[number][:, at], colours[number]) for number in range(SAMPLES)}
    return (
        "",
        as_value(charts),
        words,
        as_value([code_map(studio.known, stars)]),
        f'<div class="sd-map-near">{listed}</div>',
        as_value([lines(f"Static code of {pair[0].name}", _called(feature), samples)]),
    )


def read_own(file: Any, first: str, second: str) -> "tuple[list[Series], Any, Any, str]":
    """The series of a CSV file (FileData), offered beside those that ship; or what is wrong with it, and only those.

    first, second: the names that are chosen now, which stay where they are offered.
    """
    found: list[Series] = []
    words = ""
    if file is not None:
        try:
            found = model.series_studio().read_csv(Path(file.path))
            words = f"<p>{len(found)} series read; the first stands in the charts above.</p>"
        except SeqdisentError as error:
            words = status.problem(str(error))
    names = [series.name for series in found]
    offered = [*names, *(month for month in MONTHS if month not in names)]
    first = names[0] if names else first if first in offered else FIRST
    second = second if second in offered else SECOND
    return found, gr.Dropdown(offered, value=first), gr.Dropdown(offered, value=second), words


def _called(feature: str) -> str:
    return f"{feature}: {_CALLED[feature]}"


def _series(name: str, own: "Sequence[Series]") -> "Series":
    """One of a visitor's series, or of those that ship."""
    return next((series for series in own if series.name == name), None) or model.shipped_series()[name]


def _listed(name: str, near: "Sequence[Near]") -> str:
    lines = "".join(
        f"<li><span>{escape(one.name)}</span><span></span><span>{one.distance:.1f}</span></li>" for one in near
    )
    return f"<div><h3>Nearest to {escape(name)}</h3><ul>{lines}</ul></div>"


def _number(value: float) -> str:
    return "no value" if value != value else f"{value:.1f}"  # NaN is not itself
