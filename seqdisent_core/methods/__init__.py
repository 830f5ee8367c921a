"""The methods, each a configuration and a module behind one contract."""

from seqdisent_core.methods.contract import Codes, Config, Method, Posterior
from seqdisent_core.methods.dbse import DBSE, DBSEConfig

METHODS: dict[str, tuple[type[DBSEConfig], type[DBSE]]] = {"dbse": (DBSEConfig, DBSE)}

__all__ = ["DBSE", "METHODS", "Codes", "Config", "DBSEConfig", "Method", "Posterior"]
