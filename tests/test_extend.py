"""What docs/extend.md says can be added is added here, each by one file and one line."""

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import gradio as gr
import numpy as np
import pytest
import torch
from labelled import labelled_clips, labelled_judge
from small import SMALL, batch_of
from vectors import Vectors, turning

import app
from seqdisent_core.domains import BACKBONES
from seqdisent_core.evaluation import suite
from seqdisent_core.evaluation.measures import Measured
from seqdisent_core.methods import METHODS, Method, Moment
from seqdisent_core.methods.contract import with_views
from seqdisent_core.reporting import figure
from seqdisent_core.runs import train_run
from seqdisent_core.training import Recipe

EXTEND = Path(__file__).resolve().parent.parent / "docs" / "extend.md"


@pytest.fixture
def mean(monkeypatch: pytest.MonkeyPatch) -> type[Method]:
    """The document's own method, registered by one line."""
    code = re.findall(r"```python\n(.*?)```", EXTEND.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    assert len(code.splitlines()) <= 42 and "class Mean(Method)" in code
    names: dict[str, type[Method]] = {}
    exec(compile(code, str(EXTEND), "exec"), names)
    monkeypatch.setitem(METHODS, "mean", names["Mean"])
    return names["Mean"]


def evaluated(folder: Path) -> dict:
    """All figures of a Mean after a few steps, as its result file has them."""
    clips = replace(labelled_clips(), split=np.tile(["train", "train", "validation", "test"], 36))
    recipe = Recipe.from_dict(
        {
            "method": {"name": "mean"},
            "backbone": {"name": "images", "width": 4, "feature_dim": 16},
            "training": {"steps": 4, "batch": 8},
        }
    )
    train_run(recipe, clips, folder / "run", validate_every=2, cpu=True)
    labelled_judge().save(folder / "judge", "")
    return suite.evaluate(
        Method.from_pretrained(folder / "run" / "model"),
        labelled_judge(),
        clips,
        command="here",
        checkpoint=folder / "run" / "model",
        judge_folder=folder / "judge",
        training={},
        repeats=1,
    )["metrics"]


def test_a_toy_method_is_trained_and_gets_every_figure(mean: type[Method], tmp_path: Path) -> None:
    metrics = evaluated(tmp_path)
    assert set(metrics) >= {"reconstruction", "generation", "leakage_generation", "leakage_latent", "swap", "frechet"}
    assert "null" not in json.dumps({name: figures for name, figures in metrics.items() if name != "kl"})
    assert "no divergence" in metrics["kl"]["why"]


def test_a_kind_of_data_is_a_backbone_over_which_every_method_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKBONES, "vectors", Vectors)
    data = turning(4)
    for name, sizes in (("dbse", SMALL.to_dict()), ("skd", {"koopman_dim": 6, "static_size": 2}), ("mocogan", {})):
        recipe = Recipe.from_dict({"method": {"name": name, **sizes}, "backbone": {"name": "vectors", "size": 4}})
        model = recipe.build()
        for turn in model.turns:
            terms = model.loss(with_views(model, batch_of(data)), Moment(), turn)
            assert torch.isfinite(terms["total"])
        if "encode" in model.abilities:
            assert model.decode(model.encode(data)).shape == data.shape


def test_values_that_are_missing_change_nothing() -> None:
    """A backbone of gappy elements: what stands where nothing was observed reaches neither codes nor loss."""
    BACKBONES["vectors"] = Vectors
    try:
        torch.manual_seed(0)
        model = Recipe.from_dict(
            {"method": {"name": "dbse", **SMALL.to_dict()}, "backbone": {"name": "vectors", "size": 4}}
        ).build()
    finally:
        del BACKBONES["vectors"]
    data = turning(4)
    observed = torch.rand(data.shape, generator=torch.Generator().manual_seed(0)) < 0.7
    other = torch.where(observed, data, 100.0)

    def terms(x: torch.Tensor) -> dict[str, torch.Tensor]:
        return model.loss(replace(batch_of(x), observed=observed), Moment(generator=torch.Generator().manual_seed(1)))

    assert terms(data) == terms(other) != model.loss(batch_of(other), Moment())


def test_a_measure_is_a_function_and_a_line(
    mean: type[Method], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def sharpness(on: Measured) -> dict:
        return {"sharpness": {"edges": figure([float(np.abs(np.diff(on.test.frames, axis=2)).mean())])}}

    monkeypatch.setattr(suite, "MEASURES", (sharpness,))  # the others are measured above
    assert evaluated(tmp_path)["sharpness"]["edges"]["mean"] > 0


def test_a_page_is_a_layout_and_a_line() -> None:
    def layout(demo: gr.Blocks) -> None:
        gr.Markdown("# Frames, which a test laid out")

    demo = app.build()
    with demo.route("Frames", "/frames"):
        app._lay_out(demo, layout, None, needs_model=False)
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_port=0 or None)
    try:
        assert "Frames, which a test laid out" in urlopen(f"{address.rstrip('/')}/frames").read().decode()
    finally:
        demo.close()
