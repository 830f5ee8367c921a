"""The command as people run it, on real files with the shipped checkpoint; of each chapter once as a process."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from media import backdrop, ffmpeg, paste, photograph, tight, with_sound
from test_faces import FPS

from seqdisent_core.assets import asset
from seqdisent_core.cli import CHAPTERS, main
from seqdisent_core.data import EXPRESSIONS
from seqdisent_core.evaluation.judge import Judge
from seqdisent_core.faces.reading import read_face
from seqdisent_core.limits import limits
from seqdisent_core.media.video import probe_video, read_video, write_video

ROOT = Path(__file__).resolve().parent.parent
FILMS = sorted(asset("examples").glob("*.mp4"))
HAPPY = "person_000_happiness"
SURPRISED = "person_005_surprise"
ANGRY, AMAZED = "person_041_anger", "person_044_surprise"  # whose swap the judge reads right without tuning


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "seqdisent_core.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)


class Done(NamedTuple):
    """What a command ended with, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def seqdisent(*arguments: object) -> Done:
    """A command in this process, which takes no seconds to import it all."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([*map(str, arguments)])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def example(name: str) -> Path:
    return asset("examples") / f"{name}.mp4"


@pytest.fixture(scope="module")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("swap")
    arguments = ["--out", out, "--seconds", "0", "--json", "--device", "cpu"]
    done = process("swap", example(ANGRY), example(AMAZED), *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["written"]


def test_swap_writes_films_whose_person_and_expression_the_judge_confirms(swapped: dict[str, str]) -> None:
    judge = Judge.from_pretrained(asset("checkpoints/facekit52_judge"))
    for film, person, expression in (("first", "person_041", "surprise"), ("second", "person_044", "anger")):
        info = probe_video(swapped[film])
        assert (info.width, info.height) == (256, 256)
        reading = judge.read(read_face(swapped[film], size=judge.config.frame_size).frames)
        assert reading.names == {"person": person, "expression": expression}


def test_swap_writes_gifs_and_a_sheet_too(swapped: dict[str, str]) -> None:
    assert probe_video(swapped["first_gif"]).width == 256
    assert Path(swapped["sheet"]).read_bytes().startswith(b"\x89PNG")


def test_a_swap_is_the_persons_film_as_long_as_the_driver_and_says_what_it_is(swapped: dict[str, str]) -> None:
    made, person, driver = (probe_video(path) for path in (swapped["first"], example(ANGRY), example(AMAZED)))
    assert (made.width, made.height) == (person.width, person.height)
    assert made.seconds == pytest.approx(driver.seconds, abs=0.1)
    assert b"compositeWithTrainedAlgorithmicMedia" in Path(swapped["first"]).read_bytes()


def test_a_boomerang_comes_back_and_what_cannot_be_is_said(tmp_path: Path) -> None:
    clips = (example(HAPPY), example(SURPRISED), "--seconds", "0.2", "--device", "cpu", "--out", tmp_path / "out")
    done = seqdisent("swap", *clips, "--play", "boomerang", "--anchors", "1", "2", "--own-pixels", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["figures"]["tuned_steps"] >= 1
    (film,) = (tmp_path / "out").glob("first_*.mp4")
    assert len(read_video(film)[0]) == 2 * len(read_video(example(SURPRISED))[0]) - 2
    for wrong, word in ((("--strength", "3"), "0 to 1.5"), (("--anchors", "0", "99"), "no frame 99")):
        refused = seqdisent("swap", *clips, *wrong)
        assert refused.returncode == 1 and word in refused.stderr, refused.stderr


def test_a_photograph_and_a_film_give_one_film_with_the_films_sound(tmp_path: Path) -> None:
    face = tight(read_video(example(ANGRY))[0])[0]
    photo = photograph(tmp_path / "me.jpg", paste(backdrop(), face, (330, 170, 220, 0)))
    tone = with_sound(tmp_path / "tone.mp4", 1.0, 1.0)
    frames, fps = read_video(example(AMAZED))
    film = write_video(tmp_path / "film.mp4", frames, fps, audio_from=tone)
    judge = Judge.from_pretrained(asset("checkpoints/facekit52_judge"))
    for clips, who in (((photo, film), "first"), ((film, photo), "second")):
        done = seqdisent("swap", *clips, "--seconds", "0", "--device", "cpu", "--json", "--out", tmp_path / who)
        assert done.returncode == 0, done.stderr
        written = json.loads(done.stdout)["written"]
        assert set(written) == {who, f"{who}_gif", "sheet"}
        made = probe_video(written[who])
        assert (made.width, made.height, made.has_audio) == (640, 360, True)
        assert len(read_video(written[who])[0]) == len(frames)
        reading = judge.read(read_face(written[who], size=judge.config.frame_size).frames)
        assert reading.names == {"person": "person_041", "expression": "surprise"}
        assert len(list((tmp_path / who).iterdir())) == 3
    refused = seqdisent("swap", photo, photo, "--out", tmp_path / "none")
    assert refused.returncode == 1 and "Both clips are photographs" in refused.stderr


def test_of_a_photograph_the_person_alone_is_of_use_elsewhere(tmp_path: Path) -> None:
    photo = photograph(tmp_path / "me.png", read_video(example(HAPPY))[0][0])
    done = seqdisent("sample", "--person", photo, "--count", "1", "--out", tmp_path / "out", "--device", "cpu")
    assert done.returncode == 0 and "the judge sees person_000" in done.stdout, done.stderr
    for command in (("sample", "--movement", photo), ("interpolate", photo, example(HAPPY)), ("place", photo)):
        refused = seqdisent(*command, "--device", "cpu")
        assert refused.returncode == 1 and "me.png is a photograph, which has no movement" in refused.stderr


def test_of_several_faces_the_one_that_is_asked_for_moves(tmp_path: Path) -> None:
    small, large = (tight(read_video(example(name))[0])[0] for name in (HAPPY, "person_049_fear"))
    picture = paste(paste(backdrop(), small, (180, 180, 120, 0)), large, (450, 180, 210, 0))
    two = write_video(tmp_path / "two.mp4", np.stack([picture] * 10), FPS)
    command = ["swap", two, example(SURPRISED), "--seconds", "0", "--device", "cpu", "--json"]
    for face, which in (("0", "largest"), ("1", "second largest")):
        done = seqdisent(*command, "--faces", face, "0", "--out", tmp_path / face)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert f"two.mp4: 2 faces were found; the {which} is used." in told["notes"]
        moved = read_video(told["written"]["first"])[0].std(axis=0).mean(axis=2)
        sides = moved[:, :300].mean(), moved[:, 300:].mean()
        assert sides[int(face == "0")] > 5 * sides[int(face == "1")]
    refused = seqdisent(*command, "--faces", "2", "0")
    assert refused.returncode == 1 and "There is no face 2 in two.mp4: 2 faces were found." in refused.stderr


def test_what_cannot_be_played_is_said_before_the_tuning(tmp_path: Path) -> None:
    long = tmp_path / "long.mp4"
    ffmpeg("-stream_loop", "13", "-itsscale", "0.5", "-i", example(HAPPY), "-codec", "copy", long)
    refused = seqdisent("swap", long, example(SURPRISED), "--play", "loop", "--seconds", "3600", "--out", tmp_path)
    assert refused.returncode == 1 and "Looping works up to 5 s at 30 fps" in refused.stderr
    assert list(tmp_path.iterdir()) == [long]


def test_a_file_that_is_no_film_gets_one_line_and_exit_code_1(tmp_path: Path) -> None:
    text = tmp_path / "letter.mp4"
    text.write_text("Dear visitor, this is not a film.")
    done = seqdisent("swap", example(HAPPY), text, "--out", tmp_path)
    assert done.returncode == 1
    lines = [line for line in done.stderr.replace("\r", "\n").splitlines() if line.startswith("seqdisent:")]
    assert len(lines) == 1 and "letter.mp4" in lines[0]
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [text]


def test_every_kind_of_bad_file_gets_one_line_with_its_sentence(
    bad_files: dict[str, tuple[Path, str]], tmp_path: Path
) -> None:
    """One file of each sentence, and the odd names; test_video reads every file."""
    kinds = {word: name for name, (_, word) in bad_files.items()}
    assert len(kinds) >= 13
    for name in (*kinds.values(), "-ünïcode, 100 % 映画 :) .mp4", "moov atom not found.mp4"):
        path, word = bad_files[name]
        done = seqdisent("swap", path, tmp_path / "nowhere.mp4", "--out", tmp_path / "out", "--device", "cpu")
        printed = done.stderr.replace("\r", "\n").splitlines()
        said = [line for line in printed if line.startswith("seqdisent: ")]
        assert (done.returncode, len(said)) == (1, 1), (name, printed)
        assert name in said[0] and (word == "ok" or word in said[0]), (name, said)  # what can be read has no face
    assert not (tmp_path / "out").exists()


def test_a_web_address_and_a_missing_device_and_model_get_one_line_each(tmp_path: Path) -> None:
    for arguments, word in (
        (["https://example.org/a.mp4", example(HAPPY)], "web address"),
        ([example(HAPPY), example(SURPRISED), "--device", "abacus"], "abacus"),
        ([example(HAPPY), example(SURPRISED), "--model", "no/such/place"], "no/such/place"),
    ):
        done = seqdisent("swap", *arguments, "--out", tmp_path / "out")
        assert done.returncode == 1, done.stderr
        assert word in done.stderr and "Traceback" not in done.stderr


def test_long_file_names_are_cut_and_one_clip_may_be_given_twice(tmp_path: Path) -> None:
    long = tmp_path / ("ש" * 100 + ".mp4")
    long.write_bytes(example(HAPPY).read_bytes())
    arguments = ["--out", tmp_path / "out", "--seconds", "0", "--json", "--device", "cpu"]
    done = seqdisent("swap", long, long, *arguments)
    assert done.returncode == 0, done.stderr
    paths = json.loads(done.stdout)["written"]
    assert len({paths[key] for key in ("first", "first_gif", "second", "second_gif", "sheet")}) == 5


def test_a_folder_that_cannot_be_written_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    wanted = ("--out", tmp_path / "taken", "--seconds", "3600")  # it is said before the tuning
    done = seqdisent("swap", example(HAPPY), example(SURPRISED), *wanted)
    assert done.returncode == 1 and "taken" in done.stderr and "Traceback" not in done.stderr


def test_a_set_becomes_a_judge_a_model_a_result_file_and_a_table(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    for number in range(12):  # two persons, two expressions, three takes: one in each split
        person, expression, take = number // 6, EXPRESSIONS[number % 6 // 3], number % 3
        place = folder / f"person_{person}" / expression
        place.mkdir(parents=True, exist_ok=True)
        source = FILMS[(person * 5 + EXPRESSIONS.index(expression)) % len(FILMS)]
        (place / f"{take}.mp4").write_bytes(source.read_bytes())
    recipe = tmp_path / "recipe.json"
    sizes = {"static_dim": 4, "dynamics_dim": 4, "hidden_dim": 8, "posterior_hidden_dim": 8}
    small = {"method": {"name": "dbse", **sizes}, "backbone": {"name": "images", "width": 4, "feature_dim": 8}}
    recipe.write_text(json.dumps({**small, "training": {"steps": 2, "batch": 4}}))
    text = tmp_path / "text.md"
    text.write_text("# Mine\n<!-- figures: begin -->\n<!-- figures: end -->\n")
    packed, judge, run, results = (tmp_path / name for name in ("packed", "judge", "run", "results"))
    figures = results / "facekit52_dbse.json"
    results.mkdir()
    for other in ("filmed", "facekit52_dbse_without_subtraction"):  # of which the README's table has a row each
        (results / f"{other}.json").write_bytes((ROOT / "results" / f"{other}.json").read_bytes())
    for arguments, written, found in (
        (("judge", folder, judge, "--steps", 2), {"judge"}, {"validation"}),
        (("pack", folder, packed), {"set"}, {"clips"}),
        (
            ("train", recipe, packed, run, "--judge", judge, "--variant", "without_loss", "--cpu"),
            {"model", "run"},
            set(),
        ),
        (
            ("evaluate", run / "model", "--data", packed, "--judge", judge, "--out", figures, "--note", "a trial"),
            {"result", "sheet"},
            {"swap", "reconstruction", "generation"},
        ),
        (("report", text, "--results", results, "--charts", tmp_path / "charts.html"), {"text", "charts"}, set()),
        (("card", run / "model", figures), {"card"}, set()),
        (("export", packed, tmp_path / "hub", "--licence", "cc-by-4.0"), {"set", "card"}, {"clips"}),
    ):
        command = process if arguments[0] == "report" else seqdisent
        done = command(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert_told(told)
        assert set(told["written"]) == written and set(told["figures"]) >= found
        if arguments[0] == "evaluate":
            assert "it judges nothing" in told["notes"][0], "after two steps it reads hardly anything"
    assert "| swap: the driver's expression |" in (run / "model" / "README.md").read_text()
    assert told["figures"]["clips"] == {"train": 4, "validation": 4, "test": 4}
    result = json.loads((results / "facekit52_dbse.json").read_text())
    assert result["model"]["variant"] == "without_loss" and result["note"] == "a trial"
    assert result["data"]["clips"] == 4 and result["repeats"] == 5
    assert {"reconstruction", "swap", "generation", "leakage_generation", "leakage_latent"} <= set(result["metrics"])
    assert "4 test clips" in text.read_text()


def test_wrong_usage_is_exit_code_2() -> None:
    assert seqdisent("swap").returncode == 2
    assert seqdisent("render", "nonsense", "out").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        "judge set out --size 96",
        "judge set out --size 0",
        "judge set out --seed -1",
        "train fast set out --seed -1",
        "render wild out --source model.npz --seed -1",
        "render wild out --source model.npz --size 0",
    ],
)
def test_a_number_that_cannot_be_is_wrong_usage(arguments: str) -> None:
    done = seqdisent(*arguments.split())
    assert done.returncode == 2 and f"argument {arguments.split()[-2]}: invalid" in done.stderr


def assert_told(told: dict[str, Any]) -> None:
    """What every command prints with --json: four things, and every path that it names is there."""
    assert set(told) == {"command", "written", "figures", "notes"}
    assert told["command"].startswith("seqdisent ") and isinstance(told["notes"], list)
    assert all(Path(path).exists() for path in told["written"].values())


def a_direction() -> str:
    return json.loads((asset("checkpoints/facekit52") / "latents.json").read_text())["dynamics"][0]


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        (("swap", example(HAPPY), example(SURPRISED), "--seconds", 0), {"first", "second", "sheet"}),
        (("sample", "--count", 1, "--frames", 8, "--seed", 7), {"01_seed_7"}),
        (("interpolate", example(HAPPY), example(SURPRISED), "--steps", 2), {"01_0_percent_of_the_way"}),
        (("move", example(HAPPY), a_direction(), "--steps", 1), set()),  # named after the direction
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else "",
)
def test_a_command_tells_programs_what_it_wrote_in_one_object(
    arguments: tuple[object, ...], written: set[str], tmp_path: Path
) -> None:
    done = seqdisent(*arguments, "--out", tmp_path, "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert_told(told)
    assert told["written"] and {name for name in told["written"] if name in written} == written


def test_a_clip_is_put_on_the_map_beside_its_person_and_expression() -> None:
    command = ["place", example(HAPPY), "--device", "cpu"]
    done = seqdisent(*command)
    persons, expressions, _ = done.stdout.splitlines()
    assert done.returncode == 0 and persons.startswith("Nearest known persons: person_000 ")
    assert expressions.startswith("Nearest known expressions: happiness ")
    for wrong, word in ((("--face", "1"), "only one face"), (("--model", "wild"), "another checkpoint")):
        refused = seqdisent(*command, *wrong)
        assert refused.returncode == 1 and word in refused.stderr


def test_help_is_a_table_of_contents_and_every_command_can_tell_programs() -> None:
    named = [name for names in CHAPTERS.values() for name in names]
    shown = seqdisent("--help").stdout
    assert all(shown.count(f"\n  {name} ") == 1 for name in named) and all(title in shown for title in CHAPTERS)
    assert shown.count("\n  ") - shown.count("\n   ") == len(named)
    offered = seqdisent("nothing").stderr.split("choose from ")[1].replace("'", "").strip(" )\n").split(", ")
    assert sorted(offered) == sorted(named)
    for command in named:
        sets = {
            "render": ("facekit52", "facekit_any", "pairs", "wild", "sprites"),
            "benchmark": ("images", "physionet2012", "air_quality", "etth1"),
        }
        for of in sets.get(command, ("",)):
            shown = seqdisent(command, *filter(None, [of]), "--help")
            assert shown.returncode == 0 and "--json" in shown.stdout, command


def test_a_shell_can_complete_every_command(tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(seqdisent("--completion", "bash").stdout)
    (tmp_path / "first.mp4").touch()
    (tmp_path / "films").mkdir()
    for typed, offered in (
        ("ev", {"evaluate", "evaluate-filmed", "evaluate-pairs", "evaluate-voices"}),
        ("swap fir", {"first.mp4"}),
        ("swap first.mp4 fi", {"first.mp4", "films"}),
        ("swap first.mp4 other.mp4 --out fil", {"films"}),
        ("render facekit52 fil", {"films"}),
        ("evaluate fil", {"films"}),  # of the arguments that may be names, too
        ("sample --seed fi", set()),
    ):
        words = f"COMP_WORDS=(seqdisent {typed}); COMP_CWORD={len(typed.split())}"
        asked = f"source {script}; {words}; _shtab_seqdisent; echo ${{COMPREPLY[@]}}"
        done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert set(done.stdout.split()) == offered, typed


def test_unknown_presets_variants_and_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"method": {"name": "dbse"}, "backbone": {"name": "images", "widht": 3}}')
    for arguments, word in (
        (["best", "data", tmp_path], "published, fast, sprites, wild"),
        ([tmp_path / "recipe.json", "data", tmp_path], "widht"),
        (["fast", tmp_path / "nowhere", tmp_path], "nowhere"),
        (["fast", tmp_path / "nowhere", tmp_path, "--variant", "without_everything"], "without_everything"),
    ):
        done = seqdisent("train", *arguments)
        assert done.returncode == 1 and word in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_the_doctor_tells_what_is_here_and_tries_a_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    done = seqdisent("doctor", "--device", "cpu", "--json")
    figures = json.loads(done.stdout)["figures"]
    assert figures["swap"] == "works: 15 frames written and read" and figures["device"].startswith("cpu, ")
    assert figures["free_memory_megabytes"] > 0 < figures["free_disk_megabytes"] and figures["gradio"][0].isdigit()
    assert figures["limits"]["upload_megabytes"] == limits().upload_megabytes
    monkeypatch.setenv("SEQDISENT_DEMO_UPLOAD_MEGABYTE", "50")
    limits.cache_clear()
    try:
        wrong = seqdisent("doctor")
    finally:
        limits.cache_clear()
    assert wrong.returncode == 1 and "Unknown setting upload_megabyte." in wrong.stderr
