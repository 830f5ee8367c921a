"""Speech: recordings become samples or a sentence, samples spectra and samples again; corpora are read and divided."""

import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from made_speech import RATE, speech_set, voice, write_nist, write_wav

from seqdisent_core.cli import main
from seqdisent_core.domains.speech import (
    CORPORA,
    FRAMES,
    PARTS,
    Spectra,
    SpectraConfig,
    SpeechSet,
    at_level,
    griffin_lim,
    level,
    segments,
    spectrogram,
)
from seqdisent_core.domains.speech.spectra import BINS, LEVEL
from seqdisent_core.domains.speech.views import BANDS, changing_bands, mel_bands, other_voice
from seqdisent_core.errors import DataError, VideoError
from seqdisent_core.media import read_sound, write_recording, write_sound


def as_kind(source: Path, kind: str) -> Path:
    """The same sound in another format, by ffmpeg; of mp4 the sound of a film."""
    out = source.with_name(f"as.{kind}")
    picture = ("-f", "lavfi", "-i", "color=size=32x32:rate=5", "-shortest") if kind == "mp4" else ()
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source), *picture, str(out)]
    subprocess.run(command, check=True)
    return out


# --- recordings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "most"), [("flac", 1e-4), ("mp3", 0.03), ("m4a", 0.03), ("mp4", 0.03)])
def test_every_kind_of_recording_is_read_as_the_same_sound(tmp_path: Path, kind: str, most: float) -> None:
    plain = write_wav(tmp_path / "a.wav", voice(0, 0))
    samples, other = read_sound(plain).samples, read_sound(as_kind(plain, kind)).samples
    shifts = [0] if kind == "flac" else range(3000)  # encoders that lose begin with silence
    size = 6000
    wanted = samples[2000 : 2000 + size]
    least = min(
        np.abs(other[2000 + s : 2000 + s + size] - wanted).mean() for s in shifts if s + 2000 + size < len(other)
    )
    assert least < most


def test_another_rate_and_more_channels_give_the_same_sound(tmp_path: Path) -> None:
    time = np.arange(48_000) / 48_000
    for rate, channels in ((48_000, 2), (8_000, 1)):
        tone = 0.3 * np.sin(2 * np.pi * 440 * time[:: 48_000 // rate])
        read = read_sound(write_wav(tmp_path / f"{rate}.wav", tone, rate, channels)).samples
        expected = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
        assert len(read) == RATE and np.abs(read - expected)[500:-500].max() < 0.01


def test_a_long_or_clipped_recording_is_used_and_the_person_told(tmp_path: Path) -> None:
    long = read_sound(write_wav(tmp_path / "long.wav", np.zeros(5 * RATE)), max_seconds=2)
    assert long.cut and long.seconds == 2 and "longer than 2 seconds" in long.notes[0]
    loud = read_sound(write_wav(tmp_path / "loud.wav", 20 * voice(0, 0)))
    assert not loud.cut and "is clipped" in loud.notes[0]
    assert read_sound(write_wav(tmp_path / "fine.wav", voice(0, 0))).notes == ()


def test_what_is_no_recording_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "none.wav").touch()
    (tmp_path / "text.wav").write_text("no sound at all, only words")
    silent_film = tmp_path / "film.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "color=size=32x32:duration=1"]
    subprocess.run([*command, str(silent_film)], check=True)
    write_wav(tmp_path / "short.wav", np.zeros(0))
    for name, sentence in {
        "none.wav": r"none\.wav is empty \(0 bytes\)\. Record",
        "text.wav": r"text\.wav is not a recording",
        "film.mp4": r"film\.mp4 has no sound\. Choose a recording",
        "short.wav": "has no sound in it|is not a recording|no sound",
        "absent.wav": r"There is no file absent\.wav",
    }.items():
        with pytest.raises(VideoError, match=sentence) as refused:
            read_sound(tmp_path / name)
        assert "video" not in str(refused.value)


def test_a_written_sound_is_read_again_and_says_that_a_model_made_it(tmp_path: Path) -> None:
    samples = voice(1, 1)
    path = write_sound(tmp_path / "made.wav", samples)
    assert np.abs(read_sound(path).samples - samples).max() < 1e-4
    content = path.read_bytes()
    assert int.from_bytes(content[4:8], "little") == len(content) - 8, "the mark lies within the file's own length"
    assert b"_PMX" in content and b"digitalsourcetype/trainedAlgorithmicMedia" in content
    with wave.open(str(path)) as file:
        assert (file.getnframes(), file.getframerate()) == (len(samples), RATE)
    with pytest.raises(VideoError, match="does not exist"):
        write_sound(tmp_path / "absent" / "made.wav", samples)


def test_a_recording_is_written_as_it_is_and_bears_no_mark(tmp_path: Path) -> None:
    samples = np.round(32768 * voice(1, 1)) / 32768
    path = write_recording(tmp_path / "own.flac", samples)
    assert np.array_equal(read_sound(path).samples, samples) and b"digitalsourcetype" not in path.read_bytes()
    assert path.stat().st_size < 2 * len(samples)


# --- spectra ----------------------------------------------------------------------------------------------------------


def test_a_tone_is_in_its_bin_and_segments_have_the_published_shape() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(2 * 3200 + 1000) / RATE).astype(np.float32)
    magnitudes, observed = segments(tone)
    assert magnitudes.shape == observed.shape == (3, FRAMES, BINS) == (3, 20, 201)
    assert (magnitudes[:2, 1:-1].argmax(dim=2) == 25).all(), "1 kHz of bins of 40 Hz"
    assert observed[:2].all() and observed[2, :, 0].tolist() == [start * 165 < 1000 for start in range(20)]
    assert float(magnitudes[2][~observed[2]].max()) < float(magnitudes[2][observed[2]].max()) / 100


