"""Labels in two groups: values that train never shows, judges of any labels, and files of old and new."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled import LabelMethod, dressed_clips, dressed_judge, labelled_clips, labelled_judge
from safetensors.torch import load_file

from seqdisent_core.assets import asset
from seqdisent_core.checkpoints import WEIGHTS
from seqdisent_core.data import Clips, Labels
from seqdisent_core.errors import ConfigError, DataError
from seqdisent_core.evaluation import Judge, evaluate, read_clips, train_judge
from seqdisent_core.evaluation.judge import JudgeConfig
from seqdisent_core.evaluation.leakage import code_forms, latent_probes
from seqdisent_core.latents import find_latents, measure_samples
from seqdisent_core.methods import Codes
from seqdisent_core.reporting import (
    generation_table,
    leakage_tables,
    read_result,
    read_results,
    swap_table,
    write_result,
)
from seqdisent_core.reporting.cards import with_measured
from seqdisent_core.reporting.charts import charts
from seqdisent_core.reporting.report import summary
from seqdisent_core.runs import train_run
from seqdisent_core.training import preset

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"


def strange_clips() -> Clips:
    """Labelled clips whose test split has a person that train never shows."""
    clips = labelled_clips()
    person = clips.static["person"]
    values = np.where(clips.split == "test", person.values, person.values % 3)
    return replace(clips, static={"person": Labels(values, person.names)})


UNSEEN = "labelled has person 'dan' in its test split and not in train, so it cannot be learnt"


def test_a_value_that_train_never_shows_is_refused_before_the_work(tmp_path: Path) -> None:
    clips = strange_clips()
    with pytest.raises(DataError, match=UNSEEN):
        train_judge(clips, steps=1_000_000)
    with pytest.raises(DataError, match=UNSEEN):
        evaluate(
            LabelMethod(),
            labelled_judge(),
            clips,
            command="",
            checkpoint=tmp_path,  # which is not even looked at
            judge_folder=tmp_path,
            training={},
        )
    with pytest.raises(DataError, match=UNSEEN):
        held = replace(clips, split=np.where(np.arange(144) < 12, "validation", clips.split))
        train_run(preset("fast"), held, tmp_path / "run", judge=labelled_judge())
    assert not (tmp_path / "run").exists()
    known, asked = clips.part("train"), clips.part("test")
    given, test = (Codes(torch.zeros(len(part), 4), torch.zeros(len(part), 3, 10)) for part in (known, asked))
    with pytest.raises(DataError, match=UNSEEN):
        latent_probes(code_forms(given, given.static), known, code_forms(test, test.static), asked)


def test_how_many_more_values_are_unseen_is_said() -> None:
    clips = labelled_clips()
    take = Labels(np.arange(144), tuple(f"take {number:03d}" for number in range(144)))
    with pytest.raises(DataError, match=r"expression 'take 096' \(and 47 more values\) in its test split"):
        replace(clips, dynamic={"expression": take}).check_seen_in_train()


def test_labels_may_have_the_names_of_a_networks_parts(tmp_path: Path) -> None:
    config = JudgeConfig(
        {"type": ("a", "b"), "lstm": ("c",)}, {"features": ("d", "e", "f"), "the mood": ("g",)}, width=2
    )
    judge = Judge(config).eval()
    judge.save(tmp_path, "a judge")
    again = Judge.from_pretrained(tmp_path)
    clips = torch.rand(2, 3, 3, 64, 64)
    seen = read_clips(again, clips)
    assert {name: logits.shape[1] for name, logits in seen.items()} == {
        "type": 2,
        "lstm": 1,
        "features": 3,
        "the mood": 1,
    }
    assert again.config == config


def test_a_judges_setting_of_any_name_that_is_none_is_said() -> None:
    config = JudgeConfig({"person": ("a",)}, {"expression": ("b",)}).to_dict()
    for name in ("self", "colour"):
        with pytest.raises(ConfigError, match=f"Unknown setting {name}\\. Known are"):
            JudgeConfig.from_dict({**config, name: 1})


def test_shipped_judges_are_read_as_they_were_saved() -> None:
    faces, sprites = (Judge.from_pretrained(asset(f"checkpoints/{name}_judge")) for name in ("facekit52", "sprites"))
    assert [*faces.config.static] == ["person"] and [*faces.config.dynamic] == ["expression"]
    assert [*sprites.config.static] == ["skin", "pants", "top", "hair"]
    assert sprites.config.dynamic["action"][0] == "slash-front"
    stored = load_file(asset("checkpoints/sprites_judge") / WEIGHTS)
    head = sprites.get_submodule("action")[0].weight
    assert torch.equal(head, stored["expression.0.weight"].float())


@pytest.fixture(scope="module")
def dressed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result file of a set of two static and two dynamic labels."""
    folder = tmp_path_factory.mktemp("results")
    result = evaluate(
        LabelMethod("copies"),
        dressed_judge(),
        dressed_clips(),
        command="seqdisent evaluate",
        checkpoint=asset("checkpoints/facekit52"),
        judge_folder=asset("checkpoints/facekit52_judge"),
        training={"steps": 1, "batch": 1, "seconds": 60, "hardware": "none"},
        repeats=2,
    )
    write_result(result, folder / "dressed.json")
    return folder


