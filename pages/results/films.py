"""What is said of the example swaps of trained models, and how they stand on the stage, so that leakage is seen."""

from html import escape
from pathlib import Path
from typing import Any

from pages.made_films import Showcase
from pages.names import person_and_expression
from pages.player import Show, ShownClip, Words, shown_file
from seqdisent_core.reporting import Result, percent

_LOOK_FOR = {
    "full": "Check whether each face stays the same person while it does what the other one did.",
    "without_subtraction": "Nothing is subtracted here, so the dynamics can hold the face too: check whether "
    "the brows, the nose or the skin of a swap differ from its person's.",
    "without_loss": "Here no term asks the static code to explain the anchor frame alone: check whether a generated "
    "face is still the person it should be.",
    "without_both": "Without the subtraction and the anchor's own term: check the person and the expression.",
    "published": "The full model by the paper's weights and optimiser, with eleven times as many steps as ours: check "
    "whether each face stays the same person.",
    "published_without_subtraction": "The paper's recipe without the subtraction: the face becomes "
    "a mixture of the two, or somebody else's.",
}
_MEASURED = (
    "On all test clips, the judge recognises the right person in {person} of the swaps and the right expression in "
    "{expression}; a linear probe predicts the person from the dynamics codes in {leak} (chance {chance:.1f} %)."
)
_UNMEASURED = "This checkpoint has no result file yet, so these films are examples only."


def words_on(showcase: Showcase, results: list[Result]) -> str:
    """What to look for, and what the result file of the very same checkpoint says: HTML."""
    own = [r for r in results if r["model"]["checkpoint_sha256"] == showcase.about["checkpoint_sha256"]]
    look = _LOOK_FOR[showcase.folder.name]
    return f'<p class="sd-films-words">{escape(look)} {_measured(own[0]) if own else _UNMEASURED}</p>'


def _measured(result: Result) -> str:
    swap, leak = result["metrics"].get("swap") or {}, result["metrics"].get("leakage_latent") or {}
    return _MEASURED.format(
        person=percent(swap.get("static")),
        expression=percent(swap.get("dynamic")),
        leak=percent((leak.get("dynamics") or {}).get("static_acc")),
        chance=100 * result["chance"]["static"],
    )


def show_of(showcase: Showcase) -> Show:
    """A row a pair: the two clips that were given, and each person doing what the other did."""
    clips = [_shown(showcase.folder, film) for film in showcase.about["films"]]
    return Show(clips=clips, columns=[], line=[], calm=True)


def _shown(folder: Path, film: dict[str, Any]) -> ShownClip:
    """A film; given are those in which a person is moved by itself."""
    (person, _), (driver, expression) = map(person_and_expression, (film["person"], film["driver"]))
    made = person != driver
    between, does = (" with ", f"the {expression} of {driver}") if made else (", ", expression)
    return ShownClip(
        file=shown_file(folder / film["file"]),
        caption=[Words(text=person, hue="who"), Words(text=between), Words(text=does, hue="does")],
        alt=f"{person}{between}{does}{'' if made else ', as given'}",
        made=made,
        column=0,
        fps=film["fps"],
    )