def test_every_recording_comes_to_one_level_but_silence() -> None:
    for gain in (0.01, 1.0, 4.0):
        assert level(at_level(np.float32(gain) * voice(0, 0))) == pytest.approx(LEVEL, rel=1e-3)
    assert (at_level(np.zeros(100, np.float32)) == 0).all() and level(np.zeros(0)) == 0


def test_griffin_lim_finds_samples_of_the_spectrum_it_is_given() -> None:
    samples = torch.from_numpy(voice(2, 0))
    wanted = spectrogram(samples)
    found = griffin_lim(wanted, len(samples), torch.Generator().manual_seed(0))
    assert len(found) == len(samples)
    convergence = float((spectrogram(found) - wanted).norm() / wanted.norm())
    assert convergence < 0.15


def test_samples_are_found_again_for_every_length() -> None:
    for extra in (0, 159, 160, 161, 164):  # past the last frame, whose window reaches 160 samples
        samples = torch.from_numpy(voice(2, 0)[: 40 * 165 + extra])
        found = griffin_lim(spectrogram(samples), len(samples), torch.Generator().manual_seed(0))
        assert len(found) == len(samples) and bool(found.isfinite().all()), extra


@pytest.mark.parametrize("domain", ["log", "linear"])
def test_scaled_spectra_come_back(domain: str) -> None:
    backbone = Spectra(SpectraConfig(domain=domain), 4)  # type: ignore[arg-type]
    magnitudes = segments(at_level(voice(0, 0))).magnitudes
    assert torch.allclose(backbone.magnitudes(backbone.scaled(magnitudes)), magnitudes, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("context", [0, 5])
def test_what_stands_in_padding_reaches_no_feature_and_no_error(context: int) -> None:
    torch.manual_seed(0)
    backbone = Spectra(SpectraConfig(feature_dim=6, hidden_dim=8, context_dim=context), 4)
    x = torch.randn(2, 20, BINS)
    observed = torch.ones_like(x, dtype=torch.bool)
    observed[1, 12:] = False
    other = torch.where(observed, x, 1e6)
    assert torch.equal(backbone.encode_sequences(x, observed), backbone.encode_sequences(other, observed))
    decoded = backbone.decode_sequences(torch.randn(2, 20, 4))
    error = backbone.error(decoded, other, observed)
    assert error.shape == (2, 20) and (error[1, 12:] == 0).all() and error.isfinite().all()


# --- views ------------------------------------------------------------------------------------------------------------


def test_the_band_that_changes_is_told_as_changing() -> None:
    x = torch.zeros(1, 6, BINS)
    x[0, 3:, :6] = 5.0  # up to 200 Hz, from the fourth frame on
    told = changing_bands(x, torch.Generator())
    assert told.shape == (1, 6, BANDS) and (told.sum(dim=2) == 3).all() and told[0, 3, 0] == 1
    assert torch.allclose(mel_bands().sum(dim=0), torch.ones(BANDS)) and (mel_bands().sum(dim=1) > 0).all()
    assert changing_bands(x[:, :1], torch.Generator()).shape == (1, 1, BANDS)


def test_another_voice_has_its_peaks_elsewhere_and_changes_at_the_same_time() -> None:
    x = torch.zeros(8, 4, BINS)
    x[:, 2, 100] = 1.0
    other = other_voice(x, torch.Generator().manual_seed(0))
    peaks = other[:, 2].argmax(dim=1)
    assert len(peaks.unique()) > 3 and ((peaks - 100).abs() <= 18).all()
    assert (other[:, [0, 1, 3]] == 0).all()


# --- corpora ----------------------------------------------------------------------------------------------------------


def test_no_speaker_is_in_two_parts_and_every_one_is_tested_once_or_chooses() -> None:
    speech = speech_set(speakers=11)
    tested = []
    for fold in range(speech.folds):
        of = {part: set(speech.speaker.values[speech.rows(part, fold)]) for part in PARTS}
        assert sum(map(len, of.values())) == 11 == len(set.union(*of.values()))
        assert of["validation"] == set(speech.speaker.values[speech.rows("validation")])
        tested += of["test"]
    assert len(tested) == len(set(tested)) == 9
    own = speech_set(test=(1, 4))
    assert own.folds == 1 and set(own.speaker.values[own.rows("test")]) == {1, 4}
    with pytest.raises(DataError, match=r"has too few validation speakers, 1\. Give 10"):
        speech_set(speakers=5).rows("validation")


def test_a_set_is_stored_whole_and_a_damaged_one_refused(tmp_path: Path) -> None:
    speech = speech_set()
    speech.save(tmp_path / "set")
    again = SpeechSet.load(tmp_path / "set")
    assert again.sha256() == speech.sha256() and again.names == speech.names and len(again) == 30
    assert np.array_equal(again.recording(5), speech.recording(5))
    stored = tmp_path / "set" / "recordings.npz"
    for damaged in (b"PK", stored.read_bytes()[:-1000]):
        stored.write_bytes(damaged)
        with pytest.raises(DataError, match="is damaged"):
            SpeechSet.load(tmp_path / "set")
    with pytest.raises(DataError, match="no packed set of speech"):
        SpeechSet.load(tmp_path)


def timit(folder: Path, split: dict[str, tuple[int, ...]]) -> Path:
    for part, speakers in split.items():
        for speaker in speakers:
            place = folder / part / "DR1" / f"FS{speaker}"
            place.mkdir(parents=True)
            for sentence in range(2):
                write_nist(place / f"SX{sentence}.WAV", voice(speaker, sentence))
                (place / f"SX{sentence}.PHN").write_text("0 100 h#")
    return folder


def test_a_folder_like_timit_is_packed_with_its_own_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = timit(tmp_path / "TIMIT", {"TRAIN": (0, 1, 2, 3), "TEST": (4, 5)})
    write_wav(source / "TRAIN" / "DR1" / "FS0" / "SX0.WAV.wav", voice(0, 0))  # the copy that some have beside it
    assert main(["pack", "timit", str(source), str(tmp_path / "set")]) == 0
    assert "12 recordings of 6 speakers" in capsys.readouterr().out
    packed = SpeechSet.load(tmp_path / "set")
    assert packed.names[0] == "FS4 SX0" and list(packed.speaker.names) == ["FS0", "FS1", "FS2", "FS3", "FS4", "FS5"]
    tested = packed.rows("test")
    assert packed.genders == ("f",) * 6
    assert [packed.names[row] for row in tested] == ["FS4 SX0", "FS4 SX1", "FS5 SX0", "FS5 SX1"]
    assert np.abs(packed.recording(int(tested[1])) - voice(4, 1)).max() < 1e-4


def test_folders_that_are_not_timit_get_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twice = timit(tmp_path / "twice", {"TRAIN": (0,), "TEST": (0,)})
    with pytest.raises(DataError, match=r"Speaker FS0 of twice is in TRAIN and in TEST"):
        CORPORA["timit"](twice)
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="has no files TRAIN/DIALECT"):
        CORPORA["timit"](tmp_path / "other")
    assert main(["pack", "speech", str(tmp_path / "nothing"), str(tmp_path / "set")]) == 1
    assert "There is nothing at" in capsys.readouterr().err


