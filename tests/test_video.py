"""video.py and ffmpeg.py against real files through the real ffmpeg."""

import gc
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import imageio_ffmpeg
import media
import numpy as np
import pytest
from PIL import Image, ImageSequence

from seqdisent_core.errors import VideoError
from seqdisent_core.limits import Limits
from seqdisent_core.media import ffmpeg, video
from seqdisent_core.media.video import Frames, open_video, probe_video, read_video, write_gif, write_video

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc or limits address space")
RED, BLUE, GREY = (255, 0, 0), (0, 0, 255), (128, 128, 128)


@pytest.fixture(scope="session")
def long_4k(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of 4K at 25 frames a second."""
    folder = tmp_path_factory.mktemp("long")
    short = media.drawn(folder / "short.mp4", "color=gray:size=3840x2160:rate=25:duration=2", *media.H264, "-g", "50")
    media.ffmpeg("-stream_loop", "299", "-i", short, "-codec", "copy", folder / "long.mp4")
    return folder / "long.mp4"


def header(path: Path) -> str:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True).stderr


def audio_seconds(path: Path) -> float:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path), "-map", "0:a", "-ac", "1"]
    raw = subprocess.run([*command, "-ar", "8000", "-f", "s16le", "pipe:1"], capture_output=True, check=True).stdout
    return len(raw) / 2 / 8000


def children() -> set[int]:
    """Processes that this one has started and that are not gone, zombies included."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1]) == os.getpid()
            ):
                found.add(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
    return found


def close_to(pixel: np.ndarray, colour: tuple[int, int, int], tolerance: int = 8) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= tolerance)


# --- reading -----------------------------------------------------------------------------------------------------


def test_frames_written_and_read_again_keep_their_colours_number_and_rate(tmp_path: Path) -> None:
    frames = media.smooth_frames(30, 64, 96)
    again, fps = read_video(write_video(tmp_path / "film.mp4", frames, 25.0))
    assert again.shape == frames.shape and again.dtype == np.uint8 and fps == 25.0
    error = again.astype(int) - frames
    assert np.abs(error).mean() < 3 and np.abs(error.mean((0, 1, 2))).max() < 1


def test_a_film_of_variable_rate_shows_at_every_moment_what_it_showed_then(tmp_path: Path) -> None:
    path, times = media.variable_rate_clock(tmp_path / "clock.mp4"), media.clock_times(3.0)
    frames, fps = read_video(path, max_fps=20.0)
    told = (frames.mean((1, 2, 3)) - 30) / 60
    shown = [max(time for time in times if round(time * fps + 1e-9) <= i) for i in range(len(frames))]
    assert fps == 20.0 and len(frames) == pytest.approx(60, abs=2)
    assert np.abs(told - shown).max() < 0.03
    assert len(set(np.round(told, 2))) > len(frames) / 2


def test_television_rates_are_exact_so_that_sound_does_not_drift_away(tmp_path: Path) -> None:
    path = media.exact_rate(tmp_path / "tv.mp4", Fraction(30000, 1001), 60)
    frames, fps = read_video(path, max_fps=60.0, max_seconds=60.0)
    assert fps == 30000 / 1001 and len(frames) == pytest.approx(60 * fps, abs=1)
    told = (frames.mean((1, 2, 3)) - 20) / 200 * 60
    assert np.abs(told - np.arange(len(frames)) / fps).max() < 0.5  # a grey level lasts 0.3 s
    assert probe_video(write_video(tmp_path / "again.mp4", frames[:30], fps)).fps == 30000 / 1001


