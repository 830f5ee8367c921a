"""The three figures to leave the page "Results" with, each read from its result file, and what they do not show."""

from collections.abc import Mapping
from html import escape

from seqdisent_core.reporting import MAIN, Result, guessed, share

_SET = "facekit52"
_FULL, _WITHOUT = f"{_SET}_dbse", f"{_SET}_dbse_without_subtraction"


def in_short(results: Mapping[str, Mapping[str, Result]], films: Mapping[str, Result], failures: str) -> str:
    """HTML of a line of cards: swaps, the person left in the dynamics, filmed people; of those files that are there.

    Beside them what figures do not show; failures: address of the picture of two swaps that fail.
    """
    of_set, cards = results.get(_SET, {}), []
    if MAIN in films:
        at = films[MAIN]["measured"][0]
        cards.append(
            _card(
                f"{at['swaps']['both']:.0%}".replace("%", " %"),
                "",
                f"of the swaps of {len(films[MAIN]['clips'])} videos, on which the method was developed: two "
                "third-party networks recognise the person and the movement. They do not judge how real it looks.",
                MAIN,
            )
        )
    if _FULL in of_set:
        swap = of_set[_FULL]["metrics"]["swap"]
        cards.append(
            _card(
                share(swap["dynamic"]["mean"]),
                "",
                "of swaps of rendered people: the judge recognises the driver's expression, and in "
                f"{share(swap['static']['mean'])} the person. It was trained on other clips of these 52 people.",
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
                "of clips: a linear probe predicts the person from the dynamics codes, with the subtraction and "
                f"without it. Chance is {guessed(of_set[_FULL], 'static')}.",
                f"{_FULL}, {_WITHOUT}",
            )
        )
    return (
        f'<section class="sd sd-shorts" aria-label="In short">{"".join(cards)}<figure class="sd-short sd-short-fails">'
        "<figcaption><b>What these figures do not show</b><br>A head that turns far is torn; eyes behind glasses, and "
        "teeth that the person's video does not show, are blurred. Above the ground truth, below the swap.</figcaption>"
        f'<img src="{failures}" alt="Two cases, three frames each: the truth above, and the swap below, torn or '
        'blurred"></figure></section>'
    )


def _card(figure: str, beside: str, words: str, file: str) -> str:
    return (
        f'<div class="sd-short"><p class="sd-short-figure">{figure} <span>{beside}</span></p><p>{escape(words)}</p>'
        f'<p class="sd-quiet">{escape(file).replace("_", "_<wbr>")}</p></div>'
    )
