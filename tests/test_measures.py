"""Every measure against answers that are known before: perfect, constant, shuffled, copying and leaking codes."""

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch
from labelled import (
    BAR,
    AllStatic,
    LabelMethod,
    OneFrame,
    WithoutStatic,
    dressed_clips,
    dressed_judge,
    labelled_clips,
    labelled_judge,
    mislabelled_clips,
)
from small import small_dbse

from seqdisent_core import __version__
from seqdisent_core.assets import asset
from seqdisent_core.data.clips import Clips
from seqdisent_core.domains.images import as_training_tensor
from seqdisent_core.errors import DataError
from seqdisent_core.evaluation import measures
from seqdisent_core.evaluation.generation import draw_samples, generation_scores
from seqdisent_core.evaluation.judge import Judge
from seqdisent_core.evaluation.leakage import code_forms, latent_probes, leakage_row
from seqdisent_core.evaluation.likeness import frechet_distance
from seqdisent_core.evaluation.sheet import choose_clips, result_sheet
from seqdisent_core.evaluation.suite import evaluate
from seqdisent_core.evaluation.usage import active_units, kl_figures
from seqdisent_core.methods import DBSE, Codes, Method
from seqdisent_core.methods.codes import encode_clips
from seqdisent_core.reporting.figures import absent, figure
from seqdisent_core.reporting.report import summary
from seqdisent_core.reporting.result_files import described

JUDGE = asset("checkpoints/facekit52_judge")  # for its hash


def measured(
    method: Method,
    *,
    judge: Judge | None = None,
    clips: Clips | None = None,
    repeats: int = 2,
    training: dict | None = None,
    **settings: object,
) -> dict:
    return evaluate(
        method,
        judge or labelled_judge(),
        clips or labelled_clips(),
        command="seqdisent evaluate",
        checkpoint=asset("checkpoints/facekit52"),
        judge_folder=JUDGE,
        training=training or {},
        repeats=repeats,
        **settings,  # type: ignore[arg-type]
    )


def test_a_set_of_several_labels_a_group_gets_every_figure_and_each_label_by_name() -> None:
    result = measured(LabelMethod("copies"), judge=dressed_judge(), clips=dressed_clips())
    swap, latent = result["metrics"]["swap"], result["metrics"]["leakage_latent"]
    names = ("static", "dynamic", "hat", "coat", "brows", "mouth")
    for figures in (swap, result["metrics"]["reconstruction"], result["judge"]["accuracy"]):
        assert [figures[name]["mean"] for name in names] == [1] * 6
    assert result["chance"] == {
        **{"static": 0.5, "hat": 0.5, "coat": 0.5, "brows": 0.5},
        **{"dynamic": pytest.approx(5 / 12), "mouth": pytest.approx(1 / 3)},
    }
    assert np.sum(swap["hat_confusion"]) == np.sum(swap["mouth_confusion"]) == 2 * 48
    assert [*result["labels"]["dynamic"]] == ["brows", "mouth"] and "expressions" not in result
    assert means(latent["static"])[0] == 1 and means(latent["dynamics"]) == [1, 1, 0], "the probe is asked for each"
    assert means(result["metrics"]["leakage_generation"]["dynamics"])[0] == pytest.approx(0.5, abs=0.15)


@cache
def metrics(kind: str) -> dict:
    asked = (measures.active_units, measures.samples, measures.latent_leakage)
    return measured(LabelMethod(kind), measures=asked)["metrics"]


def means(row: dict) -> list[float]:
    return [row[name]["mean"] for name in ("static_acc", "dynamic_acc", "gap")]


def test_perfect_codes_keep_the_expression_whoever_is_drawn() -> None:
    scores = metrics("perfect")["generation"]
    assert scores["acc"]["mean"] == 1 and scores["acc"]["n"] == 2
    assert scores["is"]["mean"] > 5.5 and scores["h_y_given_x"]["mean"] < 0.1
    assert scores["h_y"]["mean"] == pytest.approx(math.log(6), abs=0.01)


