"""Training: schedules, batches that are functions of the step, resumption to the same numbers."""

import itertools
import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from labelled import LabelMethod, paint
from small import QUICK, SMALL, batch_of, small_dbse, small_recipe
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seqdisent_core import __version__
from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import read_training
from seqdisent_core.data import EXPRESSIONS, Clips, Labels, parallel_pairs
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.evaluation.judge import Judge, JudgeConfig
from seqdisent_core.evaluation.protocols import pair_figures
from seqdisent_core.machine import has_bf16_units
from seqdisent_core.methods import Batch, Codes, Method, Moment
from seqdisent_core.methods.codes import encode_clips
from seqdisent_core.methods.schedules import cyclical
from seqdisent_core.runs import train_run
from seqdisent_core.training import OURS, PRESETS, RIVALS, Recipe, equal, fast, preset, published_settings, sprites
from seqdisent_core.training.batches import Steps
from seqdisent_core.training.config import TrainingConfig
from seqdisent_core.training.loop import Trainer
from seqdisent_core.training.optimisers import ConvolutionMuon, learning_rate_scale
from seqdisent_core.weights import sha256_of


def squares(persons: int = 3, takes: int = 3, frames: int = 6) -> Clips:
    """Clips that can be told apart at a glance: a person is a colour, an expression the place where a square grows."""
    random = np.random.default_rng(0)
    clips, who, what, split = [], [], [], []
    colours = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200], [180, 180, 20]])
    for person in range(persons):
        for expression in range(6):
            for take in range(takes):
                clip = np.full((frames, 64, 64, 3), colours[person], np.uint8)
                top, left = 4 + 30 * (expression // 3), 2 + 20 * (expression % 3)
                for time in range(frames):
                    side = 4 + round(12 * np.sin(np.pi * time / (frames - 1)))
                    clip[time, top : top + side, left : left + side] = 255
                clips.append(np.clip(clip + random.normal(0, 6, clip.shape), 0, 255).astype(np.uint8))
                who.append(person)
                what.append(expression)
                split.append(("train", "validation", "test")[take])
    names = ("red", "green", "blue", "yellow")[:persons]
    static, dynamic = {"person": Labels(np.array(who), names)}, {"expression": Labels(np.array(what), EXPRESSIONS)}
    return Clips(np.stack(clips), static, dynamic, np.array(split), "squares")


@pytest.fixture(scope="module")
def clips() -> Clips:
    return squares()


@pytest.mark.parametrize(
    ("file", "model", "training"),
    [
        ("wild_without_pairs", {}, {"pair_share": 0.0}),
        # a quarter of the pixels: errors, summed over them, count four times as much
        ("wild_at_64_pixels", {"weight_reconstruction": 88.0, "weight_anchor": 30.0}, {}),
    ],
)
def test_a_trials_recipe_is_the_preset_but_for_what_it_tries(
    file: str, model: dict[str, Any], training: dict[str, Any]
) -> None:
    text = (Path(__file__).parent.parent / "examples" / f"{file}.json").read_text(encoding="utf-8")
    usual = preset("wild")
    network = {"frame_size": 64, "patch": 1} if model else {}
    tried = replace(
        usual,
        model=replace(usual.model, **model),
        network=replace(usual.network, **network),
        training=replace(usual.training, **training),
    )
    assert Recipe.from_dict(json.loads(text)) == tried != usual


def test_the_learning_rate_warms_up_and_falls_along_a_cosine() -> None:
    assert learning_rate_scale(0, 100, "constant") == 1
    assert learning_rate_scale(0, 100, "cosine", 10) == pytest.approx(0.1)
    assert learning_rate_scale(50, 100, "cosine") == pytest.approx(0.505)
    assert learning_rate_scale(100, 100, "cosine") == pytest.approx(0.01)


def test_the_divergences_are_annealed_in_cycles_and_never_into_themselves() -> None:
    assert [cyclical(step, 100) for step in (0, 25, 50, 99, 100)] == pytest.approx([0, 0.5, 1, 1, 0])
    assert cyclical(7, 0) == 1


CPU = torch.device("cpu")


def drawn(clips: Clips, config: TrainingConfig, step: int, **share: int) -> Batch:
    return Steps(clips, config, **share)[step].batch(CPU)  # type: ignore[arg-type]


def test_a_batch_is_a_function_of_seed_and_step(clips: Clips) -> None:
    one = drawn(clips, QUICK, 1)
    assert torch.equal(one.x, drawn(clips, QUICK, 1).x) and one.partner is None
    assert len(set(one.index.tolist())) == len(one.index) == 6
    assert not torch.equal(one.x, drawn(clips, QUICK, 2).x)
    assert not torch.equal(one.x, drawn(clips, replace(QUICK, seed=1), 1).x)


@pytest.mark.parametrize("step", [0, 5])
def test_the_batch_of_a_step_is_shared_among_processes_whole(clips: Clips, step: int) -> None:
    config = replace(QUICK, batch=6, colour_gain=0.2, mirror=True)
    whole = drawn(clips, config, step)
    shares = [drawn(clips, config, step, process=process, processes=3) for process in range(3)]
    for process, share in enumerate(shares):
        assert torch.equal(share.x, whole.x[process::3]) and torch.equal(share.index, whole.index[process::3])


def test_a_batch_that_processes_cannot_share_evenly_is_refused(clips: Clips) -> None:
    with pytest.raises(ConfigError, match="The 4 clips of a step cannot be shared evenly by 3 processes"):
        Steps(clips, QUICK, processes=3)
    with pytest.raises(ConfigError, match="The 6 clips"):
        Steps(clips, QUICK, processes=4)
    with pytest.raises(ConfigError, match="The 3 pairs"):
        Steps(pairs(), replace(QUICK, batch=6, pair_share=0.5), pairs=parallel_pairs(pairs()), processes=2)


def test_sparse_batches_begin_with_the_first_frame_and_whole_ones_follow(clips: Clips) -> None:
    frames = as_training_tensor(clips)[:]
    sparse = drawn(clips, QUICK, 0)
    assert sparse.x.shape == (6, 3, 3, 64, 64)
    torch.testing.assert_close(sparse.x[:, 0], frames[sparse.index, 0].float() / 255)
    whole = drawn(clips, QUICK, 3)
    torch.testing.assert_close(whole.x, frames[whole.index].float() / 255)


def test_colours_and_mirroring_change_all_frames_of_a_clip_alike(clips: Clips) -> None:
    config = replace(QUICK, sparse_share=0.0, colour_gain=0.5, mirror=True)
    still = replace(clips, frames=np.repeat(clips.frames[:][:, :1], 6, axis=1))
    batch = drawn(still, config, 0).x
    assert (batch == batch[:, :1]).all()
    assert batch.flatten(1).mean(1).std() > 0


def pairs() -> Clips:
    """Twelve takes, each played by a red and by a green person at the same moment; a take's clips are its number."""
    persons = np.tile([0, 1], 12)
    takes = np.repeat(np.arange(12), 2)
    frames = np.zeros((24, 6, 64, 64, 3), np.uint8)
    frames[..., 0] = 10 * takes[:, None, None, None]
    frames[..., 1] = 40 * np.arange(6)[:, None, None]
    frames[..., :20, 2] = 200  # a left side
    names = tuple(f"take_{take:02d}" for take in range(12))
    static, dynamic = {"person": Labels(persons, ("red", "green"))}, {"expression": Labels(takes, names)}
    return Clips(frames, static, dynamic, np.full(24, "train"), "pairs")


@pytest.mark.parametrize("step", [0, 5])  # sparse, and runs
def test_the_two_of_a_couple_see_the_same_times_and_half_of_them_exchange_their_dynamics(step: int) -> None:
    clips = pairs()
    config = replace(QUICK, batch=6, pair_share=0.34, least_frames=3, mirror=True)
    batch = Steps(clips, config, pairs=parallel_pairs(clips))[step].batch(CPU)
    person, take = clips.static["person"].values, clips.dynamic["expression"].values
    assert (take[batch.index[::2]] == take[batch.index[1::2]]).all()
    assert (person[batch.index[::2]] != person[batch.index[1::2]]).all()
    torch.testing.assert_close(batch.x[::2], batch.x[1::2])  # they differ in name alone
    assert batch.partner is not None and batch.partner.tolist() == [1, 0, 2, 3, 4, 5]


def test_runs_are_of_many_lengths_go_evenly_there_and_back_and_have_an_anchor_before_them() -> None:
    clips = pairs()
    config = replace(QUICK, sparse_share=0.0, least_frames=3, steps=80)
    runs = [(drawn(clips, config, step).x[0, :, 1, 0, 0] * 255 / 40).round().int().tolist() for step in range(80)]
    assert {len(run) for run in runs} >= {4, 5, 6, 7}
    assert max(map(len, runs)) > 7, "there and back again"
    anchors = [run.pop(0) for run in runs]
    assert set(anchors) == set(range(6)) and anchors.count(0) > 30, "the first frame, or any"
    for run in runs:
        there = run[: run.index(max(run)) + 1]
        assert len({after - before for before, after in itertools.pairwise(there)}) == 1
        assert run in (there, there + there[-2::-1])


def test_couples_are_asked_for_by_name_where_there_are_none(clips: Clips, tmp_path) -> None:
    with pytest.raises(ConfigError, match="two persons play each take"):
        Trainer(small_dbse(), replace(QUICK, pair_share=0.5), clips, tmp_path, cpu=True)


@torch.no_grad()
def test_a_clip_is_rebuilt_from_its_partners_dynamics_where_that_is_asked() -> None:
    torch.manual_seed(0)
    model = small_dbse().eval()
    clip = torch.rand(2, 3, 3, 64, 64)

    def terms(partner: torch.Tensor | None) -> dict[str, torch.Tensor]:
        return model.loss(batch_of(clip, partner), Moment(generator=torch.Generator().manual_seed(1)))

    own, exchanged = terms(None), terms(torch.tensor([1, 0]))
    assert own == terms(torch.tensor([0, 1]))
    assert exchanged["kl_dynamics"] == own["kl_dynamics"] and exchanged["total"] != own["total"]
    codes = model.encode(clip, generator=torch.Generator().manual_seed(1))
    error = (model.decode(Codes(codes.static, codes.dynamics.flip(0))) - clip).square().sum(dim=(2, 3, 4)).mean(dim=0)
    assert float(exchanged["reconstruction"]) == pytest.approx(float(error[1:].sum()), rel=1e-5)


def test_a_run_starts_from_a_saved_models_weights_and_says_so(clips: Clips, tmp_path) -> None:
    train_run(small_recipe(), clips, tmp_path / "first", cpu=True)
    kept = Method.from_pretrained(tmp_path / "first" / "model")
    still = replace(QUICK, steps=1, ema_decay=0.0, learning_rate=1e-12, muon_learning_rate=1e-12)
    again = train_run(small_recipe(still), clips, tmp_path / "second", start=tmp_path / "first" / "model", cpu=True)
    for name, value in kept.named_parameters():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=1e-6)
    told = json.loads((tmp_path / "second" / "model" / "training.json").read_text())
    assert told["start"] == sha256_of(tmp_path / "first" / "model")
    with pytest.raises(ConfigError, match="other settings"):
        train_run(small_recipe(still), clips, tmp_path / "second", cpu=True)  # which would not say where it started
    with pytest.raises(ConfigError, match="has other sizes than this recipe"):
        train_run(small_recipe(still, static_dim=9), clips, tmp_path / "other", start=tmp_path / "first" / "model")


