"""What the page "Swap" shows in the end: each driver, an arrow, and the person that it moves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np

from pages import model
from pages.links import how_long
from pages.player import STRIP_FRAMES, Ask, Download, Show, ShownClip, Words, kept_file, strip
from pages.status import Report
from seqdisent_core.cluster import call

if TYPE_CHECKING:
    from pages.belongings import Work
    from pages.swap.tuning import OnCluster
    from seqdisent_core.faces import FaceClip
    from seqdisent_core.films import Play
    from seqdisent_core.reenactment import How, Pair, Subject, Transfer

NAMES = ("first", "second")
REACH = 1.4  # sides of the face's square that are shown, so that hair and chin are seen
ANEW = "Updating …"
LEAVING = "end what was left"  # the name of a thread
_UNIT = 1000  # pixels of the player's square, and of the width of the film that it cuts it from

# Films of the first (0) and the second clip (1) as they were given, by how they play, how much is shown and how long.
Written = dict[tuple["Play", int, float, int], ShownClip]


@dataclass(frozen=True)
class Wish:
    """How the films shall be: the movement's strength, whose pixels ("film" or "model"), how they play, what moves.

    films: both, or that of the first or the second person alone. goes_on: the person's film goes on around the
    face, or else one picture of it stands still.
    """

    strength: float
    pixels: Literal["film", "model"]
    play: "Play"
    transfer: "Transfer" = "all"
    films: Literal["both", "first", "second"] = "both"
    goes_on: bool = False

    @property
    def how(self) -> "How":
        """As a Pair takes it."""
        return {
            "strength": self.strength,
            "detail": self.pixels == "film",
            "transfer": self.transfer,
            "goes_on": self.goes_on,
        }

    def whose(self, possible: tuple[int, ...]) -> tuple[int, ...]:
        """Which of the possible films are wanted; all, where the wanted one isn't possible."""
        return tuple(own for own in possible if self.films in ("both", NAMES[own])) or possible

    def frames(self, first: "FaceClip", second: "FaceClip") -> int:
        """How many frames the films of two clips have that are wanted. Raises FaceError for two photographs."""
        from seqdisent_core.reenactment import lasts, results

        clips = (first, second)
        return sum(lasts(clips[own], clips[1 - own], goes_on=self.goes_on) for own in self.whose(results(*clips)))


class Swapped(NamedTuple):
    """What films are made of again when somebody wishes them otherwise, and those that are there."""

    pair: "Pair"
    written: Written
    show: Show
    wish: Wish

    @property
    def nbytes(self) -> int:
        return self.pair.nbytes

    def noted(self, note: str) -> Show:
        """The films as they are, dimmed, and why."""
        return self.show.model_copy(update={"note": note, "calm": True})

    def earlier(self, first: "FaceClip | None", second: "FaceClip | None") -> str:
        """What is said where the films were made of other clips, faces or frames than those that are there now."""
        for name, now, subject in zip(NAMES, (first, second), self.pair.subjects, strict=True):
            if now is not None and _which(now) != _which(subject.clip):
                return f"Made with the earlier {name} clip. Press Swap to update it."
        return ""

    def shown(self, first: "FaceClip | None", second: "FaceClip | None", running: Any) -> Show:
        """The films, dimmed while a swap is under way (running), or where they are of other clips than these."""
        note = self.earlier(first, second) if running is None else ANEW
        return self.noted(note) if note else self.show


def _which(clip: "FaceClip") -> tuple[Any, ...]:
    return clip.source, clip.face, clip.anchor, clip.start, len(clip.frames)