def test_perfect_codes_leak_nothing_by_generation() -> None:
    rows = metrics("perfect")["leakage_generation"]
    static, dynamic, gap = means(rows["static"])
    assert static == 1 and dynamic == pytest.approx(1 / 6, abs=0.12) and gap == pytest.approx(static - dynamic)
    static, dynamic, gap = means(rows["dynamics"])
    assert dynamic == 1 and static == pytest.approx(1 / 4, abs=0.15) and gap == pytest.approx(dynamic - static)


@pytest.mark.parametrize("probe", ["logistic_regression", "gradient_boosting"])
def test_perfect_codes_leak_nothing_to_a_probe(probe: str) -> None:
    rows = metrics("perfect")["leakage_latent"]["probes"][probe]
    static, dynamic, _ = means(rows["static"])
    assert static == 1 and dynamic == pytest.approx(1 / 6, abs=1e-6)
    for form in ("dynamics_flat", "dynamics_mean"):
        static, dynamic, _ = means(rows[form])
        assert dynamic == 1 and static == pytest.approx(1 / 4, abs=1e-6)


@pytest.mark.parametrize("probe", ["logistic_regression", "gradient_boosting"])
def test_a_person_copied_into_the_dynamics_is_found_by_probes_though_no_clip_shows_it(probe: str) -> None:
    assert means(metrics("copies")["leakage_latent"]["probes"][probe]["dynamics_flat"]) == [1, 1, 0]
    assert means(metrics("copies")["leakage_latent"]["probes"][probe]["dynamics_mean"]) == [1, 1, 0]
    assert means(metrics("copies")["leakage_generation"]["dynamics"])[0] < 0.5


def test_what_one_frame_tells_of_the_expression_is_found_where_it_shows() -> None:
    clips = labelled_clips()
    frames = np.array(clips.frames)
    frames[:, 0, 4 * BAR :] = 0  # all begin at rest
    clips = replace(clips, frames=frames)
    found = measured(OneFrame(), clips=clips, measures=[measures.latent_leakage])["metrics"]["leakage_latent"]
    probes = found["probes"]["logistic_regression"]
    assert means(probes["static"])[:2] == [1, pytest.approx(1 / 6, abs=1e-6)]
    assert means(probes["static_middle"])[:2] == [1, 1]
    rows = metrics("perfect")["leakage_latent"]["probes"]["logistic_regression"]
    assert rows["static_middle"] == rows["static"], "nothing moves there"


def test_a_person_that_decoding_takes_from_the_dynamics_is_found_by_generation() -> None:
    rows = metrics("leak")["leakage_generation"]
    assert means(rows["dynamics"]) == [1, 1, 0]
    assert means(rows["static"])[0] < 0.5
    assert metrics("leak")["swap"]["person"]["mean"] == 0


def test_constant_codes_score_chance_everywhere() -> None:
    found = metrics("constant")
    assert found["generation"]["acc"]["mean"] == pytest.approx(1 / 6)
    assert found["generation"]["is"]["mean"] == pytest.approx(1)
    assert found["generation"]["h_y"]["mean"] == pytest.approx(found["generation"]["h_y_given_x"]["mean"])
    for kind in ("leakage_generation", "leakage_latent"):
        for kept in ("static", "dynamics"):
            static, dynamic, _ = means(found[kind][kept])
            assert (static, dynamic) == (pytest.approx(1 / 4), pytest.approx(1 / 6))
    assert found["active_units"]["static"]["mean"] == found["active_units"]["dynamics"]["mean"] == 0


def test_shuffled_codes_score_about_chance() -> None:
    found = metrics("shuffled")
    assert found["generation"]["acc"]["mean"] < 0.4
    assert found["generation"]["is"]["mean"] > 5.5, "the clips are sharp, they are only the wrong ones"
    assert means(found["leakage_latent"]["static"])[0] < 0.6
    assert means(found["leakage_latent"]["dynamics"])[1] < 0.5


