"""The latent map as its page and its script want it: the one map that all visitors share, and it in plain numbers."""

import functools
from pathlib import Path
from typing import Any, NamedTuple

from pages.names import shown_name
from pages.plotting import address, plotly_script
from seqdisent_core.assets import asset
from seqdisent_core.reporting import SHEETS, LatentMap

_CAUTION = (
    "t-SNE keeps neighbours together, but distances between groups, their widths and directions mean nothing; "
    "the figures are measured on the codes themselves."
)
_WORDS = (
    "Accuracy of classifying each clip by its {k} nearest of {known:,} training clips, by {factor} code: "
    "{first} {first_share} (chance {first_chance}), {second} {second_share} (chance {second_chance}). "
    "Trustworthiness of the map: {trust:.3f} of 1."
)


# Six hues that people with colour blindness tell apart (Okabe and Ito), on light pages and on dark ones, and a shape
# each, by Plotly's name and as a character, for those who see no hues.
_SIX = ("#d98e00", "#4aa7de", "#00916a", "#1f5fa8", "#c94f00", "#b8628f")
_SIX_DARK = ("#f0a830", "#6cc4f2", "#1fbf92", "#5a9bea", "#f0793a", "#e090bd")
_SHAPES = (
    ("circle", "●"),
    ("square", "■"),
    ("diamond", "◆"),
    ("triangle-up", "▲"),
    ("cross", "✚"),
    ("star", "★"),
)


class DotLook(NamedTuple):
    """How the dots of one label look: a CSS colour, Plotly's name of the shape, and the shape as a character."""

    hue: str
    shape: str
    glyph: str


def dot_looks(by: str, count: int, *, dark: bool = False) -> list[DotLook]:
    """Of each of `count` labels, by "person", "expression" or "recording"; persons are too many for shapes."""
    if by == "person":  # the golden angle: neighbours in number differ
        lights = (72, 58, 80) if dark else (38, 54, 30)
        hues = (f"hsl({round(at * 137.508) % 360}, {(62, 55, 70)[at % 3]}%, {lights[at % 3]}%)" for at in range(count))
        return [DotLook(hue, *_SHAPES[0]) for hue in hues]
    six = _SIX_DARK if dark else _SIX
    chosen = (3 - 2 * (at % 2) if by == "recording" else at for at in range(count))
    return [DotLook(six[hue % len(six)], *_SHAPES[at % len(_SHAPES)]) for at, hue in enumerate(chosen)]


@functools.cache
def latent_map() -> LatentMap:
    """The map that ships. Raises ConfigError where it is missing or not of the shipped checkpoint."""
    return LatentMap.load(asset("map"), asset("checkpoints/facekit52"))


def served_paths() -> list[Path]:
    """What of this page visitors may fetch: the moving pictures and Plotly's script."""
    return [asset("map") / SHEETS, plotly_script()]


def points_of(known: LatentMap) -> dict[str, Any]:
    """Everything that the maps show, as JSON has it."""
    who, does = known.labels["person"], known.labels["expression"]
    persons = range(len(who.names))
    return {
        "static": known.static_places.round(2).tolist(),
        "dynamics": known.dynamics_places.round(2).tolist(),
        "frames": known.frames,
        "apex": known.apex,
        "person": who.values.tolist(),
        "expression": does.values.tolist(),
        "recording": known.recording.tolist(),
        "row": known.row.tolist(),
        "rows": [int((who.values == person).sum()) for person in persons],
        "persons": [shown_name(name) for name in who.names],
        "short": _short(who.names),
        "expressions": list(does.names),
        "looks": {
            by: {theme: dot_looks(by, many, dark=theme == "dark") for theme in ("light", "dark")}
            for by, many in (
                ("person", len(who.names)),
                ("expression", len(does.names)),
                ("recording", int(known.recording.max()) + 1),
            )
        },
        "sheets": [address(known.sheet(person)) for person in persons],
        "plotly": address(plotly_script()),
        "words": [_words(known, "static"), _words(known, "dynamics")],
        "caution": _CAUTION,
    }


def _short(names: tuple[str, ...]) -> list[str]:
    """Names without the word that all begin with, such as "person_"."""
    first_words = {name.rpartition("_")[0] for name in names}
    return [name.rpartition("_")[2] if len(first_words) == 1 else shown_name(name) for name in names]


def _words(known: LatentMap, factor: str) -> str:
    """The figures under a map: first what its factor should tell, then what it should not."""
    metrics, chance = known.about["figures"][factor], known.about["chance"]
    first, second = ("person", "expression") if factor == "static" else ("expression", "person")
    return _WORDS.format(
        k=known.about["neighbours"]["k"],
        known=known.about["neighbours"]["clips"],
        factor=factor,
        first=f"the {first}",
        first_share=f"{metrics[first]['mean']:.1%}",
        first_chance=f"{chance[first]:.1%}",
        second=f"the {second}",
        second_share=f"{metrics[second]['mean']:.1%}",
        second_chance=f"{chance[second]:.1%}",
        trust=metrics["trustworthiness"]["mean"],
    )
