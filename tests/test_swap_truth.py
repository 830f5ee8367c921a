"""Pairs of new persons with the truth of their swaps, and the measures against that truth on known cases."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from labelled import labelled_judge
from small import small_dbse
from test_facekit import SOURCE, needs_model

from seqdisent_core.cli import main
from seqdisent_core.data import EXPRESSIONS, load_clips
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.evaluation import TruePairs, swap_truth
from seqdisent_core.evaluation.judge import read_features
from seqdisent_core.evaluation.swap_truth import MEASURED, _against_truth, flow_errors
from seqdisent_core.facekit.acting import perform
from seqdisent_core.facekit.pairs import FIRST, Pairs, expressions_of, in_the_place_of, render_pairs
from seqdisent_core.reporting.rival_tables import truth_table

PLAN = Pairs("pairs", "0", persons=4, takes=7, frames=3, size=64, seed=0)


def textured(shifts: tuple[int, ...], size: int = 64) -> np.ndarray:
    """A clip of a blurred random picture that lies `shifts` pixels further right in each frame."""
    noise = np.random.default_rng(0).integers(0, 255, (size, size + 32, 3)).astype(np.uint8)
    wall = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    return np.stack([wall[:, 16 - shift : 16 - shift + size] for shift in shifts])


def marks(shifts: tuple[int, ...]) -> np.ndarray:
    """Five points of that picture in each frame, in sides."""
    points = np.array([[0.3, 0.4], [0.5, 0.5], [0.6, 0.3], [0.4, 0.7], [0.55, 0.6]])
    return np.stack([points + np.array([shift / 64, 0]) for shift in shifts])


def test_a_clip_that_is_the_truth_has_no_errors_and_one_that_stands_still_lacks_all_motion() -> None:
    true = textured((0, 2, 4))
    motion, apart = flow_errors(true, true, marks((0, 2, 4)))
    assert motion < 0.3 and apart < 0.1
    motion, apart = flow_errors(true[[0, 0, 0]], true, marks((0, 2, 4)))
    assert motion == pytest.approx(3, abs=0.3), "2 and 4 px are missing"
    assert apart == pytest.approx(2, abs=0.3), "0, 2 and 4 px"


def test_a_clip_that_lies_elsewhere_moves_as_the_truth_does_and_its_landmarks_are_off() -> None:
    motion, apart = flow_errors(textured((3, 5, 7)), textured((0, 2, 4)), marks((0, 2, 4)))
    assert motion < 0.6 and apart == pytest.approx(3, abs=0.4)


def test_the_truth_of_a_swap_is_the_drivers_movement_in_the_static_clips_light() -> None:
    driver, static = (perform(label, (0, who, 1, 2), ("jawOpen",)) for who, label in ((1, "anger"), (2, "surprise")))
    true = in_the_place_of(driver, static)
    assert true.weights is driver.weights and true.pose is driver.pose
    assert (true.light, true.gain, true.jitter) == (static.light, static.gain, static.jitter)


def test_both_of_a_pair_show_different_expressions_and_in_time_all_of_them() -> None:
    shown = [expressions_of(pair, take) for pair in range(5) for take in range(6)]
    assert all(first != second for first, second in shown)
    assert {one for both in shown for one in both} == set(range(len(EXPRESSIONS)))
    rows = list(PLAN.rows())
    assert len(rows) == 2 * 7 * 4 and {row[5] for row in rows} == {"test"}
    own, other, swapped, back = rows[4:8]
    assert own[2] == swapped[2] == f"person_{FIRST:03d}" and other[2] == back[2] == f"person_{FIRST + 1:03d}"
    assert (swapped[3], back[3]) == (other[3], own[3])


def test_the_truth_is_the_truth_and_the_driver_is_another_person() -> None:
    torch.manual_seed(0)
    clips, true, driver = torch.randint(256, (4, 3, 3, 64, 64)).byte(), torch.tensor([0, 1]), torch.tensor([2, 3])
    judge, places = labelled_judge(), np.full((4, 3, 5, 2), 0.5)
    pairs = TruePairs(clips, places, true, driver, true, judge, read_features(judge, clips))
    best, other = (_against_truth(pairs.shown(made), pairs) for made in (true, driver))
    assert set(best) == set(MEASURED) and best["ssim"]["mean"] == pytest.approx(1)
    assert best["identity"]["mean"] == 1 and other["identity"]["mean"] == 0
    assert best["psnr"]["mean"] > 100 > other["psnr"]["mean"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("vtkmodules", reason="drawing needs the extra render")
    out = tmp_path_factory.mktemp("truth") / "pairs"
    return render_pairs(out, SOURCE, persons=2, takes=1, frames=3, workers=1)


@needs_model
def test_pairs_are_drawn_with_their_truth_and_landmarks(pairs: Path) -> None:
    clips, places = load_clips(pairs), np.load(pairs / "pair_000.landmarks.npy")
    assert clips.frames.shape == (4, 3, 64, 64, 3) and places.shape == (4, 3, 68, 2)
    assert places.min() > -0.1 and places.max() < 1.1
    assert (places[:, :, 8, 1] > places[:, :, 27, 1]).all(), "the chin is below the nose"
    own, other, swapped, _ = clips.frames[:].astype(float)
    assert np.abs(swapped[0] - own[0]).mean() < 0.3 * np.abs(swapped[0] - other[0]).mean(), (
        "own person, place and light"
    )


@needs_model
def test_the_command_measures_models_beside_floors_and_seeds_of_a_method_share_a_row(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = []
    for seed in range(2):
        torch.manual_seed(seed)
        models.append(tmp_path / f"model{seed}")
        small_dbse().eval().save_pretrained(models[-1])
        (models[-1] / "training.json").write_text("{}")
    labelled_judge().save(tmp_path / "judge", "")
    out = tmp_path / "results" / "truth.json"
    given = ["--data", str(pairs), "--judge", str(tmp_path / "judge"), "--out", str(out)]
    assert main(["evaluate-pairs", *map(str, models), *given, "--device", "cpu"]) == 0
    found = json.loads(out.read_text())
    assert found["swaps"] == 2 and len({run["checkpoint_sha256"] for run in found["truth_of_swaps"]}) == 2
    made = [run[of]["psnr"]["mean"] for run in found["truth_of_swaps"] for of in ("swap", "rebuilt")]
    still, driver = (found["floors"][name]["psnr"]["mean"] for name in ("still", "driver"))
    assert still > driver and min(*made, driver) > 5
    assert "still: psnr" in capsys.readouterr().out
    head, _, *rows = truth_table(out.parent).splitlines()
    assert "2 swaps of new persons (`truth`)" in head
    assert [row.split()[1] for row in rows] == ["dbse", "no", "no"]
    assert f"{np.mean(made[::2]):.2f} ± {np.std(made[::2], ddof=1):.2f}" in rows[0] and rows[0].endswith("| 2 |")
    assert f"| {still:.2f} |" in rows[1]


@needs_model
def test_a_method_that_reads_another_size_than_the_judge_is_refused(pairs: Path) -> None:
    read = TruePairs.read(pairs, labelled_judge())
    with pytest.raises(ConfigError, match="128 pixels a side, the judge of 64"):
        swap_truth(small_dbse(frame_size=128).eval(), read)


def test_a_set_without_landmarks_is_refused(tmp_path: Path) -> None:
    from test_contract import write_set

    write_set(tmp_path / "set")
    with pytest.raises(DataError, match="holds no pairs"):
        TruePairs.read(tmp_path / "set", labelled_judge())
