"""The contract that every method keeps, and one method a file."""

from seqdisent_core.methods.codes import BATCH, Sliced, decode_batches, encode_clips
from seqdisent_core.methods.contract import (
    BACKBONE,
    Ability,
    Anchored,
    Batch,
    Codes,
    Method,
    Moment,
    anchored,
    named,
    require,
    with_views,
)
from seqdisent_core.methods.dbse import DBSE, DBSEConfig
from seqdisent_core.methods.fhvae import FHVAEConfig
from seqdisent_core.methods.priors import run_lstm
from seqdisent_core.methods.registry import METHODS, build, in_parts, read_parts

__all__ = [
    "BACKBONE",
    "BATCH",
    "DBSE",
    "METHODS",
    "Ability",
    "Anchored",
    "Batch",
    "Codes",
    "DBSEConfig",
    "FHVAEConfig",
    "Method",
    "Moment",
    "Sliced",
    "anchored",
    "build",
    "decode_batches",
    "encode_clips",
    "in_parts",
    "named",
    "read_parts",
    "require",
    "run_lstm",
    "with_views",
]