def test_a_run_starts_from_a_shipped_model_by_its_name_however_it_is_written(clips: Clips, tmp_path) -> None:
    shipped = Method.from_pretrained("facekit52")
    one = TrainingConfig(steps=1, batch=2)
    recipe = Recipe("dbse", shipped.config, "images", shipped.backbone.config, one)
    for start in ("facekit52", Path("facekit52")):
        train_run(recipe, clips, tmp_path / type(start).__name__, start=start, cpu=True)
        told = json.loads((tmp_path / type(start).__name__ / "model" / "training.json").read_text())
        assert told["start"] == sha256_of(asset("checkpoints/facekit52"))


def test_a_judge_without_pairs_to_swap_is_refused_before_the_first_step(clips: Clips, tmp_path) -> None:
    alone = clips.select(np.flatnonzero((clips.split != "validation") | (clips.static["person"].values == 0)))
    judge = Judge(JudgeConfig({"person": ("red", "green", "blue")}, {"expression": EXPRESSIONS}, width=4))
    with pytest.raises(DataError, match="its validation split"):
        train_run(small_recipe(), alone, tmp_path, judge=judge, cpu=True)
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(("during", "looked"), [(3, []), (6, [6])])
def test_an_interrupted_run_keeps_its_last_whole_step(clips: Clips, tmp_path, during: int, looked: list[int]) -> None:
    def trainer(folder: str) -> Trainer:
        torch.manual_seed(0)
        return Trainer(small_dbse(), QUICK, clips.part("train"), tmp_path / folder, cpu=True)

    stopped = trainer("stopped")
    once, handler = stopped.advance, signal.getsignal(signal.SIGINT)

    def interrupted() -> dict[str, torch.Tensor]:
        if stopped.step == during - 1:
            signal.raise_signal(signal.SIGINT)
        return once()

    stopped.advance = interrupted  # type: ignore[method-assign]
    looks: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        stopped.run(validate=lambda _, step: {"looked": looks.append(step) or 1.0})  # type: ignore[func-returns-value]
    assert signal.getsignal(signal.SIGINT) == handler and looks == looked
    again = trainer("stopped")
    seen: list[int] = []
    resumed = again.run(lambda now: seen.append(now.step))
    assert seen[0] == during
    for name, value in trainer("whole").run().state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_resumed_run_looks_at_each_step_once(clips: Clips, tmp_path) -> None:
    def looked(**settings: int) -> list[int]:
        train_run(small_recipe(), clips, tmp_path, validate_every=2, cpu=True, **settings)  # type: ignore[arg-type]
        return [json.loads(line).get("step") for line in (tmp_path / "looks.jsonl").read_text().splitlines()]

    looked(stop_after=2)
    kept = (tmp_path / "state.pt").read_bytes()
    assert looked(stop_after=4) == [None, 2, 4]
    (tmp_path / "state.pt").write_bytes(kept)  # as where the run was killed before its next checkpoint
    assert looked() == [None, 2, 4, 6]
    seen = tmp_path / "looks.jsonl"
    seen.write_text("".join(seen.read_text().splitlines(keepends=True)[:-1]))  # killed before its last look
    assert looked() == [None, 2, 4, 6]


