"""Result files, tables, charts, published figures, model cards and the latent map, read from files only (no torch)."""

from seqdisent_core.reporting.cards import model_card, write_measured
from seqdisent_core.reporting.charts import Chart, charts, write_charts
from seqdisent_core.reporting.comparisons import (
    COMPARED_CLIPS,
    COMPARISON,
    METHOD_NAMES,
    SORTED_BY,
    in_order,
    mean_of,
    read_comparison,
)
from seqdisent_core.reporting.export import figures_csv, figures_json
from seqdisent_core.reporting.figures import Figure, absent, figure
from seqdisent_core.reporting.filmed_tables import MAIN, filmed_pairs_table, filmed_table, read_filmed
from seqdisent_core.reporting.latent_map import ABOUT, NEIGHBOURS, SHEETS, LabelValues, LatentMap, Named
from seqdisent_core.reporting.published import PUBLISHED, published_tables
from seqdisent_core.reporting.report import summary, with_figures
from seqdisent_core.reporting.result_files import (
    Result,
    guessed,
    number,
    percent,
    read_result,
    read_results,
    share,
    table,
    training_seed,
    write_result,
)
from seqdisent_core.reporting.tables import codes_table, generation_table, leakage_tables, likeness_table, swap_table

__all__ = [
    "ABOUT",
    "COMPARED_CLIPS",
    "COMPARISON",
    "MAIN",
    "METHOD_NAMES",
    "NEIGHBOURS",
    "PUBLISHED",
    "SHEETS",
    "SORTED_BY",
    "Chart",
    "Figure",
    "LabelValues",
    "LatentMap",
    "Named",
    "Result",
    "absent",
    "charts",
    "codes_table",
    "figure",
    "figures_csv",
    "figures_json",
    "filmed_pairs_table",
    "filmed_table",
    "generation_table",
    "guessed",
    "in_order",
    "leakage_tables",
    "likeness_table",
    "mean_of",
    "model_card",
    "number",
    "percent",
    "published_tables",
    "read_comparison",
    "read_filmed",
    "read_result",
    "read_results",
    "share",
    "summary",
    "swap_table",
    "table",
    "training_seed",
    "with_figures",
    "write_charts",
    "write_measured",
    "write_result",
]
