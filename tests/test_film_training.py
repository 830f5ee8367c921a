"""Training with a renderer's truth: a made set in which a square slides over a wall, so that all motion is known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seqdisent_core.data import STATE_DIM, Clips, FilmTruth, Labels, load_clips, parallel_pairs
from seqdisent_core.domains.images import warp
from seqdisent_core.domains.images.truth import cell_truth
from seqdisent_core.errors import ConfigError
from seqdisent_core.facekit.records import record_dtype
from seqdisent_core.methods import DBSE, Method, Moment
from seqdisent_core.training import Recipe, Trainer, TrainingConfig
from seqdisent_core.training.batches import Steps
from tests.small import small_recipe

WIDE, FRAMES, PAIRS, SHAPES = 96, 8, 6, 57  # pixels of a picture, 1.5 times the crop
TRUTH = TrainingConfig(
    steps=4, batch=4, least_frames=4, pair_share=0.5, truth=True, optimizer="muon", learning_rate=5e-3
)


def square(place: float, brightness: float) -> np.ndarray:
    """A square with a grid on it, `place` pixels right of the middle, before a darker wall: (WIDE, WIDE, 3), [0, 1]."""
    y, x = np.mgrid[:WIDE, :WIDE] - (WIDE - 1) / 2
    inside = (np.abs(x - place) < 18) & (np.abs(y) < 18)
    grid = 0.2 * np.cos((x - place) * 0.7) * np.cos(y * 0.7)
    return np.where(inside, brightness + grid, 0.15)[..., None].repeat(3, 2)


@pytest.fixture(scope="module")
def film_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people of other brightness do the same slides."""
    folder = tmp_path_factory.mktemp("films")
    random, count = np.random.default_rng(0), 2 * PAIRS
    slides = np.repeat(np.cumsum(random.normal(0, 5, (PAIRS, FRAMES)), 1).clip(-14, 14), 2, axis=0)
    slides[:, 0] = 0
    anchors = np.repeat(np.stack([np.zeros(PAIRS, int), random.integers(FRAMES, size=PAIRS)], 1), 2, axis=0)
    frames = np.stack([[square(at, 0.45 + 0.3 * (n % 2)) for at in slide] for n, slide in enumerate(slides)])
    cells = (np.arange(64) + 0.5) / 64 * WIDE - WIDE / 2
    person = (np.abs(cells[None, None, None] - slides[..., None, None]) < 18) & (np.abs(cells)[:, None] < 18)
    own = np.take_along_axis(slides, anchors, 1)
    motion = np.zeros((count, 2, FRAMES, 64, 64, 2), np.float16)
    moved = (own[:, :, None] - slides[:, None]) / WIDE  # from each frame to its anchors
    motion[..., 0] = moved[..., None, None] * person[:, None]
    there = cells[None, None, None, None] + WIDE * motion[..., 0]
    covered = (np.abs(there - own[:, :, None, None, None]) < 18) & (np.abs(cells)[:, None] < 18)
    records = np.zeros((count, FRAMES), record_dtype(SHAPES))
    records["pose"][..., 0] = slides
    records["landmarks"] = (0.5 + slides / WIDE)[..., None, None]
    records["landmarks"][..., ::2, :] += 0.05
    parts = {
        "anchors": anchors.astype(np.uint8),
        "motion": motion,
        "visible": (255 * (covered == person[:, None])).astype(np.uint8),
        "foreground": (255 * person).astype(np.uint8),
        "records": records,
        "": (255 * frames).astype(np.uint8),
    }
    for part, values in parts.items():
        np.save(folder / (f"pairs_0000.{part}.npy" if part else "pairs_0000.npy"), values)
    plan = {"name": "slides", "frames": FRAMES, "size": WIDE, "reach": 1.5}
    (folder / "set.json").write_text(json.dumps(plan))
    split = ["train"] * (count - 4) + ["validation"] * 2 + ["test"] * 2
    rows = [f"pairs_0000.npy,{n},person_{n % 2},pair_{n // 2},0,{split[n]}" for n in range(count)]
    (folder / "labels.csv").write_text("\n".join(["file,index,person,expression,take,split", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module")
def clips(film_set: Path) -> Clips:
    return load_clips(film_set).part("train")


def recipe(training: TrainingConfig = TRUTH) -> Recipe:
    return small_recipe(training, width=8, motion=True, motion_weight=1.0, state_dim=STATE_DIM, weight_state=5.0)


def test_the_truth_of_slipped_crops_warps_the_anchor_frame_into_each_frame(clips: Clips) -> None:
    batch = Steps(clips, TRUTH, pairs=parallel_pairs(clips))[3].batch(torch.device("cpu"))
    known = {name: value.flatten(0, 1) for name, value in batch.truth.items()}
    x, anchor = batch.x.flatten(0, 1), batch.x[:, :1].expand_as(batch.x).flatten(0, 1)
    truth = cell_truth(known, 64, 1.0)
    sure = truth.visible * truth.foreground * truth.inside
    where = (sure > 0.99).float()
    away, still = (
        (((picture - x).square()) * where).sum() / where.sum() for picture in (warp(anchor, truth.motion), anchor)
    )
    assert away < 0.2 * still


def test_clips_of_a_pair_see_the_same_times_crops_and_anchor(clips: Clips) -> None:
    batch = Steps(clips, TRUTH, pairs=parallel_pairs(clips))[0].batch(torch.device("cpu"))
    assert torch.equal(batch.truth["crop"][0], batch.truth["crop"][1])
    assert torch.equal(batch.truth["motion"][0], batch.truth["motion"][1])
    assert not torch.equal(batch.x[0], batch.x[1])


def test_processes_share_the_batch_that_one_would_have(clips: Clips) -> None:
    pairs = parallel_pairs(clips)
    whole = Steps(clips, TRUTH, pairs=pairs)[2]
    shares = [Steps(clips, TRUTH, pairs=pairs, process=at, processes=2)[2] for at in range(2)]
    assert whole.truth is not None
    for own, share in zip((slice(0, 2), slice(2, 4)), shares, strict=True):
        assert torch.equal(share.frames, whole.frames[own])
        assert share.truth is not None and torch.equal(share.truth["crop"], whole.truth["crop"][own])


def test_places_of_eyes_and_mouth_are_those_of_the_crop(clips: Clips) -> None:
    crops = np.tile([0.5, 0.5, 1 / 1.5], (FRAMES, 1))
    read = FilmTruth(clips.frames, clips.name).read(0, 0, np.arange(FRAMES), crops, 64)
    slides = read["state"][:, SHAPES] * 20  # degrees of yaw, which are pixels here
    expected = 0.5 + (slides / WIDE + 0.025) * 1.5
    assert np.abs(read["parts"][:, 0, 0] - expected).max() < 1e-3
    assert np.abs(read["frames"][0].astype(int) - clips.frames[0, 0]).max() <= 1


def test_motion_is_learnt_from_codes_that_tell_it_and_kept_when_saved(clips: Clips, tmp_path: Path) -> None:
    torch.manual_seed(0)
    batch = Steps(clips, TRUTH, pairs=parallel_pairs(clips))[0].batch(torch.device("cpu"))
    model = recipe().build()
    slide = batch.truth["state"][..., SHAPES, None]
    told = torch.cat([slide, slide - slide[:, :1], batch.x.mean((2, 3, 4))[..., None]], -1)
    codes = torch.cat([told, torch.zeros(*told.shape[:2], model.config.code_dim - 3)], -1)
    x, truth, codes = batch.x[:2], {name: value[:2] for name, value in batch.truth.items()}, codes[:2]
    optimiser = torch.optim.Adam(model.backbone.decoder.parameters(), 5e-3)
    terms = []
    for _ in range(24):
        errors = model.backbone.error_with_truth(codes, x, truth)
        optimiser.zero_grad()
        torch.stack([error.sum() for error in errors.values()]).sum().backward()
        optimiser.step()
        terms.append({name: float(error.detach().sum()) for name, error in errors.items()})
    assert all(terms[-1][name] < 0.5 * terms[0][name] for name in ("decoded", "composite", "motion", "foreground"))
    model.save_pretrained(tmp_path / "model")
    again = Method.from_pretrained(tmp_path / "model")
    codes = codes[0]
    drawn, loaded = model.eval().backbone.draw(codes), again.backbone.draw(codes)
    fast = again.for_inference(torch.float32).backbone.draw(codes)
    assert torch.equal(drawn.near.motion, loaded.near.motion)
    assert torch.allclose(drawn.around.motion, fast.around.motion, atol=1e-5)
    assert torch.allclose(drawn.near.visible, fast.near.visible, atol=1e-4)
    assert torch.allclose(drawn.frames, fast.frames, atol=1e-5)


def test_one_step_moves_every_weight(clips: Clips, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = recipe().build()
    before = {name: value.clone() for name, value in model.named_parameters()}
    Trainer(model, TRUTH, clips, tmp_path, cpu=True).advance()
    assert not [name for name, value in model.named_parameters() if torch.equal(value, before[name])]


@torch.no_grad()
def test_elements_that_are_left_out_are_stood_for_by_others(clips: Clips) -> None:
    batch = Steps(clips, TRUTH, pairs=parallel_pairs(clips))[0].batch(torch.device("cpu"))
    every, some = (small_recipe(TRUTH, motion=True, decoded=decoded).build() for decoded in (0, 3))
    assert isinstance(every, DBSE) and isinstance(some, DBSE)
    some.load_state_dict(every.eval().state_dict())
    some.eval()
    whole = every.loss(batch, Moment(generator=torch.Generator().manual_seed(0)))["motion"]
    moments = [Moment(generator=torch.Generator().manual_seed(seed)) for seed in range(8)]
    parts = [float(some.loss(batch, moment)["motion"]) for moment in moments]
    assert np.mean(parts) == pytest.approx(float(whole), rel=0.2)


def test_a_set_without_truth_and_a_recipe_that_cannot_use_it_are_refused_by_a_sentence(tmp_path: Path) -> None:
    frames = np.zeros((4, 8, 64, 64, 3), np.uint8)

    label = Labels.of(["a", "b", "a", "b"])
    plain = Clips(
        frames, {"person": label}, {"expression": Labels.of(["x", "x", "y", "y"])}, np.array(["train"] * 4), "mine"
    )
    with pytest.raises(ConfigError, match="trains on what a renderer knows of each frame, and mine does not have it"):
        Steps(plain, TRUTH, pairs=parallel_pairs(plain))
    for wrong in ({"mirror": True}, {"sparse_share": 0.5}, {"least_frames": 0}):
        with pytest.raises(ConfigError, match="truth needs runs of frames"):
            replace(TRUTH, **wrong)
    with pytest.raises(ConfigError, match="motion needs frames of 64 places"):
        small_recipe(TRUTH, frame_size=128, motion=True)
