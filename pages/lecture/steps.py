"""The lecture's steps: what each shows and lets the speaker turn. No Streamlit in here: the handout uses it, too."""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pages.compare.leaks import by_chance, leaks
from pages.latent.data import dot_looks, latent_map
from pages.lecture import pictures as draw
from pages.lecture.pictures import Film
from pages.lecture.words import SAID
from pages.made_films import MODELS, showcases
from pages.names import person_and_expression
from pages.results.files import RESULTS
from seqdisent_core.assets import asset
from seqdisent_core.lecture import TERMS, likeness, material, subtracted
from seqdisent_core.reporting import (
    PUBLISHED,
    Chart,
    Result,
    mean_of,
    read_comparison,
    read_filmed,
    read_result,
    read_results,
)

Shown = list[str | tuple[Chart, ...]]  # HTML, and plotly side by side; one under the other
_SET = "facekit52"
_FRAMES = 4  # of a clip in a row: large enough for the last row of a hall
_MATRIX = ("person_000_happiness", "person_005_surprise", "person_049_fear", "person_010_disgust")


@dataclass(frozen=True)
class Control:
    """What the speaker may turn. choices: names with what is shown for them; numbers: lowest, highest, step."""

    name: str
    label: str
    value: Any
    choices: dict[str, str] | None = None
    numbers: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Step:
    """A step of the talk: what is said, and what is drawn for the controls' values.

    live: what a model makes there. printed: on paper nothing turns, so there these values of the first control are
    shown. wide: what is drawn stands under the words and not beside them.
    """

    name: str
    title: str
    words: str
    notes: tuple[str, ...]
    minutes: float
    show: Callable[..., Shown]
    controls: tuple[Control, ...] = ()
    tell: Callable[..., str] | None = None  # HTML under the words, for the controls' values
    live: bool = False
    wide: bool = False
    printed: tuple[Any, ...] = ()

    def shown(self, **turned: Any) -> Shown:
        """What is drawn; controls that are not named stand where the talk begins."""
        return self.show(**self._values(turned))

    def told(self, **turned: Any) -> str:
        """What stands under the words, HTML, if anything; controls as in `shown`."""
        return self.tell(**self._values(turned)) if self.tell else ""

    def _values(self, turned: dict[str, Any]) -> dict[str, Any]:
        return {control.name: control.value for control in self.controls} | turned


@functools.cache
def _results() -> dict[str, Result]:
    """Of the rendered people, by model: of the very checkpoints whose swaps are shown."""
    measured = {result["model"]["checkpoint_sha256"]: result for result in read_results(RESULTS)[_SET].values()}
    return {name: measured[films.about["checkpoint_sha256"]] for name, films in showcases().items()}


def _leaked(model: str) -> float:
    """What a linear probe reads of the person in a model's dynamics codes, percent."""
    return 100 * float(_results()[model]["metrics"]["leakage_latent"]["dynamics"]["static_acc"]["mean"])


def _title() -> Shown:
    return [draw.swap_matrix(material(), _MATRIX)]


def _problem() -> Shown:
    cells = "".join(f"<b>d<sub>{at + 1}</sub></b>" for at in range(_FRAMES))
    return [
        draw.frames_of(material(), _MATRIX[1], _FRAMES),
        f'<div class="lx-codes"><p class="lx-one">s: who it is, once</p>'
        f'<p class="lx-many" style="--columns:{_FRAMES}">{cells}</p>'
        '<p class="sd-does">d: what it does, in each frame</p></div>',
    ]


def _leak() -> Shown:
    chance = 100 * float(_results()["full"]["chance"]["static"])
    kinds = [
        ("without subtraction", _leaked("without_subtraction"), "who"),
        ("DBSE, this talk", _leaked("full"), "who"),
        ("chance", chance, "quiet"),
    ]
    return [
        '<p class="lx-caption">The person, read from the <b class="sd-does">dynamics</b> codes alone</p>',
        draw.bars((name, share, f"{share:.0f}%", hue) for name, share, hue in kinds),
        '<p class="lx-caption">A linear probe on 52 rendered people, our recipe; it should be at chance.</p>',
    ]


def _one_frame() -> Shown:
    return [
        draw.frames_of(material(), _MATRIX[0], _FRAMES, marked=0),
        f'<div class="lx-arrow" style="--columns:{_FRAMES}"><p class="sd-who">↓ this frame alone</p>'
        '<p class="lx-one">s</p></div>',
    ]


def same_expression() -> dict[str, str]:
    """Expressions that two of the examples do, as choices."""
    names = [person_and_expression(name)[1] for name in material().names]
    return {name: name for name in sorted(set(names)) if names.count(name) > 1}


