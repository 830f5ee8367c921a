"""What several commands share: a bar, and numbers that are counts."""

import sys
from typing import Any

from tqdm import tqdm

PLAYS = ("once", "loop", "boomerang")  # as films.Play, which takes seconds to import


def progress_bar(total: int, what: str) -> Any:
    """A bar with the time left, on standard error."""
    return tqdm(total=total, desc=what, dynamic_ncols=True, file=sys.stderr)


def count(text: str) -> int:
    """An argument that is a whole number from 1."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number
