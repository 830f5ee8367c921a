"""What a camera does: it follows the face, and has its own colours."""

from dataclasses import dataclass

import cv2
import numpy as np

from seqdisent_core.facekit.view import DISTANCE, PLANE, View
from seqdisent_core.faces import EYES_Y, Pose, face_pose

_POINTS = ((36, 42), (42, 48), (30, 31), (48, 49), (54, 55))  # eyes, nose tip, mouth corners among the 68 landmarks


def follow(landmarks: np.ndarray, reach: float = 1.0) -> list[View]:
    """Views of a face with landmarks (frames, 68, 3) in cm, as read_face would cut it out of a film.

    Eyes level at their place in the crop, sizes a median over time, positions smoothed. reach: sides of the picture in
    sides of the tight crop, whose middle it shares.
    """
    poses = np.array([_pose(points) for points in landmarks])
    frames = np.arange(len(poses))
    near = np.exp(-0.5 * ((frames[:, None] - frames) / 1.2) ** 2)
    smooth = near / near.sum(axis=1, keepdims=True) @ poses
    side = np.median(poses[:, 2]) * (0.7 + 0.3 * smooth[:, 2] / smooth[:, 2].mean())
    down, roll = (0.5 - EYES_Y) * side, smooth[:, 3]
    x = smooth[:, 0] - np.sin(roll) * down
    y = -(smooth[:, 1] + np.cos(roll) * down)
    return [View(*map(float, frame)) for frame in zip(x, y, reach * side, roll, strict=True)]


def _pose(landmarks: np.ndarray) -> Pose:
    """In the camera's plane, y downwards."""
    scale = DISTANCE / (DISTANCE + PLANE - landmarks[:, 2])
    flat = np.stack([landmarks[:, 0] * scale, -landmarks[:, 1] * scale], 1)
    five = np.stack([flat[first:last].mean(axis=0) for first, last in _POINTS])
    eyes, mouth = five[:2][np.argsort(five[:2, 0])], five[3:][np.argsort(five[3:, 0])]
    return face_pose(np.concatenate([eyes, five[2:3], mouth]))


@dataclass(frozen=True)
class Camera:
    """Colours of one camera in one place, the same in all clips of a person.

    gain: float (3,), of each colour; gamma; saturation; shade: float (2,), how much darker towards the right and
    downwards. What training varies from clip to clip (blur, noise, compression) is not in it.
    """

    gain: np.ndarray
    gamma: float
    saturation: float
    shade: np.ndarray


def sample_camera(rng: np.random.Generator) -> Camera:
    """A camera at random: phones, webcams, dim rooms."""
    return Camera(
        gain=np.exp(rng.normal(0, 0.1) + rng.normal(0, 0.05, 3)),
        gamma=float(np.exp(rng.normal(0, 0.12))),
        saturation=float(rng.uniform(0.65, 1.25)),
        shade=rng.normal(0, 0.1, 2),
    )


def record(frames: np.ndarray, camera: Camera) -> np.ndarray:
    """Frames, uint8 (frames, size, size, 3), in the colours of that camera."""
    across = np.linspace(-1, 1, frames.shape[1], dtype=np.float32)
    shade = (
        1 - np.float32(camera.shade[0]) * across[None, :, None] - np.float32(camera.shade[1]) * across[:, None, None]
    )
    value = (np.arange(256) / 255) ** camera.gamma * 255
    curve = (value[:, None] * camera.gain).astype(np.float32)[None]
    mix = camera.saturation * np.eye(3) + (1 - camera.saturation) / 3
    recorded = np.empty_like(frames)
    for number, frame in enumerate(frames):
        picture = cv2.transform(cv2.LUT(frame, curve), mix) * shade
        recorded[number] = cv2.convertScaleAbs(np.clip(picture, 0, 255))
    return recorded
