"""The README's examples, run as they stand there but for the seconds of tuning."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Served

_GIVEN = (("examples", "*.mp4"), ("speech", "*.flac"))
ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def example(word: str) -> str:
    found = [block for block in BLOCKS if word in block]
    assert len(found) == 1
    return found[0]


def shortened(code: str, *replaced: tuple[str, str]) -> str:
    """The code with less to wait for; each piece that is replaced must be there."""
    for piece, by in replaced:
        assert code.count(piece) == 1, f"{piece} is not in the example any more"
        code = code.replace(piece, by)
    return code


def test_the_python_example_swaps_two_clips_and_draws_movements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo_assets").symlink_to(ROOT / "demo_assets")
    names: dict[str, list] = {}
    code = example("studio.personalise(one, other)")
    exec(shortened(code, ("personalise(one, other)", "personalise(one, other, seconds=1)")), names)
    assert [sample.seed for sample in names["samples"]] == list(range(7, 15))
    assert len(list((tmp_path / "swapped").glob("*.mp4"))) == 2


_SHORTER = {  # by page
    "swap": [("personalise(*faces)", "personalise(*faces, seconds=0)")],
    "sample": [('learn_face(studio.read_face("me.mp4"))', 'learn_face(studio.read_face("me.mp4"), seconds=0)')],
}
PAGES = [path for path in sorted((ROOT / "pages").rglob("*.py")) if "The same in Python</summary>" in path.read_text()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_what_a_page_calls_the_same_in_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"<summary>The same in Python</summary><code>\\\n(.*?)</code>", page.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for folder in ("demo_assets", "results"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    clips, voices = (sorted((ROOT / "demo_assets" / place).glob(kind)) for place, kind in _GIVEN)
    for names, given in ((("first.mp4", "second.mp4", "me.mp4"), clips), (("a.wav", "b.wav"), voices)):
        for name, path in zip(names, given, strict=False):
            shutil.copy(path, tmp_path / name)
    hours = "".join(f"{hour},mine,{hour % 24}\n" for hour in range(672))
    (tmp_path / "my.csv").write_text(f"time,series,TEMP\n{hours}")
    exec(shortened(code, *_SHORTER.get(page.parent.name, ())), {})


def test_the_container_holds_what_the_app_needs_and_a_linter_finds_nothing() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == allowed and all((ROOT / name).exists() for name in copied)
    linter = shutil.which("hadolint", path=Path(sys.executable).parent)
    if linter is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_network_example_brings_two_films_and_says_what_they_show(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    here = ("http://127.0.0.1:7860", served.address), ("5,  # seconds", "1,  # seconds")
    exec(shortened(example("gradio_client"), *here), names)
    assert Path(str(names["first"])).suffix == Path(str(names["second"])).suffix == ".mp4"
    assert names["first_said"] == "The first person, doing what the second does"
    assert [reading["seed"] for reading in names["readings"]] == [7, 8, 9, 10]  # type: ignore[attr-defined]
    assert len(names["films"]) == 4  # type: ignore[arg-type]
