"""Evaluates swaps of filmed people with two third-party networks; a script for a separate Python environment.

    python filmed_judge.py DLIB_MODELS FILMS

FILMS is a JSON file: a list of [STATIC, DRIVER, RESULT] and [REAL, RESULT], paths of videos. A line of JSON is printed
for each: RESULT should show STATIC's person doing what DRIVER does, at the same time, or be REAL, pixel for pixel.
Needs mediapipe 0.10.14, dlib-bin and imageio with ffmpeg, which require another OpenCV than seqdisent; DLIB_MODELS is
the folder of dlib's .dat files, as in the package face-recognition-models.

Person: dlib's face embedding, averaged over frames; the result should be nearer to STATIC than to DRIVER. Expression:
mouth opening, mouth width, brow height and eye opening from MediaPipe's face mesh, divided by the distance of the
eyes' outer corners; the correlation with the driver's over time, weighted by how much the driver moves each.

Alive: the same correlation for the irises between the corners of their eyes, and for the lids' opening, where the
driver moves them. Sharpness: of eyes and mouth, as a share of STATIC's or REAL's. AKD and AED (Siarohin et al. 2019,
First Order Motion Model): mean distance of the mesh's points from REAL's, in pixels of the videos, and of dlib's
embeddings, frame by frame. (That paper takes 68 landmarks of Bulat and Tzimiropoulos and OpenFace's embeddings.)
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import imageio.v3 as iio
import numpy as np

# Frames a second, seconds and pixels a side that are looked at: half of a film's frames, to save time; all the seconds
# that are swapped; a little more than the 192 pixels that the mesh takes.
RATE, SECONDS, SIDE = 12.0, 10.0, 256
GOAL, FOUND = 0.7, 0.8  # correlation (half of the variance), and share of frames with a face, from which a swap counts
LEAST = 5  # frames with a face: of fewer, each correlation is high
# Points of the mesh whose distance is a measure, each a mean of one or two pairs.
MEASURES = (((13, 14),), ((61, 291),), ((105, 159), (334, 386)), ((159, 145), (386, 374)))
EYES = (33, 263)
LIDS = 3  # of these, the eyes' opening
USUAL = np.array([0.15, 0.10, 0.05, 0.05])  # usual deviation of each measure, so that they weigh alike
IRISES = ((468, 33, 133), (473, 362, 263))  # middle of each, and the corners of its eye, the picture's left first
# Deviations over time that a driver has to show, twice the mesh's noise from frame to frame in the noisiest of eight
# films: of the irises, in widths of an eye, and of the lids' opening, in distances of the eyes' outer corners.
GAZE_MOVES, LIDS_MOVE = 0.035, 0.009
APART = 96  # pixels between the eyes' outer corners at which sharpness is measured, fewer than most films have
# Boxes around eyes and mouth: points whose middle is theirs, and half a width and height in distances of those corners.
REGIONS = (((33, 263), (0.65, 0.25)), ((61, 291, 13, 14), (0.4, 0.3)))
WORST, BETWEEN = 3, 0.5  # moments of a film that are named as its worst, and seconds between them at least


class Seen(NamedTuple):
    """What a video shows, in each frame that is looked at; NaN where no face is found.

    measures: (frames, 4); gaze: (frames, 2), the irises' place from the middle between their eyes' corners, in widths
    of an eye; points: (frames, 478, 2), the mesh in the video's pixels; sharp: (frames, 2), of eyes and mouth;
    embeddings: (frames, 128), NaN but for every third frame too; embedding: (128,), their mean.
    """

    measures: np.ndarray
    gaze: np.ndarray
    points: np.ndarray
    sharp: np.ndarray
    embeddings: np.ndarray
    embedding: np.ndarray


class Describer:
    """Measurements over time and the mean embedding of videos, computed once per video."""

    def __init__(self, models: Path) -> None:
        import dlib
        import mediapipe

        self._finder = mediapipe.solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.3)
        self._mesh = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.2
        )
        self._rectangle = dlib.rectangle
        self._points = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._embed = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))
        self.describe = cache(self._describe)

    def _describe(self, film: Path) -> Seen:
        measures, gaze, places, sharp, embeddings = [], [], [], [], []
        for number, frame in enumerate(_frames(film)):
            (left, top, right, bottom), face = self._face(frame)
            found = self._mesh.process(face).multi_face_landmarks
            mesh = [(point.x, point.y) for point in found[0].landmark] if found else np.full((478, 2), np.nan)
            points = np.array(mesh) * SIDE
            place = np.array(mesh) * (right - left, bottom - top) + (left, top)
            measures.append(_measures(points))
            gaze.append(_gaze(place))
            places.append(place)
            sharp.append([_sharpness(frame, place, *region) for region in REGIONS])
            embeddings.append(self._embedding(face, points) if found and number % 3 == 0 else np.full(128, np.nan))
        who = [one for one in embeddings if not np.isnan(one[0])]
        mean = np.mean(who, axis=0) if who else np.full(128, np.nan)
        return Seen(np.array(measures), np.array(gaze), np.array(places), np.array(sharp), np.array(embeddings), mean)

    def _embedding(self, face: np.ndarray, points: np.ndarray) -> np.ndarray:
        left, top, right, bottom = map(int, (*points.min(axis=0), *points.max(axis=0)))
        shape = self._points(face, self._rectangle(left, top, right, bottom))
        return np.array(self._embed.compute_face_descriptor(face, shape, 1))

    def _face(self, frame: np.ndarray) -> tuple[tuple[int, int, int, int], np.ndarray]:
        """The largest face with a margin: left, top, right, bottom, and uint8 (SIDE, SIDE, 3).

        The whole frame if there is no face or it fills it.
        """
        height, width = frame.shape[:2]
        found = self._finder.process(np.ascontiguousarray(frame)).detections or []
        boxes = [detection.location_data.relative_bounding_box for detection in found]
        left, top, right, bottom = 0, 0, width, height
        if boxes:
            box = max(boxes, key=lambda box: box.width * box.height)
            side = 1.6 * max(box.width * width, box.height * height)
            if side < 0.9 * min(height, width):
                left = int(max(0, (box.xmin + box.width / 2) * width - side / 2))
                top = int(max(0, (box.ymin + box.height / 2) * height - side / 2))
                right, bottom = min(width, int(left + side)), min(height, int(top + side))
        part = np.ascontiguousarray(frame[top:bottom, left:right])
        return (left, top, right, bottom), cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def _frames(film: Path) -> list[np.ndarray]:
    """RATE frames per second. Other frames are not kept, because a video's full-size frames would fill the memory."""
    fps = float(iio.immeta(film).get("fps") or 25.0)
    times = np.arange(0, SECONDS + 1, 1 / RATE)
    wanted, end = [round(time * fps) for time in times], 0.0
    frames: list[np.ndarray] = []
    for number, frame in zip(range(int(SECONDS * fps)), iio.imiter(film), strict=False):
        while wanted[len(frames)] == number:
            frames.append(frame[..., :3])
        last, end = frame[..., :3], (number + 1) / fps
    if times[len(frames)] < end:
        frames.append(last)
    return frames


