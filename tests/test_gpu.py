"""What runs on an NVIDIA GPU, where there is one: the same answers as on the CPU, and the work really done there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from conftest import FIRST, SECOND
from small import QUICK, small_dbse
from test_training import squares

from seqdisent_core.assets import asset
from seqdisent_core.data.clips import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.evaluation.judge import accuracies, read_clips, train_judge
from seqdisent_core.faces.reading import FaceClip
from seqdisent_core.studio import Studio
from seqdisent_core.training.batches import Steps
from seqdisent_core.training.loop import Trainer


@pytest.fixture
def trains_anew() -> Iterator[None]:
    """Accelerate has one device a process: what other tests chose is forgotten before, and this choice after."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here"),
]


@pytest.fixture(scope="module")
def clips() -> Clips:
    return squares()


@pytest.fixture(scope="module")
def two(cpu: Studio) -> tuple[FaceClip, FaceClip]:
    first, second = (cpu.read_face(asset("examples") / name) for name in (FIRST, SECOND))
    return first, second


@pytest.fixture(scope="module")
def cpu() -> Studio:
    return Studio.from_pretrained("wild", device="cpu")


@pytest.fixture(scope="module")
def gpu() -> Studio:
    return Studio.from_pretrained("wild")


def test_the_callers_model_stays_where_it_is(cpu: Studio) -> None:
    assert Studio(cpu.method, "cuda").device == "cuda:0" and cpu.device == "cpu"


def test_the_gpu_is_chosen_where_there_is_one_and_swaps_as_the_cpu_does(
    cpu: Studio, gpu: Studio, two: tuple[FaceClip, FaceClip]
) -> None:
    assert gpu.device.startswith("cuda") and cpu.device == "cpu"
    ours, theirs = gpu.swap(*two), cpu.swap(*two)
    for mine, known in ((ours.first, theirs.first), (ours.second, theirs.second)):
        off = np.abs(mine.astype(int) - known)
        assert off.mean() < 1 and np.percentile(off, 99.9) < 12, "levels of 255: bf16 and TF32 round"


def test_what_is_drawn_by_a_seed_is_the_same_person_on_both() -> None:
    ours, theirs = (
        Studio.from_pretrained("facekit52", device=device).sample(count=1, frames=8, seed=3)[0]
        for device in ("cuda", "cpu")
    )
    assert np.abs(ours.frames.astype(int) - theirs.frames).mean() < 2


def test_a_batch_made_on_the_gpu_is_the_one_made_on_the_cpu(clips: Clips) -> None:
    steps = Steps(clips, replace(QUICK, colour_gain=0.2, mirror=True))
    for step in (0, 5):
        there, here = (steps[step].batch(torch.device(device)).x for device in ("cuda", "cpu"))
        assert there.device.type == "cuda"
        torch.testing.assert_close(there.cpu(), here)


@pytest.mark.usefixtures("trains_anew")
def test_training_reads_beside_the_gpu_and_learns_as_the_cpu_does(clips: Clips, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = replace(QUICK, steps=40, sparse_share=0.0)
    trainer = Trainer(small_dbse(), config, clips.part("train"), tmp_path / "run")
    assert trainer.readers and trainer.model.device.type == "cuda"
    losses = [float(trainer.advance()["total"].detach()) for _ in range(config.steps)]
    assert np.isfinite(losses).all() and np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    trainer._save()
    again = Trainer(small_dbse(), config, clips.part("train"), tmp_path / "run")
    again._resume()
    for name, value in trainer.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), f"{name} goes on as it was"


def test_a_judge_trained_on_the_gpu_reads_its_set(clips: Clips) -> None:
    judge = train_judge(clips, steps=60, width=8)
    assert next(judge.parameters()).device.type == "cuda"
    held = clips.part("validation")
    assert accuracies(read_clips(judge, as_training_tensor(held)), held)["person"] == 1


def test_people_are_tuned_to_on_the_gpu_in_seconds(gpu: Studio, two: tuple[FaceClip, FaceClip]) -> None:
    states = [(pair.tuned.steps, pair.tuned.error, pair.tuned.seconds) for pair in gpu.personalise(*two, every=0.2)]
    assert len(states) >= 3 and states[-1][0] > 30, "of a card that other work shares"
    assert states[-1][1] < 0.8 * states[1][1] and states[-1][2] < 5


def test_what_was_tuned_there_is_kept_on_the_cpu_and_films_the_same(
    gpu: Studio, two: tuple[FaceClip, FaceClip]
) -> None:
    pair = list(gpu.personalise(*two, seconds=0.5))[-1]
    kept = pair.kept()
    assert kept.tuned.method.device.type == "cpu" and pair.tuned.method.device.type == "cuda"
    off = np.abs(kept.film(0, 1, detail=False).astype(int) - pair.film(0, 1, detail=False))
    assert off.mean() < 1
