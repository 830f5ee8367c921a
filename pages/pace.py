"""How long it takes here to learn faces and make films: one estimate, measured as it goes, and the seconds left."""

from dataclasses import dataclass
from math import ceil, inf

STEPS = 75  # of a whole tuning, as seqdisent_core.reenactment says, which brings torch along
_ONCE = 1.5  # seconds that films take, however long they are
_SURE = 10  # tuning steps for which what was measured before counts as much as those
_SLOW = 1.25  # times what was told at first: more is due to other work on this machine


@dataclass
class Pace:
    """Seconds that this machine took lately: of a tuning step, with previews on the way, and of a result's frame."""

    step: float = 0.25
    frame: float = 0.015

    def left(self, steps: int, frames: int) -> float:
        """Seconds for so many steps and frames that are still to come."""
        return steps * self.step + frames * self.frame + _ONCE

    def tuned(self, before: float, steps: int, seconds: float) -> None:
        """So many steps took so long; before: a step's seconds as they were known when those began."""
        self.step = (_SURE * before + seconds) / (_SURE + steps)

    def made(self, frames: int, seconds: float) -> None:
        """Films of so many frames took so long."""
        self.frame = max(0.0, seconds - _ONCE) / max(1, frames)


@dataclass
class Countdown:
    """The seconds left of one job as they are told: they never rise by more than the clock has gone.

    share: of all that is done. busy: it takes longer than was told at first, by more than an estimate may be off.
    """

    began: float
    share: float = 0.0
    busy: bool = False
    _total: float = 0.0
    _told: float = inf
    _last: float = 0.0

    def tell(self, now: float, seconds: float) -> float:
        """What is told where so many seconds are left."""
        gone = now - self.began
        self._total = self._total or gone + seconds
        self._told = min(max(1.0, seconds), self._told + now - self._last)
        self.share = max(self.share, gone / (gone + self._told))
        self.busy, self._last = gone + seconds > _SLOW * self._total + 2, now
        return self._told


def about(seconds: float) -> str:
    """So many seconds, in words for a button."""
    return f"about {5 * ceil(seconds / 5)} s"
