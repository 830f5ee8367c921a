"""Where the files that travel with the project are found."""

from pathlib import Path

from seqdisent_core.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE.parent / "demo_assets", _PACKAGE / "demo_assets")  # a checkout, an installed wheel


def asset(name: str) -> Path:
    """Path of `demo_assets/<name>`, in a checkout or an installed wheel.

    Raises ConfigError if it is in neither: the installation is incomplete.
    """
    for place in _PLACES:
        if (place / name).exists():
            return place / name
    raise ConfigError(f"The file {name} is missing from demo_assets. Install seqdisent again or restore the folder.")


def pages_root() -> Path:
    """The folder that `pages` and `results` lie in: of a checkout, or inside an installed wheel.

    Raises ConfigError if it is in neither: the installation is incomplete.
    """
    for place in (_PACKAGE.parent, _PACKAGE / "app"):
        if (place / "pages" / "lecture" / "screen.py").exists():
            return place
    raise ConfigError("The pages are missing from this installation. Install seqdisent again or restore the folder.")
