"""seqdisent: disentangles who a face is from what it does by subtracting one frame's features (DBSE, ICML 2024)."""

__version__ = "0.1.0"
