"""One filmed person moved by another: windows, neutral frame, personalising, compositing."""

from seqdisent_core.reenactment.neutral_frame import Rest
from seqdisent_core.reenactment.neutral_learning import learn_rest
from seqdisent_core.reenactment.pairs import Pair, Subject, Swap, around_face, check_strength, pairs, subject, subjects
from seqdisent_core.reenactment.personalising import USUAL, Tuning, usual_seconds
from seqdisent_core.reenactment.windows import encode_in_windows

__all__ = [
    "USUAL",
    "Pair",
    "Rest",
    "Subject",
    "Swap",
    "Tuning",
    "around_face",
    "check_strength",
    "encode_in_windows",
    "learn_rest",
    "pairs",
    "subject",
    "subjects",
    "usual_seconds",
]
