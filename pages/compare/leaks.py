"""What each method of the comparison leaks, as the page and the lecture draw it."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

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


Side = Literal["right", "left", "up", "down"]  # of a dot, where its name stands
_SIDES: dict[Side, tuple[int, int]] = {"right": (1, 0), "left": (-1, 0), "up": (0, 1), "down": (0, -1)}
_Box = tuple[float, float, float, float]  # left, bottom, right, top


class Plane(NamedTuple):
    """How large things are on a plane of 100 by 100: a letter's width, a line's height, half a dot across and up.

    right, top: how far names may go beyond it.
    """

    letter: float
    line: float
    across: float
    up: float
    right: float
    top: float


def name_sides(shown: Sequence[tuple[str, float, float]], plane: Plane) -> list[Side]:
    """The side of its dot where each name stands, of dots (name, x, y) from 0 to 100.

    Names are placed from the longest to the shortest, each at the side where it covers least of dots and names.
    """
    taken = [(x - plane.across, y - plane.up, x + plane.across, y + plane.up) for _, x, y in shown]
    sides: dict[int, Side] = {}
    for at in sorted(range(len(shown)), key=lambda at: -len(shown[at][0])):
        name, x, y = shown[at]
        boxes = {side: _name_box(x, y, len(name), to, plane) for side, to in _SIDES.items()}
        inside = [side for side, box in boxes.items() if _fits(box, plane)] or list(boxes)
        sides[at] = min(inside, key=lambda side: sum(_shared(boxes[side], other) for other in taken))
        taken.append(boxes[sides[at]])
    return [sides[at] for at in range(len(shown))]


def _name_box(x: float, y: float, letters: int, to: tuple[int, int], plane: Plane) -> _Box:
    """A name's place beside its dot."""
    width, (right, up) = plane.letter * letters, to
    middle = x + right * (width / 2 + 1.1 * plane.across), y + up * (plane.line / 2 + 1.1 * plane.up)
    return middle[0] - width / 2, middle[1] - plane.line / 2, middle[0] + width / 2, middle[1] + plane.line / 2


def _fits(box: _Box, plane: Plane) -> bool:
    left, _, right, top = box
    return left >= 0 and right <= plane.right and top <= plane.top


def _shared(one: _Box, other: _Box) -> float:
    """The area that two boxes share."""
    across, up = (min(one[at + 2], other[at + 2]) - max(one[at], other[at]) for at in (0, 1))
    return max(across, 0) * max(up, 0)
