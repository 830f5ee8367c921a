"""The seconds that a swap takes, as the page Swap tells them."""

import pytest

from pages.swap import pace
from pages.swap.pace import Countdown, Pace
from seqdisent_core import reenactment


def test_the_seconds_left_rise_no_faster_than_the_clock_goes_and_a_machine_that_falls_behind_is_called_busy() -> None:
    countdown = Countdown(began=100.0)
    left = [(100, 30), (102, 28), (104, 29), (106, 60), (116, 50), (150, 12), (161, 0.2)]
    told, shares = [], []
    for now, seconds in left:
        told.append((countdown.tell(now, seconds), countdown.busy))
        shares.append(countdown.share)
    assert told == [(30, False), (28, False), (29, False), (31, True), (41, True), (12, True), (1, True)]
    assert shares == sorted(shares) and shares[0] == 0 < 0.95 < shares[-1] < 1


def test_a_pace_follows_the_machine_and_no_single_slow_step() -> None:
    known = Pace(step=0.3)
    known.tuned(0.3, 1, 2.0)  # the first one, which torch begins with
    assert known.left(75, 0) < 1.6 * Pace(step=0.3).left(75, 0)
    known.tuned(0.3, 75, 75.0)
    assert 0.9 < known.step < 1.0
    known.made(100, 11.5)
    assert known.left(0, 200) == pytest.approx(21.5)
    known.made(100, 0.5)  # quicker than films without a frame
    assert known.frame == 0


def test_the_page_tells_of_as_many_steps_as_a_tuning_takes() -> None:
    assert pace.STEPS == reenactment.STEPS