def test_a_fast_film_is_thinned_to_the_highest_rate_and_a_slow_one_is_left(tmp_path: Path) -> None:
    fast = media.drawn(tmp_path / "fast.mp4", "testsrc=size=32x32:rate=60:duration=1", *media.H264)
    slow = media.drawn(tmp_path / "slow.mp4", "testsrc=size=32x32:rate=12:duration=1", *media.H264)
    assert [(len(frames), fps) for frames, fps in map(read_video, (fast, slow))] == [(25, 25.0), (12, 12.0)]
    assert probe_video(fast).fps == 60.0


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_frames_are_turned_as_asked(tmp_path: Path, turn: int) -> None:
    path = media.left_red_right_blue(tmp_path / "film.mp4", *media.H264, size="640x320")
    plain = np.rot90(read_video(path, max_side=64)[0], -turn, axes=(1, 2))
    with open_video(path, max_side=64, turn=turn) as reader:
        turned = np.stack(list(reader))
        assert (reader.info.width, reader.info.height) == ((640, 320) if turn == 2 else (320, 640))
    assert turned.shape == plain.shape and np.abs(turned.astype(int) - plain).max() < 8


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (-90, 3), (180, 2)])
def test_a_phone_film_is_turned_upright(tmp_path: Path, degrees: int, turns: int) -> None:
    path = media.turned(tmp_path / "phone.mp4", degrees)
    frames, _ = read_video(path)
    expected = np.rot90(np.array([[RED, BLUE]]), turns)
    height, width = (64, 32) if turns % 2 else (32, 64)
    info = probe_video(path)
    assert (info.width, info.height) == (width, height) and frames.shape[1:3] == (height, width)
    corners = frames[0][[4, -5]][:, [4, -5]]
    wanted = np.broadcast_to(expected, (2, 2, 3))
    assert np.abs(corners.astype(int) - wanted).max() <= 8


def test_pixels_that_are_not_square_are_stretched_to_how_the_film_is_seen(tmp_path: Path) -> None:
    path = media.drawn(tmp_path / "dv.mp4", "testsrc=size=72x58:rate=10:duration=0.5,setsar=2/1", *media.H264)
    info = probe_video(path)
    assert (info.width, info.height) == (144, 58) and read_video(path)[0].shape[1:3] == (58, 144)


def test_a_large_film_is_scaled_down_to_the_longest_side_asked_for(tmp_path: Path) -> None:
    path = media.left_red_right_blue(tmp_path / "large.mp4", *media.H264, size="640x320")
    with open_video(path, max_side=100) as reader:
        first = next(reader)
    assert reader.size == (100, 50) and first.shape == (50, 100, 3)
    assert (reader.info.width, reader.info.height) == (640, 320)
    assert close_to(first[25, 20], RED) and close_to(first[25, 80], BLUE)


def test_a_film_can_be_read_from_a_frame_on_at_a_size_that_its_header_decides(tmp_path: Path) -> None:
    path = media.drawn(tmp_path / "count.mp4", "testsrc=size=96x64:rate=30:duration=2", *media.H264)
    frames, fps = read_video(path, max_fps=12.5, max_side=48)
    with open_video(path, max_fps=12.5, max_seconds=1.2, max_side=lambda film: film.width // 2, first=7) as reader:
        later = list(reader)
    assert reader.size == (48, 32) and reader.cut and len(later) == round(1.2 * fps) - 7
    assert all(np.array_equal(frame, frames[7 + at]) for at, frame in enumerate(later))
    for seconds, first in ((10.0, 500), (1.0, 40)):
        with open_video(path, max_seconds=seconds, first=first) as reader:
            assert list(reader) == []
    with open_video(path, max_fps=12.5, max_side=48, only=[3, 4, 20]) as reader:
        assert np.array_equal(list(reader), frames[[3, 4, 20]])


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("png.mov", ("-c:v", "png")),
        ("prores.mov", ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le")),
        ("vp9.webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p")),
        ("vp8.webm", ("-c:v", "libvpx", "-auto-alt-ref", "0", "-pix_fmt", "yuva420p")),
        ("plays.apng", ("-plays", "0")),
    ],
)
def test_what_is_transparent_lies_on_grey(tmp_path: Path, name: str, codec: tuple[str, ...]) -> None:
    frames, _ = read_video(media.half_transparent(tmp_path / name, *codec))
    assert len(frames) == 5
    for frame in frames:
        assert close_to(frame[16, 12], RED, 12) and close_to(frame[16, 52], GREY, 4)


def test_ten_bit_films_give_the_colours_of_their_eight_bit_twins(tmp_path: Path) -> None:
    for name, codec in {"hevc.mp4": "libx265", "av1.mkv": "libaom-av1"}.items():
        options = ("-pix_fmt", "yuv420p10le", "-c:v", codec, *(("-cpu-used", "8") if "aom" in codec else ()))
        frames, _ = read_video(media.left_red_right_blue(tmp_path / name, *options))
        assert frames.dtype == np.uint8 and close_to(frames[0, 16, 12], RED) and close_to(frames[0, 16, 52], BLUE)


