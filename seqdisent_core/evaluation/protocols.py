"""Swaps and reconstructions of test clips, and their figures, for any method."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from seqdisent_core.data import Clips, Labels, parallel_pairs, selected
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation.judge import Judge, Logits, accuracies, read_features, read_logits
from seqdisent_core.evaluation.pairs import draw_pairs
from seqdisent_core.methods import BATCH, Codes, Method, decode_batches


def judged(method: Method, judge: Judge, codes: Codes) -> Tensor:
    """The judge's features of the clips decoded from codes: (clips, 2 hidden_dim), on the CPU."""
    return torch.cat([read_features(judge, batch) for batch in decode_batches(method, codes.static, codes.dynamics)])


@dataclass(frozen=True)
class SwapFigures:
    """`right`: accuracies in [0, 1] of swaps on the static clip's static labels and the driver's dynamic labels.

    `confusion`: counts by label, rows: true value, columns: predicted value; int (values, values).
    """

    right: dict[str, float]
    confusion: dict[str, np.ndarray]


def swap_figures(method: Method, judge: Judge, clips: Clips, codes: Codes, random: np.random.Generator) -> SwapFigures:
    """Static code of each clip with the dynamics of a random partner that differs in every label, by the judge."""
    partners = draw_pairs(clips, random)
    swaps = Codes(codes.static, codes.dynamics[torch.from_numpy(partners)])
    return score_swaps(read_logits(judge, judged(method, judge, swaps)), clips, partners)


def score_swaps(logits: Logits, clips: Clips, partners: np.ndarray) -> SwapFigures:
    """Figures of swaps from the judge's logits: each clip's static code with its partner's dynamics."""
    meant = replace(clips, dynamic=selected(clips.dynamic, partners))
    counts = {name: _confusion(label, logits[name]) for name, label in meant.labels.items()}
    return SwapFigures(accuracies(logits, meant), counts)


def _confusion(true: Labels, logits: Tensor) -> np.ndarray:
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(true.values, logits.argmax(1).numpy(), labels=range(len(true.names)))


@dataclass(frozen=True)
class PairFigures:
    """Swaps within parallel pairs against the ground truth: a person's static code with the partner's dynamics.

    psnr in dB; motion: correlation of the pixels' change since the first frame with the true change, averaged over
    clips; own_motion: the same for reconstructions.
    """

    psnr: float
    motion: float
    own_motion: float


def pair_figures(method: Method, clips: Clips, codes: Codes) -> PairFigures:
    """Figures of a set of parallel pairs (parallel_pairs), whose posterior means are `codes`."""
    pairs = parallel_pairs(clips)
    partner = np.empty(len(clips), int)
    partner[pairs[:, 0]], partner[pairs[:, 1]] = pairs[:, 1], pairs[:, 0]
    real = as_training_tensor(clips)
    figures = []
    for dynamics in (codes.dynamics[torch.from_numpy(partner)], codes.dynamics):
        psnr, motion = [], []
        for index, decoded in enumerate(decode_batches(method, codes.static, dynamics)):
            true = real[index * BATCH : (index + 1) * BATCH].float() / 255
            psnr.append(signal_to_noise(decoded, true))
            change, meant = (x[:, 1:] - x[:, :1] for x in (decoded, true))
            motion.append(_correlation(change.flatten(1), meant.flatten(1)))
        figures.append((float(torch.cat(psnr).mean()), float(torch.cat(motion).mean())))
    (psnr_of_pairs, motion_of_pairs), (_, own_motion) = figures
    return PairFigures(psnr_of_pairs, motion_of_pairs, own_motion)


def signal_to_noise(decoded: Tensor, real: Tensor) -> Tensor:
    """PSNR in dB of each clip, (clips, frames, 3, size, size) in [0, 1], averaged over its frames: (clips,)."""
    error = (decoded - real).square().mean(dim=(2, 3, 4)).clamp_min(1e-12)
    return -10 * error.log10().mean(dim=1)


def _correlation(first: Tensor, second: Tensor) -> Tensor:
    first, second = first - first.mean(dim=1, keepdim=True), second - second.mean(dim=1, keepdim=True)
    return (first * second).sum(dim=1) / (first.norm(dim=1) * second.norm(dim=1)).clamp_min(1e-9)


def structural_similarity(first: Tensor, second: Tensor) -> Tensor:
    """SSIM of Wang et al. 2004, averaged over pixels and colours: (n, 3, size, size) in [0, 1] -> (n,).

    Gaussian windows of 11 pixels with standard deviation 1.5, mirrored at the borders, as in torchmetrics; the window
    is applied as two matrix products, which is faster on a CPU than a convolution.
    """
    size, reach = first.shape[-1], 5
    window = torch.exp(-((torch.arange(2 * reach + 1.0) - reach) ** 2) / (2 * 1.5**2))
    places = (torch.arange(size)[:, None] + torch.arange(-reach, reach + 1)).abs()
    mirrored = torch.minimum(places, 2 * (size - 1) - places)
    blur = torch.zeros(size, size).scatter_add_(1, mirrored, (window / window.sum()).expand(size, -1)).to(first)

    def local(picture: Tensor) -> Tensor:
        return blur @ picture @ blur.T

    mean_1, mean_2 = local(first), local(second)
    spread_1, spread_2 = local(first.square()) - mean_1.square(), local(second.square()) - mean_2.square()
    shared = local(first * second) - mean_1 * mean_2
    dark, flat = 0.01**2, 0.03**2
    likeness = (2 * mean_1 * mean_2 + dark) * (2 * shared + flat)
    likeness = likeness / ((mean_1.square() + mean_2.square() + dark) * (spread_1 + spread_2 + flat))
    return likeness.mean(dim=(1, 2, 3))


@dataclass(frozen=True)
class ReconstructionFigures:
    """psnr in dB and ssim in [-1, 1], means over clips; `right`: accuracies of the judge, if there is one."""

    psnr: float
    ssim: float
    right: dict[str, float]


def reconstruction_figures(method: Method, judge: Judge | None, clips: Clips, codes: Codes) -> ReconstructionFigures:
    """Reconstructions from posterior means against their clips; PSNR per frame with a peak of 1, then averaged."""
    frames = as_training_tensor(clips)
    psnr, ssim, seen = [], [], []
    for index, decoded in enumerate(decode_batches(method, codes.static, codes.dynamics)):
        real = frames[index * BATCH : (index + 1) * BATCH].float() / 255
        psnr.append(signal_to_noise(decoded, real))
        ssim.append(structural_similarity(decoded.flatten(0, 1), real.flatten(0, 1)))
        if judge:
            seen.append(read_features(judge, decoded))
    right = accuracies(read_logits(judge, torch.cat(seen)), clips) if judge else {}
    return ReconstructionFigures(float(torch.cat(psnr).mean()), float(torch.cat(ssim).mean()), right)
