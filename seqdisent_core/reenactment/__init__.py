"""One filmed person moved by another: windows, neutral frame, personalising, compositing."""

from seqdisent_core.reenactment.drawing import draws_motion
from seqdisent_core.reenactment.head import TRANSFERS, TURNS_FAR, HeadTurn, Transfer, check_transfer, learn_head
from seqdisent_core.reenactment.neutral_frame import NeutralFrame
from seqdisent_core.reenactment.neutral_learning import learn_neutral
from seqdisent_core.reenactment.own_face import OwnFace, own_faces
from seqdisent_core.reenactment.pairs import (
    How,
    Pair,
    Personalised,
    Subject,
    Swap,
    around_face,
    check_goes_on,
    check_strength,
    face_square,
    lasts,
    pairs,
    reach_within,
    results,
    subject,
    subjects,
)
from seqdisent_core.reenactment.personalising import STEPS, USUAL, Tuning, personalise, prepare
from seqdisent_core.reenactment.windows import encode_in_windows

__all__ = [
    "STEPS",
    "TRANSFERS",
    "TURNS_FAR",
    "USUAL",
    "HeadTurn",
    "How",
    "NeutralFrame",
    "OwnFace",
    "Pair",
    "Personalised",
    "Subject",
    "Swap",
    "Transfer",
    "Tuning",
    "around_face",
    "check_goes_on",
    "check_strength",
    "check_transfer",
    "draws_motion",
    "encode_in_windows",
    "face_square",
    "lasts",
    "learn_head",
    "learn_neutral",
    "own_faces",
    "pairs",
    "personalise",
    "prepare",
    "reach_within",
    "results",
    "subject",
    "subjects",
]
