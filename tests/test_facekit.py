"""The renderer of labelled face clips: the model's two sources, who and what by seed, sets that resume."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from seqdisent_core.assets import asset
from seqdisent_core.data import EXPRESSIONS, load_clips
from seqdisent_core.errors import DataError
from seqdisent_core.facekit.acting import RECIPES, Performance, perform
from seqdisent_core.facekit.model import LANDMARKS68, read_face_model, source_hash
from seqdisent_core.facekit.people import sample_person
from seqdisent_core.facekit.surface import Surface, occluded, vertex_normals
from seqdisent_core.media.video import read_video, write_video

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "facekit" / "ict_facekit.npz"
SOURCE = Path(os.environ.get("SEQDISENT_FACEKIT", _BESIDE))
needs_model = pytest.mark.skipif(
    not SOURCE.exists(), reason="the FaceKit model is not here; name its npz or folder in SEQDISENT_FACEKIT"
)
SETTINGS = {"persons": 2, "takes": 3, "frames": 2, "size": 24, "seed": 5}


@pytest.fixture(scope="module")
def surface() -> Surface:
    return Surface(read_face_model(SOURCE))


def renderer_of(surface: Surface, size: int) -> Iterator:
    """A renderer of pictures of this size, for as long as a fixture needs it."""
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    from seqdisent_core.facekit.renderer import Renderer

    renderer = Renderer(surface, size)
    yield renderer
    renderer.close()


@pytest.fixture(scope="module")
def renderer(surface: Surface) -> Iterator:
    yield from renderer_of(surface, 64)


Pictured = Callable[[int, Performance], np.ndarray]


@pytest.fixture(scope="module")
def pictured(surface: Surface, renderer) -> Pictured:
    """Draws a performance by a person; painting one takes longest, and is left out where the last one goes on."""
    last: int | None = None

    def draw(person: int, acted: Performance) -> np.ndarray:
        nonlocal last
        if person != last:
            renderer.set_person(sample_person(surface, person))
            last = person
        return renderer.render(acted)

    return draw


@pytest.fixture(scope="module")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    from seqdisent_core.facekit.sets import render_facekit52

    return render_facekit52(tmp_path_factory.mktemp("sets") / "two", SOURCE, workers=2, **SETTINGS)


def act(surface: Surface, expression: str, take: int, frames: int = 9) -> Performance:
    return perform(expression, (0, 1, EXPRESSIONS.index(expression), take), surface.expression_names, frames)


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(first.astype(float) - second.astype(float)).mean())


# ---- the model -------------------------------------------------------------------------------------------------


def small_model() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    neutral = rng.normal(0, 5, (12, 3)).astype(np.float32).round(3)
    return {
        "neutral": neutral,
        "identity": rng.normal(0, 1, (3, 12, 3)).round(2).astype(np.float16),
        "expression": rng.normal(0, 1, (2, 12, 3)).round(2).astype(np.float16),
        "expression_names": np.array(["browDown_L", "jawOpen"]),
        "triangles": np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7], [8, 9, 10]], np.int32),
        "triangle_uv": np.array([[0, 1, 2], [0, 2, 3], [3, 2, 1], [3, 1, 0], [1, 2, 3]], np.int32),
        "uv": np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32),
        "triangle_material": np.array([1, 1, 0, 0, 1], np.int8),
        "materials": np.array(["M_BackHead", "M_Face"]),
        "landmarks68": np.array(LANDMARKS68, np.int32),
    }


def write_objs(folder: Path, model: dict[str, np.ndarray]) -> None:
    """The same model as the public repository lays it out: quads, full positions in every file."""

    def vertices(points: np.ndarray) -> str:
        return "".join(f"v {x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in points.astype(np.float64))

    faces = "".join(f"vt {u} {v}\n" for u, v in model["uv"])
    faces += "usemtl M_Face\nf 1/1/1 2/2/1 3/3/1 4/4/1\nusemtl M_BackHead\nf 5/4 6/3 7/2 8/1\n"
    faces += "usemtl M_Face\nf 9/2 10/3 11/4\n"
    (folder / "generic_neutral_mesh.obj").write_text("# mean head\n" + vertices(model["neutral"]) + faces)
    for row, offset in enumerate(model["identity"]):
        (folder / f"identity{row:03d}.obj").write_text(vertices(model["neutral"] + offset))
    for name, offset in zip(model["expression_names"], model["expression"], strict=True):
        (folder / f"{name}.obj").write_text(vertices(model["neutral"] + offset))


def test_the_folder_of_obj_files_gives_the_same_model_as_the_npz(tmp_path: Path) -> None:
    wanted = small_model()
    np.savez(tmp_path / "model.npz", **wanted)  # type: ignore[arg-type]
    folder = tmp_path / "FaceXModel"
    folder.mkdir()
    write_objs(folder, wanted)
    packed, public = read_face_model(tmp_path / "model.npz"), read_face_model(folder)
    for name in ("neutral", "triangles", "triangle_uv", "uv", "triangle_material", "landmarks"):
        assert np.array_equal(getattr(packed, name), getattr(public, name)), name
    for name in ("identity", "expression"):
        assert np.abs(getattr(packed, name).astype(float) - getattr(public, name).astype(float)).max() < 2e-3
    assert packed.expression_names == public.expression_names and packed.materials == public.materials


def test_a_source_that_is_no_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no face model at"):
        read_face_model(tmp_path / "nothing.npz")
    (tmp_path / "text.npz").write_text("not a zip file")
    with pytest.raises(DataError, match=r"text\.npz is not a FaceKit model"):
        read_face_model(tmp_path / "text.npz")
    np.save(tmp_path / "lone.npy", np.zeros(3))
    with pytest.raises(DataError, match=r"lone\.npy is not a FaceKit model"):
        read_face_model(tmp_path / "lone.npy")
    with pytest.raises(DataError, match=r"generic_neutral_mesh\.obj"):
        read_face_model(tmp_path)
    write_objs(tmp_path, small_model())
    (tmp_path / "identity001.obj").write_text("v 1 2 3\n")
    with pytest.raises(DataError, match=r"identity001\.obj has 1 vertices"):
        read_face_model(tmp_path)


def test_the_source_hash_changes_with_the_source(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"one")
    before = source_hash(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"two")
    assert source_hash(tmp_path / "a.npz") != before
    write_objs(tmp_path, small_model())
    before, shape = source_hash(tmp_path), tmp_path / "jawOpen.obj"
    shape.write_text(shape.read_text().replace("1", "2"))  # as long as it was
    assert source_hash(tmp_path) != before


# ---- geometry --------------------------------------------------------------------------------------------------


def test_normals_of_a_square_in_the_picture_plane_point_at_the_camera() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    assert np.allclose(vertex_normals(square, np.array([[0, 1, 2], [0, 2, 3]])), [0, 0, 1])


def test_a_point_behind_another_is_occluded_from_the_light_and_the_front_one_is_not() -> None:
    points = np.array([[0, 0, 0], [0, 0, 5], [3, 0, 0]], np.float32)
    assert occluded(points, np.array([0.0, 0.0, 1.0]), points).tolist() == [True, False, False]


# ---- who and what ----------------------------------------------------------------------------------------------


@needs_model
def test_a_person_is_fixed_by_seed_and_number(surface: Surface) -> None:
    first, again, other, reseeded = (
        sample_person(surface, 3, 0),
        sample_person(surface, 3, 0),
        sample_person(surface, 4, 0),
        sample_person(surface, 3, 1),
    )
    assert (
        np.array_equal(first.shape, again.shape) and first.skin == again.skin and first.paint_seed == again.paint_seed
    )
    assert not np.array_equal(first.shape, other.shape) and not np.array_equal(first.shape, reseeded.shape)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_take_is_neutral_then_apex_then_nearly_neutral(expression: str) -> None:
    names = tuple(f"{shape}{side}" for shape in RECIPES[expression] for side in ("_L", "_R"))
    for take in range(20):
        acted = perform(expression, (0, 0, 0, take), names, 15)
        level = np.array([acted.weights[:, :4].sum(1)]).ravel()  # the first two shapes: no blink among them
        assert level[0] == 0
        assert 3 <= level.argmax() <= 11
        assert level[-1] < 0.35 * level.max()


def test_takes_of_one_expression_differ_and_the_same_take_repeats() -> None:
    names = ("jawOpen", "browDown_L", "browDown_R")
    first, again, other = (perform("surprise", (0, 0, 5, take), names) for take in (0, 0, 1))
    assert np.array_equal(first.weights, again.weights) and np.array_equal(first.pose, again.pose)
    assert not np.array_equal(first.weights, other.weights) and not np.array_equal(first.light.key, other.light.key)


def test_fear_draws_the_brows_together_and_the_lips_apart_where_surprise_does_not() -> None:
    assert RECIPES["fear"]["browDown"] > 0.3 and "browDown" not in RECIPES["surprise"]
    assert RECIPES["fear"]["mouthStretch"] > 0.8 and "mouthStretch" not in RECIPES["surprise"]
    assert RECIPES["surprise"]["jawOpen"] > 3 * RECIPES["fear"]["jawOpen"]


# ---- pictures --------------------------------------------------------------------------------------------------


@needs_model
def test_the_same_take_gives_the_same_bytes(surface: Surface, pictured: Pictured) -> None:
    acted = act(surface, "happiness", 0, 3)
    first, _ = pictured(0, acted), pictured(1, act(surface, "happiness", 0, 1))
    assert np.array_equal(first, pictured(0, acted))
    assert first.shape == (3, 64, 64, 3) and first.dtype == np.uint8


@needs_model
def test_persons_differ_more_than_takes_of_one_person(surface: Surface, pictured: Pictured) -> None:
    clips = {}
    for person in range(3):
        for take in range(2):
            clips[person, take] = pictured(person, act(surface, "sadness", take, 2))[0]
    within = [apart(clips[p, 0], clips[p, 1]) for p in range(3)]
    between = [apart(clips[p, 0], clips[q, 0]) for p in range(3) for q in range(p)]
    assert max(within) < min(between)


@needs_model
def test_the_apex_differs_from_neutral_and_the_end_is_near_it(surface: Surface, pictured: Pictured) -> None:
    for expression in EXPRESSIONS:
        acted = act(surface, expression, 0)
        three = [0, int(acted.weights.sum(1).argmax()), -1]
        neutral, apex, end = pictured(2, replace(acted, weights=acted.weights[three], pose=acted.pose[three]))
        assert apart(neutral, apex) > 4, expression
        assert apart(neutral, apex) > 1.2 * apart(neutral, end), expression


@needs_model
def test_the_face_fills_the_picture_in_its_own_colours(surface: Surface, pictured: Pictured) -> None:
    frame = pictured(4, act(surface, "anger", 0, 2))[0].astype(float)
    cheeks = frame[30:42, 14:22].mean((0, 1))
    assert cheeks[0] > cheeks[1] > cheeks[2]  # skin: more red than green than blue
    assert np.abs(cheeks / 255 - np.array(sample_person(surface, 4).skin)).max() < 0.3
    assert frame[:, 20:44].std() > 10


@needs_model
def test_one_performance_can_be_drawn_on_two_persons(surface: Surface, pictured: Pictured) -> None:
    from seqdisent_core.facekit.sets import draw_clip

    def drawn(person: int, actor: int) -> np.ndarray:
        return pictured(person, perform("surprise", (0, actor, 5, 1), surface.expression_names, 3))

    lent = draw_clip(SOURCE, 0, "surprise", 1, frames=3, size=64, acted_by=5)
    assert np.array_equal(lent, drawn(0, 5))
    assert apart(drawn(0, 0)[0], lent[0]) < apart(drawn(5, 5)[0], lent[0])
    with pytest.raises(DataError, match="no expression joy"):
        draw_clip(SOURCE, 0, "joy", 0)


# ---- sets ------------------------------------------------------------------------------------------------------


@needs_model
def test_a_set_loads_with_every_person_in_every_split(small_set: Path) -> None:
    clips = load_clips(small_set, frames=2, size=24)
    assert clips.frames.shape == (36, 2, 24, 24, 3) and clips.name == "facekit52"
    for split in ("train", "validation", "test"):
        assert sorted(set(clips.part(split).static["person"].values)) == [0, 1]


@needs_model
def test_a_set_taken_up_again_has_the_same_bytes_whatever_the_workers(small_set: Path) -> None:
    from seqdisent_core.facekit.sets import render_facekit52

    shard = small_set / "person_001.npy"
    before, untouched = shard.read_bytes(), (small_set / "person_000.npy").stat().st_mtime_ns
    told: list[tuple[int, int]] = []

    def stop(*now: int) -> None:
        told.append(now)
        raise InterruptedError

    for left in (None, b"", before[:-1]):  # each would be drawn again, and the last is
        shard.unlink() if left is None else shard.write_bytes(left)
        with pytest.raises(InterruptedError):
            render_facekit52(small_set, SOURCE, progress=stop, **SETTINGS)
    assert told == [(18, 36)] * 3
    render_facekit52(small_set, SOURCE, workers=1, progress=lambda *now: told.append(now), **SETTINGS)
    assert told[3:] == [(18, 36), (36, 36)] and shard.read_bytes() == before
    assert (small_set / "person_000.npy").stat().st_mtime_ns == untouched


@needs_model
def test_a_stopped_rendering_says_so_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    command = [sys.executable, "-m", "seqdisent_core.cli", "render", "facekit52", tmp_path, "--source", SOURCE]
    small = ["--takes", "3", "--frames", "1", "--size", "16", "--workers", "1"]
    with subprocess.Popen(
        [*command, *small],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what runs these tests may ignore it
    ) as rendering:
        while rendering.poll() is None and not list(tmp_path.glob("*.npy")):
            time.sleep(0.1)
        os.killpg(rendering.pid, signal.SIGINT)  # as a terminal does
        _, said = rendering.communicate(timeout=60)
    assert rendering.returncode == 130
    assert said.rstrip().endswith("seqdisent: stopped") and "Traceback" not in said


@needs_model
def test_a_killed_rendering_leaves_no_process_that_draws_on(tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    command = [sys.executable, "-m", "seqdisent_core.cli", "render", "facekit52", tmp_path, "--source", SOURCE]
    with subprocess.Popen([*command, "--takes", "3", "--frames", "1", "--size", "16", "--workers", "1"]) as rendering:
        while rendering.poll() is None and not list(tmp_path.glob("*.npy")):
            time.sleep(0.1)
        drawing = psutil.Process(rendering.pid).children(recursive=True)
        rendering.kill()
    assert drawing
    _, alive = psutil.wait_procs(drawing, timeout=30)
    assert not alive


@needs_model
def test_other_settings_in_the_same_folder_are_refused(small_set: Path) -> None:
    from seqdisent_core.facekit.sets import render_facekit52

    with pytest.raises(DataError, match="another seed"):
        render_facekit52(small_set, SOURCE, **{**SETTINGS, "seed": 6})
    with pytest.raises(DataError, match="at least 1 person, 3 takes"):
        render_facekit52(small_set, SOURCE, **{**SETTINGS, "takes": 2})


def test_a_source_that_is_no_model_leaves_the_folder_to_the_right_one(tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    from seqdisent_core.facekit.sets import render_facekit52

    (tmp_path / "text.npz").write_text("not a zip file")
    with pytest.raises(DataError, match="not a FaceKit model"):
        render_facekit52(tmp_path / "set", tmp_path / "text.npz", **SETTINGS)
    assert not (tmp_path / "set").exists()


@needs_model
def test_clips_without_their_set_json_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    from seqdisent_core.facekit.sets import render_facekit52

    np.save(tmp_path / "person_000.npy", np.zeros(3))
    with pytest.raises(DataError, match=r"no set\.json"):
        render_facekit52(tmp_path, SOURCE, **SETTINGS)
    (tmp_path / "set.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read"):
        render_facekit52(tmp_path, SOURCE, **SETTINGS)
    (tmp_path / "set.json").write_text(json.dumps({"seed": 5}))
    with pytest.raises(DataError, match="another name, source"):
        render_facekit52(tmp_path, SOURCE, **SETTINGS)


def test_a_folder_of_videos_and_a_csv_load_as_the_same_clips(tmp_path: Path) -> None:
    place, lines = tmp_path / "videos" / "anna" / "happiness", ["file,person,expression"]
    place.mkdir(parents=True)
    drawn = read_video(asset("examples") / "person_000_happiness.mp4")[0][::2]
    for take, clip in enumerate((drawn, drawn[::-1], drawn[:, :, ::-1])):  # on its way, back, and mirrored
        write_video(place / f"{take}.mp4", clip, 12)
        lines.append(f"videos/anna/happiness/{take}.mp4,anna,happiness")
    (tmp_path / "list.csv").write_text("\n".join(lines))
    folder = load_clips(tmp_path / "videos", frames=8, size=32)
    table = load_clips(tmp_path / "list.csv", frames=8, size=32)
    assert folder.frames.shape == (3, 8, 32, 32, 3)
    assert folder.split.tolist() == ["train", "validation", "test"]
    assert folder.dynamic["expression"].values.tolist() == [EXPRESSIONS.index("happiness")] * 3
    assert folder.sha256() == table.sha256()