def test_large_films_that_name_no_colour_matrix_are_read_as_players_do_at_every_size(tmp_path: Path) -> None:
    red, green, blue = 200, 60, 40
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue  # BT.709
    y, cb, cr = light * 219 / 255 + 16, (blue - light) / 1.8556, (red - light) / 1.5748
    codes = f"lum={y:.0f}:cb={128 + cb * 224 / 255:.0f}:cr={128 + cr * 224 / 255:.0f}"
    path = media.drawn(tmp_path / "plain.mp4", f"nullsrc=size=1280x720:rate=5:duration=0.4,format=yuv420p,geq={codes}")
    for side in (320, 1280):
        assert close_to(read_video(path, max_side=side)[0][0, 90, 160], np.array([red, green, blue]), 4)


@pytest.mark.parametrize(("transfer", "white"), [("smpte2084", 0.58), ("arib-std-b67", 0.75)])
def test_hdr_is_toned_down_to_a_light_that_screens_show(tmp_path: Path, transfer: str, white: float) -> None:
    """Paper white (203 cd/m2) is coded 0.58 in PQ, 0.75 in HLG: it must come out light, and black black."""
    codes = f"if(lt(X\\,32)\\,64\\,{round(64 + 876 * white)})"
    drawing = f"nullsrc=size=64x48:rate=5:duration=0.6,format=yuv420p10le,geq=lum='{codes}':cb=512:cr=512"
    tags = f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    path = media.drawn(tmp_path / "hdr.mkv", drawing, "-c:v", "libx265", "-x265-params", tags)
    with open_video(path, max_side=63) as reader:
        frames = np.stack(list(reader))
    assert frames.shape == (3, 47, 63, 3) and reader.notes == ()
    assert frames[0, :, :28].mean() < 4 and 180 < frames[0, :, 40:].mean() < 250
    assert np.ptp(frames[0, 15, 50].astype(int)) <= 3


def test_hdr_that_this_ffmpeg_cannot_convert_is_read_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    source = "testsrc=size=64x32:rate=5:duration=0.6,format=yuv420p10le"
    path = media.drawn(tmp_path / "hdr.mkv", source, "-c:v", "libx265", "-x265-params", tags)
    monkeypatch.setattr(video, "known_filters", lambda: frozenset({"scale"}))
    with open_video(path) as reader:
        assert len(list(reader)) == 3 and "HDR" in " ".join(reader.notes)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animated_pictures_show_every_picture_for_its_own_time(tmp_path: Path, suffix: str) -> None:
    path = media.animation(tmp_path / f"moves{suffix}", (10, 120, 240, 60, 180), (100, 200, 100, 50, 300))
    frames, fps = read_video(path)
    wanted = [10] * 2 + [120] * 4 + [240] * 2 + [60] + [180] * 6
    assert fps == 20.0 and [round(level) for level in frames.mean((1, 2, 3))] == pytest.approx(wanted, abs=2)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_animated_pictures_that_change_in_part_look_as_pillow_shows_them(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"part{suffix}"
    opacity = 200 if suffix == ".webp" else 255
    pages = [Image.new("RGBA", (40, 24), (0, 0, 0, 0)) for _ in range(4)]
    for number, page in enumerate(pages):
        page.paste((250, 40 * number, 20, opacity), (8 * number, 4, 8 * number + 12, 20))
    options = {"lossless": True} if suffix == ".webp" else {"disposal": 2}
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=100, loop=0, **options)
    frames, _ = read_video(path)
    with Image.open(path) as picture:
        shown = [frame.convert("RGBA") for frame in ImageSequence.Iterator(picture)]
    assert len(frames) == len(shown) == 4
    for frame, page in zip(frames, shown, strict=True):
        on_grey = Image.alpha_composite(Image.new("RGBA", page.size, (*GREY, 255)), page).convert("RGB")
        assert np.abs(frame.astype(int) - np.asarray(on_grey)).max() <= 3


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_photograph_is_one_frame_and_upright_as_its_exif_says(tmp_path: Path, suffix: str) -> None:
    upright = np.zeros((64, 32, 3), np.uint8)
    upright[:32], upright[32:] = RED, BLUE
    path = media.photograph(tmp_path / f"held{suffix}", np.rot90(upright), orientation=6)
    with open_video(path, max_fps=30.0, max_side=32) as reader:
        (frame,) = reader
    assert reader.info.still and not reader.cut and reader.notes == ()
    assert (reader.info.width, reader.info.height) == (32, 64) and frame.shape == (32, 16, 3)
    assert close_to(frame[4, 8], RED) and close_to(frame[-5, 8], BLUE)
    assert read_video(path, max_fps=0.5)[0].shape == (1, 64, 32, 3)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_what_is_transparent_in_a_photograph_lies_on_grey(tmp_path: Path, suffix: str) -> None:
    pixels = np.zeros((32, 64, 4), np.uint8)
    pixels[:, :32], pixels[:, 32:] = (*RED, 255), (*BLUE, 0)
    ((frame,), _) = read_video(media.photograph(tmp_path / f"cut_out{suffix}", pixels))
    assert close_to(frame[16, 12], RED) and close_to(frame[16, 52], GREY, 4)


