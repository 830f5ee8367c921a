"""What a camera and a network do to a picture: framing that follows the face, colour, blur, noise, compression."""

from dataclasses import dataclass

import cv2
import numpy as np

from seqdisent_core.facekit.drawing import DISTANCE, PLANE
from seqdisent_core.faces import EYES_Y, Pose, face_pose

_POINTS = ((36, 42), (42, 48), (30, 31), (48, 49), (54, 55))  # eyes, nose tip, mouth corners among the 68 landmarks


@dataclass(frozen=True)
class Framing:
    """Where the camera looks in each frame, float (frames,): middle x and y and side in cm, roll in radians."""

    x: np.ndarray
    y: np.ndarray
    side: np.ndarray
    roll: np.ndarray


def follow(landmarks: np.ndarray, rng: np.random.Generator) -> Framing:
    """Framing of a face with landmarks (frames, 68, 3) in cm, as read_face would cut it out of a film.

    Eyes level at their place in the crop, sizes a median over time, positions smoothed, with a finder's small errors.
    """
    poses = np.array([_pose(points) for points in landmarks])
    frames = np.arange(len(poses))
    near = np.exp(-0.5 * ((frames[:, None] - frames) / 1.2) ** 2)
    smooth = near / near.sum(axis=1, keepdims=True) @ poses
    side = np.median(poses[:, 2]) * np.exp(rng.normal(0, 0.03)) * (0.7 + 0.3 * smooth[:, 2] / smooth[:, 2].mean())
    slip = 0.012 * side[:, None] * (rng.normal(0, 1, 2) + 0.5 * _wander(len(poses), rng))
    roll = smooth[:, 3] + rng.normal(0, 0.02)
    down = (0.5 - EYES_Y) * side
    x = smooth[:, 0] - np.sin(roll) * down + slip[:, 0]
    y = -(smooth[:, 1] + np.cos(roll) * down) + slip[:, 1]
    return Framing(x, y, side, roll)


def _pose(landmarks: np.ndarray) -> Pose:
    """In the camera's plane, y downwards."""
    scale = DISTANCE / (DISTANCE + PLANE - landmarks[:, 2])
    flat = np.stack([landmarks[:, 0] * scale, -landmarks[:, 1] * scale], 1)
    five = np.stack([flat[first:last].mean(axis=0) for first, last in _POINTS])
    eyes, mouth = five[:2][np.argsort(five[:2, 0])], five[3:][np.argsort(five[3:, 0])]
    return face_pose(np.concatenate([eyes, five[2:3], mouth]))


def _wander(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Slow errors, float (frames, 2)."""
    steps = rng.normal(0, 1, (frames, 2))
    return np.stack([cv2.GaussianBlur(steps[:, k : k + 1], (1, 0), 0, sigmaY=2.5)[:, 0] for k in range(2)], 1) * 2


@dataclass(frozen=True)
class Camera:
    """One camera in one place, for all clips of a person.

    gain, gamma: float (3,), of each colour; saturation; blur: deviation in 1/64 of a side; noise: deviation in [0, 1];
    quality: of JPEG; shade: float (2,), how much darker towards the right and downwards.
    """

    gain: np.ndarray
    gamma: float
    saturation: float
    blur: float
    noise: float
    quality: int
    shade: np.ndarray


def cameras(rng: np.random.Generator) -> Camera:
    """A camera at random: phones, webcams, dim rooms."""
    return Camera(
        gain=np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.05, 3)),
        gamma=float(np.exp(rng.normal(0, 0.12))),
        saturation=float(rng.uniform(0.6, 1.3)),
        blur=float(rng.uniform(0, 0.55)),
        noise=float(rng.choice([0.0, 0.01, 0.025], p=[0.5, 0.35, 0.15])),
        quality=int(rng.integers(35, 96)),
        shade=rng.normal(0, 0.12, 2),
    )


def film(frames: np.ndarray, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Frames, uint8 (frames, size, size, 3), as that camera records them."""
    size = frames.shape[1]
    across = np.linspace(-1, 1, size)
    shade = 1 - camera.shade[0] * across[None, :, None] - camera.shade[1] * across[:, None, None]
    sigma = camera.blur * size / 64
    filmed = np.empty_like(frames)
    for number, frame in enumerate(frames):
        picture = (frame / np.float32(255)) ** camera.gamma * (camera.gain * shade).astype(np.float32)
        grey = picture.mean(axis=2, keepdims=True)
        picture = grey + camera.saturation * (picture - grey)
        if sigma > 0.1:
            picture = cv2.GaussianBlur(picture, (0, 0), sigma)
        if camera.noise:
            picture = picture + camera.noise * rng.standard_normal(picture.shape, dtype=np.float32)
        small = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
        _, packed = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, camera.quality])
        filmed[number] = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1]
    return filmed
