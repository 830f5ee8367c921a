"""Where the result files lie that pages read their figures from."""

from seqdisent_core.assets import pages_root

RESULTS = pages_root() / "results"