def test_a_large_photograph_is_read_though_its_end_is_out_of_ffmpegs_sight(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), np.uint8)
    path = media.photograph(tmp_path / "large.jpg", noise)
    assert path.stat().st_size > 2**20
    frames, _ = read_video(path)
    assert frames.shape == (1, 960, 1280, 3)


def test_of_several_pictures_in_one_photograph_the_first_is_read(tmp_path: Path) -> None:
    """As phones write them: a map of light, or a second view, lies behind the picture."""
    one, other = (np.full((32, 64, 3), colour, np.uint8) for colour in (RED, BLUE))
    path = media.photograph(tmp_path / "phone.jpg", one)
    path.write_bytes(path.read_bytes() + media.photograph(tmp_path / "map.jpg", other).read_bytes())
    with open_video(path) as reader:
        (frame,) = reader
    assert close_to(frame[16, 32], RED) and not reader.cut


def test_a_jpeg_that_is_cut_off_is_read_as_far_as_it_goes_and_said_so(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    whole = media.photograph(tmp_path / "cut.jpg", pixels).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) * 2 // 3])
    with open_video(tmp_path / "cut.jpg") as reader:
        assert len(list(reader)) == 1
    assert reader.notes == ("Parts of cut.jpg are damaged; what could be read is used.",)


def test_motion_jpeg_stays_a_film(tmp_path: Path) -> None:
    path = media.drawn(tmp_path / "film.mjpeg", media.SMALL, "-c:v", "mjpeg", "-f", "mjpeg")
    assert not probe_video(path).still and len(read_video(path)[0]) > 2


def test_reading_stops_at_the_seconds_asked_for_and_says_so(tmp_path: Path) -> None:
    path = media.drawn(tmp_path / "film.mp4", "testsrc=size=32x32:rate=25:duration=2", *media.H264)
    for seconds, count, cut in ((1.0, 25, True), (2.0, 50, False), (5.0, 50, False)):
        with open_video(path, max_seconds=seconds) as reader:
            assert len(list(reader)) == count and reader.cut is cut


def test_a_header_tells_size_rate_length_and_sound(tmp_path: Path) -> None:
    info = probe_video(media.with_sound(tmp_path / "film.mp4", 1.0, 1.0))
    assert (info.width, info.height, info.fps, info.has_audio) == (64, 48, 25.0, True)
    assert info.seconds == pytest.approx(1.0, abs=0.1)
    assert not probe_video(media.drawn(tmp_path / "mute.mp4", media.SMALL, *media.H264)).has_audio


def test_several_threads_read_the_same_frames(tmp_path: Path) -> None:
    path = media.drawn(tmp_path / "film.mp4", "testsrc2=size=64x64:rate=25:duration=1", *media.H264)
    with ThreadPoolExecutor(4) as pool:
        first, *others = [frames for frames, _ in pool.map(read_video, [path] * 4)]
    assert all(np.array_equal(first, other) for other in others)


# --- limits ------------------------------------------------------------------------------------------------------