def _subtract(expression: str, anchor: float) -> Shown:
    known = material()
    pair = [name for name in known.names if name.endswith(f"_{expression}")][:2]
    before = [known.features[name] for name in pair]
    after = [subtracted(features, int(anchor) - 1) for features in before]
    order = np.argsort(before[0].mean(axis=0) - before[1].mean(axis=0))
    faces = [
        (Film("given", known.names.index(name), ", ".join(person_and_expression(name))), name[7:10]) for name in pair
    ]
    charts = [tuple(draw.feature_chart(features, order) for features in both) for both in (before, after)]
    captions = [
        draw.figures([(f"{said}: similarity", f"{likeness(*both):.2f}")])
        for said, both in (("features g<sub>t</sub> as read", before), ("minus the anchor frame's", after))
    ]
    pictures = draw.films(faces, columns=2, name="lx-pair")
    return [pictures, captions[0], charts[0], captions[1], charts[1], draw.feature_scale()]


_TERMS = {  # of each: what it asks for, its hue, its slider's name and highest weight
    "reconstruction": ("reconstruct the other frames", "who", "other frames", 200),
    "anchor": ("reconstruct the anchor frame", "who", "anchor frame", 200),
    "kl_static": ("keep s near N(0, I)", "quiet", "KL of s", 100),
    "kl_dynamics": ("keep d near its prior", "does", "KL of d", 100),
}


def _loss(**weights: float) -> Shown:
    raw = material().terms[_MATRIX[0]]
    parts = {term: weights[term] * raw[term] for term in TERMS}
    total = sum(parts.values())
    rows = [
        (
            _TERMS[term][0],
            100 * parts[term] / max(total, 1e-9),
            f"{100 * parts[term] / max(total, 1e-9):.0f}%",
            _TERMS[term][1],
        )
        for term in TERMS
    ]
    return [
        draw.bars(rows),
        f'<p class="lx-total">loss = <b>{total:,.0f}</b></p>',
    ]


def _ablations(model: str) -> Shown:
    sheet = f"ablation_{model}"
    cells: list[tuple[Film, str]] = []
    for at, film in enumerate(showcases()[model].about["films"]):
        (person, _), (driver, does) = map(person_and_expression, (film["person"], film["driver"]))
        made = person != driver
        caption = f"{person[-3:]} does {does}" if made else f"given: {person[-3:]}"
        cells.append((Film(sheet, at, f"{person}, {does}{' of ' + driver if made else ', as given'}"), caption))
    return [draw.films(cells, columns=4, name="lx-two")]


def _told_apart(model: str) -> str:
    """What is measured of a model."""
    kept = float(_results()[model]["metrics"]["swap"]["static"]["mean"])
    return draw.figures([("person in d", f"{_leaked(model):.0f}%"), ("right person", f"{100 * kept:.1f}%")])


def _swap(who: str, does: str) -> Shown:
    known = material()
    row = known.names.index
    (person, _), (driver, expression) = map(person_and_expression, (who, does))
    return [
        draw.films(
            [
                (Film("given", row(who), f"{person}, given"), f'<span class="sd-who">{person}</span>'),
                (
                    Film("given", row(does), f"{driver}, given"),
                    f'<span class="sd-does">{expression} of {driver}</span>',
                ),
                (Film(who, row(does), f"{person} with the {expression} of {driver}"), "<b>swapped</b>"),
            ],
            columns=3,
        )
    ]


def _sample() -> Shown:
    known = material()
    measured = read_result(RESULTS / "samples.json")["figures"]["dynamics"]
    shares = measured["expressions"]
    rows = sorted(range(len(known.samples)), key=lambda row: -shares[known.samples[row]["expression"]])
    shown = []
    for row in rows:
        name = str(known.samples[row]["expression"])
        film = Film("samples", row, f"seed {known.samples[row]['seed']}, the judge reads {name}")
        bar = f'<i style="--share:{shares[name] / max(shares.values()):.3f}"></i>'
        shown.append(
            (film, f'<span class="sd-does">{name}</span><span class="lx-share">{bar}{shares[name]:.0%}</span>')
        )
    return [
        draw.films(shown, columns=3, name="lx-three"),
        f'<p class="lx-caption">Bars: what the judge recognises in {measured["samples"]:,} samples.</p>',
    ]


def _maps(by: str) -> Shown:
    known = latent_map()
    figures, chance = known.about["figures"], 100 * float(known.about["chance"][by])
    read = [(factor, f"{100 * figures[factor][by]['mean']:.1f}%") for factor in ("static", "dynamics")]
    names = known.labels[by][1]
    looks = dot_looks(by, len(names))
    colours = (
        f'<p class="lx-caption">{len(names)} people, a colour each</p>'
        if by == "person"
        else draw.legend((look.glyph, look.hue, name) for look, name in zip(looks, names, strict=True))
    )
    return [
        tuple(draw.map_chart(known, factor, by) for factor in ("static", "dynamics")),
        f'{draw.figures(read)}<p class="lx-caption">How often the 10 nearest clips name the {by} '
        f"(chance: {chance:.1f}%)</p>{colours}",
    ]


