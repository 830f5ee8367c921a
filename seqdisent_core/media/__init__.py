"""Media files as uint8 frames and as sound, read and written within limits; marks of synthetic media."""

from seqdisent_core.media.ffmpeg import file_name, without_network
from seqdisent_core.media.sheets import clip_rows
from seqdisent_core.media.sound import MOST_SECONDS, RATE, Sound, read_sound, write_recording, write_sound
from seqdisent_core.media.synthetic import IN_A_FILM, MADE, captioned, labelled, mark
from seqdisent_core.media.video import (
    FrameReader,
    Frames,
    LongestSide,
    VideoInfo,
    open_video,
    probe_video,
    read_video,
    write_gif,
    write_video,
)

__all__ = [
    "IN_A_FILM",
    "MADE",
    "MOST_SECONDS",
    "RATE",
    "FrameReader",
    "Frames",
    "LongestSide",
    "Sound",
    "VideoInfo",
    "captioned",
    "clip_rows",
    "file_name",
    "labelled",
    "mark",
    "open_video",
    "probe_video",
    "read_sound",
    "read_video",
    "without_network",
    "write_gif",
    "write_recording",
    "write_sound",
    "write_video",
]
