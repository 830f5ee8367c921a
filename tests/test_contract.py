"""Every method through the same contract: what it says it can do it does, and it gets every figure that this allows."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from labelled import labelled_clips, labelled_judge
from small import IMAGES, batch_of, small_recipe
from vectors import Vectors

from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import read_training
from seqdisent_core.cli import main
from seqdisent_core.data import Clips
from seqdisent_core.domains import BACKBONES
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.evaluation import Judge, result_sheet
from seqdisent_core.evaluation.suite import evaluate
from seqdisent_core.methods import METHODS, Codes, Method, Moment, anchored, require
from seqdisent_core.methods.cdsvae import CDSVAEConfig
from seqdisent_core.methods.contract import ABILITIES, Ability, with_views
from seqdisent_core.methods.dsvae import DSVAEConfig
from seqdisent_core.methods.exchange import ExchangeConfig
from seqdisent_core.methods.fhvae import FHVAEConfig
from seqdisent_core.methods.glr import GLRConfig
from seqdisent_core.methods.gp_vae import GPVAEConfig
from seqdisent_core.methods.mocogan import MoCoGANConfig
from seqdisent_core.methods.rwae import RWAEConfig
from seqdisent_core.methods.s3vae import S3VAEConfig
from seqdisent_core.methods.skd import SKDConfig
from seqdisent_core.methods.spyl import SPYLConfig
from seqdisent_core.methods.vae import VAEConfig
from seqdisent_core.reporting import generation_table, leakage_tables, swap_table, write_result
from seqdisent_core.runs import train_run
from seqdisent_core.studio import Studio
from seqdisent_core.training import Recipe, Trainer, TrainingConfig

EVEN = TrainingConfig(steps=3, batch=4)
SIZES: Any = {"static_dim": 5, "dynamics_dim": 3, "hidden_dim": 8}
RECIPES = {
    "cdsvae": Recipe("cdsvae", CDSVAEConfig(**SIZES), "images", IMAGES, EVEN),
    "dbse": small_recipe(EVEN),
    "dsvae": Recipe("dsvae", DSVAEConfig(**SIZES), "images", IMAGES, EVEN),
    "exchange": Recipe("exchange", ExchangeConfig(**SIZES), "images", IMAGES, EVEN),
    "fhvae": Recipe("fhvae", FHVAEConfig(**SIZES, groups=400), "images", IMAGES, EVEN),
    "glr": Recipe("glr", GLRConfig(static_dim=4, dynamics_dim=3, hidden_dim=8, part=0.5), "images", IMAGES, EVEN),
    "gp_vae": Recipe("gp_vae", GPVAEConfig(dynamics_dim=4, hidden_dim=8), "images", IMAGES, EVEN),
    "mocogan": Recipe("mocogan", MoCoGANConfig(content_dim=4, motion_dim=3, hidden_dim=8), "images", IMAGES, EVEN),
    "rwae": Recipe("rwae", RWAEConfig(**SIZES), "images", IMAGES, EVEN),
    "s3vae": Recipe("s3vae", S3VAEConfig(**SIZES), "images", IMAGES, EVEN),
    "skd": Recipe("skd", SKDConfig(koopman_dim=6, static_size=2), "images", IMAGES, EVEN),
    "spyl": Recipe("spyl", SPYLConfig(**SIZES, warm_up_steps=2), "images", IMAGES, EVEN),
    "vae": Recipe("vae", VAEConfig(dynamics_dim=4, hidden_dim=8), "images", IMAGES, EVEN),
}


@pytest.fixture(params=sorted(RECIPES))
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return RECIPES[request.param]


def built(recipe: Recipe) -> Method:
    torch.manual_seed(0)
    return recipe.build().eval()


def clips(count: int = 3, time: int = 4) -> torch.Tensor:
    return torch.rand(count, time, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_every_method_is_tried_here() -> None:
    assert set(RECIPES) == set(METHODS)


def test_what_a_method_says_it_can_do_it_does(recipe: Recipe) -> None:
    model = built(recipe)
    sizes = (model.static_dim, model.dynamics_dim)
    calls: dict[Ability, Any] = {
        "encode": lambda: model.encode(clips()),
        "sample_static": lambda: model.sample_static(3, torch.Generator().manual_seed(0)),
        "sample_dynamics": lambda: model.sample_dynamics(3, 4, torch.Generator().manual_seed(0)),
        "anchor": lambda: anchored(model).frame_features(clips()),
    }
    assert set(calls) == set(ABILITIES)
    for ability, call in calls.items():
        if ability not in model.abilities:
            with pytest.raises(ConfigError, match=f"^{model.name} (has no|does not)"):
                call()
            with pytest.raises(ConfigError, match=r"which this needs\. Choose another model"):
                require(model, ability)
            continue
        given = call()
        if ability == "encode":
            assert (given.static.shape, given.dynamics.shape) == ((3, sizes[0]), (3, 4, sizes[1]))
            assert model.decode(given).shape == clips().shape
            again = model.encode(clips())
            assert torch.equal(given.static, again.static), "without a generator it gives means"
        elif ability != "anchor":
            assert given.shape == ((3, sizes[0]) if ability == "sample_static" else (3, 4, sizes[1]))
            assert torch.equal(given, call()), "a generator decides every draw"


def test_codes_of_any_length_decode_to_it(recipe: Recipe) -> None:
    model = built(recipe)
    for time in (1, 7):
        codes = Codes(torch.zeros(2, model.static_dim), torch.zeros(2, time, model.dynamics_dim))
        assert model.decode(codes).shape == (2, time, 3, 64, 64)


def test_one_step_of_all_turns_moves_every_parameter(recipe: Recipe) -> None:
    model = built(recipe).train()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for turn in model.turns:
        model.zero_grad()
        learnt = list(model.turn_parameters(turn))
        shown = with_views(model, batch_of(clips()), torch.Generator().manual_seed(0))
        terms = model.loss(shown, Moment(generator=torch.Generator().manual_seed(0)), turn)
        assert all(torch.isfinite(term) and term.ndim == 0 for term in terms.values()), terms
        terms["total"].backward()
        torch.optim.Adam(learnt, lr=1e-2).step()
    assert [name for name, p in model.named_parameters() if torch.equal(p, before[name])] == []


def test_clips_of_another_size_are_refused(recipe: Recipe) -> None:
    model = built(recipe)
    if "encode" in model.abilities:
        with pytest.raises(ConfigError, match="3, 64, 64"):
            model.encode(torch.zeros(1, 4, 3, 32, 32))


def missing(figures: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Places of figures that are null without a reason beside them or beside what holds them."""
    if isinstance(figures, dict):
        reasoned = "why" in figures
        for name, value in figures.items():
            if value is None and not reasoned:
                yield (*above, name)
            elif not reasoned or value is not None:
                yield from missing(value, (*above, name)) if not (reasoned and name == "by_label") else ()


