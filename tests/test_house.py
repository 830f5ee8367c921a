"""The house: imports run one way, from room to room through each room's face, and some rooms do without heavy parts."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up: a room may import those above it in this list. What is in one line may not import its neighbours.
FLOORS = (
    ("errors",),
    ("assets", "settings", "threads"),
    ("limits", "weights"),
    ("checkpoints", "machine"),
    ("reporting", "media"),
    ("faces",),
    ("data",),
    ("facekit", "domains"),
    ("methods",),
    ("training",),
    ("reenactment",),
    ("evaluation",),
    ("latents",),
    ("studio", "series_studio", "voices"),
    ("films", "lecture", "runs"),
    ("comparison", "image_tables", "jobs", "parcels", "trial"),
    ("cluster",),
    ("commands",),
    ("cli",),
    ("pages",),
    ("app",),
)
ROOMS = (
    "data",
    "evaluation",
    "facekit",
    "faces",
    "latents",
    "media",
    "methods",
    "reenactment",
    "reporting",
    "training",
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}


def sources() -> list[Path]:
    return [*(ROOT / "seqdisent_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"]


def place(module: str) -> str:
    """The room, or the file on its own, that a module such as seqdisent_core.faces.finder belongs to."""
    parts = module.split(".")
    return parts[1] if parts[0] == "seqdisent_core" and len(parts) > 1 else parts[0]


def imports(text: str) -> Iterator[str]:
    """The project's own modules that a file imports anywhere in it, those for type checkers included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            named = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in named if name.split(".")[0] in ("seqdisent_core", "pages", "app"))


def arrows_up(path: str, text: str) -> list[str]:
    """The imports of a file, by its path in the project, that run to a neighbour or back up."""
    own = place(path.removesuffix(".py").replace("/", "."))
    wrong = []
    for name in imports(text):
        other = place(name)
        if other not in FLOOR:  # a name of seqdisent_core itself, as its version
            continue
        if other != own and FLOOR[other] >= FLOOR.get(own, -1):
            wrong.append(f"{path}: {name}")
    return wrong


def past_the_door(path: str, text: str) -> list[str]:
    """The imports of a file that reach into another room of the core past its __init__."""
    own = place(path.removesuffix(".py").replace("/", "."))
    wrong = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("seqdisent_core."):
            continue
        depth = 3 if place(str(node.module)) == "domains" else 2
        if place(str(node.module)) in (*ROOMS, "domains") and place(str(node.module)) != own:
            room = import_module(".".join(str(node.module).split(".")[:depth]))
            unnamed = [alias.name for alias in node.names if alias.name not in room.__all__]
            if len(str(node.module).split(".")) > depth or unnamed:
                wrong.append(f"{path}: {node.module} {unnamed}")
    return wrong


def test_imports_run_one_way() -> None:
    found = [up for file in sources() for up in arrows_up(str(file.relative_to(ROOT)), file.read_text("utf-8"))]
    assert not found


def test_an_import_that_runs_back_up_is_found_wherever_it_stands() -> None:
    up = "def later():\n    from seqdisent_core.evaluation import Judge\n"
    assert arrows_up("seqdisent_core/methods/dbse.py", up)
    assert arrows_up("seqdisent_core/media/video.py", "from seqdisent_core import reporting\n")  # a neighbour
    assert arrows_up("seqdisent_core/studio.py", "import pages.swap\n")
    assert not arrows_up("seqdisent_core/evaluation/judge.py", "from seqdisent_core.methods import Method\n")


def test_every_place_has_a_floor() -> None:
    places = {place(str(file.relative_to(ROOT)).removesuffix(".py").replace("/", ".")) for file in sources()}
    assert places - {"seqdisent_core", "__init__"} == set(FLOOR)


def test_rooms_are_entered_through_their_door() -> None:
    found = [past for file in sources() for past in past_the_door(str(file.relative_to(ROOT)), file.read_text("utf-8"))]
    assert not found
    assert past_the_door("pages/model.py", "from seqdisent_core.faces.finder import FaceFinder\n")
    assert past_the_door("pages/model.py", "from seqdisent_core.faces import FaceFinder\n")


@pytest.mark.parametrize("room", [*ROOMS, "domains.images", "domains.series", "domains.speech", "commands", "domains"])
def test_a_room_says_what_it_is_for_and_what_others_may_use(room: str) -> None:
    face = import_module(f"seqdisent_core.{room}")
    assert face.__doc__ and face.__doc__.strip().endswith(".")
    if room not in ("commands", "domains"):
        assert face.__all__ == sorted(face.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
        assert all(hasattr(face, name) for name in face.__all__)


@pytest.mark.parametrize(
    ("imported", "without"),
    [
        ("seqdisent_core.reporting", ("torch", "cv2", "gradio", "streamlit")),
        ("seqdisent_core.data", ("torch", "cv2", "gradio", "streamlit")),
        ("seqdisent_core.media, seqdisent_core.faces", ("torch", "gradio", "streamlit")),
        (
            "seqdisent_core.studio, seqdisent_core.runs, seqdisent_core.films",
            ("gradio", "streamlit", "vtkmodules", "sklearn"),
        ),
        ("seqdisent_core.facekit", ("torch", "vtkmodules")),
    ],
)
def test_heavy_parts_stay_out_of_rooms_that_do_without(imported: str, without: tuple[str, ...]) -> None:
    code = f"import sys, {imported}\nprint([name for name in {without} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_heavy_parts_stay_out_of_the_app(app_alone: dict[str, Any]) -> None:
    assert not {"torch", "cv2", "ray", "sklearn", "vtkmodules"} & set(app_alone["built"])
    assert app_alone["stubs"] == "pages.quick_import", "nor does Gradio write its type stubs"


def test_the_core_knows_no_toolkit_of_pages_and_pages_no_tensors() -> None:
    for file in sources():
        roots = {name.split(".")[0] for name in _imported(file)}
        if file.is_relative_to(ROOT / "seqdisent_core"):
            assert not roots & {"gradio", "streamlit"}, file
        if not file.is_relative_to(ROOT / "seqdisent_core") or "reporting" in file.parts:
            assert "torch" not in roots, file


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
