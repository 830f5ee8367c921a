"""Evaluates swaps of filmed people with two third-party networks; a script for a separate Python environment.

    python filmed_judge.py DLIB_MODELS FILMS

FILMS is a JSON file: a list of [STATIC, DRIVER, RESULT], paths of videos. A line of JSON is printed for each three:
RESULT should show STATIC's person doing what DRIVER does, at the same time. Needs mediapipe 0.10.14, dlib-bin and
imageio with ffmpeg, which require another OpenCV than seqdisent; DLIB_MODELS is the folder of dlib's .dat files, as in
the package face-recognition-models.

Person: dlib's face embedding, averaged over frames; the result should be nearer to STATIC than to DRIVER. Expression:
mouth opening, mouth width, brow height and eye opening from MediaPipe's face mesh, divided by the distance of the
eyes' outer corners; the correlation with the driver's over time, weighted by how much the driver moves each.
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

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
USUAL = np.array([0.15, 0.10, 0.05, 0.05])  # usual deviation of each measure, so that they weigh alike


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

    def _describe(self, film: Path) -> tuple[np.ndarray, np.ndarray]:
        """Measurements, float (frames, 4), NaN where no face is found; mean embedding (128,) of every third frame."""
        measures, embeddings = [], []
        for number, frame in enumerate(_frames(film)):
            face = self._face(frame)
            found = self._mesh.process(face).multi_face_landmarks
            if not found:
                measures.append(np.full(len(MEASURES), np.nan))
                continue
            points = np.array([(point.x, point.y) for point in found[0].landmark]) * SIDE
            measures.append(_measures(points))
            if number % 3 == 0:
                left, top, right, bottom = map(int, (*points.min(axis=0), *points.max(axis=0)))
                shape = self._points(face, self._rectangle(left, top, right, bottom))
                embeddings.append(np.array(self._embed.compute_face_descriptor(face, shape, 1)))
        return np.array(measures), np.mean(embeddings, axis=0) if embeddings else np.full(128, np.nan)

    def _face(self, frame: np.ndarray) -> np.ndarray:
        """The largest face with a margin, uint8 (SIDE, SIDE, 3); the whole frame if there is no face or it fills it."""
        height, width = frame.shape[:2]
        found = self._finder.process(np.ascontiguousarray(frame)).detections or []
        boxes = [detection.location_data.relative_bounding_box for detection in found]
        if boxes:
            box = max(boxes, key=lambda box: box.width * box.height)
            side = 1.6 * max(box.width * width, box.height * height)
            if side < 0.9 * min(height, width):
                left = int(max(0, (box.xmin + box.width / 2) * width - side / 2))
                top = int(max(0, (box.ymin + box.height / 2) * height - side / 2))
                frame = frame[top : int(top + side), left : int(left + side)]
        return cv2.resize(np.ascontiguousarray(frame), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


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
    each = [
        np.corrcoef(meant[seen, k], done[seen, k])[0, 1] if done[seen, k].std() > 1e-6 else 0.0
        for k in range(len(MEASURES))
    ]
    return float((weight * np.nan_to_num(each)).sum() / weight.sum())


def judge(describer: Describer, static: Path, driver: Path, result: Path) -> dict[str, Any]:
    """Figures of one swap (see the head of this file); `both`: person and expression are right.

    expression_corr is None if too few faces were found; if static clip and driver are the same video, `person` and
    `both` are meaningless.
    """
    (_, who), (meant, other), (done, shown) = (describer.describe(film) for film in (static, driver, result))
    meant = meant[np.linspace(0, len(meant) - 1, len(done)).round().astype(int)]
    correlation = follows(meant, done)
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
    }


def main(models: str, films: str) -> None:
    """Evaluates the videos that a file lists; a command line may be too short for them."""
    listed = json.loads(Path(films).read_text(encoding="utf-8"))
    describer = Describer(Path(models))
    for static, driver, result in listed:
        print(json.dumps(judge(describer, Path(static), Path(driver), Path(result))), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
