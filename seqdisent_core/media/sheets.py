"""Clips laid out as one picture: a row a clip, time from left to right."""

import numpy as np

GAP = 2  # pixels of white around each frame, so that neighbours do not run together


def clip_rows(rows: list[np.ndarray], columns: int = 8, scale: int = 2) -> np.ndarray:
    """Rows of evenly spaced frames, uint8 RGB (height, width, 3) on white; each row a clip (frames, size, size, 3)."""
    drawn = []
    for frames in rows:
        picked = frames[np.linspace(0, len(frames) - 1, columns).round().astype(int)]
        large = picked.repeat(scale, axis=1).repeat(scale, axis=2)
        padded = np.pad(large, ((0, 0), (GAP, GAP), (GAP, GAP), (0, 0)), constant_values=255)
        drawn.append(np.concatenate(list(padded), axis=1))
    return np.concatenate(drawn, axis=0)
