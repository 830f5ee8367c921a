"""Makes a latent map: codes of test clips, two t-SNE embeddings, figures measured on the codes, thumbnails."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np

from seqdisent_core.data import Clips, ShardedFrames
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation import chance, group_means
from seqdisent_core.machine import hardware
from seqdisent_core.methods import Codes, Method, encode_clips
from seqdisent_core.reporting import ABOUT, NEIGHBOURS, LabelValues, LatentMap, figure
from seqdisent_core.weights import sha256_of

STATIC_PERPLEXITY = 15  # about as many clips as a person has
DYNAMICS_PERPLEXITY = 50
EARLY, ITERATIONS = 250, 500  # of t-SNE, openTSNE's own
MOST_TRUST_POINTS = 2500  # for which trustworthiness is reckoned: it takes the square of their number

Progress = Callable[[float, str], None]  # how far (0 to 1), and at what


def make_map(
    model: Method,
    clips: Clips,
    folder: Path,
    *,
    checkpoint: Path,
    command: str,
    seed: int = 0,
    progress: Progress = lambda share, stage: None,
) -> LatentMap:
    """Map the test clips of a set and write the map into `folder`.

    The same seed gives the same map on one machine with the same number of threads. Elsewhere codes differ in their
    last digits, which t-SNE amplifies: the clusters are the same, the positions within them differ.

    Figures are measured on the codes, not on the embedding: test clips are classified by their nearest training clips.
    Raises DataError if the set has no training or test clips.
    """
    train, test = clips.part("train"), clips.part("test")
    codes = encode_clips(
        model, as_training_tensor(test), lambda share: progress(0.08 * share, "reading the test clips")
    )
    known = encode_clips(
        model, as_training_tensor(train), lambda share: progress(0.08 + 0.27 * share, "reading the training clips")
    )
    static, dynamics = codes.static.numpy(), codes.dynamics.numpy()
    static_places = embed(
        static, STATIC_PERPLEXITY, seed, lambda share: progress(0.35 + 0.05 * share, "mapping static codes")
    )
    points = dynamics.reshape(-1, dynamics.shape[2])
    places = embed(
        points, DYNAMICS_PERPLEXITY, seed, lambda share: progress(0.40 + 0.50 * share, "mapping dynamics codes")
    )
    progress(0.90, "measuring")
    metrics = {
        "static": {
            **agreement(codes.static.numpy(), test, known.static.numpy(), train),
            "trustworthiness": figure([trust(static, static_places, seed)]),
        },
        "dynamics": {
            **agreement(_flat(codes), test, _flat(known), train),
            "trustworthiness": figure([trust(points, places, seed)]),
        },
    }
    latent_map = LatentMap(
        static,
        dynamics,
        static_places,
        places.reshape(*dynamics.shape[:2], 2),
        {name: LabelValues(label.values, label.names) for name, label in test.static.items()},
        {name: LabelValues(label.values, label.names) for name, label in test.dynamic.items()},
        test.identities.values,
        _about(model, train, test, checkpoint, command, seed, metrics),
        folder,
    )
    (latent_map.folder / ABOUT).unlink(missing_ok=True)  # written last: stopped in between, there is no map
    progress(0.95, "drawing the moving pictures")
    write_sheets(latent_map, test.frames)
    latent_map.save()
    progress(1.0, "done")
    return latent_map


def _about(
    model: Method, train: Clips, test: Clips, checkpoint: Path, command: str, seed: int, metrics: dict[str, Any]
) -> dict[str, Any]:
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "hardware": hardware(model.device),
        "model": {
            "method": model.name,
            "variant": model.config.to_dict().get("variant", ""),
            "checkpoint_sha256": sha256_of(checkpoint),
        },
        "data": {"name": test.name, "split": "test", "clips": len(test), "sha256": test.sha256()},
        "neighbours": {"k": NEIGHBOURS, "split": "train", "clips": len(train), "sha256": train.sha256()},
        "embedding": {"static_perplexity": STATIC_PERPLEXITY, "dynamics_perplexity": DYNAMICS_PERPLEXITY},
        "figures": metrics,
        "chance": chance(test),
    }


def _flat(codes: Codes) -> np.ndarray:
    return codes.dynamics.flatten(1).numpy()


def embed(codes: np.ndarray, perplexity: int, seed: int, progress: Callable[[float], None]) -> np.ndarray:
    """t-SNE from a PCA start: float32 (points, dim) -> float32 (points, 2), centred on 0."""
    from openTSNE import TSNE

    phase = {"done": 0}

    def heard(iteration: int, error: float, embedding: np.ndarray) -> None:
        phase["done"] += 25  # the count of openTSNE starts anew after its first phase
        progress(min(1.0, phase["done"] / (EARLY + ITERATIONS)))

    tsne = TSNE(
        perplexity=min(perplexity, max(2, (len(codes) - 1) // 3)),
        initialization="pca",
        early_exaggeration_iter=EARLY,
        n_iter=ITERATIONS,
        n_jobs=1,  # sums of several threads would end in other digits
        random_state=seed,
        callbacks=heard,
        callbacks_every_iters=25,
    )
    places = np.asarray(tsne.fit(codes.astype(np.float64)))
    # openTSNE centres an embedding like this before it puts new points into it: so they land where the known ones are.
    return (places - (places.max(axis=0) + places.min(axis=0)) / 2).astype(np.float32)


def agreement(codes: np.ndarray, clips: Clips, known: np.ndarray, known_clips: Clips) -> dict[str, Any]:
    """Accuracy of a k-nearest-neighbour classifier, for each label and for each group.

    codes: (clips, dim), the clips to classify. known: (known clips, dim), none of which is among them.
    """
    from sklearn.neighbors import KNeighborsClassifier

    shares = {}
    for name, label in clips.labels.items():
        nearest = KNeighborsClassifier(n_neighbors=min(NEIGHBOURS, len(known)))
        nearest.fit(known, known_clips.labels[name].values)
        shares[name] = float(nearest.score(codes, label.values))
    return {name: figure([share]) for name, share in group_means(shares, clips).items()}


def trust(codes: np.ndarray, places: np.ndarray, seed: int) -> float:
    """Trustworthiness of an embedding, 0 to 1: whether neighbours in it are neighbours in the codes.

    Venna and Kaski 2001. Computed on a random subset if there are many points.
    """
    from sklearn.manifold import trustworthiness

    chosen = np.arange(len(codes))
    if len(codes) > MOST_TRUST_POINTS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(codes), MOST_TRUST_POINTS, replace=False))
    neighbours = min(NEIGHBOURS, (len(chosen) - 1) // 2)
    return float(trustworthiness(codes[chosen], places[chosen], n_neighbors=neighbours))


def write_sheets(latent_map: LatentMap, frames: ShardedFrames) -> None:
    """One WebP per identity: a row per clip, uint8 (clips, frames, size, size, 3), time to the right."""
    for sheet in np.unique(latent_map.sheets):
        path = latent_map.sheet(int(sheet))
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [np.concatenate(list(clip), axis=1) for clip in frames[latent_map.sheets == sheet]]
        iio.imwrite(path, np.concatenate(rows, axis=0), quality=62, method=6)