def _reached() -> Shown:
    full = _results()["full"]["metrics"]
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    theirs = next(row for row in published["generation"] if row["method"] == "DBSE")
    kept = next(r for r in published["leakage"] if r["method"] == "DBSE" and r["kind"] == "latent")
    mine, gaps = full["generation"], full["leakage_latent"]
    rows = [
        (
            "The kept expression is recognised <small>(accuracy)</small>",
            f"{100 * mine['acc']['mean']:.1f}%",
            f"{theirs['acc']:.1f}%",
        ),
        (
            "Clear and varied <small>(inception score, 6 at most)</small>",
            f"{mine['is']['mean']:.2f}",
            f"{theirs['is']:.2f}",
        ),
    ]
    rows += [
        (
            f'<b class="sd-{hue}">{code}</b> {words} <small>(gap)</small>',
            f"{100 * gaps[side]['gap']['mean']:.1f}",
            f"{kept[side][2]:.1f}",
        )
        for code, side, hue, words in (
            ("Static codes", "static", "who", "gap, person − expression"),
            ("Dynamics codes", "dynamics", "does", "gap, expression − person"),
        )
    ]
    return [
        draw.table(["", "Ours, FaceKit-52", f"Paper, {published['data']}"], rows),
        '<p class="lx-caption">Two data sets, two judges: not a comparison. Gaps in percentage points.</p>',
    ]


def _methods() -> Shown:
    about = read_comparison(asset("compare"))
    shown = [(one.name.removesuffix(" (ours)"), one.x, one.y, "ours" if one.ours else "quiet") for one in leaks(about)]
    right = {row["name"]: [mean_of(row, f"swap_{group}") for group in ("static", "dynamic")] for row in about["rows"]}
    told = [
        f"{name} <b>{right[key][0]:.0%}</b> / <b>{right[key][1]:.0%}</b>"
        for key, name in (("dbse", "DBSE"), ("exchange", "Exchange"), ("spyl", "SPYL"))
    ]
    return [
        draw.dots(shown, by_chance(about), ("expression probed in s, 0 to 100 %", "person probed in d, 0 to 100 %")),
        f'<p class="lx-caption">Swaps with the right person / expression: {", ".join(told)}</p>',
    ]


def _fails() -> Shown:
    measured = read_filmed(RESULTS)["filmed"]
    at = max(measured["measured"], key=lambda one: one["steps"])
    picture = draw.picture_address((material().folder / "failures.webp").read_bytes())
    return [
        '<div class="lx-cases"><p>A head that turns far</p><p>Glasses, and unseen teeth</p>'
        f'<img class="lx-failures" src="{picture}" alt="Two cases. Above, what should be seen; below, the '
        'swap: one side of the turned face is torn and dark; eyes behind glasses and teeth are blurred"></div>',
        f'<p class="lx-caption">In <b>{at["swaps"]["both"]:.0%}</b> of the swaps of {len(measured["clips"])} videos, '
        "two third-party networks recognise the person and the movement. They do not judge how real it looks.</p>",
    ]


def _clips() -> dict[str, str]:
    return {name: ", ".join(person_and_expression(name)) for name in material().names}


@dataclass(frozen=True)
class Talk:
    """All steps, in order."""

    steps: tuple[Step, ...] = field(default_factory=lambda: _steps())

    def __len__(self) -> int:
        return len(self.steps)

    def find(self, name: str) -> int:
        """The number of a step by its name; the first for a name that none has."""
        return next((at for at, step in enumerate(self.steps) if step.name == name), 0)


def _steps() -> tuple[Step, ...]:
    clips = _clips()
    by = {"expression": "what it does", "person": "who it is"}
    weights = (
        Control(term, weight, _trained(term), numbers=(0, most, 1)) for term, (_, _, weight, most) in _TERMS.items()
    )
    return (
        _step("title", _title),
        _step("problem", _problem),
        _step("leak", _leak),
        _step("one-frame", _one_frame),
        _step(
            "subtract",
            _subtract,
            Control("expression", "Two people who do", "happiness", choices=same_expression()),
            Control("anchor", "Anchor frame", 1, numbers=(1, 15, 1)),
        ),
        _step("loss", _loss, *weights),
        _step(
            "ablations",
            _ablations,
            Control("model", "Model", "published", choices=MODELS),
            tell=_told_apart,
            printed=("published", "published_without_subtraction"),
        ),
        _step(
            "swap",
            _swap,
            Control("who", "Who", "person_027_happiness", choices=clips),
            Control("does", "Does what", "person_044_surprise", choices=clips),
        ),
        _step("sample", _sample),
        _step("map", _maps, Control("by", "Colour by", "expression", choices=by)),
        _step("results", _reached, wide=True),
        _step("methods", _methods),
        _step("fails", _fails, wide=True),
        _step("live", list, live=True),
        _step("questions", _title),
    )


def _step(name: str, show: Callable[..., Shown], *controls: Control, **more: Any) -> Step:
    return Step(name, *SAID[name], show, controls, **more)


def _trained(term: str) -> int:
    """The weight that the shipped model was trained with, a whole number as its slider's."""
    return int(material().about["weights"][term])
