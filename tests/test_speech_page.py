"""The page "Speech": two recordings in, four to hear with their spectrograms, a map; bad ones get a sentence."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from conftest import Served, Visit, is_shown
from gradio.data_classes import FileData
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from made_speech import RATE, voice, write_wav
from test_app import COUNTED_DOWN, out_of_sight, serious_findings

from pages import model
from pages.speech import page as speech_page
from pages.speech.stage import Heard
from seqdisent_core.media import MOST_SECONDS, read_sound
from seqdisent_core.voices import Recording, Voices, VoiceSwap, shipped_recordings, spectrogram_picture

_WAIT = 60_000  # milliseconds; how long a busy machine may take, not how long it should


def test_what_the_page_offers_is_what_ships() -> None:
    shipped = model.shipped_voices()
    assert tuple(shipped) == speech_page.VOICES and all(words for _, words in shipped.values())
    known = model.voices().known
    assert {one.speaker for one in shipped_recordings()} <= set(known.names) and len(known.names) == 60
    assert sum(one.file.stat().st_size for one in shipped_recordings()) < 2_000_000


@contextmanager
def shown(*given: Any) -> Iterator[tuple[Heard, Any]]:
    """What the page shows once the swap is made, while its files are there."""
    going = speech_page.show(*given)
    problem, made, chart = next(seen for seen in going if seen[1] is not None)
    assert problem == "" and made is not None
    yield made, chart
    going.close()


def test_the_page_shows_four_recordings_and_where_they_lie() -> None:
    first, second = (model.shipped_voices()[name][0] for name in (speech_page.FIRST, speech_page.SECOND))
    with shown(speech_page.FIRST, speech_page.SECOND, None, None) as (made, chart):
        assert made.notes == []
        seconds = [round(len(recording.samples) / RATE, 2) for recording in (first, first, second, second)]
        assert [track.seconds for track in made.tracks] == seconds, "a swap is as long as its driver"
        assert [track.made for track in made.tracks] == [False, True, False, True]
        assert made.tracks[1].alt == "The second voice with the first recording's words"
        for track in made.tracks:
            content = Path(track.file.path).read_bytes()
            assert (b"trainedAlgorithmicMedia" in content) == track.made, "what was recorded is not marked"
        given = read_sound(made.tracks[0].file.path).samples
        assert np.array_equal(given, first.samples), "what is heard is what was given"
        (drawn,) = json.loads(str(chart))
    assert [trace["name"] for trace in drawn["data"][:2]] == ["women", "men"]
    assert sum(len(trace["x"]) for trace in drawn["data"][:2]) == 60
    places = {trace["name"]: np.array([trace["x"][0], trace["y"][0]]) for trace in drawn["data"][2:]}
    for own, other in (("first", "second"), ("second", "first")):
        swap = places[f"swap to the {own} voice"]
        near, far = (np.linalg.norm(swap - places[f"{whose} recording"]) for whose in (own, other))
        assert near < far, "the swap lies nearer to the voice that it has"


def test_a_spectrogram_shows_a_tone_where_it_is_however_long_it_lasts() -> None:
    for seconds, columns in ((1, 97), (20, 900)):
        tone = 0.3 * np.sin(2 * np.pi * 2000 * np.arange(seconds * RATE) / RATE).astype(np.float32)
        shown = spectrogram_picture(tone)
        assert shown.shape == (201, columns) and shown.dtype == np.uint8
        assert (shown.argmin(axis=0)[1:-1] == 150).all(), "2 of 8 kHz, a quarter from below"
    assert (spectrogram_picture(np.zeros(RATE, np.float32)) == 255).all()


def test_a_swap_ends_soon_when_its_page_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    done, ended, swap = list[float](), Event(), Voices.swap

    def watched(voices: Voices, first: Recording, second: Recording, progress: Callable[[float], object]) -> VoiceSwap:
        def note(share: float) -> None:
            progress(share)
            done.append(share)

        try:
            return swap(voices, first, second, note)
        finally:
            ended.set()

    monkeypatch.setattr(Voices, "swap", watched)
    long = Recording(np.tile(voice(3, 0), 100)[: 60 * RATE].astype(np.float32), "long.wav")
    going = speech_page.show(speech_page.OWN, speech_page.OWN, long, long)
    problem, made, _ = next(going)
    assert "Swapping the voices" in problem and made is None
    going.close()
    assert ended.wait(60) and max(done, default=0.0) < 1


@pytest.mark.parametrize(
    ("samples", "rate", "channels", "said"),
    [
        pytest.param(np.zeros(RATE), RATE, 1, "is silent", id="silence"),
        pytest.param(30 * voice(0, 0), RATE, 1, None, id="clipping"),
        pytest.param(voice(3, 0)[::2], 8_000, 1, None, id="8 kHz"),
        pytest.param(np.repeat(voice(3, 0), 3), 48_000, 2, None, id="48 kHz stereo"),
        pytest.param(np.tile(voice(3, 0)[::2], 30 * 60 * 10 // 7 + 1), 8_000, 1, None, id="30 minutes"),
        pytest.param(sum(0.1 * np.sin(np.arange(RATE) * f) for f in (0.17, 0.21, 0.26)), RATE, 1, None, id="music"),
        pytest.param(voice(0, 0, 0.2), RATE, 1, "lasts 0.2 s", id="too short"),
    ],
)
def test_every_recording_is_swapped_or_gets_a_sentence(
    tmp_path: Path, samples: np.ndarray, rate: int, channels: int, said: str | None, request: pytest.FixtureRequest
) -> None:
    path = write_wav(tmp_path / "mine.wav", samples, rate, channels)
    recording, offered, words = speech_page.read_own(speech_page.FIRST, FileData(path=str(path)))
    if said is not None:
        assert recording is None and offered.value == speech_page.FIRST and f"mine.wav {said}" in words
        return
    assert recording is not None and words == "" and offered.value == speech_page.OWN
    note = {"clipping": "is clipped", "30 minutes": "the first 120 are used"}.get(request.node.callspec.id)
    assert [note in told for told in recording.notes] == ([True] if note else [])
    if note and "120" in note:
        assert len(recording.samples) == MOST_SECONDS * RATE
        return  # what is longer than a window is swapped as every other recording
    with shown(speech_page.OWN, speech_page.SECOND, recording, None) as (made, _):
        assert made.notes == list(recording.notes)


def test_a_program_swaps_two_recordings_and_is_told_what_is_wrong(served: Served, tmp_path: Path) -> None:
    shipped = [str(one.file) for one in shipped_recordings()[:2]]
    client = Client(served.address, download_files=str(tmp_path / "got"), verbose=False)
    made = client.predict(*map(handle_file, shipped), api_name="/voice_swap")
    voices = Voices.from_pretrained()
    given = [voices.read(path) for path in shipped]
    lengths = [len(voices.read(path).samples) for path in made]
    assert lengths == pytest.approx([len(recording.samples) for recording in given[::-1]], abs=RATE // 10)
    with pytest.raises(AppError, match="Two recordings are needed"):
        client.predict(handle_file(shipped[0]), None, api_name="/voice_swap")
    (tmp_path / "words.wav").write_text("no sound at all")
    with pytest.raises(AppError, match=r"words\.wav"):
        client.predict(handle_file(shipped[0]), handle_file(str(tmp_path / "words.wav")), api_name="/voice_swap")


def test_what_is_no_recording_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "none.wav").touch()
    (tmp_path / "text.mp3").write_text("only words")
    for name, said in (("none.wav", "none.wav is empty"), ("text.mp3", "text.mp3 is not a recording")):
        recording, _, words = speech_page.read_own(speech_page.SECOND, FileData(path=str(tmp_path / name)))
        assert recording is None and said in words
    assert speech_page.read_own(speech_page.SECOND, None)[1].value == speech_page.SECOND
    ((problem, made, _),) = speech_page.show(speech_page.OWN, speech_page.SECOND, None, None)
    assert made is None and "was deleted" in problem


def test_the_page_in_a_browser_takes_a_recording_and_is_fit_for_all(visit: Visit, tmp_path: Path) -> None:
    page = visit("speech", ready=".sd-track audio")
    is_shown(page, "#speaker-map .sd-drawn")
    own = write_wav(tmp_path / "mine.wav", voice(3, 0, 1.2))
    page.locator("#first-recording input[type=file]").set_input_files(own)
    page.locator(".sd-track").get_by_text("The first recording: mine.wav").wait_for(timeout=_WAIT)
    ready = "[...document.querySelectorAll('.sd-track audio')].every((one) => one.readyState > 0)"
    page.wait_for_function(ready, timeout=_WAIT)
    lengths = page.evaluate("[...document.querySelectorAll('.sd-track audio')].map((one) => one.duration)")
    assert lengths[0] == pytest.approx(1.2, abs=0.02) and lengths[1] == pytest.approx(1.2, abs=0.02)
    in_step = """async () => {
        const [driver, swap] = document.querySelectorAll('.sd-track audio');
        driver.muted = swap.muted = true;
        driver.currentTime = 0.6;
        await driver.play();
        await swap.play();
        return [driver.paused, swap.currentTime];
    }"""
    paused, at = page.evaluate(in_step)
    assert paused and at >= 0.55, "one is heard at a time, and the other goes on where it was"
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as WAV").first.click()
    waiting.value.save_as(tmp_path / "swap.wav")
    assert b"trainedAlgorithmicMedia" in (tmp_path / "swap.wav").read_bytes()
    page.evaluate(COUNTED_DOWN)
    page.get_by_role("button", name="Second recording: use the microphone").click()
    page.get_by_role("button", name="Record 3 seconds").click()
    page.locator(".sd-track").get_by_text("The second recording: microphone.").wait_for(timeout=_WAIT)
    assert serious_findings(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("innerWidth === 390")
    assert out_of_sight(page) == []
    page.evaluate("document.body.classList.add('dark')")
    assert serious_findings(page, "dark") == []