def test_likeness_tells_drawn_clips_from_grey_ones_and_stands_beside_real_halves() -> None:
    perfect, constant = metrics("perfect")["frechet"], metrics("constant")["frechet"]
    assert perfect["clips_a_side"] == 24
    assert perfect["real_halves"] == constant["real_halves"]
    for protocol in ("fixed_dynamics", "fixed_static", "swap", "both_sampled"):
        assert constant[protocol]["mean"] > 3 * perfect[protocol]["mean"]


def test_made_clips_are_compared_with_the_other_half_of_real_ones() -> None:
    method = AllStatic()
    frechet = measured(method, measures=[measures.samples])["metrics"]["frechet"]
    assert 0 < frechet["fixed_static"]["mean"] == pytest.approx(frechet["real_halves"]["mean"], rel=1e-3)
    assert method.asked and all(method.asked), "of drawn dynamics the prior's means are decoded"


@pytest.mark.parametrize("probe", ["logistic_regression", "gradient_boosting"])
def test_probes_learn_from_training_clips_alone(probe: str) -> None:
    clips = mislabelled_clips()
    codes = {part: encode_clips(OneFrame(), as_training_tensor(clips.part(part))) for part in ("train", "test")}
    given, asked = (code_forms(own, own.static) for own in codes.values())
    rows = latent_probes(given, clips.part("train"), asked, clips.part("test"), repeats=1)[probe]
    for form in ("static", "dynamics_flat", "dynamics_mean"):
        assert means(rows[form])[:2] == [0, 0]


def test_a_model_that_was_trained_on_other_clips_is_told_from_one_of_this_train_split() -> None:
    clips = labelled_clips()
    its = {"data": {"sha256": clips.part("train").sha256()}}
    for training, expected in (({}, None), (its, True), ({"data": {"sha256": "another"}}, False)):
        result = measured(LabelMethod(), clips=clips, training=training, measures=[measures.active_units])
        assert result["data"]["trained_on_its_train_split"] is expected
    assert "trained on other clips" in described(result)


def test_the_schema_s_latent_rows_are_the_logistic_regression_on_s_and_on_all_of_d() -> None:
    latent = metrics("copies")["leakage_latent"]
    assert latent["static"] == latent["probes"]["logistic_regression"]["static"]
    assert latent["dynamics"] == latent["probes"]["logistic_regression"]["dynamics_flat"]
    assert latent["protocol"] == "latent probe (our protocol)"


def test_scores_of_readings_made_by_hand() -> None:
    readings = torch.tensor([[0.5, 0.5], [1.0, 0.0]]).log()
    scores = generation_scores(readings, np.array([1, 0]))
    assert scores.acc == 0.5
    assert scores.h_y_given_x == pytest.approx(math.log(2) / 2)
    assert scores.h_y == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    sure = generation_scores(100 * torch.eye(6).repeat(4, 1), np.tile(np.arange(6), 4))
    assert (sure.acc, sure.inception_score, sure.h_y_given_x) == (1, pytest.approx(6), pytest.approx(0, abs=1e-9))
    unsure = generation_scores(torch.zeros(8, 6), np.zeros(8, int))
    assert (unsure.inception_score, unsure.h_y) == (pytest.approx(1), pytest.approx(math.log(6)))


def test_the_inception_score_is_the_mean_divergence_from_the_mean_reading() -> None:
    logits = 3 * torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
    scores = generation_scores(logits, np.zeros(50, int))
    readings = logits.double().softmax(1)
    divergence = (readings * (readings.log() - readings.mean(0).log())).sum(1).mean()
    assert scores.inception_score == pytest.approx(float(divergence.exp()), rel=1e-12)
    assert scores.inception_score == float(np.exp(scores.h_y - scores.h_y_given_x))


