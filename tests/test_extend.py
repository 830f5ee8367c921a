"""What docs/extend.md says: a new method is one class and one line, and gets every figure."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled import labelled_clips, labelled_judge

from seqdisent_core.evaluation.suite import evaluate
from seqdisent_core.methods import METHODS, Codes, Method
from seqdisent_core.runs import train_run
from seqdisent_core.settings import Settings, settings
from seqdisent_core.training import Recipe


@settings
class MeanConfig(Settings):
    code_dim: int = 16


class Mean(Method):
    """Static is the mean of the features over time, dynamics what is left: no prior but a normal one."""

    name, config_type = "mean", MeanConfig
    abilities = frozenset({"encode", "sample_static", "sample_dynamics"})
    views = ("shuffled",)

    def __init__(self, config, backbone):
        super().__init__(config, backbone)
        self.static_dim = self.dynamics_dim = config.code_dim
        self.codes = torch.nn.Linear(backbone.feature_dim, config.code_dim)

    def encode(self, x, observed=None, generator=None):
        codes = self.codes(self.backbone.encode(x.flatten(0, 1))).unflatten(0, x.shape[:2])
        return Codes(codes.mean(dim=1), codes - codes.mean(dim=1, keepdim=True))

    def decode(self, codes):
        joined = codes.static[:, None] + codes.dynamics
        return self.backbone.decode(joined.flatten(0, 1)).unflatten(0, joined.shape[:2])

    def sample_static(self, count, generator=None):
        return torch.randn(count, self.static_dim, generator=generator)

    def sample_dynamics(self, count, time, generator=None, *, temperature=1.0, means=False):
        return temperature * torch.randn(count, time, self.dynamics_dim, generator=generator)

    def loss(self, batch, moment, turn="model"):
        codes = self.encode(batch.x)
        still = (self.encode(batch.views["shuffled"]).static - codes.static).square().sum(dim=1).mean()
        return {"total": self.backbone.error(self.decode(codes), batch.x).sum(dim=1).mean() + still}


def test_a_toy_method_is_trained_and_gets_every_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(METHODS, "mean", Mean)
    clips = replace(labelled_clips(), split=np.tile(["train", "train", "validation", "test"], 36))
    recipe = Recipe.from_dict(
        {
            "method": {"name": "mean"},
            "backbone": {"name": "images", "width": 4, "feature_dim": 16},
            "training": {"steps": 4, "batch": 8},
        }
    )
    train_run(recipe, clips, tmp_path / "run", look_every=2, cpu=True)
    labelled_judge().save(tmp_path / "judge", "")
    model = Method.from_pretrained(tmp_path / "run" / "model")
    result = evaluate(
        model,
        labelled_judge(),
        clips,
        command="here",
        checkpoint=tmp_path / "run" / "model",
        judge_folder=tmp_path / "judge",
        training={},
        repeats=1,
    )
    metrics = result["metrics"]
    assert set(metrics) >= {"reconstruction", "generation", "leakage_generation", "leakage_latent", "swap", "frechet"}
    assert "null" not in json.dumps({name: figures for name, figures in metrics.items() if name != "kl"})
    assert "no divergence" in metrics["kl"]["why"]
