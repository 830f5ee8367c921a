"""The contract that every method keeps, and one method a file."""

from seqdisent_core.methods.codes import BATCH, decode_batches, encode_clips
from seqdisent_core.methods.contract import Codes, Config, Method, Posterior
from seqdisent_core.methods.dbse import DBSE, DBSEConfig
from seqdisent_core.methods.priors import run_lstm

METHODS: dict[str, tuple[type[DBSEConfig], type[DBSE]]] = {"dbse": (DBSEConfig, DBSE)}

__all__ = [
    "BATCH",
    "DBSE",
    "METHODS",
    "Codes",
    "Config",
    "DBSEConfig",
    "Method",
    "Posterior",
    "decode_batches",
    "encode_clips",
    "run_lstm",
]