def test_gaps_are_of_what_is_held_less_what_should_be_absent() -> None:
    row = leakage_row(
        [{"static": 1.0, "dynamic": 0.2, "hat": 1.0}, {"static": 0.8, "dynamic": 0.2, "hat": 0.4}], "static"
    )
    assert means(row) == pytest.approx([0.9, 0.2, 0.7]) and row["by_label"]["hat"]["mean"] == 0.7
    assert means(leakage_row([{"static": 0.1, "dynamic": 0.9}], "dynamics")) == pytest.approx([0.1, 0.9, 0.8])


def test_the_frechet_distance_of_a_set_to_itself_is_nothing() -> None:
    features = torch.randn(40, 16, generator=torch.Generator().manual_seed(0))
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(features, features.flip(0)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("clips", [200, 7])  # more and fewer than dimensions
def test_the_frechet_distance_of_shifted_and_widened_normals_is_the_analytic_one(clips: int) -> None:
    features = torch.randn(clips, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spread = float(features.var(0).sum())
    assert frechet_distance(features, features + 0.5) == pytest.approx(16 * 0.25)
    centred = features - features.mean(0)
    assert frechet_distance(centred, 3 * centred) == pytest.approx(4 * spread)  # (3 - 1)^2 tr S


def test_the_frechet_distance_is_that_of_matrix_roots() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(60, 8, generator=generator, dtype=torch.float64)
    second = first.roll(1, 0) @ torch.randn(8, 8, generator=generator, dtype=torch.float64) + 1
    root = linalg.sqrtm((torch.cov(first.T) @ torch.cov(second.T)).numpy()).real
    known = (first.mean(0) - second.mean(0)).square().sum() + first.var(0).sum() + second.var(0).sum()
    assert frechet_distance(first, second) == pytest.approx(float(known) - 2 * np.trace(root))


def gaussian_dbse() -> DBSE:
    """The same posteriors and prior for every clip: q(s) = N(2, 1/4), q(d) = N(1, 1), p(d) = N(3, 4)."""
    model = small_dbse(width=2, feature_dim=4, static_dim=3, dynamics_dim=5, hidden_dim=4, posterior_hidden_dim=4)
    for head, mean, variance in (
        (model.static_head, 2.0, 0.25),
        (model.dynamics_head, 1.0, 1.0),
        (model.prior.head, 3.0, 4.0),
    ):
        for layer, value in ((head.mean, mean), (head.log_variance, math.log(variance))):
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.constant_(layer.bias, value)
    return model.eval()


def test_divergences_are_the_analytic_ones() -> None:
    clips = torch.zeros(70, 4, 3, 64, 64, dtype=torch.uint8)  # more than one batch
    figures = kl_figures(gaussian_dbse(), clips)
    static = 3 * 0.5 * (0.25 + 4 - 1 - math.log(0.25))
    a_frame = 5 * 0.5 * (math.log(4) + (1 + 4) / 4 - 1)
    assert figures["static"]["mean"] == pytest.approx(static, rel=1e-5)
    assert figures["dynamics"]["mean"] == pytest.approx(4 * a_frame, rel=1e-5)
    assert figures["dynamics_a_frame"]["mean"] == pytest.approx(a_frame, rel=1e-5)


def test_a_method_without_divergences_says_so() -> None:
    figures = kl_figures(LabelMethod(), torch.zeros(2, 3, 3, 64, 64, dtype=torch.uint8))
    assert figures["static"] is None and "labels" in figures["why"]


def test_units_are_active_where_means_vary_over_clips() -> None:
    means_of_clips = torch.tensor([[0.0, 0.0, 5.0], [1.0, 0.15, 5.0]])  # variances 1/4, 0.0056, 0
    assert active_units(means_of_clips) == 1
    over_time = torch.zeros(2, 3, 2)
    over_time[:, :, 0] = torch.tensor([0.0, 5.0, 9.0])  # varies over time, not over clips
    over_time[1, :, 1] = 1.0
    assert active_units(over_time) == 1


def test_a_method_without_static_codes_has_its_other_figures_and_says_why_the_rest_is_null() -> None:
    result = measured(WithoutStatic())
    found = result["metrics"]
    assert found["reconstruction"]["expression"]["mean"] == 1
    assert found["generation"]["acc"] is None and "static" in found["generation"]["why"]
    assert found["leakage_latent"]["static"]["gap"] is None and "static" in found["leakage_latent"]["static"]["why"]
    assert means(found["leakage_latent"]["dynamics"]) == [1, 1, 0]
    assert any("–" in line for line in summary(result))


def test_too_few_test_clips_to_compare_are_said_and_the_rest_is_measured() -> None:
    clips = labelled_clips()
    few = clips.select(np.r_[np.flatnonzero(clips.split == "train"), 96, 96 + 13])  # two persons, two expressions
    found = measured(LabelMethod(), clips=few)["metrics"]
    assert found["swap"]["person"]["mean"] == 1
    assert found["frechet"]["real_halves"] is None and "2 test clips are too few" in found["frechet"]["why"]


def test_a_result_says_by_what_software_and_whether_its_judge_may_judge() -> None:
    result = measured(LabelMethod(), measures=[measures.active_units])
    assert result["software"] == {"seqdisent": __version__, "torch": torch.__version__}
    assert result["judge"]["trusted"] is True
    torch.manual_seed(0)
    unlearnt = measured(LabelMethod(), judge=Judge(labelled_judge().config).eval(), measures=[measures.active_units])
    assert unlearnt["judge"]["trusted"] is False


def test_repeats_differ_and_come_again_with_the_same_seed() -> None:
    clips, judge, method = labelled_clips().part("test"), labelled_judge(), LabelMethod()
    codes = encode_clips(method, as_training_tensor(clips))

    def drawn(seed: int, repeat: int) -> torch.Tensor:
        return draw_samples(method, judge, clips, codes, seed, repeat, lambda what: None).features["fixed_dynamics"]

    assert torch.equal(drawn(0, 1), drawn(0, 1))
    assert not torch.equal(drawn(0, 1), drawn(0, 2)) and not torch.equal(drawn(0, 1), drawn(1, 1))


def test_halves_of_real_clips_share_none() -> None:
    clips, method = labelled_clips().part("test"), LabelMethod()
    codes = encode_clips(method, as_training_tensor(clips))
    first, second = draw_samples(method, labelled_judge(), clips, codes, 0, 0, lambda what: None).halves
    assert len(first) == len(second) == 24 and not set(first) & set(second)


def test_a_probe_refuses_clips_of_one_label() -> None:
    clips = labelled_clips().part("train")
    alone = clips.select(np.flatnonzero(clips.static["person"].values == 0))
    codes = Codes(torch.zeros(24, 4), torch.zeros(24, 3, 10))
    forms = code_forms(codes, codes.static)
    with pytest.raises(DataError, match="two or more values of person"):
        latent_probes(forms, alone, forms, alone)


def test_progress_goes_from_nothing_to_all() -> None:
    seen: list[tuple[int, int, str]] = []
    measured(LabelMethod(), repeats=1, progress=lambda *stage: seen.append(stage))
    assert [done for done, _, _ in seen] == list(range(len(seen)))
    assert seen[-1][0] == seen[-1][1] and seen[-1][2] == "done"


def test_figures_are_means_with_spreads_over_repeats() -> None:
    assert figure([0.5, 1.0]) == {"mean": 0.75, "std": pytest.approx(0.125**0.5), "n": 2}
    assert figure([0.5]) == {"mean": 0.5, "std": 0.0, "n": 1}
    assert absent(("acc",), "No one is there.") == {"acc": None, "why": "No one is there."}


def test_the_sheet_shows_three_clips_that_share_no_label_in_six_rows_each(tmp_path: Path) -> None:
    clips = labelled_clips().part("test")
    chosen = choose_clips(clips)
    assert all(len(set(label.values[chosen])) == 3 for label in clips.labels.values())
    result_sheet(LabelMethod(), clips, tmp_path / "sheets" / "labels.png")
    assert iio.imread(tmp_path / "sheets" / "labels.png").shape == (18 * 68, 8 * 68, 3)
