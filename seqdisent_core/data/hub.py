"""A labelled set in the format of the Hugging Face Hub: a folder of videos per split, labels, and a dataset card."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from seqdisent_core.data.clips import SPLITS, Clips, read_plan
from seqdisent_core.data.labels import Labels
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.media import write_video

DRAWN_LICENCE = "mit"  # of what this project draws
METADATA = "metadata.jsonl"  # a name that the Hub looks for; in a .csv it would read a person "001" as the number 1
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def drawn(path: Path) -> dict[str, Any] | None:
    """What determines a rendered set's images, from its set.json; None if this project did not render the set."""
    about = read_plan(path) if (path / "set.json").is_file() else {}
    return about if "renderer" in about else None


def check_export(out: Path, licence: str | None, about: dict[str, Any] | None) -> str:
    """The licence under which a set is exported to `out`, as the Hub's identifier; rendered sets have this project's.

    Raises DataError if `out` is not empty, and ConfigError if the licence is missing or is no identifier of the Hub.
    """
    licence = licence or (DRAWN_LICENCE if about else None)
    if licence is None:
        raise ConfigError("Under which licence this set may be passed on is not known. Name it with --licence.")
    if not _LICENCE.fullmatch(licence):
        raise ConfigError(f"{licence!r} is no licence as the Hub writes them, such as mit or cc-by-sa-3.0.")
    if out.exists() and any(out.iterdir()):
        raise DataError(f"{out} is not empty. Choose another folder, or empty it.")
    return licence


def write_video_set(
    clips: Clips,
    out: Path,
    *,
    about: dict[str, Any] | None,
    licence: str,
    command: str,
    fps: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, int]:
    """Write train/, validation/ and test/, each with one MP4 per clip and a metadata.jsonl, and README.md.

    Returns the number of clips per split. about: from `drawn`. licence: from `check_export`. `progress` is called with
    (videos done, all videos).
    """
    rows = {split: numbers for split in SPLITS if len(numbers := np.flatnonzero(clips.split == split))}
    for split in rows:
        (out / split).mkdir(parents=True)
    with ThreadPoolExecutor(2) as encoders:
        films = [
            encoders.submit(write_video, out / split / _film(place), clips.frames[number], fps)
            for split, numbers in rows.items()
            for place, number in enumerate(numbers)
        ]
        try:
            for done, film in enumerate(films, 1):
                film.result()
                progress(done, len(films))
        except BaseException:  # Ctrl-C, a full disk: what waits is not written any more
            encoders.shutdown(wait=False, cancel_futures=True)
            raise
    for split, numbers in rows.items():  # last: stopped in between, it is no set
        _write_labels(clips, numbers, out / split / METADATA)
    (out / "README.md").write_text(_card(clips, about, licence, command, fps), encoding="utf-8")
    return {split: len(numbers) for split, numbers in rows.items()}


def _film(place: int) -> str:
    return f"{place:06d}.mp4"


def _write_labels(clips: Clips, numbers: np.ndarray, path: Path) -> None:
    labels = _columns(clips)
    lines = [
        {"file_name": _film(place), **{name: label.names[label.values[number]] for name, label in labels.items()}}
        for place, number in enumerate(numbers)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _columns(clips: Clips) -> dict[str, Labels]:
    """Every label by name, preceded by the identity if the set has one besides its static labels."""
    return {**({"identity": clips.identity} if clips.identity else {}), **clips.labels}


def _card(clips: Clips, about: dict[str, Any] | None, licence: str, command: str, fps: float) -> str:
    from huggingface_hub import DatasetCardData

    size = next((name for most, name in _SIZES if len(clips) < most), "n>1M")
    head = DatasetCardData(
        license=licence,
        pretty_name=clips.name,
        task_categories=["video-classification"],
        tags=["sequential-disentanglement", "video", *(["synthetic"] if about else [])],
        size_categories=[size],
    ).to_yaml()
    frames, height, width = clips.frames.shape[1:4]
    columns = _columns(clips)
    splits = "\n".join(
        f"| {split} | {held.sum()} | {' | '.join(str(len(np.unique(c.values[held]))) for c in columns.values())} |"
        for split in SPLITS
        if (held := clips.split == split).any()
    )
    takes = about is not None and about["name"] in _TAKES
    named = len(next(iter(columns.values())).names)
    many = {"identity": "identities", **({"expression": "takes"} if takes else {})}
    heads = [many.get(name, f"{name}s") for name in columns]
    own = about is not None and not takes
    rate = f"{fps:g} a second" if own else f"written at {fps:g} a second, which is not every clip's own rate"
    return f"""---
{head}
---
# {clips.name}

{len(clips)} clips of {named} {heads[0]}: {frames} frames of {width} x {height} px, {rate}.

    from datasets import load_dataset
    clips = load_dataset("path/to/this/folder")

| split | clips | {" | ".join(heads)} |
|---|---|{"---|" * len(heads)}
{splits}

Columns: `video`, {", ".join(f"`{name}`" for name in columns)}.

## How it was made

{_DRAWN.format(**about, of=_TAKES.get(about["name"], "of each expression")) if about else _OTHER}
The films are H.264 at a high quality, not lossless. Written by `{command}` from clips whose frames and labels have the
SHA-256 {clips.sha256()}.

## What it is not for

{_NOT_FOR if about else _NOT_FOR_OTHERS}"""


_TAKES = {"wild": "each played by a pair, and named in the column `expression`"}
_DRAWN = """Drawn by seqdisent (`seqdisent render {name}`) from the 3D face model ICT FaceKit (MIT, USC Institute for
Creative Technologies; SHA-256 {source}): {persons} persons, {takes} takes
{of}, seed {seed}, version {renderer} of the renderer. The persons and what they do are
drawn at random. Nobody in it exists; the face model itself was learnt from scans of people.
"""
_OTHER = """Put together by whoever passes it on. Say here who made the clips, who is in them, and what these agreed
to.
"""
_NOT_FOR = """It is for measuring and teaching models that take clips apart into who and what. It is not for
recognising, tracking or judging real people, nor for saying how well a model does so: its people are few and simple,
and what they do is acted by rules. A model trained on it alone has never seen a real face.
"""
_NOT_FOR_OTHERS = """It is not for recognising, tracking or judging people, and no one in it may be shown doing or
saying what they did not agree to.
"""