@dataclass
class Stage:
    """Writes the films of two clips and their swap: those given at once, in the background, meanwhile.

    work: for which they are made; left early, it is over. written: of the same clips, by earlier stages; what is
    missing is added to it.
    """

    pair: "Pair | OnCluster"
    wish: Wish
    work: "Work"
    written: Written
    _given: dict[int, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        from seqdisent_core.machine import one_each

        self._folder = TemporaryDirectory()
        self._writers = ThreadPoolExecutor(2, initializer=one_each)  # each waits for a process of its own as well
        for own in reversed(self.wish.whose(self.pair.results)):
            self._given[1 - own] = self._writers.submit(self._write_given, 1 - own)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._clear()
        else:  # perhaps on the server's own loop, where nobody may wait
            self.work.over = True
            Thread(target=self._clear, name=LEAVING).start()

    def _clear(self) -> None:
        self._writers.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def show(self, pair: "Pair", report: Report) -> Show:
        """Makes the films as `pair` knows the two people by now: each driver, and the result beside it.

        report: gets how much of the results is made, 0 to 1.
        """
        shares = dict.fromkeys(self._given, 0.0)

        def seen(driver: int, share: float) -> None:
            shares[driver] = share
            report(sum(shares.values()) / len(shares))

        made = {
            driver: self._writers.submit(self._make, pair, 1 - driver, partial(seen, driver)) for driver in self._given
        }
        clips = [clip.result() for driver in self._given for clip in (self._given[driver], made[driver])]
        return Show(clips=clips, columns=[], line=[], arrows=True, calm=True)

    def _write_given(self, at: int) -> ShownClip:
        from seqdisent_core.films import write_given
        from seqdisent_core.reenactment import lasts, reach_within

        person, play = self.pair.subjects[at], self.wish.play
        clip, reach = person.clip, reach_within(person, REACH)
        count = lasts(self.pair.subjects[1 - at].clip, clip, goes_on=self.wish.goes_on)
        known = self.written.get((play, at, reach, count))
        if known is not None and Path(known.file.path).exists():
            return known
        folder = Path(self._folder.name)
        face, whole = call(write_given, folder, NAMES[at], clip, count=count, fps=clip.fps, reach=reach, play=play)
        self.written[play, at, reach, count] = ShownClip(
            file=kept_file(face, self.work),
            whole=kept_file(whole, self.work),
            caption=[Words(text=f"{NAMES[at].capitalize()} person", hue="who"), Words(text=", as filmed")],
            made=False,
            column=0,
            fps=clip.fps,
            strip=strip(clip.frames),
            alt=f"The {NAMES[at]} clip, as filmed",
        )
        return self.written[play, at, reach, count]

    def _make(self, pair: "Pair", own: int, report: Report) -> ShownClip:
        """One person's film by the other, written while it is made; some of its faces on the way are its strip."""
        from seqdisent_core.jobs import move
        from seqdisent_core.reenactment import around_face

        driver, folder = 1 - own, Path(self._folder.name)
        clips = [subject.clip for subject in pair.subjects]

        def told(share: float) -> None:
            self.work.check()
            report(share)

        given = model.film_studio(), pair, own, self.wish.how, folder
        film = call(move, *given, play=self.wish.play, some=STRIP_FRAMES, report=told)
        who, does, person = NAMES[own], NAMES[driver], pair.subjects[own]
        shown, reach = _all_along(person) if self.wish.goes_on else (person, 1.0)
        kept = kept_file(film.file, self.work)
        return ShownClip(
            file=kept,
            square=face_window(shown, reach),
            caption=[
                Words(text=f"{who.capitalize()} person", hue="who"),
                Words(text=", "),
                Words(text=f"doing what the {does} does", hue="does"),
            ],
            made=True,
            column=0,
            fps=clips[driver].fps,
            strip=strip(around_face(np.stack(film.some), shown, clips[own].frames.shape[1], reach)),
            sound=film.sounds,
            alt=said(who, does),
            downloads=[Download(label="MP4", file=kept)],
            asks=[
                *([Ask(name=f"{who} large", label="Full size", said=_of("Full size", who))] if _larger(person) else []),
                Ask(name=f"{who} gif", label="GIF", said=f"Download as GIF: {said(who, does)}"),
                Ask(name=f"{who} picture", label="Picture", said=_of("Picture of driver and result", who)),
                Ask(name=f"{who} beside", label="Side by side", said=_of("Driver and result side by side", who)),
                Ask(
                    name=f"{who} link",
                    label="Link to share",
                    said=_of("Link to share driver and result", who),
                    lead=f"Public for {how_long()}:",
                ),
            ],
        )


def _larger(person: "Subject") -> bool:
    return person.has_full_size


def _of(what: str, who: str) -> str:
    return f"{what}: the {who} person's film"


def _all_along(person: "Subject") -> tuple["Subject", float]:
    """The same with the face's square where its film has it on average, and how much larger it is to hold it always."""
    from seqdisent_core.faces import inverse

    size, film, source = person.clip.frames.shape[1], person.clip.transforms, person.source
    scale = np.sqrt(np.linalg.det(film[person.clip.anchor][:, :2]) / np.linalg.det(source.transform[:, :2]))
    middles = np.array([inverse(way) @ [0.5 * size, 0.5 * size, 1] for way in film])
    away = scale * (middles - middles[person.clip.anchor])  # in pixels of the picture
    least, most = away.min(axis=0), away.max(axis=0)
    transform = source.transform.copy()
    transform[:, 2] -= transform[:, :2] @ (0.5 * (least + most))
    reach = 1 + float((most - least).max() * np.sqrt(np.linalg.det(transform[:, :2])) / size)
    return replace(person, source=replace(source, transform=transform)), reach


def face_window(person: "Subject", reach: float = 1.0) -> list[float]:
    """The matrix by which the player shows the face alone, as ShownClip has it; reach: as much more of it."""
    from seqdisent_core.reenactment import face_square, reach_within

    reach = reach_within(person, REACH * reach)
    to_square = face_square(person.source.transform, person.clip.frames.shape[1], _UNIT, reach)
    turn = to_square[:, :2] * person.source.picture.shape[1] / _UNIT
    move = to_square[:, 2] + 0.5 - 0.5 * to_square[:, :2].sum(axis=1)  # whole numbers are the middles of pixels
    return [round(float(value), 4) for value in (*turn.T.ravel(), *move)]


def said(who: str, does: str) -> str:
    """What a result is, in words."""
    return f"The {who} person, doing what the {does} does"
