"""seqdisent: who a face is and what it does, pulled apart by subtracting one frame's features (DBSE, ICML 2024)."""

__version__ = "0.1.0"
