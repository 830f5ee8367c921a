"""Commands for speech: swap voices, train the model that does, measure it, and write the recordings that ship."""

import argparse
import json
from pathlib import Path
from typing import Any

from seqdisent_core.commands.arguments import add_json, add_seed, count, share_bar, tell
from seqdisent_core.errors import DataError

_LONGEST = 4.0  # seconds of a recording that ships
_OF_EACH = 4  # speakers of either gender whose recordings ship


def add_commands(commands: Any) -> None:
    """Adds the commands of this module to the subparsers."""
    swap = commands.add_parser("voice-swap", help="swap who speaks and what is said: two recordings in, two out")
    swap.add_argument("first", type=Path, help="a recording: WAV, FLAC, MP3, M4A, or a film with sound")
    swap.add_argument("second", type=Path, help="another one")
    swap.add_argument("--out", type=Path, default=Path("swapped"), help="folder for the results (default: swapped)")
    swap.add_argument(
        "--model",
        default="speech",
        help="a folder that `seqdisent voices` made, or a Hugging Face id (default: speech)",
    )
    add_json(swap)
    swap.set_defaults(run=_swap)

    voices = commands.add_parser(
        "voices", help="train the model of voices on a set of speech, but its validation speakers"
    )
    voices.add_argument("data", type=Path, help="a set of speech, packed")
    voices.add_argument("out", type=Path, help="a new folder for the model")
    voices.add_argument("--steps", type=count, help="steps to train, instead of the recipe's")
    add_seed(voices)
    add_json(voices)
    voices.set_defaults(run=_voices)

    measured = commands.add_parser("evaluate-voices", help="measure swaps of voices that the model has not heard")
    measured.add_argument("data", type=Path, help="a set of speech, packed")
    measured.add_argument("--model", default="speech", help="as of voice-swap (default: speech)")
    measured.add_argument("--out", type=Path, required=True, help="the result file, JSON")
    add_json(measured)
    measured.set_defaults(run=_measure)

    shipped = commands.add_parser("voice-recordings", help="write recordings of new speakers, which the demo offers")
    shipped.add_argument("corpus", type=Path, help="the file speechocean762_adults60x10_16k.npz")
    shipped.add_argument("out", type=Path, help="a new folder")
    add_json(shipped)
    shipped.set_defaults(run=_recordings)


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

    import numpy as np
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
    with share_bar("training") as advance:
        trained, seconds = train_voices(speech, recipe, advance)
    model = trained.method
    model.stored_half = True
    machine = hardware(torch.device("cpu"))
    minutes = seconds / 60
    heard = np.setdiff1d(np.arange(len(speech)), speech.rows("validation"))
    model.card = _CARD.format(
        static=model.static_dim,
        dynamics=model.dynamics_dim,
        command=options.command_line,
        steps=recipe.training.steps,
        recordings=len(heard),
        speakers=len(np.unique(speech.speaker.values[heard])),
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


def _measure(options: argparse.Namespace) -> None:
    import numpy as np
    import torch

    from seqdisent_core.checkpoints import checkpoint_folder
    from seqdisent_core.domains.speech import SpeechSet
    from seqdisent_core.evaluation import voice_swap_figures
    from seqdisent_core.machine import hardware
    from seqdisent_core.reporting import write_result
    from seqdisent_core.voices import Recording, Voices
    from seqdisent_core.weights import sha256_of

    speech, voices = SpeechSet.load(options.data), Voices.from_pretrained(options.model)

    def speak(voice: np.ndarray, driver: np.ndarray) -> np.ndarray:
        return voices.spoken(Recording(voice, "voice"), Recording(driver, "driver"))

    with share_bar("swaps") as advance:
        figures = voice_swap_figures(speak, speech, advance)
    result = {
        "command": options.command_line,
        "data": {"name": speech.name, "sha256": speech.sha256()},
        "checkpoint_sha256": sha256_of(checkpoint_folder(options.model)),
        "hardware": hardware(torch.device("cpu")),
        **figures,
    }
    write_result(result, options.out)
    swap = figures["rows"]["swap"]
    tell(
        options,
        f"envelope correlation {swap['envelope_correlation']:.2f}, nearer to the voice {swap['nearer_to_voice']:.0%}",
        f"written to {options.out}",
        written={"result": options.out},
        figures=figures,
    )


def _recordings(options: argparse.Namespace) -> None:
    import numpy as np

    from seqdisent_core.domains.speech import read_speechocean
    from seqdisent_core.media import RATE, write_recording
    from seqdisent_core.voices import RECORDINGS

    speech = read_speechocean(options.corpus)
    if options.out.exists() and any(options.out.iterdir()):
        raise DataError(f"{options.out} is not empty. Choose a new folder.")
    options.out.mkdir(parents=True, exist_ok=True)
    with np.load(options.corpus) as stored:
        words = dict(zip(stored["utt_id"].tolist(), stored["text"].tolist(), strict=True))
    rows, told = speech.rows("validation"), []
    longest = {  # of each speaker, of those that are short
        int(speech.speaker.values[row]): int(row)
        for row in sorted(rows, key=lambda row: len(speech.recording(row)))
        if len(speech.recording(row)) <= _LONGEST * RATE
    }
    for gender in ("f", "m"):
        chosen = [row for speaker, row in longest.items() if speech.genders[speaker] == gender]
        for row in sorted(chosen)[:_OF_EACH]:
            speaker, name = speech.speaker.names[speech.speaker.values[row]], speech.names[row]
            file = write_recording(options.out / f"speaker_{speaker}.flac", speech.recording(row))
            told.append({"file": file.name, "speaker": speaker, "gender": gender, "words": words[name].lower()})
    (options.out / RECORDINGS).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (options.out / "README.md").write_text(_ABOUT_RECORDINGS.format(credit=speech.credit), encoding="utf-8")
    tell(options, f"{len(told)} recordings are in {options.out}.", written={"recordings": options.out})


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

The set's validation speakers were not heard: swaps are measured on them. speakers.json holds where all its speakers
lie.

    from seqdisent_core.voices import Voices
    voices = Voices.from_pretrained("path/to/this/folder")

Use it on recordings of people who agree to it. It knows few voices, all of adults with one first language; what it
makes is meant to be heard as made, and the files say so.
"""

_ABOUT_RECORDINGS = """# Recordings that the page Speech offers

One sentence each of four women and four men whom the shipped model has not heard; 16 kHz, mono, FLAC, unchanged.
recordings.json says what each says.

{credit}
"""
