"""Eyes that look aside: the model's shapes move the lids alone, so that its eyeballs are turned here."""

import numpy as np

from seqdisent_core.facekit.surface import Surface

_ACROSS, _UP, _DOWN = 33.0, 24.0, 28.0  # degrees that a weight of 1 turns an eye by


def gaze_angles(weights: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Gaze within the head, float32 (frames, 2, 2), of weights (frames, shapes) with these names.

    Left and right eye; degrees to the head's left and up.
    """
    column = {name: weights[:, row] for row, name in enumerate(names)}
    eyes = []
    for side, outwards in (("L", 1), ("R", -1)):
        across = outwards * (column[f"eyeLookOut_{side}"] - column[f"eyeLookIn_{side}"])
        up, down = column[f"eyeLookUp_{side}"], column[f"eyeLookDown_{side}"]
        eyes.append(np.stack([_ACROSS * across, _UP * up - _DOWN * down], 1))
    return np.clip(np.stack(eyes, 1), -40, 40).astype(np.float32)


class Eyeballs:
    """The eyeballs of one person: their vertices and what they turn about."""

    def __init__(self, surface: Surface, neutral: np.ndarray):
        self._rows, self._centres = [], []
        for material in ("M_ScleraLeft", "M_ScleraRight"):
            rows = np.unique(surface.eyes.vertex[surface.eyes.material == material])
            ball = neutral[rows].astype(np.float64)
            system = np.column_stack([2 * ball, np.ones(len(ball))])  # of the sphere through them
            self._rows.append(rows)
            self._centres.append(np.linalg.lstsq(system, (ball**2).sum(1))[0][:3])

    def turn(self, points: np.ndarray, gaze: np.ndarray) -> None:
        """Turn the eyeballs of points (vertices, 3) in place, by gaze (2, 2) as gaze_angles gives it."""
        for rows, centre, (across, up) in zip(
            self._rows, self._centres, np.radians(gaze.astype(np.float64)), strict=True
        ):
            about_y = np.array([[np.cos(across), 0, np.sin(across)], [0, 1, 0], [-np.sin(across), 0, np.cos(across)]])
            about_x = np.array([[1, 0, 0], [0, np.cos(up), np.sin(up)], [0, -np.sin(up), np.cos(up)]])
            points[rows] = (points[rows] - centre) @ (about_y @ about_x).T + centre
