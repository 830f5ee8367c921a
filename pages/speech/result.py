"""What the page "Speech" shows of two recordings: both and their swaps, to hear and as spectrograms, and a map."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pages.clip_input import picture
from pages.player import Words, shown_file
from pages.speech.stage import Heard, Track
from seqdisent_core.media import RATE, write_recording
from seqdisent_core.voices import Recording, Speakers, VoiceSwap, save_voices, spectrogram_picture

NAMES = ("first", "second")
_SYMBOLS = ("star", "diamond")
_GENDERS = {"f": ("women", "who", "circle"), "m": ("men", "does", "square"), "": ("speakers", "quiet", "circle")}


def heard(given: Sequence[Recording], titles: Sequence[str], swap: VoiceSwap, folder: Path) -> Heard:
    """Writes all four into the folder, which Gradio copies them from. titles: of the two that were given."""
    first, second = given
    made = save_voices(swap, folder, first, second)[::-1]  # the second voice says the first's words, and the reverse
    tracks = []
    for at, (recording, samples, path) in enumerate(zip(given, (swap.second, swap.first), made, strict=True)):
        own = write_recording(folder / f"{NAMES[at]}.flac", recording.samples)
        voice, words = NAMES[1 - at], NAMES[at]
        as_recorded = [Words(text=f"The {words} recording"), Words(text=f": {titles[at]}")]
        swapped = [
            Words(text=f"The {voice} voice", hue="who"),
            Words(text=" with "),
            Words(text=f"the {words} recording's words", hue="does"),
        ]
        tracks += [_track(own, recording.samples, as_recorded, False), _track(path, samples, swapped, True)]
    return Heard(tracks=tracks, notes=[note for recording in given for note in recording.notes])


def _track(path: Path, samples: np.ndarray, caption: list[Words], made: bool) -> Track:
    grey = spectrogram_picture(samples)
    return Track(
        file=shown_file(path),
        caption=caption,
        alt="".join(words.text for words in caption),
        made=made,
        picture=picture(np.repeat(grey[:, :, None], 3, axis=2)),
        seconds=round(len(samples) / RATE, 2),
    )


def speaker_map(known: Speakers, places: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """A dot a known speaker, as Plotly takes it.

    places: of the two recordings, a star and a diamond, and of their swaps, the same outlined, by whose voice is meant.
    """
    genders = known.genders or ("",) * len(known.names)
    data: list[dict[str, Any]] = []
    for gender in sorted(set(genders)):
        name, colour, symbol = _GENDERS[gender]
        rows = [row for row, of in enumerate(genders) if of == gender]
        data.append(
            _dots(
                *(name, known.places[rows], [f"speaker {known.names[row]}" for row in rows]),
                {"size": 8, "color": colour, "symbol": symbol, "opacity": 0.7},
            )
        )
    for at, place in enumerate(places):
        whose, made = NAMES[at % 2], at >= len(NAMES)
        name = f"swap to the {whose} voice" if made else f"{whose} recording"
        symbol = _SYMBOLS[at % 2] + ("-open" if made else "")
        line = {"width": 2.0, "color": "ink" if made else "card"}
        marker = {"size": 17, "symbol": symbol, "color": "ink", "line": line}
        data.append(_dots(name, np.array([place]), [name], marker))
    hidden = {"showticklabels": False, "zeroline": False}
    layout = {"xaxis": hidden, "yaxis": hidden, "legend": {"entrywidth": 150}}
    return {"title": f"Static codes of {len(known.names)} speakers", "data": data, "layout": layout}


def _dots(name: str, places: np.ndarray, texts: list[str], marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": places[:, 0].round(4).tolist(),
        "y": places[:, 1].round(4).tolist(),
        "text": texts,
        "marker": marker,
        "hovertemplate": "%{text}<extra></extra>",
    }
