"""Swapped voices measured: whether what is said stays, and whose voice a judge of real recordings hears."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from seqdisent_core.domains.speech import SpeechSet, at_level, griffin_lim, mel_bands, spectrogram

JUDGES = 5  # each hears all recordings of a speaker but every fifth, and is asked of these
_BANDS = 24
_QUIET = 1e-2  # magnitude of speech at one level, below which there is nothing but noise

Speak = Callable[[np.ndarray, np.ndarray], np.ndarray]  # samples of the voice and of the driver -> of the swap


def envelopes(samples: np.ndarray) -> np.ndarray:
    """Log magnitudes of 24 mel bands over time, float (frames, 24), of samples float32 (n,) at one level."""
    return torch.log(_spectrum(samples) @ mel_bands(_BANDS) + _QUIET).numpy()


def envelope_correlation(samples: np.ndarray, driver: np.ndarray) -> float:
    """Mean over mel bands of the correlation over time of two recordings' log magnitudes, in [-1, 1].

    Bands whose loudness goes up and down at the same time carry the words: intelligibility is estimated from such
    correlations (Taal et al. 2011, there of pieces of 384 ms). The longer recording is cut to the shorter.
    """
    first, second = envelopes(samples), envelopes(driver)
    count = min(len(first), len(second))
    first, second = (each[:count] - each[:count].mean(axis=0) for each in (first, second))
    scale = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    return float(((first * second).sum(axis=0) / np.maximum(scale, 1e-12)).mean())


class SpeakerJudge:
    """Tells which of some speakers a recording is of: a linear discriminant on mean and deviation over time of the
    log magnitudes of mel bands.

    It hears timbre, microphone and room, but hardly the pitch of the voice.
    """

    def __init__(self, recordings: list[np.ndarray], speakers: np.ndarray) -> None:
        """recordings: samples float32 (n,) each; speakers: int (recordings,), three different ones or more."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis  # which takes a second

        found = np.stack([_summary(samples) for samples in recordings])
        self._model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(found, speakers)

    def ranking(self, samples: np.ndarray) -> list[int]:
        """The speakers, the most likely first."""
        likely = self._model.decision_function(_summary(samples)[None])[0]
        return [int(speaker) for speaker in self._model.classes_[np.argsort(-likely)]]


def voice_swap_figures(
    speak: Speak, speech: SpeechSet, progress: Callable[[float], None] = lambda share: None
) -> dict[str, Any]:
    """Figures of swaps between the validation speakers of a set, which the model must not have been trained on.

    Each recording is the driver once; the voice is that of another speaker. Neither recording was heard by the judge
    that is asked. Beside the swap: the driver's own recording, it with a phase found by Griffin-Lim, it spoken with its
    own voice, the recording of the voice, which says something else, and what needs no model: the driver's log spectrum
    with the mean of the voice's in place of its own.
    """
    rows = speech.rows("validation")
    speakers = speech.speaker.values[rows]
    recordings = [speech.recording(int(row)) for row in rows]
    turn = np.array([(speakers[:at] == speakers[at]).sum() for at in range(len(rows))]) % JUDGES
    random = np.random.default_rng(0)
    found: dict[str, list[tuple[float, bool, bool]]] = {}
    right = []
    for judged in range(JUDGES):
        heard, asked = np.flatnonzero(turn != judged), np.flatnonzero(turn == judged)
        judge = SpeakerJudge([recordings[at] for at in heard], speakers[heard])
        for driver in asked:
            voice = int(random.choice(asked[speakers[asked] != speakers[driver]]))
            own, other = recordings[driver], recordings[voice]
            spectrum, wanted = _spectrum(own), _spectrum(other)
            exchanged = spectrum * torch.exp(_log_mean(wanted) - _log_mean(spectrum))
            made = {
                "swap": speak(other, own),
                "driver, rebuilt with its own voice": speak(own, own),
                "no model: the voice's mean spectrum": _with_a_phase(exchanged, len(own)),
                "driver, its phase estimated": _with_a_phase(spectrum, len(own)),
                "driver, as recorded": own,
                "recording of the voice": other,
            }
            for name, samples in made.items():
                ranking = judge.ranking(samples)
                nearer = ranking.index(int(speakers[voice])) < ranking.index(int(speakers[driver]))
                first = ranking[0] == speakers[voice]
                found.setdefault(name, []).append((envelope_correlation(samples, own), nearer, first))
            right.append(judge.ranking(own)[0] == speakers[driver])
            progress(len(right) / len(rows))
    names = ("envelope_correlation", "nearer_to_voice", "taken_for_voice")
    return {
        "judge": float(np.mean(right)),
        "pairs": len(rows),
        "speakers": len(np.unique(speakers)),
        "rows": {
            name: {of: float(np.mean(values)) for of, values in zip(names, zip(*each, strict=True), strict=True)}
            for name, each in found.items()
        },
    }


def _spectrum(samples: np.ndarray) -> torch.Tensor:
    return spectrogram(torch.from_numpy(at_level(samples)))


def _log_mean(spectrum: torch.Tensor) -> torch.Tensor:
    return torch.log(spectrum + _QUIET).mean(dim=0)


def _with_a_phase(spectrum: torch.Tensor, samples: int) -> np.ndarray:
    return griffin_lim(spectrum, samples, torch.Generator().manual_seed(0)).numpy()


def _summary(samples: np.ndarray) -> np.ndarray:
    loud = envelopes(samples)
    return np.concatenate([loud.mean(axis=0), loud.std(axis=0)])