def test_the_log_of_a_resumed_run_has_the_step_that_it_went_on_from(clips: Clips, tmp_path) -> None:
    for stop_after in (2, 6):
        Trainer(small_dbse(), QUICK, clips.part("train"), tmp_path, cpu=True).run(stop_after=stop_after)
    log = EventAccumulator(str(tmp_path / "log")).Reload()
    assert [point.step for point in log.Scalars("train/total")] == [1, 2, 6]


def test_one_process_trains_in_either_precision(clips: Clips, tmp_path) -> None:
    def first_loss(precision: str) -> float:
        torch.manual_seed(0)
        config = replace(QUICK, precision=precision)  # type: ignore[arg-type]
        return float(Trainer(small_dbse(), config, clips.part("train"), tmp_path, cpu=True).advance()["total"].detach())

    half = first_loss("bf16")
    assert first_loss("no") == pytest.approx(half, rel=0.01)
    assert (half == first_loss("no")) != has_bf16_units(torch.device("cpu"))
    assert first_loss("bf16") == half


def test_settings_below_their_bounds_are_refused() -> None:
    for name in ("seed", "warmup_steps", "colour_gain"):
        with pytest.raises(ConfigError, match=f"{name} is -1; it must be at least 0"):
            TrainingConfig.from_dict({name: -1})
    with pytest.raises(ConfigError, match="colour_gain"):
        TrainingConfig(colour_gain=float("nan"))


