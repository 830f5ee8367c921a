"""What each method of the comparison leaks, as the page and the lecture draw it."""

from typing import Any, NamedTuple

from seqdisent_core.reporting import METHOD_NAMES, mean_of


class Leak(NamedTuple):
    """A method as a dot, percent: the expression read from s, and the person read from d."""

    name: str
    ours: bool
    x: float
    y: float


def leaks(about: dict[str, Any]) -> list[Leak]:
    """Every method of a comparison that has both figures."""
    found = []
    for row in about["rows"]:
        of_s, of_d = mean_of(row, "probe_static_dynamic_acc"), mean_of(row, "probe_dynamics_static_acc")
        if of_s is not None and of_d is not None:
            found.append(Leak(METHOD_NAMES[row["name"]], row["name"] in ("dbse", "exchange"), 100 * of_s, 100 * of_d))
    return found


def by_chance(about: dict[str, Any]) -> tuple[float, float]:
    """What guessing would read, percent: the expression, and the person."""
    return 100 * about["chance"]["dynamic"], 100 * about["chance"]["static"]
