"""One face of a film: found, followed, aligned and cut out as a clip."""

from seqdisent_core.faces.alignment import EYES_Y, MOUTH_Y, Pose, cut_out, face_pose, inverse
from seqdisent_core.faces.light import AS_FILMED, lit
from seqdisent_core.faces.reading import FaceClip, film_frames, film_pictures, read_face, require_frame

__all__ = [
    "AS_FILMED",
    "EYES_Y",
    "MOUTH_Y",
    "FaceClip",
    "Pose",
    "cut_out",
    "face_pose",
    "film_frames",
    "film_pictures",
    "inverse",
    "lit",
    "read_face",
    "require_frame",
]