def test_the_command_trains_and_saves_it_and_it_is_measured_by_all_that_it_can(
    recipe: Recipe, clip_set: Path, tmp_path: Path
) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.to_dict()))
    given = [str(path) for path in (tmp_path / "recipe.json", clip_set, tmp_path / "run")]
    assert main(["train", *given, "--look-every", "3", "--cpu"]) == 0
    model = Method.from_pretrained(tmp_path / "run" / "model")
    assert type(model) is METHODS[recipe.method] and model.config == recipe.model
    assert recipe.method in (tmp_path / "run" / "model" / "README.md").read_text()
    labelled_judge().save(tmp_path / "judge", "")
    result = evaluate(
        model,
        labelled_judge(),
        with_validation(),
        command="here",
        checkpoint=tmp_path / "run" / "model",
        judge_folder=tmp_path / "judge",
        training={},
        repeats=1,
    )
    write_result(result, tmp_path / "result.json")
    result_sheet(model, with_validation().part("test"), tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 0
    written = json.loads((tmp_path / "result.json").read_text(), parse_constant=pytest.fail)  # no NaN
    assert list(missing(written["metrics"])) == []
    metrics = written["metrics"]
    needs = {
        "encode": [
            metrics["reconstruction"]["psnr"],
            metrics["active_units"]["static"],
            metrics["leakage_strongest"]["dynamics"]["gap"],
        ],
        "anchor": [],
        "sample_static": [],
        "sample_dynamics": [],
    }
    for ability in ABILITIES:
        assert all((figure is not None) == (ability in model.abilities) for figure in needs[ability]), ability
    swaps = "encode" in model.abilities and model.static_dim > 0
    assert (metrics["swap"]["static"] is not None) == swaps
    assert (metrics["leakage_used"]["static"]["changed"] is not None) == swaps
    free = {"sample_static", "sample_dynamics"} <= model.abilities
    assert (metrics["frechet"]["both_sampled"] is not None) == free
    assert (metrics["generation"]["is"] is not None) == free
    assert (metrics["generation"]["acc"] is not None) == (free and "encode" in model.abilities)
    tables = "".join(make(tmp_path) for make in (generation_table, leakage_tables, swap_table))
    row = next(line for line in swap_table(tmp_path).splitlines() if line.startswith(f"| {recipe.method}"))
    assert "strongest probe" in tables and "what decoding uses of a leak" in tables
    assert ("| – | – |" in row) != swaps and recipe.method in tables
    assert ("both factors sampled" in generation_table(tmp_path)) == ("encode" not in model.abilities and free)
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert ("studio.personalise" in card) == ("anchor" in model.abilities)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(recipe: Recipe, tmp_path: Path) -> None:
    """With every draw of a method, dropout included, from the moment's generator."""
    train = with_validation().part("train")

    def trained(folder: str, *stops: int) -> dict[str, torch.Tensor]:
        for stop in stops:
            torch.manual_seed(0)
            trainer = Trainer(recipe.build(), recipe.training, train, tmp_path / folder, cpu=True)
            torch.manual_seed(stop)  # what others drew meanwhile
            model = trainer.run(stop_after=stop)
        return model.state_dict()

    whole, resumed = trained("whole", 3), trained("resumed", 1, 2, 3)
    assert [name for name, value in whole.items() if not torch.equal(value, resumed[name])] == []


@pytest.mark.parametrize("name", ["mocogan", "vae"])
def test_the_command_measures_methods_that_lack_something(name: str, clip_set: Path, tmp_path: Path) -> None:
    """An encoder, or static codes; one that has both is measured in the test of the commands."""
    built(RECIPES[name]).save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "training.json").write_text("{}")
    labelled_judge().save(tmp_path / "judge", "")
    out = tmp_path / "mine.json"
    given = ["--data", clip_set, "--judge", tmp_path / "judge", "--out", out, "--device", "cpu"]
    assert main(["evaluate", str(tmp_path / "model"), *map(str, given)]) == 0
    assert json.loads(out.read_text())["model"]["method"] == name and out.with_suffix(".png").exists()


