"""The judge, and every measure of a model: swaps, generation, leakage, filmed people."""

from seqdisent_core.evaluation.benchmark import Row, Run, Share, run_table
from seqdisent_core.evaluation.filmed import (
    MADE,
    JudgePython,
    filmed_sheet,
    judge_films,
    read_folder,
    read_made,
    swap_pairs,
    write_made,
)
from seqdisent_core.evaluation.judge import (
    Judge,
    Logits,
    Reading,
    accuracies,
    chance,
    check_judge,
    group_means,
    read_clips,
    read_logits,
    train_judge,
)
from seqdisent_core.evaluation.measures import TABLE_MEASURES
from seqdisent_core.evaluation.pairs import draw_pairs
from seqdisent_core.evaluation.protocols import judged, pair_figures, reconstruction_figures, swap_figures
from seqdisent_core.evaluation.self_reenactment import reenact_themselves, worst_sheet
from seqdisent_core.evaluation.series import SeriesTable, about_series, anchor_rows, encode_series, series_rows
from seqdisent_core.evaluation.sheet import result_sheet
from seqdisent_core.evaluation.speech import SpeechTable, about_speech, recording_codes, speech_rows
from seqdisent_core.evaluation.suite import TRUSTED, evaluate
from seqdisent_core.evaluation.swap_truth import TruePairs, swap_truth, truth_floors
from seqdisent_core.evaluation.verification import equal_error_rate, speaker_error_rate
from seqdisent_core.evaluation.voice_swaps import SpeakerJudge, envelope_correlation, voice_swap_figures

__all__ = [
    "MADE",
    "TABLE_MEASURES",
    "TRUSTED",
    "Judge",
    "JudgePython",
    "Logits",
    "Reading",
    "Row",
    "Run",
    "SeriesTable",
    "Share",
    "SpeakerJudge",
    "SpeechTable",
    "TruePairs",
    "about_series",
    "about_speech",
    "accuracies",
    "anchor_rows",
    "chance",
    "check_judge",
    "draw_pairs",
    "encode_series",
    "envelope_correlation",
    "equal_error_rate",
    "evaluate",
    "filmed_sheet",
    "group_means",
    "judge_films",
    "judged",
    "pair_figures",
    "read_clips",
    "read_folder",
    "read_logits",
    "read_made",
    "reconstruction_figures",
    "recording_codes",
    "reenact_themselves",
    "result_sheet",
    "run_table",
    "series_rows",
    "speaker_error_rate",
    "speech_rows",
    "swap_figures",
    "swap_pairs",
    "swap_truth",
    "train_judge",
    "truth_floors",
    "voice_swap_figures",
    "worst_sheet",
    "write_made",
]
