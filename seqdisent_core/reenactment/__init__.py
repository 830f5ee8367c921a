"""One filmed person moved by another: windows, neutral frame, personalising, compositing."""

from seqdisent_core.reenactment.neutral_frame import NeutralFrame
from seqdisent_core.reenactment.neutral_learning import learn_neutral
from seqdisent_core.reenactment.pairs import (
    Pair,
    Subject,
    Swap,
    around_face,
    check_strength,
    face_square,
    pairs,
    results,
    subject,
    subjects,
)
from seqdisent_core.reenactment.personalising import STEPS, USUAL, Tuning, personalise, prepare
from seqdisent_core.reenactment.windows import encode_in_windows

__all__ = [
    "STEPS",
    "USUAL",
    "NeutralFrame",
    "Pair",
    "Subject",
    "Swap",
    "Tuning",
    "around_face",
    "check_strength",
    "encode_in_windows",
    "face_square",
    "learn_neutral",
    "pairs",
    "personalise",
    "prepare",
    "results",
    "subject",
    "subjects",
]