@pytest.fixture(scope="module")
def clip_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets") / "set"
    write_set(folder)
    return folder


def write_set(folder: Path) -> None:
    """The labelled clips as a rendered set."""
    clips = with_validation()
    folder.mkdir()
    np.save(folder / "all.npy", np.asarray(clips.frames))
    (folder / "set.json").write_text('{"name": "labelled"}')
    person, expression = clips.static["person"], clips.dynamic["expression"]
    lines = [
        f"all.npy,{row},{person.names[person.values[row]]},{expression.names[expression.values[row]]},{clips.split[row]}"
        for row in range(len(clips))
    ]
    (folder / "labels.csv").write_text("\n".join(["file,index,person,expression,split", *lines]))


def with_validation() -> Clips:
    clips = labelled_clips()
    return replace(clips, split=np.tile(["train", "train", "validation", "test"], 36))


def test_studio_takes_only_methods_that_read_the_static_code_from_one_frame() -> None:
    for name in ("mocogan", "skd"):
        with pytest.raises(ConfigError, match="which this needs"):
            Studio(built(RECIPES[name]), "cpu")


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"method": {"name": "best"}, "backbone": {"name": "images"}}, r"The method is 'best'; known are: .*dbse"),
        ({"method": {"name": "skd"}, "backbone": {"name": "sound"}}, r"The backbone is 'sound'; known are: images"),
        ({"method": {"name": "skd"}}, r"The backbone is None; known are"),
        ({"method": "skd", "backbone": {"name": "images"}}, r"The method is 'skd'; known are"),
        ({"method": {"name": []}, "backbone": {"name": "images"}}, r"The method is \[\]; known are"),
        (
            {"method": {"name": "skd"}, "backbone": {"name": "images"}, "training": {"least_frames": 8}},
            r"skd needs even time steps, and least_frames 8 trains on others",
        ),
        (
            {"method": {"name": "mocogan"}, "backbone": {"name": "images"}, "training": {"pair_share": 0.5}},
            r"mocogan cannot use a partner|mocogan cannot use the partner",
        ),
        (
            {"method": {"name": "dbse", "anchor": 3}, "backbone": {"name": "images"}, "training": {"least_frames": 8}},
            r"train with the first frame as anchor, not with frame 3",
        ),
        ({"method": {"name": "skd", "statics": 3}, "backbone": {"name": "images"}}, "Unknown setting statics"),
        ({"method": {"name": "dbse"}, "backbone": {"name": "images", "width": 0}}, "width is 0; it must be at least 1"),
        ({"modul": {}, "training": {}}, r"Unknown part modul\. A recipe has the parts method, backbone, training"),
        ([1], "A recipe must be a JSON object"),
    ],
)
def test_a_recipe_that_names_what_is_not_there_is_refused(recipe: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Recipe.from_dict(recipe)


@pytest.mark.parametrize("name", ["facekit52", "sprites", "wild"])
def test_the_recipe_that_a_shipped_model_was_trained_by_is_one(name: str) -> None:
    folder = asset(f"checkpoints/{name}")
    recipe = Recipe.from_dict(read_training(folder)["recipe"])
    model = Method.from_pretrained(folder)
    assert (recipe.model, recipe.network) == (model.config, model.backbone.config)


def test_a_recipe_comes_back_from_json(recipe: Recipe) -> None:
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_a_checkpoint_for_an_unknown_backbone_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    built(recipe).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["backbone"]["name"] = "touch"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match=r"cannot be loaded\. The backbone is 'touch'; known are: images"):
        Method.from_pretrained(tmp_path)


