"""Models go to the Hugging Face Hub and come back, by its own client against a small Hub on this machine."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hub import small_hub
from huggingface_hub import DatasetCard
from small import IMAGES, SMALL, small_dbse

from pages import model
from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import SHIPPED
from seqdisent_core.cli import main
from seqdisent_core.data import load_clips
from seqdisent_core.data.hub import write_video_set
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.media.video import read_video
from seqdisent_core.methods import DBSE, Method
from seqdisent_core.reporting.cards import with_measured, write_measured
from seqdisent_core.weights import sha256_of

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"
MEASURED = (("facekit52", "facekit52_dbse"), ("sprites", "sprites_dbse"), ("wild", "filmed"))


def same(first: Method, second: Method) -> bool:
    weights, others = first.state_dict(), second.state_dict()
    return weights.keys() == others.keys() and all(torch.equal(value, others[name]) for name, value in weights.items())


def test_a_model_comes_back_to_the_bit_with_its_card_by_either_name(tmp_path: Path) -> None:
    model = small_dbse()
    model.card = "---\nlicense: mit\n---\n# Mine\n"
    model.save_pretrained(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert json.loads((tmp_path / "config.json").read_text()) == {
        "method": {"name": "dbse", **SMALL.to_dict()},
        "backbone": {"name": "images", **IMAGES.to_dict()},
    }
    assert "# Mine" in (tmp_path / "README.md").read_text()
    for kind in (DBSE, Method):
        again = kind.from_pretrained(tmp_path)
        assert type(again) is DBSE and not again.training and again.config == SMALL and same(model, again)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_saved_again_is_the_same_file_with_all_that_goes_along(name: str, tmp_path: Path) -> None:
    Method.from_pretrained(name).save_pretrained(tmp_path)
    shipped = asset(f"checkpoints/{name}")
    assert sha256_of(tmp_path) == sha256_of(shipped)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in shipped.iterdir()}
    assert (tmp_path / "README.md").read_text() == (shipped / "README.md").read_text()


def test_changed_weights_leave_behind_what_was_said_and_fitted_of_the_first(tmp_path: Path) -> None:
    model = Method.from_pretrained("facekit52")
    with torch.no_grad():
        next(model.parameters()).add_(1.0)
    model.save_pretrained(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    card = (tmp_path / "README.md").read_text()
    assert "license: mit" in card and "not recorded" in card and "facekit52" not in card


def test_a_refused_save_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    Method.from_pretrained("facekit52").save_pretrained(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    changed = Method.from_pretrained(tmp_path)
    changed.save_pretrained(tmp_path)  # the very same weights
    with torch.no_grad():
        next(changed.parameters()).add_(1.0)
    with pytest.raises(ConfigError, match="holds other weights"):
        changed.save_pretrained(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_path_that_is_a_checkpoint_here_and_a_shipped_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wild").mkdir()
    shipped = Method.from_pretrained(Path("wild")).config  # of anything but a checkpoint nothing is said
    small_dbse().save_pretrained("wild")
    with pytest.raises(ConfigError, match="by its full path, or rename it"):
        Method.from_pretrained(Path("wild"))
    for folder in ("./wild", tmp_path / "wild"):
        assert Method.from_pretrained(folder).config == SMALL != shipped


def test_a_folder_of_another_method_is_refused_with_a_sentence(tmp_path: Path) -> None:
    small_dbse().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "method": "other"}))
    with pytest.raises(ConfigError, match=r"cannot be loaded\. The method is 'other'; known are: cdsvae, dbse"):
        Method.from_pretrained(tmp_path)


def test_a_model_goes_to_the_hub_and_comes_back(tmp_path: Path) -> None:
    """In a process of its own: the Hub's client reads the address of the Hub when it is imported."""
    small_dbse().save_pretrained(tmp_path / "model")
    code = """
import sys, torch
from seqdisent_core.methods import Method
model = Method.from_pretrained(sys.argv[1])
print(model.push_to_hub("someone/small", token="hf_none"))
again = Method.from_pretrained("someone/small", cache_dir=sys.argv[2])
weights = again.state_dict()
print(type(again).__name__, all(torch.equal(value, weights[name]) for name, value in model.state_dict().items()))
try:
    Method.from_pretrained("someone/else")
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""
    with small_hub() as (address, holds):
        told = {**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
        command = [sys.executable, "-c", code, str(tmp_path / "model"), str(tmp_path / "cache")]
        done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    pushed, came_back, refused = done.stdout.splitlines()
    assert pushed.startswith(f"{address}/someone/small/commit/")
    assert came_back == "DBSE True"
    assert refused.startswith("ConfigError: someone/else is neither a folder here nor a model on the Hugging Face Hub")
    assert set(holds["someone/small"]) >= {"README.md", "config.json", "model.safetensors"}
    assert holds["someone/small"]["model.safetensors"] == (tmp_path / "model" / "model.safetensors").read_bytes()


@pytest.mark.parametrize(("name", "result"), MEASURED)
def test_the_cards_say_what_the_result_files_say(name: str, result: str) -> None:
    folder = asset(f"checkpoints/{name}")
    card = (folder / "README.md").read_text(encoding="utf-8")
    fresh = with_measured(card, [RESULTS / f"{result}.json"], sha256_of(folder))
    assert fresh == card, f"stale: run `seqdisent card demo_assets/checkpoints/{name} results/{result}.json`"


def test_a_card_takes_only_what_was_measured_of_its_weights(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no model card"):
        write_measured(tmp_path, [RESULTS / "filmed.json"])
    Method.from_pretrained("facekit52").save_pretrained(tmp_path)
    before = (tmp_path / "README.md").read_text()
    for wrong, sentence in (("filmed", "measured another checkpoint"), ("benchmark_page", "is not of")):
        with pytest.raises(DataError, match=sentence):
            write_measured(tmp_path, [RESULTS / f"{wrong}.json"])
    assert (tmp_path / "README.md").read_text() == before


def test_a_space_that_lends_gpus_is_told_what_needs_one_before_it_serves(tmp_path: Path) -> None:
    """With a stand-in for the package `spaces`, which only such Spaces have; what it does there is not tested here."""
    (tmp_path / "spaces.py").write_text(
        "declared = []\n"
        "def GPU(work, duration):\n"
        "    declared.append((work.__name__, duration([], 20)))\n"
        "    return work\n"
    )
    code = "import app, spaces, sys; print(spaces.declared, 'torch' in sys.modules)"
    told = {**os.environ, "SPACES_ZERO_GPU": "true", "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    done = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=False)
    assert "[('_states', 50)] False" in done.stdout, done.stderr


def test_elsewhere_the_app_does_without_the_package_of_such_spaces() -> None:
    import app  # noqa: F401

    assert not model.ZERO_GPU and "spaces" not in sys.modules


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    """A set as `seqdisent render` leaves it: two persons, two expressions, three takes, of one brightness each."""
    folder = tmp_path / "set"
    folder.mkdir()
    rows = [
        (f"{person}.npy", 3 * number + take, person, expression, take, split)
        for person in ("ann", "ben")
        for number, expression in enumerate(("anger", "fear"))
        for take, split in enumerate(("train", "validation", "test"))
    ]
    for person, brightness in (("ann", 60), ("ben", 180)):
        clips = (
            np.full((6, 4, 32, 32, 3), brightness, np.uint8) + np.arange(6, dtype=np.uint8)[:, None, None, None, None]
        )
        np.save(folder / f"{person}.npy", clips)
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "index", "person", "expression", "take", "split"), *rows])
    plan = {"name": "small", "source": "0" * 64, "persons": 2, "takes": 3, "frames": 4, "size": 32, "seed": 5}
    (folder / "set.json").write_text(json.dumps({**plan, "renderer": 1}))
    return folder


def test_a_set_is_written_as_the_hub_wants_it(small_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "hub"
    assert main(["export", str(small_set), str(out)]) == 0
    clips = load_clips(small_set, size=32)
    for split in ("train", "validation", "test"):
        part = clips.part(split)
        rows = [json.loads(line) for line in (out / split / "metadata.jsonl").read_text().splitlines()]
        assert len(rows) == len(part) and len(list((out / split).glob("*.mp4"))) == len(part)
        for place, (row, frames) in enumerate(zip(rows, part.frames, strict=True)):
            named = {name: label.names[label.values[place]] for name, label in part.labels.items()}
            assert row == {"file_name": row["file_name"], **named}
            film, fps = read_video(out / split / row["file_name"])
            assert film.shape == frames.shape and fps == 15
            assert np.abs(film.astype(int) - frames).max() <= 3
    card = DatasetCard.load(out / "README.md")
    assert card.data.license == "mit" and card.data.size_categories == ["n<1K"]
    assert card.data.task_categories == ["video-classification"]
    for words in ("12 clips of 2 persons", "seed 5", "| train | 4 | 2 | 2 |", "What it is not for", clips.sha256()):
        assert words in card.text


def test_a_set_with_attributes_has_a_column_for_each_and_needs_a_licence(small_set: Path, tmp_path: Path) -> None:
    labels = (small_set / "labels.csv").read_text().splitlines()
    dressed = [f"{labels[0]},hat", *(f"{line},{'001' if 'ann' in line else '002'}" for line in labels[1:])]
    (small_set / "labels.csv").write_text("\n".join(dressed))
    (small_set / "set.json").write_text(json.dumps({"name": "dressed", "attributes": ["hat"]}))
    assert main(["export", str(small_set), str(tmp_path / "hub"), "--licence", "cc-by-sa-3.0", "--size", "32"]) == 0
    first = (tmp_path / "hub" / "train" / "metadata.jsonl").read_text().splitlines()[0]
    assert first == '{"file_name": "000000.mp4", "identity": "ann", "hat": "001", "action": "anger"}'
    card = DatasetCard.load(tmp_path / "hub" / "README.md")
    assert card.data.license == "cc-by-sa-3.0" and "ICT FaceKit" not in card.text


def test_an_export_that_was_stopped_is_no_set(small_set: Path, tmp_path: Path) -> None:
    def stop(done: int, _: int) -> None:
        if done == 11:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video_set(
            load_clips(small_set, size=32), tmp_path, about=None, licence="mit", command="", fps=15, progress=stop
        )
    assert (tmp_path / "test" / "000002.mp4").exists()
    assert not [*tmp_path.glob("*/metadata.*"), *tmp_path.glob("README.md")]


@pytest.mark.parametrize(
    ("plan", "arguments", "sentence"),
    [
        ([], [], "cannot be read"),
        ({"name": "mine"}, [], "Name it with --licence"),
        ({"name": "mine"}, ["--licence", "ask me"], "no licence as the Hub writes them"),
        ({"name": "mine"}, ["--licence", "mit", "--json"], "not empty"),
    ],
)
def test_what_cannot_be_passed_on_is_refused_before_the_work(
    small_set: Path, plan: object, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (small_set / "set.json").write_text(json.dumps(plan))
    assert main(["export", str(small_set), str(small_set), *arguments]) == 1
    told = capsys.readouterr()
    assert sentence in told.err and told.out == ""
