"""The published figures, in separate tables, with a check of their arithmetic."""

import json
import math
from pathlib import Path
from typing import Any

from seqdisent_core.reporting.result_files import table

PUBLISHED = Path(__file__).with_suffix(".json")
IS_ROUNDING = 0.01  # figures of three digits give IS to about this
GAP_ROUNDING = 0.011
_FACTORS = ("static", "dynamics")


def published_tables() -> str:
    """Markdown tables of the published figures, with a column recomputed from each row's own numbers."""
    figures = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    generation = [
        [row["method"], f"{row['acc']:.2f} %"]
        + [f"{value:.3f}" for value in (row["is"], _implied(row), row["h_y_given_x"], row["h_y"])]
        for row in figures["generation"]
    ]
    leakage = [
        [row["kind"], row["method"]] + [f"{value:.2f}" for kept in _FACTORS for value in (*row[kept], _gap(row, kept))]
        for row in figures["leakage"]
    ]
    chance = figures["chance"]
    guessed = [f"{chance['static_acc']:.2f}", f"{chance['dynamic_acc']:.2f}", "", ""]
    leakage.append(["chance", "", *guessed, *guessed])
    sides = [
        f"{side}: {column}" for side in ("s", "d") for column in ("static acc", "dynamic acc", "gap", "gap, recomputed")
    ]
    return "\n".join(
        [
            f"From {figures['source']}, on {figures['data']}, which may not be redistributed. **That is another data "
            "set with another judge: no column here may be compared with a column of ours.**",
            "",
            table(["published", "Acc", "IS", "exp(H(y) − H(y∣x))", "H(y∣x)", "H(y)"], generation),
            "",
            table(["leakage, %", "published", *sides], leakage),
            "",
            *_slips(figures),
            "",
            "The poster's three ablations stand between its two blocks of leakage; it does not say which block they "
            "belong to, so they are listed separately here.",
        ]
    )


def _implied(row: dict[str, Any]) -> float:
    return math.exp(row["h_y"] - row["h_y_given_x"])


def _gap(row: dict[str, Any], kept: str) -> float:
    static, dynamic, _ = row[kept]
    return static - dynamic if kept == "static" else dynamic - static


def _slips(figures: dict[str, Any]) -> list[str]:
    broken = [
        f"{r['method']} ({r['is']:.3f}, recomputed {_implied(r):.3f})"
        for r in figures["generation"]
        if abs(r["is"] - _implied(r)) > IS_ROUNDING
    ]
    gaps = [
        f"{r['method']}, {r['kind']}, {'s' if kept == 'static' else 'd'} (printed {r[kept][2]:.2f}, recomputed "
        f"{_gap(r, kept):.2f})"
        for r in figures["leakage"]
        for kept in _FACTORS
        if abs(r[kept][2] - _gap(r, kept)) > GAP_ROUNDING
    ]
    return [
        "Errors in the published numbers, found by recomputing them:",
        "",
        "* IS is exp(H(y) − H(y∣x)) by its definition. These rows differ: " + "; ".join(broken) + ".",
        "* A gap is the difference of the two accuracies beside it. These differ: " + "; ".join(gaps) + ".",
    ]