def test_a_run_on_couples_is_looked_at_with_what_is_true_of_them(tmp_path) -> None:
    clips = pairs()
    clips = replace(clips, split=np.repeat(["train", "validation"], 12))
    train_run(small_recipe(replace(QUICK, pair_share=0.5)), clips, tmp_path, validate_every=6, cpu=True)
    head, look = [json.loads(line) for line in (tmp_path / "looks.jsonl").read_text().splitlines()]
    assert {"what", "command", "hardware"} == head.keys()
    assert {"pair_psnr", "pair_motion", "own_motion"} <= look.keys() and look["pair_psnr"] > 0


def test_pairs_that_are_rebuilt_perfectly_move_as_they_should() -> None:
    moving = torch.zeros(4, 3, 10)
    moving[:, 1:, 4] = torch.rand(4, 2, generator=torch.Generator().manual_seed(0))  # an expression that comes
    moving[:, :, 0] = torch.tensor([1.0, 0, 1, 0])[:, None]  # ann, or ben
    moving[:, :, 1] = torch.tensor([0.0, 1, 0, 1])[:, None]
    moving[1::2, :, 4] = moving[::2, :, 4]
    frames = (paint(moving) * 255).round().to(torch.uint8).permute(0, 1, 3, 4, 2).numpy()
    persons, takes = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    static, dynamic = {"person": Labels(persons, ("ann", "ben"))}, {"expression": Labels(takes, ("first", "second"))}
    clips = Clips(frames, static, dynamic, np.full(4, "test"), "pairs")

    def figures(kind: str) -> tuple[float, float, float]:
        method = LabelMethod(kind)
        found = pair_figures(method, clips, encode_clips(method, as_training_tensor(clips)))
        return found.psnr, found.motion, found.own_motion

    psnr, motion, own = figures("perfect")
    assert psnr > 40 and motion == pytest.approx(1, abs=1e-3) and own == pytest.approx(1, abs=1e-3)
    assert figures("leak")[0] < 20, "the partner's person comes along"
    assert figures("constant")[1] == pytest.approx(0, abs=1e-3)


