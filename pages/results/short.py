"""The three figures to leave the page "Results" with, each read from its result file."""

from collections.abc import Mapping
from html import escape

from seqdisent_core.reporting import MAIN, Result, guessed, share

_SET = "facekit52"
_FULL, _WITHOUT = f"{_SET}_dbse", f"{_SET}_dbse_without_subtraction"


def in_short(results: Mapping[str, Mapping[str, Result]], films: Mapping[str, Result]) -> str:
    """HTML of a line of cards: swaps, the person left in the dynamics, people's own films; of those files that are."""
    of_set, cards = results.get(_SET, {}), []
    if _FULL in of_set:
        swap = of_set[_FULL]["metrics"]["swap"]
        cards.append(
            _card(
                share(swap["dynamic"]["mean"]),
                "",
                "of swaps of drawn people show the expression that was to be taken over, and "
                f"{share(swap['static']['mean'])} the person that was to stay.",
                _FULL,
            )
        )
    if {_FULL, _WITHOUT} <= of_set.keys():
        full, without = (
            of_set[stem]["metrics"]["leakage_latent"]["dynamics"]["static_acc"]["mean"] for stem in (_FULL, _WITHOUT)
        )
        cards.append(
            _card(
                share(full),
                f"instead of {share(without)}",
                "is how often the person can be told from the dynamics, with the subtraction and without it, by our "
                f"recipe. Guessing gives {guessed(of_set[_FULL], 'static')}.",
                f"{_FULL}, {_WITHOUT}",
            )
        )
    if MAIN in films:
        at = films[MAIN]["measured"][0]
        cards.append(
            _card(
                f"{at['swaps']['both']:.0%}".replace("%", " %"),
                "",
                f"of swaps of filmed people, tuned to them in {at['steps']:.0f} steps, keep the person and move like "
                "the other one (a correlation of 0.7 or more).",
                MAIN,
            )
        )
    return f'<section class="sd sd-shorts" aria-label="In short">{"".join(cards)}</section>'


def _card(figure: str, beside: str, words: str, file: str) -> str:
    return (
        f'<div class="sd-short"><p class="sd-short-figure">{figure} <span>{beside}</span></p><p>{escape(words)}</p>'
        f'<p class="sd-quiet">{escape(file).replace("_", "_<wbr>")}</p></div>'
    )
