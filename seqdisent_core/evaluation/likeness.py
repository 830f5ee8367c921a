"""How close generated clips are to real ones: the Fréchet distance between the judge's features of both."""

import torch
from torch import Tensor


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """Squared Fréchet distance between normal distributions fitted to two sets of features (clips, dims).

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), as in Heusel et al. 2017. No matrix root is computed: with centred
    features X_i, the trace of the root is the nuclear norm of X1 X2^T divided by sqrt((n1 - 1)(n2 - 1)). This is exact
    even with fewer clips than dimensions, where the covariances are singular.

    Needs at least 2 clips a set. It is biased upwards for few clips: compare only sets of the same number of clips.
    """
    first, second = first.double(), second.double()
    mean_gap = (first.mean(0) - second.mean(0)).square().sum()
    roots = []
    for features in (first, second):
        centred = (features - features.mean(0)) / (len(features) - 1) ** 0.5
        roots.append(torch.linalg.qr(centred, mode="r").R)  # R^T R is the covariance
    spread = roots[0].square().sum() + roots[1].square().sum()
    shared = torch.linalg.matrix_norm(roots[0] @ roots[1].T, ord="nuc")
    return max(0.0, float(mean_gap + spread - 2 * shared))
