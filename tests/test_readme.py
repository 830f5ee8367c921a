"""The README's examples, run as they stand there."""

import re
from pathlib import Path

import pytest
from conftest import Served

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def example(word: str) -> str:
    found = [block for block in BLOCKS if word in block]
    assert len(found) == 1
    return found[0]


def test_the_python_example_swaps_two_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo_assets").symlink_to(ROOT / "demo_assets")
    exec(example("Studio.from_pretrained"), {})
    assert len(list((tmp_path / "swapped").glob("*.mp4"))) == 2


def test_the_network_example_brings_two_films_and_says_what_they_show(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(example("gradio_client").replace("http://127.0.0.1:7860", served.address), names)
    assert Path(str(names["first"])).suffix == Path(str(names["second"])).suffix == ".mp4"
    assert names["first_said"] == "The first person, doing what the second does"