def test_a_weight_that_would_be_stored_under_a_name_of_the_backbones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Twice(METHODS["skd"]):  # type: ignore[misc]
        def __init__(self, config: SKDConfig, backbone: Any) -> None:
            super().__init__(config, backbone)
            self.decoder = type(backbone)(backbone.config, 6).decoder

    monkeypatch.setitem(METHODS, "skd", Twice)
    with pytest.raises(ConfigError, match=r"skd has weights of the same name as images, decoder\.layers"):
        RECIPES["skd"].build()


def test_pictures_with_gaps_are_refused_and_sets_of_pictures_by_other_backbones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = built(RECIPES["dbse"])
    with pytest.raises(ConfigError, match="Pictures are whole here"):
        model.encode(clips(), torch.ones_like(clips(), dtype=torch.bool))
    monkeypatch.setitem(BACKBONES, "vectors", Vectors)
    recipe = Recipe.from_dict({"method": {"name": "skd"}, "backbone": {"name": "vectors"}})
    with pytest.raises(DataError, match="labelled holds pictures, and the backbone vectors does not read pictures"):
        train_run(recipe, with_validation(), tmp_path, cpu=True)


def test_what_starts_or_judges_a_run_must_be_of_its_kind(tmp_path: Path) -> None:
    built(RECIPES["skd"]).save_pretrained(tmp_path / "skd")
    with pytest.raises(ConfigError, match="is another method or backbone than this recipe"):
        train_run(RECIPES["dbse"], with_validation(), tmp_path / "run", start=tmp_path / "skd", cpu=True)
    with pytest.raises(ConfigError, match="is a model and not a judge"):
        Judge.from_pretrained(tmp_path / "skd")


def test_a_method_without_variants_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPES["skd"].to_dict()))
    assert main(["train", str(tmp_path / "recipe.json"), "none", "out", "--variant", "without_loss"]) == 1
    assert "skd has no variants. Leave --variant out." in capsys.readouterr().err