def test_a_folder_a_speaker_is_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for speaker in range(2):
        place = tmp_path / "mine" / f"speaker {speaker}"
        place.mkdir(parents=True)
        for sentence in range(2):
            write_wav(place / f"{sentence}.wav", voice(speaker, sentence))
    (tmp_path / "mine" / "speaker 0" / "notes.txt").write_text("none of a recording")
    assert main(["pack", "recordings", str(tmp_path / "mine"), str(tmp_path / "set")]) == 0
    assert "4 recordings of 2 speakers" in capsys.readouterr().out
    packed = SpeechSet.load(tmp_path / "set")
    assert packed.name == "mine" and packed.speaker.names == ("speaker 0", "speaker 1") and not packed.test.any()
    assert packed.names[3] == "speaker 1 1" and np.abs(packed.recording(3) - voice(1, 1)).max() < 1e-4
    with pytest.raises(DataError, match="has no files SPEAKER/RECORDING"):
        CORPORA["recordings"](tmp_path / "mine" / "speaker 0")


def test_the_stand_in_is_read_from_its_arrays(tmp_path: Path) -> None:
    made = speech_set(speakers=2)
    arrays = {"audio": made.audio, "offsets": made.offsets, "utt_id": np.array(made.names), "sample_rate": RATE}
    arrays["speaker_id"] = np.array([made.speaker.names[value] for value in made.speaker.values])
    arrays["gender"] = np.array(["fm"[value] for value in made.speaker.values])
    np.savez(tmp_path / "speechocean762_made.npz", **arrays)
    read = CORPORA["speech"](tmp_path)
    assert read.sha256() == made.sha256() and read.genders == ("f", "m")
    read.save(tmp_path / "set")
    assert SpeechSet.load(tmp_path / "set").genders == ("f", "m")
    np.savez(tmp_path / "speechocean762_made.npz", **{**arrays, "sample_rate": 8000})
    with pytest.raises(DataError, match="does not hold the arrays"):
        CORPORA["speech"](tmp_path / "speechocean762_made.npz")
    with pytest.raises(DataError, match="has no file speechocean762"):
        (tmp_path / "empty").mkdir()
        CORPORA["speech"](tmp_path / "empty")
