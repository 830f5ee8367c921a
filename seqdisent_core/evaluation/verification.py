"""Who speaks: how well the codes of two recordings tell whether their speakers are the same."""

import numpy as np


def equal_error_rate(scores: np.ndarray, same: np.ndarray) -> float:
    """The rate at which false acceptances and false rejections are equally frequent, in [0, 1].

    scores: float (n,), higher for what is thought the same; same: bool (n,), with at least one of either. With a
    threshold e, FPR is the share of different pairs above e, FNR that of the same pairs at or below it. Scores are
    sorted once; between two neighbouring thresholds both rates are taken as linear. Separable scores give 0, equal ones
    1/2; above 1/2 scores are higher for what differs.
    """
    order = np.argsort(scores, kind="stable")
    ordered, positive = np.asarray(scores)[order], np.asarray(same, bool)[order]
    if positive.all() or not positive.any():
        raise ValueError("an equal error rate needs pairs of the same and of different speakers")
    last = np.append(ordered[1:] != ordered[:-1], True)  # of equal scores, which one threshold takes together
    rejected = np.cumsum(positive)[last] / positive.sum()
    accepted = 1 - np.cumsum(~positive)[last] / (~positive).sum()
    fnr, fpr = np.concatenate([[0.0], rejected]), np.concatenate([[1.0], accepted])
    at = int(np.argmax(fnr >= fpr))  # never the first, where all are accepted
    before, after = fpr[at - 1] - fnr[at - 1], fnr[at] - fpr[at]
    part = before / (before + after)
    return float(fpr[at - 1] + part * (fpr[at] - fpr[at - 1]))


def speaker_error_rate(vectors: np.ndarray, speakers: np.ndarray) -> float:
    """Equal error rate of the cosines of all pairs of recordings: vectors float (n, dim), speakers int (n,)."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(length, np.finfo(np.float64).tiny)
    first, second = np.triu_indices(len(vectors), 1)
    return equal_error_rate((unit @ unit.T)[first, second], speakers[first] == speakers[second])
