"""What people see in films, measured: known answers of landmarks, gaze, lids, sharpness, flicker and changed pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from seqdisent_core.evaluation.filmed_judge import EYES, IRISES, REGIONS, Seen, alive, compare, sharpness
from seqdisent_core.evaluation.filmed_judge import _gaze as gaze_of
from seqdisent_core.evaluation.filmed_judge import _sharpness as sharpness_of
from seqdisent_core.evaluation.filmed_looks import alive_summary, changed, flicker, self_summary
from seqdisent_core.evaluation.self_reenactment import FACE, SIDE, SelfFilms, pixel_figures, worst_sheet
from seqdisent_core.media.video import write_video

COUNT = 60
RIM = (SIDE - FACE) // 2


def seen(*, gaze: np.ndarray | None = None, lids: np.ndarray | None = None, points: np.ndarray | None = None) -> Seen:
    """What the networks would say of a film in which only these things happen."""
    measures = np.full((COUNT, 4), 0.3)
    if lids is not None:
        measures[:, 3] = lids
    embeddings = np.full((COUNT, 128), np.nan)
    embeddings[::3] = 0.1
    return Seen(
        measures,
        np.zeros((COUNT, 2)) if gaze is None else gaze,
        np.zeros((COUNT, 478, 2)) if points is None else points,
        np.ones((COUNT, 2)),
        embeddings,
        embeddings[0],
    )


class Known:
    """Stands where the networks do."""

    def __init__(self, **films: Seen) -> None:
        self.films = films

    def describe(self, film: Path) -> Seen:
        return self.films[film.stem]


def test_a_shift_of_the_face_is_its_landmark_error_and_a_film_has_none_against_itself() -> None:
    points = np.random.default_rng(0).uniform(0, SIDE, (COUNT, 478, 2))
    real = seen(points=points)
    late = points.copy()
    late[24:30] += [30.0, 40.0]
    hidden = points.copy()
    hidden[3:] = np.nan
    films = Known(
        real=real,
        shifted=seen(points=points + np.array([3.0, 4.0]))._replace(embeddings=real.embeddings + 0.5),
        late=seen(points=late),
        hidden=seen(points=hidden),
    )
    found = {name: compare(films, Path("real.mp4"), Path(f"{name}.mp4")) for name in films.films}
    assert found["real"]["akd"] == found["real"]["aed"] == 0
    assert found["shifted"]["akd"] == pytest.approx(5) and found["shifted"]["aed"] == pytest.approx(0.5 * np.sqrt(128))
    assert found["late"]["akd"] == pytest.approx(50 * 6 / COUNT)
    (first, error), *others = found["late"]["worst"]
    assert 2.0 <= first < 2.5 and error == pytest.approx(50), "twelve frames a second"
    assert all(abs(first - seconds) >= 0.5 for seconds, _ in others) and len(others) == 2
    assert found["hidden"]["akd"] is None and len(found["hidden"]["worst"]) == 1


def test_what_follows_the_drivers_eyes_correlates_with_them_by_one() -> None:
    wave = np.sin(np.linspace(0, 12, COUNT))
    gaze, lids = np.stack([0.1 * wave, 0.02 * wave**2], axis=1), 0.1 + 0.03 * wave
    driver = seen(gaze=gaze, lids=lids)
    assert alive(driver, driver) == {"gaze": pytest.approx(1), "lids": pytest.approx(1)}
    assert alive(driver, seen(gaze=0.5 * gaze, lids=0.2 - lids)) == {
        "gaze": pytest.approx(1),
        "lids": pytest.approx(-1),
    }
    assert alive(driver, seen()) == {"gaze": 0, "lids": 0}, "who stares follows nobody"
    assert alive(driver, seen(gaze=gaze * np.nan, lids=lids * np.nan)) == {"gaze": 0, "lids": 0}, "nor does no face"
    still = seen(gaze=0.1 * gaze, lids=0.1 + 0.1 * (lids - 0.1))
    assert alive(still, driver) == {"gaze": None, "lids": None}, "there is nothing to follow"


def test_where_closed_eyes_look_does_not_count() -> None:
    wave = np.sin(np.linspace(0, 12, COUNT))
    gaze, lids = np.stack([0.1 * wave, 0 * wave], axis=1), np.full(COUNT, 0.1)
    lids[::10] = 0.02
    wild = gaze.copy()
    wild[::10] = 3.0
    assert alive(seen(gaze=gaze, lids=lids), seen(gaze=wild, lids=lids))["gaze"] == pytest.approx(1)


@pytest.mark.parametrize("turn", [0.0, 0.5])
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_gaze_is_in_widths_of_an_eye_however_the_head_is_turned(turn: float, scale: float) -> None:
    points = np.zeros((478, 2))
    for (iris, left, right), x in zip(IRISES, (100.0, 200.0), strict=True):
        points[left], points[right], points[iris] = (x, 50.0), (x + 40.0, 50.0), (x + 28.0, 46.0)
    to = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert gaze_of(points @ to.T + 7) == pytest.approx([8 / 40, -4 / 40])


def drawn(side: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture full of edges, uint8 (side, side, 3), and a face's points on it."""
    noise = np.random.default_rng(0).uniform(0, 255, (48, 48, 3)).astype(np.uint8)
    points = np.full((478, 2), 0.5 * side)
    points[EYES[0]], points[EYES[1]] = (0.25 * side, 0.3 * side), (0.75 * side, 0.3 * side)
    for point in REGIONS[1][0]:
        points[point] = (0.5 * side, 0.7 * side)
    return cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC), points


