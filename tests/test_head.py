"""Head and expression apart: a made model whose dynamics are known, and the shipped one on a drawn person."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError
from seqdisent_core.reenactment.head import FAR, HeadTurn, check_transfer
from seqdisent_core.studio import Studio

SIX = torch.tensor([[30.0, 0, 5.0], [-80.0, 10.0, 1.0]])  # changes of d: yaw, pitch, and an expression


def known(sha256: str = "") -> HeadTurn:
    return HeadTurn([[1.0, 0], [0, 1.0], [0, 0]], [[1.0, 0, 0], [0, 1.0, 0]], [1.0, 1.0], sha256)


def test_an_expression_is_what_is_left_without_the_turn_and_both_parts_make_the_whole() -> None:
    small = torch.tensor([[10.0, -20.0, 5.0]])
    head = known()
    assert torch.equal(head.only(small, "expression"), torch.tensor([[0, 0, 5.0]]))
    assert torch.allclose(head.only(small, "head"), torch.tensor([[10.0, -20.0, 0]]))
    assert torch.allclose(head.only(small, "all"), small)
    assert torch.equal(head.turns(small), small[:, :2])


def test_turns_too_far_for_one_picture_are_damped_and_the_expression_stays() -> None:
    made = known().only(SIX, "all")
    assert torch.equal(made[:, 2], SIX[:, 2])
    assert FAR < made[0, 0] < 30 and -1.5 * FAR <= made[1, 0] < -1.4 * FAR and made[1, 1] == 10
    steps = known().only(torch.tensor([[FAR - 0.1, 0, 0], [FAR + 0.1, 0, 0], [FAR + 0.3, 0, 0]]), "head")[:, 0].diff()
    assert 0.15 < steps[0] <= 0.2001 and 0.1 < steps[1] <= 0.2001, "there is no edge"


def test_the_shipped_model_takes_a_turn_out_of_a_film_and_leaves_the_smile() -> None:
    studio = Studio.from_pretrained("wild", device="cpu")
    assert studio.head is not None and min(studio.head.explained) > 0.7
    clip = studio.read_face(asset("examples") / "person_000_happiness.mp4")
    dynamics = torch.from_numpy(studio.encode_face(clip).dynamics)
    change = dynamics - dynamics[clip.anchor]
    rest = studio.head.only(change, "expression")
    assert studio.head.turns(rest).abs().max() < 0.05
    assert (rest - change).norm() < change.norm()


def test_what_a_model_does_not_know_is_refused_by_a_sentence(tmp_path: Path) -> None:
    check_transfer("all", None)
    with pytest.raises(ConfigError, match="does not tell head turns from expressions"):
        check_transfer("head", None)
    with pytest.raises(ConfigError, match="must be one of all, expression, head"):
        check_transfer("mouth", known())  # type: ignore[arg-type]
    known("of another").save(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(ConfigError, match="of other weights"):
        HeadTurn.load(tmp_path)
    (tmp_path / "head.json").write_text(json.dumps({"read": 1}))
    with pytest.raises(ConfigError, match="is damaged"):
        HeadTurn.load(tmp_path)
    (tmp_path / "head.json").unlink()
    assert HeadTurn.load(tmp_path) is None
    assert np.isfinite(known().read).all()
