"""Commands on the codes of a model."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from seqdisent_core.commands.arguments import add_device, add_json, add_seed, share_bar, tell, whole_number

_MODEL = "folder, Hugging Face id or name of the model; {} written into its folder"


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    place = commands.add_parser("place", help="find a clip's place on the latent map, and its neighbours")
    place.add_argument("clip", type=Path, help="a video with a face")
    place.add_argument(
        "--face", type=whole_number, default=0, help="which of its faces, by size (default: 0, the largest)"
    )
    place.add_argument("--model", default="facekit52", help="checkpoint folder or Hugging Face id (default: facekit52)")
    place.add_argument("--map", type=Path, help="folder that `seqdisent map` wrote for it (default: facekit52's map)")
    add_device(place)
    add_json(place)
    place.set_defaults(run=_place)

    latents = commands.add_parser("latents", help="fit the distribution of people's codes, and find named directions")
    latents.add_argument("checkpoint", help=_MODEL.format("both files are"))
    latents.add_argument("--data", type=Path, required=True, help="the set it was trained on")
    latents.add_argument("--judge", type=Path, required=True, help="folder of the judge")
    add_device(latents)
    add_json(latents)
    latents.set_defaults(run=_latents)

    rest = commands.add_parser("rest", help="train the classifier of neutral frames, which chooses anchor frames")
    rest.add_argument("checkpoint", help=_MODEL.format("rest.json is"))
    sets = "sets whose clips mostly begin with a neutral face, the model's own first"
    rest.add_argument("--data", type=Path, nargs="+", required=True, help=sets)
    add_device(rest)
    add_json(rest)
    rest.set_defaults(run=_rest)

    samples = commands.add_parser("samples", help="measure samples: labels kept, and the judge's confidence")
    samples.add_argument("checkpoint", help="folder or Hugging Face id")
    samples.add_argument("--data", type=Path, required=True, help="the set it was trained on")
    samples.add_argument("--judge", type=Path, required=True, help="folder of the judge")
    samples.add_argument(
        "--out", type=Path, default=Path("results/samples.json"), help="the result file (default: %(default)s)"
    )
    add_seed(samples)
    add_device(samples)
    add_json(samples)
    samples.set_defaults(run=_samples)

    latent_map = commands.add_parser("map", help="make the latent map of a set's test clips, and measure it")
    latent_map.add_argument("checkpoint", help="folder or Hugging Face id")
    latent_map.add_argument("--data", type=Path, required=True, help="the set it was trained on")
    latent_map.add_argument(
        "--out", type=Path, default=Path("demo_assets/map"), help="folder for the map (default: %(default)s)"
    )
    latent_map.add_argument(
        "--result", type=Path, default=Path("results/map.json"), help="the result file (default: %(default)s)"
    )
    add_seed(latent_map)
    add_device(latent_map)
    add_json(latent_map)
    latent_map.set_defaults(run=_map)


def _place(options: argparse.Namespace) -> None:
    from seqdisent_core.assets import asset
    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.reporting import LatentMap
    from seqdisent_core.studio import Studio

    checkpoint = checkpoint_folder(options.model)
    known = LatentMap.load(options.map or asset("map"), checkpoint)
    studio = Studio.from_pretrained(checkpoint, device=options.device)
    with share_bar("reading the face") as advance:
        clip = studio.read_face(options.clip, face=options.face, progress=advance)
    placement = known.place(studio.encode_face(clip.require_movement()))
    lines = [
        f"Nearest known {label}s: {', '.join(f'{one.name} {one.share:.0%}' for one in near[:5])}"
        for label, near in placement.near.items()
    ]
    tell(
        options,
        *lines,
        "These are the nearest codes of the model, not a measure of likeness.",
        written={},
        figures=placement.to_dict(),
        notes=[f"{clip.source.name}: {note}" for note in clip.notes],
    )


def _map(options: argparse.Namespace) -> None:
    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.data import load_clips
    from seqdisent_core.latents import make_map
    from seqdisent_core.machine import place
    from seqdisent_core.methods import Method, require
    from seqdisent_core.reporting import write_result

    checkpoint = checkpoint_folder(options.checkpoint)
    model = place(Method.from_pretrained(checkpoint), options.device)
    require(model, "encode")
    with share_bar("loading") as advance:
        latent_map = make_map(
            model,
            load_clips(options.data, size=model.backbone.element[-1]),
            options.out,
            checkpoint=checkpoint,
            command=options.command_line,
            seed=options.seed,
            progress=advance,
        )
    write_result(latent_map.about, options.result)
    figures = latent_map.about["figures"]
    lines = []
    for factor, metrics in figures.items():
        shares = [f"{label} {metrics[label]['mean']:.1%}" for label in latent_map.labels]
        lines.append(f"{factor}: {', '.join(shares)}, trustworthiness {metrics['trustworthiness']['mean']:.3f}")
    tell(
        options,
        *lines,
        f"The map of {len(latent_map)} clips is in {options.out}, its figures in {options.result}.",
        written={"map": options.out, "result": options.result},
        figures=figures,
    )


def _latents(options: argparse.Namespace) -> None:
    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.data import load_clips
    from seqdisent_core.evaluation import Judge
    from seqdisent_core.latents import NAMES, TENSORS, find_latents
    from seqdisent_core.machine import place
    from seqdisent_core.methods import Method, require
    from seqdisent_core.weights import sha256_of

    folder = checkpoint_folder(options.checkpoint)
    method = place(Method.from_pretrained(folder), options.device)
    require(method, "encode")
    latents = find_latents(
        method,
        Judge.from_pretrained(options.judge).to(method.device),
        load_clips(options.data, size=method.backbone.element[-1]),
        sha256_of(folder),
        progress=lambda stage: tqdm.write(stage, file=sys.stderr),
    )
    latents.save(folder)
    tell(
        options,
        *(f"{direction.factor:<9} {direction.name}" for direction in latents.directions),
        written={"names": folder / NAMES, "vectors": folder / TENSORS},
        figures={"directions": [{"factor": one.factor, "name": one.name} for one in latents.directions]},
    )


def _rest(options: argparse.Namespace) -> None:
    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.data import load_clips
    from seqdisent_core.machine import place
    from seqdisent_core.methods import Method, anchored
    from seqdisent_core.reenactment import learn_head, learn_neutral
    from seqdisent_core.weights import sha256_of

    folder = checkpoint_folder(options.checkpoint)
    method = place(anchored(Method.from_pretrained(folder)), options.device)
    sets = [load_clips(path, size=method.backbone.element[-1]) for path in options.data]
    neutral = learn_neutral(method, sets, sha256_of(folder))
    neutral.save(folder)
    written = folder / "rest.json"
    words = [f"AUC of neutral frames against others: {neutral.auc:.3f}; written to {written}"]
    files, figures = {"rest": written}, {"auc": neutral.auc}
    if head := learn_head(method, sets, sha256_of(folder)):
        head.save(folder)
        files["head"] = folder / "head.json"
        figures |= dict(zip(("yaw", "pitch"), head.explained, strict=True))
        words.append(
            f"Variance of head turns that is read: yaw {head.explained[0]:.0%}, pitch {head.explained[1]:.0%}; written "
            f"to {files['head']}"
        )
    tell(options, *words, written=files, figures=figures)


def _samples(options: argparse.Namespace) -> None:
    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.data import load_clips
    from seqdisent_core.evaluation import Judge, chance
    from seqdisent_core.latents import measure_samples
    from seqdisent_core.machine import hardware, software
    from seqdisent_core.reporting import write_result
    from seqdisent_core.studio import Studio
    from seqdisent_core.weights import sha256_of

    folder = checkpoint_folder(options.checkpoint)
    studio = Studio.from_pretrained(folder, device=options.device)
    clips = load_clips(options.data, size=studio.size)
    test = clips.part("test")
    figures = measure_samples(
        studio.method,
        Judge.from_pretrained(options.judge).to(studio.method.device),
        clips,
        studio.latents,
        seed=options.seed,
        progress=lambda stage: tqdm.write(stage, file=sys.stderr),
    )
    result = {
        "command": options.command_line,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": options.seed,
        "hardware": hardware(studio.method.device),
        "software": software(),
        "model": {"method": studio.method.name, "checkpoint_sha256": sha256_of(folder)},
        "data": {"name": clips.name, "split": "test", "clips": len(test), "sha256": test.sha256()},
        "judge": {"sha256": sha256_of(options.judge)},
        "figures": figures,
        "chance": chance(test),
    }
    write_result(result, options.out)
    drawn = figures["dynamics"]
    shares = [f"{name} {share:.1%}" for label in test.dynamic for name, share in drawn[f"{label}s"].items()]
    who = ", ".join(f"{label} kept {drawn[label]['mean']:.1%}" for label in test.static)
    does = ", ".join(f"{label} kept {figures['people_fitted'][label]['mean']:.1%}" for label in test.dynamic)
    tell(
        options,
        f"movements: {who}, certainty {drawn['certainty']['mean']:.2f}; {', '.join(shares)}",
        f"people: {does}; written to {options.out}",
        written={"result": options.out},
        figures=figures,
    )