def _measures(points: np.ndarray) -> np.ndarray:
    def apart(first: int, second: int) -> float:
        return float(np.linalg.norm(points[first] - points[second]))

    return np.array([np.mean([apart(*pair) for pair in pairs]) for pairs in MEASURES]) / apart(*EYES)


def _gaze(points: np.ndarray) -> np.ndarray:
    """(2,): along the line between an eye's corners and down from it, the mean of both eyes."""
    both = []
    for iris, first, second in IRISES:
        along, away = points[second] - points[first], points[iris] - (points[first] + points[second]) / 2
        both.append(np.array([away @ along, along[0] * away[1] - along[1] * away[0]]) / (along @ along))
    return np.mean(both, axis=0)


def _sharpness(frame: np.ndarray, points: np.ndarray, around: tuple[int, ...], half: tuple[float, float]) -> float:
    """Standard deviation of the Laplacian in a box of a frame, scaled so that the eyes are APART pixels apart."""
    apart = float(np.linalg.norm(points[EYES[0]] - points[EYES[1]]))
    if not apart > 0:
        return float("nan")
    middle, reach = points[list(around)].mean(axis=0), apart * np.array(half)
    left, top = np.maximum(middle - reach, 0).astype(int)
    right, bottom = np.ceil(middle + reach).astype(int)
    part, scale = frame[top:bottom, left:right], APART / apart
    if min(part.shape[:2]) < 2:
        return float("nan")
    size = (max(3, round(part.shape[1] * scale)), max(3, round(part.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grey = cv2.cvtColor(cv2.resize(np.ascontiguousarray(part), size, interpolation=how), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std())


def follows(meant: np.ndarray, done: np.ndarray) -> float | None:
    """Correlation of measurements `done` with those `meant`, (frames, 4) each, NaN in frames without a face.

    Each measurement is weighted by its standard deviation in `meant`. None if fewer than five frames show a face in
    both, or nothing moves in `meant`.
    """
    seen = ~np.isnan(meant[:, 0]) & ~np.isnan(done[:, 0])
    if seen.sum() < LEAST:
        return None
    weight = meant[seen].std(axis=0) / USUAL
    if weight.sum() < 1e-9:
        return None
    return _weighted(meant[seen], done[seen], weight)


def _weighted(meant: np.ndarray, done: np.ndarray, weight: np.ndarray) -> float:
    """Mean of each column's correlation over time, (frames, columns) both, weighted; 0 for what stands still."""
    each = [
        np.corrcoef(meant[:, k], done[:, k])[0, 1] if done[:, k].std() > 1e-6 else 0.0 for k in range(meant.shape[1])
    ]
    return float((weight * np.nan_to_num(each)).sum() / weight.sum())


def alive(meant: Seen, done: Seen) -> dict[str, float | None]:
    """How well `done` follows the irises and lids of `meant`, frame by frame; None where those hardly move.

    0 where they move and too few faces are found in `done`. The irises are compared while the eyes are open at least
    half as far as they usually are.
    """
    lids, done_lids = meant.measures[:, LIDS:], done.measures[:, LIDS:]
    shut = lids < 0.5 * np.nanmedian(lids) if (~np.isnan(lids)).any() else np.isnan(lids)
    gaze = np.where(shut, np.nan, meant.gaze)
    return {"gaze": _moves_with(gaze, done.gaze, GAZE_MOVES), "lids": _moves_with(lids, done_lids, LIDS_MOVE)}


def _moves_with(meant: np.ndarray, done: np.ndarray, least: float) -> float | None:
    known = ~np.isnan(meant[:, 0])
    if known.sum() < LEAST or np.linalg.norm(meant[known].std(axis=0)) < least:
        return None
    seen = known & ~np.isnan(done[:, 0])
    if seen.sum() < LEAST:
        return 0.0
    weight = meant[seen].std(axis=0)
    return _weighted(meant[seen], done[seen], weight) if weight.sum() > 1e-9 else 0.0


def sharpness(own: Seen, result: Seen) -> dict[str, float | None]:
    """How sharp eyes and mouth of a result are, the median of its frames, as a share of that of the person's own."""
    ratios: dict[str, float | None] = {}
    for number, name in enumerate(("eyes", "mouth")):
        values = [seen.sharp[~np.isnan(seen.sharp[:, number]), number] for seen in (own, result)]
        known = min(map(len, values)) >= LEAST
        ratios[name] = float(np.median(values[1]) / max(np.median(values[0]), 1e-6)) if known else None
    return ratios


def _at_times(seen: Seen, count: int) -> Seen:
    """The same with `count` frames, taken evenly: as many as the other video has."""
    at = np.linspace(0, len(seen.measures) - 1, count).round().astype(int)
    return seen._replace(
        measures=seen.measures[at],
        gaze=seen.gaze[at],
        points=seen.points[at],
        sharp=seen.sharp[at],
        embeddings=seen.embeddings[at],
    )


def compare(describer: Describer, real: Path, result: Path) -> dict[str, Any]:
    """Figures of a video that should be the real one: `akd` in pixels, `aed`, None where too few faces are found.

    worst: the moments with the largest landmark error, [[seconds, pixels], ...], the worst first.
    """
    done = describer.describe(result)
    meant = _at_times(describer.describe(real), len(done.measures))
    error = np.linalg.norm(done.points - meant.points, axis=2).mean(axis=1)
    apart = np.linalg.norm(done.embeddings - meant.embeddings, axis=1)
    found, known = ~np.isnan(error), ~np.isnan(apart)
    worst: list[list[float]] = []
    for index in np.argsort(-error)[: found.sum()]:  # NaN comes last
        if len(worst) < WORST and all(abs(index / RATE - seconds) >= BETWEEN for seconds, _ in worst):
            worst.append([index / RATE, float(error[index])])
    faces = float((~np.isnan(done.measures[:, 0])).mean()) if len(done.measures) else 0.0
    return {
        "film": real.stem,
        "akd": float(error[found].mean()) if found.sum() >= LEAST else None,
        "aed": float(apart[known].mean()) if known.any() else None,
        "faces_found": faces,
        **alive(meant, done),
        **sharpness(meant, done),
        "worst": worst,
    }


def judge(describer: Describer, static: Path, driver: Path, result: Path) -> dict[str, Any]:
    """Figures of one swap (see the head of this file); `both`: person and expression are right.

    expression_corr is None if too few faces were found; if static clip and driver are the same video, `person` and
    `both` are meaningless.
    """
    own, drives, made = (describer.describe(film) for film in (static, driver, result))
    drives = _at_times(drives, len(made.measures))
    who, other, shown, done = own.embedding, drives.embedding, made.embedding, made.measures
    correlation = follows(drives.measures, done)
    near, far = float(np.linalg.norm(shown - who)), float(np.linalg.norm(shown - other))
    faces = float((~np.isnan(done[:, 0])).mean()) if len(done) else 0.0
    return {
        "static": static.stem,
        "driver": driver.stem,
        "to_static": near,
        "to_driver": far,
        "person": near < far,
        "expression_corr": correlation,
        "faces_found": faces,
        "both": near < far and correlation is not None and correlation >= GOAL and faces >= FOUND,
        **alive(drives, made),
        **sharpness(own, made),
    }


def main(models: str, films: str) -> None:
    """Evaluates the videos that a file lists; a command line may be too short for them."""
    listed = json.loads(Path(films).read_text(encoding="utf-8"))
    describer = Describer(Path(models))
    for paths in listed:
        row = (judge if len(paths) == 3 else compare)(describer, *map(Path, paths))
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