def test_ten_minutes_of_4k_stream_without_filling_memory(long_4k: Path) -> None:
    tracemalloc.start()
    try:
        with open_video(long_4k, max_seconds=1.0) as reader:
            count = sum(1 for _ in reader)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 25 and reader.cut and reader.size == (1280, 720)
    assert reader.info.seconds == pytest.approx(600, abs=1)
    assert peak < 4 * 1280 * 720 * 3


@on_linux
def test_closing_in_the_middle_leaves_no_process_and_no_thread(long_4k: Path) -> None:
    before, threads = children(), threading.active_count()
    with open_video(long_4k) as reader:
        next(reader)
        assert children() - before
    assert children() == before and threading.active_count() == threads
    assert list(reader) == []


@on_linux
def test_a_loop_that_is_left_without_closing_leaves_no_process(long_4k: Path) -> None:
    before = children()
    for _ in open_video(long_4k):
        break
    gc.collect()
    assert children() == before


@on_linux
def test_what_reads_a_strangers_film_has_less_memory_than_what_writes_our_own() -> None:
    resource = pytest.importorskip("resource")
    for how in ({"reads": True}, {"writes": True}):
        child = ffmpeg.Child(("-re", "-f", "lavfi", "-i", "testsrc", "-f", "null", "-"), **how)
        most, _ = resource.prlimit(child._process.pid, resource.RLIMIT_AS)
        child.close()
        assert most == (Limits().decoder_megabytes if "reads" in how else Limits().encoder_megabytes) * 2**20


@on_linux
def test_a_child_past_its_memory_is_stopped(long_4k: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "limits", lambda: replace(Limits(), decoder_megabytes=450))
    before = children()
    with pytest.raises(VideoError, match="memory"):
        read_video(long_4k)
    assert children() == before


