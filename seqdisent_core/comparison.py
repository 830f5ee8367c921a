"""Methods that were trained alike on one set, side by side: what each makes of one pair of clips."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch

from seqdisent_core.data import Clips
from seqdisent_core.domains.images import as_clip, as_frames, as_training_tensor
from seqdisent_core.errors import DataError, SeqdisentError
from seqdisent_core.evaluation import draw_pairs
from seqdisent_core.latents import embed
from seqdisent_core.machine import picture_dtype, place
from seqdisent_core.methods import Codes, Method, encode_clips
from seqdisent_core.reporting import COMPARED_CLIPS, COMPARISON, read_comparison

PAIRS = 6  # of example clips
MAPPED = 312  # test clips at most in the maps of codes
PERPLEXITY = 15
LONGEST = 60  # frames of a clip that are swapped


@dataclass(frozen=True)
class Example:
    """A clip that comes with a comparison: uint8 (frames, size, size, 3), and its labels as words."""

    frames: np.ndarray
    static: str
    dynamic: str


class Comparison:
    """Loaded from a folder that `make_comparison` wrote; models are read when they are first needed.

    about: the content of comparison.json, with `rows` (name, figures and, where it cannot swap, `why`) and `maps`
    (places of each method's codes). Raises ConfigError where there is no such folder.
    """

    def __init__(self, folder: Path, device: str | None = None) -> None:
        self.about = read_comparison(folder)
        self.folder, self._device = folder, device
        self._models: dict[str, Method] = {}
        self._lock = Lock()

    @property
    def examples(self) -> list[tuple[Example, Example]]:
        """Pairs of test clips that differ in all labels."""
        with np.load(self.folder / COMPARED_CLIPS) as kept:
            frames = kept["frames"]
        clips = [Example(of, *words) for of, words in zip(frames, self.about["clips"], strict=True)]
        return list(zip(clips[::2], clips[1::2], strict=True))

    def swap(self, first: np.ndarray, second: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Who is seen in one clip doing what is done in the other, by each method that can take clips apart.

        first, second: uint8 (frames, size, size, 3) of the models' size; the shorter one's frames are used, at most
        LONGEST. Gives the first person with the second's movement, and the reverse. Raises SeqdisentError for other
        shapes, and for clips of one frame.
        """
        time = min(len(first), len(second), LONGEST)
        size = self.about["size"]
        for clip in (first, second):
            if clip.dtype != np.uint8 or clip.shape[1:] != (size, size, 3) or time < 2:
                raise SeqdisentError(f"A clip must be uint8 (2 or more frames, {size}, {size}, 3).")
        made = {}
        with self._lock, torch.inference_mode():
            for row in self.about["rows"]:
                if "why" in row:
                    continue
                method = self._model(row["name"])
                x = torch.stack([as_clip(clip[:time], method.device) for clip in (first, second)])
                codes = method.encode(x)
                swapped = method.decode(Codes(codes.static, codes.dynamics.flip(0)))
                made[row["name"]] = (as_frames(swapped[0]), as_frames(swapped[1]))
        return made

    def _model(self, name: str) -> Method:
        if name not in self._models:
            method = place(Method.from_pretrained(self.folder / name), self._device)
            self._models[name] = method.for_inference(picture_dtype(method.device))
        return self._models[name]


def make_comparison(
    table: Mapping[str, Any],
    models: Mapping[str, Path],
    clips: Clips,
    folder: Path,
    *,
    command: str,
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda share, what: None,
) -> None:
    """Writes a small copy of each row's model, the places of its codes on a map, and pairs of test clips.

    table: the content of a result file of `seqdisent benchmark images`; models: the folder of each row's model, of the
    training that the table measured. Raises DataError where one is missing or another than the table's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    test, random = clips.part("test"), np.random.default_rng(seed)
    mapped = test.select(np.sort(random.permutation(len(test))[:MAPPED]))
    frames = as_training_tensor(mapped)
    rows, maps = [_row(name, row) for name, row in table["rows"].items()], {}
    for done, row in enumerate(rows):
        name = row["name"]
        progress(done / len(rows), name)
        if name not in models:
            raise DataError(f"There is no trained model of {name}. Run the benchmark again with the same --work.")
        method = Method.from_pretrained(models[name])
        method.stored_half = True
        method.save_pretrained(folder / name)
        if lack := method.lack("encode"):
            row["why"] = lack
            continue
        codes = encode_clips(method, frames)
        maps[name] = {
            "static": _places(codes.static.numpy(), seed),
            "dynamics": _places(codes.dynamics.flatten(1).numpy(), seed),
        }
    first = random.permutation(len(test))
    partners = draw_pairs(test, random)
    shown = [int(at) for one in first[:PAIRS] for at in (one, partners[one])]
    np.savez_compressed(folder / COMPARED_CLIPS, frames=np.stack([test.frames[at] for at in shown]))
    about = {
        "command": command,
        "data": table["data"],
        "size": int(test.frames.shape[2]),
        "rows": rows,
        "chance": table["chance"],
        "maps": maps,
        "mapped": {group: _values(getattr(mapped, group)) for group in ("static", "dynamic")},
        "clips": [[_words(test.static, at), _words(test.dynamic, at)] for at in shown],
    }
    (folder / COMPARISON).write_text(json.dumps(about, separators=(",", ":")) + "\n", encoding="utf-8")
    progress(1.0, "done")


def _row(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    figures = {key: value for key, value in row["figures"].items() if key != "why"}
    runs = row["runs"]
    minutes = sum(run["seconds"] for run in runs) / len(runs) / 60
    return {"name": name, "figures": figures, "runs": len(runs), "steps": runs[-1]["steps"], "minutes": minutes}


def _places(codes: np.ndarray, seed: int) -> list[list[float]]:
    """Places on a map, (clips, 2); all in the middle where the codes are all the same."""
    if np.allclose(codes, codes[0]):
        return np.zeros((len(codes), 2)).tolist()
    return np.round(embed(codes, PERPLEXITY, seed, lambda share: None), 2).tolist()


def _values(labels: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: [label.names[value] for value in label.values] for name, label in labels.items()}


def _words(labels: Mapping[str, Any], at: int) -> str:
    return ", ".join(label.names[label.values[at]].replace("_", " ") for label in labels.values())
