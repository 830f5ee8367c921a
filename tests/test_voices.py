"""Voices: swaps keep the driver's length and level, windows leave no seam, voices lie on a map, bad input is named."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from made_speech import RATE, speech_set, voice, write_wav

from seqdisent_core.cli import main
from seqdisent_core.domains.speech import spectrogram
from seqdisent_core.errors import ConfigError, VideoError
from seqdisent_core.evaluation import envelope_correlation, voice_swap_figures
from seqdisent_core.media import read_sound
from seqdisent_core.methods import Method
from seqdisent_core.reporting.speech_tables import voice_swaps_table
from seqdisent_core.voices import Recording, Speakers, Voices, VoiceSwap, _blended, _windows, save_voices


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the made voices, after a few steps of the command."""
    folder = tmp_path_factory.mktemp("voices")
    speech_set(sentences=2).save(folder / "set")
    assert main(["voices", str(folder / "set"), str(folder / "model"), "--steps", "20"]) == 0
    return folder / "model"


@pytest.fixture(scope="module")
def voices(trained: Path) -> Voices:
    return Voices.from_pretrained(trained)


@pytest.mark.parametrize("count", [3, 20, 21, 30, 47])
def test_windows_laid_over_each_other_are_the_whole_again(count: int) -> None:
    frames = torch.randn(count, 201, generator=torch.Generator().manual_seed(0))
    windows = _windows(frames)
    assert windows.magnitudes.shape[1:] == (20, 201)
    assert int(windows.observed[-1, :, 0].sum()) >= 10 or count < 10
    assert torch.allclose(_blended(windows.magnitudes, count), frames, atol=1e-5)


def test_what_differs_between_windows_fades_without_a_seam() -> None:
    steps = _blended(torch.stack([torch.zeros(20, 1), torch.ones(20, 1)]), 30)[:, 0]
    assert float(steps.diff().abs().max()) < 0.12 and float(steps[0]) == 0 and float(steps[-1]) == 1


def test_a_swap_has_the_drivers_length_level_and_loudness_over_time(voices: Voices) -> None:
    first, second = Recording(voice(1, 0, 1.1), "a.wav"), Recording(voice(7, 1, 1.7), "b.wav")
    swap = voices.swap(first, second)
    again = voices.swap(first, second)
    for made, driver, same in ((swap.first, second, again.first), (swap.second, first, again.second)):
        assert made.dtype == np.float32 and len(made) == len(driver.samples) and np.abs(made).max() <= 1
        assert np.array_equal(made, same)
        loudness = [spectrogram(torch.from_numpy(samples)).norm(dim=1) for samples in (made, driver.samples)]
        assert float(torch.corrcoef(torch.stack(loudness))[0, 1]) > 0.6
    assert not np.allclose(swap.second, voices.spoken(first, first), atol=1e-3), "another voice is heard"


def test_voices_lie_on_a_map_and_a_known_one_near_itself(voices: Voices, trained: Path) -> None:
    known = voices.speakers
    assert known is not None and known.places.shape == (10, 2) and known.names == tuple(map(str, range(10)))
    places = np.array([known.place(voices.static(Recording(voice(who, 5), "new.wav"))) for who in (0, 9)])
    assert np.linalg.norm(places[0] - places[1]) > 0
    exact = Speakers.of(np.eye(3), ("a", "b", "c"))
    assert np.allclose(exact.place(np.array([0, 5.0, 0])), exact.places[1])
    (trained / "speakers.json").rename(trained / "kept.json")
    assert Voices.from_pretrained(trained).speakers is None
    (trained / "speakers.json").write_text("{}")
    with pytest.raises(ConfigError, match="holds no map of speakers"):
        Voices.from_pretrained(trained)
    (trained / "kept.json").replace(trained / "speakers.json")


def test_recordings_that_hold_no_voice_get_a_sentence_and_others_a_result(tmp_path: Path, voices: Voices) -> None:
    made = {
        "silence": np.zeros(RATE),
        "short": voice(0, 0, 0.2),
        "clipped": 30 * voice(0, 0),
        "music": 0.2 * np.sin(2 * np.pi * np.arange(RATE) / RATE * np.linspace(200, 3000, RATE)),
        "noise": 0.1 * np.random.default_rng(0).standard_normal(RATE),
    }
    paths = {name: write_wav(tmp_path / f"{name}.wav", samples) for name, samples in made.items()}
    for name, sentence in {"silence": "silence.wav is silent", "short": r"short.wav lasts 0\.2 s\. Record"}.items():
        with pytest.raises(VideoError, match=sentence):
            voices.read(paths[name])
    voice_of = Recording(voice(3, 0), "a.wav")
    for name in ("clipped", "music", "noise"):
        read = voices.read(paths[name])
        assert np.isfinite(voices.spoken(voice_of, read)).all() and bool(read.notes) == (name == "clipped")
    long = voices.read(write_wav(tmp_path / "long.wav", np.tile(voice(0, 0), 10)), max_seconds=2.0)
    assert len(long.samples) == 2 * RATE and "the first 2 are used" in long.notes[0]


