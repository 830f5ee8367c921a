"""The lecture's stored material: what is read back, and what is no such material."""

import json
from pathlib import Path

import numpy as np
import pytest

from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError
from seqdisent_core.lecture import Material

GOOD = json.loads((asset("lecture") / "material.json").read_text(encoding="utf-8"))


def read(folder: Path, stored: object) -> Material:
    (folder / "material.json").write_text(stored if isinstance(stored, str) else json.dumps(stored))
    return Material.load(folder)


def test_material_comes_back(tmp_path: Path) -> None:
    known, shipped = read(tmp_path, GOOD), Material.load(asset("lecture"))
    assert known.about == GOOD["about"] and known.terms == GOOD["terms"] and known.samples == GOOD["samples"]
    assert all(np.array_equal(known.features[name], rows) for name, rows in shipped.features.items())


@pytest.mark.parametrize("name", ["about", "features", "terms", "samples"])
def test_json_that_is_no_material_is_said_to_be_broken(tmp_path: Path, name: str) -> None:
    without = {key: value for key, value in GOOD.items() if key != name}
    wrong = ["{", "[]", "7", "null", '"features"', without]
    wrong += [{**GOOD, name: value} for value in (None, 3, "one", [1, 2], {"one": [[1, 2], [3]]}, {"one": "two"})]
    for stored in wrong:
        with pytest.raises(ConfigError, match=r"missing or broken\. `seqdisent lecture --prepare`"):
            read(tmp_path, stored)