@pytest.mark.parametrize("limit", ["_WAIT_FOR_ONE", "_WAIT_IN_ALL"])
def test_a_child_that_kept_us_waiting_is_stopped(long_4k: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(ffmpeg, "_LOOK_EVERY", 60)  # seconds: nobody looks while we wait
    with open_video(long_4k) as reader:
        monkeypatch.setattr(ffmpeg, limit, 0.01)
        with pytest.raises(VideoError, match="time"):
            list(reader)


@on_linux
def test_a_child_that_stands_still_is_stopped(long_4k: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_video(long_4k) as reader, ThreadPoolExecutor(1) as apart:
        next(reader)
        assert reader._child is not None
        child = reader._child._process
        child.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(ffmpeg, "_WAIT_FOR_ONE", 0.5)
        reading = apart.submit(list, reader)
        try:
            with pytest.raises(VideoError, match="time"):
                reading.result(timeout=60)
        finally:
            child.kill()  # or a reading that waits for ever would keep this test, too


@on_linux
def test_a_child_past_its_processor_time_is_stopped(long_4k: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "limits", lambda: replace(Limits(), decoder_seconds=1))
    with pytest.raises(VideoError, match="time"), open_video(long_4k, max_seconds=600) as reader:
        for _ in reader:
            pass
    assert reader._child is not None and not reader._child.expired, "not because it kept us waiting"


@on_linux
def test_a_child_knows_no_secrets_and_may_write_no_file(long_4k: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    with open_video(long_4k) as reader:
        next(reader)
        assert reader._child is not None
        place = Path(f"/proc/{reader._child._process.pid}")
        known = {line.partition("=")[0] for line in (place / "environ").read_text().split("\0") if line}
        limited = (place / "limits").read_text()
    assert known <= {"PATH", "LD_LIBRARY_PATH", "AV_LOG_FORCE_NOCOLOR"}
    for name in ("Max file size", "Max core file size"):
        assert re.search(rf"^{name} +0 +0 ", limited, re.M), limited


@on_linux
def test_a_child_has_no_network_where_the_kernel_allows_that(long_4k: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apart = ffmpeg.without_network()
    with open_video(long_4k) as reader:
        next(reader)
        assert reader._child is not None
        theirs = (Path(f"/proc/{reader._child._process.pid}") / "ns" / "net").readlink()
    assert (theirs != Path("/proc/self/ns/net").readlink()) == bool(apart)
    with socket.create_server(("127.0.0.1", 0)) as server:
        call = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))"
        for begin in ((), apart):
            done = subprocess.run([*begin, sys.executable, "-c", call], capture_output=True, check=False)
            assert (done.returncode == 0) == (not begin), done.stderr
    monkeypatch.setattr(ffmpeg.shutil, "which", lambda name: None)
    ffmpeg.without_network.cache_clear()
    try:
        assert ffmpeg.without_network() == () and len(read_video(long_4k, max_seconds=0.1)[0])
    finally:
        ffmpeg.without_network.cache_clear()


@on_linux
def test_a_film_that_grows_past_its_limit_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "limits", lambda: replace(Limits(), film_megabytes=1))
    noise = np.random.default_rng(0).integers(0, 256, (30, 256, 256, 3), np.uint8)
    with pytest.raises(VideoError, match=r"film\.mp4"):
        write_video(tmp_path / "film.mp4", noise, 25.0)
    assert list(tmp_path.iterdir()) == []


def test_a_codec_that_no_camera_writes_is_not_decoded(tmp_path: Path) -> None:
    for codec, suffix in (("zmbv", ".avi"), ("flashsv", ".flv")):
        path = media.drawn(tmp_path / f"film{suffix}", media.SMALL, "-c:v", codec)
        with pytest.raises(VideoError, match="not a video of a kind that is read here"):
            read_video(path)


def test_what_ffmpeg_says_is_kept_within_bounds(bad_files: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_video(bad_files["scratched.mp4"][0]) as reader:
        monkeypatch.setattr(ffmpeg, "_LOG_BYTES", 300)
        assert len(list(reader)) == 50
    assert reader._child is not None and len(reader._child.log) <= 600


def test_files_past_the_largest_size_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = media.drawn(tmp_path / "film.mp4", media.SMALL, *media.H264)
    monkeypatch.setattr(ffmpeg, "_MOST_BYTES", 1000)
    with pytest.raises(VideoError, match="larger than"):
        read_video(path)


@pytest.mark.parametrize("limits", [{"max_fps": 0}, {"max_seconds": -1}, {"max_side": 0}, {"max_fps": float("nan")}])
def test_limits_that_are_not_above_zero_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(VideoError, match="above 0"):
        open_video("any.mp4", **limits)  # type: ignore[arg-type]


# --- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", media.BAD_FILES, ids=lambda odd: odd.name)
def test_every_odd_file_is_read_or_answered_in_a_sentence(bad_files: dict, odd: media.OddFile) -> None:
    path, expected = bad_files[odd.name]
    if expected == "ok":
        frames, fps = read_video(path)
        assert len(frames) >= 1 + ("photo" not in odd.name) and 0 < fps <= 25 and max(frames.shape[1:3]) <= 1280
        return
    with pytest.raises(VideoError) as caught:
        read_video(path)
    sentence = str(caught.value)
    assert expected in sentence and sentence.startswith(odd.name) and sentence.endswith(".")
    assert len(sentence) < 180 and "\n" not in sentence and str(path.parent) not in sentence


def test_twenty_and_more_bad_files_are_made() -> None:
    assert sum(odd.expected != "ok" for odd in media.BAD_FILES) >= 20


def test_a_damaged_film_is_read_as_far_as_it_goes_and_said_so(bad_files: dict) -> None:
    with open_video(bad_files["scratched.mp4"][0]) as reader:
        assert len(list(reader)) == 50 and "damaged" in " ".join(reader.notes)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("http://example.com/film.mp4", "Download the video first"),
        ("https://www.youtube.com/watch?v=x", "Download the video first"),
        ("rtsp://camera/1", "Download the video first"),
        ("www.example.com/film.mp4", "Download the video first"),
        ("nowhere.mp4", "no file nowhere.mp4"),
        ("concat:a.mp4|b.mp4", "no file"),
        ("pipe:0", "no file"),
        ("nul\0.mp4", "no file"),
        ("x" * 5000, "no file"),
        ("/dev/null" if Path("/dev/null").exists() else ".", "not a file"),
        (".", "folder"),
        ("", "No file was given"),
    ],
)
def test_what_is_no_file_is_answered_in_a_sentence(typed: str, word: str) -> None:
    for read in (probe_video, open_video, read_video):
        with pytest.raises(VideoError, match=re.escape(word)) as caught:
            read(typed)
        assert len(str(caught.value)) < 180