def test_the_command_writes_both_marked_and_says_what_they_are(
    tmp_path: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_wav(tmp_path / "ann.wav", voice(1, 0))
    second = write_wav(tmp_path / "bob.wav", np.repeat(voice(7, 1), 3)[: 2 * RATE], 48_000, 2)
    given = [str(first), str(second), "--model", str(trained), "--out", str(tmp_path / "out")]
    assert main(["voice-swap", *given]) == 0
    assert "the voice of ann.wav with the words of bob.wav" in capsys.readouterr().out
    for name in ("ann_says_bob.wav", "bob_says_ann.wav"):
        path = tmp_path / "out" / name
        assert b"trainedAlgorithmicMedia" in path.read_bytes() and read_sound(path).seconds > 0.5
    same = Recording(voice(0, 0), "a.wav")
    assert [path.name for path in save_voices(VoiceSwap(same.samples, same.samples), tmp_path, same, same)] == [
        "first_says_second.wav",
        "second_says_first.wav",
    ]
    (tmp_path / "none.wav").touch()
    assert main(["voice-swap", str(first), str(tmp_path / "none.wav"), "--model", str(trained)]) == 1
    assert "none.wav is empty" in capsys.readouterr().err
    assert main(["voices", str(tmp_path), str(tmp_path / "out")]) == 1


def test_a_swap_says_how_far_it_is_and_ends_where_nobody_waits_for_it(trained: Path) -> None:
    voices, two = Voices.from_pretrained(trained), [Recording(voice(at, at), f"{at}.wav") for at in (0, 1)]
    shares: list[float] = []
    voices.swap(*two, progress=shares.append)
    assert shares == sorted(shares) and (shares[0], shares[-1]) == (0, 1) and len(shares) > 100

    def leave(share: float) -> None:
        if share > 0.1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        voices.swap(*two, progress=leave)


def test_a_model_of_pictures_is_refused() -> None:
    with pytest.raises(ConfigError, match="is of images, not of speech"):
        Voices(Method.from_pretrained("facekit52"))


# --- what swaps keep and take over ------------------------------------------------------------------------------------


def test_bands_that_move_together_correlate_whatever_their_level() -> None:
    own, other = voice(1, 0), voice(1, 1)
    assert envelope_correlation(own, own) == pytest.approx(1)
    assert envelope_correlation(0.1 * own, own) > 0.999, "recordings are compared at one level"
    assert envelope_correlation(other, own) < 0.6


def test_figures_of_swaps_are_those_of_swaps_that_are_known() -> None:
    speech = speech_set(speakers=15, sentences=5)
    nothing = voice_swap_figures(lambda voice, driver: driver, speech)
    assert nothing["judge"] > 0.95 and nothing["pairs"] == 15 and nothing["speakers"] == 3
    assert nothing["rows"]["swap"]["envelope_correlation"] == pytest.approx(1)
    assert nothing["rows"]["swap"]["nearer_to_voice"] < 0.1
    everything = voice_swap_figures(lambda voice, driver: voice, speech)["rows"]
    assert everything["swap"] == everything["recording of the voice"]
    assert everything["swap"]["nearer_to_voice"] > 0.9 and everything["swap"]["envelope_correlation"] < 0.6
    assert everything["driver, its phase estimated"]["envelope_correlation"] > 0.9


def test_the_command_measures_swaps_and_a_table_shows_them(tmp_path: Path, trained: Path) -> None:
    speech_set(speakers=15, sentences=3).save(tmp_path / "set")
    out = tmp_path / "voice_swaps.json"
    assert main(["evaluate-voices", str(tmp_path / "set"), "--model", str(trained), "--out", str(out)]) == 0
    swap = json.loads(out.read_text())["rows"]["swap"]
    shown = voice_swaps_table(tmp_path)
    assert f"| swap | {swap['envelope_correlation']:.2f} | {swap['nearer_to_voice']:.0%} |" in shown
    assert "9 pairs of recordings of 3 speakers" in shown


def test_the_recordings_that_ship_are_of_speakers_who_are_kept_from_training(tmp_path: Path) -> None:
    speech = speech_set(speakers=11)
    corpus = {"audio": speech.audio, "offsets": speech.offsets, "utt_id": np.array(speech.names), "sample_rate": RATE}
    corpus["speaker_id"] = np.array([speech.speaker.names[value] for value in speech.speaker.values])
    corpus["gender"] = np.array(["f"] * len(speech))
    corpus["text"] = np.array([f"SENTENCE {row}" for row in range(len(speech))])
    np.savez(tmp_path / "corpus.npz", **corpus)
    assert main(["voice-recordings", str(tmp_path / "corpus.npz"), str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "recordings.json").read_text())
    kept = {speech.speaker.names[value] for value in speech.speaker.values[speech.rows("validation")]}
    assert {one["speaker"] for one in told} == kept and all(one["words"].startswith("sentence ") for one in told)
    for one in told:
        row = int(one["words"].split()[1])
        assert speech.speaker.names[speech.speaker.values[row]] == one["speaker"]
        assert np.array_equal(read_sound(tmp_path / "out" / one["file"]).samples, speech.recording(row))
    assert main(["voice-recordings", str(tmp_path / "corpus.npz"), str(tmp_path / "out")]) == 1


def test_a_fresh_clone_swaps_the_voices_that_ship(tmp_path: Path) -> None:
    shipped = sorted((ROOT / "demo_assets" / "speech").glob("*.flac"))
    assert main(["voice-swap", str(shipped[0]), str(shipped[4]), "--out", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.wav"))) == 2
