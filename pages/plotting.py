"""Plotly's script, which pages draw with: it lies in the plotly package and is served from here, never fetched."""

from importlib.util import find_spec
from pathlib import Path


def plotly_script() -> Path:
    """Plotly's own script, in the plotly package. Asking where it is imports nothing."""
    spec = find_spec("plotly")
    assert spec is not None and spec.submodule_search_locations, "plotly is among the dependencies"
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


def address(path: Path) -> str:
    """Where the browser asks for a file of this server, from any page; `gr.set_static_paths` must name the file, too.

    Relative, as the demo may stand under a path of another site.
    """
    from gradio_client.utils import encode_file_path  # type: ignore[import-untyped]  # not when the lecture starts

    return f"./gradio_api/file={encode_file_path(str(path))}"
