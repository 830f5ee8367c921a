"""Commands that render a set, train its judge, and export a set."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqdisent_core.commands.arguments import add_json, add_seed, count, count_bar, tell
from seqdisent_core.errors import ConfigError, DataError

SERIES = ("physionet2012", "air_quality", "etth1", "series")  # as domains.series.READERS, whose import takes seconds
SPEECH = ("speech", "timit", "recordings")  # as domains.speech.CORPORA, likewise


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    render = commands.add_parser("render", help="render a set of labelled clips")
    sets = render.add_subparsers(title="sets", required=True, metavar="SET")
    _add_drawn(
        sets, "facekit52", "render 52 persons with 6 expressions", "clips of each person and expression", (12, 15, 64)
    ).set_defaults(run=_render_faces)
    _add_drawn(
        sets,
        "facekit_any",
        "render FaceKit-52's labels in clips that begin anywhere, with turning heads and changing light",
        "clips of each person and expression",
        (24, 15, 64),
    ).set_defaults(run=_render_anywhere)
    pairs = _add_drawn(
        sets, "pairs", "render pairs of new persons with the true result of each swap", "takes of a pair", (6, 15, 64)
    )
    pairs.add_argument("--persons", type=count, default=40, help="an even number (default: 40)")
    pairs.set_defaults(run=_render_pairs)
    wild = _add_drawn(
        sets,
        "wild",
        "render parallel pairs of persons who move, talk and turn, with the ground truth of their motion",
        "clips of each person",
        (2, 24, 256),
    )
    wild.add_argument("--persons", type=count, default=4000, help="a multiple of 10 (default: 4000)")
    wild.set_defaults(run=_render_wild)
    sprites = sets.add_parser("sprites", help="assemble the benchmark Sprites from its layers")
    sprites.add_argument("out", type=Path, help="folder for the set")
    sprites.add_argument("--source", type=Path, required=True, help="the layers as arrays, sprites_layers.npz")
    add_json(sprites)
    sprites.set_defaults(run=_render_sprites)

    pack = commands.add_parser("pack", help="convert face videos, time series or recordings of speech to a set")
    pack.add_argument(
        "kind",
        nargs="?",
        default="films",
        choices=("films", *SERIES, *SPEECH),
        help="films (the default), a published set of time series, series: a CSV with the columns time, series, and "
        "one a feature, or a corpus of speech",
    )
    pack.add_argument("source", type=Path, help="a folder person/expression/*.mp4, a CSV, or a set as published")
    pack.add_argument("out", type=Path, help="folder for the set; a set of videos resumes if it was stopped")
    pack.add_argument("--frames", type=count, default=15, help="frames of a clip (default: 15)")
    pack.add_argument("--size", type=count, default=64, help="pixels a side, 16 to 512 (default: 64)")
    pack.add_argument("--leave-out", action="store_true", help="leave out unusable videos instead of stopping")
    add_json(pack)
    pack.set_defaults(run=_pack)

    judge = commands.add_parser("judge", help="train the judge, a classifier of a set's labels, on its train split")
    judge.add_argument("data", type=Path, help="a rendered set, a folder person/expression/*.mp4, or a CSV")
    judge.add_argument("out", type=Path, help="folder for the judge")
    judge.add_argument("--steps", type=count, default=1200, help="steps to train (default: 1200)")
    judge.add_argument("--size", type=int, choices=(64, 128, 256), default=64, help="pixels a side (default: 64)")
    add_seed(judge)
    add_json(judge)
    judge.set_defaults(run=_judge)

    export = commands.add_parser("export", help="write a set for the Hugging Face Hub: videos, labels, dataset card")
    export.add_argument("set", type=Path, help="a rendered set, a folder person/expression/*.mp4, or a CSV")
    export.add_argument("out", type=Path, help="an empty or new folder")
    export.add_argument("--licence", help="the Hub's identifier, such as cc-by-4.0 (default: mit for rendered sets)")
    export.add_argument("--size", type=count, help="pixels a side (default: the set's own, of videos 64)")
    add_json(export)
    export.set_defaults(run=_export)


def _add_drawn(sets: Any, name: str, what: str, a_take: str, usual: tuple[int, int, int]) -> argparse.ArgumentParser:
    """The arguments of a set rendered from the face model; usual: its takes, frames and size."""
    takes, frames, size = usual
    drawn = sets.add_parser(name, help=what)
    drawn.add_argument("out", type=Path, help="folder for the set; resumes if it was stopped")
    drawn.add_argument("--source", type=Path, required=True, help="ict_facekit.npz, or ICT-FaceKit's FaceXModel folder")
    drawn.add_argument("--takes", type=count, default=takes, help=f"{a_take} (default: {takes})")
    drawn.add_argument("--frames", type=count, default=frames, help=f"frames of a clip (default: {frames})")
    drawn.add_argument("--size", type=count, default=size, help=f"pixels a side (default: {size})")
    drawn.add_argument("--workers", type=count, help="processes that draw (default: one a core, at most 16)")
    add_seed(drawn)
    add_json(drawn)
    return drawn


def _render_faces(options: argparse.Namespace) -> None:
    from seqdisent_core.facekit import render_facekit52

    _render(render_facekit52, options)


def _render_anywhere(options: argparse.Namespace) -> None:
    from seqdisent_core.facekit import render_facekit_any

    _render(render_facekit_any, options)


def _render_pairs(options: argparse.Namespace) -> None:
    from seqdisent_core.facekit import render_pairs

    _render(render_pairs, options, persons=options.persons)


def _render_wild(options: argparse.Namespace) -> None:
    from seqdisent_core.facekit import render_wild

    _render(render_wild, options, persons=options.persons)


def _render(render: Callable[..., Path], options: argparse.Namespace, **more: int) -> None:
    if options.workers is not None:
        more["workers"] = options.workers
    with count_bar("rendering") as advance:
        render(
            options.out,
            options.source,
            size=options.size,
            frames=options.frames,
            takes=options.takes,
            seed=options.seed,
            progress=advance,
            **more,
        )
    _tell_set(options)


def _render_sprites(options: argparse.Namespace) -> None:
    from seqdisent_core.data import render_sprites

    with count_bar("assembling") as advance:
        render_sprites(options.out, options.source, progress=advance)
    _tell_set(options)


def _tell_set(options: argparse.Namespace) -> None:
    tell(options, f"The set is in {options.out}.", written={"set": options.out})


def _pack(options: argparse.Namespace) -> None:
    if options.kind != "films":
        _check_pack(options)
        (_pack_speech if options.kind in SPEECH else _pack_series)(options)
        return
    from seqdisent_core.data import pack_films

    with count_bar("reading faces") as advance:
        packed = pack_films(
            options.source,
            options.out,
            frames=options.frames,
            size=options.size,
            leave_out=options.leave_out,
            progress=advance,
        )
    without = f"; {len(packed.left_out)} videos were left out" if packed.left_out else ""
    tell(
        options,
        f"The set is in {options.out}: {packed.clips} clips{without}.",
        written={"set": options.out},
        figures={"clips": packed.clips, "left_out": len(packed.left_out)},
        notes=packed.left_out,
    )


def _check_pack(options: argparse.Namespace) -> None:
    """Raises what is wrong with the arguments for a set that is not of videos."""
    if (options.frames, options.size, options.leave_out) != (15, 64, False):
        raise ConfigError("--frames, --size and --leave-out are for videos. Leave them out for other sets.")
    if not options.source.exists():
        raise DataError(f"There is nothing at {options.source}. Give the {options.kind} set as it is published.")


def _pack_speech(options: argparse.Namespace) -> None:
    from seqdisent_core.domains.speech import CORPORA

    packed = CORPORA[options.kind](options.source)
    packed.save(options.out)
    minutes = len(packed.audio) / 16_000 / 60
    speakers = len(packed.speaker.names)
    tell(
        options,
        f"The set is in {options.out}: {len(packed)} recordings of {speakers} speakers, {minutes:.0f} minutes.",
        written={"set": options.out},
        figures={"recordings": len(packed), "speakers": speakers},
    )


def _pack_series(options: argparse.Namespace) -> None:
    from seqdisent_core.domains.series import PUBLISHED, READERS, SPLITS

    packed = READERS[options.kind](options.source)
    packed.save(options.out)
    parts = ", ".join(f"{int((packed.splits[PUBLISHED] == part).sum())} {part}" for part in SPLITS)
    tell(
        options,
        f"The set is in {options.out}: {len(packed)} series of {packed.values.shape[1]} steps ({parts}).",
        written={"set": options.out},
        figures={"series": len(packed), "left_out": sum(packed.left_out.values())},
        notes=[f"Left out: {count} × {why}." for why, count in packed.left_out.items()],
    )


def _judge(options: argparse.Namespace) -> None:
    from seqdisent_core.data import load_clips
    from seqdisent_core.domains.images import as_training_tensor
    from seqdisent_core.evaluation import accuracies, read_clips, train_judge

    clips = load_clips(options.data, size=options.size)
    held = clips.part("validation")  # before the work: a set without one is refused at once
    with count_bar("training the judge", options.steps) as advance:
        judge = train_judge(clips, steps=options.steps, seed=options.seed, progress=advance)
    right = accuracies(read_clips(judge, as_training_tensor(held)), held)
    train = clips.part("train")
    card = JUDGE_CARD.format(
        name=clips.name,
        labels=", ".join(clips.labels),
        command=options.command_line,
        clips=len(train),
        sha256=train.sha256(),
        seed=options.seed,
    )
    judge.save(options.out, card)
    shares = ", ".join(f"{name} {share:.1%}" for name, share in right.items())
    tell(
        options,
        f"validation: {shares}; saved in {options.out}",
        written={"judge": options.out},
        figures={"validation": right},
    )


def _export(options: argparse.Namespace) -> None:
    from seqdisent_core.data import check_export, drawn, load_clips, read_plan, write_video_set
    from seqdisent_core.latents import FPS

    about = drawn(options.set)
    licence = check_export(options.out, options.licence, about)  # before the work
    stored = read_plan(options.set) if (options.set / "set.json").is_file() else {}
    clips = load_clips(options.set, size=options.size or stored.get("size", 64))
    with count_bar("writing the videos", len(clips)) as advance:
        split = write_video_set(
            clips,
            options.out,
            about=about,
            licence=licence,
            command=options.command_line,
            fps=FPS,
            progress=advance,
        )
    words = f"{len(clips)} videos, their labels and a card are in {options.out}. To upload it:"
    upload = f"hf upload YOU/{clips.name} {options.out} --repo-type dataset"
    tell(
        options,
        words,
        upload,
        written={"set": options.out, "card": options.out / "README.md"},
        figures={"clips": split},
    )


JUDGE_CARD = """# Judge of {name}

Classifies the labels of {name} ({labels}); trained on its train split only, with

    {command}

({clips} clips, sha256 of frames and labels {sha256}, seed {seed}).
It evaluates decoded clips and was trained on none. It knows no one outside that set. MIT licence.
"""