@pytest.mark.parametrize("name", ["list.m3u8", "concat.mp4", "concat.txt", "session.sdp", "manifest.mpd"])
def test_ffmpeg_itself_may_not_follow_a_playlist(bad_files: dict, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(ffmpeg, "_PLAYLIST", re.compile(b"never found"))
    with pytest.raises(VideoError, match="not a video"):
        read_video(bad_files[name][0])


# --- writing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("write", "suffix"), [(write_video, ".mp4"), (write_gif, ".gif")])
def test_frames_that_are_made_while_they_are_written_give_the_same_film(tmp_path: Path, write, suffix: str) -> None:  # type: ignore[no-untyped-def]
    frames = media.smooth_frames(12, 33, 47)
    made = Frames(frames.shape, iter(frames))
    paths = [write(tmp_path / f"{name}{suffix}", film, 12.0) for name, film in (("there", frames), ("made", made))]
    there, again = (read_video(path)[0] for path in paths)
    assert len(made) == len(again) == 12 and np.array_equal(there, again)


def test_a_film_whose_making_fails_leaves_no_scraps_and_says_why(tmp_path: Path) -> None:
    def failing() -> Iterator[np.ndarray]:
        yield np.zeros((16, 16, 3), np.uint8)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_video(tmp_path / "film.mp4", Frames((2, 16, 16, 3), failing()), 10.0)
    assert [entry.name for entry in tmp_path.iterdir()] == []


def test_a_film_written_in_a_hurry_looks_the_same(tmp_path: Path) -> None:
    frames = media.smooth_frames(20, 96, 128)
    read = [read_video(write_video(tmp_path / f"{hurried}.mp4", frames, 10.0, hurried=hurried))[0].astype(int)
            for hurried in (False, True)]  # fmt: skip
    errors = [np.abs(film - frames).mean() for film in read]
    assert errors[1] < 1.1 * errors[0] + 0.2


def test_an_mp4_is_what_every_browser_plays(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", media.smooth_frames(10, 48, 64), 25.0)
    said, content = header(path), path.read_bytes()
    assert "h264 (High)" in said and re.search(r"yuv420p\(tv, bt709, progressive\)", said) and "25 fps" in said
    assert content.index(b"moov") < content.index(b"mdat")
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize(("height", "width"), [(63, 47), (64, 47), (1, 1), (2, 301)])
def test_odd_sizes_are_written_with_one_row_or_column_more(tmp_path: Path, height: int, width: int) -> None:
    frames = np.full((5, height, width, 3), (200, 100, 50), np.uint8)
    again, _ = read_video(write_video(tmp_path / "odd.mp4", frames, 10.0))
    assert again.shape == (5, height + height % 2, width + width % 2, 3)
    assert close_to(again[0, -1, -1], (200, 100, 50), 4)


@pytest.mark.parametrize(("sound", "start", "kept"), [(3.0, 0.0, 1.0), (0.4, 0.0, 0.4), (3.0, 2.6, 0.4)])
def test_sound_is_kept_from_its_start_and_no_longer_than_the_film(
    tmp_path: Path, sound: float, start: float, kept: float
) -> None:
    driver = media.with_sound(tmp_path / "driver.mp4", 1.0, sound)
    path = write_video(
        tmp_path / "film.mp4", media.smooth_frames(25, 48, 64), 25.0, audio_from=driver, audio_start=start
    )
    info = probe_video(path)
    assert info.has_audio and info.seconds == pytest.approx(1.0, abs=0.05)
    assert len(read_video(path)[0]) == 25 and audio_seconds(path) == pytest.approx(kept, abs=0.08)


def test_sound_may_come_from_a_file_without_a_picture_and_none_is_no_failure(bad_files: dict, tmp_path: Path) -> None:
    frames = media.smooth_frames(10, 48, 64)
    for name, has_audio in (("song.m4a", True), ("song_with_cover.m4a", True), ("drawing.mp4", False)):
        path = write_video(tmp_path / "film.mp4", frames, 25.0, audio_from=bad_files[name][0])
        assert probe_video(path).has_audio is has_audio


def test_a_gif_loops_and_keeps_its_time(tmp_path: Path) -> None:
    frames = media.smooth_frames(15, 33, 41)
    path = write_gif(tmp_path / "film.gif", frames, 12.5)
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0 and getattr(picture, "n_frames", 1) == 15
    again, fps = read_video(path)
    assert fps == 12.5 and again.shape == frames.shape
    assert np.abs(again.astype(int) - frames).mean() < 8


@pytest.mark.parametrize(("write", "suffix"), [(write_video, ".mp4"), (write_gif, ".gif")])
def test_frames_can_be_written_larger_than_they_are(tmp_path: Path, write, suffix: str) -> None:  # type: ignore[no-untyped-def]
    frames = media.smooth_frames(15, 16, 24)
    again = read_video(write(tmp_path / f"large{suffix}", frames, 12.5, width=96))[0]
    assert again.shape == (15, 64, 96, 3)
    small = np.stack([cv2.resize(frame, (24, 16), interpolation=cv2.INTER_AREA) for frame in again])
    assert np.abs(small.astype(int) - frames).mean() < 8


def test_a_gif_of_a_fast_film_is_thinned_not_slowed(tmp_path: Path) -> None:
    path = write_gif(tmp_path / "fast.gif", media.smooth_frames(60, 16, 16), 60.0)
    with Image.open(path) as picture:
        shown = [frame.info["duration"] for frame in ImageSequence.Iterator(picture)]
    assert set(shown) == {80} and sum(shown) == pytest.approx(1000, abs=40)


@pytest.mark.parametrize("write", [write_video, write_gif])
@pytest.mark.parametrize(
    ("frames", "fps", "word"),
    [
        (np.zeros((2, 8, 8, 3), np.float32), 25.0, "uint8"),
        (np.zeros((8, 8, 3), np.uint8), 25.0, "uint8"),
        (np.zeros((2, 8, 8, 4), np.uint8), 25.0, "uint8"),
        ([[1, 2], [3, 4]], 25.0, "list"),
        (np.zeros((0, 8, 8, 3), np.uint8), 25.0, "no frames"),
        (np.zeros((2, 0, 8, 3), np.uint8), 25.0, "no frames"),
        (np.zeros((2, 8, 8, 3), np.uint8), 0.0, "rate"),
        (np.zeros((2, 8, 8, 3), np.uint8), float("nan"), "rate"),
    ],
)
def test_frames_that_are_none_are_refused(tmp_path: Path, write, frames, fps: float, word: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(VideoError, match=word):
        write(tmp_path / "film.mp4", frames, fps)
    assert [entry.name for entry in tmp_path.iterdir()] == []


def test_a_film_that_cannot_be_written_leaves_the_old_one_and_no_scraps(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", media.smooth_frames(5, 16, 16), 25.0)
    old = path.read_bytes()
    too_wide = np.zeros((2, 2, 40000, 3), np.uint8)  # more than H.264 allows
    with pytest.raises(VideoError, match=r"film\.mp4 cannot be written"):
        write_video(path, too_wide, 25.0)
    assert path.read_bytes() == old and [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]
    with pytest.raises(VideoError, match="folder"):
        write_video(tmp_path / "nowhere" / "film.mp4", too_wide, 25.0)


def test_frames_that_lie_scattered_in_memory_are_written_as_they_look(tmp_path: Path) -> None:
    frames = media.smooth_frames(10, 32, 64)
    turned = frames[::-1, :, ::-1]
    again, _ = read_video(write_video(tmp_path / "film.mp4", turned, 25.0))
    assert np.abs(again.astype(int) - turned).mean() < 3


# --- the module --------------------------------------------------------------------------------------------------


def test_importing_it_loads_no_torch_and_reading_prints_nothing(tmp_path: Path) -> None:
    path = media.drawn(tmp_path / "film.mp4", media.SMALL, *media.H264)
    code = f"""
import sys
from seqdisent_core.media import read_video, write_video
frames, fps = read_video({str(path)!r})
write_video({str(tmp_path / "again.mp4")!r}, frames, fps)
sys.exit("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