def test_muon_turns_kernels_in_place_by_an_orthogonal_step() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(4, 8, 3)
    before = layer.weight.detach().clone()
    layer(torch.rand(1, 4, 8, 8)).square().sum().backward()
    ConvolutionMuon([layer.weight], lr=0.1).step()
    change = (layer.weight.detach() - before).view(8, -1) / 0.1
    values = torch.linalg.svdvals(change)
    assert values.min() > 0.5 and values.max() < 1.5


@pytest.mark.parametrize("optimizer", ["adam", "muon"])
def test_a_stopped_run_goes_on_to_the_same_numbers(clips: Clips, tmp_path, optimizer: str) -> None:
    config = replace(QUICK, optimizer=optimizer, schedule="cosine", colour_gain=0.1, mirror=True)

    def trainer(folder: str) -> Trainer:
        torch.manual_seed(0)
        return Trainer(small_dbse(), config, clips.part("train"), tmp_path / folder, cpu=True)

    whole = trainer("whole").run()
    trainer("parts").run(stop_after=2)
    parts = trainer("parts").run()
    for (name, one), (_, other) in zip(whole.state_dict().items(), parts.state_dict().items(), strict=True):
        assert torch.equal(one, other), name


def test_a_run_with_other_settings_is_not_mixed_into_a_folder(clips: Clips, tmp_path) -> None:
    Trainer(small_dbse(), QUICK, clips.part("train"), tmp_path, cpu=True).run(stop_after=1)
    with pytest.raises(ConfigError, match="other settings"):
        Trainer(small_dbse(), replace(QUICK, seed=5), clips.part("train"), tmp_path, cpu=True).run()


def test_a_run_of_another_variant_or_on_other_clips_is_not_mixed_in_either(clips: Clips, tmp_path: Path) -> None:
    Trainer(small_dbse(), QUICK, clips.part("train"), tmp_path, cpu=True).run(stop_after=1)
    other = small_dbse(variant="without_loss")
    with pytest.raises(ConfigError, match="other settings"):
        Trainer(other, QUICK, clips.part("train"), tmp_path, cpu=True).run()
    with pytest.raises(ConfigError, match="another set"):
        Trainer(small_dbse(), QUICK, clips.part("test"), tmp_path, cpu=True).run()


def test_the_documents_name_every_setting_in_which_the_presets_differ() -> None:
    text = (Path(__file__).resolve().parent.parent / "docs" / "training.md").read_text(encoding="utf-8")
    named = {
        word for line in text.splitlines() if line.startswith("| `") for word in line.split("|")[1].split("`")[1::2]
    }
    paper, ours = preset("published").to_dict(), preset("fast").to_dict()
    differ = {name for part in paper for name in paper[part] if paper[part][name] != ours[part][name]}
    assert differ <= named


