"""A file that a program gives to an endpoint or, by its address, to a tool: one that was uploaded here, no other."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import gradio as gr
from gradio_client.utils import is_http_url_like  # type: ignore[import-untyped]
from pydantic import ConfigDict

from pages.clip_input import NOT_HERE, OnlyFile, refuse_links
from pages.files import visitors_file

_SERVED = "/gradio_api/file="


class UploadedFile(OnlyFile):
    """A file that was uploaded to this app; the address of any other is refused."""

    # The endpoint's page shows these words. A tool's files come as addresses. Gradio would take data: too, and leave
    # the film on the disk for good.
    model_config = ConfigDict(json_schema_extra={"pattern": "^https?://"})


def asked_file(label: str, example: str = "clip.mp4") -> gr.File:
    """A file of an endpoint, with an example for its page in place of Gradio's own, which is a link.

    Uploaded files and the examples may be given by the addresses that this server has for them, too, as tools do:
    nothing is fetched for it. All other addresses are refused with a sentence (gr.Error).
    """
    shown = {"path": example, "meta": {"_type": "gradio.FileData"}}
    asked = refuse_links(gr.File(label=label))
    keep = asked.async_move_resource_to_block_cache

    async def found(place: str | Path | None) -> str | None:
        return await keep(_on_this_server(place))

    asked.data_model = UploadedFile
    asked.async_move_resource_to_block_cache = found  # type: ignore[method-assign, assignment]
    asked.example_payload = lambda: shown  # type: ignore[method-assign]
    return asked


def _on_this_server(place: str | Path | None) -> str | Path | None:
    """The path of a file that this server has given an address to; any other place as it is."""
    if place is None or not is_http_url_like(str(place)):
        return place
    _, served, path = unquote(urlsplit(str(place)).path).partition(_SERVED)
    if not served:
        return place
    if visitors_file(path) is not None:
        return path
    raise gr.Error(NOT_HERE, print_exception=False)
