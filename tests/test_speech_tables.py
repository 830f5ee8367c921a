"""Speech: error rates with known answers, FHVAE's mathematics, every method over spectra, tables that go on."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_speech import speech_set

from seqdisent_core.cli import main
from seqdisent_core.domains.speech import Spectra, SpectraConfig
from seqdisent_core.domains.speech.spectra import BINS
from seqdisent_core.errors import ConfigError
from seqdisent_core.evaluation import SpeechTable, equal_error_rate, speaker_error_rate
from seqdisent_core.evaluation.speech import recording_codes
from seqdisent_core.methods import Batch, FHVAEConfig, Moment
from seqdisent_core.methods.fhvae import FHVAE, SPREAD, discriminative
from seqdisent_core.methods.gaussians import Gaussian, kl_divergence
from seqdisent_core.reporting.speech_tables import published_speech_table, speech_tables
from seqdisent_core.training import Recipe, TrainingConfig, speech_recipes

NETWORK = SpectraConfig(feature_dim=8, hidden_dim=8)


# --- equal error rates ------------------------------------------------------------------------------------------------


def test_separable_scores_have_no_error_and_equal_ones_a_half() -> None:
    same = np.array([True, True, False, False, False])
    assert equal_error_rate(np.array([0.9, 0.8, 0.7, 0.1, -1.0]), same) == 0
    assert equal_error_rate(np.zeros(5), same) == 0.5
    assert equal_error_rate(np.array([-1.0, -0.9, 0.1, 0.2, 0.3]), same) == 1
    with pytest.raises(ValueError, match="of the same and of different"):
        equal_error_rate(np.zeros(2), np.ones(2, bool))


def test_the_rate_of_scores_made_by_hand_is_the_exact_one() -> None:
    same = np.array([True, True, True, False, False, False])
    assert equal_error_rate(np.array([0.9, 0.8, 0.3, 0.7, 0.2, 0.1]), same) == pytest.approx(1 / 3)
    # With thresholds at 0.4 (FPR 1/2, FNR 1/3) and 0.5 (FPR 0, FNR 1/3): at FPR = FNR both are 1/3.
    four = np.array([True, True, True, False, False])
    assert equal_error_rate(np.array([0.9, 0.8, 0.2, 0.5, 0.4]), four) == pytest.approx(1 / 3)
    # One tie of a same and a different pair: from (1/2, 0) the rates go straight to (0, 1/2).
    tied = np.array([True, False, True, False])
    assert equal_error_rate(np.array([0.9, 0.1, 0.5, 0.5]), tied) == pytest.approx(1 / 4)


def test_the_rate_is_that_of_a_slow_search_and_knows_no_scale_and_no_order() -> None:
    random = np.random.default_rng(0)
    same = random.random(400) < 0.3
    scores = random.standard_normal(400) + same
    rates = [((scores[~same] > e).mean(), (scores[same] <= e).mean()) for e in np.linspace(-4, 5, 9001)]
    slow = min(rates, key=lambda pair: abs(pair[0] - pair[1]))
    assert equal_error_rate(scores, same) == pytest.approx(np.mean(slow), abs=0.005)
    order = random.permutation(400)
    assert equal_error_rate(np.exp(scores)[order], same[order]) == equal_error_rate(scores, same)


def test_vectors_of_speakers_are_compared_by_their_direction() -> None:
    speakers = np.repeat([0, 1, 2], 4)
    lengths = np.random.default_rng(0).random((12, 1)) + 0.1
    assert speaker_error_rate(lengths * np.eye(3)[speakers], speakers) == 0
    assert speaker_error_rate(np.ones((12, 3)), speakers) == 0.5


# --- FHVAE ------------------------------------------------------------------------------------------------------------


def fhvae(groups: int = 5) -> FHVAE:
    torch.manual_seed(0)
    config = FHVAEConfig(static_dim=4, dynamics_dim=3, hidden_dim=8, groups=groups)
    model = Recipe("fhvae", config, "spectra", NETWORK, TrainingConfig()).build().eval()
    assert isinstance(model, FHVAE)
    return model


def test_the_discriminative_term_is_the_posterior_of_the_sequence() -> None:
    means = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    static = torch.tensor([[0.2, 0.1], [0.9, 1.0]])
    each = torch.stack([torch.distributions.Normal(mean, math.sqrt(SPREAD)).log_prob(static).sum(1) for mean in means])
    exact = -(each.log_softmax(dim=0)[[0, 2], [0, 1]]).mean()
    assert float(discriminative(static, means, torch.tensor([0, 2]))) == pytest.approx(float(exact), abs=1e-5)


def test_pieces_of_one_sequence_share_a_prior_and_its_mean_is_shared_among_them() -> None:
    model = fhvae()
    x = torch.randn(3, 20, BINS)
    group = torch.tensor([1, 1, 4])
    batch = Batch(x, torch.arange(3), group=group)
    drawn = torch.Generator().manual_seed(0)
    terms = model.loss(batch, Moment(set_size=50, generator=drawn))
    posterior = model.posterior(model.backbone.encode_sequences(x), lambda gaussian: gaussian.mean)
    prior = torch.distributions.Normal(model.means[group], math.sqrt(SPREAD))
    own = torch.distributions.Normal(posterior.static.mean, (0.5 * posterior.static.log_variance).exp())
    exact = torch.distributions.kl_divergence(own, prior) + 0.5 * model.means[group].square() / 10
    assert float(terms["kl_static"].detach()) == pytest.approx(float(exact.sum(1).mean().detach()), rel=1e-4)
    piece = posterior.dynamics  # drawn z2 differs from its mean, so only the shape and the sign are known here
    assert piece.mean.shape == (3, 3) and float(terms["kl_dynamics"].detach()) > 0
    assert float(kl_divergence(Gaussian(torch.zeros(2), torch.zeros(2))).sum()) == 0
    with pytest.raises(ConfigError, match="Set groups to 6"):
        model.loss(replace(batch, group=torch.tensor([0, 0, 5])), Moment())


def test_its_samples_have_the_variance_of_both_levels_and_one_code_a_piece() -> None:
    model = fhvae()
    generator = torch.Generator().manual_seed(0)
    assert float(model.sample_static(20_000, generator).var()) == pytest.approx(1 + SPREAD, rel=0.03)
    dynamics = model.sample_dynamics(2, 5, generator)
    assert dynamics.shape == (2, 5, 3) and (dynamics == dynamics[:, :1]).all()
    codes = model.encode(torch.randn(2, 20, BINS))
    assert (codes.dynamics == codes.dynamics[:, :1]).all() and codes.static.shape == (2, 4)


# --- tables -----------------------------------------------------------------------------------------------------------


def test_the_mean_of_a_recording_can_begin_each_segment_and_is_in_no_dynamics() -> None:
    plain, first = (Spectra(SpectraConfig(feature_dim=8, hidden_dim=8, mean_first=on), 4) for on in (False, True))
    segments = SpeechTable(speech_set()).segments(0)
    x, observed = first.sequences(segments)
    own, seen = plain.sequences(segments)
    assert x.shape[1] == 21 and own.shape[1] == 20 and observed[:, 0].all()
    assert torch.equal(x[:, 1:], own) and torch.equal(observed[:, 1:], seen)
    assert torch.allclose(x[:, 0], own[seen[..., 0]].mean(dim=0).expand(len(x), -1), atol=1e-6)
    assert torch.equal(first.without_mean(x), own) and plain.without_mean(own) is own


def test_padding_counts_in_no_vector_of_a_recording() -> None:
    model = fhvae()
    table = SpeechTable(speech_set())
    segments = table.segments(0)
    assert not segments.observed[-1].all()
    spoilt = segments._replace(magnitudes=torch.where(segments.observed, segments.magnitudes, 1e3))
    for own, other in zip(recording_codes(model, segments), recording_codes(model, spoilt), strict=True):
        assert np.array_equal(own, other)


def test_the_command_fills_a_table_of_every_method_and_goes_on(tmp_path: Path) -> None:
    speech_set(speakers=11).save(tmp_path / "set")  # folds of unequal size
    out = tmp_path / "speech.json"
    given = ["benchmark", "speech", str(tmp_path / "set"), "--out", str(out), "--steps", "2"]
    assert main([*given, "--seeds", "1"]) == 0
    rows = json.loads(out.read_text())["rows"]
    assert list(rows)[:8] == ["dbse", "fhvae", "dsvae", "rwae", "s3vae", "skd", "cdsvae", "spyl"]
    assert all(len(row["runs"]) == 1 for row in rows.values()) and len(rows) == 14
    figures = rows["dbse"]["figures"]
    assert figures["gap"]["mean"] == pytest.approx(figures["dynamic_eer"]["mean"] - figures["static_eer"]["mean"])
    spectrum = [rows[f"mean spectrum{end}"]["figures"] for end in ("", ", as recorded")]
    assert spectrum[0]["static_eer"] == pytest.approx(spectrum[1]["static_eer"]), "a cosine knows no level"
    assert spectrum[0]["gap"] is None and "no dynamic code" in spectrum[0]["why"]
    assert spectrum[0]["static_eer"]["mean"] < 0.3, "pitch and timbre tell these voices"
    assert main([*given, "--seeds", "5", "--rows", "mean spectrum", "dbse"]) == 0
    runs = json.loads(out.read_text())["rows"]["dbse"]["runs"]
    assert [run["fold"] for run in runs] == [0, 1, 2, 3, 0]
    assert runs[0]["weights_sha256"] != runs[4]["weights_sha256"], "the same fold again is another seed"
    assert "| mean spectrum | " in speech_tables(tmp_path) and "| dbse | " in speech_tables(tmp_path)


def test_another_set_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speech_set().save(tmp_path / "set")
    assert main(["benchmark", "timit", str(tmp_path / "set"), "--out", str(tmp_path / "t.json")]) == 1
    assert "holds the set speech. Give timit, packed." in capsys.readouterr().err


def test_a_rate_above_a_half_is_flagged(tmp_path: Path) -> None:
    def row(static: float, dynamic: float | None) -> dict[str, object]:
        names = {"static_eer": static, "dynamic_eer": dynamic, "gap": None if dynamic is None else dynamic - static}
        figures = {name: None if of is None else {"mean": of, "std": 0.01, "n": 2} for name, of in names.items()}
        return {"runs": [{"steps": 5, "seconds": 2.0}] * 2, "figures": figures}

    speakers = {"train": 4, "validation": 1, "test": 2}
    about = {"protocol": {"speakers": speakers, "folds": 4}, "hardware": "2 cores", "command": "here"}
    file = {**about, "rows": {"dbse": row(0.1, 0.55), "mean spectrum": row(0.2, None)}}
    (tmp_path / "speech.json").write_text(json.dumps(file))
    made = speech_tables(tmp_path)
    assert "| dbse | 10.0 ± 1.0 % | 55.0 ± 1.0 % (!) | 45.0 ± 1.0 % | 5, 2 s | 2 |" in made
    assert "| mean spectrum | 20.0 ± 1.0 % | – | – | 5, 2 s | 2 |" in made and "above 50 %" in made
    assert "| DBSE | 3.50 % | 34.62 % | 31.11 % |" in published_speech_table()


def test_recipes_share_networks_codes_and_budget() -> None:
    recipes = speech_recipes(groups=7)
    assert recipes["fhvae"].model.groups == 7
    for name, recipe in recipes.items():
        assert recipe.network == recipes["dbse"].network and recipe.training == recipes["dbse"].training, name
        if name != "skd":
            assert recipe.model.static_dim == recipes["dbse"].model.static_dim, name
