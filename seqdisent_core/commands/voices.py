"""Commands for speech: swap voices, and train the model that does."""

import argparse
import json
from pathlib import Path
from typing import Any

from seqdisent_core.commands.arguments import add_json, add_seed, count, progress_bar, tell
from seqdisent_core.errors import DataError


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    swap = commands.add_parser("voice-swap", help="swap who speaks and what is said: two recordings in, two out")
    swap.add_argument("first", type=Path, help="a recording: WAV, FLAC, MP3, M4A, or a film with sound")
    swap.add_argument("second", type=Path, help="another one")
    swap.add_argument("--out", type=Path, default=Path("swapped"), help="folder for the results (default: swapped)")
    swap.add_argument("--model", required=True, help="a folder that `seqdisent voices` made, or a Hugging Face id")
    add_json(swap)
    swap.set_defaults(run=_swap)

    voices = commands.add_parser("voices", help="train the model of voices on all recordings of a set of speech")
    voices.add_argument("data", type=Path, help="a set of speech, packed")
    voices.add_argument("out", type=Path, help="a new folder for the model")
    voices.add_argument("--steps", type=count, help="steps to train, instead of the recipe's")
    add_seed(voices)
    add_json(voices)
    voices.set_defaults(run=_voices)


def _swap(options: argparse.Namespace) -> None:
    from seqdisent_core.voices import Voices, save_voices

    voices = Voices.from_pretrained(options.model)
    first, second = (voices.read(path) for path in (options.first, options.second))
    options.out.mkdir(parents=True, exist_ok=True)  # what cannot be written is said before the work
    paths = save_voices(voices.swap(first, second), options.out, first, second)
    tell(
        options,
        f"{paths[0]}: the voice of {first.name} with the words of {second.name}",
        f"{paths[1]}: the voice of {second.name} with the words of {first.name}",
        written={"first": paths[0], "second": paths[1]},
        notes=[*first.notes, *second.notes],
    )


def _voices(options: argparse.Namespace) -> None:
    from dataclasses import replace

    import torch

    from seqdisent_core.domains.speech import SpeechSet
    from seqdisent_core.machine import hardware
    from seqdisent_core.training import voices, with_steps
    from seqdisent_core.voices import train_voices

    speech = SpeechSet.load(options.data)
    if options.out.exists() and any(options.out.iterdir()):
        raise DataError(f"{options.out} is not empty. Choose a new folder.")
    recipe = voices()
    recipe = with_steps(recipe, options.steps or recipe.training.steps)
    recipe = replace(recipe, training=replace(recipe.training, seed=options.seed))
    with progress_bar(100, "training") as bar:
        trained, seconds = train_voices(speech, recipe, lambda share: bar.update(round(100 * share) - bar.n))
    model = trained.method
    model.stored_half = True
    machine = hardware(torch.device("cpu"))
    minutes = seconds / 60
    model.card = _CARD.format(
        static=model.static_dim,
        dynamics=model.dynamics_dim,
        command=options.command_line,
        steps=recipe.training.steps,
        recordings=len(speech),
        speakers=len(speech.speaker.names),
        minutes=minutes,
        hardware=machine,
        credit=speech.credit,
    )
    model.save_pretrained(options.out)
    assert trained.speakers is not None
    trained.speakers.save(options.out)
    training = {
        "command": options.command_line,
        "recipe": recipe.to_dict(),
        "data": {"name": speech.name, "sha256": speech.sha256()},
        "steps": recipe.training.steps,
        "seconds": seconds,
        "hardware": machine,
    }
    (options.out / "training.json").write_text(json.dumps(training, indent=1) + "\n", encoding="utf-8")
    tell(
        options,
        f"The model is in {options.out} after {minutes:.1f} minutes.",
        written={"model": options.out},
        figures={"steps": recipe.training.steps, "seconds": seconds},
    )


_CARD = """---
license: mit
library_name: seqdisent
tags: [sequential-disentanglement, speech]
---
# DBSE on speech

Disentangles recordings of speech into who speaks (one static code of {static} dimensions) and what is said (dynamics,
{dynamics} dimensions per frame of 10 ms), as magnitude spectra at 16 kHz. Method: Berman et al., ICML 2024.

Trained by `{command}`: {steps} steps on {recordings} recordings of {speakers} speakers in {minutes:.0f} minutes on
{hardware}. Weight matrices are stored in half precision. Recordings: {credit}

    from seqdisent_core.voices import Voices
    voices = Voices.from_pretrained("path/to/this/folder")

Use it on recordings of people who agree to it. It knows few voices, all of adults with one first language; what it
makes is meant to be heard as made, and the files say so.
"""