def test_a_run_leaves_a_model_its_making_sheets_and_a_log(clips: Clips, tmp_path) -> None:
    lines: list[str] = []
    train_run(small_recipe(), clips, tmp_path, report=lines.append, validate_every=3, cpu=True)
    model = Method.from_pretrained(tmp_path / "model")
    assert model.config == SMALL  # type: ignore[union-attr]
    told = json.loads((tmp_path / "model" / "training.json").read_text())
    assert (told["steps"], told["processes"]) == (6, 1)
    assert told["software"] == {"seqdisent": __version__, "torch": torch.__version__}
    assert sorted(p.name for p in (tmp_path / "sheets").iterdir()) == ["000003.png", "000006.png"]
    assert len(lines) == 2 and "psnr" in lines[0]
    assert list((tmp_path / "log").iterdir())


@pytest.mark.parametrize("readers", [1, 2])
def test_reading_in_other_processes_changes_nothing(clips: Clips, tmp_path: Path, readers: int) -> None:
    def trained(number: int) -> Method:
        torch.manual_seed(0)
        config = replace(QUICK, colour_gain=0.1, mirror=True)
        trainer = Trainer(small_dbse(), config, clips.part("train"), tmp_path / str(number), cpu=True, readers=number)
        return trainer.run(stop_after=4)

    here, there = trained(0).state_dict(), trained(readers).state_dict()
    assert all(torch.equal(value, there[name]) for name, value in here.items())


def test_training_brings_the_loss_down(tmp_path) -> None:
    seen: list[float] = []
    config = TrainingConfig(steps=110, batch=8, optimizer="muon", learning_rate=1e-2)
    torch.manual_seed(0)
    Trainer(small_dbse(), config, squares(frames=3).part("train"), tmp_path, cpu=True).run(
        lambda now: seen.append(now.terms["total"])
    )
    assert seen[-1] < 0.5 * seen[0]


def test_a_set_without_validation_clips_or_of_another_size_is_refused(clips: Clips, tmp_path) -> None:
    with pytest.raises(DataError):
        train_run(small_recipe(), clips.part("train"), tmp_path, cpu=True)
    with pytest.raises(DataError, match="64 px"):
        train_run(small_recipe(frame_size=128), clips, tmp_path, cpu=True)


def test_presets_are_the_papers_and_ours_and_round_trip() -> None:
    paper = preset("published")
    assert (paper.model.weight_reconstruction, paper.model.weight_anchor, paper.model.weight_static) == (87, 30, 15)
    for name in PRESETS:
        recipe = preset(name)
        assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    with pytest.raises(ConfigError, match="published, fast, sprites, wild"):
        preset("best")


@pytest.mark.parametrize("method", [*RIVALS, OURS])
@pytest.mark.parametrize("base", [fast, sprites])
def test_a_rival_shares_what_it_can_with_the_recipe_that_it_stands_beside(method: str, base: Any) -> None:
    ours, rival = base(), equal(method, base())
    assert rival.network == ours.network and rival.build().name == method
    assert (rival.training.steps, rival.training.batch) == (ours.training.steps, ours.training.batch)
    sees_neighbours = method in ("mocogan", "skd")
    assert (rival.training.sparse_share == 0) == sees_neighbours
    if not sees_neighbours:
        assert rival.training == ours.training
        assert (rival.model.static_dim, rival.model.dynamics_dim) == (ours.model.static_dim, ours.model.dynamics_dim)


def test_published_settings_are_those_of_the_papers() -> None:
    dbse, spyl, cdsvae = (published_settings(name) for name in ("dbse", "spyl", "cdsvae"))
    weights = ("weight_reconstruction", "weight_anchor", "weight_static", "weight_dynamics")
    assert [getattr(dbse.model, name) for name in weights] == [5, 1, 1, 1]
    assert (dbse.model.static_dim, dbse.model.dynamics_dim, dbse.network.feature_dim) == (256, 256, 256)
    assert (dbse.training.learning_rate, dbse.training.batch) == (2e-3, 128)
    assert (spyl.model.weight_reconstruction, spyl.model.weight_static, spyl.training.steps) == (10, 5, 70_312)
    assert (cdsvae.model.weight_contrast_static, cdsvae.training.learning_rate) == (10, 1e-3)
    assert all(published_settings(name).network.width == 64 for name in RIVALS if name != "skd")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "is missing"), (b"[]", "is damaged"), (b"null", "is damaged"), (b"\xff", "is damaged")]
)
def test_what_a_checkpoint_says_of_its_training_is_checked(content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "training.json").write_bytes(content)
    with pytest.raises(ConfigError, match=f"training.json {said}"):
        read_training(tmp_path)
