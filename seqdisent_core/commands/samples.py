"""Commands that generate new clips: sampled, between two clips, along a direction."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from seqdisent_core.assets import asset
from seqdisent_core.commands.arguments import add_device, add_json, count, progress_bar, share_bar, tell
from seqdisent_core.errors import ConfigError

if TYPE_CHECKING:
    from seqdisent_core.studio import Sample, Studio, StudioCodes

# Pairs of example clips that differ in person, appearance and expression.
SHOWN_PAIRS = (("person_000_happiness", "person_005_surprise"), ("person_010_disgust", "person_049_fear"))


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    sample = commands.add_parser("sample", help="sample new movements, new people, or both")
    sample.add_argument(
        "--person", type=Path, help="a video or photograph whose person is kept (default: sampled people)"
    )
    sample.add_argument("--movement", type=Path, help="a video whose movement is kept (default: sampled movements)")
    sample.add_argument(
        "--face", type=Path, help="a video or photograph of a face that gets new movements itself, in its own pixels"
    )
    sample.add_argument("--seconds", type=float, help="of learning that face at most, which takes 75 steps (0: none)")
    sample.add_argument("--count", type=count, default=8, help="1 to 16 clips (default: 8)")
    sample.add_argument("--frames", type=count, help="8 to 60 of a sampled movement (default: 15; with --face 30)")
    sample.add_argument(
        "--temperature", type=float, default=1.0, help="scales the standard deviation, 0 to 2 (default: 1)"
    )
    sample.add_argument(
        "--seed", type=int, default=0, help="random seed of the first clip; the others count up from it (default: 0)"
    )
    _add_common(sample, "sampled", "facekit52; with --face wild")
    sample.set_defaults(run=_sample)

    interpolate = commands.add_parser("interpolate", help="interpolate between two clips")
    interpolate.add_argument("first", type=Path, help="a video with a face")
    interpolate.add_argument("second", type=Path, help="another one")
    interpolate.add_argument("--factor", choices=["static", "dynamics"], default="static", help="what changes")
    interpolate.add_argument("--steps", type=count, default=8, help="1 to 16 (default: 8)")
    _add_common(interpolate, "between")
    interpolate.set_defaults(run=_interpolate)

    move = commands.add_parser("move", help="move a clip along a named latent direction")
    move.add_argument("clip", type=Path, help="a video with a face")
    move.add_argument("direction", help='such as "eyes: anger to surprise"; an unknown name lists all')
    move.add_argument("--steps", type=count, default=7, help="1 to 16 (default: 7)")
    _add_common(move, "moved")
    move.set_defaults(run=_move)

    showcase = commands.add_parser("showcase", help="swap two fixed pairs of examples, to compare models visually")
    showcase.add_argument("checkpoint", help="folder or Hugging Face id")
    showcase.add_argument("--out", type=Path, required=True, help="folder for the videos and showcase.json")
    add_device(showcase)
    add_json(showcase)
    showcase.set_defaults(run=_showcase)


def _add_common(command: argparse.ArgumentParser, out: str, model: str = "facekit52") -> None:
    command.add_argument("--out", type=Path, default=Path(out), help=f"folder for the results (default: {out})")
    command.add_argument("--model", help=f"checkpoint folder or Hugging Face id (default: {model})")
    add_device(command)
    add_json(command)


def _sample(options: argparse.Namespace) -> None:
    if options.face:
        _move_face(options)
        return
    if options.seconds is not None:
        raise ConfigError("--seconds is for a face that is learnt. Give it with --face.")
    if options.person and options.movement:
        raise ConfigError("Nothing is left to sample if both the person and the movement are kept. Leave one out.")

    def make(studio: "Studio", codes: "list[StudioCodes]") -> "list[Sample]":
        return studio.sample(
            static=codes[0].static if options.person else None,
            dynamics=codes[0].dynamics if options.movement else None,
            count=options.count,
            frames=options.frames or 15,
            temperature=options.temperature,
            seed=options.seed,
        )

    films = [path for path in (options.person, options.movement) if path]
    _make(options, films, make, moved_by=slice(None) if options.movement else slice(0))


def _move_face(options: argparse.Namespace) -> None:
    """Learns the face of a video or photograph, and writes its own picture in sampled movements."""
    from seqdisent_core.films import save_movements
    from seqdisent_core.latents import check_limits
    from seqdisent_core.machine import keep_freed_memory
    from seqdisent_core.reenactment import STEPS
    from seqdisent_core.studio import FILMED, Studio

    if options.person or options.movement:
        raise ConfigError(
            "--face keeps the person and samples movements, so it stands alone. For the movement of another film there "
            "is `seqdisent swap`."
        )
    asked = {"frames": options.frames or 30, "temperature": options.temperature, "seed": options.seed}
    check_limits(count=options.count, **asked)
    keep_freed_memory()
    with share_bar("loading") as advance:
        studio = Studio.from_pretrained(options.model or FILMED, device=options.device)
        advance(0.0, "reading the face")
        clip = studio.read_face(options.face)
        options.out.mkdir(parents=True, exist_ok=True)  # what cannot be written is said before the face is learnt
        for face in studio.learn_face(clip, seconds=options.seconds, every=0.5):
            advance(0.6 * face.tuned.steps / STEPS, "learning the face")

        def moving(share: float) -> None:
            advance(0.6 + 0.4 * share, "moving the face")

        written = save_movements(face, options.out, count=options.count, **asked, progress=moving)
    tell(
        options,
        *(f"{path}: {path.stem[3:].replace('_', ' ')}" for path in written),
        written={
            **{path.stem: path for path in written},
            **{f"{path.stem}_gif": path.with_suffix(".gif") for path in written},
            "sheet": options.out / "sheet.png",
        },
        figures={"device": studio.device, "tuned_steps": face.tuned.steps},
        notes=[f"{clip.source.name}: {note}" for note in clip.notes],
    )


def _interpolate(options: argparse.Namespace) -> None:
    _make(
        options,
        [options.first, options.second],
        lambda studio, codes: studio.interpolate(codes[0], codes[1], factor=options.factor, steps=options.steps),
        moved_by=slice(1) if options.factor == "static" else slice(None),
    )


def _move(options: argparse.Namespace) -> None:
    def make(studio: "Studio", codes: "list[StudioCodes]") -> "list[Sample]":
        known = {direction.name: direction for direction in studio.latents.directions}
        if options.direction not in known:
            names = "; ".join(known)
            raise ConfigError(f"There is no direction {options.direction!r}. Choose one of: {names}.")
        return studio.move(codes[0], known[options.direction], steps=options.steps)

    _make(options, [options.clip], make, moved_by=slice(None))


def _make(
    options: argparse.Namespace,
    films: list[Path],
    make: "Callable[[Studio, list[StudioCodes]], list[Sample]]",
    *,
    moved_by: slice,
) -> None:
    """Reads the faces of the videos, generates the samples, writes them, and reports the judge's prediction for each.

    moved_by: which of the videos show the movement that is kept.
    """
    from seqdisent_core.films import save_samples
    from seqdisent_core.latents import frames_a_second
    from seqdisent_core.studio import Studio

    with tqdm(
        total=len(films) + 2, desc="loading", bar_format="{desc:<28}{bar}{percentage:3.0f}%", file=sys.stderr
    ) as bar:
        studio = Studio.from_pretrained(options.model, device=options.device)
        clips = []
        for film in films:
            bar.set_description_str(f"reading {film.name}")
            clips.append(studio.read_face(film))
            bar.update()
        for clip in clips[moved_by]:
            clip.require_movement()
        bar.set_description_str("generating the clips")
        samples = make(studio, [studio.encode_face(clip) for clip in clips])
        bar.update()
        bar.set_description_str("writing the videos")
        written = save_samples(samples, options.out, fps=frames_a_second(clips[moved_by]), gifs=True)
        bar.update()
    readings = [studio.read(sample.frames) for sample in samples]
    lines, figures = [], {}
    for sample, path, seen in zip(samples, written, readings, strict=True):
        words = f"; the judge sees {', '.join(seen.names.values())}" if seen else ""
        lines.append(f"{path}: {sample.name}{words}")
        figures[path.stem] = {"name": sample.name, "seed": sample.seed, "judge": seen and seen.to_dict()}
    tell(
        options,
        *lines,
        written={
            **{path.stem: path for path in written},
            **{f"{path.stem}_gif": path.with_suffix(".gif") for path in written},
            "sheet": options.out / "sheet.png",
        },
        figures=figures,
        notes=[f"{clip.source.name}: {note}" for clip in clips for note in clip.notes],
    )


def _showcase(options: argparse.Namespace) -> None:
    """Writes the crops of SHOWN_PAIRS, their swaps, and a file that says which is which."""
    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.films import write_made
    from seqdisent_core.media import write_video
    from seqdisent_core.studio import VIEW_SIZE, Studio
    from seqdisent_core.weights import sha256_of

    checkpoint = checkpoint_folder(options.checkpoint)
    studio = Studio.from_pretrained(checkpoint, device=options.device)
    options.out.mkdir(parents=True, exist_ok=True)
    films = []
    with progress_bar(len(SHOWN_PAIRS), "swapping") as bar:
        for first, second in SHOWN_PAIRS:
            faces = [studio.read_face(asset("examples") / f"{name}.mp4") for name in (first, second)]
            swap = studio.swap(*faces)
            for person, driver, frames, fps in (
                (first, first, faces[0].frames, faces[0].fps),
                (second, second, faces[1].frames, faces[1].fps),
                (first, second, swap.first, swap.first_fps),
                (second, first, swap.second, swap.second_fps),
            ):
                assert frames is not None, "an example is a photograph"
                film = f"{person}.mp4" if person == driver else f"{person}_moved_by_{driver}.mp4"
                write = write_video if person == driver else write_made
                write(options.out / film, frames, fps, width=VIEW_SIZE)
                films.append({"file": film, "person": person, "driver": driver, "fps": fps})
            bar.update()
    about = {
        "command": options.command_line,
        "method": studio.method.name,
        "variant": studio.method.config.to_dict().get("variant", ""),
        "checkpoint_sha256": sha256_of(checkpoint),
        "films": films,
    }
    (options.out / "showcase.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    tell(
        options,
        f"written to {options.out}",
        written={"folder": options.out, "about": options.out / "showcase.json"},
        figures={"films": films},
    )
