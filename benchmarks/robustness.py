"""What the demo makes of odd and hostile files: each is made, read as the page reads what a visitor brings, and noted.

    python benchmarks/robustness.py [--only PATTERN]

Writes results/robustness.json: a row for every file of tests/odd_films.py, with what its reader gets (a clip, a clip
and a sentence on it, or a sentence) and, where there is a clip, how like the face is to the one that is in the film:
the correlation of a crop of it with one of the same person out of a plain film. Then `seqdisent report
docs/robustness.md` puts the rows into the document. With --only, nothing is written, and only the files whose names
match are read.
"""

import argparse
import re
import shlex
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import imageio_ffmpeg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from odd_films import GROUPS, Outcome, outcome_of  # noqa: E402

from seqdisent_core.machine import hardware  # noqa: E402
from seqdisent_core.reporting import write_result  # noqa: E402
from seqdisent_core.studio import FILMED, Studio  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PATTERN", default="")
    chosen = parser.parse_args()
    studio = Studio.from_pretrained(FILMED)
    rows = []
    for group, films in GROUPS.items():
        for film in films:
            if not re.search(chosen.only, film.name):
                continue
            with tempfile.TemporaryDirectory() as folder:
                got: Outcome = outcome_of(film, studio.read_face, Path(folder))
            wrong = got.kind != film.kind or got.is_wrong
            print(f"{'WRONG ' if wrong else ''}{film.name!r}: {got}", flush=True)
            rows.append({"group": group, "file": film.name, "what": film.what, "expected": film.kind, **got._asdict()})
    if not chosen.only:
        result = {
            "command": shlex.join(["python", "benchmarks/robustness.py", *sys.argv[1:]]),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "hardware": hardware(studio.method.device),
            "ffmpeg": imageio_ffmpeg.get_ffmpeg_version(),
            "rows": rows,
        }
        write_result(result, ROOT / "results" / "robustness.json")


if __name__ == "__main__":
    main()