def test_a_set_of_other_labels_has_its_tables_charts_and_lines(dressed: Path) -> None:
    result = read_result(dressed / "dressed.json")
    swaps = swap_table(dressed)
    assert "| labelled | swap: attributes | swap: movements |" in swaps
    assert "| swap: hat | swap: coat | swap: brows | swap: mouth | reconstruction: hat |" in swaps
    unsure = (math.log(2) + math.log(3)) / 2
    assert f"| chance | 41.7 % | 1.000 | {unsure:.3f} | – |" in generation_table(dressed)
    assert "| chance | 50.0 % | 41.7 % | – | 50.0 % | 41.7 % | – |" in leakage_tables(dressed)
    assert charts(dressed)["dressed_confusion"]["data"][0]["x"] == ["down", "up"]
    assert summary(result)[0] == "swap: hat 100.0 ± 0.0 %, coat 100.0 ± 0.0 %, brows 100.0 ± 0.0 %, mouth 100.0 ± 0.0 %"
    card = with_measured("# A model\n", [dressed / "dressed.json"], result["model"]["checkpoint_sha256"])
    assert "| swap: the driver's movements | 100.0 ± 0.0 % | 41.7 % |" in card and "differ in all labels" in card


def test_several_labels_are_scored_each_and_by_their_mean(dressed: Path) -> None:
    metrics = read_result(dressed / "dressed.json")["metrics"]
    scores, row = metrics["generation"], metrics["leakage_latent"]["dynamics"]
    assert set(scores["by_label"]) == {"brows", "mouth"}
    assert scores["is"]["mean"] == pytest.approx(np.mean([one["is"]["mean"] for one in scores["by_label"].values()]))
    assert scores["by_label"]["mouth"]["is"]["mean"] > scores["by_label"]["brows"]["is"]["mean"] > 1
    of = row["by_label"]
    assert row["static_acc"]["mean"] == pytest.approx((of["hat"]["mean"] + of["coat"]["mean"]) / 2)


def test_a_file_of_earlier_days_and_one_of_today_stand_in_one_table(tmp_path: Path) -> None:
    """Sprites' file calls the mean of its attributes "person", and an action "expression"; written anew it does not."""
    old = json.loads((RESULTS / "sprites_dbse.json").read_text())
    read = read_results(RESULTS)["sprites"]["sprites_dbse"]
    assert read["labels"]["dynamic"]["action"] == old["expressions"]
    assert read["metrics"]["swap"]["action_confusion"] == old["metrics"]["swap"]["expression_confusion"]
    assert read["metrics"]["swap"]["static"] == old["metrics"]["swap"]["person"] and "labels" not in old

    def today(figures: dict) -> dict:
        kept = {name: value for name, value in figures.items() if not name.startswith(("person", "expression"))}
        return {**kept, "static": figures["person"], "dynamic": figures["expression"], "action": figures["expression"]}

    new = {**read, "metrics": dict(old["metrics"]), "judge": dict(old["judge"]), "chance": today(old["chance"])}
    new["judge"]["accuracy"] = today(old["judge"]["accuracy"])
    for name in ("swap", "reconstruction"):
        new["metrics"][name] = today(old["metrics"][name])
    for stem, result in (("a_old", old), ("b_new", new)):
        write_result(result, tmp_path / f"{stem}.json")
    for make in (swap_table, generation_table, leakage_tables):
        lines = make(tmp_path).splitlines()
        rows = [re.sub("`a_old`|`b_new`", "", line) for line in lines if re.search("a_old|b_new", line)]
        assert rows and rows[::2] == rows[1::2]


def test_samples_and_directions_know_every_label_of_a_group() -> None:
    clips, judge, method = dressed_clips(), dressed_judge(), LabelMethod()
    latents = find_latents(method, judge, clips, "a hash")
    assert latents.people.shape == (3, 4)  # of four identities, each a hat and a coat
    figures = measure_samples(method, judge, clips, latents, repeats=2)
    moved, kept = figures["dynamics"], figures["people_prior"]
    assert [moved[name]["mean"] for name in ("static", "hat", "coat")] == [1, 1, 1]
    assert set(moved["mouths"]) == {"open", "shut", "wide"} and sum(moved["mouths"].values()) == pytest.approx(1)
    assert moved["samples"] == 2 * 48 and 0.3 < moved["certainty"]["mean"] <= 1
    assert [kept[name]["mean"] for name in ("dynamic", "brows", "mouth")] == [1, 1, 1]
