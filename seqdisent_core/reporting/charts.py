"""The figures of result files as plotly charts: plain dictionaries with `data` and `layout`, ready for JSON."""

from pathlib import Path
from typing import Any

from seqdisent_core.reporting.result_files import Result, described, read_results

WHO, DOES = "#9c3a12", "#0b6b76"  # the two hues of the pages: who a face is, what it does
Chart = dict[str, Any]


def charts(folder: Path) -> dict[str, Chart]:
    """Charts by name, from every result file in a folder; files without a figure are left out of its chart.

    `SET_leakage_KIND_FACTOR`: bars of what one factor's codes reveal, by result file, with chance as lines (KIND
    generation or latent, FACTOR static or dynamics). `STEM_confusion`: confusion matrix of swaps by a set's first
    model, for its first dynamic label; those of the others are in their files. Raises DataError if there is no result
    file.
    """
    made: dict[str, Chart] = {}
    for name, results in read_results(folder).items():
        for kind in ("generation", "latent"):
            for factor in ("static", "dynamics"):
                rows = {_short(s, r): row for s, r in results.items() if (row := _row(r, kind, factor))}
                if rows:
                    chance = next(iter(results.values()))["chance"]
                    made[f"{name}_leakage_{kind}_{factor}"] = leakage_chart(rows, chance, kind, factor)
        stem, first = next(iter(results.items()))
        label, names = next(iter(first["labels"]["dynamic"].items()))
        counts = first["metrics"].get("swap", {}).get(f"{label}_confusion")
        if counts:
            made[f"{stem}_confusion"] = confusion_chart(counts, names)
    return made


def write_charts(folder: Path, path: Path) -> None:
    """All charts of a folder in one HTML file. Raises DataError if there is no result file."""
    from plotly.io import to_html

    made = charts(folder).values()
    how = {"full_html": False, "default_height": "40rem"}
    drawn = [to_html(chart, include_plotlyjs=not at, **how) for at, chart in enumerate(made)]
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Figures</title><body>'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *drawn, "</body></html>\n"]), encoding="utf-8")


def _short(stem: str, result: Result) -> str:
    return f"{described(result)}<br>{stem}"


def _row(result: Result, kind: str, factor: str) -> dict[str, Any] | None:
    row = result["metrics"].get(f"leakage_{kind}", {}).get(factor)
    return row if row and row.get("gap") else None


def leakage_chart(rows: dict[str, dict[str, Any]], chance: dict[str, float], kind: str, factor: str) -> Chart:
    """Bars of both accuracies (percent) on one factor's codes, by row; each label's chance is a dashed line."""
    bars, lines = [], []
    for key, group, words, colour in (
        ("static_acc", "static", "who it is", WHO),
        ("dynamic_acc", "dynamic", "what it does", DOES),
    ):
        bars.append(
            {
                "type": "bar",
                "name": words,
                "x": list(rows),
                "y": [100 * row[key]["mean"] for row in rows.values()],
                "error_y": {"type": "data", "array": [100 * row[key]["std"] for row in rows.values()]},
                "marker": {"color": colour},
                "hovertemplate": "%{x}<br>" + words + ": %{y:.1f} %<extra></extra>",
            }
        )
        level = 100 * chance[group]
        line = {"color": colour, "dash": "dash", "width": 1}
        ends = {"x0": 0, "x1": 1, "xref": "paper", "y0": level, "y1": level, "yref": "y"}
        lines.append({"type": "line", **ends, "line": line, "label": {"text": f"chance, {words}"}})
    by = "judge, clips that keep" if kind == "generation" else "linear probe on"
    layout = {
        "barmode": "group",
        "title": {"text": f"Accuracy of the {by} the {factor} codes"},
        "yaxis": {"title": {"text": "accuracy, %"}, "range": [0, 105]},
        "shapes": lines,
    }
    return {"data": bars, "layout": layout}


def confusion_chart(counts: list[list[int]], names: list[str]) -> Chart:
    """A heatmap of what swaps are classified as, in percent of each true label."""
    shares = [[100 * count / max(sum(row), 1) for count in row] for row in counts]
    heat = {
        "type": "heatmap",
        "z": shares,
        "x": names,
        "y": names,
        "zmin": 0,
        "zmax": 100,
        "colorscale": [[0, "#ffffff"], [1, DOES]],
        "texttemplate": "%{z:.1f}",
        "hovertemplate": "true %{y}, predicted %{x}: %{z:.1f} %<extra></extra>",
    }
    layout = {
        "title": {"text": "Confusion matrix of the judge on swaps"},
        "xaxis": {"title": {"text": "predicted"}},
        "yaxis": {"title": {"text": "true"}, "autorange": "reversed"},
    }
    return {"data": [heat], "layout": layout}
