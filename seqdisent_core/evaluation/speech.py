"""The suite of speech: rows of methods and of plain spectra, whose figures are equal error rates of new speakers."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from seqdisent_core.domains.speech import PARTS, Segments, Spectra, SpeechSet, at_level, segments
from seqdisent_core.evaluation.benchmark import Row, Run, Share
from seqdisent_core.evaluation.verification import speaker_error_rate
from seqdisent_core.machine import hardware, software
from seqdisent_core.methods import Method
from seqdisent_core.training import Recipe, Sequences, train_in_memory, weights_sha256

AS_RECORDED = ", as recorded"  # ending of the rows whose recordings keep their level


@dataclass(frozen=True)
class SpeechTable:
    """A set as its table uses it.

    A run has a number: it tests fold number % folds of the set's speakers, with the seed number // folds. measured:
    the part that figures are of; "validation" is for choices. as_recorded: recordings keep their level, instead of
    being brought to one.
    """

    speech: SpeechSet
    measured: str = "test"
    as_recorded: bool = False

    def at(self, number: int) -> tuple[int, int]:
        """Fold and seed of a run."""
        return number % self.speech.folds, number // self.speech.folds

    def segments(self, row: int) -> Segments:
        samples = self.speech.recording(row)
        return segments(samples if self.as_recorded else at_level(samples))

    def sequences(self, rows: np.ndarray, backbone: Spectra) -> Sequences:
        """All whole segments of recordings, as the backbone takes them; the group is the recording's place in rows."""
        found, group = [], []
        for place, row in enumerate(rows):
            x, observed = backbone.sequences(self.segments(row))
            whole = observed[:, -1, 0]
            found.append(x[whole])
            group += [place] * int(whole.sum())
        x = torch.cat(found)
        return Sequences(x, torch.ones(1, 1, 1, dtype=torch.bool).expand_as(x), torch.tensor(group))


@torch.no_grad()
def recording_codes(method: Method, segments: Segments) -> tuple[np.ndarray, np.ndarray]:
    """The static and the dynamic vector of one recording; padded frames count in neither.

    Of the last segment s is left out where less than half of it is observed, unless there is no other.
    """
    backbone = method.backbone
    assert isinstance(backbone, Spectra)
    codes = method.encode(*backbone.sequences(segments))
    seen = segments.observed[..., 0]
    whole = seen.float().mean(dim=1) >= 0.5
    whole[0] = True
    dynamics = backbone.without_mean(codes.dynamics)
    return codes.static[whole].mean(dim=0).numpy(), dynamics[seen].mean(dim=0).numpy()


def speech_rows(table: SpeechTable, recipes: Mapping[str, Recipe]) -> list[Row]:
    """A row for each recipe, trained and measured; below, mean spectra and an untrained encoder, at one level and as
    recorded."""
    rows = [_method_row(table, name, recipe) for name, recipe in recipes.items()]
    for of, ending in ((replace(table, as_recorded=False), ""), (replace(table, as_recorded=True), AS_RECORDED)):
        rows += [_plain_row(of, f"mean spectrum{ending}", lambda magnitudes: magnitudes)]
        rows += [_plain_row(of, f"mean log spectrum{ending}", lambda magnitudes: np.log(magnitudes + 1e-2))]
        rows += [_untrained_row(of, f"untrained dbse{ending}", recipes["dbse"])]
    return rows


def about_speech(table: SpeechTable) -> dict[str, Any]:
    """What a table's result file says of its set, protocol and machine."""
    speech = table.speech
    speakers = {part: len(np.unique(speech.speaker.values[speech.rows(part)])) for part in PARTS}
    return {
        "data": {"name": speech.name, "sha256": speech.sha256(), "recordings": len(speech)},
        "protocol": {
            "measured": table.measured,
            "level": "as recorded" if table.as_recorded else "one",
            "folds": speech.folds,
            "speakers": speakers,
        },
        "hardware": hardware(torch.device("cpu")),
        "software": software(),
    }


def figures_of(static: np.ndarray, dynamics: np.ndarray | None, speakers: np.ndarray) -> dict[str, float | None]:
    """Equal error rates of static and dynamic vectors, float (n, dim) each, and how much the latter is above."""
    own = speaker_error_rate(static, speakers)
    other = None if dynamics is None else speaker_error_rate(dynamics, speakers)
    return {"static_eer": own, "dynamic_eer": other, "gap": None if other is None else other - own}


def _measured(table: SpeechTable, method: Method, fold: int) -> dict[str, float | None]:
    rows = table.speech.rows(table.measured, fold)
    static, dynamics = zip(*(recording_codes(method, table.segments(row)) for row in rows), strict=True)
    return figures_of(np.stack(static), np.stack(dynamics), table.speech.speaker.values[rows])


def _method_row(table: SpeechTable, name: str, recipe: Recipe) -> Row:
    def run(number: int, share: Share) -> Run:
        fold, seed = table.at(number)
        seeded = replace(recipe, training=replace(recipe.training, seed=seed))
        backbone = seeded.build().backbone
        assert isinstance(backbone, Spectra)
        train = table.sequences(table.speech.rows("train", fold), backbone)
        model, seconds = train_in_memory(seeded, train, progress=lambda done: share(0.95 * done))
        facts = {
            "fold": fold,
            "parameters": sum(p.numel() for p in model.parameters()),
            "weights_sha256": weights_sha256(model),
        }
        return Run(_measured(table, model, fold), recipe.training.steps, seconds, facts=facts)

    return Row(name, recipe.to_dict(), run)


def _untrained_row(table: SpeechTable, name: str, recipe: Recipe) -> Row:
    def run(number: int, share: Share) -> Run:
        fold, seed = table.at(number)
        torch.manual_seed(seed)
        return Run(_measured(table, recipe.build().eval(), fold), 0, 0.0, facts={"fold": fold})

    return Row(name, {"untrained": recipe.to_dict(), "as_recorded": table.as_recorded}, run)


def _plain_row(table: SpeechTable, name: str, of: Callable[[np.ndarray], np.ndarray]) -> Row:
    def run(number: int, share: Share) -> Run:
        fold, _ = table.at(number)
        started = time.perf_counter()
        rows = table.speech.rows(table.measured, fold)
        vectors = []
        for row in rows:
            magnitudes, observed = table.segments(row)
            vectors.append(of(magnitudes[observed[..., 0]].numpy()).mean(axis=0))
        figures = figures_of(np.stack(vectors), None, table.speech.speaker.values[rows])
        seconds = time.perf_counter() - started
        return Run(figures, 0, seconds, "spectra have no dynamic code", {"fold": fold})

    return Row(name, {"of": name, "as_recorded": table.as_recorded}, run)
