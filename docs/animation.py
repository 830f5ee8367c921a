"""Makes the animated picture at the top of the README from two example clips: both given, and swapped both ways.

python docs/animation.py
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from seqdisent_core.assets import asset
from seqdisent_core.media import labelled, read_video
from seqdisent_core.studio import FILMED, Studio

FIRST, SECOND = "person_027_happiness", "person_005_surprise"
OUT = Path(__file__).resolve().parent / "swap.webp"
SIDE, GAP, HEAD = 220, 8, 30  # pixels of a film, between two, and of the words above
PAPER, INK = "#fcfaf6", "#1d1a17"


def main() -> None:
    studio = Studio.from_pretrained(FILMED)
    paths = [asset("examples") / f"{name}.mp4" for name in (FIRST, SECOND)]
    *_, pair = studio.personalise(*map(studio.read_face, paths))
    made = pair.full_size().swap()
    assert made.first is not None and made.second is not None, "both clips move"
    films = {
        "A": read_video(paths[0])[0],
        "B": read_video(paths[1])[0],
        "A, moved by B": labelled(made.first),
        "B, moved by A": labelled(made.second),
    }
    frames = [drawn(films, at) for at in range(max(map(len, films.values())))]
    frames[0].save(
        OUT, save_all=True, append_images=frames[1:], duration=round(1000 / made.first_fps), loop=0, quality=80
    )
    print(f"{OUT}: {OUT.stat().st_size // 1000} kB")


def drawn(films: dict[str, np.ndarray], at: int) -> Image.Image:
    """All films side by side at one frame; a shorter one begins anew."""
    sheet = Image.new("RGB", (len(films) * (SIDE + GAP) - GAP, HEAD + SIDE), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=19)
    for number, (words, film) in enumerate(films.items()):
        left = number * (SIDE + GAP)
        pen.text((left + SIDE // 2, HEAD // 2), words, INK, font, anchor="mm")
        frame = Image.fromarray(film[at % len(film)])
        sheet.paste(frame.resize((SIDE, round(SIDE * frame.height / frame.width))), (left, HEAD))
    return sheet


if __name__ == "__main__":
    main()
