"""Labelled clips on disk: layouts, labels, splits, loading."""

from seqdisent_core.data.clips import SPLITS, Clips, load_clips, parallel_pairs, read_plan, split_of_takes
from seqdisent_core.data.hub import check_export, drawn, write_video_set
from seqdisent_core.data.labels import EXPRESSIONS, FACE_LABELS, Labels, selected
from seqdisent_core.data.packed import read_packed, write_packed
from seqdisent_core.data.packing import pack_films, write_whole
from seqdisent_core.data.shards import UNREADABLE, ShardedFrames
from seqdisent_core.data.sprites import render_sprites
from seqdisent_core.data.truth import ANCHORS, DEGREES, HEAD, LIDS, STATE_DIM, FilmTruth, part_path

__all__ = [
    "ANCHORS",
    "DEGREES",
    "EXPRESSIONS",
    "FACE_LABELS",
    "HEAD",
    "LIDS",
    "SPLITS",
    "STATE_DIM",
    "UNREADABLE",
    "Clips",
    "FilmTruth",
    "Labels",
    "ShardedFrames",
    "check_export",
    "drawn",
    "load_clips",
    "pack_films",
    "parallel_pairs",
    "part_path",
    "read_packed",
    "read_plan",
    "render_sprites",
    "selected",
    "split_of_takes",
    "write_packed",
    "write_video_set",
    "write_whole",
]
