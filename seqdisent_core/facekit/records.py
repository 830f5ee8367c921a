"""The truth of a frame that is no picture: shapes, pose, gaze, lids, landmarks."""

import numpy as np


def record_dtype(shapes: int) -> np.dtype:
    """The fields of one frame; render_wild tells what they mean."""
    return np.dtype(
        [
            ("weights", "<f4", (shapes,)),
            ("pose", "<f4", (6,)),
            ("view", "<f4", (4,)),
            ("gaze", "<f4", (2, 2)),
            ("lids", "<f4", (2,)),
            ("landmarks", "<f4", (68, 2)),
            ("landmarks_visible", "u1", (68,)),
        ]
    )


def lid_openings(landmarks: np.ndarray) -> np.ndarray:
    """Opening over width of the left and the right eye, float32 (frames, 2), of landmarks (frames, 68, 3)."""
    openings = []
    for first in (42, 36):
        eye = landmarks[:, first : first + 6]
        high = np.linalg.norm(eye[:, 1] - eye[:, 5], axis=1) + np.linalg.norm(eye[:, 2] - eye[:, 4], axis=1)
        openings.append(high / 2 / np.linalg.norm(eye[:, 0] - eye[:, 3], axis=1))
    return np.stack(openings, 1).astype(np.float32)