def test_a_blurred_result_is_less_sharp_and_a_larger_film_of_the_same_is_not() -> None:
    def film(picture: np.ndarray, points: np.ndarray) -> Seen:
        sharp = [sharpness_of(picture, points, *region) for region in REGIONS]
        return seen()._replace(sharp=np.tile(sharp, (COUNT, 1)))

    picture, points = drawn(192)
    own, blurred = film(picture, points), film(cv2.GaussianBlur(picture, (0, 0), 3), points)
    assert sharpness(own, own) == {"eyes": 1, "mouth": 1}
    assert all(0 < ratio < 0.7 for ratio in sharpness(own, blurred).values())
    assert all(0.9 < ratio < 1.1 for ratio in sharpness(own, film(*drawn(384))).values())
    unseen = seen()._replace(sharp=np.full((COUNT, 2), np.nan))
    assert sharpness(own, unseen) == {"eyes": None, "mouth": None}
    assert np.isnan(sharpness_of(picture, points - 10_000, *REGIONS[0])), "not in the picture"
    assert np.isnan(sharpness_of(picture, points * np.nan, *REGIONS[0])), "no face"


def test_pixels_are_compared_within_the_faces_square() -> None:
    real = np.random.default_rng(0).integers(0, 200, (20, SIDE, SIDE, 3), dtype=np.uint8)
    beside = real.copy()
    beside[:, :RIM] = 0
    assert pixel_figures(real, real) == pixel_figures(real, beside) == {"psnr": None, "ssim": pytest.approx(1)}
    brighter = pixel_figures(real, real + 51)
    assert brighter["psnr"] == pytest.approx(20 * np.log10(5), abs=1e-3) and 0.5 < brighter["ssim"] < 1


def test_flicker_is_what_comes_and_goes_beside_the_face() -> None:
    times = np.arange(9, dtype=np.uint8)[:, None, None, None]
    film = np.full((9, SIDE, SIDE, 3), 100, np.uint8)
    assert flicker(film + 5 * times) == 0, "light that grows is none"
    assert flicker(film + 10 * (times % 2)) == pytest.approx(10)
    film[1::2, RIM:-RIM, RIM:-RIM] = 200
    assert flicker(film) == 0, "a face may move"
    assert flicker(film[:2]) is None


def test_pixels_that_change_are_counted_beyond_the_faces_surroundings() -> None:
    picture = np.full((100, 200, 3), 90, np.uint8)
    transform = np.array([[SIDE / 100, 0.0, 0.0], [0.0, SIDE / 100, 0.0]])  # the left half is the face's
    film = picture[None].repeat(4, axis=0)
    film[:, :, :90] = 255
    film[:, 0, 150] += 5
    assert changed(film, picture, transform) == 0
    film[:2, :, 150:] = 255
    assert changed(film, picture, transform) == pytest.approx(0.25, abs=0.01)
    grown = np.pad(film, ((0, 0), (0, 2), (0, 2), (0, 0)))
    assert changed(grown, picture, transform) == changed(film, picture, transform), "even sizes are larger"
    assert changed(film, picture, transform / 10) is None, "there is nothing beyond"


def test_the_worst_moments_are_shown_the_real_frame_above_ours(tmp_path: Path) -> None:
    films = []
    for name, level in (("ann", 60), ("ben", 120)):
        paths = [tmp_path / f"{name}{of}.mp4" for of in ("", "_ours", "_own_pixels", "_no_motion")]
        for path, more in zip(paths, (0, 60, 0, 0), strict=True):
            write_video(path, np.full((30, SIDE, SIDE, 3), level + more, np.uint8), 25.0)
        films.append(SelfFilms(*paths))
    rows = [{"worst": [[0.5, 7.0]]}, {"worst": [[1.0, 9.0], [99.0, 8.0]]}]
    worst_sheet(rows, films, tmp_path / "worst.png")
    sheet = cv2.imread(str(tmp_path / "worst.png"))
    side, title = 192, 24
    assert sheet.shape == (title + 2 * side, 8 * side, 3)
    middles = [[int(sheet[y, x * side + 90, 0]) for x in range(4)] for y in (title + 90, title + side + 90)]
    assert np.abs(np.array(middles) - [[120, 120, 60, 255], [180, 180, 120, 255]]).max() < 4
    assert b"compositeWithTrainedAlgorithmicMedia" in (tmp_path / "worst.png").read_bytes()
    worst_sheet([{"worst": []}], films[:1], tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_means_are_over_what_is_known() -> None:
    rows = [{"gaze": 0.5, "lids": None}, {"gaze": None, "lids": None}, {"gaze": 0.7, "lids": None}]
    assert alive_summary(rows) == {"gaze": pytest.approx(0.6), "gaze_films": 2, "lids": None, "lids_films": 0}
    assert self_summary([]) == {"films": 0, "rows": []}
